"""Attention over several pages in models of many shapes: against the interpreter, and bit for bit against itself whatever
the number of workers, the cut of the prompt and the company."""

import json
import pathlib
import subprocess
import sys

import numpy
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import make_tiny  # noqa: E402

# What is unlike the tiny model of f16, and what its IR says instead of "scale".
SHAPES = {
    "two heads share a KV head": (dict(), ""),
    "three heads of 80 share the only KV head": (dict(heads=3, kv_heads=1, head_size=80), ""),
    "no head shares a KV head": (dict(heads=3, kv_heads=3, head_size=32), ""),
    "more heads share a KV head than a micro-kernel takes": (dict(heads=14, kv_heads=1, head_size=16), ""),
    "a window of two pages": (dict(window=100), ""),
    "a window within a page": (dict(heads=6, head_size=16, window=20), ""),
    "bounded scores": (dict(), "{softcap = 2.0 : f32} "),
}
# Runs of rows that end anywhere in a page, single rows, pieces of a page's work on different workers.
WAYS = [["--threads", 2], ["--threads", 3], ["--threads", 4], ["--cuts", "1", "--threads", 2], ["--cuts", "1,7,8"],
        ["--cuts", "65,3,100", "--threads", 4], ["--beside", "other.json", "--cuts", "9", "--threads", 3]]


def run(trafo, folder, *arguments):
    done = subprocess.run([str(trafo), *(str(argument) for argument in arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("shape", SHAPES)
def test_attention_of_a_row_depends_on_its_position_alone(build, tmp_path, shape):
    trafo, model, program = build / "bin/trafo", tmp_path / "tiny.gguf", tmp_path / "tiny"
    options, attributes = SHAPES[shape]
    make_tiny.make(model, make_tiny.Tiny(**{"format": "f32", "embedding_format": "f32", "context": 512, **options}))
    bounds = ["--context", 512, "--rows", 256]
    if attributes:
        ir = run(trafo, tmp_path, "compile", model, *bounds, "--emit=mlir:import", "-o", "-")
        assert "trafo.attention" in ir
        model = tmp_path / "tiny.mlir"
        lines = [line.replace(" : tensor<", f" {attributes}: tensor<", 1) if "trafo.attention" in line else line
                 for line in ir.splitlines()]
        model.write_text("\n".join(lines))
    run(trafo, tmp_path, "compile", model, "-o", program, *bounds)
    ids = [(7 * i * i + 3 * i) % 320 for i in range(300)]
    (tmp_path / "ids.json").write_text(json.dumps(ids))
    (tmp_path / "other.json").write_text(json.dumps(ids[100:0:-1]))

    def logits(name, source, *way):
        run(trafo, tmp_path, "eval", source, "--ids", "ids.json", "--logits", name, *way)
        return numpy.load(tmp_path / name).view(numpy.uint32)

    ours = logits("ours.npy", program, "--threads", 1)
    for way in WAYS:
        assert numpy.array_equal(ours, logits("again.npy", program, *way)), way
    reference = logits("reference.npy", model, "--reference", "--as-compiled").view(numpy.float32)
    distance = numpy.abs(ours.view(numpy.float32) - reference).max(axis=1) / numpy.abs(reference).max(axis=1)
    # The last bits of f32 sums move a value of the cache to its f16 neighbour.
    assert numpy.median(distance) < 1e-4 and distance.max() < 1e-3, distance
