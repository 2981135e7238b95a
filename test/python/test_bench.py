"""bench/: the mathematics of quality and the table of comparisons, on numbers worked out by hand."""

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


def script(name):
    loader = importlib.machinery.SourceFileLoader(f"bench_{name}", str(BENCH / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


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


def test_ratios_are_taken_within_a_pair():
    compare = script("compare")

    def run(value):
        return {key: value for key, _, _ in compare.FIGURES} | {"decode_bytes": 100}

    # The machine slowed down by half between the pairs; the ratio stays 3, the medians do not say so.
    pairs = [{"peer": "llama.cpp", "ours": run(300.0), "theirs": run(100.0), "bandwidth": [1.0, 1.0]},
             {"peer": "llama.cpp", "ours": run(150.0), "theirs": run(50.0), "bandwidth": [0.5, 0.5]}]
    rows = compare.table(pairs, ["llama.cpp"])
    assert all(row.endswith("| 3.00 (3.00 to 3.00) |") for row in rows[2:])
    assert "225.0" in rows[2] and "75.0" in rows[2]


def test_the_read_loop_checks_its_arguments_and_its_sum(build):
    loop = build / "bench/trafo-read-bandwidth"
    assert float(subprocess.run([loop, "1", "1000000", "1"], check=True, capture_output=True, text=True).stdout) > 0
    assert subprocess.run([loop, "0", "1000000"], capture_output=True).returncode == 2
