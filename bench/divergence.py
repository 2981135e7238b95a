"""How far one set of logits is from another, token by token; float64, a few rows at a time."""

import dataclasses

import numpy


@dataclasses.dataclass
class Divergence:
    kl: numpy.ndarray  # [tokens] KL(reference || other), nats
    agree: numpy.ndarray  # [tokens] bool: the same best token
    nll: numpy.ndarray  # [tokens - 1] of the other: -log p(next token)


def _log_softmax(rows):
    rows = rows.astype(numpy.float64)
    rows -= rows.max(axis=1, keepdims=True)
    return rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True))


def divergence(reference, other, ids, rows=64):
    """Compares logits [tokens, vocabulary] of the same ids. A value that is not finite is an error."""
    if reference.shape != other.shape or len(ids) != len(reference):
        raise ValueError(f"shapes differ: {reference.shape}, {other.shape}, {len(ids)} ids")
    kl = numpy.empty(len(ids))
    agree = numpy.empty(len(ids), bool)
    nll = numpy.empty(len(ids))
    for at in range(0, len(ids), rows):
        part = slice(at, at + rows)
        ours, theirs = _log_softmax(reference[part]), _log_softmax(other[part])
        if not (numpy.isfinite(ours).all() and numpy.isfinite(theirs).all()):
            raise ValueError(f"logits that are not finite in rows {at} to {at + rows}")
        kl[part] = (numpy.exp(ours) * (ours - theirs)).sum(axis=1)
        agree[part] = ours.argmax(axis=1) == theirs.argmax(axis=1)
        following = ids[at + 1 : at + 1 + len(theirs)]
        nll[at : at + len(following)] = -theirs[numpy.arange(len(following)), following]
    return Divergence(kl, agree, nll[: len(ids) - 1])


def mean_and_error(values):
    """The mean and its standard error."""
    return float(numpy.mean(values)), float(numpy.std(values, ddof=1) / numpy.sqrt(len(values)))
