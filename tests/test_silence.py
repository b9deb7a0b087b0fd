"""Watches over silence: nothing was done, or police and court say nothing. Each silence is noticed once."""

from datetime import datetime
from typing import Any

import pytest

from casework import commands as c
from tests.play import CASEWORKER, COORDINATOR, HOSPITAL, HOTLINE, POLICE, START, SUPERVISOR, opened
from tests.telling import CASES, DAY, GIVEN, HEADS, OURS, by_itself, only, waits

UNIT = "unit-ppa-polres"
LETTER = {"medium": "letter", "reference": "B/12", "at": START}


@pytest.mark.parametrize(("risk", "days"), [("high", 14), ("medium", 30), ("low", 60)])
def test_no_activity_is_noticed_once_a_silence(risk: str, days: int) -> None:
    """From the last thing that anybody did; the case's own steps are none."""
    play = opened(risk=risk).assessed(risk=risk)
    play.wait(START + 10 * DAY)
    play.do(c.LinkCases, case_id="case-2", relation="sibling")
    last = play.now

    def noticed(until: datetime) -> list[datetime]:
        return [
            r.event.at for r, lapse in by_itself(play.wait(until)) if lapse.kind == "no_activity" and lapse.rung == 1
        ]

    assert noticed(last + 200 * DAY) == [last + days * DAY]
    play.give(c.SendReminder(deadline_id=only(play, "plan").id), SUPERVISOR)
    again = play.now
    assert noticed(again + 200 * DAY) == [again + days * DAY]


@pytest.mark.parametrize("by", ["officer", "letter", "system", "coordinator", "itself"])
def test_activity_is_what_people_and_systems_do(by: str) -> None:
    """Whoever it is, but not the case itself."""
    play = opened(HOTLINE).assessed()
    referral = play.referred()
    play.later(days=1)
    if by == "officer":
        play.do(c.AnswerReferral, HOSPITAL, subject_id=referral, answer="acknowledged")
    elif by == "letter":
        play.do(c.AnswerReferral, subject_id=referral, answer="acknowledged", recorded_from=LETTER)
    elif by == "system":
        play.do(c.AddReport, HOTLINE, channel="phone", reported_at=START, reporter={"kind": "self"})
    elif by == "coordinator":
        play.give(c.SendReminder(deadline_id=only(play, "referral_answer").id), COORDINATOR)
    else:
        play.wake()

    assert only(play, "no_activity").since == (START if by == "itself" else play.now)


NEWS: list[tuple[type[c.Command], dict[str, Any]]] = [
    (c.AnswerReferral, {"answer": "accepted"}),
    (c.ReportProgress, {"kind": "visum_asked"}),
    (c.RecordMilestone, {"kind": "hearing_held"}),
    (c.RecordMilestone, {"kind": "investigator_news"}),
]


@pytest.mark.parametrize(("command", "body"), NEWS)
def test_the_silence_of_the_law_is_counted_from_its_last_word(command: type[c.Command], body: dict[str, Any]) -> None:
    """Thirty days after news of police or court caseworker and supervisor are told; once, until there is news."""
    play = opened().assessed()
    referral = play.referred(UNIT, "police", **GIVEN)
    if command is c.ReportProgress:
        play.do(c.AnswerReferral, POLICE, subject_id=referral, answer="accepted")
    play.wait(START + 20 * DAY)
    at = {} if command is c.AnswerReferral else {"at": play.now}
    by = CASEWORKER if command is c.RecordMilestone else POLICE
    play.do(command, by, subject_id=referral, **body, **at)

    assert only(play, "legal_silent").due_at == play.now + 30 * DAY
    assert waits(play, "legal_silent") == [(0, [CASES, OURS]), (7, [HEADS])]


def test_old_news_breaks_no_silence() -> None:
    """A hearing of three weeks ago that is recorded now says nothing of the last three weeks, nor more."""
    play = opened().assessed()
    play.do(c.RecordMilestone, kind="investigator_news", at=play.now)
    before = only(play, "legal_silent")
    play.later(days=2)
    play.do(c.RecordMilestone, kind="hearing_held", at=START - 21 * DAY)

    assert only(play, "legal_silent") == before


def test_after_its_last_word_nobody_waits_for_the_law() -> None:
    """A judgment, or the result of the last referral to police or court; news alone goes on waiting."""
    play = opened().assessed()
    first, second = (play.referred(UNIT, "police", **GIVEN) for _ in range(2))
    for referral in (first, second):
        play.do(c.AnswerReferral, POLICE, subject_id=referral, answer="accepted")
    play.do(c.CompleteReferral, POLICE, subject_id=first, outcome="service_provided")
    assert only(play, "legal_silent").running
    play.do(c.CompleteReferral, POLICE, subject_id=second, outcome="service_provided")
    assert play.running("legal_silent") == []
    play.do(c.RecordMilestone, kind="hearing_held", at=play.now)
    play.do(c.RecordMilestone, kind="judgment_known", at=play.now)
    assert play.running("legal_silent") == []
