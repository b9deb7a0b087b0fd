"""When the one timer of a case is set anew: never too late, and not for nothing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from casework.rules.waking import LONGEST_SLEEP, SETTLED, SOONEST, ring, stands

START = datetime(2026, 5, 21, 10, tzinfo=UTC)
spans = st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=60))
instants = st.none() | spans.map(lambda span: START + span)
passing = st.timedeltas(min_value=timedelta(0), max_value=LONGEST_SLEEP)


@given(instants)
def test_a_timer_rings_at_its_instant_or_after_the_longest_sleep(at: datetime | None) -> None:
    """At once where the instant has passed."""
    one = ring(at, START)
    latest = START + LONGEST_SLEEP

    assert START < one.rings_at <= latest
    assert one.rings_at == (latest if at is None or at > latest else max(at, START + SOONEST))


@given(instants, instants, passing)
def test_a_timer_that_stands_is_never_too_late(first: datetime | None, then: datetime | None, span: timedelta) -> None:
    """It rings at the latest when the case next does something by itself, or a second after what has passed."""
    one = ring(first, START)
    now = min(START + span, one.rings_at)

    if stands(one, then, now) and then is not None:
        assert one.rings_at <= max(then, START + SOONEST)


@given(instants, instants, passing)
def test_a_timer_moves_only_where_it_must(first: datetime | None, then: datetime | None, span: timedelta) -> None:
    """To an earlier instant, or to a later one after an hour; a sleep is not broken off for a longer one."""
    one = ring(first, START)
    now = START + span

    if not stands(one, then, now):
        earlier = then is not None and then < one.rings_at
        assert earlier or (now - START >= SETTLED and one.wanted_at is not None)


@given(instants, passing)
def test_what_it_was_set_for_leaves_it_alone(at: datetime | None, span: timedelta) -> None:
    """However often it is asked."""
    assert stands(ring(at, START), at, START + span) or (at is not None and at > START + LONGEST_SLEEP)


def test_a_burst_of_steps_moves_the_timer_once() -> None:
    """A later instant within the hour waits for the ring; after it the timer moves."""
    one = ring(START + timedelta(days=3), START)
    later = START + timedelta(days=9)

    assert stands(one, later, START + SETTLED - SOONEST)
    assert not stands(one, later, START + SETTLED)
