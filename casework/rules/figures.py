"""What of a figure its reader is shown, and for which days one may ask.

The own office is told every number. Everybody else is told whole quarters that are over, of which nothing changes any
more, one at a time; small counts are left out, and others with them, so that no sum tells them. Days that could be
chosen would tell of single cases by the difference of two answers.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from casework.errors import InvalidInputError
from casework.models.figure import Cell, Counted, Definition, Figure, Key, Period, Shown
from casework.models.people import OFFICE_ROLES, Actor, Role
from casework.rules.opening import problem
from casework.rules.suppression import is_small, suppressed, suppressed_list

READERS = OFFICE_ROLES | {Role.COORDINATOR, Role.VIEWER}
YES = "yes"
LONGEST = timedelta(days=3 * 366)
DAY = timedelta(days=1)


def of_own_office(reader: Actor) -> bool:
    """Whether somebody reads the figures of an office as one of its people."""
    return reader.role in OFFICE_ROLES


def period_of(reader: Actor, first: date | None, last: date | None, now: datetime, zone: str) -> Period:
    """The days asked for, or the last quarter that is over; raises InvalidInputError for what may not be asked."""
    today = now.astimezone(ZoneInfo(zone)).date()
    if first is None and last is None:
        last = _quarter(today) - DAY
        first = _quarter(last)
    if first is None or last is None or not first <= last <= first + LONGEST:
        raise _refused("not_a_period", "Give `from` and `to`, both of them included, at most three years apart.")
    if not of_own_office(reader) and not _is_quarter(first, last, today):
        raise _refused("whole_quarter", "Ask for one quarter that is over, such as 2026-01-01 to 2026-03-31.")
    midnight = time(tzinfo=ZoneInfo(zone))
    return Period(first, last, datetime.combine(first, midnight), datetime.combine(last + DAY, midnight))


def offered(reader: Actor, now: datetime, zone: str) -> tuple[tuple[str, date, date], ...]:
    """The periods that are mostly asked for, each by its name; for who may ask for quarters only the last four."""
    today = now.astimezone(ZoneInfo(zone)).date()
    over = [(_quarter(_quarter(today) - DAY), _quarter(today) - DAY)]
    while len(over) < 4:
        over.append((_quarter(over[-1][0] - DAY), over[-1][0] - DAY))
    if not of_own_office(reader):
        return tuple(("quarter", *days) for days in over)
    this_year = date(today.year, 1, 1)
    return ("this_quarter", _quarter(today), today), ("last_quarter", *over[0]), ("this_year", this_year, today)


def _refused(code: str, detail: str) -> InvalidInputError:
    return InvalidInputError("These days cannot be asked for.", errors=[problem("/from", code, detail)])


def _quarter(day: date) -> date:
    """The first day of the quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _is_quarter(first: date, last: date, today: date) -> bool:
    following = last + DAY
    return _quarter(first) == first and _quarter(following) == following and _quarter(last) == first and last < today


def shown_to(reader: Actor, definition: Definition, counted: Counted | None) -> Figure:
    """A figure as its reader is shown it: nothing at all where there is no input, or where it is the own office's."""
    own = of_own_office(reader)
    if definition.missing or counted is None or not (own or definition.shared):
        return Figure(definition, (), None)
    counts, total = _own(counted) if own else _shared(definition, counted)
    cells = tuple(
        Shown(key, part, counts[key, part], _value(definition, counted.cells[key, part], counts[key, part]))
        for key, part in sorted(counts, key=lambda each: (each[0], each[1] or ""))
    )
    return Figure(definition, cells, total, _share(definition, counts, total))


Told = Mapping[Key, int | None]


def _own(counted: Counted) -> tuple[Told, int | None]:
    return {key: cell.count for key, cell in counted.cells.items()}, counted.whole


def _shared(definition: Definition, counted: Counted) -> tuple[Told, int | None]:
    counts = {key: cell.count for key, cell in counted.cells.items()}
    if definition.several:
        return {key: _one_of_several(count, counted.whole) for key, count in counts.items()}, None
    if definition.parts:
        return _in_parts(counts)
    listed, total = suppressed_list({key: count for (key, _), count in counts.items()})
    return {(key, None): count for key, count in listed.items()}, total


def _one_of_several(count: int, whole: int) -> int | None:
    """A count of one of several things that may be so of a case: those of whom it is not so are persons, too."""
    return None if is_small(count) or is_small(whole - count) else count


def _in_parts(counts: Mapping[Key, int]) -> tuple[Told, int | None]:
    rows = sorted({key for key, _ in counts})
    columns = sorted({part for _, part in counts if part is not None})
    if not rows:
        return {}, 0
    table = suppressed([[counts.get((row, column), 0) for column in columns] for row in rows])
    places = {(row, column): table[r][c] for r, row in enumerate(rows) for c, column in enumerate(columns)}
    return {key: places[key[0], key[1] or ""] for key in counts}, table[-1][-1]


def _value(definition: Definition, cell: Cell, told: int | None) -> float | None:
    """The mean or median behind a count that is told, of enough."""
    if told is None or definition.counts not in ("mean", "median"):
        return None
    value = cell.mean if definition.counts == "mean" else cell.median
    return None if value is None else round(value, 2)


def _share(definition: Definition, counts: Told, total: int | None) -> float | None:
    """The part of all of which something is so; none where there are none, or where it is not told."""
    yes = counts.get((YES, None), 0)
    if definition.counts != "share" or not total or yes is None:
        return None
    return round(yes / total, 4)
