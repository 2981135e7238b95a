"""Rows A01 to A12 and A14 of the catalogue of bad input, as whole programs. test/runtime/load_test.cpp goes through the
same rows byte by byte."""

import os
import shutil
import struct
import subprocess
import time

import pytest

PAGE = 4096


def payload_of(program):
    data = program.read_bytes()
    offset, size = struct.unpack("<QQ", data[-64:-48])
    return offset, size


def sections_of(program):
    """(kind, file offset, size) of each section."""
    data, (base, _) = program.read_bytes(), payload_of(program)
    count = struct.unpack_from("<I", data, base + 16)[0]
    entries = [struct.unpack_from("<IIQQ", data, base + 64 + 64 * i) for i in range(count)]
    return [(kind, base + offset, size) for kind, _, offset, size in entries]


def changed(program, name, at, byte=None):
    """A copy with one byte inverted, or cut at `at` when `byte` is 'cut'."""
    data = bytearray(program.read_bytes())
    if byte == "cut":
        del data[at:]
    else:
        data[at] ^= 0xFF
    out = program.with_name(name)
    out.write_bytes(data)
    out.chmod(0o755)
    return out


@pytest.fixture
def program(toy):
    return toy.make()


def test_a01_empty_file(toy):
    empty = toy.folder / "empty"
    empty.touch()
    # As a program it is an empty shell script to the system; as a model it is refused.
    done = toy.run(toy.trafo, "bench", empty)
    assert done.returncode not in (0, None) and done.returncode > 0
    payload = toy.folder / "payload"
    payload.write_bytes(b"TRAFOART")
    toy.refused(toy.run(toy.trafo, "bench", payload), 65, "TRAFO-ART-0001", payload, "8 bytes")


def test_a02_truncated(toy, program):
    base, size = payload_of(program)
    for at in [base, base + 1, base + 63, base + 64, base + size // 2, base + size, base + size + 63]:
        cut = changed(program, "cut", at, "cut")
        began = time.monotonic()
        toy.refused(toy.run(cut, "hi"), 65, "TRAFO-ART-0001", cut, at)
        assert time.monotonic() - began < 30  # 2 s on a machine of its own
    for at in range(base // PAGE * PAGE, base + size, PAGE):
        toy.refused(toy.run(changed(program, "cut", at, "cut"), "hi"), 65, "TRAFO-ART-0001")


def test_a03_flipped_header_bytes(toy, program):
    base, _ = payload_of(program)
    for at in list(range(0, 64, 5)) + list(range(64, 384, 41)):
        done = toy.run(changed(program, "flipped", base + at), "hi")
        assert done.returncode in (65, 69), (at, done.returncode, done.stderr)
        assert "TRAFO-ART-" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a04_flipped_code_always_and_weights_with_verify(toy, program):
    for kind, offset, size in sections_of(program):
        flipped = changed(program, "flipped", offset + size - 1)
        if kind == 5:
            assert toy.run(flipped, "hi").returncode == 0
            toy.refused(toy.run(flipped, "--verify", "hi"), 65, "TRAFO-ART-0008", "WEIGHTS", offset, size)
        else:
            toy.refused(toy.run(flipped, "hi"), 65, "TRAFO-ART-0008", offset)
    assert toy.run(program, "--verify", "hi").returncode == 0


def test_a05_wrong_magic_and_machine(toy, program):
    base, _ = payload_of(program)
    toy.refused(toy.run(changed(program, "magic", base), "hi"), 65, "TRAFO-ART-0003", base)
    image = bytearray((toy.build / "test" / "toy.so").read_bytes())
    image[18:20] = struct.pack("<H", 183)  # aarch64
    (toy.folder / "arm.so").write_bytes(image)
    toy.refused(toy.run(toy.make("arm", image=toy.folder / "arm.so"), "hi"), 69, "TRAFO-ART-0010", 183)
    image[:4] = b"MZ\0\0"
    (toy.folder / "no.so").write_bytes(image)
    toy.refused(toy.run(toy.make("no", image=toy.folder / "no.so"), "hi"), 65, "TRAFO-ART-0010", "not ELF")


def test_a06_versions_are_named(toy, program):
    base, _ = payload_of(program)
    data = bytearray(program.read_bytes())
    for at, code in [(8, "TRAFO-ART-0004"), (12, "TRAFO-ART-0005")]:
        for version, word in [(0, "older"), (7, "newer")]:
            other = bytearray(data)
            struct.pack_into("<I", other, base + at, version)
            path = toy.folder / "version"
            path.write_bytes(other)
            path.chmod(0o755)
            toy.refused(toy.run(path, "hi"), 69, code, version, word, base + at)


@pytest.fixture
def halves(toy):
    return toy.make("code", launcher="", only="code"), toy.make("weights", launcher="", only="weights")


def bench(toy, code, weights):
    return toy.run(toy.trafo, "bench", code, "--weights", weights, "--repeats", 1, "--threads", 1, "--prompt-tokens", 4,
                   "--decode-tokens", 4)


def test_a07_weights_of_another_model(toy, halves):
    assert bench(toy, *halves).returncode == 0
    other = toy.make("other", launcher="", only="weights", hash="0x77")
    toy.refused(bench(toy, halves[0], other), 65, "TRAFO-ART-0013", other, "0000000000000077", "0000000000001234")


def test_a08_weights_of_another_quantisation(toy, halves):
    other = toy.make("other", launcher="", only="weights", seed=3)
    toy.refused(bench(toy, halves[0], other), 65, "TRAFO-ART-0014", other, 65536)


def test_a09_a_running_program_cannot_shrink_and_weights_beside_it_are_watched(toy):
    """The system refuses to cut a program that runs; test/runtime/load_test.cpp cuts weights beside one while mapped."""
    program = toy.make(script="a" * 100)
    with subprocess.Popen([program, "-i"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(b"hi\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"a" * 100 + b"\n"
        with pytest.raises(OSError) as refused:
            os.truncate(program, 8192)
        assert refused.value.strerror == "Text file busy"
        process.communicate(b"hi\n")
        assert process.returncode == 0
    listed = subprocess.run([toy.build / "test/bin/trafo-load-test", "--gtest_filter=*A09*"], capture_output=True, text=True)
    assert listed.returncode == 0 and "[  PASSED  ] 1 test." in listed.stdout


def test_a10_weights_that_are_no_file(toy, halves):
    fifo = toy.folder / "fifo"
    os.mkfifo(fifo)
    for path, what in [(fifo, "FIFO"), (toy.folder, "directory"), ("/dev/zero", "device")]:
        toy.refused(bench(toy, halves[0], path), 66, "TRAFO-ART-0015", path, what)


def test_a11_paths_that_cannot_be_opened(toy, halves):
    loop = toy.folder / "loop"
    loop.symlink_to(loop)
    long = toy.folder / ("n" * 300)
    for path, why in [(loop, "Too many levels"), (long, "too long"), (toy.folder / "none", "No such file"),
                      (halves[1] / "below", "Not a directory")]:
        toy.refused(bench(toy, halves[0], path), 66, "TRAFO-ART-0017", why)
    if os.geteuid() != 0:
        halves[1].chmod(0)
        toy.refused(bench(toy, *halves), 66, "TRAFO-ART-0017", "Permission denied")
    else:
        # Root reads everything: become nobody for the one call.
        for folder in [toy.folder, *toy.folder.parents][:3]:
            folder.chmod(0o755)
        halves[0].chmod(0o644)
        halves[1].chmod(0)
        done = toy.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", toy.trafo, "bench", halves[0],
                       "--weights", halves[1])
        toy.refused(done, 66, "TRAFO-ART-0017", "Permission denied")


def test_a12_nothing_is_written_so_no_folder_need_be_writable(toy, program):
    nowhere = {"HOME": "/proc/1", "XDG_CACHE_HOME": "/proc/1", "TMPDIR": "/proc/1", "PATH": os.environ["PATH"]}
    trace = toy.folder / "trace"
    done = toy.run("strace", "-f", "-e", "trace=%file", "-o", trace, program, "hi", env=nowhere, cwd="/proc")
    assert (done.returncode, done.stdout) == (0, b"Hello\n")
    calls = trace.read_text()
    for word in ["O_CREAT", "O_WRONLY", "O_RDWR", "mkdir", "rename", "unlink"]:
        assert word not in calls
    assert sorted(path.name for path in toy.folder.iterdir()) == ["toy", "trace"]


AVX2 = 1 << 2 | 1 << 1  # avx2 and avx, as in include/trafo/artifact.h


@pytest.fixture
def qemu():
    found = shutil.which("qemu-x86_64")
    assert found, "needs qemu-x86_64 (Debian: qemu-user)"
    return found


def test_a14_a_cpu_without_the_features_is_told_so(toy, qemu):
    program = toy.make("avx2", image=["avx2"], features=[AVX2])
    done = toy.run(qemu, "-cpu", "Nehalem", program, "hi")
    toy.refused(done, 69, "TRAFO-ART-0011", "avx", "avx2", "--target=native")
    assert toy.run(qemu, "-cpu", "max", program, "hi").stdout == b"Hello\n"


def test_a14_a_cpu_takes_the_first_tier_it_can_run(toy, qemu):
    program = toy.make("tiers", features=[AVX2, 0], image=["avx2", str(toy.build / "test" / "toy.so")])
    for cpu in ["Nehalem", "max"]:
        assert toy.run(qemu, "-cpu", cpu, program, "hi").stdout == b"Hello\n"


def test_a14_inspection_needs_no_features(toy):
    program = toy.make("far", features=1 << 63)
    toy.refused(toy.run(program, "hi"), 69, "TRAFO-ART-0011", "unknown(0x8000000000000000)")
    done = toy.run(toy.trafo, "inspect", program, "--json")
    assert done.returncode == 0 and b'"runs_here":false' in done.stdout
