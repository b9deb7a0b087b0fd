"""Why a case is where it is: what stands still, on whom, since when, and what that is called."""

from datetime import timedelta
from typing import Any

import pytest

from casework.models.people import Actor, Role
from casework.models.state import Deadline, Owner
from casework.ports import Standing, Troubles
from casework.rules.access import clocks_shown
from casework.rules.outlook import holder, is_overdue, is_stalled, most_urgent_first, reasons, since, stalled
from tests.recordings import CASEWORKER, OPENED, POLICE, SUPERVISOR, case_row, deadline

NOW = OPENED + timedelta(days=2)
HOUR = timedelta(hours=1)
COORDINATOR = Actor(account_id="coordinator", role=Role.COORDINATOR, agency_id="setda")


def late(kind: str = "plan", hours: int = 1, **changes: Any) -> Deadline:
    """A deadline that ran out so many hours ago."""
    due_at = NOW - hours * HOUR
    return deadline(kind, **{"due_at": due_at, "stalls_at": due_at, **changes})


def soon(kind: str = "assessment", hours: int = 1, **changes: Any) -> Deadline:
    """A deadline that has so many hours left."""
    return late(kind, -hours, **changes)


def held(kind: str = "follow_up", hours: int = 1) -> Deadline:
    """A deadline on hold whose time would have passed so many hours ago."""
    return late(kind, hours, held_since=NOW - 2 * HOUR, held_until=NOW + HOUR)


def standing(*deadlines: Deadline, troubles: Troubles | None = None, **case: Any) -> Standing:
    """A case with these clocks."""
    stalls_at = min((d.stalls_at for d in deadlines if d.stalls_at), default=None)
    row = case_row(**{"stalls_at": stalls_at, "assigned_to": "caseworker", **case})
    return Standing(row.model_dump(), deadlines, troubles or Troubles())


def test_what_is_done_at_the_due_instant_is_in_time() -> None:
    at_once = late(hours=0)

    assert not is_stalled(at_once, NOW)
    assert not is_overdue(at_once, NOW)
    assert is_overdue(late(), NOW)


@pytest.mark.parametrize("clock", [late(class_="may"), late(class_="watch"), held(), late(ended_at=OPENED, met=True)])
def test_powers_watches_and_what_is_held_or_ended_are_not_overdue(clock: Deadline) -> None:
    assert not is_overdue(clock, NOW)


def test_what_stands_still_longest_comes_first_then_what_falls_due_next() -> None:
    clocks = (soon("assessment", 5), held("held", 4), late("plan", 1), soon("review", 2), late("answer", 3))

    ordered = [clock.kind for clock in most_urgent_first(clocks, NOW)]

    assert ordered == ["answer", "plan", "held", "review", "assessment"]


def test_a_hold_is_over_at_its_end_though_the_engine_has_not_come_to_it() -> None:
    """What it held is overdue again when its time with the pause has passed."""
    over = late(hours=2, held_since=NOW - 2 * HOUR, held_until=NOW - HOUR)

    assert is_overdue(over, NOW)
    assert not is_overdue(over.model_copy(update={"due_at": NOW - HOUR}), NOW)


def test_what_is_held_stays_and_is_not_overdue() -> None:
    case = standing(soon(), held(hours=2), held("plan"))

    assert (stalled(case, NOW), since(case, NOW), reasons(case, NOW)) == (True, NOW - 2 * HOUR, ("overdue",))
    answer = standing(soon(), late("answer", held_since=NOW, held_until=NOW + HOUR, reason="ref_no_answer"))
    assert reasons(answer, NOW) == ("ref_no_answer",)


def test_a_case_that_nothing_is_late_on_moves() -> None:
    case = standing(soon())

    assert (stalled(case, NOW), since(case, NOW), reasons(case, NOW), holder(case, NOW)) == (False, None, (), None)


def test_reasons_are_those_of_its_clocks_each_once_most_urgent_first() -> None:
    case = standing(
        late("referral_answer", 2, reason="ref_no_answer"),
        late("no_activity", 5, class_="watch", reason="no_activity"),
        late("another", 1, reason="ref_no_answer"),
        soon("plan", reason="approval_pending"),
    )

    assert reasons(case, NOW) == ("no_activity", "ref_no_answer", "overdue")
    assert since(case, NOW) == NOW - 5 * HOUR


def test_a_watch_alone_makes_nothing_overdue() -> None:
    case = standing(late("no_activity", class_="watch", reason="no_activity"))

    assert (stalled(case, NOW), reasons(case, NOW)) == (True, ("no_activity",))


def test_what_waits_for_a_supervisor_stands_still_before_it_is_late() -> None:
    called = soon("conference_decision", stalls_at=NOW - HOUR, reason="ref_bounced")

    assert reasons(standing(called), NOW) == ("ref_bounced",)


def test_an_assignment_that_is_late_is_a_case_without_caseworker_whatever_the_pathway_calls_it() -> None:
    assert reasons(standing(late("assignment"), assigned_to=None), NOW) == ("overdue", "no_caseworker")
    assert "no_caseworker" not in reasons(standing(soon("assignment"), late("plan")), NOW)


@pytest.mark.parametrize(
    ("troubles", "reason", "when"),
    [
        ({"caseworker_gone": True}, "no_caseworker", None),
        ({"undelivered_at": NOW - 3 * HOUR}, "notice_undelivered", NOW - 3 * HOUR),
        ({"failing_at": NOW - 4 * HOUR}, "step_failing", NOW - 4 * HOUR),
    ],
)
def test_what_holds_up_a_case_besides_its_clocks(troubles: dict[str, Any], reason: str, when: Any) -> None:
    case = standing(soon(), troubles=Troubles(**troubles))

    assert (stalled(case, NOW), reasons(case, NOW), since(case, NOW)) == (True, (reason,), when)
    assert holder(case, NOW) == Owner(role="supervisor")


def test_the_caseworker_is_named_by_account() -> None:
    own = standing(late("plan", owner=Owner(role="caseworker")))
    agencys = standing(late("plan", 1, owner=Owner(role="caseworker")), late("a", 2, owner=Owner(agency_id="rsud")))

    assert holder(own, NOW) == Owner(role="caseworker", account_id="caseworker")
    assert holder(agencys, NOW) == Owner(agency_id="rsud")


def test_each_reader_is_shown_the_clocks_of_its_own() -> None:
    answer = soon("referral_answer", referral_id="r-1")
    law = soon("tpks_report_police", class_="statutory", category="sexual_violence")
    clocks = (answer, law, soon("plan"))

    assert clocks_shown(SUPERVISOR, clocks) == clocks_shown(CASEWORKER, clocks) == clocks
    assert [clock.kind for clock in clocks_shown(COORDINATOR, clocks)] == ["referral_answer", "plan"]
    assert clocks_shown(POLICE, clocks, {"r-1"}) == (answer,)
    assert clocks_shown(POLICE, clocks) == ()


def test_of_what_is_hidden_nothing_is_told_but_that_it_is_late() -> None:
    law = late("tpks_report_police", 2, class_="statutory", category="sexual_violence", reason="stat_breach")
    whole = standing(law, soon("plan"))
    seen = Standing(whole.case, clocks_shown(COORDINATOR, whole.deadlines), whole.troubles)

    assert reasons(whole, NOW) == ("stat_breach", "overdue")
    assert (reasons(seen, NOW), holder(seen, NOW), since(seen, NOW)) == (("overdue",), None, NOW - 2 * HOUR)
