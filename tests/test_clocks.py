"""Clocks: running hours, days to the same clock time, working days to the close of the office."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from casework.directory.calendar import working_calendar
from casework.models.calendar import Calendar
from casework.models.pathway import ClockKind
from casework.rules.clocks import due_at

JAKARTA = ZoneInfo("Asia/Jakarta")
BERLIN = ZoneInfo("Europe/Berlin")
"""Puts its clock forward and back: on 26 March 2023 there was no two o'clock."""
OFFICE = working_calendar(range(2023, 2028), "Asia/Jakarta")
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Berlin")

starts = st.datetimes(
    min_value=datetime.fromisoformat("2023-01-01"),
    max_value=datetime.fromisoformat("2027-06-01"),
    timezones=st.sampled_from([UTC, *map(ZoneInfo, ZONES)]),
)
calendars = st.builds(
    Calendar,
    zone=st.sampled_from(ZONES),
    opens=st.times(time(6), time(9)),
    closes=st.times(time(14), time(18)),
    weekend=st.sampled_from([(), (5, 6), (4, 5), (6,), (0, 1, 2, 3, 4, 5)]),
    holidays=st.sets(st.dates(date(2023, 1, 1), date(2027, 12, 31)), max_size=60).map(lambda days: tuple(sorted(days))),
)
counts = st.integers(1, 40)


def at(text: str, zone: ZoneInfo = JAKARTA) -> datetime:
    """A wall time of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "clock", "units", "due"),
    [
        ("2026-06-04 09:02", "H", 48, "2026-06-06 09:02"),  # into a Saturday
        ("2026-03-04 09:01", "H", 72, "2026-03-07 09:01"),
        ("2024-05-21 10:00", "D", 3, "2024-05-24 10:00"),
        ("2024-02-28 23:30", "D", 1, "2024-02-29 23:30"),
        ("2026-01-31 08:00", "D", 30, "2026-03-02 08:00"),
        ("2026-06-02 10:00", "WD", 3, "2026-06-05 16:00"),
        ("2026-06-04 15:59", "WD", 3, "2026-06-09 16:00"),  # over a weekend
        ("2026-06-06 10:00", "WD", 1, "2026-06-08 16:00"),  # from a Saturday
        ("2026-06-02 06:00", "WD", 1, "2026-06-03 16:00"),  # before the office opens: the day after all the same
        ("2026-03-17 10:00", "WD", 1, "2026-03-25 16:00"),  # Nyepi, Eid and their leave
        ("2026-12-23 10:00", "WD", 2, "2026-12-29 16:00"),  # leave, Christmas, weekend
        ("2026-06-02 23:30", "H", 0.5, "2026-06-03 00:00"),
    ],
)
def test_due(start: str, clock: str, units: float, due: str) -> None:
    """What a clerk would count by hand."""
    assert due_at(at(start), ClockKind(clock), units, OFFICE) == at(due)


def test_day_is_the_offices_not_the_machines() -> None:
    """Late on Sunday in UTC is Monday in Jakarta, so the next working day is Tuesday."""
    sunday = datetime(2026, 6, 7, 18, tzinfo=UTC)

    assert due_at(sunday, ClockKind.WD, 1, OFFICE) == at("2026-06-09 16:00")


def test_same_clock_time_across_a_change_of_the_clock() -> None:
    """Where a zone puts its clock forward a day is 23 hours, not 24."""
    calendar = Calendar(zone="Europe/Berlin")
    start = at("2026-03-28 12:00", ZoneInfo("Europe/Berlin")).astimezone(UTC)

    due = due_at(start, ClockKind.D, 1, calendar)

    assert due == at("2026-03-29 12:00", ZoneInfo("Europe/Berlin"))
    assert due - start == timedelta(hours=23)


@given(starts, st.floats(0, 5000), calendars)
def test_hours_run_on(start: datetime, units: float, calendar: Calendar) -> None:
    """No weekend, holiday or office hour stops running hours."""
    assert due_at(start, ClockKind.H, units, calendar) - start.astimezone(UTC) == timedelta(hours=units)


@given(starts, counts, calendars)
def test_days_keep_the_clock_time(start: datetime, days: int, calendar: Calendar) -> None:
    """As many days later, and the hand stands where it stood, unless that hour does not exist."""
    zone = ZoneInfo(calendar.zone)
    begun, due = start.astimezone(zone), due_at(start, ClockKind.D, days, calendar).astimezone(zone)

    assert (due.date() - begun.date()).days == days
    moved = datetime.combine(due.date(), due.time()) - datetime.combine(due.date(), begun.time())
    assert moved in (timedelta(0), timedelta(hours=1))


@given(starts, counts, calendars)
def test_working_days_are_all_counted(start: datetime, days: int, calendar: Calendar) -> None:
    """It ends at the close of a working day, and exactly n working days lie after the day of the start up to it."""
    zone = ZoneInfo(calendar.zone)
    begun, due = start.astimezone(zone), due_at(start, ClockKind.WD, days, calendar).astimezone(zone)
    passed = [begun.date() + timedelta(days=n) for n in range(1, (due.date() - begun.date()).days + 1)]

    assert due.time() == calendar.closes
    assert sum(day.weekday() not in calendar.weekend and day not in calendar.holidays for day in passed) == days
    assert calendar.is_working_day(due.date())


@given(starts, st.sampled_from(ClockKind), counts, counts, calendars)
def test_more_time_is_never_due_earlier(
    start: datetime, clock: ClockKind, units: int, more: int, calendar: Calendar
) -> None:
    """Longer limits end later, and none ends before it starts."""
    due = due_at(start, clock, units, calendar)

    assert start < due < due_at(start, clock, units + more, calendar)


@given(starts, st.timedeltas(timedelta(0), timedelta(days=90)), st.sampled_from(ClockKind), counts, calendars)
def test_later_start_is_never_due_earlier(
    start: datetime, later: timedelta, clock: ClockKind, units: int, calendar: Calendar
) -> None:
    """Waiting with the start cannot shorten what somebody else has; an hour the clock is put back may."""
    begun = start.astimezone(UTC)
    first, second = (due_at(moment, clock, units, calendar) for moment in (begun, begun + later))

    assert second >= first - (timedelta(hours=1) if calendar.zone == "Europe/Berlin" else timedelta(0))


@example(at("2023-03-26 02:00", BERLIN), ClockKind.D, 1, OFFICE.model_copy(update={"zone": "Europe/Berlin"}))
@given(starts, st.sampled_from(ClockKind), counts, calendars)
def test_due_is_the_same_however_the_start_is_written(
    start: datetime, clock: ClockKind, units: int, calendar: Calendar
) -> None:
    """The zone a start is given in does not matter, and the answer is in UTC."""
    due = due_at(start, clock, units, calendar)

    assert due.tzinfo is UTC
    assert due == due_at(start.astimezone(UTC), clock, units, calendar)


@given(starts, counts, calendars)
def test_a_holiday_more_is_never_due_earlier(start: datetime, days: int, calendar: Calendar) -> None:
    """Declaring the due day a holiday moves it on."""
    due = due_at(start, ClockKind.WD, days, calendar)
    closed = due.astimezone(ZoneInfo(calendar.zone)).date()
    fuller = calendar.model_copy(update={"holidays": tuple(sorted({*calendar.holidays, closed}))})

    assert due_at(start, ClockKind.WD, days, fuller) > due


def test_started_working_day_counts_whole() -> None:
    """A share of a working day ends with that day; none at all ends at once."""
    start = at("2026-06-02 10:00")

    assert due_at(start, ClockKind.WD, 0.5, OFFICE) == due_at(start, ClockKind.WD, 1, OFFICE)
    assert due_at(start, ClockKind.WD, 0, OFFICE) == start


@pytest.mark.parametrize("clock", list(ClockKind))
def test_a_clock_needs_an_instant_and_does_not_run_backwards(clock: ClockKind) -> None:
    """A naive start and a negative length are refused."""
    with pytest.raises(ValueError, match="naive"):
        due_at(datetime(2026, 6, 2), clock, 1, OFFICE)  # noqa: DTZ001
    with pytest.raises(ValueError, match="backwards"):
        due_at(at("2026-06-02"), clock, -1, OFFICE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Asia/Muaradua"},
        {"zone": "../etc/passwd"},
        {"zone": "Asia/Jakarta", "opens": time(16), "closes": time(8)},
        {"zone": "Asia/Jakarta", "weekend": tuple(range(7))},
        {"zone": "Asia/Jakarta", "weekend": (7,)},
        {"zone": "Asia/Jakarta", "holidays": (date(2026, 2, 2), date(2026, 1, 1))},
    ],
)
def test_calendar_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    """No unknown zone, no office that never opens."""
    with pytest.raises(ValidationError):
        Calendar.model_validate(wrong)


def test_calendar_survives_the_wire() -> None:
    """A case carries the calendar it counts with."""
    assert Calendar.model_validate_json(OFFICE.model_dump_json()) == OFFICE
