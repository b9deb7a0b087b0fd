"""The life of a case: what office and agencies do on it and when, as it usually goes and as it sometimes goes wrong.

How long things take and how often they fail is assumed throughout: it makes a year in which clocks are kept and broken,
agencies are silent, plans come back, and some cases are closed too soon.
"""

from datetime import datetime, timedelta
from typing import Any

from casework.models.pathway import Category
from starter.cli.demonstration import OFFICERS
from starter.year.diary import Diary
from starter.year.proportions import Asks, Manner, Proportions
from starter.year.reports import Report

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICER = {agency_id: username for username, agency_id in OFFICERS.items()}
POLICE = "unit-ppa-polres"
PARTNERS = (
    (Category.CHILD_IN_CONFLICT, "investigation_started", 20 * HOUR),
    (Category.CHILD_IN_CONFLICT, "prosecutor_told", 16 * HOUR),
    (Category.CHILD_IN_CONFLICT, "probation_asked", 18 * HOUR),
    (Category.CHILD_IN_CONFLICT, "social_report_asked", 4 * HOUR),
    (Category.CHILD_IN_CONFLICT, "social_report_received", 60 * HOUR),
    (Category.CHILD_IN_CONFLICT, "diversion_offered", 4 * DAY),
    (Category.DOMESTIC_VIOLENCE, "protection_given_pkdrt", 14 * HOUR),
    (Category.DOMESTIC_VIOLENCE, "court_order_asked", 20 * HOUR),
    (Category.SEXUAL_VIOLENCE, "protection_given_tpks", 18 * HOUR),
    (Category.SEXUAL_VIOLENCE, "lpsk_asked", 22 * HOUR),
)
"""What partners do after the police know, in order, and how long each takes; nothing comes after what was not done."""
CARE = (
    ("medical_care_given", 6 * HOUR),
    ("medical_review_2w", 12 * DAY),
    ("medical_review_3m", 86 * DAY),
    ("medical_review_6m", 176 * DAY),
)
GOES_ON = 0.75
FORGOTTEN = 0.04
PACE = {"high": 6 * DAY, "medium": 12 * DAY, "low": 25 * DAY}
REVIEWED = {"high": 26 * DAY, "medium": 52 * DAY, "low": 78 * DAY}
REASON = "Data contoh."
NEWS = {"police": "investigator_news", "court": "hearing_set", "religious_court": "hearing_set"}
"""What those report who take long."""


def lived(diary: Diary, report: Report, of: Proportions) -> None:
    """Write down what is done on a case, to its end or past the end of the year."""
    caseworker = diary.dice.choice(("caseworker", "caseworker2"))
    assigned = diary.write(diary.after(report.entered, 0.5 * HOUR), "assign", "supervisor", caseworker=caseworker)
    contacted = diary.write(diary.after(assigned, 4 * HOUR), "record_service", caseworker, service="psychosocial")
    assessed = diary.write(diary.after(contacted, DAY), "assess", caseworker, **_found(report))
    _register(diary, report.entered, caseworker)
    told = _police(diary, report, assessed, caseworker)
    planned = _planned(diary, assessed, caseworker)
    ended = [planned, *(_asked(diary, asks, of, planned, caseworker) for asks in _services(diary, report, of))]
    last = diary.after(max(filter(None, (told, *ended))), 21 * DAY)
    _visits(diary, report, planned, last, caseworker)
    _care(diary, report, last, caseworker)
    if told and diary.happens(0.8):
        _closed(diary, caseworker)


def _found(report: Report) -> dict[str, Any]:
    added = report.categories if report.body["categories"] == (Category.UNCLASSIFIED,) else ()
    return {
        "risk": report.risk,
        "categories_added": added,
        "violence_types": report.violence,
        "place": report.place,
        "needs": ("psychosocial",),
        "safety_plan": report.risk != "low",
        "method": "visit",
    }


def _register(diary: Diary, entered: datetime, caseworker: str) -> None:
    """The entry in the national register: mostly in time, sometimes late, sometimes forgotten."""
    if diary.happens(0.9):
        at = diary.after(entered, 1.6 * DAY)
        diary.write(at, "record_milestone", caseworker, kind="national_register_entry")


def _police(diary: Diary, report: Report, assessed: datetime, caseworker: str) -> datetime | None:
    """When the police were told, or what the law asks was done without them; None where the duty was forgotten."""
    due = Category.SEXUAL_VIOLENCE in report.categories
    if not due and not diary.happens(0.3):
        return assessed
    if due and diary.happens(0.05):
        return None
    after = assessed if report.body["categories"] == (Category.UNCLASSIFIED,) else report.entered
    told = max(diary.after(after, 26 * HOUR), after + HOUR)
    diary.write(told, "notify", caseworker, kind="police", agency_id=POLICE, explained_to_client=True)
    if diary.happens(0.8):
        diary.write(diary.after(told, 14 * HOUR, at_work=False), "receive_notification", OFFICER[POLICE], "notified")
    at = told
    for category, kind, takes in PARTNERS:
        if category not in report.categories:
            continue
        if not diary.happens(GOES_ON):
            break
        at = diary.after(at, takes, at_work=False)
        diary.write(at, "record_milestone", caseworker, kind=kind)
    return at


def _care(diary: Diary, report: Report, last: datetime, caseworker: str) -> None:
    """What health care asks for after a sexual assault: at once, and again at its time."""
    if Category.SEXUAL_VIOLENCE not in report.categories:
        return
    happened: datetime = report.body["incident_at"] or report.entered
    for kind, span in CARE:
        if diary.happens(0.85):
            at = max(diary.after(happened + span, 6 * HOUR), diary.after(report.entered, 6 * HOUR))
            if at < last:
                diary.write(at, "record_milestone", caseworker, kind=kind)


def _planned(diary: Diary, assessed: datetime, caseworker: str) -> datetime:
    """The plan: proposed, now and then returned and proposed again, approved."""
    proposed = diary.write(diary.after(assessed, DAY), "propose_plan", caseworker)
    if diary.happens(0.08):
        returned = diary.write(
            diary.after(proposed, DAY), "decide_plan", "supervisor", decision="return", reason=REASON
        )
        proposed = diary.write(diary.after(returned, DAY), "propose_plan", caseworker)
    return diary.write(diary.after(proposed, 16 * HOUR), "decide_plan", "supervisor", decision="approve")


def _services(diary: Diary, report: Report, of: Proportions) -> list[Asks]:
    if not report.consents:
        return []
    asks = {each.service: each for each in of.asks if each.category in report.categories}
    return [each for each in asks.values() if diary.happens(each.share)]


def _asked(diary: Diary, asks: Asks, of: Proportions, planned: datetime, caseworker: str) -> datetime:
    """A referral and what becomes of it; when it has ended."""
    about, manner, officer = asks.service.value, of.agencies[asks.agency], OFFICER[asks.agency]
    sent = diary.write(diary.after(planned, 8 * HOUR), "refer", caseworker, about, agency_id=asks.agency, service=about)
    if diary.happens(manner.silent):
        reminded = diary.write(diary.after(sent, 9 * DAY), "send_reminder", "supervisor", about)
        return diary.write(diary.after(reminded, 15 * DAY), "revoke", caseworker, about)
    answered = diary.after(sent, manner.hours * HOUR, at_work=False)
    if diary.happens(manner.declines):
        return diary.write(answered, "answer", officer, about, answer="declined", reason=REASON)
    diary.write(answered, "answer", officer, about, answer="accepted")
    return _done(diary, manner, officer, about, answered)


def _done(diary: Diary, manner: Manner, officer: str, about: str, accepted: datetime) -> datetime:
    result = diary.after(accepted, manner.days * DAY)
    if about in NEWS and result - accepted > 20 * DAY and diary.happens(0.7):
        diary.write(accepted + (result - accepted) / 2, "report_progress", officer, about, kind=NEWS[about])
    outcome = diary.dice.choices(["service_provided", "partly_provided", "unavailable"], [86, 10, 4])[0]
    return diary.write(result, "complete", officer, about, outcome=outcome)


def _visits(diary: Diary, report: Report, planned: datetime, last: datetime, caseworker: str) -> None:
    """Follow-ups as the risk asks, which falls where things go well, until there is nothing more to wait for."""
    risk, at = report.risk, planned
    while (at := diary.after(at, PACE[risk], spread=0.25)) < last:
        fields: dict[str, Any] = {"reached": diary.happens(0.85), "method": "visit"}
        if risk != "low" and diary.happens(0.5):
            risk = "medium" if risk == "high" else "low"
            fields["risk"] = risk
        diary.write(at, "record_follow_up", caseworker, **fields)
        if diary.happens(FORGOTTEN):
            break
    reviewed = report.entered
    while (reviewed := diary.after(reviewed, REVIEWED[report.risk], spread=0.2)) < last and not diary.happens(
        FORGOTTEN
    ):
        diary.write(reviewed, "record_review", "supervisor")


def _closed(diary: Diary, caseworker: str) -> None:
    """The end, and sometimes a new beginning."""
    reason = diary.dice.choices(["goals_met", "client_request", "not_confirmed"], [84, 11, 5])[0]
    asked = diary.after(max(step.at for step in diary.steps), 2 * DAY)
    diary.write(asked, "request_closure", caseworker, reason=reason)
    closed = diary.write(diary.after(asked, 2 * DAY), "decide_closure", "supervisor", decision="approve")
    if diary.happens(0.12):
        _reopened(diary, closed, caseworker)
    elif diary.happens(0.6):
        checked = closed + 80 * DAY
        diary.write(diary.after(checked, DAY), "record_follow_up", caseworker, reached=True, method="telephone")


def _reopened(diary: Diary, closed: datetime, caseworker: str) -> None:
    reopened = diary.write(diary.after(closed, 30 * DAY), "reopen", "supervisor", reason=REASON)
    again = diary.write(diary.after(reopened, DAY), "assess", caseworker, risk="medium", method="visit")
    planned = _planned(diary, again, caseworker)
    visited = diary.write(diary.after(planned, 10 * DAY), "record_follow_up", caseworker, reached=True)
    if diary.happens(0.5):
        asked = diary.write(diary.after(visited, 4 * DAY), "request_closure", caseworker, reason="goals_met")
        diary.write(diary.after(asked, 2 * DAY), "decide_closure", "supervisor", decision="approve")
