"""What the arithmetic of an engine costs: KL divergence and top-1 agreement with the reference in double precision.

The reference is the interpreter's (`trafo eval MODEL --reference`) on the file's own weights. All see the same token ids,
so the difference between an engine and ours is taken token by token; a standard error is over tokens.
"""

import hashlib
import json

import peers
from divergence import divergence, mean_and_error

LINES = [("kl", "mean KL, nats", lambda found, exact: found.kl),
         ("top1", "top-1 agreement", lambda found, exact: found.agree.astype(float)),
         ("loss", "loss above the reference's, nats", lambda found, exact: found.nll - exact.nll)]


def reference_logits(arguments, ids):
    """The interpreter's logits, kept from run to run by what they are made from."""
    stat = arguments.model.stat()
    key = hashlib.sha256(f"{arguments.model} {stat.st_size} {stat.st_mtime_ns} {ids}".encode()).hexdigest()[:16]
    path = arguments.out / f"reference-{key}.npy"
    if not path.exists():
        peers.say("the interpreter computes the reference, which takes minutes")
        partial = path.with_suffix(".partial.npy")
        peers.driver(arguments.build, "eval", arguments.model, "--reference", "--ids", arguments.out / "ids.json", "--logits",
                     partial)
        partial.rename(path)
    return path


def logits_of(name, arguments, program, ids):
    path = arguments.out / f"logits-{name}.npy"
    if name == "trafo":
        peers.driver(arguments.build, "eval", program, "--weights", f"{program}.weights", "--ids",
                     arguments.out / "ids.json", "--logits", path, "--threads", arguments.threads)
        return path
    with peers.Engine(name, arguments.model, arguments.threads, max(len(ids), 512), arguments.out / f"{name}.log") as engine:
        engine.ask("logits", ids=ids, out=str(path))
    return path


def measure(arguments, program, ids, names):
    """{engine: {line: [mean, standard error], "minus ours": {line: [mean, standard error]}} or {"error"}}."""
    import numpy

    (arguments.out / "ids.json").write_text(json.dumps(ids))
    reference = numpy.load(reference_logits(arguments, ids), mmap_mode="r")
    exact = divergence(reference, reference, ids)
    result, ours = {}, {}
    for name in ["trafo", *names]:
        peers.say(f"quality: {name}")
        try:
            path = logits_of(name, arguments, program, ids)
        except peers.Trouble as trouble:
            result[name] = {"error": str(trouble)}
            continue
        found = divergence(reference, numpy.load(path, mmap_mode="r"), ids)
        path.unlink()
        values = {key: line(found, exact) for key, _, line in LINES}
        ours = values if name == "trafo" else ours
        result[name] = {key: mean_and_error(value) for key, value in values.items()}
        if name != "trafo" and ours:
            result[name]["minus ours"] = {key: mean_and_error(values[key] - ours[key]) for key in values}
    return {"tokens": len(ids), "reference_loss": mean_and_error(exact.nll), "engines": result}
