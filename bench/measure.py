#!/usr/bin/env python3
"""One engine, one process, one line of JSON; called by bench/compare and bench/quality with the engine's own Python.

usage: measure.py speed  ENGINE REQUEST    REQUEST: JSON with model, threads, ids, decode_tokens, prefill_tokens, repeats
       measure.py logits ENGINE REQUEST    REQUEST: JSON with model, threads, ids, out (an .npy of float32)
"""

import json
import resource
import statistics
import sys
import time

import engines

FIRST_PROMPT = 10  # tokens of the prompt whose first token is awaited
DECODE_PROMPT = 16  # tokens in the context when decoding starts


def speed(name, request):
    ids, count, prefill = request["ids"], request["decode_tokens"], request["prefill_tokens"]
    __import__({"trafo": "trafo", "llama.cpp": "llama_cpp", "openvino": "openvino_genai"}[name])  # not a part of loading
    start = time.perf_counter()
    engine = engines.ENGINES[name](request["model"], request["threads"])
    loaded = time.perf_counter() - start
    first, _ = engine.generate(ids[:FIRST_PROMPT], 1)
    engine.generate(ids[-prefill:], 4)  # whatever is made at first use is made now
    prefills, decodes = [], []
    for turn in range(1, request["repeats"] + 1):
        # A prompt that shares its start with an earlier one may be answered from a cache of prefixes; these share none.
        seconds, _ = engine.generate(ids[turn : turn + prefill], 1)
        prefills.append(prefill / seconds)
        _, seconds = engine.generate(ids[-turn - DECODE_PROMPT : -turn], count)
        decodes.append((count - 1) / seconds)
    result = {
        "load_ms": loaded * 1e3,
        "first_token_ms": (loaded + first) * 1e3,
        "prefill_tokens_per_second": statistics.median(prefills),
        "decode_tokens_per_second": statistics.median(decodes),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }
    if name == "trafo":
        result["decode_bytes"] = engine.model.decode_bytes
    return result


def logits(name, request):
    import numpy

    engine = engines.ENGINES[name](request["model"], request["threads"])
    numpy.save(request["out"], engine.logits(request["ids"]))
    return {"out": request["out"]}


if __name__ == "__main__":
    what, engine_name, request_text = sys.argv[1:]
    print(json.dumps({"speed": speed, "logits": logits}[what](engine_name, json.loads(request_text))))
