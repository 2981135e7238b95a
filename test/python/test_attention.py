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
# How far the last bits of f32 sums may move a row's logits: to the neighbour of f16, or to the next code of int8, which is
# as far as 16 neighbours.
CACHES = {"f16": 1e-3, "int8": 4e-3}
# Runs of rows that end anywhere in a page, single rows, pieces of a page's work on different workers.
WAYS = [["--threads", 2], ["--threads", 3], ["--threads", 4], ["--cuts", "1", "--threads", 2], ["--cuts", "1,7,8"],
        ["--cuts", "65,3,100", "--threads", 4], ["--beside", "other.json", "--cuts", "9", "--threads", 3]]


def run(trafo, folder, *arguments):
    done = subprocess.run([str(trafo), *(str(argument) for argument in arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("shape", SHAPES)
def test_attention_of_a_row_depends_on_its_position_alone(build, tmp_path, shape, cache):
    trafo, model, program = build / "bin/trafo", tmp_path / "tiny.gguf", tmp_path / "tiny"
    options, attributes = SHAPES[shape]
    make_tiny.make(model, make_tiny.Tiny(**{"format": "f32", "embedding_format": "f32", "context": 512, **options}))
    bounds = ["--context", 512, "--rows", 256, "--kv", cache]
    if attributes or cache != "f16":
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
    assert numpy.median(distance) < 1e-4 and distance.max() < CACHES[cache], distance


def test_a_window_needs_as_many_pages_as_a_step_sees(build, tmp_path):
    """A sequence far longer than its part of the cache, against a program whose steps are so long that it holds all."""
    trafo, model = build / "bin/trafo", tmp_path / "tiny.gguf"
    make_tiny.make(model, make_tiny.Tiny(format="f32", embedding_format="f32", context=1024, window=100))
    plans = {}
    for name, context, rows in [("full", 1024, 1024), ("ring", 1024, 32), ("long", 8192, 32)]:
        run(trafo, tmp_path, "compile", model, "-o", name, "--context", context, "--rows", rows, "--sequences", 3)
        plans[name] = json.loads(run(trafo, tmp_path, "inspect", "--json", name))
    pages = {name: plan["memory_plan"]["kv_pages"] for name, plan in plans.items()}
    assert pages == {"full": 3 * 16, "ring": 3 * 4, "long": 3 * 4}
    bytes_of = {name: plan["memory_plan"]["arena_bytes"] for name, plan in plans.items()}
    assert bytes_of["ring"] == bytes_of["long"] < bytes_of["full"]
    assert plans["ring"]["memory_plan"]["window"] == 100 and "100 positions" in plans["ring"]["info"]["kv_cache"]
    ids = [(7 * i * i + 3 * i) % 320 for i in range(1000)]
    (tmp_path / "ids.json").write_text(json.dumps(ids))
    (tmp_path / "other.json").write_text(json.dumps(ids[::-1]))

    def logits(program, *way):
        run(trafo, tmp_path, "eval", program, "--ids", "ids.json", "--logits", "logits.npy", *way)
        return numpy.load(tmp_path / "logits.npy").view(numpy.uint32)

    whole = logits("full", "--threads", 1)
    for way in [["--threads", 1], *WAYS]:
        assert numpy.array_equal(whole, logits("ring", *way)), way


@pytest.mark.parametrize("cache", ["f16", "int8"])
def test_layers_with_a_window_keep_it_beside_layers_that_keep_all(build, tmp_path, cache):
    trafo, model = build / "bin/trafo", tmp_path / "tiny.gguf"
    make_tiny.make(model, make_tiny.Tiny(format="f32", embedding_format="f32", context=1024, window=100, layers=5,
                                         full_every=2))
    plans, reports = {}, {}
    for name, context, rows in [("full", 1024, 1024), ("ring", 1024, 32), ("long", 8192, 32)]:
        reports[name] = run(trafo, tmp_path, "compile", model, "-o", name, "--context", context, "--rows", rows,
                            "--sequences", 3, "--kv", cache, "--report", "--bandwidth", 10)
        plans[name] = json.loads(run(trafo, tmp_path, "inspect", "--json", name))
    memory = {name: plan["memory_plan"] for name, plan in plans.items()}
    pages = {name: (plan["kv_pages"], plan["window_pages"], plan["window"]) for name, plan in memory.items()}
    assert pages == {"full": (3 * 16, 3 * 16, 100), "ring": (3 * 16, 3 * 4, 100), "long": (3 * 128, 3 * 4, 100)}
    # A page of a layer: keys and values of 64 positions of two heads of 16, with a scale each where they are codes.
    page = 2 * 2 * 64 * (16 + 4 if cache == "int8" else 16 * 2)
    assert {name: plan["kv_bytes"] for name, plan in memory.items()} == {
        name: page * (2 * full + 3 * windowed) for name, (full, windowed, _) in pages.items()}
    saved = f"{page * 3 * 3 * (16 - 4) / 1e6:.1f} MB less than all positions of all layers"
    kept = "all positions of 2 layers, what a step sees of the last 100 positions of 3 layers"
    assert plans["ring"]["info"]["kv_cache"] == f"{kept}; {saved}" and plans["full"]["info"]["kv_cache"] == kept
    assert f"{kept}; {saved}\n" in reports["ring"] and "in 48 + 12 pages of 64" in reports["ring"]
    ids = [(7 * i * i + 3 * i) % 320 for i in range(1000)]
    (tmp_path / "ids.json").write_text(json.dumps(ids))
    (tmp_path / "other.json").write_text(json.dumps(ids[::-1]))

    def logits(source, *way):
        run(trafo, tmp_path, "eval", source, "--ids", "ids.json", "--logits", "logits.npy", *way)
        return numpy.load(tmp_path / "logits.npy").view(numpy.uint32)

    whole = logits("full", "--threads", 1)
    for way in [["--threads", 1], *WAYS]:
        assert numpy.array_equal(whole, logits("ring", *way)), way
    # What the layers see is what they are meant to see.
    (tmp_path / "ids.json").write_text(json.dumps(ids[:300]))
    run(trafo, tmp_path, "compile", model, "--context", 1024, "--kv", cache, "--emit=mlir:import", "-o", "tiny.mlir")
    reference = logits("tiny.mlir", "--reference", "--as-compiled").view(numpy.float32)
    distance = numpy.abs(whole[:300].view(numpy.float32) - reference).max(axis=1) / numpy.abs(reference).max(axis=1)
    assert numpy.median(distance) < 1e-4 and distance.max() < CACHES[cache], distance
