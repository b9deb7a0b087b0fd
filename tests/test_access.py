"""Who sees which case: the rule in Python and the rule in SQL say the same, whatever the world is like."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Connection, Engine, select

from casework.db.caller import ENGINE, acting
from casework.db.rows import case_values, values_of
from casework.db.tables import cases
from casework.db.visible import ground_of, own_visible_to, parts_visible_to, visible_to
from casework.models.access import Glass, Ground
from casework.models.codes import ReferralStatus
from casework.models.people import Actor, Role
from casework.rules.access import CLOCKS, NUMBERS, OFFERED, Grants, columns_shown, ground, may_see, shown
from tests.postgres import scratch_engine
from tests.recordings import CASEWORKER, OFFICE, OPENED, POLICE, SUPERVISOR, case_row, referral
from tests.worlds import EVERY_ROW, EVERYBODY, NOW, SEES, World, build, call, key_of, worlds


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with scratch_engine() as engine:
        yield engine


# Making a world small takes minutes, and each row of one says by itself who should see it.
@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(world=worlds)
def test_the_rule_the_statements_and_the_walls_say_the_same(engine: Engine, world: World) -> None:
    """Each statement alone, as who sees every row; each wall alone, by a statement that asks for every row."""
    with engine.connect() as connection:
        call(connection, ENGINE)
        made = build(connection, world)
        for reader in EVERYBODY:
            statements(connection, world, reader)
        for reader in EVERYBODY:
            call(connection, acting(reader, NOW))
            seen = connection.execute(EVERY_ROW).mappings().one()
            for table, rows in made.items():
                should = {key_of(table, row) for each, row in rows if SEES[table](reader, each, row)}
                assert set(seen[table.name] or ()) == should, (table.name, reader)
        connection.rollback()


def statements(connection: Connection, world: World, reader: Actor) -> None:
    """What the conditions of statements find is what the rule says, ground by ground."""
    grounds = {each.case.id: each.ground(reader) for each in world}
    found = select(cases.c.id, ground_of(reader, NOW))
    rows = connection.execute(found.where(visible_to(reader, NOW)))
    assert {row.id: row.ground for row in rows} == {id_: why for id_, why in grounds.items() if why}
    own = set(connection.scalars(found.where(own_visible_to(reader, NOW))))
    assert own == {each.case.id for each in world if grounds[each.case.id] and each.case.agency_id == reader.agency_id}
    whole = set(connection.scalars(found.where(parts_visible_to(reader, NOW))))
    assert whole == {id_ for id_, why in grounds.items() if why not in (None, Ground.TRANSFER_OFFER)}


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
