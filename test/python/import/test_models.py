"""trafo-gguf-rewrite and make_tiny.py: what they write is what the gguf package says it must be."""

import json
import os
import pathlib
import subprocess
import sys

import gguf
import numpy as np
import pytest

BUILD = pathlib.Path(os.environ["TRAFO_BUILD_DIR"]).resolve()
REWRITE = BUILD / "bin/trafo-gguf-rewrite"
CHECK = BUILD / "test/bin/trafo-import-check"
MAKE_TINY = pathlib.Path(__file__).resolve().parents[2] / "models/make_tiny.py"
sys.path.insert(0, str(MAKE_TINY.parent))
import make_tiny  # noqa: E402


def inspect(path):
    return json.loads(subprocess.run([CHECK, "--json", path], check=True, capture_output=True, text=True).stdout)


def values(tensor):
    return gguf.quants.dequantize(tensor.data, tensor.tensor_type)


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.gguf"
    make_tiny.make(path, make_tiny.Tiny(format="q4_1,q5_0", layers=4))
    return path


@pytest.mark.parametrize("name", make_tiny.FORMATS)
def test_tiny_model_of_every_format(tmp_path, name):
    path = tmp_path / "tiny.gguf"
    make_tiny.make(path, make_tiny.Tiny(format=name, embedding_format=name, hidden=256, ffn=512, vocab=1000))
    facts = inspect(path)
    assert facts["supported"] and facts["formats"][name]["tensors"] >= 15
    spread = [np.std(values(t)) * 16 for t in gguf.GGUFReader(path).tensors if "attn_q" in t.name]
    assert np.all(np.isfinite(spread)) and np.all(np.abs(np.array(spread) - 1) < 0.2)


def test_tiny_model_of_odd_shape(tmp_path):
    path = tmp_path / "tiny.gguf"
    make_tiny.make(path, make_tiny.Tiny(head_size=80, heads=3, kv_heads=1, hidden=96, ffn=160, vocab=1001, o_format="f16",
                                        tied=False, bias=True, rope_scaling="factors", rope_dims=40))
    model = inspect(path)["model"]
    assert (model["head_size"], model["kv_heads"], model["vocabulary"]) == (80, 1, 1001)
    assert not model["tied_head"] and model["qkv_bias"] and model["rope_scaling"] == "factors"


def test_tiny_models_are_reproducible(tmp_path):
    for name in ("a", "b"):
        subprocess.run([sys.executable, MAKE_TINY, tmp_path / name, "--format", "q6_k", "--hidden", "256", "--ffn", "256"],
                       check=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_tiny_model_that_cannot_be(tmp_path):
    done = subprocess.run([sys.executable, MAKE_TINY, tmp_path / "a", "--hidden", "100"], capture_output=True, text=True)
    assert done.returncode == 65 and "block of" in done.stderr and not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1"])
def test_rewrite_is_dequantise_and_quantise(tiny, tmp_path, name):
    out = tmp_path / "out.gguf"
    subprocess.run([REWRITE, tiny, out, "--type", name], check=True)
    assert inspect(out)["supported"]
    kind = gguf.GGMLQuantizationType[name.upper()]
    before, after = gguf.GGUFReader(tiny), gguf.GGUFReader(out)
    assert list(before.fields) == list(after.fields)
    for old, new in zip(before.tensors, after.tensors):
        assert old.name == new.name and list(old.shape) == list(new.shape)
        if len(old.shape) == 1 or old.tensor_type == kind:
            assert old.tensor_type == new.tensor_type and np.array_equal(old.data, new.data)
            continue
        assert new.tensor_type == kind
        expected = gguf.quants.quantize(values(old), kind)
        assert np.array_equal(np.ascontiguousarray(new.data).view(np.uint8).reshape(-1),
                              np.ascontiguousarray(expected).view(np.uint8).reshape(-1)), new.name


def test_rewrite_keeps_the_first_layers(tiny, tmp_path):
    out = tmp_path / "out.gguf"
    subprocess.run([REWRITE, tiny, out, "--layers", "2"], check=True)
    assert inspect(out)["model"]["layers"] == 2
    before = {t.name: t for t in gguf.GGUFReader(tiny).tensors}
    after = gguf.GGUFReader(out).tensors
    assert len(after) == len(before) - 2 * 9
    for tensor in after:
        assert np.array_equal(tensor.data, before[tensor.name].data)


@pytest.mark.parametrize("arguments, code", [
    (["absent.gguf", "out.gguf", "--type", "f16"], 66), (["tiny.gguf", "out.gguf"], 2), (["tiny.gguf"], 2),
    (["tiny.gguf", "out.gguf", "--type", "q4_k"], 2), (["tiny.gguf", "out.gguf", "--layers", "9"], 2),
    (["tiny.gguf", "out.gguf", "--layers", "x"], 2), (["tiny.gguf", "no/out.gguf", "--type", "f16"], 73),
    (["cut.gguf", "out.gguf", "--type", "f16"], 65), (["tiny.gguf", "out.gguf", "--types", "f16"], 2),
])
def test_rewrite_refuses_and_leaves_nothing(tiny, tmp_path, arguments, code):
    (tmp_path / "cut.gguf").write_bytes(tiny.read_bytes()[:5000])
    before = sorted(tmp_path.iterdir())
    done = subprocess.run([REWRITE, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("trafo-gguf-rewrite: error: ") and done.stderr.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_rewrite_to_a_full_device_keeps_the_old_file(tiny, tmp_path):
    out = tmp_path / "out.gguf"
    out.write_text("old")

    def little():
        import resource
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
    done = subprocess.run([REWRITE, tiny, out, "--type", "f32"], preexec_fn=little, capture_output=True, text=True)
    assert done.returncode == 74 and out.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == [out, tiny]
