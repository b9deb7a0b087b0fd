"""A pathway tried on past cases: the same one changes nothing, longer limits break no promise, small counts stay."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from casework.models.dry_run import DryRun, Tally
from casework.models.event_log import LoggedAgency, LoggedCase, LoggedClock
from casework.models.pathway import Category, DeadlinePolicy, Pathway
from casework.rules.dry_run import Ground, Pathways, told_to_others, touched, tried
from tests.play import CALENDAR, PATHWAYS, START

CATEGORIES = [category for category in Category if category is not Category.UNCLASSIFIED]
UNTIL = START + timedelta(days=200)
GROUND = Ground(CALENDAR, UNTIL)
OFFICE = LoggedAgency("dinas-pppappkb", "lead_office")
AGENCIES = (
    LoggedAgency("unit-ppa-polres", "police"),
    LoggedAgency("village", "village", "village"),
    LoggedAgency("polrestabes-surabaya", "police", "cross_province"),
)
KINDS = sorted({(policy.kind, policy.start) for pathway in PATHWAYS.values() for policy in pathway.deadlines})


@st.composite
def past_clocks(draw: st.DrawFn, number: int, categories: tuple[str, ...]) -> LoggedClock:
    kind, basis = draw(st.sampled_from(KINDS))
    since = START + timedelta(hours=draw(st.integers(0, 2000)))
    ended = draw(st.none() | st.integers(0, 3000))
    return LoggedClock(
        number=number,
        kind=kind,
        class_="local",
        category=draw(st.none() | st.sampled_from(categories)),
        basis=basis,
        risk=draw(st.sampled_from(["high", "medium", "low", "unassessed"])),
        owner=draw(st.sampled_from(["caseworker", "supervisor", "head"])),
        agency=draw(st.none() | st.sampled_from(AGENCIES)),
        referral=None,
        service=draw(st.none() | st.sampled_from(["police", "health", "court"])),
        urgent=draw(st.booleans()),
        since=since,
        armed_at=since + timedelta(hours=draw(st.sampled_from([0, 0, 5, 500]))),
        due_at=since + timedelta(days=draw(st.integers(0, 20))),
        agreed=draw(st.sampled_from([False, False, True])),
        paused=draw(st.sampled_from([0.0, 0.0, 7200.0])),
        rung=0,
        ended_at=None if ended is None else since + timedelta(hours=ended),
        met=None if ended is None else draw(st.booleans()),
    )


@st.composite
def past_cases(draw: st.DrawFn) -> LoggedCase:
    categories = tuple(draw(st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=3, unique=True)))
    count = draw(st.integers(1, 6))
    clocks = tuple(draw(past_clocks(number, categories)) for number in range(1, count + 1))
    return LoggedCase(1, OFFICE, "walk_in", categories, START, draw(st.booleans()), (), (), clocks)


CASES = st.lists(past_cases(), min_size=1, max_size=3)
FEW = settings(max_examples=30)


def changed(of: Pathways, **by: object) -> Pathways:
    """The pathways with every deadline changed."""

    def each(policy: DeadlinePolicy) -> DeadlinePolicy:
        return policy.model_copy(update={name: how(policy) for name, how in by.items()})  # type: ignore[operator]

    return {
        category: pathway.model_copy(update={"deadlines": tuple(map(each, pathway.deadlines))})
        for category, pathway in of.items()
    }


def longer(of: Pathways, factor: float) -> Pathways:
    """The pathways with every limit so many times as long."""

    def lengths(policy: DeadlinePolicy) -> object:
        return {level: each.model_copy(update={"units": each.units * factor}) for level, each in policy.length.items()}

    def urgent(policy: DeadlinePolicy) -> object:
        each = policy.urgent_length
        return each and each.model_copy(update={"units": each.units * factor})

    return changed(of, length=lengths, urgent_length=urgent)


def watched(of: Pathways) -> Pathways:
    """The pathways with their ladders written anew, word for word but for a source: every kind is tried."""

    def again(pathway: Pathway) -> Pathway:
        return pathway.model_copy(
            update={"deadlines": tuple(p.model_copy(update={"source": f"{p.source} 2"}) for p in pathway.deadlines)}
        )

    return {category: again(pathway) for category, pathway in of.items()}


@FEW
@given(CASES)
def test_the_same_pathway_makes_no_difference(cases: list[LoggedCase]) -> None:
    """Neither where nothing is tried, nor where everything is."""
    assert touched(PATHWAYS, PATHWAYS) == frozenset()
    assert tried(cases, PATHWAYS, PATHWAYS, GROUND).tallies == ()
    again = tried(cases, PATHWAYS, watched(PATHWAYS), GROUND)
    assert (again.tallies, again.cases, again.clocks) == ((), len(cases), sum(len(case.clocks) for case in cases))


@FEW
@given(CASES, st.floats(1, 5))
def test_longer_limits_are_never_broken_more_often(cases: list[LoggedCase], factor: float) -> None:
    for tally in tried(cases, PATHWAYS, longer(PATHWAYS, factor), GROUND).tallies:
        assert (tally.late_after or 0) <= (tally.late_before or 0)


@FEW
@given(CASES)
def test_two_pathways_are_tried_alike(cases: list[LoggedCase]) -> None:
    """The other way round everything is the other way round."""
    there, back = tried(cases, PATHWAYS, HALF, GROUND), tried(cases, HALF, PATHWAYS, GROUND)

    def turned(tally: Tally) -> Tally:
        return tally.model_copy(
            update={
                "late_before": tally.late_after,
                "late_after": tally.late_before,
                "steps_before": tally.steps_after,
                "steps_after": tally.steps_before,
            }
        )

    assert there.untold == back.untold
    assert there.tallies == tuple(map(turned, back.tallies))


HALF = longer(PATHWAYS, 0.5)
COUNTS = st.integers(0, 30)


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, st.integers(1, 40)), max_size=8))
def test_who_sees_no_case_is_told_no_small_count_and_no_small_difference(rows: list[tuple[int, ...]]) -> None:
    tallies = tuple(
        Tally(kind="k", owner=str(at), clocks=row[4], late_before=row[0], late_after=row[1], steps_before=row[2],
              steps_after=row[3])
        for at, row in enumerate(rows)
    )  # fmt: skip
    for tally in told_to_others(DryRun(cases=9, clocks=9, untold=0, tallies=tallies)).tallies:
        told = [(tally.late_before, tally.late_after), (tally.steps_before, tally.steps_after)]
        for before, after in told:
            assert before is None or after is None or not {before, after} & {1, 2, 3, 4}
            assert before is None or after is None or abs(before - after) not in (1, 2, 3, 4)
        assert tally.clocks >= 5
