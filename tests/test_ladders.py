"""Ladders: who is told when nobody acts, at which time, and what becomes of it when the case changes."""

from datetime import timedelta
from typing import Any

import pytest

from casework import commands as c
from casework.events import EventKind
from casework.models.notice import NoticeKind
from casework.models.pathway import ClockKind, Length, Rung
from tests.play import (
    CASEWORKER,
    HOSPITAL,
    PROVINCE,
    PROVINCIAL,
    START,
    SUPERVISOR,
    opened,
)
from tests.telling import (
    CASES,
    COORDINATOR,
    DAY,
    GIVEN,
    HEADS,
    OFFICERS,
    OURS,
    Climb,
    by_itself,
    climb,
    kinds,
    only,
    waits,
)

# ---- the ladders of the built-in pathways


@pytest.mark.parametrize(
    ("risk", "length", "second", "third"), [("high", 3, 1, 3), ("medium", 7, 3, 7), ("low", 14, 7, 14)]
)
def test_the_office_climbs_by_risk(risk: str, length: int, second: int, third: int) -> None:
    """A reminder at three quarters; at the due time owner and supervisor, then head and coordinator; then nothing."""
    play = opened(risk=risk, reported_at=START)
    play.do(c.AssignCase, SUPERVISOR, caseworker_id=CASEWORKER.account_id)

    assert waits(play, "assessment") == [
        (-length / 4, [CASES]),
        (0, [CASES, OURS]),
        (second, [HEADS]),
        (third, [COORDINATOR]),
    ]


def test_while_nobody_has_the_case_its_supervisors_stand_in() -> None:
    """Once, where owner and rung are the same."""
    assert waits(opened(reported_at=START), "assessment")[:2] == [(-0.75, [OURS]), (0, [OURS])]


def test_what_a_supervisor_owes_goes_to_the_head_at_once() -> None:
    """The supervisor a quarter of the hour before; at the hour the head too; after three days the coordinator."""
    assert waits(opened(), "assignment") == [(-1 / 96, [OURS]), (0, [OURS, HEADS]), (3, [COORDINATOR])]


def test_an_agencys_silence_climbs_inside_the_agency_first() -> None:
    """Its officers and our supervisor, then its own head, and only then the coordinator of the region."""
    play = opened().assessed()
    play.referred()

    assert waits(play, "referral_answer") == [
        (-0.25, [OFFICERS]),
        (0, [OFFICERS, OURS]),
        (1, [f"head@{OFFICERS}"]),
        (3, [COORDINATOR]),
    ]


def test_a_village_has_its_subdistrict_head_before_the_office() -> None:
    """Who stands above the village is told first."""
    play = opened().assessed()
    play.referred("desa", "reintegration", **GIVEN)

    assert [to for _, to in waits(play, "referral_answer")] == [["desa"], ["desa", "camat"], [OURS], [COORDINATOR]]


def test_a_village_has_the_head_of_its_own_subdistrict() -> None:
    """Where the directory has several."""
    play = opened(reported_at=START).assessed()
    beside = play.state.surroundings.model_copy(update={"heads": {"desa": "camat-2"}})
    play.state = play.state.model_copy(update={"surroundings": beside})
    play.referred("desa", "reintegration", **GIVEN)

    assert [to for _, to in waits(play, "referral_answer")][1] == ["desa", "camat-2"]


def test_another_provinces_agency_brings_in_province_and_nation() -> None:
    """Above the coordinator stand the province and the national office; so they do for all that our office owes."""
    play = opened().assessed(risk="high")
    play.referred("polrestabes-surabaya", "police", **GIVEN)
    above = [(3, [COORDINATOR]), (7, [PROVINCE]), (14, ["sapa-129"])]
    [plan], [answer] = play.running("plan"), play.running("referral_answer")

    recordings = play.wait(play.now + 40 * DAY)

    assert climb(recordings, answer)[2:] == [(1, [HEADS]), *above]
    assert climb(recordings, plan)[2:] == [(1, [HEADS]), *above]


@pytest.mark.parametrize(("kind", "days"), [("referral_answer", 60), ("supervisor_review", 90)])
def test_whoever_owes_something_in_such_a_case_has_province_and_nation_above(kind: str, days: int) -> None:
    """An agency next door as well, and our supervisor; a silence is nobody's promise and ends within the office."""
    play = opened(reporter={"kind": "agency", "agency_id": "uptd-ppa-jawa-timur"}, reported_at=START).assessed()
    play.referred()
    silence = only(play, "no_activity")

    assert [to for _, to in waits(play, kind, days=days)][-3:] == [[COORDINATOR], [PROVINCE], ["sapa-129"]]
    assert [to for _, to in climb(play.recordings, silence)][-1] == [HEADS]


def test_a_report_from_another_province_crosses_provinces_too() -> None:
    """Whoever sent the case knows who stands above both."""
    reporter = {"kind": "agency", "agency_id": "uptd-ppa-jawa-timur"}
    play = opened(reporter=reporter, reported_at=START)

    assert [to for _, to in waits(play, "assessment")][-2:] == [[PROVINCE], ["sapa-129"]]


def test_rungs_above_are_told_late_when_provinces_come_to_be_crossed() -> None:
    """A climb that had ended goes on: what is past is told now, the rest at its time."""
    play = opened(reported_at=START).assessed(risk="high")
    [plan] = play.running("plan")
    play.wait(plan.due_at + 8 * DAY)
    assert play.running("plan")[0].forecast == ()

    play.referred("polrestabes-surabaya", "police", **GIVEN)

    assert waits(play, "plan") == [(8, [PROVINCE]), (14, ["sapa-129"])]


def test_a_power_is_never_a_breach() -> None:
    """The police may protect: they are reminded, nobody is told of it after, and the board does not show it."""
    play = opened(categories=["sexual_violence"])
    play.do(c.Notify, kind="police", agency_id="unit-ppa-polres", explained_to_client=True)
    [power] = play.running("tpks_prot_start")

    assert (power.class_, power.stalls_at) == ("may", None)
    assert waits(play, "tpks_prot_start") == [(-0.25, ["unit-ppa-polres"])]


def test_a_silence_reminds_nobody_before() -> None:
    """After two weeks without anything done, caseworker and supervisor; after three the head."""
    play = opened()
    play.do(c.AssignCase, SUPERVISOR, caseworker_id=CASEWORKER.account_id)

    assert waits(play, "no_activity", 40) == [(0, [CASES, OURS]), (7, [HEADS])]


def test_notices_say_what_they_are_about() -> None:
    """By kind, with the due time of the deadline; the step is kept in the log with its rung."""
    play = opened(reported_at=START)
    [deadline] = play.running("assessment")
    of_it = [one for one in by_itself(play.wait(deadline.due_at + DAY)) if one[1].deadline_id == deadline.id]

    notices = [notice for recording, _ in of_it for notice in recording.notices]
    assert {(n.about_id, n.about_kind, n.due_at) for n in notices} == {(deadline.id, "assessment", deadline.due_at)}
    assert [n.kind for n in notices] == [NoticeKind.REMINDER, NoticeKind.ESCALATION, NoticeKind.ESCALATION]
    assert [r.event.kind for r, _ in of_it] == [EventKind.REMINDER_SENT, *2 * [EventKind.CASE_ESCALATED]]
    assert [(lapse.rung, lapse.to) for _, lapse in of_it] == [(0, "caseworker"), (1, "supervisor"), (2, "head")]


# ---- what was known too late


@pytest.mark.parametrize(
    ("ago", "first", "later"),
    [(3, 1, [(1, [HEADS]), (3, [COORDINATOR])]), (4.5, 2, [(3, [COORDINATOR])]), (60, 3, [])],
)
def test_a_clock_that_ran_out_before_the_case_was_opened(ago: float, first: int, later: Climb) -> None:
    """Told once, not once for each rung that time has passed, and without a reminder; later rungs at their times."""
    play = opened(reported_at=START - ago * DAY)
    [deadline] = play.running("assessment")

    assert deadline.forecast[0].model_dump() == {"action": "escalate", "to": "supervisor", "at": START, "rung": first}
    assert waits(play, "assessment") == [(ago - 3, [OURS]), *later]


def test_a_reminder_whose_time_has_passed_comes_at_once() -> None:
    """A report that lay for two and a half days: a quarter of the time is left."""
    play = opened(reported_at=START - 2.5 * DAY)

    assert waits(play, "assessment")[:2] == [(-0.5, [OURS]), (0, [OURS])]


def test_a_clock_that_is_overdue_by_a_higher_risk_is_told_once() -> None:
    """Thirteen days into fourteen, the risk turns out high: three days it should have been."""
    play = opened(risk="low", reported_at=START)
    play.wait(START + 13 * DAY)

    play.do(c.RecordFollowUp, at=play.now, reached=False, risk="high")

    assert [deadline.due_at for deadline in play.running("assessment")] == [START + 3 * DAY]
    assert waits(play, "assessment") == [(10, [OURS])]


# ---- what changes under it


def test_a_lower_risk_gives_the_time_back_and_the_climb_begins_anew() -> None:
    """Overdue at high risk, in time at medium: reminder and rungs come again, under keys of their own."""
    play = opened(reported_at=START)
    first = climb(play.wait(START + 3 * DAY), play.running("assessment")[0])
    play.do(c.RecordFollowUp, at=play.now, reached=False, risk="medium")

    again = waits(play, "assessment")

    assert [to for _, to in first] == [[OURS], [OURS]]
    assert [at for at, _ in again] == [-1.75, 0, 3, 7]
    assert len({recording.event.command_id for recording in play.recordings}) == len(play.recordings)


def test_a_reminder_that_was_given_is_not_given_again() -> None:
    """What moves before it was overdue reminds once; the rungs move along."""
    play = opened(reported_at=START)
    play.wait(START + 2.5 * DAY)
    play.do(c.RecordFollowUp, at=play.now, reached=False, risk="medium")

    assert [at for at, _ in waits(play, "assessment")] == [0, 3, 7]


def test_a_higher_risk_brings_the_rungs_of_the_law_forward() -> None:
    """The law's due time stays; who is told after it follows the risk, at once where that time has passed."""
    play = opened(categories=["sexual_violence"], risk="low", reported_at=START)
    [deadline] = play.running("tpks_report_police")
    play.wait(deadline.due_at + 2 * DAY)
    play.do(c.RecordFollowUp, at=play.now, reached=False, risk="high")

    assert waits(play, "tpks_report_police") == [(2, [HEADS]), (3, [COORDINATOR])]


def test_after_a_transfer_the_rungs_are_those_of_the_new_office() -> None:
    """The rung that was told stays told; the next goes to who has the case now, and so does the owner's part."""
    play = opened(reported_at=START)
    play.wait(START + 3 * DAY)
    play.do(c.TransferCase, SUPERVISOR, to_agency_id=PROVINCE)
    play.do(c.DecideTransfer, PROVINCIAL, decision="accept", facts={"receiver_leads": True})
    [assessment], [plan] = play.running("assessment"), play.running("plan")

    recordings = play.wait(play.now + 10 * DAY)

    assert [to for _, to in climb(recordings, assessment)] == [[f"head@{PROVINCE}"], [COORDINATOR]]
    assert climb(recordings, plan)[1] == (0, [f"supervisor@{PROVINCE}"])


def test_an_ended_deadline_says_nothing_more() -> None:
    """Done at the due instant is in time; whatever stood in its forecast is gone."""
    play = opened(reported_at=START)
    [deadline] = play.running("assessment")
    play.now = deadline.due_at
    play.do(c.RecordAssessment, risk="high")

    ended = play.state.deadlines[deadline.id]
    assert (ended.met, ended.ended_at, ended.forecast, ended.next_at) == (True, deadline.due_at, (), None)
    assert kinds(play.wait(play.now + 100 * DAY), "assessment") == []


def test_a_closed_case_lifts_the_offices_clocks_and_keeps_what_a_partner_owes() -> None:
    """Nothing is told of the first; the law's clock climbs on in a closed case, and so does the check after closing."""
    play = opened(categories=["sexual_violence"]).assessed()
    play.do(c.Notify, kind="police", agency_id="unit-ppa-polres", explained_to_client=True)
    play.do(c.RecordMilestone, kind="protection_given_tpks", at=play.now)
    left = [{"deadline_id": kind, "followed_by": "supervisor"} for kind in ("tpks_lpsk_req", "tpks_prot_max")]
    play.do(c.RequestClosure, reason="client_request", client_informed=True, left_open=left)
    play.do(c.DecideClosure, SUPERVISOR, decision="approve")

    told_of = {lapse.kind for _, lapse in by_itself(play.wait(play.now + 120 * DAY))}

    assert told_of == {"tpks_lpsk_req", "tpks_prot_max", "post_closure_check"}


@pytest.mark.parametrize("far", range(4))
def test_nothing_is_told_after_the_last_rung(far: int) -> None:
    """A case nobody touches for a year: its forecast empties, and then it only stands on the board."""
    play = opened(categories=["sexual_violence"], risk=("high", "medium", "low", "unassessed")[far])
    play.wait(START + timedelta(days=365))

    assert play.state.next_at is None
    assert play.state.stalls_at
    rungs: dict[str, list[Any]] = {}
    for _, lapse in by_itself(play.recordings):
        rungs.setdefault(lapse.deadline_id, []).append(lapse.rung)
    assert all(told == list(range(len(told))) or told == list(range(1, len(told) + 1)) for told in rungs.values())


def test_a_rung_may_come_after_working_days() -> None:
    """In a district's own ladder: at the close of the office."""
    play = opened(reported_at=START)
    [pathway] = play.state.pathways
    after = dict.fromkeys(("high", "medium", "low"), Length(clock=ClockKind.WD, units=1))
    ladders = tuple(each.model_copy(update={"rungs": (Rung(to="head", after=after),)}) for each in pathway.ladders)
    play.state = play.state.model_copy(update={"pathways": (pathway.model_copy(update={"ladders": ladders}),)})
    play.do(c.RecordFollowUp, at=play.now, reached=False)

    [_, (recording, _)] = [one for one in by_itself(play.wait(START + 9 * DAY)) if one[1].kind == "assessment"]
    assert recording.event.at.isoformat() == "2026-03-13T09:00:00+00:00"


def test_an_answer_ends_the_climb_on_whatever_rung() -> None:
    """The agency's head was told; the coordinator is not."""
    play = opened().assessed()
    referral = play.referred()
    [deadline] = play.running("referral_answer")
    play.wait(deadline.due_at + 2 * DAY)
    play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer="accepted")

    assert play.state.deadlines[deadline.id].rung == 2
    assert kinds(play.wait(play.now + 30 * DAY), "referral_answer") == []
