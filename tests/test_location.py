"""Where the client is now: to be read on a ground and a reason each time, and nowhere else to be found."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from casework.db.caller import ENGINE
from casework.db.session import reading, writing
from casework.ids import location_key
from casework.models.codes import Part
from casework.models.people import ITSELF, Role
from casework.vault.errors import VaultError
from tests.real_site import RealSite
from tests.stack import Stack
from tests.test_walk import opened, planned, refer

WHERE = {
    "name": "Rumah Aman Kenari",
    "address": "Jalan Kenari Kuning 7",
    "phone": "+62811000777",
    "note": "Pintu belakang kenari.",
}
SONG = re.compile("kenari|62811000777", re.IGNORECASE)
READERS = [
    ("caseworker", Role.CASEWORKER, "dinas-pppappkb"),
    ("caseworker2", Role.CASEWORKER, "dinas-pppappkb"),
    ("supervisor", Role.SUPERVISOR, "dinas-pppappkb"),
    ("head", Role.HEAD, "dinas-pppappkb"),
    ("supervisor2", Role.SUPERVISOR, "uptd-ppa-sumatera-selatan"),
    ("coordinator", Role.COORDINATOR, "setda-asisten-1"),
    ("viewer", Role.VIEWER, "bupati"),
    ("police", Role.AGENCY_OFFICER, "unit-ppa-polres"),
    ("hospital", Role.AGENCY_OFFICER, "rsud-muaradua"),
    ("administrator", Role.ADMINISTRATOR, "dinas-pppappkb"),
    ("auditor", Role.AUDITOR, "dinas-pppappkb"),
    ("hotline", Role.SYSTEM, "sapa-129"),
]
MAY_READ = {"caseworker", "supervisor", "head"}
REASON = {"reason": "Mengantar ke sidang besok pagi."}


@pytest.fixture
def site(app: Stack) -> RealSite:
    """The API on the stack."""
    return RealSite(app)


async def hidden(site: RealSite, case_id: str) -> None:
    """Say where the client of a case is."""
    answer = await site.ask(site.stack.caseworker, "PUT", f"/cases/{case_id}/location", json=WHERE)
    assert answer.status_code == 200, answer.text
    assert not SONG.search(answer.text)


def read(case_id: str) -> str:
    """Where it is read."""
    return f"/cases/{case_id}/location/readings"


async def test_it_is_read_on_a_reason_and_each_reading_is_kept_before_it_is_shown(app: Stack, site: RealSite) -> None:
    """By whom, when, why; supervisor and head see who has read it, and the reason, never the place."""
    case_id = await opened(app)
    await hidden(site, case_id)

    for actor in (app.caseworker, app.supervisor, app.caseworker):
        answer = await site.ask(actor, "POST", read(case_id), json=REASON)
        assert answer.status_code == 200, answer.text
        assert {name: answer.json()[name] for name in WHERE} == WHERE
        assert answer.json()["set_by"] == app.caseworker.account_id

    kept = (await site.ask(app.head, "GET", read(case_id))).json()["items"]
    assert [each["by"] for each in kept] == [a.account_id for a in (app.caseworker, app.supervisor, app.caseworker)]
    assert {each["reason"] for each in kept} == {REASON["reason"]}
    assert kept[-1]["id"] == answer.json()["reading_id"]
    with reading(app.outside.engine, ENGINE) as connection:
        seen = "SELECT subject_id FROM access_log WHERE thing = 'location_readings' AND kind = 'shown' ORDER BY id"
        assert [each["id"] for each in kept] == connection.execute(text(seen)).scalars().all()[: len(kept)]
    assert (await site.ask(app.caseworker, "GET", read(case_id))).status_code == 403
    with pytest.raises(ProgrammingError, match="denied"), writing(app.outside.engine, ENGINE) as connection:
        connection.execute(text("DELETE FROM location_readings"))


async def test_who_has_no_ground_does_not_read_it(app: Stack, site: RealSite) -> None:
    """Nor an agency that was shown everything a referral can show; and a refusal is no reading."""
    case_id = await planned(app)
    body = refer("rsud-muaradua", "health").model_copy(update={"disclose": tuple(Part)})
    await app.cases.refer(app.ask(app.caseworker, case_id), body)
    await hidden(site, case_id)

    for reader in READERS:
        answer = await site.ask(app.actor(*reader), "POST", read(case_id), json=REASON)

        assert (answer.status_code == 200) == (reader[0] in MAY_READ), reader
        assert answer.status_code in (200, 403, 404)
        assert bool(SONG.search(answer.text)) == (reader[0] in MAY_READ)
    assert len(app.outside.locations.readings(ITSELF, case_id)) == len(MAY_READ)


async def test_broken_glass_does_not_show_it(app: Stack, site: RealSite) -> None:
    """Another office reads the case for an hour, and not where its client is; it is told who broke the glass."""
    case_id = await opened(app)
    await hidden(site, case_id)
    other = app.actor("supervisor2", Role.SUPERVISOR, "uptd-ppa-sumatera-selatan")
    number = app.log(case_id)[0]["case_after"]["number"]
    broken = await site.post(other, "/break-glass", number=number, reason="Anak ditemukan di kabupaten kami.")
    assert broken.status_code == 201, broken.text

    assert (await site.ask(other, "GET", f"/cases/{case_id}/intake")).status_code == 200
    assert (await site.ask(other, "POST", read(case_id), json=REASON)).status_code == 403
    assert (await site.ask(other, "GET", read(case_id))).status_code == 403
    assert app.outside.locations.readings(ITSELF, case_id) == []


async def test_without_a_reason_nobody_reads_it(app: Stack, site: RealSite) -> None:
    """Said with a pointer; nothing is kept as read."""
    case_id = await opened(app)
    await hidden(site, case_id)

    for reason in ("", " \n", "1234567 !!", "ya", None, 7):
        answer = await site.ask(app.supervisor, "POST", read(case_id), json={"reason": reason})

        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason")
        assert not SONG.search(answer.text)
    assert app.outside.locations.readings(ITSELF, case_id) == []


async def test_the_last_place_counts_and_none_is_not_found(app: Stack, site: RealSite) -> None:
    """A move is said anew; a place without a name and an address is none."""
    case_id = await opened(app)
    assert (await site.ask(app.caseworker, "POST", read(case_id), json=REASON)).status_code == 404
    await hidden(site, case_id)
    empty = await site.ask(app.caseworker, "PUT", f"/cases/{case_id}/location", json={"phone": "1", "address": "  "})
    assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, "/address")
    moved = await site.ask(app.supervisor, "PUT", f"/cases/{case_id}/location", json={"address": "Jalan Pipit 3"})
    assert moved.status_code == 200

    where = (await site.ask(app.caseworker, "POST", read(case_id), json=REASON)).json()

    assert (where["address"], where["name"], where["set_by"]) == ("Jalan Pipit 3", None, app.supervisor.account_id)


async def test_it_lies_under_a_key_of_its_own_that_dies_with_the_case(app: Stack, site: RealSite) -> None:
    """The key of the case does not open it, nor the other way round."""
    case_id = await opened(app)
    await hidden(site, case_id)
    place, vault, keys = app.outside.locations.latest(ITSELF, case_id), app.outside.vault, app.outside.keys
    assert place is not None
    with pytest.raises(VaultError):
        vault.open(case_id, place.id, place.sealed)
    assert keys.get(location_key(case_id)) != keys.get(case_id)
    assert app.outside.documents.get(ITSELF, case_id, place.id) is None


async def test_a_repeat_gets_the_first_answer_and_a_refused_one_leaves_nothing(app: Stack, site: RealSite) -> None:
    """Of the same key, of another body, and after the case has changed."""
    case_id = await opened(app)
    path, key = f"/cases/{case_id}/location", {"Idempotency-Key": "k-location"}
    first, again = [await site.ask(app.caseworker, "PUT", path, json=WHERE, headers=key) for _ in range(2)]
    other = await site.ask(app.caseworker, "PUT", path, json={"address": "Lain"}, headers=key)
    stale = await site.ask(app.caseworker, "PUT", path, json=WHERE, headers={"If-Match": '"1"'})

    assert (first.status_code, again.json(), other.status_code, stale.status_code) == (200, first.json(), 422, 412)
    with reading(app.outside.engine, ENGINE) as connection:
        lying = text("SELECT state FROM locations WHERE case_id = :case")
        assert list(connection.execute(lying, {"case": case_id}).scalars()) == ["kept"]
