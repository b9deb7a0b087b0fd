"""Erased is erased: a copy of everything from before, and every key that still exists, give nothing of it back."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from casework import commands as c
from casework.db.audit import SqlAudit
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.errors import ErasedError
from casework.ids import new_id, workflow_id
from casework.models.pathway import ClockKind, Length, Retention
from casework.models.people import ITSELF, Actor, Role
from casework.temporal.histories import CaseHistories
from casework.vault.errors import VaultError
from casework.vault.schema import keys
from casework.vault.sealing import open_sealed
from casework.vault.signing import TrustedKeys
from starter.audit.findings import Verified
from starter.audit.verify import Sources, verify
from starter.cases import Cases
from tests.canaries import Cage
from tests.canary_asking import Asking, operations
from tests.canary_places import payloads
from tests.canary_walk import Walk, attach, plan_and_tell, refer_and_answer, write
from tests.erasing import closed, erased, erasing, gone
from tests.matrix_bodies import AT_ITS_END, GIVEN
from tests.real_site import RealSite
from tests.stack import Stack
from tests.test_walk import walk_in
from web.api.routing import V1

STAYS = {("GET", "log"), ("GET", "erasure"), ("GET", "certificate")}
"""What of an erased case is still there to be read."""
REQUEST = {"given_to": "self", "reason": "Permintaan tertulis."}


@dataclass(frozen=True)
class Before:
    """Everything there was of a case."""

    rows: dict[str, list[dict[str, Any]]]
    """Every row of every table of the case database."""
    sealed: list[Any]
    """Every payload of its histories, as the engine stores them."""
    stored: str
    """The histories as they are stored."""


@dataclass(frozen=True)
class Shredded:
    """A case that was erased, what there was of it, and another beside it that was not."""

    app: Stack
    site: RealSite
    walk: Walk
    other: Walk
    number: str
    ids: dict[str, str]
    before: Before
    openable: int
    found: list[str]
    """The cases that a search by the client's name gave."""
    name: str
    file: dict[str, Any]
    intake: dict[str, Any]
    hidden: list[str]
    """Where the client is."""
    refused: httpx.Response
    """What was said to who asked for the erasure while the records were held."""

    @property
    def case_id(self) -> str:
        return self.walk.case_id

    async def search(self) -> list[str]:
        """The cases that a search by the client's name gives."""
        answer = await self.site.post(self.app.supervisor, "/cases/search", client_name=self.name)
        return [each["id"] for each in answer.json()["items"]]


@pytest.fixture(scope="module")
async def lost(idle: Stack) -> AsyncIterator[Shredded]:
    """A whole case with a canary in every place, held, released, and erased."""
    async with erasing(idle) as app:
        other = walking(app)
        await other.open()
        await suspected(other)
        yield await shredded(app, await lived(app), other)


def walking(app: Stack) -> Walk:
    """Canaries of its own for a case."""
    return Walk(app, Asking(app, Cage(), RealSite(app).client))


async def suspected(walk: Walk) -> None:
    """Somebody with a number that can be called."""
    who = {"relation": "neighbour", "name": walk.cage.word(), "phone": walk.cage.keep("+62811000777")}
    body = c.AmendClient.model_validate({"alleged_perpetrators": [who], "reason": walk.cage.word()})
    await walk.give("amend_client", walk.app.caseworker, body)


async def lived(app: Stack) -> Walk:
    """A case with everything that may be sealed of one, closed."""
    walk = walking(app)
    await walk.open()
    await suspected(walk)
    await plan_and_tell(walk)
    await refer_and_answer(walk)
    await attach(walk)
    await write(walk)
    where = {"address": walk.cage.word(), "name": walk.cage.word()}
    await walk.give("set_location", app.caseworker, c.SetLocation.model_validate(where))
    await closed(walk)
    return walk


async def shredded(app: Stack, walk: Walk, other: Walk) -> Shredded:
    """What is known of a case, and the case erased."""
    site, one = RealSite(app), f"/cases/{walk.case_id}"
    where = await site.post(app.head, f"{one}/location/readings", reason="Menjemput klien.")
    file = await site.post(app.head, f"{one}/subject-access", **REQUEST)
    assert file.status_code == 200, file.text
    assert (await site.post(app.supervisor, f"{one}/subject-access", **REQUEST)).status_code == 403
    await walk.give("hold_records", app.head, c.HoldRecords(reason=walk.cage.word()))
    refused = await site.post(app.supervisor, f"{one}/erasure", reason="Permintaan klien.")
    await walk.give("release_records", app.head, c.ReleaseRecords(reason=walk.cage.word()))
    before, intake = await copied(app, walk.case_id), await site.ask(app.supervisor, "GET", f"{one}/intake")
    known = Shredded(
        app=app,
        site=site,
        walk=walk,
        other=other,
        number=(await site.ask(app.supervisor, "GET", one)).json()["number"],
        ids=await named(site, walk.case_id),
        before=before,
        openable=opened(app, before, walk.case_id) + await decoded(app, before),
        found=[],
        name=file.json()["client"]["name"],
        file=file.json(),
        intake=intake.json()["items"][0],
        hidden=[where.json()["name"], where.json()["address"]],
        refused=refused,
    )
    known = replace(known, found=await known.search())
    await erased(walk)
    return known


async def named(site: RealSite, case_id: str) -> dict[str, str]:
    """What the names in addresses stand for."""
    ids = {"case_id": case_id, "asks": "record_follow_up", "hold_id": "x", "exclusion_id": "x"}
    for name in ("referral", "notification", "document", "letter"):
        listed = await site.ask(site.stack.supervisor, "GET", f"/cases/{case_id}/{name}s")
        ids[f"{name}_id"] = listed.json()["items"][0]["id"]
    return ids


# ---- copies, and keys


async def copied(app: Stack, case_id: str) -> Before:
    """A dump of the case database, and the histories of every run of the case."""
    names = (
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    with reading(app.outside.engine, ENGINE) as connection:
        tables = connection.execute(text(names)).scalars().all()
    sealed, stored = [], ""
    run_id: str | None = (await app.client.get_workflow_handle(workflow_id(case_id)).describe()).run_id
    while run_id:
        history = await app.client.get_workflow_handle(workflow_id(case_id), run_id=run_id).fetch_history()
        stored += history.to_json()
        sealed += [p for e in history.events for p in payloads(e) if p.metadata.get("encoding") == b"binary/encrypted"]
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return Before({table: rows_of(app, table) for table in tables}, sealed, stored)


def rows_of(app: Stack, table: str) -> list[dict[str, Any]]:
    """The rows of a table."""
    with reading(app.outside.engine, ENGINE) as connection:
        return [dict(row) for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings()]  # noqa: S608


def remaining(app: Stack) -> dict[str, bytes]:
    """Every key that is still in the key store, unwrapped, and all that is derived from the root key."""
    with app.outside.key_engine.connect() as connection:
        ids = connection.scalars(select(keys.c.id)).all()
    found = {key_id: app.outside.keys.get(key_id) for key_id in ids}
    return {**found, "payloads": app.outside.root.derive(b"temporal payloads")}


async def decoded(app: Stack, before: Before) -> int:
    """How many payloads of the copy open."""
    codec, found = app.client.data_converter.payload_codec, 0
    assert codec is not None
    for payload in before.sealed:
        try:
            found += len(await codec.decode([payload]))
        except VaultError:
            continue
    return found


def opened(app: Stack, before: Before, case_id: str) -> int:
    """How many sealed things of the copied database open with any key that there is."""
    left = remaining(app).values()
    return sum(any(opens(sealed, key) for key in left) for sealed in of_case(before, case_id))


def of_case(before: Before, case_id: str) -> list[tuple[bytes, list[bytes]]]:
    """Whatever was sealed of the case, with the places it may be bound to: texts, locations, reasons, pieces."""
    rows = [row for rows in before.rows.values() for row in rows if row.get("case_id") == case_id]
    documents = {row["id"] for row in before.rows["documents"] if row["case_id"] == case_id}
    found = [(row.get("id", case_id), value) for row in rows for value in row.values() if isinstance(value, bytes)]
    sealed = [(content, [f"document|{case_id}|{at}".encode() for at in (id_, "opening")]) for id_, content in found]
    pieces = [row for row in before.rows["file_pieces"] if row["document_id"] in documents]
    return sealed + [(row["sealed"], pieces_of(case_id, row)) for row in pieces]


def pieces_of(case_id: str, row: dict[str, Any]) -> list[bytes]:
    """Where a piece of a file may be bound to."""
    return [f"file|{case_id}|{row['document_id']}|{row['number']}|{end}".encode() for end in ("last", "more")]


def opens(sealed: tuple[bytes, list[bytes]], key: bytes) -> bool:
    """Whether a key opens it."""
    for place in sealed[1]:
        try:
            open_sealed(key, sealed[0], place)
        except VaultError:
            continue
        return True
    return False


async def verified(app: Stack) -> Verified:
    """What a verification of everything says; nothing is signed here."""
    histories, trusted, now = CaseHistories(app.client), TrustedKeys([]), partial(datetime.now, UTC)
    return await verify(Sources(SqlAudit(app.outside.engine), app.outside.vault, tuple, trusted.verify, histories, now))


# ---- tests


async def test_a_dump_from_before_and_the_keys_that_exist_give_nothing_back(lost: Shredded) -> None:
    """Not the texts, files and letters, not the location or why it was read, not the report, not the history."""
    app, before = lost.app, lost.before
    sealed = {table for table in ("documents", "locations", "location_readings", "reservations") if before.rows[table]}
    assert len(sealed) == 4
    assert lost.openable > 40, "what is to be lost must be there before"

    assert opened(app, before, lost.case_id) + await decoded(app, before) == 0
    assert not [key_id for key_id in remaining(app) if lost.case_id in key_id]
    assert not [word for word in lost.walk.cage.words if word in before.stored or word in str(before.rows)]
    other = await copied(app, lost.other.case_id)
    assert opened(app, other, lost.other.case_id) + await decoded(app, other) > 10, "another case is as it was"


async def test_the_log_still_verifies(lost: Shredded) -> None:
    """Its chain, its row, and that its keys are gone as it says; what nobody can open is said."""
    found = await verified(lost.app)
    assert found.findings == []
    assert "what is sealed of 1 cases: their keys are gone, and nobody can open it" in found.unchecked


async def test_it_is_found_by_nothing_any_more(lost: Shredded) -> None:
    """Neither by its client, nor by its number, nor in any list; of suspects' numbers no mark is left."""
    assert lost.found == [lost.case_id]
    assert await lost.search() == []
    for table in ("client_index", "suspect_numbers"):
        assert {row["case_id"] for row in lost.before.rows[table]} == {lost.case_id, lost.other.case_id}
        assert {row["case_id"] for row in rows_of(lost.app, table)} == {lost.other.case_id}
    for path in ("cases", "referrals", "notifications", "stalled"):
        for by in (lost.app.supervisor, lost.app.hospital, lost.app.police):
            answer = await lost.site.ask(by, "GET", f"/{path}?limit=200")
            assert lost.number not in answer.text, path
    listed = await lost.site.ask(lost.app.supervisor, "GET", f"/cases?number={lost.number}")
    assert listed.json()["items"] == []
    glass = await lost.site.post(lost.app.supervisor, "/break-glass", number=lost.number, reason="Terlambat.")
    assert glass.status_code == 404


async def test_nobody_is_told_of_it_any_more_but_that_it_was_erased(lost: Shredded) -> None:
    """What waited in the outbox leads nowhere now."""
    waiting = [row for row in rows_of(lost.app, "notices") if row["state"] in ("queued", "failed", "skipped")]
    assert {row["kind"] for row in waiting if row["case_id"] == lost.case_id} == {"case_erased"}
    assert "case_opened" in {row["kind"] for row in waiting if row["case_id"] == lost.other.case_id}


def asked(lost: Shredded) -> Iterator[tuple[Actor, str, str]]:
    """Every address that names a case, or something of one, by somebody who could ask it."""
    app = lost.app
    for method, path in sorted(operations(lost.site.app.routes)):
        names = set(re.findall(r"{(\w+)", path)) & {"case_id", "referral_id", "notification_id"}
        if names and (method, path.rpartition("/")[2]) not in STAYS:
            by = app.police if "notification_id" in names else app.hospital if "referral_id" in names else app.head
            yield by, method, path


async def test_no_address_answers_anything_of_it(lost: Shredded) -> None:
    """No route and no page, whatever it is asked; who could see it is told that it was erased."""
    told: dict[str, list[str]] = {}
    count = 0
    for by, method, path in asked(lost):
        answer = await told_by(lost, by, method, path)
        assert answer.status_code == 404, f"{method} {path} {answer.text[:200]}"
        assert not [word for word in lost.walk.cage.words if word in answer.text]
        count += 1
        if path.startswith(f"{V1}/cases/"):
            told.setdefault(answer.json()["code"], []).append(f"{method} {path}")
        elif path == "/cases/{case_id}":
            assert f"/cases/{lost.case_id}/certificate" in answer.text
    assert count > 70
    assert told.keys() == {"erased"}, told.get("not_found")


async def told_by(lost: Shredded, by: Actor, method: str, path: str) -> httpx.Response:
    """The answer to a request that is whole, as an API or as a browser sends it."""
    short = path.removeprefix(V1)
    asking = Asking(lost.app, lost.walk.cage, lost.site.client)
    if not path.startswith(V1):
        form = {"files": {"file": ("surat.txt", b"surat")}} if path.endswith("/documents") else {}
        return await asking.visit(by, method, path, lost.ids, **form)
    if path.endswith("/documents") and method == "POST":
        body: dict[str, Any] = {"data": {"kind": "letter"}, "files": {"file": ("surat.txt", b"surat")}}
    else:
        body = {"json": {**GIVEN, **AT_ITS_END}.get(short, {})} if method != "GET" else {}
    return await asking.ask(by, method, path, lost.ids, **body)


async def test_what_stays_is_the_skeleton_and_its_certificate(lost: Shredded) -> None:
    """The log names who erased it, without a text; the certificate says until when a copy of the keys may live."""
    app, site, one = lost.app, lost.site, f"/cases/{lost.case_id}"
    answer = await site.ask(app.head, "GET", f"{one}/erasure")
    log = (await site.ask(app.supervisor, "GET", f"{one}/log?limit=200")).json()["items"]
    stranger = await site.ask(app.supervisor, "GET", f"/cases/{new_id()}")

    certificate = answer.json()
    assert (certificate["number"], certificate["decided_by"]) == (lost.number, app.head.account_id)
    assert (certificate["log_digest"], certificate["log_rows"]) == (log[-1]["digest"], len(log))
    assert (log[-1]["kind"], log[-1]["by"]) == ("CaseErased", app.head.account_id)
    until, since = (datetime.fromisoformat(certificate[name]) for name in ("copies_until", "destroyed_at"))
    assert until - since == timedelta(days=30)
    assert lost.number in certificate["text"]
    assert not [word for word in lost.walk.cage.words if word in str(log) + answer.text]
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    body = c.RecordFollowUp.model_validate({"at": datetime.now(UTC), "reached": True, "note": "Terlambat."})
    with pytest.raises(ErasedError):
        await app.cases.record_follow_up(app.ask(app.caseworker, lost.case_id), body)
    # Once more changes nothing: neither when it was nor what it says.
    assert app.outside.erasures.erase(lost.case_id) == app.outside.reads.certificate(ITSELF, lost.case_id)


async def test_certificates_are_for_who_decides_and_who_audits(lost: Shredded) -> None:
    """The caseworker is told that it was erased, and no more."""
    app, site = lost.app, lost.site
    for reader in (app.head, app.actor("auditor", Role.AUDITOR)):
        found = await site.ask(reader, "GET", "/erasures?limit=1")
        assert [each["case_id"] for each in found.json()["items"]] == [lost.case_id]
        assert (await site.ask(reader, "GET", f"/cases/{lost.case_id}/erasure")).status_code == 200
    for path in (f"/cases/{lost.case_id}/erasure", "/erasures"):
        assert (await site.ask(app.caseworker, "GET", path)).status_code == 403


async def test_a_legal_hold_refused_it(lost: Shredded) -> None:
    """Until a head released the records; nothing was left behind by the asking."""
    assert (lost.refused.status_code, lost.refused.json()["code"]) == (409, "records_held")
    kinds = [row["kind"] for row in lost.app.log(lost.case_id)]
    assert kinds[-4:] == ["RecordsHeld", "RecordsReleased", "ErasureAsked", "CaseErased"]


async def test_the_clients_own_file_tells_of_nobody_else(lost: Shredded) -> None:
    """What is kept about the client, and who did and read what; not who reported, who is suspected, or where."""
    file, words = lost.file, lost.walk.cage.words
    assert file["client"]["name"] in words
    assert {each["scope"] for each in file["consents"]} == {"services", "sharing"}
    assert {"ReferralSent", "AssessmentRecorded", "DocumentAdded"} <= {each["kind"] for each in file["recorded"]}
    assert "rsud-muaradua" in {each["agency_id"] for each in file["disclosed"]}
    assert [row["sequence"] for row in file["trail"]] == [*range(1, len(file["trail"]) + 1)]
    assert file["trail"][-1]["kind"] == "AccessGiven"
    read = {(each["account_id"], each["thing"]) for each in file["read_by"]}
    assert len(read) > 5
    assert lost.app.head.account_id in {account_id for account_id, _ in read}
    assert not [word for word in lost.hidden if word in str(file)]
    for people in (lost.intake["reporter"], *lost.intake["alleged_perpetrators"]):
        told = [value for value in people.values() if value in words]
        assert told
        assert not [word for word in told if word in str(file)]


async def test_it_comes_by_itself_when_the_time_is_over(lost: Shredded) -> None:
    """The head is warned, and nobody is asked."""
    app = lost.app
    half, whole = (Length(clock=ClockKind.H, units=seconds / 3600) for seconds in (0.5, 1.0))
    kept = {"retention": Retention(after=whole, warning=half, source="tests")}
    briefly = {category: pathway.model_copy(update=kept) for category, pathway in app.office.pathways.items()}
    office = replace(app.office, in_force=lambda: briefly)
    brief = Cases(app.client, replace(app.desk, office=office), wait=20.0)
    case_id = (await brief.open(app.ask(app.caseworker), walk_in(datetime.now(UTC)))).case_id
    same = c.MarkDuplicate(of_case_id=lost.other.case_id)
    await brief.mark_duplicate(app.ask(app.supervisor, case_id), same)
    await gone(app, case_id)

    log = app.log(case_id)
    assert [(row["kind"], row["account_id"]) for row in log[-2:]] == [
        ("RetentionEnding", "engine"),
        ("CaseErased", "engine"),
    ]
    certificate = app.outside.reads.certificate(ITSELF, case_id)
    assert certificate is not None
    assert certificate.decided_by == "engine"
    assert app.outside.keys.ids(case_id) == ()
