"""Writes the first CODE section of a compiled model to a file: extract_code.py program out.so"""
import struct
import sys

data = open(sys.argv[1], "rb").read()
payload_offset, = struct.unpack_from("<Q", data, len(data) - 64)
assert data[-8:] == b"TRAFOEND"
section_count, = struct.unpack_from("<I", data, payload_offset + 16)
for i in range(section_count):
    kind, _, offset, size = struct.unpack_from("<IIQQ", data, payload_offset + 64 + 64 * i)
    if kind == 2:
        open(sys.argv[2], "wb").write(data[payload_offset + offset:][:size])
        break
