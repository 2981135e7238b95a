"""Where tests find the build tree, the model and the reference; set by scripts/run_tests.py, with defaults for a bare pytest."""

import os
import pathlib
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("TRAFO_BUILD_DIR", str(SOURCE / "build" / "dev"))
if (SOURCE / "build/onednn/lib/libdnnl.so.3").exists():  # else the system's, as the loader finds it
    os.environ.setdefault("TRAFO_DNNL", str(SOURCE / "build/onednn/lib/libdnnl.so.3"))
sys.path.insert(0, os.path.join(os.environ["TRAFO_BUILD_DIR"], "python"))


@pytest.fixture(scope="session")
def build():
    return pathlib.Path(os.environ["TRAFO_BUILD_DIR"])


@pytest.fixture(scope="session")
def model():
    default = SOURCE / "build" / "model" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    return pathlib.Path(os.environ.get("TRAFO_TEST_MODEL", default))


@pytest.fixture(scope="session")
def shared():
    return pathlib.Path(os.environ.get("TRAFO_SHARED", SOURCE.parent / "shared"))
