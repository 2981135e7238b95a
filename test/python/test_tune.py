"""trafo tune measures rates of contractions; --x86-gemm=auto goes by such a table and says what it chose."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
from make_tiny import Tiny, make  # noqa: E402

TARGET = "x86-64-v3"


def run(*command, **environment):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          env=dict(os.environ, **{name: str(value) for name, value in environment.items()}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tune")


@pytest.fixture(scope="module")
def trafo(build):
    return build / "bin/trafo"


@pytest.fixture(scope="module")
def tiny(folder):
    make(folder / "f32.gguf", Tiny(format="f32", embedding_format="f32"))
    return folder / "f32.gguf"


def rate(weights, road, rows, gb, gmul, call=1.0):
    return {"weights": weights, "road": road, "rows": rows, "gb_per_second": gb, "gmul_per_second": gmul,
            "call_microseconds": call}


def table(rates, **changes):
    return {"version": 1, "target": TARGET, "cpu": "a CPU", "threads": 2, "library": "", "rates": rates, **changes}


def written(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


# The library multiplies four times as fast and reads half as fast.
BOTH = [rate("f32", "generated", 1, 10, 2.5), rate("f32", "generated", 64, 1, 10),
        rate("f32", "oneDNN", 1, 5, 1.25), rate("f32", "oneDNN", 64, 1, 40)]


def roads(trafo, program):
    return json.loads(run(trafo, "inspect", program, "--json").stdout)["info"]["roads"]


@pytest.mark.parametrize("use, road", [("decode", "generated"), ("prefill", "oneDNN"), ("balanced", "generated")])
def test_the_use_decides_and_the_program_says_so(trafo, tiny, folder, use, road):
    rates, program = written(folder / "both.json", table(BOTH)), folder / f"for-{use}"
    done = run(trafo, "compile", tiny, "-o", program, "--target", TARGET, "--tune-table", rates, "--tune-for", use, "--report",
               "--bandwidth", 10)
    assert done.returncode == 0, done.stderr
    chosen = roads(trafo, program)
    assert {entry["road"] for entry in chosen} == {road}
    assert {entry["reason"] for entry in chosen} == {"predicted to take less time"}
    # 64 columns of 256 rows of gate and up: 65,536 bytes, at 10 and 5 GB/s, and 8,388,608 multiply-adds at 10e9 and 40e9.
    gate_up = next(entry for entry in chosen if entry["stage"] == "decoder.gate_up")
    assert (gate_up["rows"], gate_up["columns"], gate_up["weights"]) == (256, 64, "f32")
    assert gate_up["generated_ns"] == [1000 + 6553, 1000 + 838860] and gate_up["onednn_ns"] == [1000 + 13107, 1000 + 209715]
    assert "by rates of a CPU, 2 threads" in done.stdout
    line = next(line for line in done.stdout.splitlines() if line.startswith("  decoder.gate_up"))
    assert "256x64xf32" in line and "0.008, 0.840 ms" in line and "0.014, 0.211 ms" in line and f"{road}: predicted" in line
    done = run(program, "--raw", "hello", "-n", 2)
    assert done.returncode == 0, done.stderr


def test_rates_that_are_compiled_in_are_those_of_a_tier(trafo, tiny, folder):
    shipped = pathlib.Path(__file__).resolve().parents[2] / "lib/Target/X86/rates" / f"{TARGET}.json"
    data, said = json.loads(shipped.read_text()), {}
    for target in (TARGET, "x86-64-v4"):
        done = run(trafo, "compile", tiny, "-o", folder / target, "--target", target, "--report", "--bandwidth", 10)
        assert done.returncode == 0, done.stderr
        said[target] = done.stdout
    assert f"by rates of {data['cpu']}, {data['threads']} threads, {data['library']}" in said[TARGET]
    assert "all of a step: 1 row" in said[TARGET] and "all of a step" not in said["x86-64-v4"]
    assert all(min(entry["generated_ns"] + entry["onednn_ns"]) > 0 for entry in roads(trafo, folder / TARGET))
    assert "if somebody measured: trafo tune does" in said["x86-64-v4"]
    assert {entry["reason"] for entry in roads(trafo, folder / "x86-64-v4")} == {
        "nobody measured both roads on this target; trafo tune does"}


def test_what_decides_where_cost_does_not(trafo, tiny, folder):
    def reasons(name, *options):
        done = run(trafo, "compile", tiny, "-o", folder / name, *options)
        assert done.returncode == 0, done.stderr
        return {(entry["road"], entry["reason"]) for entry in roads(trafo, folder / name)}

    generated_only = written(folder / "generated.json", table(BOTH[:2]))
    rates = written(folder / "prefill.json", table(BOTH))
    unmeasured = {("generated", "nobody measured both roads on this target; trafo tune does")}
    assert reasons("a", "--target", TARGET, "--tune-table", generated_only) == unmeasured
    assert reasons("b", "--target", TARGET, "--x86-gemm=generated", "--tune-table", rates, "--tune-for=prefill") == {
        ("generated", "asked for")}
    assert reasons("c", "--target", TARGET, "--x86-gemm=onednn", "--tune-table", rates, "--tune-for=decode") == {
        ("oneDNN", "asked for")}
    assert reasons("d", "--target", f"x86-64-v4,{TARGET}", "--tune-table", rates, "--tune-for=prefill") == {
        ("generated", "several targets share one copy of the weights")}


def test_int8_by_rows_goes_by_rates_of_its_own(trafo, tiny, folder):
    faster = [rate("i8_row", "generated", 1, 10, 10), rate("i8_row", "oneDNN", 1, 10, 20)]
    program = folder / "int8"
    done = run(trafo, "compile", tiny, "-o", program, "--target", TARGET, "--compute=int8", "--tune-for=prefill",
               "--tune-table", written(folder / "int8.json", table(faster)))
    assert done.returncode == 0, done.stderr
    chosen = {entry["weights"]: (entry["road"], entry["reason"]) for entry in roads(trafo, program)}
    assert chosen == {"i8_row": ("oneDNN", "predicted to take less time"),
                      "q8_0": ("generated", "the library's f32_rows expects a weight in f32, got q8_0")}
    done = run(program, "--raw", "hello", "-n", 2)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text, code, facts", [
    ("", "TRAFO-TUNE-0001", ["byte=0"]),
    ("{\"version\": 1,", "TRAFO-TUNE-0001", ["byte=14"]),
    ("[" * 100_000, "TRAFO-TUNE-0001", ["offset 8", "nests more than 8 deep"]),
    (" " * 1_048_577, "TRAFO-TUNE-0003", ["1048577 bytes", "at most 1048576"]),
    ("[]", "TRAFO-TUNE-0002", ["the table: got", "expects an object"]),
    (table([], version=2), "TRAFO-TUNE-0002", ["version: got \"2\", expects an integer from 1 to 1"]),
    (table([], threads=0), "TRAFO-TUNE-0002", ["threads: got \"0\", expects an integer from 1 to 4096"]),
    (table([], more=1), "TRAFO-TUNE-0002", ["got \"more\", expects keys version, target"]),
    (table([], cpu="x" * 300), "TRAFO-TUNE-0002", ["cpu: got \"xxx", "at most 256 bytes"]),
    (table({}), "TRAFO-TUNE-0002", ["rates: got \"{}\", expects a list of at most 4096 rates"]),
    (table([7]), "TRAFO-TUNE-0002", ["rates[0]: got \"7\", expects an object with weights, road, rows"]),
    (table([rate("f32", "generated", 0, 1, 1)]), "TRAFO-TUNE-0002", ["rates[0].rows: got \"0\", expects an integer from 1"]),
    (table([rate("f32", "generated", 1.5, 1, 1)]), "TRAFO-TUNE-0002", ["rates[0].rows: got \"1.5\""]),
    (table(BOTH + [rate("q7", "generated", 1, 1, 1)]), "TRAFO-TUNE-0002", ["rates[4].weights: got \"q7\", expects a storage format"]),
    (table([rate("f32", "cuda", 1, 1, 1)]), "TRAFO-TUNE-0002", ["rates[0].road: got \"cuda\", expects generated or oneDNN"]),
    (table([rate("f32", "oneDNN", 1, 0, 1)]), "TRAFO-TUNE-0002", ["rates[0].gb_per_second: got \"0\", expects a number from"]),
    (table([rate("f32", "oneDNN", 1, 1, 2e9)]), "TRAFO-TUNE-0002", ["rates[0].gmul_per_second: got \"2000000000\", expects a number from 0.001 to 1e+09"]),
    (table([rate("f32", "oneDNN", 1, 1, 1, call=-1)]), "TRAFO-TUNE-0002", ["rates[0].call_microseconds: got \"-1\""]),
    (table(BOTH + BOTH[:1]), "TRAFO-TUNE-0002", ["rates[4]: got", "one entry for f32, generated and 1 rows"]),
    (table([], target="x86-64-v4"), "TRAFO-TUNE-0004", ["target: got \"x86-64-v4\", expects x86-64-v3"]),
])
def test_a_table_that_will_not_do_is_one_line(trafo, tiny, tmp_path, text, code, facts):
    path = written(tmp_path / "table.json", text)
    done = run(trafo, "compile", tiny, "-o", tmp_path / "out", "--target", TARGET, "--tune-table", path)
    assert done.returncode == 65 and done.stdout == "" and not (tmp_path / "out").exists()
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith(f"trafo: error: {code}: {path}: ")
    assert all(fact in done.stderr for fact in facts), done.stderr


def test_a_table_that_is_missing(trafo, tiny, tmp_path):
    done = run(trafo, "compile", tiny, "-o", tmp_path / "out", "--tune-table", tmp_path / "none.json")
    assert done.returncode == 66 and "TRAFO-FILE-0001" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def measured(trafo, folder):
    (folder / "temporary").mkdir()
    done = run(trafo, "tune", "--target", TARGET, "--formats", "f32,i8_row", "--json", "-o", folder / "measured.json",
               TMPDIR=folder / "temporary")
    assert done.returncode == 0, done.stderr
    assert list((folder / "temporary").iterdir()) == []
    return done, folder / "measured.json"


def test_a_measured_table_says_what_and_is_taken(trafo, tiny, folder, measured):
    done, path = measured
    data = json.loads(path.read_text())
    assert json.loads(done.stdout) == data
    assert (data["version"], data["target"]) == (1, TARGET) and data["library"].startswith("oneDNN 3.")
    rates = data["rates"]
    assert [(entry["weights"], entry["road"], entry["rows"]) for entry in rates] == [
        (weights, road, rows) for road in ("generated", "oneDNN") for weights in ("f32", "i8_row")
        for rows in (1, 8, 64, 512)]
    for entry in rates:  # both are the same seconds: so many bytes are multiplied `rows` times
        many = entry["rows"] / {"f32": 4, "i8_row": 1}[entry["weights"]]
        assert entry["gmul_per_second"] == pytest.approx(entry["gb_per_second"] * many, rel=0.02, abs=0.2)
    done = run(trafo, "compile", tiny, "-o", folder / "auto", "--target", TARGET, "--tune-table", path)
    assert done.returncode == 0, done.stderr
    assert all(min(entry["generated_ns"] + entry["onednn_ns"]) > 0 for entry in roads(trafo, folder / "auto"))


def test_without_onednn_generated_code_is_measured_alone(trafo, tmp_path):
    done = run(trafo, "tune", "--target", TARGET, "--formats", "f32", "--json", TRAFO_DNNL="/nowhere/libdnnl.so.3")
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stderr.splitlines() if "TRAFO-LIB-0001" in line]
    assert len(said) == 1 and "remark" in said[0] and "only generated code is measured" in said[0]
    data = json.loads(done.stdout)
    assert {entry["road"] for entry in data["rates"]} == {"generated"} and data["library"] == ""


@pytest.mark.parametrize("wait", [0.3, 6])
def test_stopped_it_leaves_nothing_behind(trafo, tmp_path, wait):
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen([trafo, "tune", "--target", TARGET, "--formats", "q4_1,q8_0,q6_k,f16", "-o", tmp_path / "t.json"],
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=dict(os.environ, TMPDIR=str(tmp_path / "temporary")),
                               # a script's background ignores it
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "error" not in errors
    assert list((tmp_path / "temporary").iterdir()) == [] and not (tmp_path / "t.json").exists()


def test_the_command_line_is_checked(trafo, tmp_path):
    for wrong in (["--formats", "q7"], ["--threads", "-1"], ["--target", "x86-64-v9"]):
        done = run(trafo, "tune", *wrong, "-o", tmp_path / "t.json")
        assert done.returncode == 2 and not (tmp_path / "t.json").exists(), wrong
