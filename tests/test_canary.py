"""Canary words in every input, through a whole walk and through everything that is refused: none sings anywhere."""

import base64
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict
from structlog.testing import capture_logs

from casework.db.reads import SqlReads
from casework.ids import workflow_id
from casework.models.people import Actor, Role
from casework.rules.step import RULES
from tests.canaries import SONG, Cage, spellings
from tests.canary_asking import Asking, Operation, ask_wrongly, operations, texts_of
from tests.canary_door import ended_well, through_the_door
from tests.canary_house import House, built, served
from tests.canary_links import AGENCY, by_links
from tests.canary_pages import forms_sent, pages, pages_read
from tests.canary_places import payloads
from tests.canary_public import by_the_public
from tests.canary_walk import ELSEWHERE, Walk, end, follow, hold_and_remind, plan_and_tell, refer_and_answer, told
from tests.erasing import closed, erased
from tests.reported import reported
from tests.stack import Stack, talk, waiting
from web.api.routing import V1
from web.app import create_app

ASKED_ELSEWHERE = {("GET", "/session/provider"), ("GET", "/session/provider/callback")}
"""They need another provider: tests/test_provider.py."""
STATIC = ("GET", "/static/{digest}/{name}")
HELD = {"cases", "case_log", "referrals", "notifications", "deadlines", "notices", "reservations", "documents"} | {
    *("locations", "location_readings", "files", "file_pieces", "access_log", "client_index", "sessions", "tokens"),
    *("factors", "recovery_codes", "throttles", "accounts", "keys", "break_glass", "exclusions", "contacts"),
    *("links", "mailboxes", "public_reports"),
}
"""Tables that must not be empty when they are looked through."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """All of it."""
    async with built(tmp_path) as one:
        yield one


# ---- what is asked


async def walked(asking: Asking) -> list[Walk]:
    """A case to its end, and another that it is linked with."""
    walk, other = Walk(asking.stack, asking), Walk(asking.stack, asking)
    await other.open()
    await walk.open()
    await plan_and_tell(walk)
    await refer_and_answer(walk)
    await follow(walk, other.case_id)
    await hold_and_remind(walk)
    await beside(asking, walk.case_id)
    await forms_sent(asking, known(asking.stack, walk.case_id, asking.cage.word()))
    await by_links(asking, other)
    await by_the_public(asking, other.case_id)
    await end(walk, other.case_id)
    await gone(asking)
    return [walk, other]


async def gone(asking: Asking) -> None:
    """A case of its own, erased, and its certificate; what it was is listened for like everything else."""
    walk = Walk(asking.stack, asking)
    await walk.open()
    await told(walk)
    await closed(walk)
    await erased(walk)
    ids = {"case_id": walk.case_id}
    await ended_well(asking.ask(asking.stack.head, "GET", f"{V1}/cases/{{case_id}}/erasure", ids))
    await ended_well(asking.visit(asking.stack.head, "GET", "/cases/{case_id}/certificate", ids))


async def beside(asking: Asking, case_id: str) -> None:
    """What is written and is no command of a case; whoever adds such a route asks it here."""
    app, ids = asking.stack, {"case_id": case_id}
    searched = {"client_name": asking.cage.word(), "national_id": asking.cage.number()}
    await ended_well(asking.ask(app.supervisor, "POST", f"{V1}/cases/search", json=searched))
    why = {"reason": asking.cage.word()}
    await ended_well(asking.ask(app.head, "POST", f"{V1}/cases/{{case_id}}/location/readings", ids, json=why))
    away = {"from": datetime.now(UTC).isoformat(), "until": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    absent = {"account_id": app.actor("absent", Role.CASEWORKER).account_id}
    await ended_well(asking.ask(app.supervisor, "POST", f"{V1}/accounts/{{account_id}}/absence", absent, json=away))
    mail = {"medium": "email", "address": "penyelia@dinas.example", "safe": True}
    await ended_well(asking.ask(app.supervisor, "POST", f"{V1}/contacts", json=mail))
    await outreach(asking)
    await glass_and_exclusion(asking, case_id, absent)
    history = await app.client.get_workflow_handle(workflow_id(case_id)).fetch_history()
    sealed = {"payloads": [MessageToDict(each) for event in history.events[:1] for each in payloads(event)]}
    there = {"X-Namespace": "default"}
    await ended_well(asking.ask(app.supervisor, "POST", "/codec/decode", json=sealed, headers=there))


async def outreach(asking: Asking) -> None:
    """An activity, and what was promised at it. It says nothing of a case; its texts are nobody's."""
    app, today = asking.stack, datetime.now(UTC).date().isoformat()
    promise = {"what": "Poster", "owner": {"agency_id": AGENCY}, "due_on": "2199-01-01"}
    body: dict[str, object] = {
        "held_on": "2026-01-05",
        "subjects": ["parenting"],
        "subdistrict": "simpang",
        "place": "Balai desa",
    }
    body |= {"organiser": "dinas-pppappkb", "participants": [{"count": 20}], "promises": [promise]}
    made = (await ended_well(asking.ask(app.supervisor, "POST", f"{V1}/outreach", json=body))).json()
    ids = {"outreach_id": made["id"], "promise_id": made["promises"][0]["id"]}
    path = f"{V1}/outreach/{{outreach_id}}/promises/{{promise_id}}/kept"
    await ended_well(asking.ask(app.supervisor, "POST", path, ids, json={"kept_on": today}))


async def glass_and_exclusion(asking: Asking, case_id: str, who: dict[str, str]) -> None:
    """Glass broken from elsewhere and reviewed; somebody excluded, and no more."""
    app = asking.stack
    row = app.outside.reads.case(app.supervisor, case_id)
    assert row is not None
    elsewhere = app.actor("supervisor3", Role.SUPERVISOR, ELSEWHERE)
    why = {"number": row["number"], "reason": f"{asking.cage.word()} {asking.cage.word()}"}
    broken = await ended_well(asking.ask(elsewhere, "POST", f"{V1}/break-glass", json=why))
    glass, well = {"glass_id": broken.json()["id"]}, {"justified": True}
    await ended_well(asking.ask(app.supervisor, "POST", f"{V1}/break-glass/{{glass_id}}/review", glass, json=well))
    path, ids = f"{V1}/cases/{{case_id}}/exclusions", {"case_id": case_id}
    excluded = await ended_well(asking.ask(app.supervisor, "POST", path, ids, json={**who, "ground": "own_interest"}))
    ids["exclusion_id"] = excluded.json()["id"]
    await ended_well(asking.ask(app.head, "POST", f"{path}/{{exclusion_id}}/lifting", ids))


def known(app: Stack, case_id: str, story: str) -> dict[str, list[str]]:
    """What the names in addresses stand for."""
    return {
        "case_id": [case_id],
        "document_id": [row["document_id"] for row in app.log(case_id) if row["document_id"]],
        "referral_id": [row["id"] for row in app.outside.reads.referrals(app.supervisor, case_id)],
        "notification_id": [row["id"] for row in app.outside.reads.told(app.supervisor, None, 50, None)[0]],
        "letter_id": [str(row["subject_id"]) for row in app.log(case_id, ["LetterIssued"])] or ["nowhere"],
        "category": ["sexual_violence"],
        "figure_id": ["by_sex"],
        "chapter": ["about"],
        "agency_id": [AGENCY],
        "account_id": [app.caseworker.account_id],
        "file": ["common"],
        **{name: [each] for name, each in talk(app, app.supervisor, AGENCY).items()},
        "report_id": [reported(app, story)],
        "version_id": [waiting(app, app.actor("administrator", Role.ADMINISTRATOR))],
        **{name: ["nowhere"] for name in ("hold_id", "glass_id", "exclusion_id", "token")},
    }


async def everything_read(asking: Asking, document: Mapping[str, Any], ids: Mapping[str, list[str]]) -> None:
    """Every GET, for each document and referral that there is."""
    for path in (path for path, there in document["paths"].items() if "get" in there):
        names = [name for name in ids if f"{{{name}}}" in path]
        last = ids[names[-1]] if names else [""]
        for each in last:
            filled = {name: each if name == names[-1] else ids[name][0] for name in names}
            await asking.ask(asking.stack.supervisor, "GET", path, filled)


async def broken(asking: Asking, monkeypatch: pytest.MonkeyPatch, case_id: str) -> None:
    """A defect whose text holds a canary."""

    def fail(*_: Any) -> None:
        raise RuntimeError(asking.cage.word(), {"name": asking.cage.word()})

    with monkeypatch.context() as patch:
        patch.setattr(SqlReads, "case", fail)
        answer = await asking.ask(asking.stack.supervisor, "GET", f"{V1}/cases/{{case_id}}", {"case_id": case_id})
        assert answer.status_code == 500


async def all_refused(asking: Asking, served_: set[Operation], ids: Mapping[str, list[str]]) -> None:
    """Everything there is, asked wrongly."""
    first = {name: each[0] for name, each in ids.items()}
    by: Actor = asking.stack.supervisor
    for asked in sorted(served_):
        asking.tokens.clear()  # some of them end it
        await ask_wrongly(asking, by, asked, first)


# ---- the test


@contextmanager
def listening(caplog: pytest.LogCaptureFixture, *but: str) -> Iterator[None]:
    """Every log line of every library, but for those of our client and our mail server, who know what was sent."""
    caplog.set_level(logging.DEBUG)
    ours = {each: each.level for each in map(logging.getLogger, but)}
    for each in ours:  # not through caplog, which would then hear nothing quieter from anybody
        each.setLevel(logging.WARNING)
    yield
    for each, level in ours.items():
        each.setLevel(level)


def check_all_was_asked(asking: Asking, app: FastAPI) -> None:
    """Every command, every sealed field, every route and every text that a body may hold: new ones are asked too."""
    document = app.openapi()
    assert RULES.keys() <= asking.cage.met, "whoever adds a command walks it in tests/canary_walk.py"
    assert asking.cage.silent_fields() == set()
    left = operations(app.routes) - asking.answered - ASKED_ELSEWHERE - {STATIC}
    assert left == set(), "whoever adds a route asks it in `beside`, and a page in tests/canary_pages.py"
    texts = texts_of(document)
    assert len(texts) > 50
    assert texts - asking.marked == set(), "whoever adds a text fills it with a canary"


@pytest.mark.timeout(300)
async def test_no_canary_sings(
    house: House, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in a dump, nor in the engine, its payloads opened, nor in logs, notices, headers, refusals, metrics."""
    site, cage = house.stack.site, Cage()
    site.closing.set()  # a stream of events ends at once, and can be asked like everything else
    app = create_app(site)
    with capture_logs() as lines:
        async with served(app, house.stack.settings) as client:
            asking = Asking(house.stack, cage, client)
            with listening(caplog, "httpx", "httpcore"):
                await through_the_door(asking)
                walks = await walked(asking)
                ids = known(house.stack, walks[0].case_id, cage.word())
                await everything_read(asking, app.openapi(), ids)
                pages_told = await pages_read(asking, pages(app.routes, app.openapi()), ids)
                await all_refused(asking, operations(app.routes), ids)
                await broken(asking, monkeypatch, walks[0].case_id)
        with listening(caplog, "mail.log"):
            house.deliver()
    check_all_was_asked(asking, app)

    heard = await house.heard(walk.case_id for walk in walks) | {
        "log": "".join(f"{each.getMessage()} {vars(each)}\n" for each in caplog.records).encode(),
        "log lines of ours": str(lines).encode(),
        **pages_told,
        "console": "".join(capfd.readouterr()).encode(),
        "refusals": b"\n".join(asking.refusals),
        "headers": b"\n".join(asking.headers),
    }

    assert cage.singing(heard) == {}
    assert len(cage.words) > 1000
    check_it_would_be_heard(house, heard)
    assert [each in heard["mails opened"].decode() for each in cage.mailed] == [False, False, True]


def check_it_would_be_heard(house: House, heard: Mapping[str, bytes]) -> None:
    """Every place was looked through: what may stand there does, and so would a canary."""
    number = next(iter(house.stack.outside.reads.cases(house.stack.supervisor, {}, 1, None)[0]))["number"].encode()
    assert not [name for name in HELD if not heard[f"{name} as text"]]
    for place in ("cases as text", "cases as binary", "mails opened", "webhooks"):
        assert number in heard[place], place
    for place in ("engine on disk", "engine lists"):
        assert b"CaseStage" in heard[place], place
    assert b"CaseWorkflow" in heard["engine metrics"]
    assert b"'event': 'request'" in heard["log lines of ours"]
    assert b"temporalio" in heard["log"]
    assert b"invalid_input" in heard["refusals"]
    assert b"application/problem+json" in heard["headers"]


def test_a_canary_is_heard_however_it_is_spelled() -> None:
    """In other letters, in hexadecimal, in base64 at any place, and where it is a number or a secret."""
    cage = Cage()
    word, number = cage.word(), cage.number()
    texts = [word, word.upper(), word.title(), f"<{word}>", number, f"?id={number}&x"]
    sung = {text: text.encode() for text in texts} | {"hex": word.encode().hex().encode()}
    sung |= {f"base64 {n}": base64.b64encode(b"x" * n + word.encode() + b"tail") for n in range(5)}
    sung |= {"wide": word.encode("utf-16-le"), "within base64": base64.b64encode(f'{{"name":"{word}"}}'.encode())}

    assert cage.singing(sung).keys() == sung.keys()
    assert cage.mail("surat") == "surat"
    assert cage.singing({"mails": b"surat", "notices as text": b"surat"}).keys() == {"notices as text"}
    assert cage.singing({"other": b"kenar 1600 " + base64.b64encode(b"burung")}) == {}
    assert len(set(spellings(SONG))) == 9
