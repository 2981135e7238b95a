"""trafo/Formats.h and lib/Import/Quantize.h against the gguf package: 0 differing bits, NaN payloads excepted."""

import ctypes
import os
import pathlib

import gguf
import numpy as np
import pytest

PROBE = ctypes.CDLL(str(pathlib.Path(os.environ["TRAFO_BUILD_DIR"]) / "test/bin/libtrafo-formats-probe.so"))
PROBE.probe_name.restype = ctypes.c_char_p
PROBE.probe_can_quantize.restype = ctypes.c_bool
PROBE.probe_codes.restype = ctypes.c_bool
PROBE.probe_packed.restype = ctypes.c_int64
PROBE.probe_ggml_type.restype = ctypes.c_uint32
NAMES = [PROBE.probe_name(i).decode() for i in range(PROBE.probe_format_count())]
OURS_ALONE = 0xFFFFFFFF
OF_GGUF = [name for i, name in enumerate(NAMES) if PROBE.probe_ggml_type(i) != OURS_ALONE]
STORABLE = [name for name in OF_GGUF if PROBE.probe_can_quantize(NAMES.index(name))]
# Where a format keeps its f16 scales.
SCALES = {"q4_0": [0], "q4_1": [0, 2], "q5_0": [0], "q5_1": [0, 2], "q8_0": [0], "q2_k": [80, 82], "q3_k": [108],
          "q4_k": [0, 2], "q5_k": [0, 2], "q6_k": [208], "iq4_nl": [0], "iq4_xs": [0]}


def kind_of(name):
    return gguf.GGMLQuantizationType[name.upper()]


def call(function, name, source, count, out):
    index = NAMES.index(name)
    result = function(index, source.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(count),
                      out.ctypes.data_as(ctypes.c_void_p))
    return result, out


def dequantize(name, blocks, dtype=np.float32):
    elements, _ = gguf.GGML_QUANT_SIZES[kind_of(name)]
    function = PROBE.probe_dequantize if dtype == np.float32 else PROBE.probe_dequantize_double
    return call(function, name, blocks, len(blocks) * elements, np.empty(len(blocks) * elements, dtype))[1]


def expected(name, blocks):
    with np.errstate(all="ignore"):
        return np.ascontiguousarray(gguf.quants.dequantize(blocks, kind_of(name)).reshape(-1))


def differing_bits(ours, theirs):
    both_nan = np.isnan(ours) & np.isnan(theirs)
    return int(np.count_nonzero((ours.view(np.uint32) != theirs.view(np.uint32)) & ~both_nan))


def random_blocks(name, count, seed):
    _, size = gguf.GGML_QUANT_SIZES[kind_of(name)]
    return np.random.default_rng(seed).integers(0, 256, (count, size), dtype=np.uint8)


def repacked(name, blocks):
    """The values read back from packed tiles of rows of two blocks, and the bytes of the tiles."""
    elements, _ = gguf.GGML_QUANT_SIZES[kind_of(name)]
    rows, out = len(blocks) // 2, np.empty(len(blocks) * elements, np.float32)
    size = PROBE.probe_packed(NAMES.index(name), blocks.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(rows),
                              ctypes.c_int64(2 * elements), out.ctypes.data_as(ctypes.c_void_p))
    return out, size


def every_byte_value_at_every_place(name, background):
    """Scales of one, and each byte of the block in turn through its 256 values, the others zero, ones or random."""
    _, size = gguf.GGML_QUANT_SIZES[kind_of(name)]
    blocks = np.full((size * 256, size), background or 0, dtype=np.uint8)
    if background is None:
        blocks[:] = random_blocks(name, 1, seed=2)
    for at in SCALES[name]:
        blocks[:, at:at + 2] = np.frombuffer(np.float16(1).tobytes(), dtype=np.uint8)
    for byte in range(size):
        if not any(at <= byte < at + 2 for at in SCALES[name]):
            blocks[byte * 256:(byte + 1) * 256, byte] = np.arange(256)
    return blocks


def test_table_is_that_of_gguf():
    for name in OF_GGUF:
        i = NAMES.index(name)
        elements, size = gguf.GGML_QUANT_SIZES[kind_of(name)]
        row = (PROBE.probe_ggml_type(i), PROBE.probe_block_elements(i), PROBE.probe_block_bytes(i))
        assert row == (int(kind_of(name)), elements, size), name


@pytest.mark.parametrize("name", OF_GGUF)
def test_random_blocks(name):
    blocks = random_blocks(name, 4096, seed=1)
    assert differing_bits(dequantize(name, blocks), expected(name, blocks)) == 0


@pytest.mark.parametrize("name", SCALES)
def test_every_byte_value_at_every_place(name):
    for background in (0, 255, None):
        blocks = every_byte_value_at_every_place(name, background)
        assert differing_bits(dequantize(name, blocks), expected(name, blocks)) == 0


@pytest.mark.parametrize("name", SCALES)
def test_packed_bytes_unpack_to_the_same_values(name):
    """Random blocks, and each byte of a block through its values, by way of the tiles that kernels read."""
    every = [every_byte_value_at_every_place(name, background)[::3] for background in (0, 255, None)]
    for blocks in [random_blocks(name, 4096, seed=9)] + every:
        blocks = np.ascontiguousarray(blocks[:len(blocks) // 2 * 2])
        assert differing_bits(repacked(name, blocks)[0], expected(name, blocks)) == 0


@pytest.mark.parametrize("name", SCALES)
def test_packed_bytes_are_hardly_more_than_the_files(name):
    blocks = random_blocks(name, 64, seed=9)  # two tiles, no row of padding
    assert blocks.size <= repacked(name, blocks)[1] <= 1.04 * blocks.size


@pytest.mark.parametrize("name", SCALES)
def test_every_f16_scale(name):
    """Each scale of the block in turn through all 65,536 bit patterns: zeros, subnormals, infinities, NaNs."""
    every = np.arange(65536, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
    rows = every if gguf.GGML_QUANT_SIZES[kind_of(name)][0] == 32 else every[::7]  # 256-element blocks: a sample
    for at in SCALES[name]:
        blocks = np.repeat(random_blocks(name, 1, seed=3), len(rows), axis=0)
        blocks[:, at:at + 2] = rows
        assert differing_bits(dequantize(name, blocks), expected(name, blocks)) == 0


@pytest.mark.parametrize("name", ["f16", "bf16"])
def test_every_half(name):
    blocks = np.arange(65536, dtype=np.uint16).view(np.uint8).reshape(-1, 2).copy()
    assert differing_bits(dequantize(name, blocks), expected(name, blocks)) == 0


@pytest.mark.parametrize("name", SCALES)
def test_double_variant_is_the_float_variant_less_rounding(name):
    blocks = random_blocks(name, 512, seed=4)
    for at in SCALES[name]:
        scales = np.random.default_rng(5).uniform(-2, 2, (512, 1)).astype(np.float16)
        blocks[:, at:at + 2] = scales.view(np.uint8)
    single, double = dequantize(name, blocks), dequantize(name, blocks, np.float64)
    assert np.all(np.abs(single - double) <= 2.0 ** -23 * (np.abs(double) + 2 * 63 * 31 * 2))
    assert np.any(double != 0)


@pytest.mark.parametrize("name", SCALES)
def test_codes_stay_in_the_range_of_the_table_and_reach_its_ends(name):
    index = NAMES.index(name)
    blocks = np.concatenate([random_blocks(name, 512, seed=6)] +
                            [np.full((1, gguf.GGML_QUANT_SIZES[kind_of(name)][1]), b, np.uint8) for b in (0, 255)])
    count = len(blocks) * PROBE.probe_block_elements(index)
    inside, codes = call(PROBE.probe_codes, name, blocks, count, np.empty(count, np.int32))
    assert inside
    assert (codes.min(), codes.max()) == (PROBE.probe_code_min(index), PROBE.probe_code_max(index))


@pytest.mark.parametrize("name", SCALES)
def test_a_group_shares_one_scale(name):
    """Values of a group lie on one line over its codes."""
    index = NAMES.index(name)
    group, elements = PROBE.probe_group_elements(index), PROBE.probe_block_elements(index)
    blocks = random_blocks(name, 8, seed=7)
    for at in SCALES[name]:
        blocks[:, at:at + 2] = np.frombuffer(np.float16(0.25).tobytes(), dtype=np.uint8)
    count = len(blocks) * elements
    _, codes = call(PROBE.probe_codes, name, blocks, count, np.empty(count, np.int32))
    codes, values = codes.reshape(-1, group).astype(np.float64), dequantize(name, blocks, np.float64).reshape(-1, group)
    for code, value in zip(codes, values):
        low, high = code.argmin(), code.argmax()
        if code[low] == code[high]:
            continue
        slope = (value[high] - value[low]) / (code[high] - code[low])
        np.testing.assert_allclose(value, value[low] + slope * (code - code[low]), rtol=0, atol=1e-9)


def quantized(name, values):
    kind = kind_of(name)
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    return call(PROBE.probe_quantize, name, values, values.size, np.empty(values.size // elements * size, np.uint8))[1]


@pytest.mark.parametrize("name", STORABLE)
def test_quantizers_are_those_of_gguf(name):
    rng = np.random.default_rng(8)
    parts = [rng.normal(0, scale, (256, 32)) for scale in (1e-6, 1e-3, 1, 300)]
    parts += [rng.integers(-8, 8, (64, 32)) * 0.5, np.zeros((1, 32)), np.ones((1, 32)), -np.ones((1, 32))]
    values = np.ascontiguousarray(np.concatenate(parts), dtype=np.float32)
    theirs = np.ascontiguousarray(gguf.quants.quantize(values, kind_of(name))).view(np.uint8).reshape(-1)
    assert np.count_nonzero(quantized(name, values) != theirs) == 0


@pytest.mark.parametrize("name", STORABLE)
def test_quantizers_survive_values_that_are_not_finite(name):
    values = np.tile(np.array([np.inf, -np.inf, np.nan, 3e38, -3e38, 1e-45, 0, -0.0] * 4, np.float32), (8, 1))
    values[1:, 0] = 0
    values[2:, 1::8] = 1
    assert len(quantized(name, values)) > 0  # the sanitizers judge the casts


def int8_row(values):
    """A row in i8_row, one at a time: the scale, then the codes."""
    out = np.empty(4 + values.size, np.uint8)
    return call(PROBE.probe_quantize, "i8_row", values, values.size, out)[1]


def test_int8_rows_have_one_scale_and_round_half_to_even():
    assert set(NAMES) - set(OF_GGUF) == {"i8_row"}
    rng = np.random.default_rng(11)
    rows = [rng.normal(0, scale, 96).astype(np.float32) for scale in (1e-6, 1, 300)]
    rows += [np.concatenate([[127], np.arange(95) - 47.5]).astype(np.float32), np.zeros(96, np.float32)]
    for row in rows:
        scale = np.abs(row).max() / np.float32(127)
        inverse = np.float32(0) if scale == 0 else np.float32(1) / scale
        codes = np.rint(row * inverse).astype(np.int8)
        stored = int8_row(row)
        assert stored[:4].view(np.float32)[0] == scale
        assert np.array_equal(stored[4:].view(np.int8), codes)
        values = call(PROBE.probe_dequantize, "i8_row", stored, row.size, np.empty(row.size, np.float32))[1]
        assert np.array_equal(values, scale * codes.astype(np.float32))


def test_packed_int8_rows_unpack_to_the_same_values():
    rows = np.random.default_rng(12).normal(0, 1, (35, 160)).astype(np.float32)
    stored = np.concatenate([int8_row(row) for row in rows])
    out, index = np.empty(rows.size, np.float32), NAMES.index("i8_row")
    size = PROBE.probe_packed(index, stored.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(len(rows)),
                              ctypes.c_int64(160), out.ctypes.data_as(ctypes.c_void_p))
    assert size == 48 * 164
    for i, values in enumerate(out.reshape(rows.shape)):
        want = call(PROBE.probe_dequantize, "i8_row", stored[164 * i:], 160, np.empty(160, np.float32))[1]
        assert differing_bits(values, want) == 0


def test_int8_rows_survive_values_that_are_not_finite():
    for odd in ([np.inf], [np.nan, 1], [3e38], [1e-45], [-0.0]):
        row = np.zeros(32, np.float32)
        row[:len(odd)] = odd
        assert np.all(np.abs(int8_row(row)[4:].view(np.int8).astype(int)) <= 127)


def test_f32_to_f16_rounds_to_nearest_even():
    halves = np.arange(0, 0x7C00, dtype=np.uint16).view(np.float16).astype(np.float64)
    middles = (halves[:-1] + halves[1:]) / 2
    near = [middles.astype(np.float32), np.nextafter(middles.astype(np.float32), np.float32(np.inf)),
            np.nextafter(middles.astype(np.float32), np.float32(0)), halves.astype(np.float32)]
    values = np.concatenate(near + [-part for part in near] +
                            [np.array([65504, 65519.996, 65520, 1e38, np.inf, -np.inf, 1e-45, 2.98e-8], np.float32)])
    out = np.empty(values.size, np.uint16)
    PROBE.probe_f32_to_f16(values.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(values.size),
                           out.ctypes.data_as(ctypes.c_void_p))
    with np.errstate(over="ignore"):
        assert np.count_nonzero(out != values.astype(np.float16).view(np.uint16)) == 0
