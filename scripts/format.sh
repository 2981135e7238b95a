#!/usr/bin/env bash
# clang-format over every C and C++ file that git knows; with --check it changes nothing and names what it would change.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=clang-format-22
command -v "$tool" >/dev/null || { echo "format: error: needs $tool; run scripts/setup.sh lint" >&2; exit 1; }
how=-i
case ${1:-} in
  "") ;;
  --check) how='--dry-run -Werror' ;;
  *) echo "usage: scripts/format.sh [--check]" >&2; exit 2 ;;
esac
# Untracked files count too: what is about to be committed.
git ls-files -z --cached --others --exclude-standard -- '*.h' '*.c' '*.cpp' | xargs -0 -r "$tool" $how
