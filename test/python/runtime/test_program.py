"""A compiled program as its user meets it: prompts, streams, signals, exit codes, system calls."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

SCRIPT = "Grüße, 世界! 🙂"


@pytest.fixture
def program(toy):
    return toy.make(script=SCRIPT)


def test_a_prompt_is_answered(toy, program):
    done = toy.run(program, "Hello?")
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, SCRIPT + "\n", "")


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_the_prompt_may_come_from_standard_input(toy, program, arguments):
    done = toy.run(program, *arguments, stdin=b"Hello?")
    assert (done.returncode, done.stdout.decode()) == (0, SCRIPT + "\n")


def test_json_has_text_tokens_and_counts(toy, program):
    done = toy.run(program, "--json", "--threads", 1, 'a "quoted"\nline')
    said = json.loads(done.stdout)
    assert said["text"] == SCRIPT
    assert bytes(said["tokens"][:-1]).decode() == SCRIPT
    assert said["stop"] == "end" and said["threads"] == 1
    assert said["generated_tokens"] == len(SCRIPT.encode()) + 1
    assert said["prompt_tokens"] == len("<user\na 'quoted'\nline<<")
    limited = json.loads(toy.run(program, "--json", "-n", 3, "hi").stdout)
    assert limited["stop"] == "max_tokens" and limited["generated_tokens"] == 3


def test_raw_goes_on_with_the_text(toy, program):
    # Without the opening of a reply the toy knows no script: it babbles, the same each time.
    one = toy.run(program, "--raw", "Once", "-n", 20, "--json")
    two = toy.run(program, "--raw", "Once", "-n", 20, "--json", "--threads", 3)
    assert json.loads(one.stdout)["tokens"] == json.loads(two.stdout)["tokens"]
    assert json.loads(one.stdout)["prompt_tokens"] == 4
    special = toy.run(program, "--raw", "--parse-special", "Once<|go|>")
    assert special.stdout.decode() == SCRIPT + "\n"
    plain = toy.run(program, "--raw", "Once<|go|>", "-n", 1, "--json")
    assert json.loads(plain.stdout)["prompt_tokens"] == len("Once<|go|>")


def test_seeds_decide_what_is_drawn(toy, program):
    def drawn(*more):
        return json.loads(toy.run(program, "--raw", "x", "-n", 30, "--json", "--temp", 1.5, *more).stdout)["tokens"]

    assert drawn("--seed", 1) == drawn("--seed", 1, "--threads", 2)
    assert drawn("--seed", 1) != drawn("--seed", 2)
    assert drawn("--seed", 1, "--top-k", 1) == drawn("--seed", 2, "--top-k", 1)


def test_a_system_message_is_part_of_the_prompt(toy, program):
    with_system = json.loads(toy.run(program, "--json", "--system", "Be brief.", "hi").stdout)
    without = json.loads(toy.run(program, "--json", "hi").stdout)
    assert with_system["prompt_tokens"] > without["prompt_tokens"]


def test_a_conversation_keeps_what_it_computed(toy, program):
    done = toy.run(program, "--interactive", "--stats", stdin=b"first message\nsecond message\n\n")
    assert done.stdout.decode() == f"{SCRIPT}\n{SCRIPT}\n"
    computed = [int(number) for number in re.findall(r"prefill: (\d+) tokens", done.stderr)]
    assert len(computed) == 2
    # The second turn computes the end of the first reply and its own message, not the conversation so far.
    assert computed[1] <= len("second message") + 12


def test_a_full_context_leaves_out_the_oldest_messages(toy, program):
    done = toy.run(program, "--interactive", stdin=b"x" * 80 + b"\n" + b"y" * 80 + b"\n" + b"z" * 80 + b"\n")
    assert done.returncode == 0
    assert done.stdout.decode() == f"{SCRIPT}\n" * 3
    assert "oldest messages are left out" in done.stderr


def test_a_prompt_that_does_not_fit_is_refused_with_numbers(toy, program):
    toy.refused(toy.run(program, "--raw", "x" * 300), 65, "TRAFO-RUN-0002", 300, 256)
    toy.refused(toy.run(program, "--raw", ""), 2, "TRAFO-RUN-0008")


def test_a_full_context_ends_the_reply_or_is_shifted(toy):
    program = toy.make(script="b" * 300)  # recited from where the token that opens the reply is kept
    prompt = ["--raw", "--parse-special", "<|go|>" + "x" * 249, "--json"]
    done = toy.run(program, *prompt)
    said = json.loads(done.stdout)
    assert said["stop"] == "context" and said["generated_tokens"] == 7 and said["context_shifts"] == 0
    assert done.stderr.splitlines() == [
        "note: the context of 256 tokens is full, so the reply ends; --context-shift goes on"]
    done = toy.run(program, *prompt, "--context-shift", "--keep", 4, "-n", 300)
    said = json.loads(done.stdout)
    assert said["stop"] == "max_tokens" and said["generated_tokens"] == 300 and said["context_shifts"] == 3
    assert done.stderr.splitlines() == [
        "note: the context is full; 126 tokens are left out and the 130 kept are computed anew"] * 3
    assert said["text"] == "b" * 300
    again = toy.run(program, *prompt, "--context-shift", "--keep", 4, "-n", 300, "--threads", 3)
    assert json.loads(again.stdout)["tokens"] == said["tokens"]


def test_a_conversation_goes_on_after_a_shift(toy):
    program = toy.make(script="b" * 300)
    opening = len("<user\nfirst<<")
    done = toy.run(program, "--interactive", "--context-shift", "--keep", opening, "-n", 300, stdin=b"first\nagain\n")
    # The first reply is longer than the context, so the second begins without it.
    assert (done.returncode, done.stdout.decode()) == (0, ("b" * 300 + "\n") * 2)
    assert [line.split(";")[0] for line in done.stderr.splitlines()] == [
        "note: the context is full", "note: the context of 256 tokens is full", "note: the context is full"]


def test_keeping_more_than_a_shift_can_is_refused(toy, program):
    toy.refused(toy.run(program, "--raw", "x", "--context-shift", "--keep", 255), 2, "TRAFO-RUN-0001", 255, "0 to 254")
    assert toy.run(program, "--raw", "x", "--context-shift", "--keep", 254, "-n", 3).returncode == 0


@pytest.mark.parametrize("arguments", [
    ["--nonsense"], ["--temp", "-1", "x"], ["--temp", "nan", "x"], ["--top-p", "0", "x"], ["--top-p", "2", "x"],
    ["--top-k", "-5", "x"], ["-n", "-1", "x"], ["-n", "99999999999", "x"], ["--threads", "-1", "x"], ["--seed", "-1", "x"],
    ["--keep", "4", "x"], ["--context-shift", "--keep", "-1", "x"], ["--context-shift", "--keep", "many", "x"],
    ["--raw", "--interactive"], ["two", "prompts"], ["--parse-special", "x"],
])
def test_wrong_arguments_end_with_2_and_one_line(toy, program, arguments):
    done = toy.run(program, *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ") and len(done.stderr.splitlines()) == 1


def test_help_teaches(toy, program):
    done = toy.run(program, "--help")
    text = done.stdout.decode()
    assert done.returncode == 0
    for word in ["--interactive", "--temp", "Examples:", "Exit codes:", "130"]:
        assert word in text


def test_streams_are_whole_characters_at_every_moment(toy, program):
    """Each write to standard output is well-formed UTF-8, though each token is a single byte."""
    trace = toy.folder / "trace"
    done = toy.run("strace", "-f", "-s", "100", "-x", "-e", "trace=write", "-o", trace, program, "hi")
    assert done.returncode == 0
    pieces = re.findall(r'write\(1, "((?:\\x[0-9a-f]{2}|[^"\\]|\\.)*)"', trace.read_text())
    decoded = [piece.encode().decode("unicode_escape").encode("latin-1").decode() for piece in pieces]
    assert "".join(decoded) == SCRIPT + "\n"
    assert len(pieces) == len(SCRIPT) + 1  # at once, not at the end


def test_broken_utf8_of_the_model_is_replaced(toy):
    program = toy.folder / "broken"
    subprocess.run([toy.build / "test/bin/trafo-write-toy", program, toy.launcher, b"script=a\xe4\xb8b\xf0\x9f"], check=True)
    assert toy.run(program, "hi").stdout.decode() == "a\ufffdb\ufffd\n"


def start(program, *arguments, **keys):
    return subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **keys)


def test_ctrl_c_stops_after_the_current_token(toy):
    program = toy.make(script="a" * 200)
    with start(program, "hi", "--raw", "-n", "0", "--json") as process:  # warm: the next one is timed by its output
        process.communicate()
    # A pipe that is full holds the program in the middle of its reply.
    reader, writer = os.pipe()
    filled = fill(writer)
    process = subprocess.Popen([program, "hi"], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    wait_until_blocked(process)
    process.send_signal(signal.SIGINT)
    drain(reader, filled)
    rest = b""
    while piece := os.read(reader, 65536):
        rest += piece
    stderr = process.stderr.read().decode()
    assert process.wait(10) == 130, stderr
    assert rest.endswith(b"\n") and len(rest) < 200  # the line is ended, the reply is not
    assert stderr == ""


def test_a_second_ctrl_c_ends_at_once(toy):
    program = toy.make(script="a" * 200)
    reader, writer = os.pipe()
    fill(writer)
    process = subprocess.Popen([program, "hi"], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    wait_until_blocked(process)
    process.send_signal(signal.SIGINT)  # its write goes on: the pipe stays full
    time.sleep(0.2)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    os.close(reader)


def fill(writer):
    """Fills a pipe; how many bytes that took."""
    os.set_blocking(writer, False)
    count = 0
    try:
        while True:
            count += os.write(writer, b"\0" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    return count


def drain(reader, count):
    while count > 0:
        count -= len(os.read(reader, min(count, 65536)))


def wait_until_blocked(process):
    """Until it hangs in a write to its full pipe."""
    for _ in range(1000):
        try:
            call = open(f"/proc/{process.pid}/syscall").read().split()
        except OSError:
            call = []
        if call[:2] == ["1", "0x1"]:
            return
        time.sleep(0.01)
    raise AssertionError("never wrote")


def test_ctrl_c_at_the_terminal_ends_a_reply_and_then_the_program(toy, program):
    parent, child = pty.openpty()
    process = subprocess.Popen([program], stdin=child, stdout=subprocess.PIPE, stderr=child, start_new_session=True)
    os.close(child)
    await_text(parent, "> ")
    os.write(parent, b"hi\n")
    assert process.stdout.readline().decode() == SCRIPT + "\n"
    await_text(parent, "> ")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    os.close(parent)
    process.stdout.close()


def await_text(terminal, text):
    seen = b""
    while text.encode() not in seen:
        assert select.select([terminal], [], [], 20)[0], seen
        seen += os.read(terminal, 4096)


def test_a_reader_that_goes_away_ends_the_program_quietly(toy):
    program = toy.make(script="a" * 200)
    process = start(program, "hi")
    process.stdout.close()
    assert process.wait(10) == 74
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_full_disk_is_an_error_of_writing(toy, program):
    with open("/dev/full", "w") as full:
        done = subprocess.run([program, "hi"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 74
    assert "No space left" in done.stderr


def test_needs_libc_alone_and_is_small(toy, program):
    needed = re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(["readelf", "-d", program], capture_output=True, text=True).stdout)
    assert set(needed) <= {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
    assert toy.launcher.stat().st_size < 3 << 20


def calls_between_tokens(trace):
    """The system calls between the writes of successive tokens, each a list of names."""
    between, calls = [], None
    for line in trace.read_text().splitlines():
        name = re.match(r"\d+ +(?:<\.\.\. )?(\w+)", line)
        if not name:
            continue
        if name.group(1) == "write":
            if calls is not None:
                between.append(calls)
            calls = []
        elif calls is not None:
            calls.append(name.group(1))
    return between


def test_a_token_makes_no_system_call_but_its_write(toy):
    program = toy.make(script="abcdefghij" * 15)
    trace = toy.folder / "trace"
    done = toy.run("strace", "-f", "-o", trace, program, "--threads", 1, "hi")
    assert done.returncode == 0
    between = calls_between_tokens(trace)
    assert len(between) >= 150
    assert sum(between[:150], []) == []


def test_two_workers_sleep_only_when_one_has_no_cpu(toy):
    """Without output between tokens, two workers that both have a CPU never sleep: 150 tokens of nine waits each stay far
    below one sleep a token. On a busy machine one of them may be put aside, so they run before all others where that is
    allowed, and the quietest of some runs counts; that nothing but futex is ever called holds for all."""
    if len(os.sched_getaffinity(0)) < 2:
        return  # two workers outnumber one CPU, and nothing is promised
    program = toy.make(script="abcdefghij" * 15)
    trace = toy.folder / "trace"
    fewest = 1 << 30
    first = ["chrt", "--fifo", "1"]
    if toy.run(*first, "true").returncode != 0:
        first = []
    for _ in range(40):
        done = toy.run(*first, "strace", "-f", "-o", trace, program, "--json", "--threads", 2, "hi")
        assert done.returncode == 0 and json.loads(done.stdout)["generated_tokens"] == 151
        names = [match.group(1) for match in re.finditer(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)]
        # From the start of the second worker to the end of the work.
        begin = max(i for i, name in enumerate(names) if name in ("clone3", "clone"))
        steps = names[begin + 1:names.index("write")]
        strangers = set(steps) - {"futex"} - {"rseq", "set_robust_list", "rt_sigprocmask", "madvise", "mprotect", "mmap",
                                              "munmap", "brk", "sched_getaffinity"}
        assert not strangers
        fewest = min(fewest, steps.count("futex"))
        if fewest < 75:
            return
    raise AssertionError(f"never fewer than {fewest} sleeps and wakes in 150 tokens")
