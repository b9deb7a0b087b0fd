"""SECURITY.md names the test of each promise; the tests are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text()
ROWS = re.findall(r"^\| (.+?) \| (`tests/.+?) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("promise", "tests"), ROWS, ids=[promise[:40] for promise, _ in ROWS])
def test_a_promise_names_tests_that_exist(promise: str, tests: str) -> None:
    """A file, and where one test is meant, its name."""
    for path, name in re.findall(r"`(tests/\w+\.py)(?:::(\w+))?`", tests):
        text = (ROOT / path).read_text()
        assert name in re.findall(r"def (test_\w+)", text) if name else "def test_" in text, promise


def test_every_promise_has_a_test() -> None:
    """No row of the table is without one."""
    table = PAGE[PAGE.index("## How it is tested") : PAGE.index("## What is not protected")]

    assert ROWS
    assert len(ROWS) == len([line for line in table.splitlines() if line.startswith("|")]) - 2
