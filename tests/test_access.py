"""Who sees which case: the rule in Python and the rule in SQL say the same, whatever the world is like."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, Table, insert, select

from casework.db.rows import case_values, values_of
from casework.db.tables import accounts, break_glass, cases, exclusions, referrals
from casework.db.visible import ground_of, parts_visible_to, visible_to
from casework.ids import new_id
from casework.models.access import Glass, Ground
from casework.models.codes import ReferralStatus
from casework.models.people import Actor, Role
from casework.models.state import CaseRow, Referral
from casework.rules.access import CLOCKS, NUMBERS, OFFERED, Grants, columns_shown, ground, may_see, shown
from tests.postgres import scratch_engine
from tests.recordings import CASEWORKER, OFFICE, OPENED, POLICE, SUPERVISOR, case_row, referral

AGENCIES = (OFFICE, "province", "polres", "rsud")
PEOPLE = ("caseworker", "caseworker2", "supervisor", "hotline")
LATER = timedelta(minutes=1)


@dataclass(frozen=True)
class Given:
    """A case with all that decides who sees it."""

    case: CaseRow
    referrals: list[Referral]
    glass: list[Glass]
    excluded: set[str]

    @property
    def grants(self) -> Grants:
        return Grants(self.referrals, self.glass, self.excluded)


World = list[Given]
readers = st.builds(
    Actor, account_id=st.sampled_from(PEOPLE), role=st.sampled_from(Role), agency_id=st.sampled_from(AGENCIES)
)
asked = st.builds(referral, agency_id=st.sampled_from(AGENCIES), status=st.sampled_from(ReferralStatus))
broken = st.builds(
    Glass, account_id=st.sampled_from(PEOPLE), until=st.sampled_from((OPENED - LATER, OPENED, OPENED + LATER))
)
one_case = st.builds(
    case_row,
    agency_id=st.sampled_from(AGENCIES),
    assigned_to=st.sampled_from((None, *PEOPLE)),
    opened_by=st.sampled_from(PEOPLE),
    reported_by_agency=st.sampled_from((None, *AGENCIES)),
    transfer_to=st.sampled_from((None, *AGENCIES)),
)
worlds = st.lists(
    st.builds(
        Given,
        one_case,
        st.lists(asked, max_size=3),
        st.lists(broken, max_size=2),
        st.sets(st.sampled_from(PEOPLE), max_size=1),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with scratch_engine() as engine:
        yield engine


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds, everybody=st.lists(readers, min_size=1, max_size=8))
def test_the_rule_says_the_same_in_both_languages(engine: Engine, world: World, everybody: list[Actor]) -> None:
    with engine.connect() as connection:
        build(connection, world)
        for reader in everybody:
            grounds = {each.case.id: ground(reader, each.case, each.grants, OPENED) for each in world}
            found = select(cases.c.id, ground_of(reader, OPENED))
            rows = connection.execute(found.where(visible_to(reader, OPENED)))
            assert {row.id: row.ground for row in rows} == {id_: why for id_, why in grounds.items() if why}
            whole = set(connection.scalars(found.where(parts_visible_to(reader, OPENED))))
            assert whole == {id_ for id_, why in grounds.items() if why not in (None, Ground.TRANSFER_OFFER)}
        connection.rollback()


def build(connection: Connection, world: World) -> None:
    """Put a world into the database."""
    people = {"password_hash": "", "role": "caseworker", "agency_id": OFFICE}
    connection.execute(insert(accounts), [{"id": name, "username": name, **people} for name in (*PEOPLE, "head")])
    connection.execute(insert(cases), [case_values(each.case) for each in world])
    rows: dict[Table, list[dict[str, Any]]] = {
        referrals: [{**values_of(r), "asked_at": OPENED, **of(each)} for each in world for r in each.referrals],
        break_glass: [{**values_of(g), **GLASS, **of(each), "id": new_id()} for each in world for g in each.glass],
        exclusions: [
            {**EXCLUDED, **of(each), "id": new_id(), "account_id": a} for each in world for a in each.excluded
        ],
    }
    for table, values in rows.items():
        if values:
            connection.execute(insert(table), values)


GLASS = {"reason_document_id": "d-1", "begun_at": OPENED - timedelta(minutes=30)}
EXCLUDED = {"ground": "own_interest", "excluded_by": "head", "excluded_at": OPENED}


def of(each: Given) -> dict[str, str]:
    return {"case_id": each.case.id}


def reader(role: Role, account_id: str = "somebody", agency_id: str = OFFICE) -> Actor:
    return Actor(account_id=account_id, role=role, agency_id=agency_id)


@pytest.mark.parametrize(
    ("who", "changes", "why"),
    [
        (CASEWORKER, {}, Ground.OPENED_BY),
        (CASEWORKER, {"assigned_to": "caseworker2"}, None),
        (CASEWORKER, {"assigned_to": "caseworker", "opened_by": "caseworker2"}, Ground.ASSIGNMENT),
        (CASEWORKER, {"opened_by": "caseworker2"}, None),
        (CASEWORKER, {"assigned_to": "caseworker", "agency_id": "province"}, None),
        (SUPERVISOR, {"opened_by": "caseworker2"}, Ground.OWN_OFFICE),
        (SUPERVISOR, {"agency_id": "province"}, None),
        (SUPERVISOR, {"agency_id": "province", "transfer_to": OFFICE}, Ground.TRANSFER_OFFER),
        (CASEWORKER, {"agency_id": "province", "transfer_to": OFFICE}, None),
        (SUPERVISOR, {"agency_id": "province", "transfer_to": "bandung"}, None),
        (reader(Role.HEAD), {}, Ground.OWN_OFFICE),
        (reader(Role.COORDINATOR, agency_id="setda"), {}, Ground.COORDINATION),
        (reader(Role.VIEWER), {}, None),
        (reader(Role.ADMINISTRATOR), {}, None),
        (reader(Role.AUDITOR), {}, None),
        (reader(Role.SYSTEM, "hotline"), {"opened_by": "hotline"}, Ground.OPENED_BY),
        (reader(Role.SYSTEM, "hotline"), {}, None),
        (POLICE, {}, None),
        (POLICE, {"reported_by_agency": "polres"}, Ground.REPORTED_BY),
        (POLICE, {"agency_id": "polres"}, None),
    ],
)
def test_each_role_sees_what_the_design_says(who: Actor, changes: dict[str, Any], why: Ground | None) -> None:
    assert ground(who, case_row(**changes), Grants(), OPENED) is why


@pytest.mark.parametrize("status", list(ReferralStatus))
def test_an_agency_sees_a_case_by_a_live_or_finished_referral(status: ReferralStatus) -> None:
    seen = status not in (ReferralStatus.PENDING, ReferralStatus.REVOKED)

    assert may_see(POLICE, case_row(), Grants([referral(status=status)]), OPENED) is seen
    assert not may_see(POLICE, case_row(), Grants([referral(status=status, agency_id="rsud")]), OPENED)


@pytest.mark.parametrize(
    ("who", "broken_by", "left", "why"),
    [
        (SUPERVISOR, "supervisor", 1, Ground.BREAK_GLASS),
        (SUPERVISOR, "supervisor", 0, None),
        (SUPERVISOR, "head", 1, None),
        (CASEWORKER, "caseworker", 1, None),
        (POLICE, "police", 1, None),
    ],
)
def test_broken_glass_gives_sight_to_who_decides_in_an_office_until_its_end(
    who: Actor, broken_by: str, left: int, why: Ground | None
) -> None:
    foreign = case_row(agency_id="province")
    glass = Glass(account_id=broken_by, until=OPENED + timedelta(seconds=left))

    assert ground(who, foreign, Grants(glass=[glass]), OPENED) is why


@pytest.mark.parametrize("who", [CASEWORKER, SUPERVISOR, POLICE, reader(Role.COORDINATOR)])
def test_an_exclusion_beats_every_ground(who: Actor) -> None:
    glass = Glass(account_id=who.account_id, until=OPENED + timedelta(hours=1))
    everything = Grants([referral()], [glass])

    assert may_see(who, case_row(), everything, OPENED)
    assert not may_see(who, case_row(), replace(everything, excluded={who.account_id}), OPENED)


def test_rows_and_models_are_judged_alike() -> None:
    case, sent = case_row(), referral()

    assert may_see(POLICE, case_values(case), Grants([values_of(sent)]), OPENED)
    assert may_see(CASEWORKER, case_values(case), Grants(), OPENED)


def test_nothing_is_shown_that_a_role_has_no_ground_for() -> None:
    row = case_values(case_row())

    for role, why in itertools.product(Role, (None, *Ground)):
        seen = shown(reader(role), {**row, "ground": why})
        given_columns = {name for name, value in seen.items() if value not in (None, [])}
        assert given_columns - {"ground"} <= (columns_shown(role, why) or set(row))
    assert NUMBERS < CLOCKS < OFFERED < set(row)
    secret = {"client", "subdistrict", "age_band", "sex", "place", "violence_types", "links"}
    assert not CLOCKS & (secret | {"categories"})
    assert not OFFERED & (secret | {"assigned_to", "opened_by"})
