"""Hostile model files against whole processes: an error line and an exit code, within limits of memory and time, no signal."""

import os
import pathlib
import re
import resource
import subprocess
import tempfile

import gguf
import pytest

BUILD = pathlib.Path(os.environ["TRAFO_BUILD_DIR"]).resolve()
CHECK = BUILD / "test/bin/trafo-import-check"
# Readers of model files: command line and how their errors begin.
READERS = {"library": ([CHECK], "trafo-import-check"), "driver": ([BUILD / "bin/trafo", "inspect"], "trafo")}
MOST_RSS = 64 << 20
MOST_SECONDS = 2.0


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    subprocess.run([BUILD / "test/bin/trafo-import-corpus", folder], check=True)
    return folder


def cases(folder):
    return [line.split("\t") for line in (folder / "cases.tsv").read_text().splitlines()]


def run(path, reader="library"):
    """Exit code (negative: signal), standard error, peak resident bytes, seconds."""
    with tempfile.NamedTemporaryFile("r") as report:
        done = subprocess.run([BUILD / "test/bin/trafo-measure", report.name, *READERS[reader][0], path], check=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        code, rss, milliseconds = (int(part) for part in report.read().split())
    return code, done.stderr, rss, milliseconds / 1000


def assert_refused(path, name, code, exit_code, reader):
    got, errors, rss, seconds = run(path, reader)
    assert got == exit_code, f"{name}: exit code {got}, expected {exit_code}: {errors}"
    assert re.fullmatch(READERS[reader][1] + ": error: " + re.escape(code) + r": [^\n]+\n", errors), f"{name}: {errors!r}"
    assert str(path) in errors, name
    assert rss <= MOST_RSS, f"{name}: {rss} resident bytes"
    assert seconds <= MOST_SECONDS, f"{name}: {seconds:.1f} s"


@pytest.mark.parametrize("reader", READERS)
def test_every_hostile_file(corpus, reader):
    listed = cases(corpus)
    before = sorted(corpus.iterdir())
    rows = {name.split("_")[0] for name, _, _ in listed}
    missing = {f"G{i:02}" for i in range(1, 43)} - {"G41"} - rows  # G41 is the next test
    assert not missing
    for name, code, exit_code in listed:
        if name != "good":
            assert_refused(corpus / f"{name}.gguf", name, code, int(exit_code), reader)
    assert sorted(corpus.iterdir()) == before, "files were left behind"


@pytest.mark.parametrize("reader", READERS)
def test_the_good_file_is_accepted(corpus, reader):
    code, errors, _, _ = run(corpus / "good.gguf", reader)
    assert (code, errors) == (0, "")


def test_truncated_at_every_byte(corpus, tmp_path):
    """In one folder of hard cuts; each is read by a process of its own."""
    good = (corpus / "good.gguf").read_bytes()
    header = 2048
    lengths = list(range(0, header, 7)) + list(range(header, len(good), 509)) + [len(good) - 1]
    path = tmp_path / "cut.gguf"
    for length in lengths:  # every single byte is cut in gguf_hostile_test, inside one process
        path.write_bytes(good[:length])
        code, errors, _, _ = run(path)
        assert code == 65 and errors.count("\n") == 1, f"{length} bytes: {code}: {errors}"


def test_memory_follows_the_header_not_the_numbers_in_it(tmp_path):
    """A legal header of 24 MiB (a vocabulary of a million tokens) stays below four times its size."""
    path = tmp_path / "large.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_token_list([f"token number {i}" for i in range(1_000_000)])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    header = path.stat().st_size
    code, errors, rss, _ = run(path)
    assert code == 65 and "llama.block_count" in errors
    assert rss <= max(MOST_RSS, 4 * header)


@pytest.mark.parametrize("limit", [64 << 20, 256 << 20])
def test_little_address_space_is_an_error_not_a_crash(corpus, limit):
    """Mapping 9 GiB of hole fails cleanly where the address space is limited."""
    def few():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    path = corpus / "G20_array_of_1e9_empty_strings.gguf"
    done = subprocess.run([CHECK, path], preexec_fn=few, capture_output=True, text=True)
    assert done.returncode == 66
    assert "TRAFO-FILE-0003" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("reader", READERS)
def test_path_that_is_no_file(tmp_path, reader):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, code in ((tmp_path / "absent", "TRAFO-FILE-0001"), (tmp_path, "TRAFO-FILE-0002"),
                       (fifo, "TRAFO-FILE-0002"), (pathlib.Path("/dev/zero"), "TRAFO-FILE-0002")):
        assert_refused(path, str(path), code, 66, reader)
