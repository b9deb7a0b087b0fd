"""Agencies: who there is, what they give, and that a wrong file is refused with its place."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casework.directory.agencies import (
    ABOVE,
    AgencyFileError,
    StaticAgencyDirectory,
    above,
    heads,
    ladders,
    load_agencies,
)
from casework.directory.calendar import collective_leave, working_calendar
from casework.models.agency import Agency
from casework.models.pathway import Service
from casework.pathways import load

AGENCIES = load_agencies()
EXAMPLES = Path(__file__).parents[1] / "examples"

GIVES = {
    "unit-ppa-polres": "police",
    "kejaksaan-negeri": "prosecution",
    "pengadilan-negeri": "court",
    "pengadilan-agama": "religious_court",
    "rsud-muaradua": "health psychosocial",
    "puskesmas": "health",
    "dinas-kesehatan": "health",
    "dinas-sosial": "psychosocial social_rehabilitation shelter repatriation reintegration",
    "dinas-pendidikan": "education",
    "disdukcapil": "civil_registry",
    "disnakertrans": "employment",
    "kemenag": "religious_counselling",
    "kua-kecamatan": "religious_counselling",
    "lpsk": "witness_protection",
    "bapas": "probation",
    "bp3mi-sumsel": "repatriation",
    "setda-asisten-1": "",
    "camat": "",
    "sapa-129": "",
    "uptd-ppa-jawa-timur": "psychosocial shelter legal_aid",
    "polrestabes-surabaya": "police",
    "dinas-pendidikan-balikpapan": "education",
}


@pytest.mark.parametrize("agency_id", GIVES)
def test_agency_gives_its_services(agency_id: str) -> None:
    """Each agency gives what its role in a case is."""
    assert [service.value for service in AGENCIES[agency_id].services] == GIVES[agency_id].split()


def test_offices_that_lead() -> None:
    """The office and its unit, the province, and the office of the published case elsewhere."""
    assert {agency.id for agency in AGENCIES.values() if agency.leads and not agency.outside} == {
        "dinas-pppappkb",
        "uptd-ppa-oku-selatan",
        "uptd-ppa-sumatera-selatan",
    }
    assert AGENCIES["dp3ap2kb-ppu"].leads
    assert AGENCIES["dp3ap2kb-ppu"].outside


@pytest.mark.parametrize("service", list(Service))
def test_every_service_is_given_here(service: Service) -> None:
    """A referral for any service finds an agency of this district, province or nation."""
    giving = StaticAgencyDirectory(AGENCIES).giving(service)

    assert any(not agency.outside for agency in giving)
    assert all(service in agency.services for agency in giving)


def test_directory_finds_by_id() -> None:
    """An unknown id is no agency."""
    directory = StaticAgencyDirectory(AGENCIES)

    assert directory.get("lpsk") == AGENCIES["lpsk"]
    assert directory.get("nobody") is None


OTHER_PROVINCES = """
    uptd-ppa-jawa-timur polrestabes-surabaya sentra-soeharso-solo dp3ap2kb-ppu unit-ppa-polres-ppu dinas-sosial-ppu
    panti-dharma-samarinda dinas-pendidikan-balikpapan
"""


def test_ladders_of_agencies() -> None:
    """A village's goes by the subdistrict, another province's by the national office; the nation's own by neither."""
    own = ladders(AGENCIES.values(), AGENCIES["dinas-pppappkb"])

    assert own == {"desa": "village"} | dict.fromkeys(OTHER_PROVINCES.split(), "cross_province")
    assert {ladder.name for pathway in load().values() for ladder in pathway.ladders} >= set(own.values())


def test_another_province_is_who_is_of_another_than_the_lead_office() -> None:
    """Seen from elsewhere its neighbours are near, and this district is far."""
    seen = ladders(AGENCIES.values(), AGENCIES["dp3ap2kb-ppu"])

    assert not {"dinas-sosial-ppu", "panti-dharma-samarinda", "sapa-129", "lpsk"} & seen.keys()
    assert (seen["unit-ppa-polres"], seen["polrestabes-surabaya"]) == ("cross_province", "cross_province")
    assert above(AGENCIES.values(), AGENCIES["dp3ap2kb-ppu"]) == {"national_office": "sapa-129"}


def test_each_village_stands_under_its_own_subdistrict() -> None:
    """However far up."""
    told = "one camat-1 | desa-1 camat-1 | dusun desa-1 | desa-2 camat-2 | camat-1 setda | camat-2 setda | setda"
    rows = [entry.split() for entry in told.split("|")]
    kinds = {"camat": "subdistrict", "setda": "regional_secretariat"}
    listed = [
        Agency(
            id=id_, name=id_, kind=kinds.get(id_.partition("-")[0], "village"), parent_id=parent[0] if parent else None
        )
        for id_, *parent in rows
    ]

    assert heads(listed) == {"one": "camat-1", "desa-1": "camat-1", "dusun": "camat-1", "desa-2": "camat-2"}


def test_rungs_above_the_office_have_agencies_behind_them() -> None:
    """The coordinator of this district, the head of a subdistrict, the own province, the national hotline."""
    assert above(AGENCIES.values()) == {
        "coordinator": "setda-asisten-1",
        "subdistrict_head": "camat",
        "province": "uptd-ppa-sumatera-selatan",
        "national_office": "sapa-129",
    }
    assert set(above(AGENCIES.values())) == set(ABOVE)


def behind(rung: str, *without: str, outside: tuple[str, ...] = ()) -> str | None:
    """Who is behind a rung where some agencies are left out, and others are of elsewhere."""
    left = [agency for agency in AGENCIES.values() if agency.id not in without]
    return above(agency.model_copy(update={"outside": agency.outside or agency.id in outside}) for agency in left).get(
        rung
    )


def test_rung_prefers_the_hotline_and_takes_nobody_from_elsewhere() -> None:
    """The ministry stands in for the hotline; another province's office never for the own one."""
    assert behind("national_office", "sapa-129") == "kemen-pppa"
    assert behind("national_office", "sapa-129", "kemen-pppa") is None
    assert behind("province", "uptd-ppa-sumatera-selatan") is None
    assert behind("coordinator", outside=("setda-asisten-1",)) is None
    assert above([Agency(id="one", name="One", kind="lead_office")]) == {}


def ids_in(value: Any, key: str = "") -> set[str]:
    """The agency ids an example names."""
    if isinstance(value, dict):
        return {found for name, inner in value.items() for found in ids_in(inner, name)}
    if isinstance(value, list):
        return {found for inner in value for found in ids_in(inner, key)}
    named = key in ("agency", "agencies", "agency_id", "reported_by_agency", "called_by", "participants")
    return {value} if named and isinstance(value, str) else set()


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.json")), ids=lambda path: path.stem)
def test_examples_name_known_agencies(path: Path) -> None:
    """No example speaks of an agency that the directory lacks."""
    assert ids_in(json.loads(path.read_text())) <= set(AGENCIES)


def test_examples_are_there() -> None:
    """Ten intakes to take, five to refuse, four scenarios."""
    counted = {
        folder: len(list((EXAMPLES / folder).glob("*.json"))) for folder in ("intakes", "intakes/refused", "scenarios")
    }

    assert counted == {"intakes": 10, "intakes/refused": 5, "scenarios": 4}


ONE = '[[agencies]]\nid = "one"\nname = "One"\nkind = "lead_office"\nleads = true\n'
BROKEN = {
    "bad syntax": ("[[agencies]\n", "line 1", "is not TOML"),
    "unknown key": (ONE + "phone = 1\n", "agencies[0].phone", "unknown key"),
    "unknown service": (ONE + 'services = ["police", "taxi"]\n', "agencies[0].services[1]", "found 'taxi'"),
    "service twice": (ONE + 'services = ["police", "police"]\n', "agencies[0].services", "twice"),
    "unknown ladder": (ONE + 'ladder = "office"\n', "agencies[0].ladder", "found 'office'"),
    "no name": (ONE.replace('name = "One"\n', ""), "agencies[0].name", "is missing"),
    "wrong type": (ONE.replace("true", '"yes"'), "agencies[0].leads", "valid boolean"),
    "bad id": (ONE.replace('"one"', '"o n e"'), "agencies[0].id", "match pattern"),
    "same id": (ONE + ONE, "agencies[1].id", "there already"),
    "unknown parent": (ONE + 'parent_id = "two"\n', "agencies[0].parent_id", "no agency `two`"),
    "own parent": (ONE + 'parent_id = "one"\n', "agencies[0].parent_id", "leads back"),
    "nobody leads": (ONE.replace("true", "false"), "agencies", "none of them leads"),
    "empty": ("", "agencies", "is missing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_wrong_file_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    """File, place and reason are named."""
    text, where, reason = BROKEN[name]
    path = tmp_path / "own.toml"
    path.write_text(text)

    with pytest.raises(AgencyFileError) as refused:
        load_agencies(path)

    found = refused.value.problems
    assert any(p.file == "own.toml" and p.where.startswith(where) and reason in p.reason for p in found), found


def test_own_file_stands_instead_of_the_built_in_one(tmp_path: Path) -> None:
    """An office elsewhere keeps its own agencies."""
    path = tmp_path / "own.toml"
    path.write_text(ONE)

    assert list(load_agencies(path)) == ["one"]
    with pytest.raises(AgencyFileError, match="cannot be read"):
        load_agencies(tmp_path / "missing.toml")


def test_calendar_holds_holidays_and_collective_leave() -> None:
    """Independence Day is a public holiday, the day after Eid leave by decree, and other years are left out."""
    calendar = working_calendar([2026], "Asia/Jakarta")

    assert date(2026, 8, 17) in calendar.holidays
    assert date(2026, 3, 23) in calendar.holidays
    assert {day.year for day in calendar.holidays} == {2026}
    assert not calendar.is_working_day(date(2026, 3, 23))
    assert not calendar.is_working_day(date(2026, 3, 7))
    assert calendar.is_working_day(date(2026, 3, 9))


def test_extra_days_replace_collective_leave() -> None:
    """A district that works on collective leave says so."""
    calendar = working_calendar([2026], "Asia/Makassar", extra=[date(2026, 2, 2), date(2027, 1, 4)])

    assert date(2026, 2, 2) in calendar.holidays
    assert date(2026, 3, 23) not in calendar.holidays
    assert date(2027, 1, 4) not in calendar.holidays
    assert calendar.zone == "Asia/Makassar"


def test_collective_leave_of_the_scenarios_years_is_there() -> None:
    """2023, 2024 and 2026 are years of the scenarios; no leave falls on a weekend."""
    days = collective_leave()

    assert {day.year for day in days} >= {2023, 2024, 2025, 2026}
    assert all(day.weekday() < 5 for day in days)
