"""What a token costs at best on another machine, from the bytes it moves and the multiplications it makes.

A decoded token reads every weight (the embedding's row aside) and its share of the cache once, and passes the step's
barriers: t = max(bytes / bandwidth, multiplications / rate) + barriers x wait. A prompt's tokens share the reads:
t = max(bytes / tokens / bandwidth, multiplications / rate). `attained` is the part of these roofs that our own kernels reach
on the machine that was measured.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Machine:
    name: str
    bandwidth: float  # GB/s that a read loop reaches
    rate: float  # int8 multiply-adds a second in 1e9
    wait: float  # microseconds a barrier costs


@dataclasses.dataclass(frozen=True)
class Model:
    name: str
    linears: float  # weights multiplied with every token
    head: float  # weights multiplied where logits are wanted
    bits: float  # of a weight
    cache: int  # bytes of keys and values a position
    barriers: int

    def decode_ms(self, machine, context, attained):
        moved = (self.linears + self.head) * self.bits / 8 + self.cache * context
        seconds = max(moved / machine.bandwidth, (self.linears + self.head) / machine.rate) / 1e9
        return seconds / attained * 1e3 + self.barriers * machine.wait / 1e3

    def prefill_rate(self, machine, attained):
        return attained * machine.rate * 1e9 / self.linears


# 12 channels of DDR5-4800 are 12 x 8 bytes x 4.8 GT/s = 460.8 GB/s; read loops reach some 0.85 of that. 64 cores with
# AVX-512 VNNI at 3 GHz make 64 products an instruction, one instruction a cycle. The wait is assumed: a store must reach
# every core and back, across chiplets.
SERVER = Machine("12 channels of DDR5-4800, 64 cores with VNNI at 3 GHz", 0.85 * 460.8, 64 * 64 * 3.0, 3.0)
# 32 layers of 4096 x (4096 + 1024 + 1024 + 4096) + 3 x 4096 x 14336 weights, 128,256 x 4096 in the head; Q4_1 has 5 bits a
# weight. 8 KV heads of 128 in f16; five barriers a layer, the embedding's and the head's.
EIGHT_B = Model("8B, Q4_1", 32 * 4096 * (10240 + 3 * 14336), 128256 * 4096, 5.0, 32 * 2 * 8 * 128 * 2, 32 * 5 + 2)


def attained(sizes):
    """The part of the read bandwidth that decoding reached, of the largest model measured; None where there is none."""
    if not sizes:
        return None
    largest = max(sizes.values(), key=lambda point: point["weight_bytes"])
    moved = largest["weight_bytes"] + largest["cache_bytes"]
    return moved / 1e6 / largest["decode_ms"] / largest["read_gb_per_second"]


def report(sizes):
    """The prediction for 8B on a server as Markdown lines, at the roof and at the part of it that was measured here."""
    reached = attained(sizes)
    parts = [("at the roof", 1.0)] + ([(f"at {reached:.2f} of it, as measured for the largest model", reached)] if reached else [])
    lines = [f"| {EIGHT_B.name} on {SERVER.name} | decode at 1,024, tokens/s | at 8,192, tokens/s | prefill, tokens/s |",
             "|---|---|---|---|"]
    for heading, part in parts:
        rates = [1e3 / EIGHT_B.decode_ms(SERVER, context, part) for context in (1024, 8192)]
        lines.append(f"| {heading} | {rates[0]:.0f} | {rates[1]:.0f} | {EIGHT_B.prefill_rate(SERVER, part):.0f} |")
    return lines
