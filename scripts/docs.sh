#!/usr/bin/env bash
# Generates one page of Markdown for every dialect and every set of passes, from their .td files, into build/docs.
set -euo pipefail
cd "$(dirname "$0")/.."
tblgen=/usr/lib/llvm-22/bin/mlir-tblgen
includes=(-I . -I /usr/lib/llvm-22/include)
out=build/docs
mkdir -p "$out/dialects" "$out/passes"

for ops in dialects/*/IR/*Ops.td; do
  [ -e "$ops" ] || continue
  name=$(basename "$ops" Ops.td)
  dialect=$(sed -n 's/.*let name = "\([a-z_]*\)".*/\1/p' "$(dirname "$ops")"/*Dialect.td | head -n 1)
  {
    echo "# The ${dialect:-$name} dialect: ops of $(basename "$ops")"
    echo
    "$tblgen" "${includes[@]}" -gen-op-doc -dialect="$dialect" "$ops"
    for kind in Types:typedef Attrs:attrdef; do
      td=${ops%Ops.td}${kind%%:*}.td
      [ -e "$td" ] && "$tblgen" "${includes[@]}" "-gen-${kind##*:}-doc" -dialect="$dialect" "$td"
    done
  } >"$out/dialects/$name.md"
done
for passes in passes/*/Passes.td; do
  [ -e "$passes" ] || continue
  stage=$(basename "$(dirname "$passes")")
  { echo "# Passes of the stage $stage"; echo; "$tblgen" "${includes[@]}" -gen-pass-doc "$passes"; } >"$out/passes/$stage.md"
done
{
  echo "# Generated pages"
  echo
  (cd "$out" && find dialects passes -name '*.md' | sort | sed 's/.*/- [&](&)/')
} >"$out/README.md"
echo "docs: $(find "$out" -name '*.md' | wc -l) pages in $out"
