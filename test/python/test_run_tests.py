"""The sum that `make test` prints last: what is counted, and that a runner which crashes or runs nothing is a failure."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))
import run_tests  # noqa: E402


def test_lit_codes_are_sorted_into_three_heaps(tmp_path):
    codes = ["PASS", "XFAIL", "FAIL", "XPASS", "UNRESOLVED", "TIMEOUT", "UNSUPPORTED"]
    results = tmp_path / "lit.json"
    results.write_text(json.dumps({"tests": [{"name": code, "code": code} for code in codes]}))
    assert str(run_tests.count_lit(results)) == "2 passed, 4 failed, 1 skipped"


def test_junit_cases_are_sorted_into_three_heaps(tmp_path):
    results = tmp_path / "junit.xml"
    results.write_text(
        '<testsuites><testsuite><testcase name="a"/><testcase name="b"><failure/></testcase>'
        '<testcase name="c"><error/></testcase><testcase name="d"><skipped/></testcase>'
        '<testcase name="e" status="disabled"/></testsuite></testsuites>'
    )
    assert str(run_tests.count_junit(results)) == "1 passed, 2 failed, 2 skipped"


@pytest.mark.parametrize(
    "script, tally",
    [
        ("pass", run_tests.Tally(failed=1)),  # left no results
        ("open(out, 'w').write('{\"tests\": []}')", run_tests.Tally(failed=1)),  # found no test
        ("open(out, 'w').write('{\"tests\": [{\"code\": \"PASS\"}]}'); sys.exit(3)", run_tests.Tally(passed=1, failed=1)),
        ("open(out, 'w').write('{\"tests\": [{\"code\": \"FAIL\"}]}'); sys.exit(1)", run_tests.Tally(failed=1)),
        ("open(out, 'w').write('{\"tests\": [{\"code\": \"PASS\"}]}')", run_tests.Tally(passed=1)),
    ],
)
def test_a_runner_that_proves_nothing_fails(tmp_path, monkeypatch, script, tally):
    def command_of(runner, build, results, jobs):
        out = results / "out.json"
        return [sys.executable, "-c", f"import sys; out = {str(out)!r}; {script}"], out, run_tests.count_lit

    monkeypatch.setattr(run_tests, "command_of", command_of)
    assert run_tests.run("lit", tmp_path, 1) == tally


def test_house_rules_name_file_and_line():
    import check_house

    found = list(check_house.breaches("passes/Fuse/X.cpp", ["  if (a)", "    return failure();"]))
    assert [number for number, _ in found] == [2]
    assert list(check_house.breaches("passes/Fuse/X.cpp", ["  return rewriter.notifyMatchFailure(op, reason);"])) == []


def test_setup_names_the_parts_it_knows():
    done = subprocess.run([SOURCE / "scripts/setup.sh", "kitchen"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "unknown part 'kitchen'" in done.stderr and "venv" in done.stderr


def test_setup_is_silent_when_all_is_there():
    # A PATH without apt-get, pip and the like would not stop it: nothing is called when nothing is missing.
    done = subprocess.run([SOURCE / "scripts/setup.sh", "venv", "model", "onednn"], capture_output=True, text=True,
                          env={**os.environ, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
