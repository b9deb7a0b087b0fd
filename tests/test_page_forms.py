"""Forms: made from the models of commands, filled in by people, read back as bodies, and never trusted."""

import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import ImmutableMultiDict

from casework import commands as c
from casework.errors import InvalidInputError
from web.api.bodies import parse
from web.pages.commanding import BY_ASKING
from web.pages.fields import Field, fields_of
from web.pages.filled import MOST_ROWS, body, errors_at, rows

ZONE = ZoneInfo("Asia/Jakarta")
OPEN = fields_of(c.OpenCase)


def form(*pairs: tuple[str, str]) -> ImmutableMultiDict[str, str]:
    """A form as a browser sends it."""
    return ImmutableMultiDict(list(pairs))


def test_every_command_has_a_form_and_every_field_a_way_to_be_filled() -> None:
    """A choice has something to choose from, a group has parts."""

    def check(field: Field) -> None:
        if field.kind in ("choice", "choices"):
            assert field.options or field.source, field
        assert bool(field.parts) == (field.kind in ("group", "rows")), field
        for part in field.parts:
            check(part)

    for body_ in (c.OpenCase, *(row.body for row in BY_ASKING.values())):
        for field in fields_of(body_):
            check(field)


def test_times_are_those_of_the_office_and_blanks_are_left_out() -> None:
    """Numbers are numbers, answers are answers, and rows close up."""
    sent = form(
        ("channel", "walk_in"),
        ("reported_at", "2026-05-21T10:00"),
        ("categories", "trafficking"),
        ("categories", "child_violence"),
        ("client.kind", "child"),
        ("client.age_years", "15"),
        ("client.safe_to_contact", "no"),
        ("client.name", "  "),
        ("reporter.kind", "family"),
        ("alleged_perpetrators.0.relation", ""),
        ("alleged_perpetrators.4.relation", "neighbour"),
        ("narrative", "satu\r\ndua "),
    )

    assert body(OPEN, sent, ZONE) == {
        "channel": "walk_in",
        "reported_at": "2026-05-21T10:00:00+07:00",
        "categories": ["trafficking", "child_violence"],
        "client": {"kind": "child", "age_years": 15, "safe_to_contact": False},
        "reporter": {"kind": "family"},
        "alleged_perpetrators": [{"relation": "neighbour"}],
        "narrative": "satu\ndua",
    }


def test_what_is_wrong_is_told_of_the_field_that_the_person_sees() -> None:
    """By the numbers of the rows in the form, not of those that were filled."""
    sent = form(("channel", "telepathy"), ("alleged_perpetrators.3.relation", "bogus"), ("reported_at", "yesterday"))
    with pytest.raises(InvalidInputError) as refused:
        parse(c.OpenCase, json.dumps(body(OPEN, sent, ZONE)).encode())

    assert errors_at(refused.value.extra["errors"], sent) == {
        "channel": "unknown_code",
        "reported_at": "wrong_type",
        "categories": "missing",
        "reporter.kind": "missing",
        "client.kind": "missing",
        "alleged_perpetrators.3.relation": "unknown_code",
    } | {"reported_at": errors_at(refused.value.extra["errors"], sent)["reported_at"]}


names = st.sampled_from(
    ["channel", "client.kind", "client.name", "links.0.case_id", "links.77.relation", "x", "links.9"]
)


@given(st.lists(st.tuples(names, st.text(max_size=20))))
def test_no_form_breaks_the_reading(pairs: list[tuple[str, str]]) -> None:
    """Whatever somebody sends, it is a body that the model judges."""
    sent = form(*pairs)
    given_ = body(OPEN, sent, ZONE)

    json.dumps(given_)
    assert {*given_} <= {field.own for field in OPEN}
    assert len(rows("links", sent)) <= MOST_ROWS
