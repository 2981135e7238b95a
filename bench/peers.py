"""Installs the peers from PyPI into build/peers, at fixed versions, and holds the processes that run engines."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
PEERS = SOURCE / "build" / "peers"


@dataclasses.dataclass(frozen=True)
class Peer:
    requirement: str  # of pip
    runs: str  # what it makes of the file
    from_source: bool = False  # built here from its source distribution with this machine's instructions
    refuses: str = ""  # why it cannot run the file at all
    several: bool = False  # rows and sequences in one step, through its interface


KNOWN = {
    "llama.cpp": Peer("llama-cpp-python==0.3.36", "the file's own Q4_1 and Q8_0 blocks, int8 activations, f16 KV",
                      from_source=True, several=True),
    "openvino": Peer("openvino-genai==2026.4.1.0",
                     "requantised: u4 and u8 weights with f16 scales and integer zero points, u8 KV"),
    "onnxruntime": Peer("onnxruntime-genai==0.18.0", "",
                        refuses="reads ONNX models; its converter takes a GGUF's bytes for F16 or F32 values, so Q4_1 blocks do "
                                "not fit the shapes it gives them, has configuration and tokenizer from the Hugging Face hub, "
                                "and needs torch"),
}
OURS = "the file's own Q4_1 and Q8_0 blocks, int8 activations, f16 KV"


class Trouble(Exception):
    """What keeps an engine from running, in one line."""


def say(message):
    print(f"bench: {message}", file=sys.stderr, flush=True)


def install(name):
    """Makes build/peers/venv hold a peer; quiet and off the network when it does. Trouble says why it cannot be had."""
    peer = KNOWN[name]
    if peer.refuses:
        raise Trouble(f"{peer.requirement} {peer.refuses}")
    python = PEERS / "venv" / "bin" / "python"
    PEERS.mkdir(parents=True, exist_ok=True)
    if not python.exists():
        subprocess.run(["/usr/bin/python3", "-m", "venv", PEERS / "venv"], check=True)
    listed = subprocess.run([python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"], check=True,
                            capture_output=True, text=True)
    if peer.requirement in {line.strip().lower().replace("_", "-") for line in listed.stdout.splitlines()}:
        return
    say(f"installing {peer.requirement}" + (" from source, which takes minutes" if peer.from_source else ""))
    # numpy too: the engines hand logits over in its arrays.
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", peer.requirement, "numpy"]
    environment = dict(os.environ)
    if peer.from_source:
        command += ["--no-binary", peer.requirement.split("==")[0]]
        environment["CMAKE_ARGS"] = "-DGGML_NATIVE=ON -DCMAKE_BUILD_TYPE=Release"
    log = PEERS / f"{name}.log"
    with open(log, "w") as sink:
        if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink).returncode != 0:
            raise Trouble(f"{peer.requirement} could not be installed; see {log}")


class Engine:
    """A process that runs one engine on one file; `ask` sends it a request of engine_process.py."""

    def __init__(self, name, model, threads, context, log):
        self.name = name
        python = sys.executable if name == "trafo" else PEERS / "venv" / "bin" / "python"
        with open(log, "w") as sink:
            # A session of its own: Ctrl-C is ours to handle, and ends it below.
            self.process = subprocess.Popen([python, SOURCE / "bench" / "engine_process.py", name], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=sink, text=True, start_new_session=True)
        self.log = log
        try:
            self.load_ms = self.ask("load", model=str(model), threads=threads, context=context)["ms"]
        except BaseException:
            self.close()
            raise

    def ask(self, what, **request):
        try:
            self.process.stdin.write(json.dumps({"do": what, **request}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Trouble(f"{self.name} ended with {self.process.wait()}; see {self.log}")
        answer = json.loads(line)
        if "error" in answer:
            raise Trouble(f"{self.name}: {answer['error']}")
        return answer

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()


def driver(build, *arguments):
    """Runs our own `trafo` of a build tree and returns its output; its errors are shown only when it fails."""
    command = [str(build / "bin" / "trafo"), *map(str, arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def read_bandwidth(build, threads, size):
    """GB/s of our own read loop over `size` bytes, by `threads` threads."""
    done = subprocess.run([build / "bench" / "trafo-read-bandwidth", str(threads), str(size)], check=True,
                          capture_output=True, text=True)
    return float(done.stdout)


def reference_ids(shared):
    """The 1,024 tokens of running text that the reference judges."""
    path = pathlib.Path(shared) / "reference" / "smollm2-135m-f32.json"
    try:
        return json.loads(path.read_text())["nll"]["ids"]
    except OSError as error:
        raise Trouble(f"needs the reference of the model: {error}") from error
