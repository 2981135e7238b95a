#!/usr/bin/env python3
"""Writes a small GGUF model of the Llama family with random weights and a byte-level BPE tokenizer, for tests.

usage: make_tiny.py out.gguf [--format q4_k] [--hidden 256] [--heads 4] ...      (make_tiny.py --help lists all)

From Python: `from make_tiny import make, Tiny; make(path, Tiny(format="q6_k", hidden=512))`. The same options and seed give
the same bytes. Formats without a quantiser in the gguf package get random blocks whose values have the right spread.
"""

import argparse
import dataclasses
import pathlib
import typing

import gguf
import numpy as np

QUANTISED = {"f32", "f16", "bf16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0"}  # by the gguf package's own quantisers
# Formats filled with random blocks: where a block keeps d (and dmin), and dmin / d that makes the mean zero.
RANDOM_BLOCKS = {
    "q2_k": (80, 82, 1.5), "q3_k": (108, None, 0), "q4_k": (0, 2, 7.5), "q5_k": (0, 2, 15.5), "q6_k": (208, None, 0),
    "iq4_nl": (0, None, 0), "iq4_xs": (0, None, 0),
}
FORMATS = sorted(QUANTISED | set(RANDOM_BLOCKS))

CHAT_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a tiny test<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclasses.dataclass
class Tiny:
    """The options; each is a flag of the command line by the same name."""
    format: str = dataclasses.field(default="q4_1", metadata={"help": "of the linears; comma-separated lists go round the layers, as they do in the next three"})
    down_format: str = dataclasses.field(default="", metadata={"help": "of ffn_down, where it differs from --format"})
    o_format: str = dataclasses.field(default="", metadata={"help": "of attn_output, where it differs from --format"})
    v_format: str = dataclasses.field(default="", metadata={"help": "of attn_v, where it differs from --format"})
    embedding_format: str = dataclasses.field(default="q8_0", metadata={"help": "of the embedding (and a tied head)"})
    head_format: str = dataclasses.field(default="", metadata={"help": "of an untied head; default: the embedding's"})
    norm_format: str = dataclasses.field(default="f32", metadata={"help": "of norms and biases"})
    hidden: int = 64
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    head_size: int = dataclasses.field(default=0, metadata={"help": "0: hidden / heads"})
    window: int = dataclasses.field(default=0, metadata={"help": "positions a token looks back over; 0: all"})
    full_every: int = dataclasses.field(default=0, metadata={"help": "layers without the window: each n-th; 0: none"})
    ffn: int = 128
    vocab: int = dataclasses.field(default=320, metadata={"help": "at least 259 with a tokenizer"})
    context: int = 256
    eps: float = 1e-5
    rope_base: float = 10000.0
    rope_dims: int = dataclasses.field(default=0, metadata={"help": "0: the whole head"})
    rope_scaling: str = dataclasses.field(default="none", metadata={"help": "none, linear, yarn or factors (llama3)"})
    rope_factor: float = 4.0
    tied: bool = dataclasses.field(default=True, metadata={"help": "the head is the embedding"})
    bias: bool = dataclasses.field(default=False, metadata={"help": "biases on all linears of a layer"})
    biases: str = dataclasses.field(default="", metadata={"help": "the linears that have one where not all do, by commas: ffn_up,ffn_down"})
    tokenizer: bool = True
    architecture: str = "llama"
    seed: int = 1


def tokens_and_merges(vocab):
    """<|endoftext|> <|im_start|> <|im_end|>, the 256 bytes, then merges of letters until the vocabulary is full."""
    plain = list(range(ord("!"), ord("~") + 1)) + list(range(0xA1, 0xAD)) + list(range(0xAE, 0x100))
    others = [byte for byte in range(256) if byte not in plain]
    spelling = {byte: chr(byte) for byte in plain} | {byte: chr(256 + i) for i, byte in enumerate(others)}
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [spelling[byte] for byte in range(256)]
    if vocab < len(tokens):
        raise ValueError(f"a vocabulary of {vocab} has no room for the {len(tokens)} tokens that every tokenizer has")
    space, letters = spelling[ord(" ")], "etaoinshrdlucmfwypvbgkjqxz"

    def pairs():
        yield from ((space, a) for a in letters)
        yield from ((a, b) for a in letters for b in letters)
        yield from ((space + a, b) for a in letters for b in letters)
        yield from ((a + b, c) for a in letters for b in letters for c in letters)
        yield from ((a + b, c + d) for a in letters for b in letters for c in letters for d in letters)

    merges = []
    for left, right in pairs():
        if len(tokens) == vocab:
            break
        tokens.append(left + right)
        merges.append(f"{left} {right}")
    return tokens, merges


def stored(values, name):
    """Values [rows, columns] or [columns] in the format called `name`: the array and the type for the writer."""
    kind = gguf.GGMLQuantizationType[name.upper()]
    values = np.ascontiguousarray(values, dtype=np.float32)
    if name in ("f32", "f16"):
        return values.astype(np.float16 if name == "f16" else np.float32), kind
    elements, _ = gguf.GGML_QUANT_SIZES[kind]
    if values.shape[-1] % elements:
        raise ValueError(f"rows of {values.shape[-1]} elements are no multiple of the block of {name}, {elements}")
    return gguf.quants.quantize(values, kind), kind


def random_blocks(rng, rows, columns, name, spread):
    """Random bytes in a format that has no quantiser, scaled so that the values' deviation is about `spread`."""
    kind = gguf.GGMLQuantizationType[name.upper()]
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    if columns % elements:
        raise ValueError(f"rows of {columns} elements are no multiple of the block of {name}, {elements}")
    blocks = rng.integers(0, 256, (rows * columns // elements, size), dtype=np.uint8)
    at_d, at_min, ratio = RANDOM_BLOCKS[name]

    def set_scales(scale):
        blocks[:, at_d:at_d + 2] = scale.astype(np.float16).view(np.uint8)
        if at_min is not None:
            blocks[:, at_min:at_min + 2] = (scale * ratio).astype(np.float16).view(np.uint8)

    set_scales(np.ones((len(blocks), 1), dtype=np.float32))
    unit = float(np.std(gguf.quants.dequantize(blocks[:65536], kind)))
    set_scales(rng.uniform(0.6, 1.4, (len(blocks), 1)).astype(np.float32) * np.float32(spread / unit))
    return blocks.reshape(rows, -1), kind


def weights(rng, rows, columns, name, spread):
    if name in RANDOM_BLOCKS:
        return random_blocks(rng, rows, columns, name, spread)
    return stored(rng.normal(0, spread, (rows, columns)), name)


def add_tokenizer(writer, vocab):
    tokens, merges = tokens_and_merges(vocab)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * 3 + [1] * (len(tokens) - 3))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def add_rope(writer, tiny, rope_dims):
    writer.add_rope_dimension_count(rope_dims)
    writer.add_rope_freq_base(tiny.rope_base)
    if tiny.rope_scaling in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(tiny.rope_scaling))
        writer.add_rope_scaling_factor(tiny.rope_factor)
        writer.add_rope_scaling_orig_ctx_len(max(1, int(tiny.context / tiny.rope_factor)))
    elif tiny.rope_scaling == "factors":
        ramp = np.linspace(1, tiny.rope_factor, rope_dims // 2, dtype=np.float32)
        writer.add_tensor("rope_freqs.weight", ramp)
    elif tiny.rope_scaling != "none":
        raise ValueError(f"rope scaling '{tiny.rope_scaling}' is not one of none, linear, yarn, factors")


def add_layer(writer, tiny, rng, layer, head_size):
    def format_of(names):
        each = names.split(",")
        return each[layer % len(each)]

    q, kv = tiny.heads * head_size, tiny.kv_heads * head_size
    linears = {"attn_q": (q, tiny.hidden), "attn_k": (kv, tiny.hidden), "attn_v": (kv, tiny.hidden),
               "attn_output": (tiny.hidden, q), "ffn_gate": (tiny.ffn, tiny.hidden), "ffn_up": (tiny.ffn, tiny.hidden),
               "ffn_down": (tiny.hidden, tiny.ffn)}
    own = {"attn_v": tiny.v_format, "attn_output": tiny.o_format, "ffn_down": tiny.down_format}
    for role, (rows, columns) in linears.items():
        data, kind = weights(rng, rows, columns, format_of(own.get(role) or tiny.format), columns ** -0.5)
        writer.add_tensor(f"blk.{layer}.{role}.weight", data, raw_dtype=kind)
        if tiny.bias or role in tiny.biases.split(","):
            data, kind = stored(rng.normal(0, 0.1, rows), tiny.norm_format)
            writer.add_tensor(f"blk.{layer}.{role}.bias", data, raw_dtype=kind)
    for role in ("attn_norm", "ffn_norm"):
        data, kind = stored(rng.normal(1, 0.1, tiny.hidden), tiny.norm_format)
        writer.add_tensor(f"blk.{layer}.{role}.weight", data, raw_dtype=kind)


def make(path, tiny=None):
    """Writes the model that `tiny` (default: Tiny()) describes to `path`."""
    tiny = tiny or Tiny()
    head_size = tiny.head_size or tiny.hidden // tiny.heads
    rng = np.random.default_rng(tiny.seed)
    writer = gguf.GGUFWriter(str(path), tiny.architecture)
    writer.add_name(f"tiny {tiny.format}")
    writer.add_block_count(tiny.layers)
    writer.add_context_length(tiny.context)
    writer.add_embedding_length(tiny.hidden)
    writer.add_feed_forward_length(tiny.ffn)
    writer.add_head_count(tiny.heads)
    writer.add_head_count_kv(tiny.kv_heads)
    if tiny.head_size:
        writer.add_key_length(tiny.head_size)
        writer.add_value_length(tiny.head_size)
    if tiny.window:
        writer.add_sliding_window(tiny.window)
    if tiny.full_every:
        writer.add_sliding_window_pattern(tiny.full_every)
    writer.add_layer_norm_rms_eps(tiny.eps)
    writer.add_vocab_size(tiny.vocab)
    add_rope(writer, tiny, tiny.rope_dims or head_size)
    if tiny.tokenizer:
        add_tokenizer(writer, tiny.vocab)
    data, kind = weights(rng, tiny.vocab, tiny.hidden, tiny.embedding_format, 2 * tiny.hidden ** -0.5)
    writer.add_tensor("token_embd.weight", data, raw_dtype=kind)
    for layer in range(tiny.layers):
        add_layer(writer, tiny, rng, layer, head_size)
    data, kind = stored(rng.normal(1, 0.1, tiny.hidden), tiny.norm_format)
    writer.add_tensor("output_norm.weight", data, raw_dtype=kind)
    if not tiny.tied:
        name = tiny.head_format or tiny.embedding_format
        data, kind = weights(rng, tiny.vocab, tiny.hidden, name, 2 * tiny.hidden ** -0.5)
        writer.add_tensor("output.weight", data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    types = typing.get_type_hints(Tiny)
    for field in dataclasses.fields(Tiny):
        flag, text = "--" + field.name.replace("_", "-"), field.metadata.get("help", "")
        action = {"action": argparse.BooleanOptionalAction} if types[field.name] is bool else {"type": types[field.name]}
        parser.add_argument(flag, default=field.default, help=f"{text} (default: {field.default!r})".strip(), **action)
    arguments = vars(parser.parse_args())
    out = arguments.pop("out")
    try:
        make(out, Tiny(**arguments))
    except (ValueError, KeyError, OSError) as error:
        out.unlink(missing_ok=True)
        parser.exit(65, f"make_tiny: error: {error}\n")


if __name__ == "__main__":
    main()
