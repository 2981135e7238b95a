"""Float models in several ways of computing: what the tests of each share."""

import json
import os
import pathlib
import subprocess
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models"))
from make_tiny import Tiny, make  # noqa: E402

# More than 256 columns: oneDNN sums those in blocks, generated code does not.
TINY = dict(format="bf16", embedding_format="bf16", hidden=288, heads=9, kv_heads=3, ffn=512)
TOKENS = 90


def run(*command, **environment):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          env=dict(os.environ, **{name: str(value) for name, value in environment.items()}))


def compiled(trafo, model, out, *options):
    done = run(trafo, "compile", model, "-o", out, *options)
    assert done.returncode == 0, done.stderr
    return out


def divergences(p, q):
    """The KL divergence of each row of logits q from p."""
    a, b = (x.astype(float) for x in (p, q))
    a, b = (x - x.max(axis=1, keepdims=True) for x in (a, b))
    a, b = (x - numpy.log(numpy.exp(x).sum(axis=1, keepdims=True)) for x in (a, b))
    return (numpy.exp(a) * (a - b)).sum(axis=1)


def assert_same_bits_every_way(program, logits, folder):
    """Whatever the threads, the cuts of the prompt and the company in a step."""
    other = folder / "other.json"
    other.write_text(json.dumps({"ids": list(range(40))}))
    first = logits(program, "--threads", 1)
    for way in (["--threads", 2], ["--threads", 3], ["--threads", 4], ["--cuts", "1"], ["--cuts", "1,7,8"],
                ["--cuts", "2,3,5,11,13,31", "--threads", 2], ["--cuts", "65"], ["--beside", other, "--threads", 3]):
        assert numpy.array_equal(first.view(numpy.int32), logits(program, *way).view(numpy.int32)), way
