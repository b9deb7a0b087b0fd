"""Who looks at too much: the rule against a slow recount; on a real database each episode is told once, to who watches
over the account, and never to the account itself."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select
from starlette.routing import Route

from casework.db.access_log import SqlAccessLog
from casework.db.accounts import SqlAccounts
from casework.db.caller import ENGINE
from casework.db.notices import SqlNotices
from casework.db.session import reading
from casework.db.snooping import SqlSnooping
from casework.db.tables import notices, snooping
from casework.ids import new_id
from casework.models.notice import Contact, NoticeKind, Recipient
from casework.models.people import Actor, Role
from casework.models.sight import Sight, SightKind
from casework.notices.delivery import NoticeDelivery
from casework.notices.local import MemoryNotifier
from casework.rules.snooping import CASES, LISTS, NO_CURIOSITY, REFUSALS, Episode, Measure, episodes, stretches
from tests.api_fakes import web
from tests.postgres import scratch_engine
from tests.recordings import CASEWORKER
from tests.some_notices import BASE, JAKARTA, KnownSuspects, NoLinks
from tests.test_accounts import QUICK
from web.seen import NAMES_A_CASE, thing_of

NOW = datetime(2026, 5, 21, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = 24 * 60
DAYS = count()
SMALL = Measure(kind=NoticeKind.MANY_CASES_SEEN, most=3, within=6 * MINUTE)


# ---- the rule


def at(minute: int) -> datetime:
    return NOW + minute * MINUTE


def recount(measure: Measure, moments: Sequence[tuple[int, str]]) -> list[Episode]:
    """Minute after minute: how many distinct things are younger than the measure; a stretch is an episode."""
    within = measure.within // MINUTE
    found: list[Episode] = []
    began, counts = 0, list[int]()
    for minute in range(max((when for when, _ in moments), default=0) + within + 2):
        count = len({what for when, what in moments if minute - within < when <= minute})
        if count > measure.most:
            began = began if counts else minute
            counts.append(count)
        elif counts:
            found.append(Episode(kind=measure.kind, began_at=at(began), until=at(minute), count=max(counts)))
            counts = []
    return found


MOMENTS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcdefgh")), max_size=60)


@given(MOMENTS)
def test_the_episodes_are_those_of_a_recount(moments: list[tuple[int, str]]) -> None:
    assert stretches(SMALL, ((at(minute), what) for minute, what in moments)) == recount(SMALL, moments)


@given(MOMENTS, st.integers(0, 40))
def test_what_is_read_of_an_episode_lies_within_it(moments: list[tuple[int, str]], cut: int) -> None:
    """Who reads from a minute on sees no episode that is not one, and each that begins after the measure's length."""
    whole = recount(SMALL, moments)
    read = stretches(SMALL, ((at(minute), what) for minute, what in moments if minute >= cut))

    assert all(any(one.began_at <= each.began_at and each.until <= one.until for one in whole) for each in read)
    assert [one for one in whole if one.began_at >= at(cut) + SMALL.within] == [
        each for each in read if each.began_at >= at(cut) + SMALL.within and each in whole
    ]
    assert all(first.until < second.began_at for first, second in pairwise(read))


def sight(minute: float = 0, **changes: Any) -> Sight:
    seen: dict[str, Any] = {"actor": CASEWORKER, "thing": "intake", "kind": SightKind.SHOWN, "case_ids": (new_id(),)}
    return Sight(**{"at": NOW + minute * MINUTE, "ground": "own_office", **seen, **changes})


def refusal(minute: float = 0, **changes: Any) -> Sight:
    return sight(minute, **{"kind": SightKind.REFUSED, "case_ids": (), "ground": None, **changes})


@pytest.mark.parametrize(
    ("sights", "kinds"),
    [
        ([sight(2 * n) for n in range(30)], []),
        ([sight(1.9 * n) for n in range(31)], [CASES.kind]),
        ([sight(2 * n) for n in range(31)], []),
        ([sight(n, case_ids=("one",)) for n in range(59)], []),
        ([sight(case_ids=tuple(f"case-{n}" for n in range(31)))], [CASES.kind]),
        ([sight(kind=SightKind.LISTED, case_ids=tuple(f"case-{n}" for n in range(99)))], []),
        *[([sight(n, thing=thing) for n in range(40)], []) for thing in sorted(LISTS)],
        *[([sight(n, ground=ground) for n in range(40)], []) for ground in sorted(NO_CURIOSITY)],
        ([refusal(2 * n) for n in range(4)], []),
        ([refusal(2.4 * n) for n in range(5)], [REFUSALS.kind]),
        ([refusal(2.5 * n) for n in range(5)], []),
        ([refusal(case_ids=("one",)) for _ in range(5)], [REFUSALS.kind]),
        ([sight(n / 9) for n in range(31)] + [refusal() for _ in range(5)], [CASES.kind, REFUSALS.kind]),
    ],
)
def test_more_than_thirty_cases_in_an_hour_and_five_refusals_in_ten_minutes(
    sights: list[Sight], kinds: list[NoticeKind]
) -> None:
    """To the minute: what is an hour, or ten minutes, old counts no more."""
    assert [episode.kind for episode in episodes(sights)] == kinds


def test_every_list_is_known_as_one() -> None:
    """A page or route that is added and shows several cases is a list, or what it shows counts as a file each."""
    ambiguous = {"referrals", "notifications"}  # also of one case, and by that name a file
    of_no_case = {
        "access_log",
        "audit",
        "erasures",
        "accounts",
        "absence",
        "agencies",
        "calendar",
        "contacts",
        "pathways",
        "pathway",
        "pathways_versions",
        "version",
        "public_reports",
        "tried",
        "public_reports_poster",
        "file",
        "mailbox",
        "mailboxes",
        "outreach",
        "outreach_summary",
        "outreach_codes",
        "outreach_new",
        "standing",
    }
    by_a_link = {"link", "do", "link_done"}  # of the one referral that it opens
    before_any = {"cases_new", "report", "sign_in", "session", "session_provider", "session_provider_callback"}
    of_the_machine = {"api_openapi.json", "health_live", "health_ready", "static"}
    several = {
        thing_of(route.path)
        for route in web().app.routes
        if isinstance(route, Route) and "GET" in (route.methods or ())
        if not any(f"{{{name}}}" in route.path for name in NAMES_A_CASE)
    }

    assert several - of_no_case - by_a_link - before_any - of_the_machine - ambiguous <= LISTS


# ---- on a real database


class Office:
    """Accounts of one office and of an auditor, and what is told of them."""

    def __init__(self, engine: Engine, day: int) -> None:
        self.engine = engine
        self.day, self.now = day * DAY, at(day * DAY)
        self.accounts = SqlAccounts(engine, hasher=QUICK, now=lambda: self.now)
        self.log, self.snooping = SqlAccessLog(engine), SqlSnooping(engine)
        self.people: dict[Role, Actor] = {}

    def person(self, role: Role) -> Actor:
        """Who has that role in the office, made once."""
        if role not in self.people:
            made = self.accounts.add(f"{role.value}-{self.day}", "kata-sandi-uji", role, f"dinas-{self.day}")
            self.people[role] = made.actor
        return self.people[role]

    def saw(self, actor: Actor, many: int, since: int = 0) -> None:
        """So many cases, one a minute."""
        self.log.write([sight(self.day + since + n, actor=actor) for n in range(many)])

    def refused(self, actor: Actor, many: int, since: int = 0) -> None:
        """So many times, twice a minute."""
        self.log.write([refusal(self.day + since + n / 2, actor=actor) for n in range(many)])

    def told(self) -> list[tuple[str, str | None, str | None]]:
        """Each notice: its kind, of whom, to whom."""
        with reading(self.engine, ENGINE) as connection:
            mine = notices.c.about_id.in_([each.account_id for each in self.people.values()])
            rows = connection.execute(select(notices).where(mine).order_by(notices.c.id)).mappings()
            return [(row["kind"], row["about_id"], row["recipient"]["account_id"]) for row in rows]

    def of(self, role: Role) -> str:
        return self.person(role).account_id

    def look(self, minute: int) -> int:
        """A round at that minute; the one before was a quarter of a minute earlier."""
        return self.snooping.look(at(self.day + minute) - timedelta(seconds=15), at(self.day + minute))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with scratch_engine() as made:
        yield made


@pytest.fixture
def office(engine: Engine) -> Office:
    """An office and a day of its own."""
    return Office(engine, next(DAYS))


def test_thirty_one_cases_and_five_refusals_are_told_once(office: Office) -> None:
    """To the supervisor of the office, within the round; the next round tells nobody; a later episode is another."""
    person, supervisor = office.person(Role.CASEWORKER), office.of(Role.SUPERVISOR)
    office.saw(person, 30)
    office.refused(person, 4, since=25)
    assert (office.look(30), office.told()) == (0, [])

    office.saw(person, 1, since=30)
    office.refused(person, 1, since=30)

    assert office.look(30) == 2
    once = [(kind, person.account_id, supervisor) for kind in ("many_cases_seen", "refused_repeatedly")]
    assert office.told() == once
    assert [office.look(minute) for minute in (30, 31, 45, 61, 90)] == [0] * 5
    assert office.told() == once
    office.refused(person, 5, since=60)
    assert office.look(62) == 1
    assert office.told() == sorted([*once, once[1]])


def test_an_episode_goes_on_as_long_as_too_much_counts(office: Office) -> None:
    """Hours of it are one: also where its beginning is no longer read."""
    person, _ = office.person(Role.CASEWORKER), office.person(Role.HEAD)
    told = 0
    for begin in range(0, 180, 10):
        office.saw(person, 10, since=begin)
        told += office.look(begin + 10)

    assert told == 1
    with reading(office.engine, ENGINE) as connection:
        mine = snooping.c.account_id == person.account_id
        (row,) = connection.execute(select(snooping).where(mine)).mappings()
    until = at(office.day + 179 - CASES.most + 60)
    assert (row["began_at"], row["last_at"], row["count"]) == (at(office.day + 30), until, 60)


def test_who_watches_over_somebody_is_told(office: Office) -> None:
    """Who decides in the office about a caseworker, the head about supervisor and auditor, the auditor about others."""
    overseers = dict.fromkeys(Role, Role.AUDITOR)
    overseers.update({Role.CASEWORKER: Role.SUPERVISOR, Role.SUPERVISOR: Role.HEAD, Role.AUDITOR: Role.HEAD})
    office.accounts.add("elsewhere", "kata-sandi-uji", Role.SUPERVISOR, "province")
    for role in Role:
        office.refused(office.person(role), 5)

    assert office.look(3) == len(Role)
    expected = {(office.of(role), office.of(overseer)) for role, overseer in overseers.items()}
    assert {row[1:] for row in office.told()} == expected


def test_where_nobody_has_that_role_the_next_is_told(office: Office) -> None:
    """A disabled account is nobody."""
    person, head = office.person(Role.CASEWORKER), office.of(Role.HEAD)
    office.accounts.disable(office.of(Role.SUPERVISOR))
    office.refused(person, 5)

    assert office.look(3) == 1
    assert [row[2] for row in office.told()] == [head]


def test_an_auditor_without_a_head_is_known_to_the_other_auditors(office: Office) -> None:
    person = office.person(Role.AUDITOR)
    other = office.accounts.add(f"auditor-besides-{office.day}", "kata-sandi-uji", Role.AUDITOR, "province")
    office.refused(person, 5)
    office.look(3)

    told = {row[2] for row in office.told()}
    assert other.id in told
    assert person.account_id not in told


def test_what_comes_late_into_the_log_is_counted_where_it_belongs(office: Office) -> None:
    """It has an hour before it too."""
    person, _ = office.person(Role.CASEWORKER), office.person(Role.HEAD)
    office.saw(person, 30)
    assert office.look(64) == 0

    office.saw(person, 1, since=58)

    assert office.look(65) == 1


def test_nobody_is_told_of_themselves(office: Office) -> None:
    """Not as the deputy of who is to be told either: then it is who decides next."""
    person = office.person(Role.SUPERVISOR)
    for role in (Role.SUPERVISOR, Role.HEAD, Role.COORDINATOR):
        mail = Contact(medium="email", address=f"{role.value}@kantor.example", safe=True)
        office.accounts.set_contact(office.of(role), mail)
    office.accounts.set_absence(office.of(Role.HEAD), office.now, office.now + timedelta(days=3), person.account_id)
    office.refused(person, 5)
    office.look(3)
    outbox, sent = SqlNotices(office.engine, lambda: office.now), MemoryNotifier()
    notice = next(each for each in outbox.due(99) if each.about_id == person.account_id)
    assert [each.address for each in outbox.contacts_for(notice.recipient)] == ["supervisor@kantor.example"]

    delivery = NoticeDelivery(outbox, sent, JAKARTA, BASE, KnownSuspects(), lambda: office.now, NoLinks())
    delivery.deliver_notice(notice)

    assert [contact.address for _, contact, _ in sent.sent] == ["coordinator@kantor.example"]
    assert notice.recipient == Recipient(account_id=office.of(Role.HEAD))


def test_a_quiet_round_is_one_statement(office: Office) -> None:
    """However much others have read."""
    for role in (Role.CASEWORKER, Role.SUPERVISOR, Role.HEAD):
        office.saw(office.person(role), 20)
    statements: list[str] = []
    event.listen(office.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    assert office.look(30) == 0
    assert len(statements) == 1, statements


def test_what_is_told_and_what_is_known_of_it_are_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the notice cannot be written the episode is not known either, and the next round tells."""
    office.saw(office.person(Role.CASEWORKER), 31)
    office.person(Role.HEAD)
    with monkeypatch.context() as broken:
        broken.setattr("casework.db.snooping.queue", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            office.look(31)

    assert office.look(31) == 1
