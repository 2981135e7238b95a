"""Models whose linears are quantised: what is meant for those of floats leaves them as they are, and says so."""

import pytest
from programs import Tiny, compiled, make, run


@pytest.fixture(scope="module")
def grouped(folder):
    make(folder / "grouped.gguf", Tiny())
    return folder / "grouped.gguf"


@pytest.fixture(scope="module")
def plain(trafo, grouped, folder):
    return compiled(trafo, grouped, folder / "plain")


@pytest.mark.parametrize("option, report, remark", [
    ("--compute=int8", "int8 compute             not used: the model has no linears with float weights",
     "not i8_row: a weight of the op is quantised already"),
    ("--compute=bf16", "bf16 compute             not used: the model has no linears with float weights",
     "activations enter as i8_g32"),
    ("--x86-gemm=onednn", "oneDNN                   not used: the model has no linears that it takes",
     "the model has no linear that the library takes: all are generated"),
])
def test_a_quantised_model_is_left_alone(trafo, grouped, plain, folder, option, report, remark):
    done = run(trafo, "compile", grouped, "-o", folder / "asked", option, "--report", "--bandwidth", 10,
               "--remarks-filter=trafo-(quantize|plan)")
    assert done.returncode == 0, done.stderr
    assert report in done.stdout and remark in done.stdout + done.stderr
    assert (folder / "asked").stat().st_size == plain.stat().st_size
    done = run(folder / "asked", "--raw", "hello", "-n", 2, TRAFO_DNNL="/nowhere/libdnnl.so.3")
    assert done.returncode == 0, done.stderr
