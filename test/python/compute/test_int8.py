"""--compute=int8: linears with float weights as int8 by rows, what that changes, and what it leaves as it is."""

import json

import numpy
import pytest
from programs import TINY, Tiny, assert_same_bits_every_way, compiled, make, run


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


@pytest.fixture(scope="module")
def by_library(trafo, tiny, folder):
    return compiled(trafo, tiny, folder / "int8-onednn", "--compute=int8", "--x86-gemm=onednn")


def test_onednn_sums_integers_as_generated_code_does(trafo, by_library, computed, logits, folder):
    programs = (by_library, computed("int8"))
    infos = [json.loads(run(trafo, "inspect", program, "--json").stdout)["info"] for program in programs]
    classes, others = ({entry["op"]: entry for entry in info["numeric_classes"]} for info in infos)
    for op in ("trafo.qkv_rope", "trafo.linear_add", "trafo.gate_up"):
        assert (classes[op]["road"], others[op]["road"]) == ("oneDNN", "generated")
        assert classes[op]["class"] == others[op]["class"]
    assert classes["trafo.lm_head"]["road"] == "generated"
    assert [info["needs"] for info in infos] == [["libdnnl.so.3 (oneDNN 3.2 or newer)"], []]
    assert numpy.array_equal(*(logits(program).view(numpy.int32) for program in programs))
    assert_same_bits_every_way(by_library, logits, folder)


def test_onednn_is_needed_when_it_runs(by_library):
    done = run(by_library, "--raw", "hello", "-n", 2, TRAFO_DNNL="/nowhere/libdnnl.so.3")
    assert done.returncode == 69 and "TRAFO-LIB-0001" in done.stderr and len(done.stderr.splitlines()) == 1


def test_two_formats_at_once_are_refused(trafo, tiny, folder):
    done = run(trafo, "compile", tiny, "-o", folder / "none", "--compute=int8", "--weights=q8_0")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "--compute=int8 makes formats of its own and --weights=q8_0 another" in done.stderr
    done = run(trafo, "compile", tiny, "-o", folder / "none", "--compute=int4")
    assert done.returncode == 2 and "--compute: int4 not in {as-stored,int8,bf16}" in done.stderr
    assert not (folder / "none").exists()
