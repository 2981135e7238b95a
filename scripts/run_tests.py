#!/usr/bin/env python3
"""Runs lit, ctest and pytest over one build tree; the last line is the sum 'N passed, N failed, N skipped'.

usage: scripts/run_tests.py [--build build/dev] [lit|ctest|pytest ...]

Each runner writes its results as a file, which is what is counted. A runner that ends badly without a failed test, writes
nothing or finds no test counts as one failure, so that a crash cannot pass for success.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

SOURCE = pathlib.Path(__file__).resolve().parent.parent
RUNNERS = ("lit", "ctest", "pytest")


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_lit(path):
    """lit's --output: one record a test. XFAIL is an expected failure, so it passed; all codes not named failed."""
    tally = Tally()
    for test in json.loads(path.read_text())["tests"]:
        if test["code"] in ("PASS", "XFAIL", "FLAKYPASS"):
            tally.passed += 1
        elif test["code"] in ("UNSUPPORTED", "SKIPPED", "EXCLUDED"):
            tally.skipped += 1
        else:
            tally.failed += 1
    return tally


def count_junit(path):
    """JUnit XML as ctest and pytest write it, counted by test case."""
    tally = Tally()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            tally.failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("disabled", "notrun"):
            tally.skipped += 1
        else:
            tally.passed += 1
    return tally


def command_of(runner, build, results, jobs):
    """The command line of a runner, and the file it leaves its results in."""
    venv = SOURCE / "build" / "venv" / "bin"
    if runner == "lit":
        out = results / "lit.json"
        return [venv / "lit", "-s", "-v", "--no-progress-bar", "-j", str(jobs), "-o", out, build / "test"], out, count_lit
    if runner == "ctest":
        out = results / "ctest.xml"
        return (["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-j", str(jobs), "-Q",
                 "--output-junit", out], out, count_junit)
    out = results / "pytest.xml"
    return ([venv / "python", "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={out}",
             SOURCE / "test" / "python"], out, count_junit)


def run(runner, build, jobs):
    results = build / "test-results"
    results.mkdir(parents=True, exist_ok=True)
    command, out, count = command_of(runner, build, results, jobs)
    out.unlink(missing_ok=True)
    environment = dict(os.environ, TRAFO_BUILD_DIR=str(build))
    environment.setdefault("TRAFO_SHARED", str(SOURCE.parent / "shared"))
    environment.setdefault("TRAFO_TEST_MODEL", str(SOURCE / "build/model/SmolLM2-135M-Instruct.Q4_1.gguf"))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(build / "python"), environment.get("PYTHONPATH")]))
    print(f"== {runner}", flush=True)
    code = subprocess.run([str(part) for part in command], env=environment, stdin=subprocess.DEVNULL).returncode
    try:
        tally = count(out)
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        print(f"{runner}: left no readable results: {error}")
        return Tally(failed=1)
    if code != 0 and tally.failed == 0:
        print(f"{runner}: ended with exit code {code} and no failed test")
        tally.failed += 1
    elif tally == Tally():
        print(f"{runner}: found no test")
        tally.failed += 1
    if runner == "ctest":
        for case in ElementTree.parse(out).getroot().iter("testcase"):
            if case.find("failure") is not None:
                print(f"FAIL: {case.get('name')}\n{case.findtext('system-out') or ''}")
    print(f"{runner}: {tally}", flush=True)
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/dev", type=pathlib.Path, help="the build tree (default: %(default)s)")
    parser.add_argument("--jobs", default=os.cpu_count(), type=int, help="tests at a time (default: one per CPU)")
    parser.add_argument("runners", nargs="*", metavar="runner", help=f"any of {', '.join(RUNNERS)} (default: all)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.runners if name not in RUNNERS]
    if unknown:
        parser.error(f"unknown runner '{unknown[0]}'; runners are {', '.join(RUNNERS)}")
    total = Tally()
    for runner in arguments.runners or RUNNERS:
        total += run(runner, arguments.build.resolve(), arguments.jobs)
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
