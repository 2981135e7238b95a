import json

import numpy
import pytest
from programs import TINY, TOKENS, Tiny, compiled, make, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compute")


@pytest.fixture(scope="module")
def trafo(build):
    return build / "bin" / "trafo"


@pytest.fixture(scope="module")
def tiny(folder):
    make(folder / "tiny.gguf", Tiny(**TINY))
    return folder / "tiny.gguf"


@pytest.fixture(scope="module")
def ids(folder):
    path = folder / "ids.json"
    path.write_text(json.dumps([(i * 37 + i // 7) % 256 for i in range(TOKENS)]))
    return path


@pytest.fixture(scope="module")
def computed(trafo, tiny, folder):
    """The tiny model compiled with --compute, once each."""
    programs = {}

    def of(compute):
        if compute not in programs:
            programs[compute] = compiled(trafo, tiny, folder / compute, f"--compute={compute}")
        return programs[compute]
    return of


@pytest.fixture
def logits(trafo, ids, tmp_path):
    """Of a program or model; the options are those of `trafo eval`."""
    def of(program, *options):
        path = tmp_path / "logits.npy"
        done = run(trafo, "eval", program, "--ids", ids, "--logits", path, *options)
        assert done.returncode == 0, done.stderr
        return numpy.load(path)
    return of
