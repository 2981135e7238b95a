"""--compute=int8: linears with float weights as int8 by rows, what that changes, and what it leaves as it is."""

import json

import pytest
from programs import TINY, Tiny, compiled, make, run


def test_inspect_names_the_classes(trafo, computed):
    info = json.loads(run(trafo, "inspect", computed("int8"), "--json").stdout)["info"]
    classes = {entry["op"]: entry["class"] for entry in info["numeric_classes"]}
    for op in ("trafo.qkv_rope", "trafo.linear_add", "trafo.gate_up"):
        assert classes[op].startswith("i8_row x i8_row")
    assert classes["trafo.lm_head"] == "i8x2_g32 x q8_0"


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
