"""The rows of the table: what is timed, on which tokens, and what one measurement of it gives."""

import dataclasses

CONTEXT = 4352  # positions of every engine: the longest row and some
RATE = "tokens_per_second"


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # of --only
    heading: str
    figures: tuple  # (key, heading of the line in the table); the first is what the row is about
    prompt: int  # tokens
    count: int = 0  # tokens decoded after them
    fresh: bool = False  # each measurement in a new process, loading included
    rows: int = 1  # tokens a step gives each sequence,
    sequences: int = 1  # and sequences in it; engines that cannot do more than one are left out of such rows

    @property
    def together(self):
        """Rows of a step where it has several, else 0."""
        return self.rows * self.sequences if self.rows * self.sequences > 1 else 0

    def measure(self, engine, ids, turn):
        """One measurement by an engine: {key: value}. `ids` is running text of at least prompt + turns tokens."""
        if self.together:
            # The time of a step in steps of one row, which run beside it.
            seconds = engine.ask("steps", ids=ids[: self.prompt], rows=self.rows, sequences=self.sequences,
                                 count=self.count)["seconds"]
            alone = engine.ask("steps", ids=ids[: self.prompt], rows=1, sequences=1, count=self.count)["seconds"]
            return {RATE: self.together * self.count / seconds, "in_decode_steps": seconds / alone}
        if self.count:
            seconds = engine.ask("decode", ids=ids[: self.prompt], count=self.count)["seconds"]
            return {RATE: self.count / seconds}
        # A prompt that begins as an earlier one may be answered from a cache of prefixes; these share no start.
        seconds = engine.ask("prefill", ids=ids[turn : turn + self.prompt])["seconds"]
        if not self.fresh:
            return {RATE: self.prompt / seconds}
        return {"ms": engine.load_ms + seconds * 1e3, "load_ms": engine.load_ms, **engine.ask("memory")}


ROWS = {row.name: row for row in [
    Row("decode", "decode from 16 to 128 tokens", ((RATE, "decode, context to 128, tokens/s"),), 16, 112),
    Row("decode-1k", "decode after 1,024 tokens", ((RATE, "decode at 1,024, tokens/s"),), 1024, 64),
    Row("decode-4k", "decode after 4,096 tokens", ((RATE, "decode at 4,096, tokens/s"),), 4096, 48),
    Row("verify-8", "steps that verify 8 tokens after 16", ((RATE, "verifying 8 rows a step, rows/s"),
        ("in_decode_steps", "such a step in decode steps")), 16, 48, rows=8),
    Row("batch-16", "16 sequences decoded together from 16 tokens", ((RATE, "16 sequences together, tokens/s"),
        ("in_decode_steps", "such a step in decode steps")), 16, 48, sequences=16),
    Row("prefill-505", "a prompt of 505 tokens", ((RATE, "prefill of 505, tokens/s"),), 505),
    Row("prefill-2048", "a prompt of 2,048 tokens", ((RATE, "prefill of 2,048, tokens/s"),), 2048),
    Row("first-token", "loading and the first token of a 10-token prompt",
        (("ms", "load to first token of 10, ms"), ("load_ms", "load alone, ms"),
         ("peak_mb", "peak memory then, MB")), 10, fresh=True),
]}
