"""The results of bench/compare: kept in a file row by row, so that a table may come from several runs, and printed."""

import datetime
import json
import statistics

import peers
import quality
from rows import ROWS


class Results:
    """`key` says what was measured; rows of another file, program or number of threads are not kept."""

    def __init__(self, path, key):
        self.path = path
        self.data = {"key": key, "rows": {}, "troubles": {}, "quality": None}
        try:
            kept = json.loads(path.read_text())
        except (OSError, ValueError):
            return
        if kept.get("key") == key:
            self.data = kept
        else:
            peers.say(f"the rows kept in {path} are of another program, file or number of threads; starting anew")

    def save(self):
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(self.data, indent=1) + "\n")
        partial.rename(self.path)

    def start_row(self, name, facts):
        when = datetime.datetime.now().isoformat(sep=" ", timespec="minutes")
        self.data["rows"][name] = {"when": when, **facts, "pairs": []}
        return self.data["rows"][name]["pairs"]

    def say_why(self, peer, trouble):
        """Notes why a peer is missing from the table."""
        peers.say(f"{peer}: {trouble}")
        self.data["troubles"][peer] = str(trouble)


def _range(values, form):
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def speed_table(data, names):
    """The table of speeds as Markdown lines: medians, and per peer the median of the ratios within its pairs."""
    lines = ["| | trafo | " + " | ".join(names) + " | " + " | ".join(f"trafo / {name}" for name in names) + " |",
             "|---" * (2 + 2 * len(names)) + "|"]
    for row in ROWS.values():
        pairs = data["rows"].get(row.name, {}).get("pairs", [])
        if not pairs:
            continue
        for key, heading in row.figures:
            theirs = {name: [pair["theirs"][key] for pair in pairs if pair["peer"] == name] for name in names}
            ratios = {name: [pair["ours"][key] / pair["theirs"][key] for pair in pairs if pair["peer"] == name]
                      for name in names}
            cells = [f"{statistics.median(pair['ours'][key] for pair in pairs):.1f}"]
            cells += [f"{statistics.median(values):.1f}" if values else "-" for values in theirs.values()]
            cells += [_range(values, ".3g") if values else "-" for values in ratios.values()]
            lines.append(f"| {heading} | " + " | ".join(cells) + " |")
    return lines


def memory_lines(data):
    """What part of the read bandwidth around each pair the bytes of our decoded tokens came to."""
    lines = []
    for row in ROWS.values():
        kept = data["rows"].get(row.name, {})
        if not row.count or row.together or not kept.get("pairs"):
            continue
        reads = [value for pair in kept["pairs"] for value in pair["bandwidth"]]
        fractions = [pair["ours"]["tokens_per_second"] * kept["token_bytes"] / 1e9 / statistics.mean(pair["bandwidth"])
                     for pair in kept["pairs"]]
        lines.append(f"- {row.heading}: a token of ours reads {kept['token_bytes'] / 1e6:.1f} MB of weights and cache, which "
                     f"comes to {_range(fractions, '.2f')} of the read bandwidth around its pair, {_range(reads, '.1f')} GB/s")
    return lines


def engine_table(data, names):
    """What each engine makes of the file, and what that costs; one that did not run says why."""
    judged = data["quality"]["engines"] if data["quality"] else {}
    lines = ["| engine | what it runs | " + " | ".join(heading for _, heading, _ in quality.LINES) + " | KL minus ours |",
             "|---" * (3 + len(quality.LINES)) + "|"]
    for name in ["trafo", *names]:
        runs = peers.OURS if name == "trafo" else f"{peers.KNOWN[name].requirement}: {peers.KNOWN[name].runs}"
        if name in data["troubles"]:
            runs = f"not run: {data['troubles'][name]}"
        found = judged.get(name, {})
        if "error" in found:
            runs += f"; not judged: {found['error']}"
        cells = ["{:.5f} ± {:.5f}".format(*found[key]) if key in found else "-" for key, _, _ in quality.LINES]
        cells.append("{:.5f} ± {:.5f}".format(*found["minus ours"]["kl"]) if "minus ours" in found else "-")
        lines.append(f"| {name} | {runs} | " + " | ".join(cells) + " |")
    return lines


def report(data):
    """Everything measured so far, as Markdown."""
    used = {pair["peer"] for kept in data["rows"].values() for pair in kept["pairs"]} | set(data["troubles"])
    used |= set(data["quality"]["engines"] if data["quality"] else [])
    names = [name for name in peers.KNOWN if name in used]
    ran = [name for name in names if name not in data["troubles"]]
    key = data["key"]
    whens = sorted(kept["when"] for kept in data["rows"].values())
    lines = [f"{key['model']}, {key['threads']} threads, {key['cpu']}"
             + (f", measured {whens[0]} to {whens[-1]}" if whens else ""), "", *speed_table(data, ran), "",
             *memory_lines(data), "", *engine_table(data, names)]
    if data["quality"]:
        lines += ["", f"Quality over {data['quality']['tokens']} tokens against the interpreter in double precision; mean ± "
                      "standard error, differences paired by token."]
    return "\n".join(lines)
