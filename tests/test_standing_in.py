"""Who is told in whose place: never somebody who cannot act, always somebody where anybody is left."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.models.notice import Recipient
from casework.models.people import DECIDING_ROLES, Account, Role
from casework.rules.standing_in import Person, may_stand_in, reached

IDS = st.sampled_from("abcdefgh")
AGENCIES = st.sampled_from(["office", "police", "regency"])
PERSONS = st.builds(
    Person,
    id=IDS,
    role=st.sampled_from(Role),
    agency_id=AGENCIES,
    disabled=st.booleans(),
    absent=st.booleans(),
    deputy_id=st.none() | IDS,
)
PEOPLE = st.lists(PERSONS, max_size=8, unique_by=lambda person: person.id)
RECIPIENTS = st.builds(Recipient, account_id=IDS) | st.builds(
    Recipient, agency_id=AGENCIES, role=st.none() | st.sampled_from(Role)
)
CHAINED = (Role.CASEWORKER, Role.SUPERVISOR, Role.HEAD, Role.COORDINATOR)


@given(RECIPIENTS, PEOPLE)
def test_nobody_who_is_disabled_or_away_is_picked(to: Recipient, people: list[Person]) -> None:
    there = {person.id for person in people if person.there}

    assert set(reached(to, people)) <= there


@given(RECIPIENTS, PEOPLE, st.randoms(use_true_random=False))
def test_the_order_in_which_people_are_known_changes_nothing(to: Recipient, people: list[Person], random: Any) -> None:
    first = reached(to, people)
    random.shuffle(people)

    assert reached(to, people) == first == tuple(sorted(set(first)))


@given(RECIPIENTS, PEOPLE)
def test_somebody_is_told_where_anybody_of_the_chain_is_there(to: Recipient, people: list[Person]) -> None:
    """The account itself, whoever of its office decides, and every coordinator; of a role what stands above it."""
    named = [person for person in people if person.id == to.account_id]
    agency_id = named[0].agency_id if named else to.agency_id
    role = Role.SUPERVISOR if named else to.role
    chain = [*named]
    if role in CHAINED:
        above = CHAINED[CHAINED.index(role) :]
        chain += [each for each in people if each.role in above and each.agency_id == agency_id]
        chain += [each for each in people if each.role is Role.COORDINATOR]
    else:
        whole = role in (None, Role.AGENCY_OFFICER) and to.account_id is None
        chain += [each for each in people if each.agency_id == agency_id and (whole or each.role is role)]

    if any(person.there for person in chain):
        assert reached(to, people)


@given(PEOPLE, IDS)
def test_who_can_act_is_told_and_nobody_else(people: list[Person], account_id: str) -> None:
    here = [person for person in people if person.id == account_id and person.there]

    if here:
        assert reached(Recipient(account_id=account_id), people) == (account_id,)


@given(PEOPLE, AGENCIES)
def test_of_a_whole_agency_everybody_who_is_there_is_told(people: list[Person], agency_id: str) -> None:
    members = {person.id for person in people if person.agency_id == agency_id and person.there}

    assert members <= set(reached(Recipient(agency_id=agency_id), people))


def person(id_: str, role: Role, agency_id: str = "office", **more: Any) -> Person:
    return Person(id_, role, agency_id, **more)


def away(id_: str, role: Role, deputy_id: str | None = None, agency_id: str = "office") -> Person:
    return Person(id_, role, agency_id, absent=True, deputy_id=deputy_id)


SITI, BUDI = person("siti", Role.CASEWORKER), person("budi", Role.CASEWORKER)
SUPERVISOR, OTHER = person("supervisor", Role.SUPERVISOR), person("supervisor2", Role.SUPERVISOR)
HEAD, COORDINATOR = person("head", Role.HEAD), person("coordinator", Role.COORDINATOR, "regency")
ABOVE = (SUPERVISOR, OTHER, HEAD, COORDINATOR)
TO_SITI = Recipient(account_id="siti")


@pytest.mark.parametrize(
    ("people", "told"),
    [
        ((SITI, BUDI, *ABOVE), ("siti",)),
        ((away("siti", Role.CASEWORKER, "budi"), BUDI, *ABOVE), ("budi",)),
        ((away("siti", Role.CASEWORKER), BUDI, *ABOVE), ("supervisor", "supervisor2")),
        ((person("siti", Role.CASEWORKER, disabled=True), BUDI, *ABOVE), ("supervisor", "supervisor2")),
        ((person("siti", Role.CASEWORKER, disabled=True, absent=True, deputy_id="budi"), BUDI, *ABOVE), ("budi",)),
        ((away("siti", Role.CASEWORKER, "budi"), person("budi", Role.CASEWORKER, disabled=True), OTHER), (OTHER.id,)),
        ((away("siti", Role.CASEWORKER, "nobody"), HEAD, COORDINATOR), ("head",)),
        ((away("siti", Role.CASEWORKER), away("supervisor", Role.SUPERVISOR), away("head", Role.HEAD)), ()),
        ((away("siti", Role.CASEWORKER), away("head", Role.HEAD, "budi"), BUDI, COORDINATOR), ("budi",)),
        (
            (away("siti", Role.CASEWORKER), person("supervisor9", Role.SUPERVISOR, "police"), COORDINATOR),
            (COORDINATOR.id,),
        ),
        ((BUDI, *ABOVE), ()),
    ],
)
def test_an_account_that_cannot_act_is_stood_in_for(people: tuple[Person, ...], told: tuple[str, ...]) -> None:
    """By its deputy, else by the supervisors, the head, the coordinator. An account nobody knows is a defect to see."""
    assert reached(TO_SITI, people) == told


def test_a_deputy_of_a_deputy_acts_and_a_ring_of_deputies_ends() -> None:
    siti, budi = away("siti", Role.CASEWORKER, "budi"), away("budi", Role.CASEWORKER, "tini")
    tini = person("tini", Role.CASEWORKER)
    ring = away("tini", Role.CASEWORKER, "siti")

    assert reached(TO_SITI, (siti, budi, tini, *ABOVE)) == ("tini",)
    assert reached(TO_SITI, (siti, budi, ring, HEAD)) == ("head",)


OFFICER = person("officer", Role.AGENCY_OFFICER, "police")


@pytest.mark.parametrize(
    ("role", "agency_id", "people", "told"),
    [
        (Role.SUPERVISOR, "office", ABOVE, ("supervisor", "supervisor2")),
        (Role.SUPERVISOR, "office", (away("supervisor", Role.SUPERVISOR, "siti"), SITI, OTHER), ("siti", OTHER.id)),
        (Role.SUPERVISOR, "office", (away("supervisor", Role.SUPERVISOR), OTHER), (OTHER.id,)),
        (Role.CASEWORKER, "office", ABOVE, ("supervisor", "supervisor2")),
        (Role.SUPERVISOR, "office", (SITI, HEAD, COORDINATOR), ("head",)),
        (
            Role.SUPERVISOR,
            "office",
            (person("s", Role.SUPERVISOR, disabled=True, absent=True, deputy_id="siti"), SITI),
            (),
        ),
        (Role.HEAD, "office", (SITI, SUPERVISOR, COORDINATOR), ("coordinator",)),
        (Role.HEAD, "police", (OFFICER, HEAD, COORDINATOR), ("coordinator",)),
        (Role.HEAD, "police", (OFFICER, person("chief", Role.HEAD, "police"), COORDINATOR), ("chief",)),
        (Role.COORDINATOR, "regency", (COORDINATOR, person("other", Role.COORDINATOR, "elsewhere")), ("coordinator",)),
        (Role.COORDINATOR, "elsewhere", (COORDINATOR, HEAD), ("coordinator",)),
        (Role.AGENCY_OFFICER, "police", (OFFICER, person("chief", Role.HEAD, "police")), ("officer",)),
        (Role.AGENCY_OFFICER, "police", (person("chief", Role.HEAD, "police"), COORDINATOR), ("chief",)),
        (Role.AGENCY_OFFICER, "police", ABOVE, ()),
        (Role.AUDITOR, "office", ABOVE, ()),
    ],
)
def test_a_role_that_nobody_holds_is_stood_in_for_from_above(
    role: Role, agency_id: str, people: tuple[Person, ...], told: tuple[str, ...]
) -> None:
    """A head of an agency that has none is the coordinator at once; officers are stood in for by their agency."""
    assert reached(Recipient(role=role, agency_id=agency_id), people) == told


def test_a_whole_agency_has_no_stand_in_but_its_deputies() -> None:
    to, absent = Recipient(agency_id="police"), away("officer", Role.AGENCY_OFFICER, "second", "police")
    second = person("second", Role.AGENCY_OFFICER, "elsewhere")

    assert reached(to, (absent, second, *ABOVE)) == ("second",)
    assert reached(to, (absent, *ABOVE)) == ()


@given(PERSONS, PERSONS)
def test_a_deputy_is_a_colleague_of_the_same_role_or_one_who_decides(one: Person, other: Person) -> None:
    deputy, absent = (
        Account(id=each.id, username=each.id, role=each.role, agency_id=each.agency_id, disabled=each.disabled)
        for each in (one, other)
    )
    expected = one.id != other.id and one.agency_id == other.agency_id and not one.disabled

    assert may_stand_in(deputy, absent) == (expected and one.role in {other.role, *DECIDING_ROLES})
