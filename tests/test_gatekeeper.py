"""Glass that is broken, exclusions, and cases that are offered, from HTTP to the real database and back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from casework import commands as c
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import break_glass, documents, exclusions, notices
from casework.models.notice import Contact, Recipient
from casework.models.people import Actor, Role
from casework.ports import SightQuery
from tests.stack import Stack
from tests.test_api_errors import is_problem
from tests.test_stalled_walk import asking
from tests.test_walk import opened, walk_in

PROVINCE, UNIT = "uptd-ppa-sumatera-selatan", "uptd-ppa-oku-selatan"
REASON = "Klien datang sendiri ke kantor kami malam ini."


def stranger(app: Stack) -> Actor:
    """A supervisor of another office."""
    return app.actor("supervisor2", Role.SUPERVISOR, PROVINCE)


async def number_of(app: Stack, case_id: str) -> str:
    row = app.outside.reads.case(app.supervisor, case_id)
    assert row is not None
    return str(row["number"])


def count(app: Stack, table: Any, *where: Any) -> int:
    with reading(app.outside.engine, ENGINE) as connection:
        return connection.scalar(select(func.count()).select_from(table).where(*where)) or 0


async def broken(app: Stack, who: Actor, case_id: str, key: str | None = None) -> dict[str, Any]:
    """Glass that was broken."""
    async with asking(app, who) as client:
        body = {"number": await number_of(app, case_id), "reason": REASON}
        answer = await client.post("/break-glass", json=body, headers={"Idempotency-Key": key} if key else {})
    assert answer.status_code == 201, answer.text
    glass: dict[str, Any] = answer.json()
    return glass


async def test_broken_glass_gives_an_hour_of_sight_and_no_say(app: Stack) -> None:
    case_id = await opened(app)
    path = f"/cases/{case_id}"
    async with asking(app, stranger(app)) as client:
        is_problem(await client.get(path), 404, "not_found")
        glass = await broken(app, stranger(app), case_id)
        seen, intake = await client.get(path), await client.get(f"{path}/intake")
        listed = (await client.get("/cases", params={"number": glass["case_number"]})).json()["items"]
        refused = await client.post(f"{path}/reviews", json={"risk": "low"})
        actions = (await client.get(f"{path}/actions")).json()["items"]

    assert glass["case_id"] == case_id
    assert seen.json()["client"]["name"] is not None
    assert intake.json()["items"][0]["narrative"]
    assert [each["id"] for each in listed] == [case_id]
    is_problem(refused, 403, "forbidden")
    assert not any(action["allowed"] for action in actions)
    async with asking(app, stranger(app), timedelta(minutes=59)) as client:
        assert (await client.get(path)).status_code == 200
    async with asking(app, stranger(app), timedelta(minutes=61)) as client:
        is_problem(await client.get(path), 404, "not_found")


async def test_the_office_is_told_at_once_and_reviews_why(app: Stack) -> None:
    case_id = await opened(app)
    glass = await broken(app, stranger(app), case_id)

    told = count(app, notices, notices.c.case_id == case_id, notices.c.kind == "glass_broken")
    assert told == 2
    mine = f"/break-glass/{glass['id']}/review"
    async with asking(app, app.supervisor) as client:
        waiting = (await client.get("/break-glass", params={"reviewed": False})).json()["items"]
        why = await client.get(f"/cases/{case_id}/documents/{glass['reason_document_id']}")
        reviewed = await client.post(mine, json={"justified": True}, headers={"Idempotency-Key": "once"})
        repeated = await client.post(mine, json={"justified": True}, headers={"Idempotency-Key": "once"})
        again = await client.post(mine, json={"justified": False})
        left = (await client.get("/break-glass", params={"reviewed": False})).json()["items"]
    assert glass["id"] in [each["id"] for each in waiting]
    assert why.json()["texts"] == {"/reason": REASON}
    assert reviewed.json() == repeated.json() == {**glass, **{name: reviewed.json()[name] for name in REVIEW}}
    assert (reviewed.json()["reviewed_by"], reviewed.json()["justified"]) == (app.supervisor.account_id, True)
    is_problem(again, 409, "already_decided")
    assert glass["id"] not in [each["id"] for each in left]


REVIEW = ("reviewed_at", "reviewed_by", "justified")


async def test_nobody_else_reviews_and_nobody_the_own(app: Stack) -> None:
    case_id = await opened(app)
    glass = await broken(app, stranger(app), case_id)
    review = f"/break-glass/{glass['id']}/review"

    async with asking(app, stranger(app)) as client:
        is_problem(await client.post(review, json={"justified": True}), 403, "four_eyes")
        assert glass["id"] in [each["id"] for each in (await client.get("/break-glass")).json()["items"]]
    async with asking(app, app.actor("head2", Role.HEAD, PROVINCE)) as client:
        is_problem(await client.post(review, json={"justified": True}), 404, "not_found")
    for actor in (app.caseworker, app.police):
        async with asking(app, actor) as client:
            is_problem(await client.get("/break-glass"), 403, "forbidden")


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SUPERVISOR, Role.HEAD)])
async def test_only_who_decides_in_an_office_breaks_glass(app: Stack, role: Role) -> None:
    case_id = await opened(app)
    async with asking(app, app.actor(f"{role}-there", role, PROVINCE)) as client:
        body = {"number": await number_of(app, case_id), "reason": REASON}
        is_problem(await client.post("/break-glass", json=body), 403, "forbidden")


async def test_a_head_of_an_agency_that_leads_no_cases_breaks_no_glass(app: Stack) -> None:
    case_id = await opened(app)
    async with asking(app, app.actor("chief", Role.HEAD, "rsud-muaradua")) as client:
        body = {"number": await number_of(app, case_id), "reason": REASON}
        is_problem(await client.post("/break-glass", json=body), 403, "forbidden")


async def test_an_unknown_number_and_one_that_may_not_be_seen_answer_alike_and_leave_nothing(app: Stack) -> None:
    case_id = await opened(app)
    number = await number_of(app, case_id)
    shut = app.actor("relative", Role.HEAD, PROVINCE)
    async with asking(app, app.supervisor) as client:
        body = {"account_id": shut.account_id, "ground": "related_to_suspect"}
        assert (await client.post(f"/cases/{case_id}/exclusions", json=body)).status_code == 201
    before = [count(app, table) for table in (break_glass, documents, notices)]

    async with asking(app, shut) as client:
        known = await client.post("/break-glass", json={"number": number, "reason": REASON})
        unknown = await client.post("/break-glass", json={"number": "OKUS-2026-99999-9", "reason": REASON})
        empty = await client.post("/break-glass", json={"number": number, "reason": "  "})
    is_problem(known, 404, "not_found")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    is_problem(empty, 422, "invalid_input")
    async with asking(app, app.supervisor) as client:
        own = await client.post("/break-glass", json={"number": number, "reason": REASON})
    is_problem(own, 409, "already_seen")
    assert [count(app, table) for table in (break_glass, documents, notices)] == before


async def test_glass_that_runs_is_broken_once_however_often_and_at_once(app: Stack) -> None:
    case_id = await opened(app)
    many = await asyncio.gather(*(broken(app, stranger(app), case_id) for _ in range(4)))

    assert len({each["id"] for each in many}) == 1
    assert count(app, break_glass, break_glass.c.case_id == case_id) == 1
    assert count(app, notices, notices.c.case_id == case_id, notices.c.kind == "glass_broken") == 2
    assert count(app, documents, documents.c.case_id == case_id, documents.c.state == "pending") == 0


async def test_what_was_opened_by_glass_and_what_was_refused_is_in_the_access_log(app: Stack) -> None:
    case_id, who = await opened(app), app.actor("curious", Role.SUPERVISOR, PROVINCE)
    await broken(app, who, case_id)
    async with asking(app, who) as client:
        await client.get(f"/cases/{case_id}/intake")
        await client.post("/break-glass", json={"number": "OKUS-2026-99999-9", "reason": REASON})
    async with asking(app, app.supervisor) as client:
        await client.get("/break-glass")

    rows, _ = app.outside.access_log.sights(app.actor("auditor", Role.AUDITOR), SightQuery(account_id=who.account_id))
    mine = [(row["thing"], row["kind"], row["ground"], row["case_ids"]) for row in rows]
    assert mine == [
        ("break_glass", "refused", None, []),
        ("intake", "shown", "break_glass", [case_id]),
        ("break_glass", "shown", "break_glass", [case_id]),
    ]
    query = SightQuery(case_id=case_id, account_id=app.supervisor.account_id)
    rows, _ = app.outside.access_log.sights(app.supervisor, query)
    assert (rows[0]["thing"], rows[0]["ground"]) == ("break_glass", "own_office")


async def test_a_key_is_of_one_glass(app: Stack) -> None:
    one, other = await opened(app), await opened(app)
    first = await broken(app, stranger(app), one, key="night")
    again = await broken(app, stranger(app), one, key="night")
    async with asking(app, stranger(app)) as client:
        body = {"number": await number_of(app, other), "reason": REASON}
        reused = await client.post("/break-glass", json=body, headers={"Idempotency-Key": "night"})

    assert first == again
    is_problem(reused, 422, "idempotency_key_reused")
    assert count(app, break_glass, break_glass.c.case_id == other) == 0
    assert count(app, documents, documents.c.case_id == other, documents.c.state == "pending") == 0


async def exclude(app: Stack, by: Actor, case_id: str, who: Actor, ground: str = "related_to_suspect") -> Any:
    async with asking(app, by) as client:
        body = {"account_id": who.account_id, "ground": ground}
        return await client.post(f"/cases/{case_id}/exclusions", json=body)


async def test_an_exclusion_takes_all_sight_at_once(app: Stack) -> None:
    case_id = await opened(app)
    await app.cases.refer(
        app.ask(app.caseworker, case_id),
        c.ReferCase.model_validate(
            {"agency_id": "unit-ppa-polres", "service": "police", "urgency": "emergency", "disclose": ["identity"]}
        ),
    )
    (referral,) = app.outside.reads.referrals(app.police, case_id)
    cousin = app.actor("cousin", Role.AGENCY_OFFICER, "unit-ppa-polres")
    path = f"/cases/{case_id}"
    async with asking(app, cousin) as client:
        assert (await client.get(f"/referrals/{referral['id']}")).status_code == 200
        answer = await exclude(app, app.supervisor, case_id, cousin)
        gone = [await client.get(each) for each in (path, f"/referrals/{referral['id']}", f"{path}/referrals")]
        decided = await client.post(f"/referrals/{referral['id']}/answer", json={"answer": "accepted"})
        inbox = (await client.get("/referrals")).json()["items"]

    assert answer.status_code == 201
    for each in (*gone, decided):
        is_problem(each, 404, "not_found")
    assert referral["id"] not in [each["id"] for each in inbox]
    async with asking(app, app.police) as client:
        assert (await client.get(f"/referrals/{referral['id']}")).status_code == 200


async def test_a_repeat_of_ones_own_command_tells_the_excluded_nothing(app: Stack) -> None:
    case_id = await opened(app)
    shut = app.actor("siti", Role.CASEWORKER)
    await app.cases.assign(app.ask(app.supervisor, case_id), c.AssignCase(caseworker_id=shut.account_id))
    path, body = f"/cases/{case_id}/services", {"at": "2026-01-01T00:00:00+07:00", "service": "psychosocial"}
    async with asking(app, shut) as client:
        key = {"Idempotency-Key": "k"}
        assert (await client.post(path, json=body, headers=key)).status_code == 200
        assert (await exclude(app, app.supervisor, case_id, shut)).status_code == 201
        is_problem(await client.post(path, json=body, headers=key), 404, "not_found")


async def test_the_excluded_are_not_assigned_and_an_assigned_one_leaves_the_case_without(app: Stack) -> None:
    case_id = await opened(app)
    shut = app.actor("dewi", Role.CASEWORKER)
    await exclude(app, app.supervisor, case_id, shut)
    async with asking(app, app.supervisor) as client:
        refused = await client.post(f"/cases/{case_id}/assignment", json={"caseworker_id": shut.account_id})
        is_problem(refused, 409, "conflict_of_interest")
        assert "no_caseworker" not in (await client.get(f"/cases/{case_id}/outlook")).json()["reasons"]
        await exclude(app, app.supervisor, case_id, app.caseworker)
        assert "no_caseworker" in (await client.get(f"/cases/{case_id}/outlook")).json()["reasons"]
        board = (await client.get("/stalled", params={"reason": "no_caseworker"})).json()["items"]
    assert case_id in [each["case"]["id"] for each in board]


async def test_notices_of_the_case_reach_somebody_else(app: Stack) -> None:
    case_id = await opened(app)
    shut, outbox = app.actor("rini", Role.CASEWORKER), app.outside.notices
    for who in (shut, app.supervisor, app.head):
        app.outside.accounts.set_contact(who.account_id, Contact(medium="email", address=who.account_id, safe=True))
    to_them = Recipient(account_id=shut.account_id)

    def told(to: Recipient, about: str | None) -> list[str]:
        return sorted(contact.address for contact in outbox.contacts_for(to, about))

    assert told(to_them, case_id) == [shut.account_id]
    await exclude(app, app.supervisor, case_id, shut)
    assert told(to_them, case_id) == [app.supervisor.account_id]
    assert told(to_them, None) == told(to_them, await opened(app)) == [shut.account_id]
    await exclude(app, app.supervisor, case_id, app.supervisor)
    assert told(to_them, case_id) == [app.head.account_id]


async def test_who_excludes_whom(app: Stack) -> None:
    app.head  # noqa: B018  somebody must be left to decide
    case_id = await opened(app)
    for by, who, status, code in (
        (app.caseworker, app.supervisor, 403, "forbidden"),
        (app.supervisor, app.head, 403, "forbidden"),
        (stranger(app), app.caseworker, 404, "not_found"),
        (app.supervisor, app.supervisor, 201, None),
        (app.supervisor, app.caseworker, 404, "not_found"),
        (app.head, app.head, 409, "conflict_of_interest"),
    ):
        answer = await exclude(app, by, case_id, who)
        assert answer.status_code == status, answer.text
        assert answer.json().get("code") == code
    assert count(app, exclusions, exclusions.c.case_id == case_id) == 1
    assert count(app, notices, notices.c.case_id == case_id, notices.c.kind == "excluded") == 2
    async with asking(app, app.head) as client:
        unknown = await client.post(
            f"/cases/{case_id}/exclusions", json={"account_id": "nobody", "ground": "own_interest"}
        )
        is_problem(unknown, 422, "unknown_account")


async def test_an_exclusion_is_lifted_by_the_head_or_who_entered_it(app: Stack) -> None:
    case_id = await opened(app)
    other = app.actor("supervisor3", Role.SUPERVISOR)
    entered = (await exclude(app, app.supervisor, case_id, app.police)).json()
    again = (await exclude(app, app.head, case_id, app.police)).json()
    assert entered == again

    lifting = f"/cases/{case_id}/exclusions/{entered['id']}/lifting"
    async with asking(app, other) as client:
        is_problem(await client.post(lifting), 403, "forbidden")
    async with asking(app, app.caseworker) as client:
        is_problem(await client.get(f"/cases/{case_id}/exclusions"), 403, "forbidden")
    async with asking(app, app.head) as client:
        lifted = await client.post(lifting, headers={"Idempotency-Key": "once"})
        repeated = await client.post(lifting, headers={"Idempotency-Key": "once"})
        is_problem(await client.post(lifting), 409, "already_decided")
        listed = (await client.get(f"/cases/{case_id}/exclusions")).json()["items"]
    assert lifted.json() == repeated.json() == listed[0]
    assert lifted.json()["lifted_by"] == app.head.account_id
    assert not app.outside.access.is_excluded(case_id, app.police.account_id)


async def test_of_two_who_step_back_at_once_one_stays(app: Stack) -> None:
    """Somebody must decide: they wait for each other, and the second is refused."""
    receipt = await app.cases.open(app.ask(app.actor("caseworker4", Role.CASEWORKER, UNIT)), walk_in())
    pair = [app.actor("supervisor4", Role.SUPERVISOR, UNIT), app.actor("head4", Role.HEAD, UNIT)]

    answers = await asyncio.gather(*(exclude(app, who, receipt.case_id, who, "own_interest") for who in pair))

    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_an_office_sees_a_summary_of_what_it_is_offered(app: Stack) -> None:
    case_id = await opened(app)
    path = f"/cases/{case_id}"
    offer = c.TransferCase.model_validate({"to_agency_id": PROVINCE, "reason": "Klien pindah."})
    await app.cases.transfer(app.ask(app.supervisor, case_id), offer)

    async with asking(app, stranger(app)) as client:
        seen = (await client.get(path)).json()
        by_worker = (await client.get("/cases", params={"assigned_to": app.caseworker.account_id})).json()["items"]
        listed = (await client.get("/cases", params={"number": seen["number"]})).json()["items"]
        content = await client.get(f"{path}/intake")
        log = (await client.get(f"{path}/log")).json()["items"]
        waiting = (await client.get(f"{path}/outlook")).json()["waiting_on"]
        referrals = (await client.get(f"{path}/referrals")).json()["items"]
        refused = await client.post(f"{path}/reviews", json={"risk": "low"})
        can = [a["command"] for a in (await client.get(f"{path}/actions")).json()["items"] if a["allowed"]]
    assert (seen["risk"], seen["client"], seen["assigned_to"], seen["links"]) == ("high", None, None, [])
    assert set(seen["categories"]) == {"sexual_violence", "child_violence"}
    assert [each["id"] for each in listed] == [case_id]
    assert case_id not in [each["id"] for each in by_worker]
    assert log == referrals == []
    is_problem(content, 403, "forbidden")
    assert {each["kind"] for each in waiting} == {"transfer_decision"}
    is_problem(refused, 403, "forbidden")
    assert can == ["accept_transfer", "decline_transfer"]
    async with asking(app, app.actor("caseworker3", Role.CASEWORKER, PROVINCE)) as client:
        is_problem(await client.get(path), 404, "not_found")
    async with asking(app, stranger(app)) as client:
        declined = await client.post(f"{path}/transfer/decision", json={"decision": "decline", "reason": "Penuh."})
        assert declined.status_code == 200, declined.text
        is_problem(await client.get(path), 404, "not_found")


async def test_who_broke_the_glass_of_a_case_may_answer_when_it_is_offered(app: Stack) -> None:
    """And may do nothing else there."""
    case_id = await opened(app)
    path = f"/cases/{case_id}"
    await broken(app, stranger(app), case_id)
    offer = c.TransferCase.model_validate({"to_agency_id": PROVINCE, "reason": "Klien pindah."})
    await app.cases.transfer(app.ask(app.supervisor, case_id), offer)

    async with asking(app, stranger(app)) as client:
        refused = await client.post(f"{path}/reviews", json={"risk": "low"})
        answered = await client.post(f"{path}/transfer/decision", json={"decision": "decline", "reason": "Penuh."})

    is_problem(refused, 403, "forbidden")
    assert answered.status_code == 200, answered.text
