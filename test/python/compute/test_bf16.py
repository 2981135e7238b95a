"""--compute=bf16: linears with float weights as bf16 by pairs of columns, the same on every machine."""

import json

import pytest
from programs import TINY, Tiny, assert_same_bits_every_way, compiled, divergences, make, run


@pytest.fixture(scope="module")
def bf16(trafo, tiny, folder):
    return compiled(trafo, tiny, folder / "bf16", "--compute=bf16")


def test_logits_are_near_those_of_the_interpreter_that_rounds_alike(tiny, bf16, logits):
    program = logits(bf16)
    alike = logits(tiny, "--reference", "--as-compiled", "--compute=bf16")
    exact = logits(tiny, "--reference")
    # Rounding to bf16 is most of what lies between the program and the model.
    assert 0 < 4 * divergences(alike, program).mean() < divergences(exact, program).mean() < 0.001


def test_bits_depend_on_neither_threads_nor_cuts_nor_company(bf16, logits, folder):
    assert_same_bits_every_way(bf16, logits, folder)


def test_inspect_names_the_class(trafo, bf16):
    info = json.loads(run(trafo, "inspect", bf16, "--json").stdout)["info"]
    classes = {entry["op"]: entry["class"] for entry in info["numeric_classes"]}
    for op in ("trafo.qkv_rope", "trafo.linear_add", "trafo.gate_up", "trafo.lm_head"):
        assert classes[op].startswith("bf16_g32 x bf16")


def test_every_stage_is_judged(trafo, tiny):
    done = run(trafo, "check", tiny, "--compute=bf16")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trafo-outline-stages" in done.stdout


@pytest.mark.parametrize("format", ["f32", "f16"])
def test_float_weights_become_bf16(trafo, folder, format):
    make(folder / f"{format}.gguf", Tiny(**dict(TINY, format=format, embedding_format=format)))
    done = run(trafo, "compile", folder / f"{format}.gguf", "-o", folder / format, "--compute=bf16", "--report",
               "--bandwidth", 10, "--remarks-filter=trafo-quantize")
    assert done.returncode == 0, done.stderr
    assert "bf16 compute             linears with float weights, by groups of 32 columns" in done.stdout
    assert f"{format} to bf16" in done.stdout + done.stderr


def test_the_librarys_order_of_sums_is_another(trafo, tiny, folder):
    done = run(trafo, "compile", tiny, "-o", folder / "none", "--compute=bf16", "--x86-gemm=onednn")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "--compute=bf16 sums in an order of its own, which oneDNN has not" in done.stderr
    assert not (folder / "none").exists()
