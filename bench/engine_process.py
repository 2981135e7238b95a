#!/usr/bin/env python3
"""One engine in a process of its own: a JSON request a line on standard input, a JSON answer a line on standard output.

usage: engine_process.py ENGINE

  {"do": "load", "model", "threads", "context"}   -> {"ms"}            from here to a model that is ready
  {"do": "prefill", "ids"}                        -> {"seconds"}       an empty context to the first token picked
  {"do": "decode", "ids", "count"}                -> {"seconds"}       for `count` tokens after `ids`
  {"do": "steps", "ids", "rows", "sequences", "count"}
                                                  -> {"seconds"}       for `count` steps of several rows and sequences
  {"do": "logits", "ids", "out"}                  -> {}                `out`: an .npy of float32 [ids, vocabulary]
  {"do": "memory"}                                -> {"peak_mb"}
An answer {"error"} says what went wrong.
"""

import importlib
import json
import os
import resource
import sys
import time

import engines


class Session:
    def __init__(self, name):
        self.engine_class = engines.ENGINES[name]
        self.engine = self.held = None

    def load(self, model, threads, context):
        importlib.import_module(self.engine_class.module)  # not a part of loading
        start = time.perf_counter()
        self.engine = self.engine_class(model, threads, context)
        return {"ms": (time.perf_counter() - start) * 1e3}

    def prefill(self, ids):
        self.held = ids
        return {"seconds": self.engine.prefill(ids)}

    def decode(self, ids, count):
        if self.held != ids:
            self.prefill(ids)
            self.engine.decode(2)  # whatever is made at first use is made now
        return {"seconds": self.engine.decode(count)}

    def steps(self, ids, rows, sequences, count):
        self.held = None
        return {"seconds": self.engine.steps(ids, rows, sequences, count)}

    def logits(self, ids, out):
        import numpy

        self.held = None
        numpy.save(out, self.engine.logits(ids))
        return {}

    def memory(self):
        return {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}


def main():
    # Libraries print what they like; only answers go to the caller.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    session = Session(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(session, request.pop("do"))(**request)
        except Exception as error:  # of a library: it becomes the answer
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:500]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
