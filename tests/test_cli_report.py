"""`tuntas report`: figures as a table, and files that are there when they are whole."""

import json
from pathlib import Path

import pytest

from tests.command_line import Run, run
from tests.stub_api import StubApi
from tests.test_cli import api

__all__ = ["api", "run"]
ABOUT = {"total": 12, "value": None, "reason": None, "source": "KPI 1"}
CELLS = [
    {"key": "female", "part": None, "count": 12, "value": None},
    {"key": "male", "part": None, "count": None, "value": None},
]
FIGURES = {
    "from": "2026-07-01",
    "to": "2026-09-30",
    "figures": [
        {"title": {"id": "Kelamin", "en": "By sex"}, **ABOUT, "cells": CELLS},
        {"title": {"id": "Puas", "en": "Satisfaction"}, **ABOUT, "reason": "no_input", "cells": []},
    ],
}
DAYS = ("--from", "2026-07-01", "--to", "2026-09-30")
QUERY = "from=2026-07-01&to=2026-09-30"


def test_figures_are_a_table_in_which_what_is_not_told_is_no_zero(run: Run, api: StubApi) -> None:
    api.answers[f"GET /reports/indicators?{QUERY}"] = (200, FIGURES)

    status, out, _ = run("report", *DAYS)

    assert status == 0
    assert [line.split("\t")[:3] for line in out.splitlines()[1:]] == [
        ["By sex", "female", "12"],
        ["By sex", "male", "–"],
        ["By sex", "all", "12"],
        ["Satisfaction", "", "no input"],
    ]


@pytest.mark.parametrize(
    ("words", "path", "format_"),
    [
        (("--json",), "/reports/indicators", "json"),
        (("--format", "xlsx"), "/reports/indicators", "xlsx"),
        (("--register",), "/reports/register", "csv"),
    ],
    ids=["figures as JSON", "figures as a workbook", "the register list"],
)
def test_a_file_is_what_the_api_gave(
    run: Run, api: StubApi, tmp_path: Path, words: tuple[str, ...], path: str, format_: str
) -> None:
    """Byte for byte, in the place of what was there."""
    api.answers[f"GET {path}?{QUERY}&format={format_}"] = (200, "isi=1\r\n")
    output = tmp_path / "report"
    output.write_text("of last month")

    assert run("report", *DAYS, *words, "--output", output)[0] == 0
    assert output.read_bytes() == b"isi=1\r\n"
    assert list(tmp_path.iterdir()) == [output]


def test_the_standard_output_takes_a_file_too(run: Run, api: StubApi) -> None:
    api.answers["GET /reports/indicators?format=json"] = (200, FIGURES)

    status, out, _ = run("report", "--json")

    assert (status, json.loads(out)) == (0, FIGURES)


def test_a_refusal_leaves_no_file_and_keeps_what_was_there(run: Run, api: StubApi, tmp_path: Path) -> None:
    refusal = {"code": "forbidden", "detail": "The register list is the own office's.", "status": 403}
    api.answers["GET /reports/register?format=csv"] = (403, refusal)
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text("of last month")

    for output in (old, new):
        status, _, err = run("report", "--register", "--output", output)
        assert status == 1
        assert "forbidden" in err
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("old.csv", "of last month")]


@pytest.mark.parametrize("words", [("--format", "xlsx"), ("--json", "--output", "/nowhere/at/all.json")])
def test_what_cannot_be_written_is_not_asked_for(run: Run, api: StubApi, words: tuple[str, ...]) -> None:
    """A workbook on a terminal; a file in no directory."""
    assert run("report", *words)[0] == 2
    assert api.asked == []
