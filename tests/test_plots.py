"""Plots: each bar as long as its number, beside it its name as text, none for what is not told."""

from hypothesis import given
from hypothesis import strategies as st

from web.pages.plots import LETTERS, LONGEST, Bar, Plot, plot

NAMES = st.text(st.characters(categories=["L", "Zs"]), max_size=120)
BARS = st.lists(st.builds(Bar, name=NAMES, number=st.just("1"), size=st.none() | st.floats(0, 1e6)), max_size=30)


def share(length: str) -> float:
    return float(length.removesuffix("%"))


@given(BARS)
def test_bars_are_as_long_as_their_numbers_and_never_overlap(bars: list[Bar]) -> None:
    """The longest as long as there is room; of two numbers the greater has no shorter bar."""
    drawn = plot(bars)
    lengths = [share(placed.length) for placed in drawn.bars]

    assert [placed.bar for placed in drawn.bars] == bars
    assert all(0 <= length <= LONGEST for length in lengths)
    assert all(length == 0 for bar, length in zip(bars, lengths, strict=True) if not bar.size)
    told = sorted((bar.size, length) for bar, length in zip(bars, lengths, strict=True) if bar.size is not None)
    assert [length for _, length in told] == sorted(length for _, length in told)
    assert places(drawn) == sorted(places(drawn))


def places(drawn: Plot) -> list[float]:
    """Every height of texts and bars, from above."""
    found = [(line, each.top) for each in drawn.bars for line in [*(at for at, _ in each.lines), each.top]]
    return [*(float(at.removesuffix("em")) for at, _ in found), float(drawn.height.removesuffix("em"))]


@given(st.lists(st.sampled_from("aabbc"), max_size=9))
def test_parts_of_one_thing_stand_under_its_name_once(names: list[str]) -> None:
    """What follows under the same name has only its part beside it."""
    drawn = plot([Bar(name, "1", 1.0, part=str(number)) for number, name in enumerate(names)])
    before = [None, *names[:-1]]

    assert [bool(each.lines) for each in drawn.bars] == [a != b for a, b in zip(names, before, strict=bool(names))]


def test_a_long_name_is_broken_into_lines() -> None:
    """None longer than a telephone is wide, nothing of it lost."""
    name = "Dinas Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk dan Keluarga Berencana"
    (placed,) = plot([Bar(name, "3", 3)]).bars

    assert [len(text) <= LETTERS for _, text in placed.lines] == [True] * 3
    assert " ".join(text for _, text in placed.lines) == name
