"""Who is away: entered through the API and on the machine, on a real database."""

import base64
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from casework.db.accounts import SqlAccounts
from casework.db.session import engine_for
from casework.models.people import Account, Role
from tests.api_fakes import LEAD, web
from tests.command_line import Run, run
from tests.postgres import Scratch, scratch_database
from tests.test_api_errors import is_problem
from web.app import create_app

__all__ = ["run"]

QUICK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
START = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
END = START + timedelta(days=7)
PEOPLE = (
    ("siti", Role.CASEWORKER, LEAD),
    ("budi", Role.CASEWORKER, LEAD),
    ("gone", Role.CASEWORKER, LEAD),
    ("ratna", Role.SUPERVISOR, LEAD),
    ("head", Role.HEAD, LEAD),
    ("admin", Role.ADMINISTRATOR, LEAD),
    ("elok", Role.COORDINATOR, LEAD),
    ("far", Role.CASEWORKER, "uptd-ppa-sumatera-selatan"),
    ("ratna-far", Role.SUPERVISOR, "uptd-ppa-sumatera-selatan"),
)


@dataclass
class Office:
    """The application over a database of accounts, and how to ask it as one of them."""

    scratch: Scratch
    accounts: SqlAccounts
    client: httpx.AsyncClient
    people: dict[str, Account]

    async def enter(self, asker: str, account: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        """Enter an absence of an account, by name, or of what stands in its place."""
        who = self.people[account].id if account in self.people else account
        token, _ = self.accounts.issue_token(self.people[asker].id, 60)
        named = {"Authorization": f"Bearer {token}", **headers}
        return await self.client.post(f"/api/v1/accounts/{who}/absence", json=body, headers=named)

    def seen(self, username: str) -> tuple[Any, Any, Any]:
        """The absence as the office's list shows it."""
        (row,) = [row for row in self.accounts.of_office(LEAD) if row["username"] == username]
        return row["absent_from"], row["absent_until"], row["deputy_id"]


@pytest.fixture(scope="module")
async def office() -> AsyncIterator[Office]:
    with scratch_database() as scratch:
        engine = engine_for(scratch.app_url)
        accounts = SqlAccounts(engine, hasher=QUICK)
        people = {name: accounts.add(name, "password", role, agency) for name, role, agency in PEOPLE}
        accounts.disable(people["gone"].id)
        cases = web().cases
        site = replace(web().site, desk=replace(cases._desk, accounts=accounts))
        transport = httpx.ASGITransport(create_app(site))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield Office(scratch, accounts, client, people)
        engine.dispose()


def body(**changes: Any) -> dict[str, Any]:
    return {"from": START.isoformat(), "until": END.isoformat(), "deputy_id": None, **changes}


@pytest.mark.parametrize("asker", ["ratna", "head", "admin"])
async def test_who_keeps_the_accounts_enters_an_absence_and_a_repeat_sets_the_same(office: Office, asker: str) -> None:
    budi = office.people["budi"].id

    for _ in range(2):
        answer = await office.enter(asker, "siti", body(deputy_id=budi), **{"Idempotency-Key": "once"})
        assert answer.status_code == 200
        assert answer.json() == {
            "account_id": office.people["siti"].id,
            "from": START.isoformat().replace("+00:00", "Z"),
            "until": END.isoformat().replace("+00:00", "Z"),
            "deputy_id": budi,
        }
        assert office.seen("siti") == (START, END, budi)


async def test_a_repeat_undoes_nothing_that_was_entered_since(office: Office) -> None:
    """Its key gets the first answer; for another body or another account it was used already."""
    key = {"Idempotency-Key": "first"}
    first = await office.enter("ratna", "siti", body(), **key)
    await office.enter("ratna", "siti", body(until=(END - timedelta(2)).isoformat()))

    again = await office.enter("ratna", "siti", body(), **key)

    assert (again.status_code, again.text) == (200, first.text)
    assert office.seen("siti") == (START, END - timedelta(days=2), None)
    for account, changes in (("siti", {"until": (END + timedelta(1)).isoformat()}), ("budi", {})):
        is_problem(await office.enter("ratna", account, body(**changes), **key), 422, "idempotency_key_reused")
    assert (await office.enter("head", "siti", body(), **key)).status_code == 200


async def test_a_refused_absence_leaves_its_key_free(office: Office) -> None:
    key = {"Idempotency-Key": "refused"}
    is_problem(await office.enter("ratna", "siti", body(deputy_id="nobody"), **key), 422, "unknown_account")

    assert (await office.enter("ratna", "siti", body(), **key)).status_code == 200


async def test_the_same_start_with_another_end_replaces_it(office: Office) -> None:
    await office.enter("ratna", "siti", body(deputy_id=office.people["budi"].id))
    answer = await office.enter("ratna", "siti", {"from": START.isoformat(), "until": (END - timedelta(1)).isoformat()})

    assert answer.status_code == 200
    assert office.seen("siti") == (START, END - timedelta(days=1), None)


@pytest.mark.parametrize("account", ["far", "nobody", "..", "x" * 101])
@pytest.mark.parametrize("asker", ["ratna", "admin"])
async def test_an_account_of_another_office_is_not_there(office: Office, asker: str, account: str) -> None:
    is_problem(await office.enter(asker, account, body()), 404, "not_found")


@pytest.mark.parametrize("asker", ["siti", "elok"])
async def test_others_enter_no_absences(office: Office, asker: str) -> None:
    is_problem(await office.enter(asker, "siti", body()), 403, "forbidden")


@pytest.mark.parametrize("deputy", ["siti", "gone", "admin", "far", "ratna-far", "nobody"])
async def test_a_deputy_is_a_colleague_who_can_do_it(office: Office, deputy: str) -> None:
    before = office.seen("siti")
    deputy_id = office.people[deputy].id if deputy in office.people else deputy

    answer = await office.enter("ratna", "siti", body(deputy_id=deputy_id))

    is_problem(answer, 422, "unknown_account")
    assert office.seen("siti") == before


@pytest.mark.parametrize("deputy", ["ratna", "head"])
async def test_who_decides_may_stand_in_for_anybody(office: Office, deputy: str) -> None:
    answer = await office.enter("ratna", "siti", body(deputy_id=office.people[deputy].id))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"until": START.isoformat()}, "/until", "before_start"),
        ({"until": (START - timedelta(days=1)).isoformat()}, "/until", "before_start"),
        ({"from": "2026-05-21T10:00:00"}, "/from", "no_offset"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "/from", "out_of_range"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "/until", "out_of_range"),
        ({"from": "1700000000"}, "/from", "wrong_form"),
        ({"until": None}, "/until", "wrong_type"),
        ({"deputy_id": "a b"}, "/deputy_id", "wrong_form"),
        ({"starts_at": START.isoformat()}, "/starts_at", "unknown_field"),
    ],
)
async def test_an_absence_that_cannot_be_has_its_pointer(
    office: Office, changes: dict[str, Any], pointer: str, code: str
) -> None:
    problem = is_problem(await office.enter("ratna", "siti", body(**changes)), 422, "invalid_input")

    assert (pointer, code) in [(error["pointer"], error["code"]) for error in problem["errors"]]


async def test_its_route_is_in_the_document_and_in_the_page(office: Office) -> None:
    document = (await office.client.get("/api/openapi.json")).json()
    operation = document["paths"]["/api/v1/accounts/{account_id}/absence"]["post"]
    schema = document["components"]["schemas"]["AbsenceEntry"]
    page = (Path(__file__).parent.parent / "docs" / "api.md").read_text()

    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/AbsenceEntry")
    assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
    assert (set(schema["properties"]), schema["required"]) == ({"from", "until", "deputy_id"}, ["from", "until"])
    assert any("`/accounts/{account_id}/absence`" in line and "`from`" in line for line in page.splitlines())


@pytest.fixture
def machine(office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Office:
    """The environment of the machine Tuntas runs on."""
    key = tmp_path / "master.key"
    key.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    monkeypatch.setenv("DATABASE_URL", office.scratch.app_url)
    monkeypatch.setenv("KEYSTORE_URL", office.scratch.keystore_url)
    monkeypatch.setenv("TUNTAS_MASTER_KEY_FILE", str(key))
    return office


def test_the_machine_enters_an_absence_in_the_zone_of_the_office(run: Run, machine: Office) -> None:
    days = ("--from", "2127-05-21", "--until", "2127-05-28T09:00:00+08:00")
    status, out, _ = run("account", "absence", "budi", *days, "--deputy", "siti")

    assert status == 0
    assert out == "budi: away from 2127-05-21T00:00:00+07:00 until 2127-05-28T09:00:00+08:00\n"
    siti = machine.people["siti"].id
    assert machine.seen("budi") == (
        datetime(2127, 5, 20, 17, tzinfo=UTC),
        datetime(2127, 5, 28, 1, tzinfo=UTC),
        siti,
    )


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("nobody", "--from", "2127-05-21", "--until", "2127-05-22"), 1),
        (("budi", "--from", "2127-05-21", "--until", "2127-05-22", "--deputy", "far"), 1),
        (("budi", "--from", "2127-05-21", "--until", "2127-05-22", "--deputy", "nobody"), 1),
        (("budi", "--from", "2127-05-21", "--until", "2127-05-21"), 1),
        (("budi", "--from", "tomorrow", "--until", "2127-05-21"), 2),
        (("budi", "--until", "2127-05-21"), 2),
    ],
)
def test_the_machine_refuses_as_the_api_does(run: Run, machine: Office, words: tuple[str, ...], status: int) -> None:
    assert run("account", "absence", *words)[0] == status
