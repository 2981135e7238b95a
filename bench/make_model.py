#!/usr/bin/env python3
"""Writes a model of random weights of a real size in any storage format, to measure speed against size and format.

The shapes are those of Llama models, widths in multiples of 256 so that every format fits. Nothing sensible comes out of
such a model; what it costs is that of a trained one. The same arguments give the same bytes.

usage: make_model.py SIZE FORMAT out.gguf          such as: make_model.py 135m q4_k_m 135m-q4_k_m.gguf
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "test" / "models"))
import make_tiny  # noqa: E402
from shapes import SIZES  # noqa: E402

# What files called so hold: values and down projections of half the layers, and the head, in more bits than the rest.
MIXES = {
    "q4_k_m": dict(format="q4_k", v_format="q6_k,q4_k", down_format="q6_k,q4_k", embedding_format="q6_k"),
    "q5_k_m": dict(format="q5_k", v_format="q6_k,q5_k", down_format="q6_k,q5_k", embedding_format="q6_k"),
    "q3_k_m": dict(format="q3_k", v_format="q5_k,q4_k", down_format="q5_k,q4_k", o_format="q4_k", embedding_format="q6_k"),
}


def write(path, form, shape):
    """Writes a model of `shape` (as in SIZES) and format or mix `form`; `path` is whole or not there."""
    formats = MIXES.get(form, dict(format=form, embedding_format=form))
    draft = path.with_name(path.name + ".part")
    try:
        make_tiny.make(draft, make_tiny.Tiny(context=4096, **shape, **formats))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def main():
    formats = sorted(MIXES) + make_tiny.FORMATS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("format", choices=formats, metavar="FORMAT", help=", ".join(formats))
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        write(arguments.out, arguments.format, SIZES[arguments.size])
    except OSError as error:
        parser.exit(73, f"make_model: error: {error}\n")


if __name__ == "__main__":
    main()
