"""Nobody reads unseen: what an answer shows of cases is kept before it is sent; what cannot be kept is not shown."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from casework.ids import new_id
from casework.models.erasure import Certificate
from casework.models.sight import Sight, SightKind
from casework.ports import Reads
from tests.api_fakes import Web, report, web
from tests.recordings import SUPERVISOR
from tests.test_api_errors import is_problem
from tests.test_api_writes import opened, referred
from web.noting import NotingReads
from web.seen import SEEN, Seen, thing_of

OF_NO_CASE = {"agencies", "pathways", "pathway", "accounts", "contacts", "mailbox"} | {
    *("outreach", "outreach_summary", "outreach_codes", "public_report", "public_reports")
}
ASKED_OF_THE_DATABASE = {"access_log", "break_glass", "reports_indicators", "reports_register"}
TOLD = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True}


def shows(route: APIRoute) -> bool:
    """Whether a route reads something of cases."""
    reads = route.path.startswith("/api/v1") and "GET" in (route.methods or ())
    return reads and thing_of(route.path) not in OF_NO_CASE | ASKED_OF_THE_DATABASE


ROUTES = [route for route in web().app.routes if isinstance(route, APIRoute)]
PATHS = [route.path.removeprefix("/api/v1") for route in ROUTES if shows(route)]


@pytest.fixture
def app() -> Web:
    return web()


def sights(app: Web, username: str) -> list[Sight]:
    """What somebody has seen."""
    return [each for each in app.memory.sights if each.actor.account_id == username]


def certified(case_id: str) -> Certificate:
    """That a case was erased."""
    now = datetime.now(UTC)
    times = {"decided_at": now, "destroyed_at": now, "copies_until": now + timedelta(days=30)}
    rest = {"decided_by": "head", "documents": 1, "log_rows": 1, "log_digest": "0" * 64}
    return Certificate(case_id=case_id, number="OKUS-2026-00001-1", **times, **rest)


async def everything(app: Web, path: str) -> dict[str, str]:
    """A case with a referral, a notification and a sealed text, by the names of addresses; a letter where it is asked
    for."""
    referral = await referred(app)
    made_at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    told = await app.post("caseworker", f"/cases/{referral['case_id']}/notifications", {**TOLD, "made_at": made_at})
    assert told.status_code == 200, told.text
    app.memory.certificates[referral["case_id"]] = certified(referral["case_id"])
    letter = await written(app, referral) if "letter_id" in path else ""
    return {
        "case_id": referral["case_id"],
        "referral_id": referral["id"],
        "notification_id": next(iter(app.memory.notifications)),
        "letter_id": letter,
        "figure_id": "by_sex",
        "document_id": next(row["document_id"] for row in app.memory.log if row["document_id"]),
    }


async def written(app: Web, referral: Mapping[str, Any]) -> str:
    """A letter to both agencies."""
    body = {"kind": "case_summary", "agencies": [referral["agency_id"], TOLD["agency_id"]]}
    made = await app.post("caseworker", f"/cases/{referral['case_id']}/letters", body)
    return str(made.json()["id"])


@pytest.mark.parametrize("path", PATHS)
async def test_every_route_that_shows_something_of_a_case_leaves_a_row(app: Web, path: str) -> None:
    """A route that is added is asked here too: one that shows a case and keeps nothing fails."""
    ids = await everything(app, path)
    if path == "/stalled":
        make_late(app)
    reader = "police" if path.startswith("/notifications") else "supervisor"

    answer = await app.get(reader, re.sub(r"{(\w+)}", lambda found: ids[found[1]], path))

    assert answer.status_code == 200, answer.text
    seen = sights(app, reader)[-1]
    assert (seen.thing, seen.case_ids, seen.kind) == (thing_of(path), (ids["case_id"],), SightKind.SHOWN)
    grounds = {"/notifications": "referral", "/erasures": "audit"}
    assert seen.ground == grounds.get(path, "referral" if reader == "police" else "own_office")


def make_late(app: Web) -> None:
    """Every case stands still."""
    for row in app.memory.cases.values():
        row["stalls_at"] = datetime.now(UTC) - timedelta(hours=1)


@pytest.mark.parametrize("path", PATHS)
async def test_what_cannot_be_kept_is_not_shown(app: Web, path: str) -> None:
    """503, and nothing of the case in it."""
    ids = await everything(app, path)
    if path == "/stalled":
        make_late(app)
    app.memory.access_log_away = True
    reader = "police" if path.startswith("/notifications") else "supervisor"

    answer = await app.get(reader, re.sub(r"{(\w+)}", lambda found: ids[found[1]], path))

    is_problem(answer, 503, "database_unavailable")
    assert ids["case_id"] not in answer.text
    assert "Kenari" not in answer.text


async def test_a_defect_of_the_log_shows_nothing_either(app: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong while it is written."""
    case_id = await opened(app)

    def fail(_: Any, __: Any) -> None:
        raise RuntimeError("Siti Kenari")

    monkeypatch.setattr("tests.api_fakes.MemoryAccessLog.write", fail)
    answer = await app.get("caseworker", f"/cases/{case_id}")

    is_problem(answer, 500, "internal_error")
    assert "Kenari" not in answer.text


async def test_the_answer_to_a_command_is_a_sight_too(app: Web) -> None:
    """Also to a repeat, which shows again what the first one showed."""
    body = report()
    for _ in range(2):
        answer = await app.post("caseworker", "/cases", body, Idempotency_Key="k")
        seen = sights(app, "caseworker")[-1]
        assert (seen.thing, seen.case_ids, seen.ground) == ("cases", (answer.json()["id"],), "command")
    assert len(sights(app, "caseworker")) == 2


async def test_a_command_whose_answer_cannot_be_kept_is_answered_when_it_is_repeated(app: Web) -> None:
    """It was applied, once; who repeats it with its key sees what it left."""
    app.memory.access_log_away = True
    body = report()
    is_problem(await app.post("caseworker", "/cases", body, Idempotency_Key="k"), 503, "database_unavailable")
    app.memory.access_log_away = False

    answer = await app.post("caseworker", "/cases", body, Idempotency_Key="k")

    assert answer.status_code == 201
    assert len(app.memory.cases) == 1


async def test_cases_in_a_list_are_one_row(app: Web) -> None:
    """However many there are; an empty list shows nothing."""
    case_ids = {await opened(app), await opened(app)}

    await app.get("supervisor", "/cases")
    await app.get("supervisor2", "/cases")

    seen = sights(app, "supervisor")[-1]
    assert (seen.thing, seen.kind, set(seen.case_ids)) == ("cases", SightKind.LISTED, case_ids)
    assert sights(app, "supervisor2") == []


def test_a_search_that_finds_nobody_is_noted(app: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells that no such person is known here."""
    reads = NotingReads(app.site.desk.reads)
    monkeypatch.setattr("tests.api_fakes.MemoryReads.cases", lambda *_: ([], None))
    seen = Seen()
    token = SEEN.set(seen)

    reads.cases(SUPERVISOR, {}, 50, None, None, (frozenset({b"name"}),))
    SEEN.reset(token)

    assert (seen.reader, seen.cases) == (SUPERVISOR, {None: "search"})


@pytest.mark.parametrize("path", ["/cases/{}", "/cases/{}/intake", "/cases/{}/log", "/cases/{}/documents/{}"])
async def test_what_is_refused_is_kept(app: Web, path: str) -> None:
    """Alike for what is there and for what is not."""
    there = "01980000-0000-7000-8000-000000000001"
    app.memory.cases[there] = {**app.memory.cases[await opened(app)], "id": there}
    for case_id in (there, new_id()):
        is_problem(await app.get("caseworker2", path.format(case_id, case_id)), 404, "not_found")

        seen = sights(app, "caseworker2")[-1]
        assert (seen.kind, seen.case_ids, seen.ground) == (SightKind.REFUSED, (case_id,), None)


async def test_who_sees_a_case_but_not_its_content_is_refused_that(app: Web) -> None:
    """403 is a refusal like 404."""
    case_id = await opened(app)

    is_problem(await app.get("coordinator", f"/cases/{case_id}/intake"), 403, "forbidden")

    assert sights(app, "coordinator")[-1].kind == SightKind.REFUSED


async def test_a_refused_command_on_a_case_not_theirs_is_kept(app: Web) -> None:
    """Writing is no way to look."""
    case_id = await opened(app)

    answer = await app.post("caseworker2", f"/cases/{case_id}/consent-withdrawal", {"scope": "sharing", "by": "self"})
    linked = await app.post("caseworker", f"/cases/{case_id}/links", {"case_id": new_id(), "relation": "sibling"})

    is_problem(answer, 404, "not_found")
    is_problem(linked, 422, "unknown_case")
    assert [sights(app, who)[-1].kind for who in ("caseworker2", "caseworker")] == [SightKind.REFUSED] * 2


@pytest.mark.parametrize("case_id", ["Siti-Kenari", "081234567890", "1671014107900001"])
async def test_an_address_that_is_no_id_is_not_kept(app: Web, case_id: str) -> None:
    """What somebody types may be a name or a number of a person."""
    await app.get("caseworker", f"/cases/{case_id}/documents/{case_id}")

    (seen,) = sights(app, "caseworker")
    assert (seen.case_ids, seen.subject_id, seen.kind) == ((), None, SightKind.REFUSED)


async def test_a_mistake_is_no_refusal(app: Web) -> None:
    """What is not valid, what the stage does not allow, an address that does not exist: nobody looked at anything."""
    case_id = await opened(app)
    before = len(app.memory.sights)

    answers = [
        await app.get("caseworker", "/cases", sort="x"),
        await app.get("caseworker", "/nowhere"),
        await app.post("caseworker", f"/cases/{case_id}/assessment", {"risk": "great"}),
        await app.get(None, f"/cases/{case_id}"),
    ]

    assert [answer.status_code for answer in answers] == [422, 404, 422, 401]
    assert len(app.memory.sights) == before


async def test_each_request_notes_for_itself(app: Web) -> None:
    """Two at once do not mix what they saw."""
    import asyncio

    one, other = await opened(app), await opened(app)
    before = len(app.memory.sights)

    answers: list[httpx.Response] = await asyncio.gather(
        *(app.get("supervisor", f"/cases/{case_id}") for case_id in [one, other] * 10)
    )

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(each.case_ids for each in app.memory.sights[before:]) == sorted([(one,)] * 10 + [(other,)] * 10)


@pytest.mark.parametrize(
    ("path", "thing"),
    [
        ("/api/v1/cases", "cases"),
        ("/api/v1/cases/{case_id}", "case"),
        ("/cases/{case_id}", "case"),
        ("/api/v1/cases/{case_id}/follow-ups", "follow_ups"),
        ("/api/v1/cases/{case_id}/documents/{document_id}", "document"),
        ("/api/v1/cases/{case_id}/plan/decision", "plan_decision"),
        ("/api/v1/cases/{case_id}/holds/{hold_id}/release", "holds_release"),
        ("/api/v1/access-log", "access_log"),
        ("/", "home"),
    ],
)
def test_a_route_is_called_by_what_it_shows(path: str, thing: str) -> None:
    assert thing_of(path) == thing


def test_nothing_is_read_past_the_notes() -> None:
    """Whatever is added to what can be read of cases is noted, or said not to need it."""
    promised = {name for name in vars(Reads) if not name.startswith("_")}

    assert promised == {name for name in vars(NotingReads) if not name.startswith("_")}
