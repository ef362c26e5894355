"""The hostile cases that the grader withstands, of all there are: the tests of the hostile class and of the broken files, counted."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import machine

TESTS = Path(__file__).parents[1] / "tests" / "hostile"
FILES = {"hostile code": "test_hostile_class.py", "broken files": "test_broken_files.py"}
CASE = re.compile(r"\[(?:as [^-\]]*-)?(.+)\]$")  # whoever grades stands before the case


def take() -> dict[str, Any]:
    """Run the tests, and return how many cases of each kind passed, of how many."""
    kinds = {}
    for kind, file in FILES.items():
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(TESTS / file), f"--junit-xml={report}"]
            done = subprocess.run(command, cwd=TESTS.parents[1], capture_output=True, text=True)
            if not report.exists():
                raise SystemExit(f"{file} could not be run:\n{done.stdout[-2000:]}{done.stderr[-1000:]}")
            kinds[kind] = counted(report.read_text(encoding="utf-8"))
        print(f"{kind}: {kinds[kind]}", file=sys.stderr, flush=True)
    return {"machine": machine.describe(), "kinds": kinds}


def counted(report: str) -> dict[str, Any]:
    """Count the cases in pytest's report: a case passes if some test of it passes, and none fails or is known to fail.

    Tests of a whole class, which belong to no case, are counted by themselves.
    """
    verdicts: dict[str, set[str]] = {}
    class_wide: list[str] = []
    for test in ElementTree.fromstring(report).iter("testcase"):
        case, verdict = CASE.search(test.get("name", "")), _verdict(test)
        if case and not _of_a_family(test, case.group(1)):
            verdicts.setdefault(case.group(1), set()).add(verdict)
        else:
            class_wide.append(verdict)
    passed = [case for case, found in verdicts.items() if "passed" in found and "failed" not in found]
    wide = {"passed": class_wide.count("passed"), "all": len(class_wide) - class_wide.count("skipped")}
    return {"passed": len(passed), "all": len(verdicts), "not": sorted(verdicts.keys() - set(passed)), "class-wide": wide}


def _of_a_family(test: ElementTree.Element, case: str) -> bool:
    """Tell whether a test of the hostile class is about a whole family: a case is called ``family-name``."""
    return "hostile_class" in test.get("classname", "") and "-" not in case


def _verdict(test: ElementTree.Element) -> str:
    skipped = test.find("skipped")
    if test.find("failure") is not None or test.find("error") is not None:
        return "failed"
    if skipped is not None:
        return "failed" if skipped.get("type") == "pytest.xfail" else "skipped"
    return "passed"
