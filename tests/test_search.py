"""Finding a case by its client: however the name is written, only what may be seen, and without keeping the name."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text

from casework import commands as c
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.errors import CaseworkError, InvalidInputError
from casework.ids import index_key
from casework.models.parts import Client
from casework.models.people import Actor, Role
from casework.vault.index import ClientIndex
from casework.vault.keystore import MemoryKeyStore, SqlKeyStore
from casework.vault.names import identity_number, rules, sound, words
from tests.command_line import Run, run
from tests.real_site import RealSite
from tests.stack import Stack
from tests.test_walk import walk_in

__all__ = ["run"]
ALIKE = [
    ("Siti Aminah", "Hj. SITI  AMINAH, S.Pd.", "Ibu Sitti Aminah", "aminah siti"),
    ("Muhammad Jusuf", "Moh. Yusuf", "Mohamad Joesoef", "Mochammad Yusup", "MUHAMAD YUSUF"),
    ("Soetjipto", "Sucipto", "Sutjipto"),
    ("Djoko", "Joko"),
    ("Nur Aisyah", "Noer Aisjah", "Noor Aisah", "Núr Aïsyah"),
    ("Achmad Zulkifli", "Ahmad Dzulkifli", "Akhmad Zulkipli"),
    ("Chairul", "Khairul", "Hairul"),
    ("Nu'man", "Numan", "Nu\u2019man"),
    ("Rizky", "Riski", "Rizqi"),
]
UNLIKE = [("Deni", "Dini"), ("Sri", "Sari"), ("Ani", "Ina"), ("Siti", "Susi"), ("Rini", "Roni")]
names = st.text(st.characters(categories=("L", "M", "Zs", "Pd", "Po")), max_size=40)


def heard(name: str) -> set[str]:
    """What is kept of how a name sounds."""
    return {sound(word) for word in words(name)}


# ---- names


@pytest.mark.parametrize("written", ALIKE, ids=lambda written: str(written[0]))
def test_one_name_is_found_however_it_is_written(written: tuple[str, ...]) -> None:
    """Case, titles, degrees, accents, spelling of another decade, by ear."""
    assert len({frozenset(heard(name)) for name in written}) == 1


@pytest.mark.parametrize("pair", UNLIKE)
def test_different_names_stay_different(pair: tuple[str, str]) -> None:
    """What is alike only to the eye."""
    assert heard(pair[0]).isdisjoint(heard(pair[1]))


@given(names)
def test_any_text_is_a_name_of_some_words(name: str) -> None:
    """None is empty; a title before it and white space about it change nothing."""
    once = words(name)

    assert all(once)
    assert all(sound(word) for word in once)
    if any(len(word) > 1 and word not in rules().titles for word in once):
        assert words(f"  Ibu {name} ") == once


def test_somebody_called_as_others_are_addressed_is_found() -> None:
    """A title alone is a name."""
    assert words("An") == ("an",)
    assert words("") == words("12 .,") == ()


def test_numbers_are_compared_by_their_signs() -> None:
    """However they are grouped."""
    assert identity_number(" 1609-0141 0614.0001 ") == identity_number("1609014106140001") == "1609014106140001"


# ---- tokens


def test_tokens_tell_nothing_without_the_key_and_differ_by_kind() -> None:
    """Another key gives others; a word, its sound and a number are never mixed up."""
    one, other = ClientIndex(MemoryKeyStore()), ClientIndex(MemoryKeyStore())
    client = Client.model_validate({"kind": "child", "name": "Dewi", "national_id": "DEWI"})

    assert len(one.entries(client).tokens) == 3
    assert one.entries(client).tokens.isdisjoint(other.entries(client).tokens)
    assert one.entries(client) == one.entries(client)
    assert one.entries(Client.model_validate({"kind": "child"})).tokens == frozenset()


def test_under_a_newer_key_what_lies_under_the_earlier_one_is_still_found() -> None:
    """Until that is destroyed."""
    keys = MemoryKeyStore()
    index, client = ClientIndex(keys), Client.model_validate({"kind": "child", "name": "Dewi"})
    before = index.entries(client)
    keys.create(index_key(2))
    after = index.entries(client)

    assert (before.version, after.version) == (1, 2)
    (wanted,) = index.asked("dewi", None)
    assert wanted & before.tokens
    assert wanted & after.tokens


@pytest.mark.parametrize(
    ("name", "number", "pointer"),
    [
        ("Li", None, "/client_name"),
        ("A. B.", None, "/client_name"),
        ("", None, "/client_name"),
        (None, "1609", "/national_id"),
    ],
)
def test_too_little_to_go_by_is_refused(name: str | None, number: str | None, pointer: str) -> None:
    """It would list half of the office's cases."""
    with pytest.raises(InvalidInputError) as refused:
        ClientIndex(MemoryKeyStore()).asked(name, number)

    assert [error["pointer"] for error in refused.value.extra["errors"]] == [pointer]


# ---- over the API


@pytest.fixture
def site(app: Stack) -> RealSite:
    """The API on the stack."""
    return RealSite(app)


async def reported(app: Stack, by: Actor, **client: Any) -> str:
    """A case of a client."""
    body = walk_in().model_dump()
    body["client"] |= client
    return (await app.cases.open(app.ask(by), c.OpenCase.model_validate(body))).case_id


async def found(site: RealSite, actor: Actor, **search: Any) -> list[str]:
    """The cases that a search gives."""
    answer = await site.post(actor, "/cases/search", **search)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_a_case_is_found_by_name_and_number_among_those_that_may_be_seen(app: Stack, site: RealSite) -> None:
    """By whoever has a ground to know who it is about; the filters of the list hold as well."""
    mine = await reported(app, app.caseworker, name="Rukmini Handayani", national_id="1609014106140009")
    colleague = app.actor("caseworker2", Role.CASEWORKER)
    theirs = await reported(app, colleague, name="Roekmini Handajani", national_id=None)
    elsewhere = app.actor("supervisor2", Role.SUPERVISOR, "uptd-ppa-sumatera-selatan")

    assert await found(site, app.caseworker, client_name="rukmini") == [mine]
    assert await found(site, app.supervisor, client_name="Ibu Rukmini Handayani") == [theirs, mine]
    assert await found(site, app.supervisor, client_name="Rukmini Handayani", spelling="exact") == [theirs, mine]
    assert await found(site, app.supervisor, client_name="Rukminie") == []
    assert await found(site, app.supervisor, client_name="Rukmini Lestari") == []
    assert await found(site, app.supervisor, national_id="1609 0141 0614 0009") == [mine]
    assert await found(site, app.supervisor, client_name="Rukmini", national_id="1609014106140009") == [mine]
    assert await found(site, app.supervisor, client_name="Rukmini", stage="closure") == []
    assert await found(site, elsewhere, client_name="Rukmini") == []
    page = (await site.post(app.supervisor, "/cases/search", client_name="Rukmini", limit=1)).json()
    again = {"client_name": "Rukmini", "limit": 1, "cursor": page["next_cursor"]}
    assert await found(site, app.supervisor, **again) == [mine]


@pytest.mark.parametrize(
    "reader",
    [
        ("coordinator", Role.COORDINATOR, "setda-asisten-1"),
        ("police", Role.AGENCY_OFFICER, "unit-ppa-polres"),
        ("hotline", Role.SYSTEM, "sapa-129"),
        ("viewer", Role.VIEWER, "bupati"),
        ("auditor", Role.AUDITOR, "dinas-pppappkb"),
        ("administrator", Role.ADMINISTRATOR, "dinas-pppappkb"),
    ],
    ids=lambda reader: str(reader[0]),
)
async def test_who_may_not_know_the_client_may_not_search_for_one(
    app: Stack, site: RealSite, reader: tuple[str, Role, str]
) -> None:
    """An answer, an empty one too, would tell."""
    actor = app.actor(*reader)

    answer = await site.post(actor, "/cases/search", client_name="Rukmini")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_search_for_nothing_or_for_too_little_is_refused(app: Stack, site: RealSite) -> None:
    """Before the database is asked for a case, and without repeating what was typed."""
    for body, pointer in (({}, ""), ({"client_name": "Xy"}, "/client_name"), ({"national_id": "123"}, "/national_id")):
        answer = await site.post(app.supervisor, "/cases/search", **body)

        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
        assert "Xy" not in answer.text


async def test_who_is_corrected_is_found_by_the_new_name_alone(app: Stack, site: RealSite) -> None:
    """From the very command on; a correction of something else changes nothing, a refused one leaves nothing."""
    case_id = await reported(app, app.caseworker, name="Wagirah", national_id="1609014106140010")
    before = rows(app.outside.engine, case_id)
    ask, reason = app.ask(app.caseworker, case_id), "Salah tulis."
    await app.cases.amend_client(ask, c.AmendClient.model_validate({"reporter": {"kind": "self"}, "reason": reason}))
    assert rows(app.outside.engine, case_id) == before

    stale = app.ask(app.caseworker, case_id, revision=1)
    anew = c.AmendClient.model_validate({"client": {"kind": "child", "name": "Suparmi"}, "reason": reason})
    with pytest.raises(CaseworkError):
        await app.cases.amend_client(stale, anew)
    assert rows(app.outside.engine, case_id) == before
    assert await found(site, app.caseworker, client_name="Suparmi") == []

    await app.cases.amend_client(app.ask(app.caseworker, case_id), anew)
    assert await found(site, app.caseworker, client_name="Suparmi") == [case_id]
    assert await found(site, app.caseworker, client_name="Wagirah") == []
    assert await found(site, app.caseworker, national_id="1609014106140010") == []

    nameless = c.AmendClient.model_validate({"client": {"kind": "child"}})
    await app.cases.amend_client(app.ask(app.caseworker, case_id), nameless)
    assert await found(site, app.caseworker, client_name="Suparmi") == []
    assert rows(app.outside.engine, case_id) == []


async def test_what_waits_is_not_found_and_what_is_forgotten_is_gone(app: Stack, site: RealSite) -> None:
    """A pending correction does not count; erasure takes every row of a case and of no other."""
    case_id = await reported(app, app.caseworker, name="Tumiyem")
    other = await reported(app, app.caseworker, name="Tumiyem")
    documents, index = app.outside.documents, app.outside.index
    entries = index.entries(Client.model_validate({"kind": "child", "name": "Painem"}))
    documents.put_pending("pending-1", case_id, "command-1", "d", b"sealed", entries)

    assert await found(site, app.caseworker, client_name="Painem") == []
    documents.discard_pending("pending-1")
    app.outside.client_index.forget(case_id)
    assert rows(app.outside.engine, case_id) == []
    assert await found(site, app.caseworker, client_name="Tumiyem") == [other]


@pytest.fixture
def statements(app: Stack) -> Iterator[list[str]]:
    """What is asked of the case database meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(app.outside.engine, "before_cursor_execute", note)
    yield asked
    event.remove(app.outside.engine, "before_cursor_execute", note)


async def test_a_search_is_one_statement_and_names_nobody(app: Stack, site: RealSite, statements: list[str]) -> None:
    """However many words; one more finds whose token it is."""
    actor = app.supervisor
    statements.clear()
    await found(site, actor, client_name="Siti Rukmini Handayani", national_id="1609014106140009")

    assert len([asked for asked in statements if "client_index" in asked]) == 1
    assert "ukmini" not in str(statements)


def rows(engine: Engine, case_id: str) -> list[tuple[bytes, int]]:
    """What a case is found by."""
    with reading(engine, ENGINE) as connection:
        asked = text("SELECT token, version FROM client_index WHERE case_id = :case ORDER BY token")
        return [(bytes(row.token), row.version) for row in connection.execute(asked, {"case": case_id})]


# ---- the index as a whole


@pytest.fixture
def machine(app: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the machine the stack runs on."""
    settings = app.settings
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    monkeypatch.setenv("KEYSTORE_URL", settings.keystore_url.get_secret_value())
    monkeypatch.setenv("TUNTAS_MASTER_KEY_FILE", str(settings.master_key_file))


async def test_the_index_is_made_anew_under_another_key_and_the_earlier_one_destroyed(
    app: Stack, site: RealSite, run: Run, machine: None
) -> None:
    """From what is sealed: what lay in an old copy of the database is then under a key that is nowhere."""
    case_id = await reported(app, app.caseworker, name="Wagirah", national_id="1609014106140011")
    again = c.AmendClient.model_validate({"client": {"kind": "child", "name": "Ngatiyem"}})
    await app.cases.amend_client(app.ask(app.caseworker, case_id), again)
    before = rows(app.outside.engine, case_id)
    app.outside.client_index.forget(await reported(app, app.caseworker, name="Poniyem"))

    first = outcome(run)
    assert (first["version"], first["cases"] > 0) == (1, True)
    assert len(await found(site, app.caseworker, client_name="Poniyem")) == 1
    assert outcome(run, "--new-key")["earlier"] == [1]
    after = rows(app.outside.engine, case_id)
    assert {version for _, version in after} == {2}
    assert {token for token, _ in after}.isdisjoint({token for token, _ in before})
    assert outcome(run)["destroyed"] == 0

    with app.outside.key_engine.connect() as connection:
        ids = set(connection.execute(text("SELECT id FROM keys WHERE owner = 'index'")).scalars())
    assert ids == {"index/v1", "index/v2"}
    made_earlier(app)
    last = outcome(run)
    assert (last["destroyed"], last["earlier"]) == (1, [])
    fresh = ClientIndex(SqlKeyStore(app.outside.key_engine, app.outside.masters))
    (wanted,) = fresh.asked("Ngatiyem", None)
    assert wanted & {token for token, _ in after}
    assert not fresh.asked("Wagirah", None)[0] & {token for token, _ in after}


def outcome(run: Run, *options: str) -> dict[str, Any]:
    """What `tuntas keys reindex` says, after whatever else stands on the console."""
    status, out, _ = run("keys", "reindex", "--json", *options)
    assert status == 0
    said: dict[str, Any] = json.loads(out[out.index("{") :])
    return said


def made_earlier(app: Stack) -> None:
    """Let the keys of the index be older than any process remembers."""
    with app.outside.key_engine.begin() as connection:
        rows_ = connection.execute(text("DELETE FROM keys WHERE owner = 'index' RETURNING *")).mappings().all()
        insert = text("INSERT INTO keys VALUES (:id, :owner, :wrapped, :wrapped_by, :made_at)")
        for row in rows_:
            connection.execute(insert, {**row, "made_at": row["made_at"] - timedelta(minutes=6)})
