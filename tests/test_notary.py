"""The notary on real databases: what it signs and when, where nobody else can write, and what the auditor is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from casework.db.access_chain import SqlAccessChain
from casework.db.access_log import SqlAccessLog
from casework.db.accounts import SqlAccounts
from casework.db.checkpoints import SqlCheckpoints, create_checkpoints
from casework.db.heads import SqlHeads
from casework.db.session import engine_for
from casework.db.store import SqlCaseStore
from casework.models.checkpoint import Attested, Checkpoint
from casework.models.people import Role
from casework.rules.checkpoints import ROWS, Checkpoints
from casework.vault.signing import SigningKey, TrustedKeys
from starter.notary import Notary, Tools
from tests.attesting import signing_key_in
from tests.postgres import Scratch, ScratchCheckpoints, scratch_checkpoints, scratch_database
from tests.recordings import following, opening
from tests.test_access_log import sight

EVENING = datetime(2026, 5, 21, 16, 58, tzinfo=UTC)
"""Two minutes before midnight, where the office is."""


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with scratch_database() as made:
        yield made


@pytest.fixture
def place() -> Iterator[ScratchCheckpoints]:
    with scratch_checkpoints() as made:
        yield made


class World:
    """A notary whose clock is set by the test."""

    def __init__(self, scratch: Scratch, place: ScratchCheckpoints, home: Path) -> None:
        self.engine = engine_for(scratch.app_url)
        self.other = engine_for(place.url, size=2)
        self.key = SigningKey.from_file(signing_key_in(home))
        self.store, self.log = SqlCaseStore(self.engine), SqlAccessLog(self.engine)
        self.kept = SqlCheckpoints(self.other)
        self.now = EVENING
        self.told: list[Attested] = []
        self.notary = self.another()

    def another(self) -> Notary:
        """A notary of another process."""
        tools = Tools(self.key, lambda told, _: self.told.append(told), lambda: self.now, ZoneInfo("Asia/Jakarta"))
        return Notary(SqlAccessChain(self.engine), SqlHeads(self.engine), self.kept, tools)

    def signed(self) -> list[Checkpoint]:
        """Every checkpoint, which must be what was signed."""
        walk = Checkpoints(TrustedKeys([self.key.public]).verify)
        found = [walk.step(each) for each in self.kept.after(0)]
        assert walk.broken is None
        return [each for each in found if each]

    def close(self) -> None:
        self.engine.dispose()
        self.other.dispose()


@pytest.fixture
def world(scratch: Scratch, place: ScratchCheckpoints, tmp_path: Path) -> Iterator[World]:
    made = World(scratch, place, tmp_path)
    yield made
    made.close()


def test_a_minute_after_the_last_one_it_names_what_moved(world: World) -> None:
    first, second = opening(), opening()
    for recording in (first, second):
        world.store.record(recording)
    world.log.write([sight()])
    world.notary.round()
    world.store.record(following(first))
    world.notary.round()
    assert len(world.signed()) == 1

    world.now += timedelta(minutes=1)
    world.notary.round()
    world.notary.round()

    one, two = world.signed()
    assert {head.case_id for head in one.heads} >= {first.case.id, second.case.id}
    assert [(head.case_id, head.sequence) for head in two.heads] == [(first.case.id, 2)]
    assert (two.rows, two.cases) == (one.rows + 1, one.cases)
    assert one.access.sequence == two.access.sequence > 0


def test_a_thousand_rows_are_not_kept_waiting(world: World) -> None:
    world.notary.round()
    before = len(world.signed())
    world.log.write([sight() for _ in range(ROWS)])

    world.notary.round()

    assert len(world.signed()) == before + 1


def test_where_nothing_is_written_nothing_is_signed(world: World) -> None:
    world.store.record(opening())
    world.notary.round()
    for _ in range(5):
        world.now += timedelta(minutes=1)
        world.notary.round()

    assert len(world.signed()) == 1


def test_of_two_notaries_each_checkpoint_is_signed_by_one(world: World) -> None:
    """They go on from each other's; one that starts anew names every head again."""
    other = world.another()
    last = opening()
    world.store.record(last)
    for _ in range(4):
        world.notary.round()
        other.round()
        last = following(last)
        world.store.record(last)
        world.now += timedelta(minutes=1)
    fresh = world.another()
    fresh.round()

    signed = world.signed()
    begun, onward, anew = signed[:2], signed[2:5], signed[5]
    assert [len(each.heads) for each in (*begun, anew)] == [each.cases for each in (*begun, anew)]
    moved = [[(head.case_id, head.sequence) for head in each.heads] for each in onward]
    assert moved == [[(last.case.id, sequence)] for sequence in (2, 3, 4)]


def test_one_that_was_overtaken_leaves_what_is_there(world: World) -> None:
    world.store.record(opening())
    world.notary.round()
    (signed,) = world.kept.after(0)

    assert world.kept.add(signed.model_copy(update={"content": "another"})) is False
    assert [*world.kept.after(0)] == [signed]


def test_the_days_last_one_is_told_once(world: World) -> None:
    """When its day is over where the office is, also when nothing happens on the next."""
    last = opening()
    world.store.record(last)
    world.notary.round()
    world.store.record(following(last))
    world.now += timedelta(minutes=1)
    world.notary.round()
    assert world.told == []

    for _ in range(3):
        world.now += timedelta(minutes=1)
        world.notary.round()

    (told,) = world.told
    newest = world.kept.newest()
    assert newest is not None
    assert (told.number, told.root, told.signature) == (2, newest.root, newest.signature)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE checkpoints SET root = 'x'",
        "UPDATE checkpoints SET root = 'x' WHERE false",
        "DELETE FROM checkpoints",
        "TRUNCATE checkpoints",
        "INSERT INTO checkpoints SELECT * FROM checkpoints ON CONFLICT (number) DO UPDATE SET root = 'x'",
    ],
)
def test_nothing_of_them_is_changed(world: World, place: ScratchCheckpoints, change: str) -> None:
    """The role that adds to them has no right to; their owner is stopped by a trigger."""
    world.store.record(opening())
    world.notary.round()
    owner = engine_for(place.owner_url, size=1)

    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"), world.other.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(ProgrammingError, match="append-only"), owner.begin() as connection:
        connection.execute(text(change))
    owner.dispose()


def test_the_applications_role_does_not_reach_them(scratch: Scratch, place: ScratchCheckpoints) -> None:
    """It cannot even connect; and the role that adds to them reaches no case."""
    theirs = make_url(scratch.app_url).set(database=make_url(place.url).database)
    ours = make_url(place.url).set(database=make_url(scratch.app_url).database)
    for url in (theirs, ours):
        engine = engine_for(url.render_as_string(hide_password=False), size=1)
        with pytest.raises(OperationalError, match="permission denied for database"):
            engine.connect()
        engine.dispose()


def test_the_place_may_be_made_again(world: World, place: ScratchCheckpoints) -> None:
    """By every `tuntas migrate`; what is kept stays."""
    world.store.record(opening())
    world.notary.round()
    owner = engine_for(place.owner_url, size=1)

    create_checkpoints(owner, place.role)

    owner.dispose()
    assert len(world.signed()) == 1


def test_every_auditor_is_told(world: World, scratch: Scratch) -> None:
    """By the outbox, once, however many notaries tell."""
    from starter.notaries import _tell

    accounts = SqlAccounts(world.engine)
    for name in ("auditor", "auditor2"):
        accounts.add(name, "kata-sandi-uji-coba", Role.AUDITOR, "dinas-pppappkb")
    told = Attested(number=7, at=EVENING, rows=3, root="ab" * 32, signature="c2ln" * 22)

    assert [_tell(world.engine, told, EVENING) for _ in range(2)] == [2, 0]
