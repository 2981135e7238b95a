"""--compute=bf16: linears with float weights as bf16 by pairs of columns, the same on every machine."""

import json

import pytest
from programs import TINY, Tiny, make, run


def test_inspect_names_the_class(trafo, computed):
    info = json.loads(run(trafo, "inspect", computed("bf16"), "--json").stdout)["info"]
    classes = {entry["op"]: entry["class"] for entry in info["numeric_classes"]}
    for op in ("trafo.qkv_rope", "trafo.linear_add", "trafo.gate_up", "trafo.lm_head"):
        assert classes[op].startswith("bf16_g32 x bf16")


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
