"""What differs between two versions of a pathway file, told by the things that people speak of."""

import pytest

from casework.models.pathway import ClockKind, Length
from casework.pathways.changes import Change, Line, changes, things
from casework.pathways.loader import NAMES, file_of, texts

BUILT_IN = texts()
ASSESSMENT = 'length = { high = "P3D", medium = "P7D", low = "P14D" }'


def differences(name: str, *replaced: tuple[str, str]) -> tuple[Change, ...]:
    """What differs from a built-in file where texts in it are replaced by others."""
    text = BUILT_IN[name].decode()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    before, after = file_of(name, BUILT_IN[name]), file_of(name, text.encode())
    assert before
    assert after
    return changes(before, after)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_a_file_is_of_some_thing(name: str) -> None:
    """A file does not differ from itself; without one of its things exactly that is told."""
    file = file_of(name, BUILT_IN[name])
    assert file
    assert changes(file, file) == ()
    assert all(values for (part, _), values in things(file).items() if part not in ("legal_basis", "outcomes"))
    lists = [field for field, value in file if isinstance(value, tuple) and len(value) > 1 and field != "stages"]
    for field in lists:
        *most, last = getattr(file, field)
        without = changes(file, file.model_copy(update={field: tuple(most)}))
        assert {change.part for change in without} == {field}, field
        back = changes(file.model_copy(update={field: tuple(most)}), file)
        assert [each.name for each in back] == [each.name for each in without], last


def test_a_number_alone_is_no_change() -> None:
    """It stands beside the differences."""
    assert differences("child_marriage.toml", ("version = 1", "version = 2")) == ()


def test_a_clock_that_is_shorter_says_for_whom_from_what_to_what() -> None:
    """At each risk that it is so."""
    (change,) = differences("common.toml", (ASSESSMENT, ASSESSMENT.replace("P3D", "P2D").replace("P7D", "P5D")))

    three, two, seven, five = (Length(clock=ClockKind.D, units=days) for days in (3.0, 2.0, 7.0, 5.0))
    assert (change.part, change.kind) == ("deadlines", "changed")
    assert {(line.field, line.before, line.after) for line in change.lines} >= {("length", three, two)}
    assert all(line.before in (three, seven) and line.after in (two, five) for line in change.lines)


def test_a_rung_of_a_ladder_says_who_is_told_when() -> None:
    """At which risk."""
    old = '{ to = "head", high = "P1D", medium = "P3D", low = "P7D" }'
    (change,) = differences("common.toml", (old, old.replace('"P1D"', '"P2D"')))

    day, two = (Length(clock=ClockKind.D, units=days) for days in (1.0, 2.0))
    assert change == Change(
        part="ladders",
        name=change.name,
        kind="changed",
        lines=(Line(field="rung", before=day, after=two, at=(("head", "high"),)),),
    )


def test_another_agency_owes_a_clock_from_now_on() -> None:
    """By its id, which a page names."""
    text = BUILT_IN["sexual_violence.toml"].decode()
    owner = next(line for line in text.splitlines() if line.startswith("owner = ") and "caseworker" not in line)
    found = differences("sexual_violence.toml", (owner, 'owner = "puskesmas"'))

    assert ("owner", owner.split('"')[1], "puskesmas") in {
        (line.field, line.before, line.after) for change in found for line in change.lines
    }


def test_what_is_added_says_all_of_itself_and_what_is_removed_only_its_name() -> None:
    """A clock by its length, who owes it and on what law."""
    file = file_of("common.toml", BUILT_IN["common.toml"])
    assert file
    kinds = [each.kind for each in file.deadlines]
    alone = next(each for each in file.deadlines if kinds.count(each.kind) == 1)
    less = file.model_copy(update={"deadlines": tuple(each for each in file.deadlines if each is not alone)})

    assert changes(file, less) == (Change(part="deadlines", name=alone.kind, kind="removed"),)
    (added,) = changes(less, file)
    assert (added.name, added.kind) == (alone.kind, "added")
    assert {"length", "owner", "ladder", "source"} <= {line.field for line in added.lines}
    assert all(line.before is None for line in added.lines)


def test_a_law_that_is_left_out_is_told_by_its_name() -> None:
    """It has nothing else."""
    law = BUILT_IN["sexual_violence.toml"].decode().partition("legal_basis = [")[2].split('"')[1]
    (removed,) = differences("sexual_violence.toml", (f'"{law}",', ""))

    assert removed == Change(part="legal_basis", name=law, kind="removed")
