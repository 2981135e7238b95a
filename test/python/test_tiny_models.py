"""Tiny models of every shape the importer takes, compiled and run, against the interpreter of lib/Reference."""

import json
import pathlib
import subprocess
import sys

import numpy
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import make_tiny  # noqa: E402

# What is unlike the tiny model of f16.
SHAPES = {
    "plain": dict(),
    "biases": dict(bias=True),
    "a bias on gate alone": dict(biases="ffn_gate"),
    "a bias on up alone, of an mlp that 16 does not divide": dict(biases="ffn_up", ffn=72),
    "biases of two formats": dict(bias=True, down_format="f32", v_format="bf16"),
    "biases of an mlp that 16 does not divide": dict(bias=True, ffn=72),
    "heads of 20": dict(head_size=20),
    "an odd number of heads of 20": dict(heads=3, kv_heads=1, head_size=20),
    "heads of 40, half of each rotated": dict(head_size=40, rope_dims=20),
    "heads of 72, some of each rotated, with biases": dict(heads=2, kv_heads=2, head_size=72, rope_dims=6, bias=True),
    "quantised linears with heads of 20": dict(heads=8, head_size=20, format="q4_1", embedding_format="q8_0"),
    "norms and biases in f16": dict(bias=True, norm_format="f16"),
    "biases of quantised linears": dict(bias=True, format="q4_1", embedding_format="q8_0"),
}


def run(trafo, *arguments):
    done = subprocess.run([str(trafo), *(str(argument) for argument in arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shape", SHAPES)
def test_program_computes_what_the_interpreter_does(build, tmp_path, shape):
    trafo, gguf, program = build / "bin/trafo", tmp_path / "tiny.gguf", tmp_path / "tiny"
    make_tiny.make(gguf, make_tiny.Tiny(**{"format": "f16", "embedding_format": "f16", **SHAPES[shape]}))
    ids = [(7 * i * i + 3 * i) % 320 for i in range(70)]  # past the first page of the cache
    (tmp_path / "ids.json").write_text(json.dumps(ids))
    run(trafo, "compile", gguf, "-o", program, "--context", 128, "--rows", 32)

    def logits(name, model, *way):
        run(trafo, "eval", model, "--ids", tmp_path / "ids.json", "--logits", tmp_path / name, *way)
        return numpy.load(tmp_path / name)

    ours = logits("ours.npy", program, "--threads", 2)
    assert numpy.array_equal(ours, logits("cut.npy", program, "--threads", 3, "--cuts", "1,7,8"))
    reference = logits("reference.npy", gguf, "--reference", "--as-compiled")
    distance = numpy.abs(ours - reference).max(axis=1) / numpy.abs(reference).max(axis=1)
    # The last bits of f32 sums move a value of the cache to its f16 neighbour, or an int8 code to the next.
    bound = 1e-2 if "quantised" in shape else 1e-4
    assert numpy.median(distance) < bound and distance.max() < 10 * bound, distance
