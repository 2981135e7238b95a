"""trafo.compile: the compiler, run as the program it is."""

import os
import pathlib
import re
import shutil
import subprocess

from .error import Error


def find_driver():
    """The program `trafo`: $TRAFO if set, else beside this package (a build tree or a prefix), else on PATH."""
    if named := os.environ.get("TRAFO"):
        return named
    for above in list(pathlib.Path(__file__).absolute().parents)[1:5]:
        if os.access(above / "bin" / "trafo", os.X_OK):
            return str(above / "bin" / "trafo")
    if found := shutil.which("trafo"):
        return found
    raise Error("cannot find the compiler 'trafo'; put it on PATH or name it in $TRAFO", "TRAFO-PY-0002", 69)


def _flags(options):
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            yield flag
        else:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                yield f"{flag}={one}"


def compile(path, out, **options):
    """Compiles a model file into the program `out` and returns its path.

    Options are those of `trafo compile`, with underscores: compile("m.gguf", "chat", context=2048, target="x86-64-v3").
    True gives a flag, a list gives the option once for each of its values. Raises trafo.Error with the compiler's code.
    """
    command = [find_driver(), "compile", os.fspath(path), "-o", os.fspath(out), *_flags(options)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, errors="replace")
    except OSError as error:
        raise Error(f"cannot run the compiler '{command[0]}': {error.strerror}", "TRAFO-PY-0002", 69) from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        said = next((line for line in lines if "error" in line), lines[-1] if lines else "no message")
        code = re.search(r"TRAFO-[A-Z0-9]+-\d+", said)
        raise Error(said, code.group(0) if code else "", done.returncode)
    return os.fspath(out)
