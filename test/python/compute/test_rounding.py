"""What holds of every --compute that rounds: near the interpreter that rounds alike, the same bits every way, judged."""

import pytest
from programs import assert_same_bits_every_way, divergences, run


@pytest.mark.parametrize("compute, times, most", [("int8", 5, 0.01), ("bf16", 4, 0.001)])
def test_logits_are_near_those_of_the_interpreter_that_rounds_alike(tiny, computed, logits, compute, times, most):
    program = logits(computed(compute))
    alike = logits(tiny, "--reference", "--as-compiled", f"--compute={compute}")
    exact = logits(tiny, "--reference")
    # Rounding is most of what lies between the program and the model.
    assert 0 < times * divergences(alike, program).mean() < divergences(exact, program).mean() < most


@pytest.mark.parametrize("compute", ["int8", "bf16"])
def test_bits_depend_on_neither_threads_nor_cuts_nor_company(computed, logits, folder, compute):
    assert_same_bits_every_way(computed(compute), logits, folder)


@pytest.mark.parametrize("compute, passes", [("int8", ["trafo-requantize", "trafo-outline-stages"]),
                                             ("bf16", ["trafo-outline-stages"])])
def test_every_stage_is_judged(trafo, tiny, compute, passes):
    done = run(trafo, "check", tiny, f"--compute={compute}")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in passes:
        assert name in done.stdout
