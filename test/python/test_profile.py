"""trafo bench --profile: a program whose workers leave time stamps, and the page about them in a real browser."""

import json
import os
import pathlib
import re
import subprocess

import pytest

TINY = pathlib.Path(__file__).resolve().parents[1] / "pipelines/Inputs/tiny.mlir"
RUNS = 12  # the embedding, five stages of two layers, the head
THREADS = 2
# Reading counts for one row, multiplying for sixteen; the head's format was not measured.
RATES = {"version": 1, "target": "x86-64-v3", "cpu": "a CPU", "threads": THREADS, "library": "", "rates": [
    {"weights": "q4_1", "road": "generated", "rows": rows, "gb_per_second": 1, "gmul_per_second": gmul, "call_microseconds": 1}
    for rows, gmul in ((1, 10), (512, 4))]}


@pytest.fixture(scope="module")
def profiled(build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("profile")
    program, page, data = folder / "tiny<script>", folder / "profile.html", folder / "profile.json"
    rates = folder / "rates.json"
    rates.write_text(json.dumps(RATES))
    subprocess.run([build / "bin/trafo-compiler", "compile", TINY, "--profile", "--target=x86-64-v3", "--tune-table", rates, "-o",
                    program], check=True)
    done = subprocess.run([build / "bin/trafo", "bench", program, "--threads", str(THREADS), "--repeats", "3", "--prompt-tokens",
                           "16", "--decode-tokens", "9", "--profile", page, "--profile-json", data], check=True,
                          capture_output=True, text=True)
    return done.stdout, json.loads(data.read_text()), page


def test_the_stamps_of_a_step_are_in_order(profiled):
    _, data, _ = profiled
    assert data["threads"] == THREADS and data["run_layers"] == [-1] + [0] * 5 + [1] * 5 + [-1]
    assert [phase["phase"] for phase in data["phases"]] == ["decode", "prefill"]
    for phase in data["phases"]:
        begins, ends = phase["begin_microseconds"], phase["end_microseconds"]
        assert len(begins) == len(ends) == RUNS * THREADS
        assert min(begins) == 0 and all(begin <= end for begin, end in zip(begins, ends))
        # A barrier: nobody begins before the last one has ended.
        for run in range(RUNS - 1):
            here, following = (slice(at * THREADS, (at + 1) * THREADS) for at in (run, run + 1))
            assert max(ends[here]) <= min(begins[following])
            assert all(end <= begin for end, begin in zip(ends[here], begins[following]))  # of one worker each


def test_work_is_what_the_plan_says(profiled):
    _, data, _ = profiled
    decode, prefill = data["phases"]
    stages = {stage["stage"]: stage for stage in decode["stages"]}
    # Two layers of 128 x 64 q4_1 and a norm of 64.
    assert stages["decoder.qkv_rope"]["bytes"] == 2 * (128 * 64 * 20 / 32 + 256)
    assert stages["decoder.qkv_rope"]["multiplies"] == 2 * 128 * 64
    # Nine steps at 1 to 9 positions; the median is at 5: k and v of 32 in f16, 64 query elements times each.
    assert stages["decoder.attention"]["bytes"] == 2 * 5 * 2 * 32 * 2
    assert stages["decoder.attention"]["multiplies"] == 2 * 5 * 2 * 64
    stages = {stage["stage"]: stage for stage in prefill["stages"]}
    assert stages["decoder.qkv_rope"]["multiplies"] == 16 * 2 * 128 * 64
    assert stages["decoder.attention"]["multiplies"] == 2 * sum(range(1, 17)) * 2 * 64
    # The head has one row of the sixteen, in two int8 terms.
    assert stages["step.lm_head"]["multiplies"] == 2 * 100 * 64


def test_the_table_says_what_was_predicted(profiled):
    table, data, _ = profiled
    assert "--report predicts" in table and f"{THREADS} threads" in table
    for stage in data["phases"][0]["stages"]:
        assert len(re.findall(rf"^  {re.escape(stage['stage'])} .*", table, re.MULTILINE)) == 2
        assert len(stage["wait_milliseconds"]) == THREADS and min(stage["wait_milliseconds"]) >= 0


def test_what_the_report_predicts_stands_beside_what_was_measured(profiled):
    table, data, _ = profiled
    # qkv: two runs of a call of 1 us and, for one row, 128 x 64 weights of 20 bytes for 32 at 1 GB/s; for 512 rows as many
    # multiply-adds each at 4e9 a second, of which 16 rows take 1/32.
    row, rows = 1000 + 128 * 64 * 20 // 32, (1000 + 512 * 128 * 64 // 4) / 32
    for phase, nanoseconds in zip(data["phases"], (row, rows)):
        stages = {stage["stage"]: stage for stage in phase["stages"]}
        assert stages["decoder.qkv_rope"]["report_milliseconds"] == pytest.approx(2 * nanoseconds / 1e6)
        known = [stage for stage in phase["stages"] if stage["report_milliseconds"] > 0]
        assert {stage["stage"].split(".")[1] for stage in known} == {"qkv_rope", "linear_add", "gate_up", "linear_add_1"}
        assert phase["report_milliseconds"] == pytest.approx(sum(stage["report_milliseconds"] for stage in known))
        assert phase["reported_took_milliseconds"] == pytest.approx(sum(stage["milliseconds"] for stage in known))
        assert f"--report predicts {phase['report_milliseconds']:.3f} ms of contractions by measured rates" in table


def test_a_browser_shows_the_page(profiled, tmp_path):
    _, data, page = profiled
    text = page.read_text()
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|@import", text), "the page needs nothing but itself"
    shown = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                            "--enable-logging=stderr", f"--user-data-dir={tmp_path}", "--dump-dom", page.as_uri()],
                           check=True, capture_output=True, text=True, timeout=240, env={**os.environ, "HOME": str(tmp_path)})
    assert "CONSOLE" not in shown.stderr
    dom = re.sub(r"<script.*?</script>", "", shown.stdout, flags=re.DOTALL)
    # In the whole step and in its layer each run has a bar a worker; the two runs outside layers only the former.
    assert len(re.findall(r"<rect[^>]* data-run=", dom)) == 2 * THREADS * (RUNS + RUNS - 2)
    # The embedding multiplies nothing; the other six stages are points of both phases.
    assert len(re.findall(r"<circle[^>]* data-point=", dom)) == 6
    assert len(re.findall(r"<rect[^>]* data-point=", dom)) == 6
    assert dom.count("<table>") == 2 and "decoder.gate_up" in dom
    assert dom.count("<th>report, ms</th>") == 2 and dom.count("Of contractions the report predicts") == 2


def test_a_program_without_stamps_is_told_how_to_get_them(build, tmp_path):
    program, page = tmp_path / "plain", tmp_path / "page.html"
    subprocess.run([build / "bin/trafo-compiler", "compile", TINY, "-o", program], check=True)
    done = subprocess.run([build / "bin/trafo", "bench", program, "--profile", page], capture_output=True, text=True)
    assert done.returncode == 2 and "TRAFO-DRV-0007" in done.stderr and "compile it with --profile" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not page.exists()
