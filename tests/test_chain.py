"""The chain of a log, by its rules: whatever is changed, taken away, added or moved is found where it is."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from casework.rules.chain import CASE_LOG, FIRST, Break, Chain, first_break

Row = dict[str, Any]
THREE = Chain(("sequence", "at", "body"))
START = datetime(2026, 5, 21, 3, tzinfo=UTC)


def written(bodies: list[Any]) -> list[Row]:
    """Rows as they are chained when they are written."""
    rows: list[Row] = []
    for sequence, body in enumerate(bodies, start=1):
        at = START + timedelta(minutes=sequence)
        row = {"sequence": sequence, "at": at, "body": body, "previous": rows[-1]["digest"] if rows else FIRST}
        rows.append({**row, "digest": THREE.digest(row)})
    return rows


whole = st.integers(-(2**53) + 1, 2**53 - 1)
plain = st.recursive(
    st.none() | st.booleans() | whole | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=2),
    max_leaves=4,
)
chains = st.lists(plain, min_size=1, max_size=6).map(written)


@given(chains)
def test_what_was_written_holds(rows: list[Row]) -> None:
    assert first_break(THREE, rows) is None


@given(chains, st.data())
def test_another_value_in_any_column_of_any_row_is_found(rows: list[Row], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from(sorted(rows[place])))
    rows[place][column] = data.draw(another(rows[place][column]))

    broken = first_break(THREE, rows)

    assert broken is not None
    assert broken.sequence == place + 1


def another(value: Any) -> st.SearchStrategy[Any]:
    """Another value that the same column could hold."""
    if isinstance(value, datetime):
        return st.just(value + timedelta(microseconds=1))
    if isinstance(value, int) and not isinstance(value, bool):
        return st.just(value + 1)
    if isinstance(value, str) and len(value) == len(FIRST):
        return st.integers(0, len(value) - 1).map(lambda at: flipped(value, at))
    return plain.filter(lambda other: other != value or type(other) is not type(value))


def flipped(digest: str, at: int) -> str:
    return digest[:at] + ("0" if digest[at] == "1" else "1") + digest[at + 1 :]


@given(chains.filter(lambda rows: len(rows) > 2), st.data())
def test_a_row_taken_out_is_found_where_it_was(rows: list[Row], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 2))
    assert first_break(THREE, rows[:place] + rows[place + 1 :]) == Break(place + 1, "the row is missing")


@given(chains.filter(lambda rows: len(rows) > 1), st.data())
def test_two_rows_that_change_places_are_found(rows: list[Row], data: st.DataObject) -> None:
    one, other = sorted(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True)))
    rows[one]["sequence"], rows[other]["sequence"] = other + 1, one + 1
    rows[one], rows[other] = rows[other], rows[one]

    broken = first_break(THREE, rows)

    assert broken is not None
    assert broken.sequence == one + 1


@given(chains)
def test_a_row_added_again_is_found(rows: list[Row]) -> None:
    assert first_break(THREE, [*rows, rows[-1]]) == Break(len(rows) + 1, "the row stands where another belongs")


@given(chains.filter(lambda rows: len(rows) > 1))
def test_a_row_chained_anew_does_not_follow(rows: list[Row]) -> None:
    """Who makes a row's digest right again breaks the next one."""
    rows[0]["body"] = ["another"]
    rows[0]["digest"] = THREE.digest(rows[0])

    assert first_break(THREE, rows) == Break(2, "the row does not follow the one before it")


def test_what_could_never_have_been_written_is_found_too() -> None:
    for body in (2**60, float("inf"), "\ud800"):
        rows = written(["x", "y"])
        rows[1]["body"] = body
        assert first_break(THREE, rows) == Break(2, "the row is not what was written")


def test_the_same_instant_in_another_zone_is_the_same() -> None:
    rows = written(["x"])
    rows[0]["at"] = rows[0]["at"].astimezone(timezone(timedelta(hours=7)))

    assert first_break(THREE, rows) is None


def test_every_column_of_the_case_log_is_covered() -> None:
    from casework.db.tables import case_log

    assert {*CASE_LOG.columns, "previous", "digest"} == set(case_log.c.keys())
