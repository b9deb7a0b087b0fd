"""Pathway files: a district's own stands instead of the built-in one, and a wrong one is refused with its place."""

from importlib import resources
from pathlib import Path
from typing import get_args

import pytest

from casework.directory.agencies import ABOVE, load_agencies
from casework.models.pathway import Category, Class, ClockKind, Length, Reason
from casework.pathways import PathwayFileError, check, load
from casework.pathways.checks import CONDITIONS, OF_THE_OFFICE
from casework.pathways.files import DeadlineEntry, LadderEntry
from casework.pathways.ladders import LADDERS, NEAR
from casework.pathways.lengths import compare, read

PATHWAYS = load()


def built_in(name: str) -> str:
    """The text of a built-in file."""
    return resources.files("casework.pathways").joinpath(name).read_text()


def test_district_file_replaces_the_built_in_one(tmp_path: Path) -> None:
    """One file changes, the others stay; the version shows it."""
    changed = (
        built_in("common.toml")
        .replace("version = 1", "version = 2")
        .replace('length = { any = "P7D" }', 'length = { any = "5WD" }')
    )
    (tmp_path / "common.toml").write_text(changed)
    (tmp_path / "notes.txt").write_text("not a pathway file")

    own = load(tmp_path)

    closure = next(p for p in own[Category.TRAFFICKING].deadlines if p.kind == "closure_decision")
    assert closure.length == {"any": read("5WD")}
    assert {pathway.version for pathway in own.values()} == {2}
    assert own[Category.TRAFFICKING].matrix == PATHWAYS[Category.TRAFFICKING].matrix


LENGTHS = {
    "PT24H": (ClockKind.H, 24),
    "PT90M": (ClockKind.H, 1.5),
    "PT1H30M": (ClockKind.H, 1.5),
    "PT20S": (ClockKind.H, 20 / 3600),
    "PT0.5H": (ClockKind.H, 0.5),
    "PT36H": (ClockKind.H, 36),
    "PT0S": (ClockKind.H, 0),
    "P3D": (ClockKind.D, 3),
    "P2W": (ClockKind.D, 14),
    "3WD": (ClockKind.WD, 3),
}


@pytest.mark.parametrize("text", LENGTHS)
def test_length_is_read_as_it_is_written(text: str) -> None:
    """The form says which clock; hours may be parts of one, days are whole."""
    clock, units = LENGTHS[text]

    assert read(text) == Length(clock=clock, units=units)


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [
        ("PT24H", "P1D", 0),
        ("PT23H", "P1D", -1),
        ("P2W", "PT335H", 1),
        ("3WD", "2WD", 1),
        ("3WD", "P5D", None),
        ("PT0S", "1WD", -1),
        ("1WD", "P0D", 1),
    ],
)
def test_lengths_of_different_clocks(one: str, other: str, order: int | None) -> None:
    """Hours and days compare by the hour; working days with nothing but themselves, and with no time at all."""
    assert compare(read(one), read(other)) == order


COMMON = "common.toml"
SEXUAL = "sexual_violence.toml"
TRAFFICKING = "trafficking.toml"
FORTNIGHT = '{ any = "P14D" }'
BROKEN = {
    "bad syntax": (SEXUAL, 'category = "', "category = ", "line 3, column", "is not TOML"),
    "unknown key": (SEXUAL, "version = 1", "version = 1\nsla = 3", "sla", "unknown key"),
    "unknown key of a deadline": (
        SEXUAL,
        'kind = "tpks_prot_max"',
        'kind = "tpks_prot_max"\nhours = 3',
        "deadlines[2].hours",
        "unknown key",
    ),
    "wrong type": (SEXUAL, "version = 1", 'version = "1"', "version", "valid integer"),
    "unknown service": (SEXUAL, 'service = "shelter"', 'service = "hotel"', "matrix[11].service", "found 'hotel'"),
    "no source": (SEXUAL, '\nsource = "UU 12/2022 art. 42(2)"', "", "deadlines[2].source", "is missing"),
    "empty source": (SEXUAL, 'source = "UU 12/2022 art. 42(2)"', 'source = ""', "deadlines[2].source", "at least 3"),
    "no title": (SEXUAL, 'title_id = "Kekerasan seksual"\n', "", "title_id", "is missing"),
    "service named twice": (
        SEXUAL,
        'service = "legal_aid"',
        'service = "court"',
        "matrix[8].service",
        "`court` is there already",
    ),
    "mandatory and blocked": (
        SEXUAL,
        'service = "mediation"',
        'service = "police"',
        "matrix[12].service",
        "blocked and mandatory at once",
    ),
    "clock for a blocked service": (
        SEXUAL,
        'only_if = "reporter_not_police"',
        'services = ["mediation"]',
        "deadlines[0].services",
        "blocked in this pathway",
    ),
    "unknown start": (SEXUAL, 'start = ["lpsk_asked"]', 'start = ["lpsk_rung"]', "deadlines[4].start[0]", "not a fact"),
    "unknown end": (SEXUAL, 'end = ["lpsk_decided"]', 'end = ["lpsk_done"]', "deadlines[4].end[0]", "not a fact"),
    "end that never comes": (
        TRAFFICKING,
        'end = ["referral_accepted"]',
        'end = ["lpsk_decided"]',
        "deadlines[0].end",
        "would never be met",
    ),
    "kind of which no id can be made": (
        SEXUAL,
        'kind = "tpks_prot_max"',
        'kind = "tpks_protection_maximum_x"',
        "deadlines[2].kind",
        "at most 24",
    ),
    "unknown condition": (
        SEXUAL,
        '"reporter_not_police"',
        '"reporter_is_nice"',
        "deadlines[0].only_if",
        "no condition is known as",
    ),
    "same kind twice": (SEXUAL, 'kind = "clin_ec_5d"', 'kind = "clin_72h"', "deadlines[12].kind", "runs already"),
    "kind of the common file": (
        SEXUAL,
        'kind = "tpks_prot_max"',
        'kind = "plan"',
        "deadlines[2].kind",
        "already a deadline of common.toml",
    ),
    "statutory clock left out": (
        SEXUAL,
        'kind = "tpks_prot_max"',
        'kind = "tpks_prot_mux"',
        "deadlines",
        "`tpks_prot_max` is missing",
    ),
    "any beside high": (
        SEXUAL,
        FORTNIGHT,
        '{ any = "P14D", high = "P7D" }',
        "deadlines[2].length",
        "names either",
    ),
    "unknown risk": (
        SEXUAL,
        FORTNIGHT,
        '{ severe = "P14D" }',
        "deadlines[2].length.severe",
        "'high', 'medium', 'low'",
    ),
    "unknown class": (SEXUAL, 'class = "may"', 'class = "can"', "deadlines[1].class", "found 'can'"),
    "unknown category of a finding": (
        SEXUAL,
        'incest = "domestic_violence"',
        'incest = "family"',
        "findings.incest",
        "found 'family'",
    ),
    "finding of the common file": (SEXUAL, "incest =", "injury =", "findings.injury", "already a finding"),
    "other category": (
        SEXUAL,
        'category = "sexual_violence"',
        'category = "trafficking"',
        "category",
        "in a file named sexual_violence.toml",
    ),
    "common outcome again": (SEXUAL, '"enrolled"', '"unavailable"', "outcomes[1]", "there already"),
    "stage left out": (COMMON, '"closure", "closed"]', '"closed"]', "stages", "must be intake"),
    "closure never asked for": (
        COMMON,
        'reason = "not_confirmed"',
        'reason = "duplicate"',
        "closure[3].reason",
        "never asked for",
    ),
    "closure twice": (COMMON, 'reason = "not_confirmed"', 'reason = "goals_met"', "closure[3].reason", "there already"),
    "local clock left out": (
        COMMON,
        'kind = "closure_decision"',
        'kind = "closure_choice"',
        "deadlines",
        "`closure_decision` is missing",
    ),
    "ages that fall": (COMMON, "up_to = 11", "up_to = 4", "consents", "rises from band to band"),
    "no band of age": (COMMON, 'by = ["self", "guardian"]', 'up_to = 17\nby = ["self"]', "consents", "who is of age"),
    "nobody consents": (COMMON, 'by = ["self", "guardian"]', 'by = ["none"]', "consents[4].by", "consents to nothing"),
    "no disclosure for all": (
        COMMON,
        '[[disclosures]]\nafter = "P14D"',
        '[[disclosures]]\nservices = ["health"]\nafter = "P14D"',
        "disclosures",
        "none of them is of every service",
    ),
    "service disclosed twice": (
        COMMON,
        '"witness_protection", "probation"]\nafter',
        '"witness_protection", "police"]\nafter',
        "disclosures[0].services",
        "`police` is there already",
    ),
    "notification twice": (COMMON, 'kind = "parents"', 'kind = "police"', "tellings[2].kind", "there already"),
    "where the client is now": (
        COMMON,
        'discloses = ["identity", "contact", "caregiver"',
        'discloses = ["identity", "location", "caregiver"',
        "tellings[1].discloses[1]",
        "found 'location'",
    ),
    "nobody owes it": (SEXUAL, 'owner = "lpsk"', 'owner = "lspk"', "deadlines[4].owner", "`lspk` is no agency"),
    "two owners of one kind": (
        COMMON,
        'start = ["risk_raised"]\nend = ["review_recorded"]\nowner = "supervisor"',
        'start = ["risk_raised"]\nend = ["review_recorded"]\nowner = "head"',
        "deadlines[14].owner",
        "differs from the earlier",
    ),
    "two ladders of one kind": (
        COMMON,
        'ladder = "deciding"\nreason = "risk_up"',
        'ladder = "office"\nreason = "risk_up"',
        "deadlines[14].ladder",
        "differs from the earlier",
    ),
    "promise put off": (
        COMMON,
        'ladder = "deciding"\nreason = "risk_up"',
        'ladder = "deciding"\nreason = "risk_up"\nrestarts = true',
        "deadlines[14].restarts",
        "a local clock is a promise",
    ),
    "no ladder": (SEXUAL, 'ladder = "protection"\n', "", "deadlines[2].ladder", "is missing"),
    "ladder that is not there": (
        SEXUAL,
        'ladder = "protection"',
        'ladder = "mountain"',
        "deadlines[2].ladder",
        "there is no ladder `mountain`; there are office, deciding",
    ),
    "unknown reason": (SEXUAL, '"stat_breach"', '"too_late"', "deadlines[3].reason", "found 'too_late'"),
    "breach under another name": (
        SEXUAL,
        'reason = "stat_breach"\n',
        "",
        "deadlines[3].reason",
        "owes it by law: stat_breach or prot_expiring",
    ),
    "ladder left out": (COMMON, 'name = "village"', 'name = "hamlet"', "ladders", "`village` is missing"),
    "ladder twice": (COMMON, 'name = "village"', 'name = "agency"', "ladders[3].name", "`agency` is there already"),
    "unknown rung": (COMMON, 'to = "head"', 'to = "king"', "ladders[0].rungs[1].to", "nobody is known as `king`"),
    "rung below the one before": (
        COMMON,
        '"coordinator", high = "P3D"',
        '"coordinator", high = "PT23H"',
        "ladders[0].rungs[2].high",
        "before the rung below",
    ),
    "back in time above the coordinator": (
        COMMON,
        '{ to = "coordinator", high = "P3D", medium = "P7D", low = "P14D" },\n]\n\n# For a task',
        '{ to = "coordinator", high = "P8D", medium = "P8D", low = "P14D" },\n]\n\n# For a task',
        "ladders[2].rungs",
        "`province` of cross_province.high comes before the rung below",
    ),
    "rung before the due time": (
        COMMON,
        'to = "head", high = "P1D"',
        'to = "head", high = "-P1D"',
        "ladders[0].rungs[1].high",
        "runs backwards",
    ),
    "rung in a later age": (
        COMMON,
        'to = "head", high = "P1D"',
        'to = "head", high = "P9999999D"',
        "ladders[0].rungs[1].high",
        "longer than",
    ),
    "rungs whose order cannot be told": (
        COMMON,
        'to = "head", high = "P1D"',
        'to = "head", high = "1WD"',
        "ladders[0].rungs[2].high",
        "cannot be told",
    ),
    "share over one": (
        COMMON,
        "remind_at_share = 0.75",
        "remind_at_share = 75",
        "ladders[0].remind_at_share",
        "less than 1",
    ),
    "two reminders": (
        COMMON,
        "remind_at_share = 0.75",
        'remind_at_share = 0.75\nremind_before = "PT1H"',
        "ladders[0].remind_before",
        "reminds once",
    ),
    "reminder in working days": (
        COMMON,
        'remind_before = "PT48H"',
        'remind_before = "2WD"',
        "ladders[5].remind_before",
        "do not run back",
    ),
}


NO_LENGTHS = {
    '"P1M"': "months or years",
    '"P1Y"': "months or years",
    '"P1Y2M3D"': "months or years",
    '"P1DT12H"': "mixes days and hours",
    '"P1.5D"': "whole days",
    '"1.5WD"': "whole days",
    '"-PT24H"': "runs backwards",
    '"PT0S"': "longer than nothing",
    '"P0D"': "longer than nothing",
    '"P99999999D"': "longer than 100000",
    '"PT24"': "is no length",
    '"P1\\nD"': "is no length",
    '"PT"': "is no length",
    '"P"': "is no length",
    '"24H"': "is no length",
    '"pt24h"': "is no length",
    '"P1WD"': "is no length",
    '"P1W2D"': "is no length",
    '""': "is no length",
    "14": "is no length",
    "inf": "is no length",
    "true": "is no length",
    '["P14D"]': "is no length",
}


@pytest.mark.parametrize("text", NO_LENGTHS)
def test_text_that_is_no_length_is_refused(text: str, tmp_path: Path) -> None:
    """The place is the risk's, and the reason says what would do."""
    (tmp_path / SEXUAL).write_text(built_in(SEXUAL).replace(FORTNIGHT, f"{{ any = {text} }}", 1))

    [problem] = check(tmp_path)
    assert (problem.file, problem.where) == (SEXUAL, "deadlines[2].length.any")
    assert NO_LENGTHS[text] in problem.reason


@pytest.mark.parametrize("name", BROKEN)
def test_wrong_file_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    """File, place and reason are named."""
    file, old, new, where, reason = BROKEN[name]
    text = built_in(file)
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1))

    problems = check(tmp_path)

    assert any(p.file == file and p.where.startswith(where) and reason in p.reason for p in problems), problems
    with pytest.raises(PathwayFileError) as refused:
        load(tmp_path)
    assert refused.value.problems == tuple(problems)
    assert f"{file}: {where}" in str(refused.value)


@pytest.mark.parametrize("text", ["PT169H", "P8D"])
def test_reminder_before_the_clock_starts_is_refused(text: str, tmp_path: Path) -> None:
    """A ladder that reminds sooner than a clock of its own runs; the place is that clock's."""
    (tmp_path / COMMON).write_text(built_in(COMMON).replace('"PT48H"\nsource', f'"{text}"\nsource'))

    [problem] = check(tmp_path)
    assert (problem.file, problem.where) == ("domestic_violence.toml", "deadlines[1].ladder")
    assert "`protection` is before the start" in problem.reason


def test_reminder_that_cannot_be_told_from_the_start_is_refused(tmp_path: Path) -> None:
    """Working days beside hours."""
    text = built_in(SEXUAL).replace(FORTNIGHT, '{ any = "10WD" }', 1)
    (tmp_path / SEXUAL).write_text(text)

    [problem] = check(tmp_path)
    assert (problem.where, "cannot be told" in problem.reason) == ("deadlines[2].ladder", True)


BEHIND = {
    "setda-asisten-1": "`coordinator`: no agency is of the kind regional_secretariat",
    "camat": "`subdistrict_head`: no agency is of the kind subdistrict",
    "uptd-ppa-sumatera-selatan": "`province`: no agency is of the kind province_office",
}


@pytest.mark.parametrize("agency_id", BEHIND)
def test_rung_that_nobody_holds_is_refused(agency_id: str) -> None:
    """A rung above the office needs an agency of this district behind it."""
    agencies = {id_: agency for id_, agency in load_agencies().items() if id_ != agency_id}

    problems = check(agencies=agencies)

    assert problems
    assert {(p.file, p.where.split(".")[-1]) for p in problems} == {(COMMON, "to")}
    assert all(BEHIND[agency_id] in p.reason for p in problems)


def test_last_rung_needs_somebody_of_the_nation() -> None:
    """The hotline or, where there is none, the ministry."""
    agencies = load_agencies()
    hotline, ministry = (dict.fromkeys(["sapa-129"]), dict.fromkeys(["sapa-129", "kemen-pppa"]))

    assert check(agencies={id_: a for id_, a in agencies.items() if id_ not in hotline}) == []
    [problem] = check(agencies={id_: a for id_, a in agencies.items() if id_ not in ministry})
    assert "nobody holds `national_office`" in problem.reason


def test_district_may_have_a_ladder_of_its_own(tmp_path: Path) -> None:
    """Beside those there must be, and a deadline may climb it."""
    ladder = (
        'name = "slow"\nsource = "local default"\nrungs = [{ to = "head", high = "1WD", medium = "1WD", low = "2WD" }]'
    )
    text = built_in(COMMON).replace('"office"\nsource = "local default: none', '"slow"\nsource = "local default: none')
    (tmp_path / COMMON).write_text(f"{text}\n[[ladders]]\n{ladder}\n")

    policies = load(tmp_path)[Category.TRAFFICKING].deadlines
    assert {p.ladder for p in policies if p.kind == "post_closure_check"} == {"slow"}


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    """An administrator need not find one mistake after the other."""
    (tmp_path / COMMON).write_text(built_in(COMMON).replace("version = 1", "version = 0"))
    (tmp_path / SEXUAL).write_text(built_in(SEXUAL).replace("version = 1", "version = 0"))

    assert {(p.file, p.where) for p in check(tmp_path)} == {(COMMON, "version"), (SEXUAL, "version")}


@pytest.mark.parametrize("name", ["sexual-violence.toml", "facts.toml"])
def test_file_that_is_no_pathway_is_refused(name: str, tmp_path: Path) -> None:
    """A misspelt name would change nothing in silence."""
    (tmp_path / name).write_text("")

    [problem] = check(tmp_path)
    assert (problem.file, "is no pathway file" in problem.reason) == (name, True)


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """The line is named."""
    (tmp_path / SEXUAL).write_bytes(b'category = "sexual_violence"\ntitle_id = "\xff"')

    [problem] = check(tmp_path)
    assert str(problem) == f"{SEXUAL}: line 2: is not UTF-8 text"


def test_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The built-in pathways do not stand in for it."""
    with pytest.raises(PathwayFileError, match="cannot be read"):
        load(tmp_path / "missing")


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A directory in a file's place."""
    (tmp_path / SEXUAL).mkdir()

    [problem] = check(tmp_path)
    assert (problem.file, problem.reason) == (SEXUAL, "cannot be read: Is a directory")


def test_page_names_all_that_a_file_may_say() -> None:
    """Keys, classes, reasons, ladders, rungs and the agencies behind them."""
    page = (Path(__file__).parents[1] / "docs" / "pathways.md").read_text()
    keys = {field.alias or name for name, field in DeadlineEntry.model_fields.items()}
    names = {*keys, *LadderEntry.model_fields, *get_args(Class), *get_args(Reason), *LADDERS, *NEAR, *CONDITIONS}
    kinds = {kind for kinds in ABOVE.values() for kind in kinds}

    missing = {name for name in names | set(ABOVE) | kinds | set(OF_THE_OFFICE) if f"`{name}`" not in page}
    assert missing == set()
