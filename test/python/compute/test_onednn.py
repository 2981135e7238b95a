"""Float models whose matmuls are left to oneDNN: what they need, what they give, and what is said where it is missing."""

import json

import numpy
import pytest
from programs import assert_same_bits_every_way, compiled, divergences, run


@pytest.fixture(scope="module")
def library(trafo, tiny, folder):
    return compiled(trafo, tiny, folder / "library", "--x86-gemm=onednn", "--target=x86-64-v3")


@pytest.fixture(scope="module")
def generated(trafo, tiny, folder):
    return compiled(trafo, tiny, folder / "generated", "--x86-gemm=generated", "--target=x86-64-v3")


def test_both_roads_give_what_the_interpreter_gives(tiny, library, generated, logits):
    reference = logits(tiny, "--reference")
    for program in (library, generated):
        assert divergences(reference, logits(program)).max() < 1e-6
    # They are two numeric classes: were they one road, this test would compare it with itself.
    assert not numpy.array_equal(logits(library), logits(generated))


def test_bits_depend_on_neither_threads_nor_cuts_nor_company(library, logits, folder):
    assert_same_bits_every_way(library, logits, folder)


def test_inspect_names_need_road_and_class(trafo, library, generated):
    info = json.loads(run(trafo, "inspect", library, "--json").stdout)["info"]
    assert info["needs"] == ["libdnnl.so.3 (oneDNN 3.2 or newer)"]
    classes = {entry["op"]: entry for entry in info["numeric_classes"]}
    for op in ("trafo.qkv_rope", "trafo.linear_add", "trafo.gate_up", "trafo.lm_head"):
        assert classes[op]["road"] == "oneDNN" and classes[op]["class"] == "f32 x f32 summed by oneDNN"
    assert "road" not in classes["trafo.attention"]
    info = json.loads(run(trafo, "inspect", generated, "--json").stdout)["info"]
    assert info["needs"] == []
    assert {entry.get("road") for entry in info["numeric_classes"]} == {None, "generated"}


def test_nothing_is_linked(library):
    needed = [line for line in run("readelf", "-d", library).stdout.splitlines() if "NEEDED" in line]
    assert needed and all("libc.so" in line or "ld-linux" in line for line in needed)


@pytest.mark.parametrize("named, code, fact", [
    ("/nowhere/libdnnl.so.3", "TRAFO-LIB-0001", "/nowhere/libdnnl.so.3"),
    ("old", "TRAFO-LIB-0002", "oneDNN 3.1.4, expects 3.2 or newer"),
    ("libm.so.6", "TRAFO-LIB-0002", "has no dnnl_version"),
])
def test_a_library_that_will_not_do_is_one_line(library, build, named, code, fact):
    named = build / "test/lib/libtrafo-old-dnnl.so" if named == "old" else named
    done = run(library, "--raw", "hello", "-n", 2, TRAFO_DNNL=named)
    assert done.returncode == 69 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and code in done.stderr and fact in done.stderr and str(library) in done.stderr


def test_generated_code_needs_no_library(generated):
    done = run(generated, "--raw", "hello", "-n", 2, TRAFO_DNNL="/nowhere/libdnnl.so.3")
    assert done.returncode == 0, done.stderr


def test_a_bf16_tier_gives_right_numbers_or_says_what_the_cpu_lacks(trafo, tiny, folder, ids, logits):
    program = compiled(trafo, tiny, folder / "bf16", "--x86-gemm=onednn", "--target=x86-64-v4+bf16")
    classes = {entry["op"]: entry for entry in
               json.loads(run(trafo, "inspect", program, "--json").stdout)["info"]["numeric_classes"]}
    assert classes["trafo.gate_up"]["class"] == "bf16 x bf16 summed by oneDNN"
    flags = next(line for line in open("/proc/cpuinfo") if line.startswith("flags")).split()
    done = run(trafo, "eval", program, "--ids", ids)
    if "avx512_bf16" not in flags:
        assert done.returncode == 69 and "TRAFO-ART-0011" in done.stderr and "avx512bf16" in done.stderr
    elif done.returncode != 0:  # a CPU with AMX, where its bits depend on a row's place
        assert done.returncode == 69 and "TRAFO-LIB-0004" in done.stderr
    else:
        assert divergences(logits(tiny, "--reference"), logits(program)).max() < 1e-2


@pytest.mark.parametrize("options", [["--x86-gemm=generated"], ["--x86-gemm=onednn", "--target=x86-64-v3"],
                                     ["--x86-gemm=onednn", "--target=x86-64-v4"],
                                     ["--x86-gemm=onednn", "--target=x86-64-v4+bf16"],
                                     ["--x86-gemm=onednn", "--target=x86-64-v3", "--compute=int8"],
                                     ["--x86-gemm=onednn", "--target=x86-64-v4+vnni", "--compute=int8"]])
def test_check_judges_every_road(trafo, tiny, options):
    done = run(trafo, "check", tiny, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trafo-outline-stages" in done.stdout
    assert ("trafo-tile-library-contract" in done.stdout) == ("--x86-gemm=onednn" in options)


def test_targets_that_cannot_share_are_refused(trafo, tiny, folder):
    done = run(trafo, "compile", tiny, "-o", folder / "none", "--x86-gemm=onednn", "--target=x86-64-v4,x86-64-v3")
    assert done.returncode == 69 and "f32_tiles on target 'x86-64-v4' and as f32_rows on 'x86-64-v3'" in done.stderr
    done = run(trafo, "compile", tiny, "--emit=mlir:plan", "-o", folder / "none", "--x86-gemm=onednn",
               "--target=nvidia-sm_80")
    assert done.returncode == 2 and "target 'nvidia-sm_80' has no oneDNN" in done.stderr
    assert not (folder / "none").exists()


def test_a_real_model_in_bf16(trafo, build, model, shared, folder, tmp_path):
    bf16 = folder / "real.gguf"
    done = run(build / "bin/trafo-gguf-rewrite", model, bf16, "--type", "bf16")
    assert done.returncode == 0, done.stderr
    reference = json.loads((shared / "reference/smollm2-135m-f32.json").read_text())
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps(reference["nll"]["ids"][:70]))
    rows = {}
    for road in ("onednn", "generated"):
        program = compiled(trafo, bf16, tmp_path / road, f"--x86-gemm={road}", "--target=x86-64-v3", "--context", 128)
        done = run(trafo, "eval", program, "--ids", tokens, "--logits", tmp_path / f"{road}.npy")
        assert done.returncode == 0, done.stderr
        rows[road] = numpy.load(tmp_path / f"{road}.npy")
        program.unlink()
    bf16.unlink()
    assert divergences(rows["generated"], rows["onednn"]).max() < 1e-4
