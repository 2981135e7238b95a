"""The driver `trafo`: what it does itself over the toy, and what it makes of a compiler that ends in any way."""

import json
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy
import pytest

MAKE_TINY = pathlib.Path(__file__).resolve().parents[2] / "models/make_tiny.py"


@pytest.fixture
def program(toy):
    return toy.make()


@pytest.fixture
def ids(toy):
    path = toy.folder / "ids.json"
    path.write_text(json.dumps([(i * 37 + i // 7) % 256 for i in range(300)]))
    return path


def evaluate(toy, program, *arguments):
    done = toy.run(toy.trafo, "eval", program, "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_logits_have_the_same_bits_however_they_are_computed(toy, program, ids):
    other = toy.folder / "other.json"
    other.write_text(json.dumps({"ids": list(range(100))}))
    ways = [["--threads", 1], ["--threads", 4], ["--cuts", "1,7,8"], ["--cuts", "8"], ["--cuts", "3", "--threads", 2],
            ["--beside", other], ["--beside", other, "--cuts", "1,2,5"]]
    seen = []
    for number, way in enumerate(ways):
        path = toy.folder / f"{number}.npy"
        evaluate(toy, program, "--ids", ids, "--logits", path, *way)
        seen.append(path.read_bytes())
    logits = numpy.load(toy.folder / "0.npy")
    assert logits.dtype == numpy.float32 and logits.shape == (300, 259)
    assert all(each == seen[0] for each in seen)


def test_loss_and_divergence_are_those_of_numpy(toy, program, ids):
    mine, other = toy.folder / "mine.npy", toy.folder / "other.npy"
    evaluate(toy, program, "--ids", ids, "--logits", mine)
    # Another toy: same code, other weights.
    second = toy.make("second", seed=9)
    evaluate(toy, second, "--ids", ids, "--logits", other)
    for against in (second, other):
        said = evaluate(toy, program, "--ids", ids, "--against", against)
        window = said["window"]
        assert window == 256
        a, b = (numpy.load(path).astype(float) for path in (mine, other))
        a, b = (x - numpy.log(numpy.exp(x).sum(axis=1, keepdims=True)) for x in (a, b))
        tokens = json.loads(ids.read_text())
        rows = [i for i in range(299) if (i + 1) % window]
        loss = -numpy.array([a[i, tokens[i + 1]] for i in rows])
        kl = (numpy.exp(b) * (b - a)).sum(axis=1)
        assert said["predicted_tokens"] == len(rows)
        assert math.isclose(said["mean_loss"], loss.mean(), rel_tol=1e-6)
        assert math.isclose(said["perplexity"], math.exp(loss.mean()), rel_tol=1e-5)
        assert math.isclose(said["mean_loss_standard_error"], loss.std(ddof=1) / math.sqrt(len(rows)), rel_tol=1e-6)
        assert math.isclose(said["mean_kl"], kl.mean(), rel_tol=1e-6)
        assert math.isclose(said["max_kl"], kl.max(), rel_tol=1e-6)
        assert math.isclose(said["top1_agreement"], (a.argmax(1) == b.argmax(1)).mean(), rel_tol=1e-9)


def test_text_is_tokenized_by_the_program(toy, program):
    text = toy.folder / "text.txt"
    text.write_text("Grüße")
    assert evaluate(toy, program, "--text", text)["tokens"] == len("Grüße".encode())


@pytest.mark.parametrize("content, code", [
    ("[1, 2", "TRAFO-EVAL-0003"), ("7", "TRAFO-EVAL-0003"), ("[1, -2]", "TRAFO-EVAL-0004"), ("[1, 2.5]", "TRAFO-EVAL-0004"),
    ("[1, 4294967296]", "TRAFO-EVAL-0004"), ("[]", "TRAFO-EVAL-0010"), ("[1, 259]", "TRAFO-RUN-0001"),
    ("[" * 100000, "TRAFO-EVAL-0003"),
])
def test_bad_token_ids_are_refused(toy, program, content, code):
    path = toy.folder / "bad.json"
    path.write_text(content)
    toy.refused(toy.run(toy.trafo, "eval", program, "--ids", path, "--logits", toy.folder / "out.npy"),
                2 if code == "TRAFO-RUN-0001" else 65, code)
    assert not (toy.folder / "out.npy").exists()


def test_logits_of_other_tokens_are_refused(toy, program, ids):
    few, path = toy.folder / "few.json", toy.folder / "few.npy"
    few.write_text("[1, 2, 3]")
    evaluate(toy, program, "--ids", few, "--logits", path)
    toy.refused(toy.run(toy.trafo, "eval", program, "--ids", ids, "--against", path), 65, "TRAFO-EVAL-0009", 3, 300)
    path.write_bytes(path.read_bytes()[:-4])
    toy.refused(toy.run(toy.trafo, "eval", program, "--ids", few, "--against", path), 65, "TRAFO-EVAL-0008")


def test_bench_gives_the_promised_figures(toy, program):
    done = toy.run(toy.trafo, "bench", program, "--prompt-tokens", 100, "--decode-tokens", 20, "--context", 30, "--threads",
                   2, "--repeats", 3, "--json")
    said = json.loads(done.stdout)
    assert said["threads"] == 2
    for key in ["prefill_tokens_per_second", "decode_tokens_per_second", "read_bandwidth_gb_per_second",
                "decode_fraction_of_read", "time_to_first_token_ms"]:
        assert said[key] > 0
        assert sorted(said["repeats"][key])[1] == said[key] and len(said["repeats"][key]) == 3
    assert 1 << 20 < said["peak_rss_bytes"] < 1 << 30
    assert said["voluntary_context_switches_per_token"] >= 0
    assert "verify_rows" not in said and "batch" not in said
    toy.refused(toy.run(toy.trafo, "bench", program, "--prompt-tokens", 1000), 65, "TRAFO-RUN-0002", 1000, 256)


def test_bench_times_verification_and_batches(toy, program):
    done = toy.run(toy.trafo, "bench", program, "--prompt-tokens", 10, "--decode-tokens", 6, "--context", 30, "--threads", 2,
                   "--repeats", 3, "--verify-rows", 4, "--batch", 2, "--json")
    said = json.loads(done.stdout)
    assert said["verify_rows"] == 4 and said["batch"] == 2
    for key in ["verify_step_ms", "verify_step_over_decode", "batch_tokens_per_second", "batch_over_one"]:
        assert said[key] > 0 and len(said["repeats"][key]) == 3
    table = toy.run(toy.trafo, "bench", program, "--prompt-tokens", 10, "--decode-tokens", 3, "--repeats", 1, "--batch", 2).stdout
    assert b"batch, tokens/s" in table and b"verify step" not in table


def test_bench_refuses_what_the_program_has_no_room_for(toy, program):
    few = ["--prompt-tokens", 10, "--decode-tokens", 3, "--repeats", 1]
    toy.refused(toy.run(toy.trafo, "bench", program, *few, "--batch", 1000), 2, "TRAFO-RUN-0001", 3, 2)
    toy.refused(toy.run(toy.trafo, "bench", program, *few, "--verify-rows", 1000), 2, "TRAFO-RUN-0001", 1000, 8)
    assert toy.run(toy.trafo, "bench", program, *few, "--batch", 0).returncode == 2


def test_inspect_shows_sections_plan_and_info(toy, program):
    said = json.loads(toy.run(toy.trafo, "inspect", program, "--json").stdout)
    assert [section["section"] for section in said["sections"]] == ["MANIFEST", "CODE", "TEXT", "INFO", "WEIGHTS"]
    assert said["memory_plan"]["max_context"] == 256 and said["info"] == {"architecture": "toy"}
    text = toy.run(toy.trafo, "inspect", program).stdout.decode()
    for word in ["max_context: 256", "architecture: toy", "runs_here: true"]:
        assert word in text


def test_run_becomes_the_program(toy, program):
    done = toy.run(toy.trafo, "run", program, "--json", "hi")
    assert json.loads(done.stdout)["text"] == "Hello"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["bench"], ["eval", "x"], ["bench", "x", "--repeats", "0"], ["run"]])
def test_wrong_command_lines_end_with_2(toy, arguments):
    assert toy.run(toy.trafo, *arguments).returncode == 2


@pytest.fixture
def with_compiler(toy):
    """A copy of the driver beside a compiler that is a shell script."""

    def make(script):
        folder = toy.folder / "bin"
        folder.mkdir(exist_ok=True)
        shutil.copy(toy.trafo, folder / "trafo")
        compiler = folder / "trafo-compiler"
        compiler.write_text("#!/bin/bash\n" + script)
        compiler.chmod(0o755)
        return folder / "trafo"

    return make


def sound_model(path):
    """A model file the driver's readers take: it refuses others before it starts a compiler."""
    subprocess.run([sys.executable, MAKE_TINY, path], check=True, stdout=subprocess.DEVNULL)


def test_a_damaged_model_never_reaches_the_compiler(toy, with_compiler):
    trafo = with_compiler("touch started")
    (toy.folder / "m.gguf").write_bytes(b"GGUF")
    toy.refused(toy.run(trafo, "compile", "m.gguf", "-o", "out"), 65, "TRAFO-GGUF-0001", "m.gguf")
    assert not (toy.folder / "started").exists()


def test_the_compiler_gets_the_command_line_and_gives_the_exit_code(toy, with_compiler):
    trafo = with_compiler('echo "$@"; exit 65')
    sound_model(toy.folder / "model.gguf")
    done = toy.run(trafo, "compile", "model.gguf", "-o", "out file", "--weird=1")
    assert (done.returncode, done.stdout) == (65, b"compile model.gguf -o out file --weird=1\n")
    assert toy.run(trafo, "check", "m").stdout == b"check m\n"


@pytest.mark.parametrize("name, code", [("SEGV", "TRAFO-DRV-0003"), ("ABRT", "TRAFO-DRV-0003"), ("KILL", "TRAFO-DRV-0002")])
def test_a_crash_of_the_compiler_is_one_line_and_leaves_nothing(toy, with_compiler, name, code):
    trafo = with_compiler(f'touch out.tmp.$$; kill -{name} $$')
    toy.refused(toy.run(trafo, "compile", "m", "-o", "out"), 70, code)
    assert not list(toy.folder.glob("out*"))


def test_a_crash_names_the_reproducer(toy, with_compiler):
    trafo = with_compiler('echo x > out.reproducer.mlir; kill -SEGV $$')
    toy.refused(toy.run(trafo, "compile", "m", "-oout"), 70, "TRAFO-DRV-0003", "out.reproducer.mlir")
    assert (toy.folder / "out.reproducer.mlir").exists()


def await_sleep(toy):
    """Until the script has become `sleep`; its process id."""
    while True:
        time.sleep(0.01)
        if (toy.folder / "ready").exists():
            child = int((toy.folder / "ready").read_text())
            if open(f"/proc/{child}/comm").read() == "sleep\n":
                return child


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_compiler_and_leaves_nothing(toy, with_compiler, which):
    trafo = with_compiler('touch out.tmp.$$; echo $$ > pid; mv pid ready; exec sleep 100')
    (toy.folder / "out").write_text("old")
    process = subprocess.Popen([trafo, "compile", "m", "-o", "out"], cwd=toy.folder, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(which, signal.SIG_DFL))  # a script's background ignores it
    await_sleep(toy)  # bash itself takes SIGINT for its children's
    process.send_signal(which)
    assert process.wait() == 130
    assert process.stderr.read() == b""
    process.stderr.close()
    assert [path.name for path in toy.folder.glob("out*")] == ["out"]
    assert (toy.folder / "out").read_text() == "old"


def test_the_compiler_ends_when_the_driver_is_killed(toy, with_compiler):
    trafo = with_compiler('echo $$ > pid; mv pid ready; exec sleep 100')
    process = subprocess.Popen([trafo, "compile", "m", "-o", "out"], cwd=toy.folder)
    child = await_sleep(toy)
    process.kill()
    process.wait()
    for _ in range(500):
        try:
            if open(f"/proc/{child}/stat").read().split()[2] == "Z":
                return
        except OSError:
            return
        time.sleep(0.01)
    raise AssertionError("the compiler lives on")


def test_without_a_compiler_the_driver_says_what_is_missing(toy):
    folder = toy.folder / "alone"
    folder.mkdir()
    shutil.copy(toy.trafo, folder / "trafo")
    toy.refused(toy.run(folder / "trafo", "compile", "m", "-o", "out"), 69, "TRAFO-DRV-0001", folder)


def test_a_model_file_is_compiled_for_this_once(toy, with_compiler, program):
    """A compiler that copies the toy stands in for the real one; nothing stays in the temporary folder."""
    trafo = with_compiler(f'[ "$1" = compile ] && [ "$3" = -o ] && cp {program} "$4"')
    sound_model(toy.folder / "m.gguf")
    scratch = toy.folder / "scratch"
    scratch.mkdir()
    env = dict(os.environ, TMPDIR=str(scratch))
    assert toy.run(trafo, "run", "m.gguf", "hi", env=env).stdout == b"Hello\n"
    (toy.folder / "t.txt").write_text("abc")
    assert toy.run(trafo, "eval", "m.gguf", "--text", "t.txt", env=env).returncode == 0
    assert toy.run(trafo, "bench", "m.gguf", "--repeats", 1, "--prompt-tokens", 9, "--decode-tokens", 3, env=env).returncode == 0
    assert list(scratch.iterdir()) == []
