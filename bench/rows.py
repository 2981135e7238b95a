"""The rows of the table: what is timed, on which tokens, and what one measurement of it gives."""

import dataclasses

CONTEXT = 4352  # positions of every engine: the longest row and some


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # of --only
    heading: str
    figures: tuple  # (key, heading of the line in the table); the first is what the row is about
    prompt: int  # tokens
    count: int = 0  # tokens decoded after them
    fresh: bool = False  # each measurement in a new process, loading included

    def measure(self, engine, ids, turn):
        """One measurement by an engine: {key: value}. `ids` is running text of at least prompt + turns tokens."""
        if self.count:
            seconds = engine.ask("decode", ids=ids[: self.prompt], count=self.count)["seconds"]
            return {"tokens_per_second": self.count / seconds}
        # A prompt that begins as an earlier one may be answered from a cache of prefixes; these share no start.
        seconds = engine.ask("prefill", ids=ids[turn : turn + self.prompt])["seconds"]
        if not self.fresh:
            return {"tokens_per_second": self.prompt / seconds}
        return {"ms": engine.load_ms + seconds * 1e3, "load_ms": engine.load_ms, **engine.ask("memory")}


RATE = "tokens_per_second"
ROWS = {row.name: row for row in [
    Row("decode", "decode from 16 to 128 tokens", ((RATE, "decode, context to 128, tokens/s"),), 16, 112),
    Row("decode-1k", "decode after 1,024 tokens", ((RATE, "decode at 1,024, tokens/s"),), 1024, 64),
    Row("decode-4k", "decode after 4,096 tokens", ((RATE, "decode at 4,096, tokens/s"),), 4096, 48),
    Row("prefill-505", "a prompt of 505 tokens", ((RATE, "prefill of 505, tokens/s"),), 505),
    Row("prefill-2048", "a prompt of 2,048 tokens", ((RATE, "prefill of 2,048, tokens/s"),), 2048),
    Row("first-token", "loading and the first token of a 10-token prompt",
        (("ms", "load to first token of 10, ms"), ("load_ms", "load alone, ms"),
         ("peak_mb", "peak memory then, MB")), 10, fresh=True),
]}
