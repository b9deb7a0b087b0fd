"""Outreach: activities through the API on a real database, what follows them, and who is told of late promises."""

import csv
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Browser
from sqlalchemy import func, select, update

from casework.db.caller import ENGINE
from casework.db.promises import SqlPromises
from casework.db.session import reading, writing
from casework.db.store import SqlCaseStore
from casework.db.tables import notices, outreach, promises
from casework.directory.agencies import load_agencies
from casework.ids import new_id
from casework.models.notice import NoticeKind, Recipient
from casework.models.outreach import Ladders, OutreachEntry, Promise, PromiseEntry, PromiseOwner
from casework.models.people import Role
from casework.outreach import offering
from casework.rules.outreach import Known, told_beyond
from casework.rules.outreach import check as check_entry
from casework.rules.promises import Step, foretold, promised, steps, told
from casework.rules.suppression import is_small
from starter.year.plans import district_year
from starter.year.talks import talks
from tests.browsing import TELEPHONE, Person, served
from tests.crowd import Crowd, crowd
from tests.play import ZONE
from tests.stack import LEAD
from tests.test_pages import faults
from tests.year_played import reported

API = "/api/v1/outreach"
EXAMPLES = Path(__file__).parent.parent / "examples" / "outreach"
MEETING = json.loads((EXAMPLES / "coordination-meeting-2024.json").read_text())
LADDERS = offering().ladders
DAY = timedelta(days=1)
TODAY = datetime.now(ZoneInfo(ZONE)).date()
NOW = datetime.now(UTC)
PERIOD = {"from": (TODAY - 400 * DAY).isoformat(), "to": (TODAY - 5 * DAY).isoformat()}
TALKS = [
    ("muaradua", 300, ["child_marriage"]),
    ("muaradua", 280, ["child_marriage", "parenting"]),
    ("muaradua", 150, ["parenting"]),
    ("simpang", 120, ["child_marriage"]),
    ("kisam_tinggi", 200, ["parenting"]),
    ("muaradua", 10, ["child_marriage"]),
]
"""Where, how many days ago, about what."""
OWNERS = (PromiseOwner(role="head"), PromiseOwner(agency_id="dinas-pendidikan"), PromiseOwner(account_id="somebody"))


# ---- the rule: who is told, and when


def a_promise(owner: PromiseOwner, since: datetime, days: int, ladders: Ladders = LADDERS) -> Promise:
    entry = PromiseEntry(what="Poster", owner=owner, due_on=since.astimezone(ZoneInfo(ZONE)).date() + days * DAY)
    return promised(entry, "one", "talk", since, ZONE, ladders)


@given(
    owner=st.sampled_from(OWNERS),
    days=st.integers(-40, 60),
    looks=st.lists(st.integers(0, 24 * 90), min_size=1, max_size=12),
)
def test_each_step_is_told_once_however_often_one_looks(owner: PromiseOwner, days: int, looks: list[int]) -> None:
    """However long the watch was away: never before its time, nothing twice, nothing left out."""
    since = datetime(2026, 3, 2, 3, tzinfo=UTC)
    promise = a_promise(owner, since, days)
    expected = list(steps(promise, LADDERS))
    known: list[str] = []
    for hours in sorted(looks):
        now = since + timedelta(hours=hours)
        due = [step for step in steps(promise, LADDERS) if step.at <= now]
        assert bool(due) == (promise.next_at is not None and promise.next_at <= now)
        for step in due:
            known += [notice.id for notice in told(promise, LEAD, step, now)]
            promise = promise.model_copy(update={"rung": step.number})
        promise = foretold(promise, LADDERS)
    last = since + timedelta(hours=max(looks))

    assert len(known) == len(set(known))
    assert {int(each.split(".")[2]) for each in known} == {step.number for step in expected if step.at <= last}


def test_a_promise_climbs_from_its_owner_to_the_coordinator() -> None:
    """Reminded at three quarters of the time; at its end the owner and the supervisor; the head; the coordinator."""
    promise = a_promise(PromiseOwner(agency_id="dinas-pendidikan"), datetime(2026, 3, 2, 3, tzinfo=UTC), 10)
    climbed: list[tuple[Step, list[Recipient]]] = []
    for step in steps(promise, LADDERS):
        climbed.append((step, [notice.recipient for notice in told(promise, LEAD, step, step.at)]))
        promise = promise.model_copy(update={"rung": step.number})

    owner = Recipient(agency_id="dinas-pendidikan")
    assert [to for _, to in climbed] == [
        [owner],
        [owner, Recipient(role=Role.SUPERVISOR, agency_id=LEAD)],
        [Recipient(role=Role.HEAD, agency_id="dinas-pendidikan")],
        [Recipient(role=Role.COORDINATOR, agency_id=LEAD)],
    ]
    due = datetime(2026, 3, 13, tzinfo=ZoneInfo(ZONE))
    assert [step.at for step, _ in climbed][1:] == [due, due + 3 * DAY, due + 7 * DAY]


@given(counts=st.tuples(*[st.integers(0, 12)] * 3))
def test_beyond_the_office_nothing_small_is_told_or_left_to_tell(counts: tuple[int, int, int]) -> None:
    """Also not by what the quarters come to, which is known."""
    shown = told_beyond(*counts)
    given_out = [count for count in (shown.before, shown.after) if count is not None]
    assert not any(map(is_small, given_out))
    if len(given_out) == 2:
        assert not is_small(counts[2])


@given(ends=st.dates(date(2026, 1, 1), date(2030, 12, 31)), seed=st.integers(0, 99))
def test_the_talks_of_a_made_up_year_can_all_be_recorded(ends: date, seed: int) -> None:
    """The meeting among them, as the example has it; only the last talk's promise is still to be kept."""
    offered, found = offering(), list(talks(ends, seed))
    known = Known(
        subjects=frozenset(each.code for each in offered.subjects),
        subdistricts=frozenset(each.code for each in offered.subdistricts),
        agencies=frozenset(load_agencies()),
        accounts=frozenset(),
    )
    for entry in found:
        check_entry(entry, known, ends)
    assert found[0] == OutreachEntry.model_validate(MEETING)
    assert [each.promises[0].kept_on is None for each in found[1:]] == [False] * 11 + [True]


# ---- through the API


@pytest.fixture(scope="module")
async def many() -> AsyncIterator[Crowd]:
    async with crowd(3) as one:
        yield one


class Asks:
    """The API, as somebody, each with one token."""

    def __init__(self, many: Crowd) -> None:
        self.many = many
        self._tokens: dict[str, str] = {}

    async def __call__(self, who: str, method: str = "GET", path: str = "", **request: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token(who)}", **request.pop("headers", {})}
        return await self.many.client.request(method, f"{API}{path}", headers=headers, **request)

    async def records(self, who: str, body: Mapping[str, Any], key: str | None = None) -> httpx.Response:
        return await self(who, "POST", json=body, headers={"Idempotency-Key": key or new_id()})

    def _token(self, who: str) -> str:
        accounts, account_id = self.many.app.outside.accounts, self.many.app.actors[who].account_id
        if who not in self._tokens:
            self._tokens[who], _ = accounts.issue_token(account_id, 600, accounts.scopes_of(account_id))
        return self._tokens[who]


@pytest.fixture(scope="module")
def asks(many: Crowd) -> Asks:
    return Asks(many)


def talk(**changes: Any) -> dict[str, Any]:
    """An invented talk."""
    return {
        "held_on": str(TODAY - 430 * DAY),
        "subjects": ["child_marriage"],
        "subdistrict": "simpang",
        "place": "Balai desa",
        "organiser": LEAD,
        "participants": [
            {"agency_id": "desa", "sex": "female", "age_group": "adult", "count": 20},
            {"sex": "male", "age_group": "child", "count": 3},
        ],
        **changes,
    }


def owed(days: int = 5, **owner: str) -> dict[str, Any]:
    return {"what": "Poster", "owner": owner or {"role": "head"}, "due_on": (TODAY + days * DAY).isoformat()}


def count_of(many: Crowd) -> int:
    with reading(many.app.outside.engine, ENGINE) as connection:
        return int(connection.scalar(select(func.count()).select_from(outreach)) or 0)


async def test_the_meeting_of_2024_is_recorded_once_and_read_by_who_may(asks: Asks) -> None:
    """Fifty came, of fifteen institutions; a repeat with its key gets the first answer, another body is refused."""
    first = await asks.records("caseworker", MEETING, "meeting")
    again = await asks.records("caseworker", MEETING, "meeting")
    other = await asks.records("caseworker", {**MEETING, "place": "Aula"}, "meeting")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    one = first.json()
    assert (one["total"], len(one["participants"]), one["subdistrict"]) == (50, 16, "muaradua")
    assert first.headers["location"] == f"{API}/{one['id']}"
    day = {"from": MEETING["held_on"], "to": MEETING["held_on"]}
    for who in ("supervisor", "coordinator", "viewer"):
        listed = await asks(who, params=day)
        assert [each["id"] for each in listed.json()["items"]] == [one["id"]], who
    assert (await asks("police", params=day)).json()["items"] == []
    assert (await asks("police", path=f"/{one['id']}")).status_code == 404
    assert (await asks("auditor", params=day)).status_code == 403
    assert (await asks.records("viewer", talk())).status_code == 403


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"held_on": str(TODAY + DAY)}, "/held_on", "in_future"),
        ({"subjects": []}, "/subjects", "too_short"),
        ({"subjects": ["child_marriage", "sport"]}, "/subjects/1", "unknown_code"),
        ({"subdistrict": "atlantis"}, "/subdistrict", "unknown_code"),
        ({"organiser": "nobody"}, "/organiser", "unknown_code"),
        ({"opened_by": "nobody"}, "/opened_by", "unknown_code"),
        ({"participants": [{"agency_id": "nobody"}]}, "/participants/0/agency_id", "unknown_code"),
        ({"participants": [{"sex": "female"}]}, "/participants/0", "invalid"),
        ({"participants": [{"count": 0}]}, "/participants/0/count", "out_of_range"),
        ({"promises": [{**owed(), "owner": {}}]}, "/promises/0/owner", "invalid"),
        ({"promises": [owed(agency_id="desa", role="head")]}, "/promises/0/owner", "invalid"),
        ({"promises": [owed(account_id="nobody")]}, "/promises/0/owner/account_id", "unknown_account"),
        ({"promises": [owed(-431)]}, "/promises/0/due_on", "before_start"),
        ({"speaker": "somebody"}, "/speaker", "unknown_field"),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    asks: Asks, changes: dict[str, Any], pointer: str, code: str
) -> None:
    before = count_of(asks.many)
    answer = await asks.records("caseworker", talk(**changes))

    assert answer.status_code == 422, answer.text
    assert (pointer, code) in {(each["pointer"], each["code"]) for each in answer.json()["errors"]}
    assert count_of(asks.many) == before


async def test_a_promise_is_kept_by_who_owes_it_or_the_office_and_once(asks: Asks) -> None:
    """The agency sees the activity because it promised something there; another agency sees none."""
    made = (await asks.records("caseworker", talk(promises=[owed(agency_id="unit-ppa-polres"), owed()]))).json()
    mine, ours = (f"/{made['id']}/promises/{each['id']}/kept" for each in made["promises"])

    assert (await asks("hospital", "POST", mine, json={})).status_code == 404
    assert (await asks("police", "POST", ours, json={})).status_code == 403
    assert (await asks("viewer", "POST", mine, json={})).status_code == 403
    early = await asks("police", "POST", mine, json={"kept_on": "2020-01-01"})
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (422, "/kept_on")
    kept = await asks("police", "POST", mine, json={}, headers={"Idempotency-Key": "kept"})
    again = await asks("police", "POST", mine, json={}, headers={"Idempotency-Key": "kept"})
    assert kept.json() == again.json()
    assert kept.json()["promises"][0]["kept_on"] == TODAY.isoformat()
    twice = await asks("supervisor", "POST", mine, json={})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_kept")


async def test_a_late_promise_is_told_step_by_step_and_once(asks: Asks, many: Crowd) -> None:
    """By the watch, also after it was away; one that was kept is told of no more."""
    body = talk(promises=[owed(10, agency_id="unit-ppa-polres"), owed(10)])
    made = (await asks.records("caseworker", body)).json()
    late, kept = (each["id"] for each in made["promises"])
    watch = SqlPromises(many.app.outside.engine, LADDERS)

    def kinds_told(now: datetime) -> list[str]:
        watch.tell(now, 100)
        assert watch.tell(now, 100) == 0
        with reading(many.app.outside.engine, ENGINE) as connection:
            mine = select(notices.c.kind).where(notices.c.id.like(f"promise.{late}.%")).order_by(notices.c.id)
            return list(connection.scalars(mine))

    due = datetime.combine(TODAY + 11 * DAY, time(tzinfo=ZoneInfo(ZONE)))
    assert kinds_told(datetime.now(UTC)) == []
    assert kinds_told(due - DAY) == [NoticeKind.PROMISE_DUE]
    await asks("supervisor", "POST", f"/{made['id']}/promises/{kept}/kept", json={})
    assert kinds_told(due) == [NoticeKind.PROMISE_DUE, *[NoticeKind.PROMISE_LATE] * 2]
    assert kinds_told(due + 30 * DAY) == [NoticeKind.PROMISE_DUE, *[NoticeKind.PROMISE_LATE] * 4]
    with reading(many.app.outside.engine, ENGINE) as connection:
        of_kept = select(func.max(notices.c.id)).where(notices.c.id.like(f"promise.{kept}.1%"))
        assert connection.scalar(of_kept) is None
        stands = connection.execute(select(promises).where(promises.c.id == late)).one()
    assert (stands.rung, stands.next_at, stands.kept_on) == (3, None, None)


async def test_what_was_told_but_reached_nobody_is_shown(asks: Asks, many: Crowd) -> None:
    """At the promise, and among what the office could not deliver, also where it was told to another agency."""
    made = (await asks.records("caseworker", talk(promises=[owed(agency_id="desa")]))).json()
    due = datetime.combine(TODAY + 6 * DAY, time(tzinfo=ZoneInfo(ZONE)))
    SqlPromises(many.app.outside.engine, LADDERS).tell(due, 100)
    to_desa = notices.c.recipient["agency_id"].astext == "desa"
    with writing(many.app.outside.engine, ENGINE) as connection:
        connection.execute(update(notices).where(to_desa).values(state="skipped", last_error="no_contact"))

    shown = (await asks("supervisor", path=f"/{made['id']}")).json()
    assert [each["undelivered"] for each in shown["promises"]] == [True]
    undelivered = many.app.outside.notices.undelivered(LEAD)
    assert made["id"] in {row["about_id"] for row in undelivered}


# ---- as pages


async def check(person: Person) -> None:
    """Nothing that axe knows, nothing that scrolls sideways, and no complaint."""
    wide = await person.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert (person.page.url, await faults(person), wide, person.complaints) == (person.page.url, [], False, [])


@pytest.mark.timeout(120)
async def test_an_activity_is_recorded_and_its_promise_kept_on_a_telephone(many: Crowd, chrome: Browser) -> None:
    """In either language; a form that cannot be taken is shown again with what was typed."""
    async with served(many.app) as address:
        person = await Person.signed_in(chrome, address, "caseworker", viewport=TELEPHONE)
        await person.clicks("nav a[href='/outreach']")
        await check(person)
        await person.clicks("a[href='/outreach/new']")
        await check(person)
        rows = {"participants__0__count": "35", "promises__0__what": "Kunjungan ulang"}
        await person.fills(place="Balai desa", subdistrict="sungai_are", organiser=LEAD, **rows)
        await person.sends()
        assert await person.page.locator(".summary li").count() > 1
        assert await person.page.input_value("[name=place]") == "Balai desa"
        await check(person)
        await person.fills(subjects="parenting", promises__0__owner__role="caseworker", promises__0__due_on=str(TODAY))
        await person.sends()
        assert "done=recorded" in person.page.url
        await check(person)
        await person.opens("/")
        assert "Kunjungan ulang" in await person.page.inner_text("main")
        await person.clicks("main a[href^='/outreach/']")
        await person.clicks("button[name=language]")
        assert await person.page.get_attribute("html", "lang") == "en"
        await check(person)
        await person.clicks("form[action$='/kept'] button")
        assert await person.page.locator(".calm").count() == 1
        assert await person.page.locator("form[action$='/kept']").count() == 0
        await check(person)
        await person.opens("/outreach")
        await check(person)
        await person.context.close()


async def test_a_late_promise_is_on_the_board_and_on_my_work(asks: Asks, many: Crowd) -> None:
    """Until it was kept; to the agency that owes it, and to who looks after it, and to nobody else."""
    late = [{"what": "Poster sekolah", "owner": {"agency_id": "unit-ppa-polres"}, "due_on": str(TODAY - 2 * DAY)}]
    made = (await asks.records("caseworker", talk(promises=late))).json()
    pages = [("supervisor", "/stalled"), ("coordinator", "/stalled"), ("supervisor", "/"), ("police", "/outreach")]
    for who, path in pages:
        assert "Poster sekolah" in (await many.opens(who, path)).text, (who, path)
    for who, path in [("hospital", "/outreach"), ("caseworker", "/"), ("viewer", "/outreach")]:
        assert "Poster sekolah" not in (await many.opens(who, path)).text, (who, path)
    (promise,) = made["promises"]
    await asks("police", "POST", f"/{made['id']}/promises/{promise['id']}/kept", json={})
    for who, path in pages:
        assert "Poster sekolah" not in (await many.opens(who, path)).text, (who, path)


# ---- what follows

Report = tuple[str, datetime]
"""From which subdistrict, and when."""


@pytest.fixture(scope="module")
async def year(asks: Asks) -> tuple[Asks, list[Report]]:
    """The reports of a made-up year, one by one, in an office that gave talks in it."""
    store, reports = SqlCaseStore(asks.many.app.outside.engine), list[Report]()
    for plan in district_year(60, NOW - DAY, 11, ZoneInfo(ZONE)):
        (recording,) = reported(plan).recordings
        store.record(recording.model_copy(update={"notices": ()}))
        reports.append((recording.case.client.subdistrict or "", recording.case.reported_at))
    for place, days, subjects in TALKS:
        body = talk(held_on=str(TODAY - days * DAY), subdistrict=place, subjects=subjects)
        assert (await asks.records("caseworker", body)).status_code == 201
    return asks, reports


def place_of(name: str) -> str:
    return "_".join(name.lower().split())


def sides(report: Report, place: str, days: int) -> str | None:
    """Whether a report came before or after a talk so many days ago, or neither."""
    held = datetime.combine(TODAY - days * DAY, time(tzinfo=ZoneInfo(ZONE)))
    if place_of(report[0]) != place or not held - 30 * DAY <= report[1] < held + 30 * DAY:
        return None
    return "after" if report[1] >= held else "before"


async def test_what_follows_each_talk_is_what_a_slow_recount_says(year: tuple[Asks, list[Report]]) -> None:
    """Of the own office, to the number; of the cases of another office there is nothing."""
    asks, reports = year
    listed = (await asks("supervisor", params=PERIOD)).json()["items"]

    counted = []
    for place, days, _ in TALKS:
        found = [sides(report, place, days) for report in reports]
        counted.append((place, days, found.count("before"), found.count("after")))
    shown = [
        (each["subdistrict"], (TODAY - date.fromisoformat(each["held_on"])).days, *_counts(each["reports"]))
        for each in listed
    ]
    assert sorted(shown) == sorted(counted)
    assert sum(before + after for *_, before, after in counted) > 5
    assert {each["reports"]["complete"] for each in listed} == {True, False}
    assert {each["reports"] for each in (await asks("viewer", params=PERIOD)).json()["items"]} == {None}


async def test_the_summary_counts_each_report_once(year: tuple[Asks, list[Report]]) -> None:
    """By subdistrict and in all: after one talk goes before before another; an activity stands under each subject."""
    asks, reports = year
    found = (await asks("supervisor", path="/summary", params=PERIOD)).json()

    places = {place for place, *_ in TALKS}
    recounted = {place: [_side(report, place) for report in reports] for place in places}
    shown = {each["code"]: (each["activities"], *_counts(each["reports"])) for each in found["by_subdistrict"]}
    assert shown == {
        place: (sum(each[0] == place for each in TALKS), sides.count("before"), sides.count("after"))
        for place, sides in recounted.items()
    }
    assert _counts(found["whole"]["reports"]) == tuple(
        sum(sides.count(side) for sides in recounted.values()) for side in ("before", "after")
    )
    assert {each["code"]: each["activities"] for each in found["by_subject"]} == {
        subject: sum(subject in subjects for *_, subjects in TALKS) for subject in ("child_marriage", "parenting")
    }
    whole = {name: found["whole"][name] for name in ("participants", "female", "male", "children", "adults")}
    many = len(TALKS)
    assert whole == {
        "participants": 23 * many,
        "female": 20 * many,
        "male": 3 * many,
        "children": 3 * many,
        "adults": 20 * many,
    }


async def test_beyond_the_office_only_a_whole_quarter_is_told_and_nothing_small(
    year: tuple[Asks, list[Report]],
) -> None:
    """And only when nothing follows it any more; no subdistrict by itself, no activity by itself."""
    asks, _ = year
    quarters = [date(TODAY.year - 1, month, 1) for month in (1, 4, 7, 10)]
    for first in quarters:
        last = (first + 100 * DAY).replace(day=1) - DAY
        days = {"from": first.isoformat(), "to": last.isoformat()}
        for who in ("viewer", "coordinator"):
            found = (await asks(who, path="/summary", params=days)).json()
            told = found["whole"]["reports"]
            assert {each["reports"] for each in (*found["by_subdistrict"], *found["by_subject"])} <= {None}
            if last + 31 * DAY < TODAY:
                assert not any(count is not None and is_small(count) for count in told.values())
            else:
                assert told is None
    assert (await asks("viewer", path="/summary", params=PERIOD)).json()["whole"]["reports"] is None
    assert (await asks("police", path="/summary", params=PERIOD)).status_code == 403


async def test_list_and_summary_are_files_too(year: tuple[Asks, list[Report]]) -> None:
    asks, _ = year
    listed = (await asks("supervisor", params={**PERIOD, "format": "csv"})).content.decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(listed)))
    assert [row["subdistrict"] for row in rows] == [place for place, *_ in sorted(TALKS, key=lambda talk: -talk[1])]
    summary = await asks("viewer", path="/summary", params={**PERIOD, "format": "csv"})
    whole = list(csv.DictReader(StringIO(summary.content.decode("utf-8-sig"))))
    assert (whole[-1]["code"], whole[-1]["activities"]) == ("all", str(len(TALKS)))
    book = await asks("supervisor", path="/summary", params={**PERIOD, "format": "xlsx"})
    assert book.content[:2] == b"PK"


@pytest.mark.parametrize(
    "days",
    [
        {"from": "2026-01-01"},
        {"from": "2026-02-01", "to": "2026-01-01"},
        {"from": "2020-01-01", "to": "2026-01-01"},
    ],
)
async def test_days_that_are_no_period_are_refused(year: tuple[Asks, list[Report]], days: dict[str, str]) -> None:
    answer = await year[0]("supervisor", path="/summary", params=days)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_a_period")


def _side(report: Report, place: str) -> str | None:
    of = [sides(report, each, days) for each, days, _ in TALKS if each == place]
    return "after" if "after" in of else "before" if "before" in of else None


def _counts(reports: Mapping[str, int]) -> tuple[int, int]:
    return reports["before"], reports["after"]
