"""A reply longer than the context: what a shift leaves is computed anew, so each token is the one that the kept tokens alone
would give, whatever happened before."""

import json
import pathlib
import subprocess
import sys

import pytest

import trafo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import make_tiny  # noqa: E402

CONTEXT, KEEP, COUNT = 128, 5, 260


def expected(program, prompt):
    model, tokens, reply = trafo.load(program), list(prompt), []
    while len(reply) < COUNT:
        reply.append(int(model.logits(tokens)[-1].argmax()))
        if len(tokens) == CONTEXT:
            tokens = tokens[:KEEP] + tokens[KEEP + (CONTEXT - KEEP) // 2:]
        tokens.append(reply[-1])
    return reply


@pytest.mark.parametrize("window, full_every", [(0, 0), (20, 0), (20, 2)])
def test_a_shift_leaves_no_trace(build, tmp_path, window, full_every):
    model, program = tmp_path / "tiny.gguf", tmp_path / "tiny"
    make_tiny.make(model, make_tiny.Tiny(context=CONTEXT, window=window, full_every=full_every, seed=3))
    trafo.compile(model, program, context=CONTEXT, rows=16)
    text = "once upon a time there was a model"

    def said(*more):
        done = subprocess.run([program, "--raw", text, "--json", "-n", str(COUNT), *more], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    shift = ["--context-shift", "--keep", str(KEEP)]
    reply = said(*shift, "--threads", "1")
    assert reply["stop"] == "max_tokens" and reply["context_shifts"] >= 2
    assert reply["tokens"] == said(*shift, "--threads", "2")["tokens"]
    assert reply["tokens"] == expected(program, trafo.load(program).tokenize(text, add_special=True))
    assert len(set(reply["tokens"])) > 3, "a reply that repeats itself shows little"
    python = trafo.load(program).generate(text, raw=True, max_tokens=COUNT, keep=KEEP)
    assert (python.ids, python.shifts) == (reply["tokens"], reply["context_shifts"])
    full = said()
    with pytest.raises(trafo.Error, match=f"expects 0 to {CONTEXT - 2}") as refused:
        trafo.load(program).generate(text, raw=True, keep=CONTEXT - 1)
    assert (refused.value.code, refused.value.status) == ("TRAFO-RUN-0001", 2)
    assert full["stop"] == "context" and full["tokens"] == reply["tokens"][:len(full["tokens"])]
