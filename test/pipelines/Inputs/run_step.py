"""Runs the image of toy-step.mlir, linked as a shared library: run_step.py toy.so"""
import ctypes
import sys
import threading

import numpy as np

BARRIER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Step(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in
                ("weights", "arena", "tokens", "positions", "sequences", "outputs", "pages")]
    _fields_ += [("rows", ctypes.c_int64), ("output_count", ctypes.c_int64), ("workers", ctypes.c_int64),
                 ("barrier", BARRIER), ("barrier_state", ctypes.c_void_p), ("library", ctypes.c_void_p)]


class Code(ctypes.Structure):
    _fields_ = [("abi_version", ctypes.c_uint32), ("matmul_count", ctypes.c_uint32),
                ("step", ctypes.CFUNCTYPE(None, ctypes.POINTER(Step), ctypes.c_int64)), ("matmuls", ctypes.c_void_p),
                ("reserved", ctypes.c_void_p * 5)]


library = ctypes.CDLL(sys.argv[1])
library.trafo_model_query.argtypes = [ctypes.c_uint32, ctypes.POINTER(Code)]
code = Code()
assert library.trafo_model_query(3, code) == 0 and code.abi_version == 3 and code.matmul_count == 0

scales = np.arange(16, dtype=np.float32) / 4
tokens, positions = np.array([3, 7, 15, 1], np.int32), np.array([0, 1, 2, 3], np.int32)
outputs = np.array([0, 2], np.int32)
expected = np.exp(np.arange(16) / 16)[None] * scales[tokens][outputs][:, None] + positions[outputs][:, None]

for workers in (1, 2):
    arena = np.zeros(2048 + 64, np.uint8)
    arena = arena[-arena.ctypes.data % 64:][:2048]
    meeting = threading.Barrier(workers)
    barrier = BARRIER(lambda state: meeting.wait() and None)
    step = Step(scales.ctypes.data, arena.ctypes.data, tokens.ctypes.data, positions.ctypes.data, None, outputs.ctypes.data,
                None, 4, 2, workers, barrier, None, None)
    threads = [threading.Thread(target=code.step, args=(step, i)) for i in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logits = arena[1024:1024 + 128].view(np.float32).reshape(2, 16)
    equal = np.allclose(logits, expected, rtol=1e-6, atol=0)
    print(f"{workers} worker{'s' if workers > 1 else ''}: {'equal' if equal else logits}")
print("older caller:", "refused" if library.trafo_model_query(1, code) == 1 else "served")
