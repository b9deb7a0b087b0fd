"""Pathways: what the law and the local profile say, and that a wrong file is refused with its place."""

from importlib import resources
from pathlib import Path

import pytest

from casework.directory.agencies import load_agencies
from casework.models.codes import ClosureReason, Stage
from casework.models.pathway import Category, ClockKind, DeadlinePolicy, Duty, Pathway, Risk, Service
from casework.pathways import PathwayFileError, check, facts, load, milestone_kinds, pin

PATHWAYS = load()

# The referral matrix: M mandatory, S another agency's statutory duty, R default, O offer, X blocked, - no row.
# A letter after the duty is its condition: g grave, c child, p pupil, s sexual act found.
COLUMNS = """
    police health psychosocial witness_protection court religious_court religious_counselling education
    civil_registry employment repatriation probation shelter mediation
"""
MATRIX = {
    "child_violence": "Rg R R O O - - Rp O O - - O O",
    "sexual_violence": "M R Rc R O - - Rp O - - - O X",
    "domestic_violence": "O R O O O O O O O O - - O O",
    "trafficking": "R R R R O - - O R R R - R X",
    "child_marriage": "Ms R O - O R R R O - - - O O",
    "child_in_conflict": "O O S O R - - R O - - S O O",
    "unclassified": "- - - - - - - - - - - - - -",
}
DUTIES = {
    Duty.MANDATORY: "M",
    Duty.STATUTORY: "S",
    Duty.DEFAULT: "R",
    Duty.OFFER: "O",
    Duty.BLOCKED: "X",
}
CONDITIONS = {"always": "", "grave": "g", "child": "c", "pupil": "p", "sexual_act_found": "s"}

# Law and clinic: kind, clock, units, start, end, owner, class.
LAW = {
    "child_violence": """
        health_police_info H 24 reporting_refused_by_parents police_notified agency statutory
        lpsk_decision D 7 lpsk_asked lpsk_decided lpsk statutory
        restit_post_judgment D 90 judgment_known restitution_asked lpsk statutory
        restit_pay_perma D 30 judgment_copy_delivered restitution_paid kejaksaan-negeri statutory""",
    "sexual_violence": """
        tpks_report_police H 72 reported_at police_notified caseworker statutory
        tpks_prot_start H 24 police_notified protection_given unit-ppa-polres may
        tpks_prot_max D 14 protection_given protection_ended unit-ppa-polres statutory
        tpks_lpsk_req H 24 protection_given lpsk_asked unit-ppa-polres statutory
        lpsk_decision D 7 lpsk_asked lpsk_decided lpsk statutory
        tpks_restit_copy D 7 judgment_copy_received judgment_copy_delivered kejaksaan-negeri statutory
        tpks_restit_pay D 30 judgment_copy_delivered restitution_paid kejaksaan-negeri statutory
        restit_post_judgment D 90 judgment_known restitution_asked lpsk statutory
        restit_pay_perma D 30 judgment_copy_delivered restitution_paid kejaksaan-negeri statutory
        health_police_info H 24 reporting_refused_by_parents police_notified agency statutory
        clin_72h H 72 incident_at medical_care_given caseworker clinical
        clin_ec_5d D 5 incident_at medical_care_given caseworker clinical
        clin_fu D 14 incident_at medical_review_2w caseworker clinical
        clin_fu_3m D 91 incident_at medical_review_3m caseworker clinical
        clin_fu_6m D 182 incident_at medical_review_6m caseworker clinical""",
    "domestic_violence": """
        pkdrt_prot_start H 24 police_notified protection_given unit-ppa-polres statutory
        pkdrt_prot_max D 7 protection_given protection_ended unit-ppa-polres statutory
        pkdrt_court_req H 24 protection_given court_order_asked unit-ppa-polres statutory
        pkdrt_court_issue D 7 court_order_asked court_order_decided pengadilan-negeri statutory
        pkdrt_order_max D 365 court_order_decided court_order_ended pengadilan-negeri statutory
        lpsk_decision D 7 lpsk_asked lpsk_decided lpsk statutory""",
    "trafficking": """
        tppo_rehab D 7 referral_sent referral_accepted agency statutory
        tppo_first_aid D 7 referral_sent referral_accepted agency statutory
        tppo_restit_pay D 14 judgment_known restitution_paid kejaksaan-negeri statutory
        restit_post_judgment D 90 judgment_known restitution_asked lpsk statutory
        restit_pay_perma D 30 judgment_copy_delivered restitution_paid kejaksaan-negeri statutory
        lpsk_decision D 7 lpsk_asked lpsk_decided lpsk statutory""",
    "child_marriage": "",
    "child_in_conflict": """
        abh_spdp H 24 investigation_started prosecutor_told unit-ppa-polres statutory
        abh_req_pk_peksos H 24 investigation_started probation_asked unit-ppa-polres statutory
        abh_litmas H 72 litmas_asked litmas_received bapas statutory
        abh_lapsos H 72 social_report_asked social_report_received dinas-sosial statutory
        abh_diversi_offer H 168 investigation_started diversion_offered unit-ppa-polres statutory
        abh_diversi_run D 30 diversion_started diversion_ended unit-ppa-polres statutory
        abh_pn_judge D 3 file_at_court judge_appointed pengadilan-negeri statutory
        abh_pn_diversi D 7 judge_appointed diversion_set pengadilan-negeri statutory""",
    "unclassified": "",
}

# The local profile: kind, start, service (- for any other), then clock and units at high, medium, low, and the owner.
LOCAL = """
    assignment case_opened - H1 H3 H3 supervisor
    first_contact reported_at - H24 H72 D7 caseworker
    assessment reported_at - D3 D7 D14 caseworker
    plan reported_at - D7 D14 D30 caseworker
    plan_decision plan_proposed - WD3 WD3 WD3 supervisor
    override_decision override_asked - H24 H24 H24 supervisor
    referral_answer referral_sent - H24 H48 WD3 agency
    service_feedback referral_accepted - D3 D7 D14 agency
    service_feedback progress_reported police D30 D30 D30 agency
    service_feedback progress_reported prosecution D30 D30 D30 agency
    service_feedback progress_reported court D30 D30 D30 agency
    service_feedback progress_reported religious_court D30 D30 D30 agency
    service_feedback progress_reported shelter D14 D14 D14 agency
    service_feedback progress_reported social_rehabilitation D14 D14 D14 agency
    service_feedback progress_reported health D7 D7 D7 agency
    service_feedback progress_reported - D3 D7 D14 agency
    follow_up plan_approved - D7 D14 D30 caseworker
    follow_up follow_up - D7 D14 D30 caseworker
    supervisor_review case_opened - D30 D60 D90 supervisor
    supervisor_review review_recorded - D30 D60 D90 supervisor
    closure_decision closure_requested - D7 D7 D7 supervisor
    post_closure_check case_closed - D90 D90 - caseworker
    national_register_entry case_opened - WD3 WD3 WD3 caseworker
    transfer_decision transfer_asked - H24 H48 WD3 agency
    conference_decision conference_due - D3 D7 D14 supervisor
"""

MILESTONES = """
    police_notified protection_given protection_ended court_order_asked court_order_decided court_order_ended lpsk_asked
    lpsk_decided judgment_known restitution_asked restitution_paid judgment_copy_received judgment_copy_delivered
    investigation_started prosecutor_told probation_asked diversion_offered litmas_asked litmas_received
    social_report_asked social_report_received diversion_started diversion_ended file_at_court judge_appointed
    diversion_set reporting_refused_by_parents visum_asked visum_made hearing_set hearing_held court_determination
    investigator_news national_register_entry arrived marriage_planned marriage_cancelled
    marriage_concluded new_incident
"""


def cell(pathway: Pathway, service: str) -> str:
    """A cell of the matrix in the letters of the table."""
    row = next((row for row in pathway.matrix if row.service == service), None)
    return DUTIES[row.duty] + CONDITIONS[row.when] if row else "-"


def lines(table: str) -> list[list[str]]:
    """The rows of a table."""
    return [line.split() for line in table.split("\n") if line.strip()]


def test_every_category_has_a_pathway() -> None:
    """There are seven, `unclassified` among them, and the built-in files have nothing wrong."""
    assert set(PATHWAYS) == set(Category)
    assert check() == []


@pytest.mark.parametrize("category", MATRIX)
def test_referral_matrix(category: str) -> None:
    """Each cell says what the referral matrix says."""
    pathway = PATHWAYS[Category(category)]

    assert [cell(pathway, service) for service in COLUMNS.split()] == MATRIX[category].split()


def test_six_lines_of_trafficking_service_are_default() -> None:
    """Health, social rehabilitation, legal aid, repatriation and reintegration are planned or waived."""
    six = ("health", "social_rehabilitation", "legal_aid", "repatriation", "reintegration")

    assert {cell(PATHWAYS[Category.TRAFFICKING], service) for service in six} == {"R"}


@pytest.mark.parametrize("category", LAW)
def test_deadlines_of_law_and_clinic(category: str) -> None:
    """Kinds, lengths, starts, ends and owners of everything that is not local policy; nothing is missing or added."""
    own = [p for p in PATHWAYS[Category(category)].deadlines if p.class_ != "local"]
    for kind, clock, units, start, end, owner, class_ in lines(LAW[category]):
        found = [p for p in own if p.kind == kind and p.start == start]
        assert found, kind
        for policy in found:
            assert (policy.clock, policy.length) == (ClockKind(clock), {"any": float(units)}), kind
            assert end in policy.end, kind
            assert (policy.owner, policy.class_) == (owner, class_), kind

    assert {p.kind for p in own} == {kind for kind, *_ in lines(LAW[category])}


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("line", lines(LOCAL), ids=lambda line: "-".join(line[:3]))
def test_local_profile(category: Category, line: list[str]) -> None:
    """Every category runs the same local clocks."""
    kind, start, service, high, medium, low, owner = line
    policies = [p for p in PATHWAYS[category].deadlines if p.kind == kind and p.start == start]
    policies = [p for p in policies if p.service == (None if service == "-" else service)]

    for risk, expected in ((Risk.HIGH, high), (Risk.MEDIUM, medium), (Risk.LOW, low)):
        running = [f"{p.clock}{p.units(risk):g}" for p in policies if p.units(risk) is not None]
        assert running == ([] if expected == "-" else [expected]), risk
    assert {p.owner for p in policies} == {owner}
    assert {p.class_ for p in policies} == {"local"}


def test_local_kinds_are_the_contracts() -> None:
    """No local kind is missing or added."""
    local = {p.kind for p in PATHWAYS[Category.UNCLASSIFIED].deadlines}

    assert local == {line[0] for line in lines(LOCAL)}


def test_urgent_referral_at_high_risk_is_answered_in_four_hours() -> None:
    """Urgency shortens the answer at high risk only; unassessed runs as high."""
    answer = next(p for p in PATHWAYS[Category.TRAFFICKING].deadlines if p.kind == "referral_answer" and p.clock == "H")

    assert [answer.units(risk, urgent=True) for risk in Risk] == [4, 48, None, 4]


def test_service_specific_report_stands_before_the_general_one() -> None:
    """The first entry that fits is the right one."""
    services = [p.service for p in PATHWAYS[Category.CHILD_VIOLENCE].deadlines if p.start == "progress_reported"]

    assert services[-1] is None
    assert None not in services[:-1]


def test_reopening_starts_the_clocks_of_the_office_anew() -> None:
    """A reopened case has first contact, assessment, plan and review to come."""
    started = {p.kind for p in PATHWAYS[Category.UNCLASSIFIED].deadlines if p.start == "case_reopened"}

    assert started == {"assignment", "first_contact", "assessment", "plan", "supervisor_review"}


def test_police_report_is_not_armed_when_the_police_report() -> None:
    """The 72 hours have a condition; an unknown incident time counts as inside the clinical windows."""
    deadlines = PATHWAYS[Category.SEXUAL_VIOLENCE].deadlines
    conditions = {(p.kind, p.start): p.only_if for p in deadlines if p.only_if and p.class_ != "local"}

    assert conditions == {
        ("tpks_report_police", "reported_at"): "reporter_not_police",
        ("clin_72h", "reported_at"): "incident_unknown",
        ("clin_ec_5d", "reported_at"): "incident_unknown",
    }


def test_protection_regime_chooses_its_clocks() -> None:
    """A milestone that names the act starts the clocks of that act only."""

    def started(category: Category, fact: str) -> set[str]:
        return {p.kind for p in PATHWAYS[category].deadlines if p.start == fact}

    assert started(Category.SEXUAL_VIOLENCE, "protection_given_tpks") == {"tpks_prot_max", "tpks_lpsk_req"}
    assert started(Category.SEXUAL_VIOLENCE, "protection_given_pkdrt") == set()
    assert started(Category.DOMESTIC_VIOLENCE, "protection_given_pkdrt") == {"pkdrt_prot_max", "pkdrt_court_req"}
    assert started(Category.DOMESTIC_VIOLENCE, "protection_given_tpks") == set()


def every_policy() -> list[DeadlinePolicy]:
    """The deadlines of all pathways."""
    return [policy for pathway in PATHWAYS.values() for policy in pathway.deadlines]


def test_every_figure_names_its_source() -> None:
    """A law article or `local default`; local policy never poses as law."""
    for policy in every_policy():
        assert policy.source.strip(), policy.kind
        if policy.class_ == "local":
            assert policy.source.startswith("local default"), policy.kind
        else:
            assert any(word in policy.source for word in ("UU ", "PP ", "PERMA ", "Permenkes ", "WHO")), policy.kind


def test_every_clock_starts_and_ends_by_a_fact_that_is_recorded() -> None:
    """No code that nothing records."""
    assert {code for p in every_policy() for code in (p.start, *p.end)} <= facts()


def test_every_owner_is_a_role_or_an_agency_of_the_directory() -> None:
    """No deadline waits for nobody."""
    known = {"caseworker", "supervisor", "head", "agency"} | set(load_agencies())

    assert {p.owner for p in every_policy()} <= known


def test_every_service_somebody_asks_for_has_an_agency() -> None:
    """A service that a matrix names is given by some agency here."""
    given = {service for agency in load_agencies().values() if not agency.outside for service in agency.services}

    assert {row.service for pathway in PATHWAYS.values() for row in pathway.matrix} <= given


def test_milestone_kinds_are_the_contracts() -> None:
    """All kinds of the contract, those of the protection regime, and the medical ones that end clinical windows."""
    added = {kind for kind in milestone_kinds() if kind.startswith(("protection_given_", "medical_"))}

    assert milestone_kinds() - added == set(MILESTONES.split())
    assert len(added) == 6


@pytest.mark.parametrize(
    ("category", "finding", "adds"),
    [
        ("child_marriage", "sexual_act", "sexual_violence"),
        ("child_marriage", "coercion", "sexual_violence"),
        ("child_marriage", "marriage_concluded", "sexual_violence"),
        ("child_marriage", "marriage_concluded_adult", None),
        ("trafficking", "sexual_exploitation", "sexual_violence"),
        ("unclassified", "trafficking_signs", "trafficking"),
        ("child_in_conflict", "child_victim", "child_violence"),
        ("domestic_violence", "pregnancy", None),
    ],
)
def test_finding_adds_its_category(category: str, finding: str, adds: str | None) -> None:
    """A finding opens the pathway it belongs to, or is recorded only."""
    assert PATHWAYS[Category(category)].findings[finding] == adds


def test_outcomes_of_a_pathway_of_its_own() -> None:
    """A petition ends in one of three ways; a child goes home or to school."""
    petition = {"petition_granted", "petition_refused", "petition_lapsed"}

    assert petition <= set(PATHWAYS[Category.CHILD_MARRIAGE].outcomes)
    assert {"returned_to_family", "enrolled"} == set(PATHWAYS[Category.TRAFFICKING].outcomes)


def test_closure_conditions() -> None:
    """Which reasons end a case from any stage, which need a review, and which are never asked for."""
    conditions = {condition.reason: condition for condition in PATHWAYS[Category.TRAFFICKING].closure}
    any_stage = {reason for reason, condition in conditions.items() if condition.any_stage}

    assert set(ClosureReason) - set(conditions) == {"transferred_other_district", "duplicate"}
    assert any_stage == {
        "out_of_mandate_handed_over",
        "not_confirmed",
        "client_request",
        "client_died",
        "moved_untraceable",
        "withdrawn_under_pressure",
    }
    assert [reason for reason, condition in conditions.items() if condition.review] == ["withdrawn_under_pressure"]
    assert conditions["moved_untraceable"].unreached_follow_ups == 3


@pytest.mark.parametrize("name", ["office", "agency"])
def test_ladder_tells_the_next_in_line_then_the_coordinator(name: str) -> None:
    """At the due time, after 1, 3, 7 days, after 3, 7, 14 days; a reminder at three quarters."""
    ladder = next(ladder for ladder in PATHWAYS[Category.TRAFFICKING].ladders if ladder.name == name)
    steps = [tuple(rung.after_days.values()) for rung in ladder.rungs]

    assert ladder.remind_at_share == 0.75
    assert steps == [(0, 0, 0), (1, 3, 7), (3, 7, 14)]
    assert ladder.rungs[-1].to == "coordinator"


def test_special_steps_speak_both_languages_and_name_their_source() -> None:
    """No step is left untranslated, and each is named once."""
    for pathway in PATHWAYS.values():
        ids = [step.id for step in pathway.special_steps]
        assert len(set(ids)) == len(ids)
        for step in pathway.special_steps:
            assert step.text_id != step.text_en
            assert step.source


def test_pinned_pathways_are_those_named_each_once() -> None:
    """Blocked in one category is blocked for the case."""
    wanted = [Category.CHILD_VIOLENCE, Category.SEXUAL_VIOLENCE, Category.CHILD_VIOLENCE]

    pinned = pin(PATHWAYS, wanted)

    assert pinned.categories == (Category.CHILD_VIOLENCE, Category.SEXUAL_VIOLENCE)
    assert pinned.blocked(Service.MEDIATION) is Category.SEXUAL_VIOLENCE
    assert pin(PATHWAYS, [Category.CHILD_VIOLENCE]).blocked(Service.MEDIATION) is None


def test_pathway_survives_the_wire() -> None:
    """A pinned pathway is the same after it was stored."""
    for pathway in PATHWAYS.values():
        assert Pathway.model_validate_json(pathway.model_dump_json()) == pathway
        assert pathway.stages == tuple(stage.value for stage in Stage)


def built_in(name: str) -> str:
    """The text of a built-in file."""
    return resources.files("casework.pathways").joinpath(name).read_text()


def test_district_file_replaces_the_built_in_one(tmp_path: Path) -> None:
    """One file changes, the others stay; the version shows it."""
    changed = (
        built_in("common.toml")
        .replace("version = 1", "version = 2")
        .replace("length = { any = 7 }", "length = { any = 5 }")
    )
    (tmp_path / "common.toml").write_text(changed)
    (tmp_path / "notes.txt").write_text("not a pathway file")

    own = load(tmp_path)

    closure = next(p for p in own[Category.TRAFFICKING].deadlines if p.kind == "closure_decision")
    assert closure.length == {"any": 5}
    assert {pathway.version for pathway in own.values()} == {2}
    assert own[Category.TRAFFICKING].matrix == PATHWAYS[Category.TRAFFICKING].matrix


COMMON = "common.toml"
SEXUAL = "sexual_violence.toml"
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
    "wrong type of a length": (SEXUAL, "{ any = 14 }", '{ any = "14" }', "deadlines[2].length.any", "valid number"),
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
    "no time at all": (SEXUAL, "{ any = 14 }", "{ any = 0 }", "deadlines[2].length.any", "greater than 0"),
    "endless": (SEXUAL, "{ any = 14 }", "{ any = inf }", "deadlines[2].length.any", "finite number"),
    "half a day": (SEXUAL, "{ any = 14 }", "{ any = 1.5 }", "deadlines[2].length", "counts whole days"),
    "any beside high": (SEXUAL, "{ any = 14 }", "{ any = 14, high = 7 }", "deadlines[2].length", "names either"),
    "unknown risk": (
        SEXUAL,
        "{ any = 14 }",
        "{ severe = 14 }",
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
    "unknown ladder": (COMMON, 'name = "village"', 'name = "hamlet"', "ladders[2].name", "unknown ladder `hamlet`"),
    "unknown rung": (COMMON, 'to = "head"', 'to = "king"', "ladders[0].rungs[1].to", "nobody is known as `king`"),
    "rungs out of order": (
        COMMON,
        '"coordinator", high = 3',
        '"coordinator", high = 0',
        "ladders[0].rungs[2].high",
        "before the rung below",
    ),
    "share over one": (
        COMMON,
        "remind_at_share = 0.75",
        "remind_at_share = 75",
        "ladders[0].remind_at_share",
        "less than 1",
    ),
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
    "two owners of one kind": (
        COMMON,
        'owner = "agency"\nsource = "local default: as the answer',
        'owner = "head"\nsource = "local default: as the answer',
        "deadlines[18].owner",
        "differs from the earlier",
    ),
}


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
