"""Where tests find the build tree, the model and the reference; set by scripts/run_tests.py, with defaults for a bare pytest."""

import os
import pathlib

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def build():
    return pathlib.Path(os.environ.get("TRAFO_BUILD_DIR", SOURCE / "build" / "dev"))


@pytest.fixture(scope="session")
def model():
    default = SOURCE / "build" / "model" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    return pathlib.Path(os.environ.get("TRAFO_TEST_MODEL", default))


@pytest.fixture(scope="session")
def shared():
    return pathlib.Path(os.environ.get("TRAFO_SHARED", SOURCE.parent / "shared"))
