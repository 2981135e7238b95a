#!/usr/bin/env python3
"""The house rules that can be counted; prints 'file:line: what' for each breach and ends with 1 if there is one."""

import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
CODE = (".cpp", ".c", ".h", ".td", ".py")
LONGEST = 1000  # a file over 500 lines is long; one over this must be cut

# (files, pattern in a line, what is wrong); an architecture's name belongs to lib/Import/Models alone.
LINE_RULES = [
    (r"^passes/.*\.cpp$", r"^\s*return failure\(\);", "bare `return failure()`; say why with notifyMatchFailure or an error"),
    (r"^(?!tools/).*\.(cpp|h)$", r"\bcl::opt<", "cl::opt outside tools/; an option travels in a struct"),
    (r"^(runtime|lib/Import/(?!IR/))/?.*\.(cpp|c|h)$", r'#include [<"](llvm|mlir|immintrin)', "runtime and importers include neither LLVM nor intrinsics"),
    (r"^runtime/.*\.(cpp|c|h)$", r"\b_mm(256|512)_|vpdpbusd", "kernels in the runtime; hot code is generated"),
    (r"^(passes|runtime/core|dialects)/.*\.(cpp|c|h|td)$", r"(?i)\b(smollm|gemma|qwen|mistral)", "a model's name outside lib/Import/Models"),
    (r"\.(cpp|h)$", r"\b(builder|rewriter)\.create<", "deprecated spelling; use Op::create(builder, ...)"),
    (r"^python/trafo/.*\.py$", r"\b(numpy|np)\.(dot|matmul|exp|sum|einsum)\b", "arithmetic in python/"),
]
BAD_NAME = re.compile(r"(Utils|Misc|Common|Uncategorized)", re.IGNORECASE)


def tracked():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=SOURCE, check=True,
                            capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if (SOURCE / name).is_file()]


def breaches(name, lines):
    if len(lines) > LONGEST:
        yield len(lines), f"{len(lines)} lines, at most {LONGEST}; is there a second idea in it?"
    if BAD_NAME.search(pathlib.PurePath(name).name):
        yield 1, "a name that says nothing; name the file after its one idea"
    for files, pattern, what in LINE_RULES:
        if re.search(files, name):
            for number, line in enumerate(lines, 1):
                if re.search(pattern, line):
                    yield number, what


def untested_passes(names):
    """Passes that no test names, by the argument of their entry."""
    tests = "\n".join((SOURCE / name).read_text(errors="replace") for name in names if name.startswith("test/"))
    for name in names:
        if re.search(r"^passes/.*Passes\.td$", name):
            for argument in re.findall(r'Pass<"([a-z0-9-]+)"', (SOURCE / name).read_text()):
                if not re.search(rf"-{re.escape(argument)}\b|\b{re.escape(argument)}\b", tests):
                    yield name, f"no test names the pass {argument}"


def main():
    names = tracked()
    found = 0
    for name in names:
        if not name.endswith(CODE):
            continue
        for number, what in breaches(name, (SOURCE / name).read_text(errors="replace").splitlines()):
            print(f"{name}:{number}: {what}")
            found += 1
    for name, what in untested_passes(names):
        print(f"{name}:1: {what}")
        found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
