"""bench/: quality and the tables on numbers worked out by hand; our engine behind its requests."""

import argparse
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys

import numpy
import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import divergence  # noqa: E402
import peers  # noqa: E402
import results  # noqa: E402
import roofline  # noqa: E402
import rows  # noqa: E402

loader = importlib.machinery.SourceFileLoader("scaling", str(BENCH / "scaling"))
scaling = importlib.util.module_from_spec(importlib.util.spec_from_loader("scaling", loader))
loader.exec_module(scaling)


def test_divergence_of_two_small_distributions():
    # p = (1/2, 1/2), q = (1/4, 3/4): KL = 1/2 ln 2 + 1/2 ln(2/3); then equal rows.
    p = numpy.log(numpy.array([[0.5, 0.5], [0.9, 0.1]], numpy.float32))
    q = numpy.log(numpy.array([[0.25, 0.75], [0.9, 0.1]], numpy.float32)) + numpy.float32(3)  # a shift changes nothing
    found = divergence.divergence(p, q, [0, 1], rows=1)
    assert found.kl == pytest.approx([0.5 * numpy.log(2) + 0.5 * numpy.log(2 / 3), 0], abs=1e-6)
    assert found.agree.tolist() == [False, True]
    assert found.nll == pytest.approx([-numpy.log(0.75)], abs=1e-6)


def test_divergence_does_not_depend_on_the_cut():
    random = numpy.random.default_rng(1)
    p, q = random.normal(size=(2, 37, 11)).astype(numpy.float32)
    ids = random.integers(0, 11, 37)
    whole, cut = (divergence.divergence(p, q, ids, rows=rows) for rows in (100, 5))
    assert numpy.array_equal(whole.kl, cut.kl) and numpy.array_equal(whole.nll, cut.nll) and len(cut.nll) == 36


def test_logits_that_are_not_finite_are_an_error():
    rows = numpy.zeros((2, 3), numpy.float32)
    with pytest.raises(ValueError, match="not finite"):
        divergence.divergence(rows, numpy.full((2, 3), numpy.nan, numpy.float32), [0, 1])
    with pytest.raises(ValueError, match="shapes differ"):
        divergence.divergence(rows, rows[:1], [0, 1])


def test_standard_error():
    assert divergence.mean_and_error(numpy.array([1.0, 3.0])) == pytest.approx((2.0, 1.0))


def pair(peer, ours, theirs, bandwidth):
    keys = {key for row in rows.ROWS.values() for key, _ in row.figures}
    return {"peer": peer, "ours": dict.fromkeys(keys, ours), "theirs": dict.fromkeys(keys, theirs),
            "bandwidth": [bandwidth, bandwidth]}


def results_of(pairs, **more):
    key = {"model": "m.gguf", "threads": 2, "cpu": "a CPU"}
    kept = {"when": "2026-01-01 00:00", "token_bytes": 2_000_000, "pairs": pairs}
    return {"key": key, "rows": {name: kept for name in rows.ROWS}, "troubles": {}, "quality": None, **more}


def test_ratios_are_taken_within_a_pair():
    # The machine slowed down by half between the pairs; the ratio stays 3, the medians do not say so.
    data = results_of([pair("llama.cpp", 300.0, 100.0, 1.0), pair("llama.cpp", 150.0, 50.0, 0.5)])
    lines = results.speed_table(data, ["llama.cpp"])
    assert all(line.endswith("| 3 (3 to 3) |") for line in lines[2:])
    assert "225.0" in lines[2] and "75.0" in lines[2]
    # 300 tokens/s of 2 MB are 0.6 of 1 GB/s.
    assert "comes to 0.60 (0.60 to 0.60) of the read bandwidth" in results.memory_lines(data)[0]


def test_a_peer_that_cannot_run_is_a_line_that_says_why():
    data = results_of([pair("llama.cpp", 300.0, 100.0, 1.0)], troubles={"onnxruntime": "reads no such file"})
    text = results.report(data)
    assert "| onnxruntime | not run: reads no such file |" in text
    assert "trafo / onnxruntime" not in text and "trafo / llama.cpp" in text


def test_rows_of_another_program_are_not_kept(tmp_path):
    kept = results.Results(tmp_path / "compare.json", {"code": "a"})
    kept.start_row("decode", {"token_bytes": 1}).append("a pair")
    kept.save()
    assert results.Results(tmp_path / "compare.json", {"code": "a"}).data["rows"]["decode"]["pairs"] == ["a pair"]
    assert results.Results(tmp_path / "compare.json", {"code": "b"}).data["rows"] == {}


@pytest.fixture(scope="module")
def library(build, model, tmp_path_factory):
    out = tmp_path_factory.mktemp("bench") / "program.so"
    subprocess.run([build / "bin/trafo", "compile", model, "--context", "256", "--emit=so", "-o", out], check=True)
    return out


def test_our_engine_answers_requests(library, tmp_path):
    with peers.Engine("trafo", library, 1, 256, tmp_path / "log") as engine:
        assert engine.ask("prefill", ids=list(range(10)))["seconds"] > 0
        for row in rows.ROWS.values():
            if row.prompt + row.count <= 128:
                assert all(value > 0 for value in row.measure(engine, list(range(256)), 3).values())
        assert engine.ask("memory")["peak_mb"] > 1
        with pytest.raises(peers.Trouble, match="trafo: .*TRAFO-"):
            engine.ask("prefill", ids=list(range(500)))  # more than the context holds


def test_an_engine_that_cannot_load_or_dies_is_trouble(library, tmp_path):
    with pytest.raises(peers.Trouble, match="trafo: OSError"):
        peers.Engine("trafo", tmp_path / "none.so", 1, 256, tmp_path / "log")
    with peers.Engine("trafo", library, 1, 256, tmp_path / "log") as engine:
        engine.process.kill()
        with pytest.raises(peers.Trouble, match="ended with -9"):
            engine.ask("memory")


def test_the_command_line_explains_itself():
    said = subprocess.run([BENCH / "compare", "--help"], check=True, capture_output=True, text=True).stdout
    assert all(name in said for name in [*rows.ROWS, "quality", *peers.KNOWN, "examples:", "exit codes:"])
    said = subprocess.run([BENCH / "scaling", "--help"], check=True, capture_output=True, text=True).stdout
    assert all(name in said for name in [*scaling.SERIES, "examples:", "exit codes:"])
    assert subprocess.run([BENCH / "scaling", "--only", "speed"], capture_output=True).returncode == 2
    for wrong in (["--only", "speed"], ["--peers", "nobody"], ["--pairs", "0"], ["--model", "/none.gguf"]):
        assert subprocess.run([BENCH / "compare", *wrong], capture_output=True).returncode == 2


def test_peers_without_several_rows_are_left_out_of_their_rows():
    several = [row for row in rows.ROWS.values() if row.together]
    assert {row.name: row.together for row in several} == {"verify-8": 8, "batch-16": 16}
    assert [name for name, peer in peers.KNOWN.items() if peer.several] == ["llama.cpp"]


def test_the_roofline_by_hand():
    # 10 GB/s and 1e9 products a second; 8e8 weights of 4 bits: 40 ms of reading, 0.8 s of multiplying.
    model = roofline.Model("m", linears=6e8, head=2e8, bits=4, cache=1000, barriers=10)
    slow, fast = roofline.Machine("slow", 10, 1, 0), roofline.Machine("fast", 10, 1000, 100)
    assert model.decode_ms(slow, 0, 1.0) == pytest.approx(800)
    assert model.decode_ms(fast, 0, 1.0) == pytest.approx(40 + 1)  # ten barriers of 100 us
    assert model.decode_ms(fast, 100_000, 0.5) == pytest.approx(2 * 50 + 1)  # 100 MB of cache
    assert model.prefill_rate(fast, 0.5) == pytest.approx(0.5 * 1e12 / 6e8)


def test_a_point_is_measured_once_and_becomes_a_line(build, tmp_path):
    shape = {"hidden": 64, "layers": 1, "heads": 4, "kv_heads": 2, "ffn": 128, "vocab": 320}
    point, arguments = scaling.Point("tiny", shape, context=64), argparse.Namespace(build=build, out=tmp_path, threads=2, repeats=1)
    found = scaling.measure(point, arguments)
    assert found["cache_bytes"] == (64 + 24) * 2 * 2 * 16 * 2 and found["barriers"] == 7 and found["layers"] == 1
    written = (tmp_path / point.model).stat().st_mtime_ns
    assert scaling.prepare(point, arguments) == (tmp_path / point.model, {key: found[key] for key in ("compile_seconds", "model_bytes")})
    assert (tmp_path / point.model).stat().st_mtime_ns == written and not list(tmp_path.glob("*.gguf"))
    text = scaling.report({"size": {"tiny": found}})
    assert "| tiny | " in text and "as measured for the largest model" in text


def test_points_of_a_series_are_models_of_their_own():
    for name, points in scaling.SERIES.items():
        assert len({(point.model, point.context, point.threads) for point in points}) == len(points), name
    assert scaling.wider(2) == {**scaling.BASE, "hidden": 1536, "heads": 24, "kv_heads": 8, "ffn": 4096}


def test_the_read_loop_checks_its_arguments_and_its_sum(build):
    loop = build / "bench/trafo-read-bandwidth"
    assert float(subprocess.run([loop, "1", "1000000", "1"], check=True, capture_output=True, text=True).stdout) > 0
    assert subprocess.run([loop, "0", "1000000"], capture_output=True).returncode == 2
