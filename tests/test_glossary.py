"""The glossary and the code use the same names."""

import re
import tomllib
from collections.abc import Iterator
from importlib import import_module, resources
from inspect import getmembers, isclass
from pathlib import Path
from typing import get_args

import pytest

from casework.directory.agencies import load_agencies
from casework.models.base import Codes
from casework.models.codes import ClosureReason, ReferralStatus, Stage, Status, Urgency
from casework.models.pathway import Category, ClockKind, Duty, Risk, Service
from casework.models.people import Role
from casework.pathways import facts, load
from casework.rules.outlook import BoardReason
from starter.cli.words import REASONS

GLOSSARY = (Path(__file__).parents[1] / "docs" / "glossary.md").read_text()
MODULES = ("access", "base", "pathway", "codes", "parts", "people", "agency", "state", "calendar", "outreach")


def rows() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Every entry: Indonesian, English, codes."""
    for line in GLOSSARY.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "Indonesian":
            yield cells[0], cells[1], tuple(re.findall(r"`([^`]+)`", cells[2]))


ROWS = tuple(rows())
CODES = {code for _, _, codes in ROWS for code in codes}


def names_of_the_code() -> set[str]:
    """Classes, fields and codes of the models, commands, pathways and agencies."""
    names = (
        set(get_args(BoardReason))
        | set(facts())
        | set(load_agencies())
        | {agency.kind for agency in load_agencies().values()}
    )
    for module in [import_module("casework.commands"), *(import_module(f"casework.models.{name}") for name in MODULES)]:
        for name, kind in getmembers(module, isclass):
            names |= {name, *getattr(kind, "model_fields", ())}
            names |= {code.value for code in kind} if issubclass(kind, Codes) else set()
    for pathway in load().values():
        names |= {deadline.kind for deadline in pathway.deadlines} | set(pathway.findings) | set(pathway.outcomes)
        names |= {step.id for step in pathway.special_steps}
    return names


def test_every_code_of_the_glossary_is_in_the_code() -> None:
    """A renamed code takes its entry along."""
    assert CODES - names_of_the_code() == set()


@pytest.mark.parametrize(
    "kind", [Category, Service, Duty, ClockKind, Stage, Status, Risk, Role, Urgency, ReferralStatus, ClosureReason]
)
def test_every_code_of_a_list_is_explained(kind: type[Codes]) -> None:
    """A new code takes an entry along."""
    missing = {code.value for code in kind} - CODES

    assert missing == set()


def test_every_local_deadline_is_explained() -> None:
    """The clocks of the office, by the kind they have on the board."""
    local = {policy.kind for pathway in load().values() for policy in pathway.deadlines if policy.class_ == "local"}

    assert local <= CODES


def test_every_reason_of_the_board_is_explained() -> None:
    """In the words that the command line has for it."""
    assert set(REASONS) == set(get_args(BoardReason))
    for reason, (indonesian, _) in REASONS.items():
        assert any(row[0] == indonesian and reason in row[2] for row in ROWS)


def test_milestones_read_as_in_the_data() -> None:
    """Both languages of every kind."""
    content = resources.files("casework.pathways").joinpath("facts.toml").read_text()
    told = {(m["title_id"], m["title_en"], (m["kind"],)) for m in tomllib.loads(content)["milestones"]}

    assert told - set(ROWS) == set()


def test_no_entry_is_left_half_empty() -> None:
    """Both languages, and each term once in its section."""
    assert all(indonesian and english for indonesian, english, _ in ROWS)
    assert len(set(ROWS)) == len(ROWS)
    assert len(ROWS) > 150
