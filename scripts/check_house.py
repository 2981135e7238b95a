#!/usr/bin/env python3
"""The house rules that can be counted; prints 'file:line: what' for each breach and ends with 1 if there is one."""

import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
CODE = (".cpp", ".c", ".h", ".td", ".py")
LONG, LONGEST = 500, 1000  # lines: a file over the first is remarked on, one over the second must be cut

# Families of models; their names belong to lib/Import/Models and, as names of pre-tokenizers, to runtime/text.
MODEL = r"(?i)\b(smollm|llama(?!\.cpp)|gemma|qwen|mistral|mixtral|gpt-?[0-9o]|phi-?[0-9]|falcon|deepseek)"

# (files, pattern in a line, what is wrong)
LINE_RULES = [
    (r"^passes/.*\.cpp$", r"\breturn failure\(\);\s*$", "bare `return failure()`: give the reason, or who has given it in a comment"),
    (r"^(?!tools/).*\.(cpp|h)$", r"\bcl::opt<", "cl::opt outside tools/; an option travels in a struct"),
    (r"^(runtime|lib/Import/(?!IR/))/?.*\.(cpp|c|h)$", r'#include [<"](llvm|mlir|immintrin)', "runtime and importers include neither LLVM nor intrinsics"),
    (r"^runtime/.*\.(cpp|c|h)$", r"\b_mm(256|512)_|vpdpbusd", "kernels in the runtime; hot code is generated"),
    (r"^(passes|dialects|runtime/(?!text/)|lib/(?!Import/))/?.*\.(cpp|c|h|td|md)$", MODEL, "a model's name outside lib/Import/Models"),
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


def passes_of(text):
    """The arguments of the passes that a Passes.td defines."""
    classes = "|".join(["Pass", *re.findall(r'^class (\w+)<string', text, re.MULTILINE)])
    return re.findall(rf'^def \w+ : (?:{classes})<"([a-z0-9-]+)"', text, re.MULTILINE)


def untested_passes(names):
    """Passes without a test of their own: the pass trafo-<x> of a stage is named in test/passes/<stage>/<x>.mlir, or
    in <x>-*.mlir beside it."""
    for name in names:
        stage = re.search(r"^passes/(\w+)/Passes\.td$", name)
        for argument in passes_of((SOURCE / name).read_text()) if stage else []:
            own = re.compile(rf"test/passes/{stage[1]}/{argument.removeprefix('trafo-')}(-[a-z0-9-]+)?\.mlir")
            if not any(own.fullmatch(test) and f"-{argument}" in (SOURCE / test).read_text() for test in names):
                yield name, f"the pass {argument} has no test of its name"


def main():
    names = tracked()
    found = 0
    for name in names:
        if not name.endswith(CODE + (".md",)):
            continue
        lines = (SOURCE / name).read_text(errors="replace").splitlines()
        if name.endswith(CODE) and len(lines) > LONG:
            print(f"{name}: {len(lines)} lines are long; is there a second idea in it? (not a breach)")
        for number, what in breaches(name, lines):
            print(f"{name}:{number}: {what}")
            found += 1
    for name, what in untested_passes(names):
        print(f"{name}:1: {what}")
        found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
