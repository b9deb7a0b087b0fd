"""`audit verify`: whatever of the record is changed, taken away or moved is found, and named where it is."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from casework.events import EventKind
from casework.models.checkpoint import Signed
from casework.rules.auditing import Paper, with_papers
from casework.rules.chain import ACCESS_LOG
from casework.temporal.histories import CaseHistories, History
from tests.audited import Away, Erased, Snapshot, Without, World, rewrite, world
from tests.stack import Stack

MANY = settings(max_examples=100, deadline=None, phases=(Phase.generate,))
chances = st.integers(0, 2**32 - 1).map(Random)
"""Of which a seed is drawn: what there is to choose from differs with each life."""


@pytest.fixture(scope="module")
async def lived(app: Stack, tmp_path_factory: pytest.TempPathFactory) -> World:
    return await world(app, tmp_path_factory.mktemp("keys"))


def other(value: Any, chance: Random) -> Any:
    """The value with one bit changed, so that its column could still hold it."""
    match value:
        case datetime():
            return value + timedelta(microseconds=2 ** chance.randrange(21))
        case bool():
            return not value
        case int():
            return value ^ (1 << chance.randrange(9))
        case float():
            return value + 1.0
        case bytes() | str() | dict() | list() if value:
            return other_within(value, chance)
    if isinstance(value, dict | list):
        return {"x": 1} if isinstance(value, dict) else ["x"]
    return "x"


def other_within(value: Any, chance: Random) -> Any:
    """The same, of what has parts."""
    at = chance.choice(sorted(value) if isinstance(value, dict) else range(len(value)))
    match value:
        case dict():
            return {**value, at: other(value[at], chance)}
        case list():
            return [*value[:at], other(value[at], chance), *value[at + 1 :]]
        case bytes():
            return value[:at] + bytes([value[at] ^ (1 << chance.randrange(8))]) + value[at + 1 :]
    return value[:at] + chr(ord(value[at]) ^ (1 << chance.randrange(6))) + value[at + 1 :]


def test_what_was_written_holds(lived: World) -> None:
    """All of it was looked at: also what was recorded within workflow tasks, and over several runs."""
    found = lived.verify()

    assert (found.findings, found.unchecked, found.away) == ([], [], False)
    assert found.cases == 3
    assert found.readings == len(lived.as_it_was.chained) > 9
    assert found.rows == len(lived.as_it_was.rows)
    assert found.documents == len(lived.as_it_was.papers) > 5
    assert found.checkpoints >= 3
    assert any(paper["located"] for paper in lived.as_it_was.papers)
    digests = [each.digest for each in told(lived, lived.alone)]
    assert None not in digests
    assert any(each.recording is None for each in told(lived, lived.alone))


def told(lived: World, case_id: str) -> tuple[Any, ...]:
    """What the history tells of a case."""
    history = lived.as_it_was.histories[case_id]
    assert history is not None
    return history.told


def test_one_case_can_be_verified_by_itself(lived: World) -> None:
    number = next(case["number"] for case in lived.as_it_was.cases if case["id"] == lived.walked)

    assert [lived.verify(case=name).cases for name in (number, lived.walked)] == [1, 1]
    assert lived.verify(case=number).findings == []


@MANY
@given(chance=chances)
def test_one_bit_of_any_column_of_any_row_of_a_log_is_found(lived: World, chance: Random) -> None:
    """And named: case and sequence."""
    changed = lived.as_it_was.copy()
    row = chance.choice(changed.rows)
    case_id, sequence = row["case_id"], row["sequence"]
    column = chance.choice(sorted(row))
    row[column] = other(row[column], chance)

    first = lived.first(changed)

    if column == "case_id":
        assert (first.where, first.case_id is not None) == ("case", True)
    else:
        assert (first.where, first.case_id) == ("case", case_id)
        assert first.sequence in places(sequence, row["sequence"])


def places(was: int, is_: int) -> tuple[int, ...]:
    """Where a row whose place was changed shows: where it is missing, or behind the one in whose place it stands."""
    return (was,) if is_ == was else (was, max(1, min(was, is_)), min(was, is_) + 1)


@pytest.mark.parametrize("column", ["body", "case_after", "referral_after"])
@pytest.mark.parametrize("value", [[], ["x"], "x", 7, {"updated_at": "2026-11-24T36:09:27Z"}, {"é": 2**70}])
def test_what_no_log_could_hold_is_named_too(lived: World, column: str, value: Any) -> None:
    """And nothing stops the verification: a row that cannot be read is a finding like any other."""
    changed = lived.as_it_was.copy()
    row = [row for row in changed.rows if row["case_id"] == lived.walked][-1]
    row[column] = value

    first = lived.first(changed)

    assert (first.case_id, first.sequence) == (lived.walked, row["sequence"])


@MANY
@given(chance=chances)
def test_one_bit_of_any_sealed_text_is_found(lived: World, chance: Random) -> None:
    """Also where the client is, which is opened under a key of its own and shown to nobody."""
    changed = lived.as_it_was.copy()
    paper = chance.choice(changed.papers)
    by = next(row for row in changed.rows if row["document_id"] == paper["id"])
    column = chance.choice(["id", "case_id", "command_id", "digest", "sealed"])
    paper[column] = other(paper[column], chance)

    first = lived.first(changed)

    assert (first.where, first.case_id, first.sequence) == ("case", by["case_id"], by["sequence"])
    assert first.what.startswith("the sealed text it names")


@MANY
@given(chance=chances)
def test_one_bit_of_any_piece_of_a_file_is_found(lived: World, chance: Random) -> None:
    """And a piece that is missing, or stands where another belongs."""
    changed = lived.as_it_was.copy()
    by = next(row for row in changed.rows if row["kind"] == "DocumentAdded")
    piece, one = chance.sample(changed.files, 2)
    match chance.randrange(3):
        case 0:
            piece["sealed"] = other(piece["sealed"], chance)
        case 1:
            changed.files.remove(piece)
        case _:
            piece["sealed"], one["sealed"] = one["sealed"], piece["sealed"]

    first = lived.first(changed)

    assert (first.case_id, first.sequence) == (by["case_id"], by["sequence"])
    assert first.what == "the file it names is missing, or was changed"


@MANY
@given(chance=chances)
def test_one_bit_of_any_reading_is_found(lived: World, chance: Random) -> None:
    changed = lived.as_it_was.copy()
    row = chance.choice(changed.chained)
    sequence = row["sequence"]
    column = chance.choice(sorted(row))
    row[column] = other(row[column], chance)

    first = lived.first(changed)

    assert first.where == "access_log"
    assert first.sequence in places(sequence, row["sequence"])


@MANY
@given(chance=chances)
def test_one_bit_of_any_checkpoint_is_found(lived: World, chance: Random) -> None:
    changed = lived.as_it_was.copy()
    place = chance.randrange(len(changed.signed))
    row = changed.signed[place].model_dump()
    column = chance.choice(sorted(row))
    changed.signed[place] = Signed(**{**row, column: other(row[column], chance)})

    first = lived.first(changed)

    assert first.where == "checkpoints"
    assert first.sequence <= place + 1


@MANY
@given(chance=chances)
def test_one_bit_of_a_cases_row_is_found(lived: World, chance: Random) -> None:
    """What its log left it says."""
    changed = lived.as_it_was.copy()
    case = chance.choice(changed.cases)
    log = [row for row in changed.rows if row["case_id"] == case["id"]]
    column = chance.choice(sorted(set(log[-1]["case_after"]) & set(case) - {"id"}))
    case[column] = other(case[column], chance)

    first = lived.first(changed)

    assert (first.where, first.case_id) == ("case", case["id"])


@MANY
@given(chance=chances)
def test_a_row_taken_out_or_two_exchanged_are_found(lived: World, chance: Random) -> None:
    """Of either log; also where the case's row was made to agree."""
    changed = lived.as_it_was.copy()
    rows = [row for row in changed.rows if row["case_id"] == lived.walked]
    log, where = chance.choice([(rows, "case"), (changed.chained, "access_log")])
    one, two = sorted(chance.sample(range(len(log)), 2))
    if chance.choice((True, False)):
        changed.rows = [row for row in changed.rows if row is not log[one]]
        changed.chained = [row for row in changed.chained if row is not log[one]]
        next(case for case in changed.cases if case["id"] == lived.walked)["revision"] -= where == "case"
    else:
        log[one]["sequence"], log[two]["sequence"] = two + 1, one + 1

    first = lived.first(changed)

    assert (first.where, first.sequence) == (where, one + 1)


@pytest.mark.parametrize("engine", [True, False])
@pytest.mark.parametrize("cut", [1, 3])
def test_a_log_cut_at_its_end_is_found_by_a_checkpoint(lived: World, cut: int, *, engine: bool) -> None:
    """Though the chain is whole and the case's row agrees."""
    changed = cut_off(lived, cut)

    first = lived.first(changed, engine=engine)

    left = len([row for row in changed.rows if row["case_id"] == lived.walked])
    assert (first.case_id, first.sequence) == (lived.walked, left + 1)
    assert engine or "the log was cut: checkpoint" in first.what


def cut_off(lived: World, rows: int) -> Snapshot:
    """The walked case without its last rows, as if they had never been."""
    changed = lived.as_it_was.copy()
    log = [row for row in changed.rows if row["case_id"] == lived.walked]
    changed.rows = [row for row in changed.rows if row not in log[-rows:]]
    case = next(case for case in changed.cases if case["id"] == lived.walked)
    after = log[-rows - 1]["case_after"]
    case |= {name: after[name] for name in after if name in case and not isinstance(case[name], datetime)}
    case |= {name: stamp(after[name]) for name in after if isinstance(case.get(name), datetime)}
    return changed


def stamp(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def test_a_log_and_the_checkpoints_cut_together_are_found_by_the_engine(lived: World) -> None:
    changed = cut_off(lived, 2)
    changed.signed = changed.signed[:1]

    wrong = [each.what for each in lived.verify(changed).findings if each.case_id == lived.walked]

    assert wrong[0] == "the engine recorded it, the log does not have it"


def test_checkpoints_that_were_cut_are_found(lived: World) -> None:
    """By the rows that are under none, and by a root that the auditor was told."""
    changed = lived.as_it_was.copy()
    told = changed.signed.pop().root

    assert "are under none: it was cut, or nobody signs" in lived.first(changed).what
    assert "the checkpoint of the given root is not here" in lived.first(changed, root=told).what
    assert lived.verify(root=told).findings == []


def test_an_access_log_cut_at_its_end_is_found(lived: World) -> None:
    """Chain and readings together."""
    changed = lived.as_it_was.copy()
    changed.chained = changed.chained[:-2]

    first = lived.first(changed)

    assert (first.where, first.sequence) == ("access_log", len(changed.chained) + 1)
    assert first.what.startswith("the log was cut: checkpoint")


def test_a_reading_whose_row_is_gone_is_found(lived: World) -> None:
    """While the chain is still there."""
    changed = lived.as_it_was.copy()
    kept = ("sequence", "id", "previous", "digest")
    changed.chained[4] = {name: value if name in kept else None for name, value in changed.chained[4].items()}

    wrong = [(each.sequence, each.what) for each in lived.verify(changed).findings]

    assert wrong == [(5, "the row is not what was written"), (5, "the reading that stood here is gone")]


def test_readings_that_nobody_chains_are_found(lived: World) -> None:
    """Those of this minute are only not checked yet."""
    changed = lived.as_it_was.copy()
    changed.loose = [changed.chained[0] | {"at": lived.now - timedelta(minutes=1)}]
    young = lived.verify(changed)
    changed.loose[0]["at"] -= timedelta(hours=1)

    assert (young.findings, len(young.unchecked)) == ([], 1)
    assert "1 readings since" in lived.first(changed).what


def test_a_log_chained_anew_is_found_by_a_checkpoint(lived: World) -> None:
    """Who can write the database can make every digest right; not what was signed before."""
    changed = lived.as_it_was.copy()
    row = next(row for row in changed.rows if row["case_id"] == lived.walked and row["sequence"] == 2)
    row["account_id"] = "somebody-else"
    lived.rewritten(changed, lived.walked)

    found = lived.verify(changed, engine=False).findings

    assert [each.case_id for each in found] == [lived.walked]
    assert "is not what checkpoint" in found[0].what


def test_an_access_log_chained_anew_is_found_by_a_checkpoint(lived: World) -> None:
    changed = lived.as_it_was.copy()
    changed.chained[0]["account_id"] = "somebody-else"
    rewrite(ACCESS_LOG, changed.chained)

    (found,) = lived.verify(changed).findings

    assert found.where == "access_log"
    assert "is not what checkpoint" in found.what


@pytest.mark.parametrize(
    ("column", "value"),
    [("account_id", "somebody-else"), ("kind", "CaseClosed"), ("body", {"risk": "low"}), ("body_digest", "0" * 64)],
)
def test_what_was_signed_anew_too_is_found_by_the_engine(lived: World, column: str, value: Any) -> None:
    """Which names what is another than was recorded."""
    changed = lived.as_it_was.copy()
    row = next(row for row in changed.rows if row["case_id"] == lived.walked and row["sequence"] == 3)
    row[column] = value
    lived.rewritten(changed, lived.walked)
    lived.resigned(changed)

    first = lived.first(changed)

    assert (first.case_id, first.sequence) == (lived.walked, 3)
    assert first.what == f"the engine recorded another {column}"


def test_a_rung_that_was_written_anew_is_found_by_its_digest(lived: World) -> None:
    """Of what is recorded within a workflow task the engine keeps the digest alone."""
    changed = lived.as_it_was.copy()
    log = [row for row in changed.rows if row["case_id"] == lived.alone]
    rung = next(row for row in log if row["kind"] == "ReminderSent")
    rung["body"] = {**rung["body"], "deadline_id": "another"}
    lived.rewritten(changed, lived.alone)
    lived.resigned(changed)

    first = lived.first(changed)

    assert (first.case_id, first.sequence) == (lived.alone, rung["sequence"])
    assert first.what == "the engine was given another digest"


def test_a_row_that_the_engine_knows_nothing_of_is_found(lived: World) -> None:
    """Put at the end, chained and signed as if it belonged there."""
    changed = appended(lived)

    found = [each.what for each in lived.verify(changed).findings if each.case_id == lived.walked]

    assert "the engine knows nothing of this row" in found


def test_a_case_that_is_gone_altogether_is_found(lived: World) -> None:
    changed = lived.as_it_was.copy()
    changed.cases = [case for case in changed.cases if case["id"] != lived.rolled]
    changed.rows = [row for row in changed.rows if row["case_id"] != lived.rolled]
    changed.papers = [paper for paper in changed.papers if paper["case_id"] != lived.rolled]

    first = lived.first(changed)

    assert (first.case_id, first.what.split(":")[0]) == (lived.rolled, "the case is gone")


def appended(lived: World, **values: Any) -> Snapshot:
    """The walked case with one row more, a minute old, chained as if it belonged there."""
    changed = lived.as_it_was.copy()
    log = [row for row in changed.rows if row["case_id"] == lived.walked]
    case = next(case for case in changed.cases if case["id"] == lived.walked)
    case["revision"] += 1
    blank: dict[str, Any] = dict.fromkeys(("document_id", "document_digest", "subject_id", "referral_after"))
    after = {**log[-1]["case_after"], "revision": case["revision"]}
    changed.rows.append(
        {**log[-1], **blank, "body": {}, "sequence": len(log) + 1, "command_id": "new", "case_after": after} | values
    )
    lived.rewritten(changed, lived.walked)
    return changed


def test_a_case_that_was_erased_is_no_finding(lived: World) -> None:
    """Its keys are gone, and nobody opens its texts or its history: the log says so, and holds."""
    changed = appended(lived, kind=EventKind.CASE_ERASED.value, at=lived.now - timedelta(minutes=1))

    found = lived.verify(changed, vault=gone(lived), histories=Erased(changed, lived.walked))

    assert found.findings == []
    assert "what is sealed of 1 cases: their keys are gone, and nobody can open it" in found.unchecked


@pytest.mark.parametrize("kind", [EventKind.DOCUMENT_ADDED, EventKind.LETTER_ISSUED])
def test_the_file_of_a_document_and_of_a_letter_is_held_to_its_digest(kind: EventKind) -> None:
    """Both are sealed beside their text; another file, or none, is found."""
    digest = "a" * 64
    row = {"sequence": 1, "kind": kind, "document_id": "d", "document_digest": "t", "command_id": "c"}
    rows = [{**row, "body": {"content": digest}}]

    def found(file: str | None) -> list[str]:
        return [each.what for each in with_papers(rows, {"d": Paper("c", "t", "t", file=file)})]

    assert found(digest) == []
    for other in ("b" * 64, None):
        assert found(other) == ["the file it names is missing, or was changed"]


def gone(lived: World) -> Without:
    """The vault without the keys of the walked case."""
    return Without(lived.app.outside.vault, lived.walked)


def test_an_erased_case_is_still_held_to_its_log_and_its_checkpoints(lived: World) -> None:
    """A row that was changed, and one whose text was exchanged for another."""
    for column, value in (("account_id", "somebody-else"), ("document_digest", "0" * 64)):
        changed = appended(lived, kind=EventKind.CASE_ERASED.value, at=lived.now - timedelta(minutes=1))
        row = next(row for row in changed.rows if row["case_id"] == lived.walked and row["document_id"])
        row[column] = value
        first = lived.first(changed, vault=gone(lived), histories=Erased(changed, lived.walked))
        assert (first.case_id, first.sequence) == (lived.walked, row["sequence"])


def test_keys_that_are_gone_without_an_erasure_are_found(lived: World) -> None:
    first = lived.first(lived.as_it_was.copy(), vault=gone(lived), histories=Erased(lived.as_it_was, lived.walked))

    assert first.case_id == lived.walked
    assert first.what == "the key of the sealed text it names is gone, and no erasure is in the log"


def test_what_could_not_be_looked_at_is_said(lived: World) -> None:
    """An engine that is away, histories that are kept no more or from a later run on; nothing is wrong with that."""
    away = lived.verify(histories=Away())
    unasked = lived.verify(engine=False)
    changed = lived.as_it_was.copy()
    history = changed.histories[lived.rolled]
    assert history is not None
    changed.extra[lived.walked] = None
    changed.extra[lived.rolled] = History(5, tuple(each for each in history.told if each.sequence > 5))
    partly = lived.verify(changed)

    assert (away.away, away.findings) == (True, [])
    assert away.unchecked == ["the engine's history: the engine does not answer"]
    assert (unasked.away, unasked.unchecked) == (False, ["the engine's history: it was not asked for"])
    assert partly.findings == []
    assert partly.unchecked == [
        "the engine's history of 1 cases: nothing of it is kept any more",
        "the first rows of 1 cases against the engine's history: it is kept from a later run on",
    ]


def test_what_is_recorded_while_it_runs_is_no_finding(lived: World) -> None:
    """The log was read before the history: it is read once more before anything is said."""
    early = cut_off(lived, 1)

    class Growing(Snapshot):
        def one(self, case: str) -> Any:
            return lived.as_it_was.one(case)

    growing = Growing(**{**vars(early), "signed": early.signed[:1]})
    found = lived.verify(growing, now=max(row["at"] for row in lived.as_it_was.rows))

    assert [each for each in found.findings if each.case_id == lived.walked] == []


async def test_a_history_tells_every_row_once(lived: World) -> None:
    """Of all runs, from the first one on, as the engine has them now."""
    histories = CaseHistories(lived.app.client)
    for case_id in (lived.walked, lived.alone, lived.rolled):
        history = await histories.of(case_id)
        rows = [row for row in lived.as_it_was.rows if row["case_id"] == case_id]
        assert history is not None
        assert (history.begins_at, [each.sequence for each in history.told]) == (0, [row["sequence"] for row in rows])
        assert [each.digest for each in history.told] == [row["digest"] for row in rows]
    assert await histories.of("01980000-0000-7000-8000-000000000000") is None
