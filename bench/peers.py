"""Installs the peers from PyPI into build/peers, at fixed versions, and runs measure.py with the right Python."""

import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
PEERS = SOURCE / "build" / "peers"
# engine -> (requirement, built here from its source distribution with this machine's instructions)
REQUIREMENTS = {"llama.cpp": ("llama-cpp-python==0.3.36", True), "openvino": ("openvino-genai==2026.4.1.0", False)}


def fail(message):
    sys.exit(f"bench: error: {message}")


def say(message):
    print(f"bench: {message}", file=sys.stderr, flush=True)


def install(names):
    """Makes build/peers/venv hold the named peers; quiet and off the network when it does."""
    python = PEERS / "venv" / "bin" / "python"
    PEERS.mkdir(parents=True, exist_ok=True)
    if not python.exists():
        subprocess.run(["/usr/bin/python3", "-m", "venv", PEERS / "venv"], check=True)
    listed = subprocess.run([python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"], check=True,
                            capture_output=True, text=True)
    have = {line.strip().lower().replace("_", "-") for line in listed.stdout.splitlines()}
    for name in names:
        requirement, from_source = REQUIREMENTS[name]
        if requirement in have:
            continue
        say(f"installing {requirement}" + (" from source, some minutes" if from_source else ""))
        command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", requirement]
        environment = dict(os.environ)
        if from_source:
            command += ["--no-binary", requirement.split("==")[0]]
            environment["CMAKE_ARGS"] = "-DGGML_NATIVE=ON -DCMAKE_BUILD_TYPE=Release"
        log = PEERS / f"{name}.log"
        with open(log, "w") as sink:
            if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink).returncode != 0:
                fail(f"cannot install {requirement}; see {log}")


def measure(what, name, request, build):
    """Runs measure.py for one engine and gives back its JSON."""
    environment = dict(os.environ)
    python = PEERS / "venv" / "bin" / "python"
    if name == "trafo":
        python = SOURCE / "build" / "venv" / "bin" / "python"
        environment["PYTHONPATH"] = str(build / "python")
    done = subprocess.run([python, SOURCE / "bench" / "measure.py", what, name, json.dumps(request)], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{name} ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def driver(build, *arguments):
    """Runs our own `trafo` of a build tree; its output is shown only when it fails."""
    command = [str(build / "bin" / "trafo"), *map(str, arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def reference_ids(shared):
    """The 1,024 tokens of running text that the reference judges."""
    path = pathlib.Path(shared) / "reference" / "smollm2-135m-f32.json"
    try:
        return json.loads(path.read_text())["nll"]["ids"]
    except OSError as error:
        fail(f"needs the reference of the model: {error}")
