"""--compute=int8: linears with float weights as int8 by rows, what that changes, and what it leaves as it is."""

import json

import pytest
from programs import TINY, Tiny, assert_same_bits_every_way, compiled, divergences, make, run


@pytest.fixture(scope="module")
def int8(trafo, tiny, folder):
    return compiled(trafo, tiny, folder / "int8", "--compute=int8")


def test_logits_are_near_those_of_the_interpreter_that_rounds_alike(trafo, tiny, int8, logits):
    program = logits(int8)
    alike = logits(tiny, "--reference", "--as-compiled", "--compute=int8")
    exact = logits(tiny, "--reference")
    # Rounding to int8 is most of what lies between the program and the model.
    assert 0 < 5 * divergences(alike, program).mean() < divergences(exact, program).mean() < 0.01


def test_bits_depend_on_neither_threads_nor_cuts_nor_company(int8, logits, folder):
    assert_same_bits_every_way(int8, logits, folder)


def test_inspect_names_the_classes(trafo, int8):
    info = json.loads(run(trafo, "inspect", int8, "--json").stdout)["info"]
    classes = {entry["op"]: entry["class"] for entry in info["numeric_classes"]}
    for op in ("trafo.qkv_rope", "trafo.linear_add", "trafo.gate_up"):
        assert classes[op].startswith("i8_row x i8_row")
    assert classes["trafo.lm_head"] == "i8x2_g32 x q8_0"


def test_every_stage_is_judged(trafo, tiny):
    done = run(trafo, "check", tiny, "--compute=int8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trafo-requantize" in done.stdout and "trafo-outline-stages" in done.stdout


@pytest.mark.parametrize("format", ["f32", "f16"])
def test_every_float_format_is_taken(trafo, folder, format):
    make(folder / f"{format}.gguf", Tiny(**dict(TINY, format=format, embedding_format=format)))
    done = run(trafo, "compile", folder / f"{format}.gguf", "-o", folder / format, "--compute=int8", "--report",
               "--bandwidth", 10)
    assert done.returncode == 0, done.stderr
    assert "int8 compute             linears with float weights, by rows" in done.stdout
    assert "i8_row x i8_row" in done.stdout


def test_quantised_weights_keep_their_formats_and_the_report_says_so(trafo, folder):
    make(folder / "grouped.gguf", Tiny())
    done = run(trafo, "compile", folder / "grouped.gguf", "-o", folder / "grouped", "--compute=int8", "--report",
               "--bandwidth", 10, "--remarks-filter=trafo-quantize")
    assert done.returncode == 0, done.stderr
    assert "int8 compute             not used: the model has no linears with float weights" in done.stdout
    assert "not i8_row: a weight of the op is quantised already" in done.stdout + done.stderr
    plain = compiled(trafo, folder / "grouped.gguf", folder / "plain")
    assert (folder / "grouped").stat().st_size == plain.stat().st_size


def test_two_formats_at_once_are_refused(trafo, tiny, folder):
    done = run(trafo, "compile", tiny, "-o", folder / "none", "--compute=int8", "--weights=q8_0")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "--compute=int8 makes formats of its own and --weights=q8_0 another" in done.stderr
    done = run(trafo, "compile", tiny, "-o", folder / "none", "--compute=int4")
    assert done.returncode == 2 and "--compute: int4 not in {as-stored,int8,bf16}" in done.stderr
    assert not (folder / "none").exists()
