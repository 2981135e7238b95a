"""trafo.load: a compiled model in this process."""

import dataclasses
import json
import os

from . import _runtime


@dataclasses.dataclass(frozen=True)
class Generated:
    """What `Model.generate` gives; `str()` of it is the text."""

    text: str
    ids: list  # the generated tokens, the end token included
    prompt_tokens: int
    stop: str  # "end", "max_tokens" or "context"
    shifts: int  # how often the older half of a full context was left out
    prefill_seconds: float  # until the first token was picked
    decode_seconds: float  # for the other tokens

    def __str__(self):
        return self.text


class Model:
    """A compiled model with one session. Calls from several threads take turns; each starts from an empty context."""

    def __init__(self, path, *, weights=None, threads=0, verify=False):
        self._model = _runtime.Model(os.fspath(path), None if weights is None else os.fspath(weights), threads, verify)

    @property
    def threads(self):
        """The worker threads in use."""
        return self._model.threads

    @property
    def vocabulary(self):
        """The number of tokens, which is the number of logits a row has."""
        return self._model.vocabulary

    @property
    def max_context(self):
        """The most tokens one sequence may hold."""
        return self._model.max_context

    @property
    def decode_bytes(self):
        """The bytes of weights that one decoded token reads."""
        return self._model.decode_bytes

    @property
    def info(self):
        """What the compiler wrote down about the model: architecture, tensors, plan, numeric classes."""
        return json.loads(self._model.info())

    def tokenize(self, text, *, add_special=False, parse_special=False):
        """Token ids of a text. Text never becomes a special token unless `parse_special` says so."""
        return self._model.tokenize(text, add_special, parse_special)

    def detokenize(self, ids, *, show_special=False):
        """The text of token ids; bytes that are no UTF-8 become U+FFFD."""
        return self._model.detokenize(list(ids), show_special).decode("utf-8", errors="replace")

    def chat_ids(self, prompt, *, system=None):
        """Token ids of a prompt, or of [(role, content), ...], as the model's chat template has it."""
        messages = [("user", prompt)] if isinstance(prompt, str) else list(prompt)
        if system is not None:
            messages.insert(0, ("system", system))
        return self._model.chat(messages)

    def generate(self, prompt, *, system=None, raw=False, max_tokens=0, ignore_end=False, temperature=0.0, top_k=0,
                 top_p=1.0, seed=0, keep=None, on_text=None):
        """Answers a prompt: a string, [(role, content), ...], or token ids as they are.

        `raw` continues a string without the chat template. `on_text` is called with each piece of text as it comes.
        Temperature 0 is greedy; equal seeds give equal tokens. max_tokens 0: until the end token or the context's end.
        With `keep`, a full context loses the older half of what follows its first `keep` tokens, and the reply goes on.
        """
        if not isinstance(prompt, str) and all(isinstance(part, int) for part in prompt):
            ids = list(prompt)
        elif raw:
            ids = self.tokenize(prompt, add_special=True)
        else:
            ids = self.chat_ids(prompt, system=system)
        result = self._model.generate(ids, max_tokens, ignore_end, temperature, top_k, top_p, seed,
                                      -1 if keep is None else keep, on_text)
        result["text"] = result["text"].decode("utf-8", errors="replace")
        return Generated(**result)

    def logits(self, ids, *, cuts=()):
        """float32 [tokens, vocabulary]: row i follows ids[0..i]. `cuts` sets the sizes of the steps; bits do not change."""
        return self._model.logits([int(token) for token in ids], list(cuts))


def load(path, *, weights=None, threads=0, verify=False):
    """Opens a program or shared library made by `trafo compile`.

    weights: the file of weights where the artefact has none. threads: 0 means one per CPU allowed. verify: hash the
    weights too. Raises trafo.Error where the file is damaged or this CPU lacks what it was compiled for.
    """
    return Model(path, weights=weights, threads=threads, verify=verify)
