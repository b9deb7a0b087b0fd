"""Checkpoints by their rules: when they are due, what they say, and that what is changed of them is found."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.models.checkpoint import AccessHead, Checkpoint, Head, Signed
from casework.rules.chain import FIRST, Break
from casework.rules.checkpoints import EVERY, ROWS, Checkpoints, content_of, following, is_due, root_of
from casework.vault.errors import VaultError
from casework.vault.signing import SigningKey, TrustedKeys
from starter.notary import signed_by

START = datetime(2026, 5, 21, 3, tzinfo=UTC)
KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(range(1, 33)))
TRUSTED = TrustedKeys([KEY.public])

moves = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6)
"""In each step one case gains rows, and so does the access log."""


def kept(steps: list[tuple[str, int, int]], key: SigningKey = KEY) -> list[Signed]:
    """The checkpoints of a life of three cases."""
    heads: dict[str, int] = {}
    known: dict[str, int] = {}
    access, root, found = 0, FIRST, list[Signed]()
    last: Checkpoint | None = None
    for minute, (case_id, rows, seen) in enumerate(steps):
        if rows:
            heads[case_id] = heads.get(case_id, 0) + rows
        access += seen
        now = [Head(case_id=name, sequence=at, digest=f"{name}{at}") for name, at in sorted(heads.items())]
        head = AccessHead(sequence=access, digest=f"access{access}") if access else AccessHead()
        made = following(last, root, known, now, head, START + timedelta(minutes=minute))
        if made:
            found.append(signed_by(key, made))
            last, root = made, found[-1].root
            known |= {each.case_id: each.sequence for each in made.heads}
    return found


lives = moves.map(kept).filter(bool)


def broken(signed: list[Signed]) -> Break | None:
    """Where they are not what was signed."""
    walk = Checkpoints(TRUSTED.verify)
    for each in signed:
        walk.step(each)
    return walk.broken


@given(moves)
def test_what_was_signed_holds_and_adds_up_to_every_head(steps: list[tuple[str, int, int]]) -> None:
    signed = kept(steps)
    heads = {
        head.case_id: head.sequence for each in signed for head in Checkpoint.model_validate_json(each.content).heads
    }

    assert broken(signed) is None
    assert heads == {name: total for name in "abc" if (total := sum(n for case, n, _ in steps if case == name))}


@given(lives, st.data())
def test_one_bit_of_any_column_of_any_of_them_is_found(signed: list[Signed], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(signed) - 1))
    column = data.draw(st.sampled_from(["content", "root", "key_id", "signature"]))
    text: str = getattr(signed[place], column)
    at, bit = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(0, 6))
    other = text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]
    signed[place] = signed[place].model_copy(update={column: other})

    found = broken(signed)

    assert found is not None
    assert found.sequence == place + 1


@given(lives.filter(lambda signed: len(signed) > 1), st.data())
def test_one_taken_out_or_moved_is_found(signed: list[Signed], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(signed) - 2))
    without = signed[:place] + signed[place + 1 :]
    swapped = [*signed]
    swapped[place], swapped[place + 1] = (
        signed[place + 1].model_copy(update={"number": place + 1}),
        signed[place].model_copy(update={"number": place + 2}),
    )

    assert broken(without) == Break(place + 1, "the checkpoint is missing")
    assert broken(swapped) == Break(place + 1, "the checkpoint stands where another belongs")


@given(lives, st.data())
def test_who_has_not_the_key_cannot_sign_anew(signed: list[Signed], data: st.DataObject) -> None:
    """Neither with another key, nor with another key under the name of ours."""
    place = data.draw(st.integers(0, len(signed) - 1))
    checkpoint = Checkpoint.model_validate_json(signed[place].content).model_copy(update={"rows": 999})
    forged = signed_by(OTHER, checkpoint)
    forged = data.draw(st.sampled_from([forged, forged.model_copy(update={"key_id": KEY.key_id})]))

    assert broken([*signed[:place], forged, *signed[place + 1 :]]) == Break(
        place + 1, "the signature does not hold, or is by a key that is not trusted"
    )


@given(lives.filter(lambda signed: len(signed) > 1))
def test_who_has_the_key_cannot_change_the_past_alone(signed: list[Signed]) -> None:
    """The next one holds the root of what was there."""
    first = Checkpoint.model_validate_json(signed[0].content).model_copy(update={"rows": 999})

    assert broken([signed_by(KEY, first), *signed[1:]]) == Break(2, "the checkpoint does not follow the one before it")


def test_a_key_that_was_used_before_is_believed_when_it_is_named() -> None:
    old, new = kept([("a", 1, 0)], OTHER), kept([("a", 1, 0), ("a", 1, 0)])
    both = TrustedKeys([KEY.public, OTHER.public])
    second = Checkpoint.model_validate_json(new[1].content).model_copy(update={"previous": old[0].root})
    walk = Checkpoints(both.verify)
    for each in [*old, signed_by(KEY, second)]:
        walk.step(each)

    assert walk.broken is None


def test_the_text_is_the_same_for_the_same_checkpoint() -> None:
    made = following(None, FIRST, {}, [Head(case_id="a", sequence=1, digest="x")], AccessHead(), START)
    assert made is not None
    content = content_of(made)

    assert content == content_of(Checkpoint.model_validate_json(content))
    assert root_of(content) == signed_by(KEY, made).root
    assert '"heads":[{"case_id":"a","digest":"x","sequence":1}]' in content


@pytest.mark.parametrize(
    ("passed", "rows", "due"),
    [
        (EVERY - timedelta(seconds=1), ROWS - 1, False),
        (EVERY - timedelta(seconds=1), ROWS, True),
        (EVERY, 0, True),
        (timedelta(seconds=-1), 0, True),
    ],
)
def test_it_is_due_after_a_minute_or_a_thousand_rows(passed: timedelta, rows: int, *, due: bool) -> None:
    """And where a clock was set back."""
    assert is_due(START, START + passed, rows) is due
    assert is_due(None, START, 0)


def test_where_nothing_moved_nothing_is_signed() -> None:
    head, access = Head(case_id="a", sequence=1, digest="x"), AccessHead(sequence=1, digest="y")
    ask: Callable[..., Any] = following
    first = ask(None, FIRST, {}, [head], access, START)

    assert ask(first, "root", {"a": 1}, [head], access, START) is None
    assert ask(None, FIRST, {}, [], AccessHead(), START) is None
    assert ask(first, "root", {"a": 1}, [head], AccessHead(sequence=2, digest="z"), START).heads == ()


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(32), b"changeme" * 4])
def test_a_signing_key_that_is_none_is_refused(secret: bytes) -> None:
    with pytest.raises(VaultError, match="32 random bytes"):
        SigningKey(secret)


def test_a_public_key_that_is_none_is_refused() -> None:
    with pytest.raises(VaultError, match="is no public key"):
        TrustedKeys(["c2hvcnQ="])
