"""Programs made of the toy model (test/runtime/toy): what a user of a compiled program meets, without the compiler."""

import os
import signal
import subprocess
import tempfile
import threading

import pytest


class Done:
    """How a program ended: exit code (negative: a signal), output, and the most memory it had."""

    def __init__(self, returncode, stdout, stderr, peak_bytes):
        self.returncode, self.stdout, self.stderr, self.peak_bytes = returncode, stdout, stderr, peak_bytes


class Toy:
    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.launcher = build / "bin" / "trafo-launcher"
        self.trafo = build / "bin" / "trafo"

    def make(self, name="toy", launcher=None, **keys):
        """Writes the toy's program; keys as trafo-write-toy knows them, a list gives one several times in turn."""
        out = self.folder / name
        several = [key for key, value in keys.items() if isinstance(value, list)]
        words = [f"{key}={value}" for key, value in keys.items() if key not in several]
        words += [f"{key}={value}" for tier in zip(*(keys[key] for key in several)) for key, value in zip(several, tier)]
        launcher = self.launcher if launcher is None else launcher
        subprocess.run([self.build / "test/bin/trafo-write-toy", out, str(launcher), *words], check=True)
        return out

    def run(self, *command, stdin=b"", timeout=60, env=None, cwd=None):
        # Through trafo-measure: a child of Python begins with the peak of Python itself.
        measured = [self.build / "test/bin/trafo-measure"]
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
                tempfile.NamedTemporaryFile("r") as report:
            given.write(stdin)
            given.seek(0)
            words = [str(word) for word in (*measured, report.name, *command)]
            process = subprocess.Popen(words, stdin=given, stdout=out, stderr=err, env=env, cwd=cwd or self.folder,
                                       start_new_session=True)
            watchdog = threading.Timer(timeout, os.killpg, (process.pid, signal.SIGKILL))
            watchdog.start()
            assert process.wait() == 0, "killed after its time, or trafo-measure could not run it"
            watchdog.cancel()
            returncode, peak_bytes, _ = (int(part) for part in report.read().split())
            out.seek(0)
            err.seek(0)
            return Done(returncode, out.read(), err.read().decode(errors="replace"), peak_bytes)

    def refused(self, done, exit_code, code, *facts):
        """The contract of bad input: exit code, one line with the code and the facts, no signal, little memory."""
        assert done.returncode == exit_code, (done.returncode, done.stderr)
        lines = done.stderr.splitlines()
        assert len(lines) == 1, lines
        assert code in lines[0] and "error: " in lines[0]
        for fact in facts:
            assert str(fact) in lines[0], (fact, lines[0])
        assert done.peak_bytes <= 64 << 20
        assert done.stdout == b""


@pytest.fixture
def toy(build, tmp_path):
    return Toy(build, tmp_path)
