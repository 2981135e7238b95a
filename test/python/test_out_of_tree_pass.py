"""examples/out-of-tree-pass against an installed prefix: find_package(Trafo), one pass over a trafo op, to a program."""

import json
import pathlib
import re
import subprocess

import numpy
import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TINY = SOURCE / "test/pipelines/Inputs/tiny.mlir"


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def prefix(build, tmp_path_factory):
    where = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", build, "--prefix", where)
    return where


@pytest.fixture(scope="module")
def plugin(build, prefix, tmp_path_factory):
    where = tmp_path_factory.mktemp("plugin")
    cache = (build / "CMakeCache.txt").read_text()
    compilers = [f"-D{key}={value}" for key, value in
                 re.findall(r"^(CMAKE_CXX_COMPILER(?:_LAUNCHER)?|CMAKE_C_COMPILER):\w+=(.*)$", cache, re.MULTILINE)]
    run("cmake", "-G", "Ninja", "-S", SOURCE / "examples/out-of-tree-pass", "-B", where, f"-DCMAKE_PREFIX_PATH={prefix}",
        *compilers)
    run("cmake", "--build", where)
    return where / "WindowAttention.so"


def attentions(ir):
    return [line for line in ir.splitlines() if "trafo.attention" in line]


def test_installed_trafo_opt_runs_the_pass(prefix, plugin):
    printed = run(prefix / "bin/trafo-opt", TINY, f"--load-pass-plugin={plugin}",
                  "--pass-pipeline=builtin.module(example-window-attention{window=32})")
    found = attentions(printed)
    assert found and all("window = 32" in line for line in found)


def test_installed_lsp_server_answers(prefix):
    messages = [{"id": 0, "method": "initialize", "params": {"capabilities": {}}}, {"id": 1, "method": "shutdown"},
                {"method": "exit"}]
    said = ""
    for message in messages:
        body = json.dumps({"jsonrpc": "2.0", **message})
        said += f"Content-Length: {len(body)}\r\n\r\n{body}"
    done = subprocess.run([prefix / "bin/trafo-lsp-server"], input=said, capture_output=True, text=True)
    assert done.returncode == 0 and '"hoverProvider":true' in done.stdout


def test_a_smaller_window_stays(prefix, plugin, tmp_path):
    narrow = tmp_path / "narrow.mlir"
    narrow.write_text(TINY.read_text().replace("heads 4 scale 2.5e-01", "heads 4 scale 2.5e-01 {window = 8}"))
    printed = run(prefix / "bin/trafo-opt", narrow, f"--load-pass-plugin={plugin}",
                  "--pass-pipeline=builtin.module(example-window-attention{window=32})")
    assert all("window = 8" in line for line in attentions(printed))


def test_a_window_of_nothing_is_refused(prefix, plugin):
    done = subprocess.run([prefix / "bin/trafo-opt", TINY, f"--load-pass-plugin={plugin}",
                           "--pass-pipeline=builtin.module(example-window-attention{window=0})"],
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert "expects a window of at least 1, got 0" in done.stderr


def test_a_program_compiled_with_the_pass_sees_the_window_only(prefix, plugin, tmp_path):
    trafo = prefix / "bin/trafo"
    ids = [(7 * i * i + 3 * i) % 100 for i in range(60)]
    (tmp_path / "ids.json").write_text(json.dumps(ids))
    rows = {}
    for name, flags in (("plain", []), ("narrow", [
            f"--load-pass-plugin={plugin}", "--pass-pipeline=builtin.module(example-window-attention{window=32})"])):
        run(trafo, "compile", TINY, "-o", tmp_path / name, *flags)
        run(trafo, "eval", tmp_path / name, "--ids", tmp_path / "ids.json", "--logits", tmp_path / f"{name}.npy")
        rows[name] = numpy.load(tmp_path / f"{name}.npy")
    same = (rows["plain"] == rows["narrow"]).all(axis=1)
    assert same[:32].all() and not same[32:].any()
    figures = json.loads(run(trafo, "bench", tmp_path / "narrow", "--prompt-tokens", 16, "--decode-tokens", 8,
                             "--context", 0, "--repeats", 1, "--json"))
    assert figures["decode_tokens_per_second"] > 0
