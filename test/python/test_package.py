"""The package trafo over a compiled SmolLM2: compile, load, generate, logits, and how each of them fails."""

import json
import pathlib
import threading

import numpy
import pytest

import trafo


@pytest.fixture(scope="session")
def program(build, model, tmp_path_factory):
    out = tmp_path_factory.mktemp("program") / "chat"
    assert trafo.compile(model, out, context=1024) == str(out)
    return out


@pytest.fixture(scope="session")
def chat(program):
    return trafo.load(program, threads=2)


def test_it_answers(chat):
    answer = chat.generate("Name the capital of France.", max_tokens=32)
    assert "Paris" in answer.text and str(answer) == answer.text
    assert answer.stop == "end" and len(answer.ids) >= 2 and answer.prompt_tokens > 10


def test_text_comes_in_pieces_that_add_up(chat):
    pieces = []
    answer = chat.generate("Count to five.", max_tokens=24, on_text=pieces.append)
    assert len(pieces) > 3 and "".join(pieces) == answer.text


def test_what_on_text_raises_comes_out(chat):
    def stop(piece):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        chat.generate("Count to five.", max_tokens=24, on_text=stop)
    assert chat.generate("Count to five.", max_tokens=3).prompt_tokens > 0  # and the model goes on


def test_equal_seeds_give_equal_tokens(chat):
    settings = dict(raw=True, max_tokens=12, temperature=1.5, top_k=50, top_p=0.95)
    first, again = (chat.generate("Once upon a time", seed=7, **settings).ids for _ in range(2))
    assert first == again
    assert any(chat.generate("Once upon a time", seed=seed, **settings).ids != first for seed in (8, 9, 10))


def test_the_prompt_may_be_messages_or_ids(chat):
    messages = [("system", "You answer in one word."), ("user", "What is the capital of France?")]
    ids = chat.chat_ids("What is the capital of France?", system="You answer in one word.")
    assert chat.chat_ids(messages) == ids
    assert chat.generate(messages, max_tokens=8).ids == chat.generate(ids, max_tokens=8).ids


def test_tokens_match_the_reference(chat, shared):
    samples = json.loads((shared / "reference/smollm2-135m-f32.json").read_text())["tokenize"]
    assert len(samples) > 100
    for sample in samples:
        assert chat.tokenize(sample["text"], parse_special=True) == sample["ids"]


def test_logits_are_rows_of_float32(chat):
    ids = chat.tokenize("The quick brown fox jumps over the lazy dog")
    rows = chat.logits(ids)
    assert rows.dtype == numpy.float32 and rows.shape == (len(ids), chat.vocabulary)
    assert numpy.isfinite(rows).all()
    # Greedy decoding picks from the last row.
    assert chat.generate(ids, max_tokens=1).ids == [int(rows[-1].argmax())]


def test_logits_do_not_depend_on_cuts_or_threads(chat, program):
    ids = chat.tokenize("The quick brown fox jumps over the lazy dog and then it sleeps all day long")
    rows = chat.logits(ids)
    for cuts in ([1], [1, 7, 8], [5]):
        assert numpy.array_equal(chat.logits(ids, cuts=cuts).view(numpy.uint32), rows.view(numpy.uint32))
    alone = trafo.load(program, threads=1)
    assert alone.threads == 1
    assert numpy.array_equal(alone.logits(ids).view(numpy.uint32), rows.view(numpy.uint32))


def test_rows_are_our_own_copy(chat):
    first = chat.logits([1, 2, 3])
    kept = first.copy()
    chat.logits([4, 5, 6])
    assert numpy.array_equal(first, kept)


def test_threads_take_turns(chat):
    ids = [chat.tokenize(text) for text in ("One two three", "Paris is a city", "Water is wet")]
    expected = [chat.logits(one) for one in ids]
    got = [None] * len(ids)

    def work(index):
        got[index] = chat.logits(ids[index])

    workers = [threading.Thread(target=work, args=(index,)) for index in range(len(ids))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(numpy.array_equal(a, b) for a, b in zip(expected, got))


def test_no_ids_give_no_rows(chat):
    assert chat.logits([]).shape == (0, chat.vocabulary)


@pytest.mark.parametrize("ids", [[-1], [10**6], [1, 2, -5]])
def test_ids_outside_the_vocabulary_are_refused(chat, ids):
    with pytest.raises(trafo.Error) as raised:
        chat.logits(ids)
    assert raised.value.status == 2 and raised.value.code.startswith("TRAFO-")


def test_more_ids_than_the_context_are_refused(chat):
    with pytest.raises(trafo.Error, match="context"):
        chat.logits([1] * (chat.max_context + 1))


def test_a_file_that_is_no_program_is_refused(model, tmp_path):
    with pytest.raises(trafo.Error) as raised:
        trafo.load(model)
    assert raised.value.status == 65 and raised.value.code == "TRAFO-ART-0001"
    with pytest.raises(trafo.Error) as raised:
        trafo.load(tmp_path / "absent")
    assert raised.value.status == 66


def test_compile_says_what_the_compiler_said(tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF")
    with pytest.raises(trafo.Error) as raised:
        trafo.compile(broken, tmp_path / "out")
    assert raised.value.status == 65 and raised.value.code.startswith("TRAFO-GGUF-") and "broken.gguf" in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_compiler_that_cannot_be_found_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TRAFO", str(tmp_path / "no-such-program"))
    with pytest.raises(trafo.Error, match="no-such-program") as raised:
        trafo.compile("a.gguf", tmp_path / "out")
    assert raised.value.status == 69


def test_a_library_takes_its_weights_by_path(tmp_path):
    tiny = pathlib.Path(__file__).resolve().parents[1] / "pipelines/Inputs/tiny.mlir"
    ids = [3, 1, 4, 1, 5, 9, 2, 6]
    whole = trafo.load(trafo.compile(tiny, tmp_path / "tiny")).logits(ids)
    library = trafo.compile(tiny, tmp_path / "tiny.so", emit="so")
    apart = trafo.load(library, weights=tmp_path / "tiny.so.weights").logits(ids)
    assert numpy.array_equal(whole, apart)
    with pytest.raises(trafo.Error) as raised:
        trafo.load(library)
    assert raised.value.code == "TRAFO-ART-0012"
