#!/usr/bin/env bash
# What a change must pass besides the tests: layout, the house rules that can be counted, clang-tidy where no LLVM is.
#
#   scripts/lint.sh [BUILD] [--all]     BUILD: a configured tree (build/dev); --all: clang-tidy over all LLVM-free files,
#                                       not only those that differ from origin/main
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/dev
all=
for argument in "$@"; do
  case $argument in
    --all) all=1 ;;
    -*) echo "usage: scripts/lint.sh [BUILD] [--all]" >&2; exit 2 ;;
    *) build=$argument ;;
  esac
done
status=0

echo "lint: layout"
scripts/format.sh --check || status=1

echo "lint: house rules"
build/venv/bin/python scripts/check_house.py || status=1

# clang-tidy needs minutes for a file that includes MLIR, so it looks at the rooms that are free of it.
rooms=('runtime/*.cpp' 'runtime/*.c' 'lib/Import/*.cpp' 'runtime/**/*.cpp' 'lib/Import/**/*.cpp')
base=$(git merge-base HEAD origin/main 2>/dev/null || true)
if [ -n "$all" ] || [ -z "$base" ]; then
  mapfile -t files < <(git ls-files -- "${rooms[@]}" | sort -u)
else
  mapfile -t files < <({ git diff --name-only --diff-filter=d "$base" -- "${rooms[@]}"; git ls-files --others --exclude-standard -- "${rooms[@]}"; } | sort -u)
fi
# Only what this build compiles has a command line to check it by.
checked=()
for file in "${files[@]}"; do
  if grep -q "\"file\": \"$PWD/$file\"" "$build/compile_commands.json" && ! grep -qE '#include "(mlir|llvm)/' "$file"; then
    checked+=("$file")
  fi
done
echo "lint: clang-tidy over ${#checked[@]} file(s)"
if [ ${#checked[@]} -gt 0 ]; then
  printf '%s\0' "${checked[@]}" | xargs -0 -n 4 -P 2 clang-tidy-22 -p "$build" --quiet || status=1
fi
exit $status
