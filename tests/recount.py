"""Every figure counted again from the rows of the log, slowly and in another way: for each case, then added up."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from casework.models.figure import Counted, Period

Row = Mapping[str, Any]
Found = tuple[str, str | None, str, float | None]
"""Key, part, what is counted, measure."""
OFFICE = ("caseworker", "supervisor", "head")
ANSWERS = ("ReferralAcknowledged", "ReferralAccepted", "ReferralDeclined", "ReferralCompleted")
AMPK = {
    "child_violence": "violence",
    "sexual_violence": "sexual_crime",
    "trafficking": "trafficked",
    "child_in_conflict": "in_conflict",
    "child_marriage": "child_marriage",
    "exploitation": "exploited",
    "neglect": "neglected",
}


@dataclass
class Life:
    """One case until the end of the period."""

    rows: list[Row]
    clocks: list[Row]
    period: Period
    zone: ZoneInfo

    @property
    def id(self) -> str:
        return str(self.rows[0]["case_id"])

    @property
    def last(self) -> Row:
        found: Row = self.rows[-1]["case_after"]
        return found

    @property
    def opening(self) -> Row:
        found: Row = self.rows[0]["body"]
        return found

    @property
    def new(self) -> bool:
        return self.within(self.rows[0]["at"])

    @property
    def is_open(self) -> bool:
        return bool(self.last["status"] == "open")

    def within(self, at: datetime) -> bool:
        return self.period.begins <= at < self.period.ends

    def month(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m}"

    def ever(self, *kinds: str) -> list[Row]:
        return [row for row in self.rows if row["kind"] in kinds and row["account_id"] != "engine"]

    def said(self, *kinds: str) -> list[Row]:
        return [row for row in self.ever(*kinds) if self.within(row["at"])]

    def since_reopening(self, kind: str) -> list[Row]:
        again = max((row["sequence"] for row in self.ever("CaseReopened")), default=0)
        return [row for row in self.ever(kind) if row["sequence"] > again]


def recount(log: Sequence[Row], deadlines: Sequence[Row], period: Period, zone: str) -> dict[str, list[Found]]:
    """What each figure counts, one by one."""
    by_case: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(log, key=lambda row: row["sequence"]):
        if row["at"] < period.ends:
            by_case[row["case_id"]].append(row)
    clocks = {id_: [d for d in deadlines if d["case_id"] == id_] for id_ in by_case}
    lives = [Life(rows, clocks[id_], period, ZoneInfo(zone)) for id_, rows in by_case.items()]
    found: dict[str, list[Found]] = defaultdict(list)
    for life in lives:
        for figure, key, part, counted, measure in of_case(life):
            found[figure].append((key, part, counted, measure))
    found["caseload"] = list(_caseload(lives))
    return found


def _caseload(lives: Sequence[Life]) -> Iterator[Found]:
    carried = Counter(life.last["assigned_to"] for life in lives if life.is_open and life.last["assigned_to"])
    for account, many in carried.items():
        band = "up_to_9" if many < 10 else "c10_20" if many <= 20 else "c21_30" if many <= 30 else "over_30"
        yield band, None, account, None


def of_case(life: Life) -> Iterator[tuple[str, str, str | None, str, float | None]]:
    """What a case adds to each figure."""
    if life.new:
        for figure, key, measure in _of_new(life):
            yield figure, key, None, life.id, measure
    if life.is_open:
        for figure, key in _of_open(life):
            yield figure, key, None, life.id, None
    for figure, key, part, counted in (*_of_facts(life), *_of_closures(life), *_of_clocks(life)):
        yield figure, key, part, counted, None
    yield from _of_referrals(life)


def _of_new(life: Life) -> Iterator[tuple[str, str, float | None]]:
    client = life.last["client"]
    yield "recorded_cases", life.month(life.rows[0]["at"]), None
    yield "channels", life.opening["channel"], None
    yield "reporting_delay", _delay(life.opening), None
    yield "by_sex", client["sex"], None
    yield "by_age", client["age_band"] or "unknown", None
    yield "by_subdistrict", client["subdistrict"] or "unknown", None
    yield "by_place", life.last["place"] or "unknown", None
    for category in life.last["categories"]:
        yield "by_category", category, None
    for kind in life.last["violence_types"] or ["unknown"]:
        yield "by_violence", kind, None
    sent = {row["subject_id"] for row in life.ever("ReferralSent", "ReferralPending")}
    yield "referrals_per_case", "all", float(len(sent))
    first = min((row["sequence"] for row in life.ever("AssessmentRecorded")), default=10**9)
    met = [r for r in life.ever("FollowUpRecorded") if r["sequence"] > first and r["body"]["reached"]]
    yield "follow_ups_per_case", "all", float(len(met))
    if client["kind"] == "child":
        codes = {*life.last["categories"], *life.last["violence_types"]} & AMPK.keys()
        for name in {AMPK[code] for code in codes}:
            yield "kla_children", name, None
        if client["disability"] not in (None, "none", "unknown"):
            yield "kla_children", "disability", None


def _delay(opening: Row) -> str:
    if opening["incident_at"] is None:
        return "unknown"
    days = (datetime.fromisoformat(opening["reported_at"]) - datetime.fromisoformat(opening["incident_at"])).days
    steps = ((3, "d0_3"), (5, "d4_5"), (14, "d6_14"), (30, "d15_30"), (91, "m1_3"))
    return next((name for most, name in steps if days <= most), "m3")


def _of_open(life: Life) -> Iterator[tuple[str, str]]:
    yield "open_by_risk", life.last["risk"]
    yield "assessments", "yes" if life.ever("AssessmentRecorded") else "no"
    yield "action_plans", "yes" if life.since_reopening("PlanProposed") else "no"
    yield "approved_plans", "yes" if life.since_reopening("PlanApproved") else "no"


def _of_facts(life: Life) -> Iterator[tuple[str, str, str | None, str]]:
    for row in life.said("CaseOpened", "ReportAdded"):
        if row["kind"] == "CaseOpened" or row["body"]["new_incident"]:
            yield "recorded_incidents", life.month(row["at"]), None, _one(row)
    client = life.last["client"]
    for row in life.said("ServiceRecorded"):
        yield "services", row["body"]["service"], None, _one(row)
        yield "services_by_sex", client["sex"], None, _one(row)
        yield "services_by_age", client["age_band"] or "unknown", None, _one(row)
        yield "services_by_disability", client["disability"] or "unknown", None, _one(row)
    for row in life.said("ConferenceRecorded"):
        yield "kla_conferences", life.month(row["at"]), None, _one(row)
    for row in life.rows:
        if life.within(row["at"]) and row["role"] in OFFICE and row["account_id"] != "engine":
            yield "staff", row["role"], None, row["account_id"]


def _of_closures(life: Life) -> Iterator[tuple[str, str, str | None, str]]:
    for row in life.said("CaseClosed"):
        asked = [r for r in life.ever("ClosureRequested") if r["sequence"] < row["sequence"]]
        days = (row["at"] - life.rows[0]["at"]).total_seconds() / 86400
        band = "up_to_1" if days <= 30 else "m1_3" if days <= 90 else "m3_6" if days <= 180 else "over_6"
        yield "time_to_close", band, None, _one(row)
        yield "closures", life.month(row["at"]), None, _one(row)
        yield "closure_reasons", asked[-1]["body"]["reason"], None, _one(row)
        if life.last["client"]["kind"] == "child":
            served = life.ever("PlanApproved") and life.ever("ServiceRecorded", "ReferralCompleted")
            full = bool(served) and asked[-1]["body"]["reason"] == "goals_met"
            yield "kla_handled", "yes" if full else "no", None, _one(row)


def _of_clocks(life: Life) -> Iterator[tuple[str, str, str | None, str]]:
    for clock in life.clocks:
        if not life.within(clock["due_at"]):
            continue
        ended = clock["ended_at"] if clock["ended_at"] and clock["ended_at"] < life.period.ends else None
        how = "late"
        if ended and ended <= clock["due_at"]:
            how = "in_time" if clock["met"] else "lifted"
        counted = f"{clock['case_id']}:{clock['id']}"
        if clock["class_"] == "statutory":
            yield "statutory_clocks", clock["kind"], how, counted
        if clock["kind"] == "national_register_entry":
            yield "register_entries", how, None, counted


def _of_referrals(life: Life) -> Iterator[tuple[str, str, str | None, str, float | None]]:
    for row in life.said("ReferralCompleted", "ReferralDeclined", "ReferralRevoked"):
        plain = {"ReferralDeclined": "declined", "ReferralRevoked": "revoked"}
        outcome = plain.get(row["kind"]) or row["body"]["outcome"]
        yield "referral_outcomes", outcome, None, row["subject_id"], None
        if row["kind"] == "ReferralCompleted" and outcome.startswith("petition_"):
            yield "kla_dispensations", outcome, None, row["subject_id"], None
    for sent in life.ever("ReferralSent", "OverrideConfirmed"):
        agency = sent["referral_after"]["agency_id"]
        said = [row for row in life.ever(*ANSWERS) if row["subject_id"] == sent["subject_id"]]
        if said and life.within(said[0]["at"]):
            hours = (said[0]["at"] - sent["at"]).total_seconds() / 3600
            yield "answer_time", agency, None, sent["subject_id"], hours
        if life.within(sent["at"]):
            yield "answers", agency, "answered" if said else "silent", sent["subject_id"], None


def _one(row: Row) -> str:
    return f"{row['case_id']}:{row['sequence']}"


def counts(found: Sequence[Found]) -> dict[tuple[str, str | None], int]:
    """How many different things stand under each key."""
    things: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for key, part, counted, _ in found:
        things[key, part].add(counted)
    return {key: len(each) for key, each in things.items()}


def measures(found: Sequence[Found]) -> dict[tuple[str, str | None], tuple[float, float]]:
    """The mean and the median under each key."""
    values: dict[tuple[str, str | None], list[float]] = defaultdict(list)
    for key, part, _, measure in found:
        if measure is not None:
            values[key, part].append(measure)
    return {key: (mean(each), median(each)) for key, each in values.items()}


def differing(counted: Mapping[str, Counted], again: Mapping[str, Sequence[Found]]) -> list[str]:
    """The figures that were counted otherwise: another key, another count, mean or median, or not once what is once."""
    return [each for each, its in counted.items() if not _equal(its, again.get(each, []))]


def _equal(counted: Counted, found: Sequence[Found]) -> bool:
    measured = {key: (cell.mean, cell.median) for key, cell in counted.cells.items() if cell.mean is not None}
    again = measures(found)
    return (
        {key: cell.count for key, cell in counted.cells.items()} == counts(found)
        and counted.whole == len({thing for _, _, thing, _ in found})
        and measured.keys() == again.keys()
        and all(measured[key] == pytest.approx(each) for key, each in again.items())
    )
