"""Every numbered constraint of the trafo dialect is checked in C++ under its label, and has a case in invalid.mlir."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
IR = ROOT / "dialects" / "Trafo" / "IR"


def labels(*paths):
    return {label for path in paths for label in re.findall(r"^\s*// (\w+_c\d+)\b", path.read_text(), re.MULTILINE)}


def described():
    """The labels that the descriptions in the .td files call for: C1 of trafo.rms_norm is rms_norm_c1."""
    wanted = set()
    text = (IR / "TrafoOps.td").read_text()
    for part in re.split(r"^def ", text, flags=re.MULTILINE):
        name = re.match(r'Trafo_\w+Op : Trafo_Op<"(\w+)"', part)
        if name:
            wanted |= {f"{name[1]}_c{number}" for number in re.findall(r"\bC(\d+):", part)}
    return wanted


def test_each_check_has_a_case():
    checks = labels(*IR.glob("*.cpp"))
    cases = labels(ROOT / "test" / "dialects" / "Trafo" / "invalid.mlir")
    assert checks and not checks - cases


def test_each_constraint_is_checked():
    checks = labels(*IR.glob("*.cpp"))
    assert described() and not described() - checks
