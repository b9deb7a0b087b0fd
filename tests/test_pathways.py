"""Pathways: what the law and the local profile say."""

import pytest

from casework.directory.agencies import load_agencies
from casework.models.codes import ClosureReason, Stage
from casework.models.pathway import Category, DeadlinePolicy, Duty, Ladder, Pathway, Risk, Service
from casework.pathways import check, facts, load, milestone_kinds, pin
from casework.pathways.lengths import read

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

# Law and clinic: kind, length, start, end, owner, class.
LAW = {
    "child_violence": """
        health_police_info PT24H reporting_refused_by_parents police_notified agency statutory
        lpsk_decision P7D lpsk_asked lpsk_decided lpsk statutory
        restit_post_judgment P90D judgment_known restitution_asked lpsk statutory
        restit_pay_perma P30D judgment_copy_delivered restitution_paid kejaksaan-negeri statutory""",
    "sexual_violence": """
        tpks_report_police PT72H reported_at police_notified caseworker statutory
        tpks_prot_start PT24H police_notified protection_given unit-ppa-polres may
        tpks_prot_max P14D protection_given protection_ended unit-ppa-polres statutory
        tpks_lpsk_req PT24H protection_given lpsk_asked unit-ppa-polres statutory
        lpsk_decision P7D lpsk_asked lpsk_decided lpsk statutory
        tpks_restit_copy P7D judgment_copy_received judgment_copy_delivered kejaksaan-negeri statutory
        tpks_restit_pay P30D judgment_copy_delivered restitution_paid kejaksaan-negeri statutory
        restit_post_judgment P90D judgment_known restitution_asked lpsk statutory
        restit_pay_perma P30D judgment_copy_delivered restitution_paid kejaksaan-negeri statutory
        health_police_info PT24H reporting_refused_by_parents police_notified agency statutory
        clin_72h PT72H incident_at medical_care_given caseworker clinical
        clin_ec_5d P5D incident_at medical_care_given caseworker clinical
        clin_fu P14D incident_at medical_review_2w caseworker clinical
        clin_fu_3m P91D incident_at medical_review_3m caseworker clinical
        clin_fu_6m P182D incident_at medical_review_6m caseworker clinical""",
    "domestic_violence": """
        pkdrt_prot_start PT24H police_notified protection_given unit-ppa-polres statutory
        pkdrt_prot_max P7D protection_given protection_ended unit-ppa-polres statutory
        pkdrt_court_req PT24H protection_given court_order_asked unit-ppa-polres statutory
        pkdrt_court_issue P7D court_order_asked court_order_decided pengadilan-negeri statutory
        pkdrt_order_max P365D court_order_decided court_order_ended pengadilan-negeri statutory
        lpsk_decision P7D lpsk_asked lpsk_decided lpsk statutory""",
    "trafficking": """
        tppo_rehab P7D referral_sent referral_accepted agency statutory
        tppo_first_aid P7D referral_sent referral_accepted agency statutory
        tppo_restit_pay P14D judgment_known restitution_paid kejaksaan-negeri statutory
        restit_post_judgment P90D judgment_known restitution_asked lpsk statutory
        restit_pay_perma P30D judgment_copy_delivered restitution_paid kejaksaan-negeri statutory
        lpsk_decision P7D lpsk_asked lpsk_decided lpsk statutory""",
    "child_marriage": "",
    "child_in_conflict": """
        abh_spdp PT24H investigation_started prosecutor_told unit-ppa-polres statutory
        abh_req_pk_peksos PT24H investigation_started probation_asked unit-ppa-polres statutory
        abh_litmas PT72H litmas_asked litmas_received bapas statutory
        abh_lapsos PT72H social_report_asked social_report_received dinas-sosial statutory
        abh_diversi_offer PT168H investigation_started diversion_offered unit-ppa-polres statutory
        abh_diversi_run P30D diversion_started diversion_ended unit-ppa-polres statutory
        abh_pn_judge P3D file_at_court judge_appointed pengadilan-negeri statutory
        abh_pn_diversi P7D judge_appointed diversion_set pengadilan-negeri statutory""",
    "unclassified": "",
}

# The local profile: kind, start, service (- for any other), then the length at high, medium, low, owner and reason.
LOCAL = """
    assignment case_opened - PT1H PT3H PT3H supervisor no_caseworker
    first_contact reported_at - PT24H PT72H P7D caseworker no_first_contact
    assessment reported_at - P3D P7D P14D caseworker overdue
    plan reported_at - P7D P14D P30D caseworker overdue
    plan_decision plan_proposed - 3WD 3WD 3WD supervisor approval_pending
    override_decision override_asked - PT24H PT24H PT24H supervisor overdue
    referral_answer referral_sent - PT24H PT48H 3WD agency ref_no_answer
    service_feedback referral_accepted - P3D P7D P14D agency ref_accepted_no_result
    service_feedback progress_reported police P30D P30D P30D agency ref_accepted_no_result
    service_feedback progress_reported prosecution P30D P30D P30D agency ref_accepted_no_result
    service_feedback progress_reported court P30D P30D P30D agency ref_accepted_no_result
    service_feedback progress_reported religious_court P30D P30D P30D agency ref_accepted_no_result
    service_feedback progress_reported shelter P14D P14D P14D agency ref_accepted_no_result
    service_feedback progress_reported social_rehabilitation P14D P14D P14D agency ref_accepted_no_result
    service_feedback progress_reported health P7D P7D P7D agency ref_accepted_no_result
    service_feedback progress_reported - P3D P7D P14D agency ref_accepted_no_result
    follow_up plan_approved - P7D P14D P30D caseworker overdue
    follow_up follow_up - P7D P14D P30D caseworker overdue
    supervisor_review case_opened - P30D P60D P90D supervisor overdue
    supervisor_review review_recorded - P30D P60D P90D supervisor overdue
    supervisor_review risk_raised - PT24H PT24H PT24H supervisor risk_up
    closure_decision closure_requested - P7D P7D P7D supervisor approval_pending
    post_closure_check case_closed - P90D P90D - caseworker overdue
    national_register_entry case_opened - 3WD 3WD 3WD caseworker overdue
    transfer_decision transfer_asked - PT24H PT48H 3WD agency overdue
    conference_decision conference_due - P3D P7D P14D supervisor ref_bounced
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
    own = [p for p in PATHWAYS[Category(category)].deadlines if p.class_ not in ("local", "watch")]
    for kind, length, start, end, owner, class_ in lines(LAW[category]):
        found = [p for p in own if p.kind == kind and p.start == start]
        assert found, kind
        for policy in found:
            assert policy.length == {"any": read(length)}, kind
            assert end in policy.end, kind
            assert (policy.owner, policy.class_) == (owner, class_), kind

    assert {p.kind for p in own} == {kind for kind, *_ in lines(LAW[category])}


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("line", lines(LOCAL), ids=lambda line: "-".join(line[:3]))
def test_local_profile(category: Category, line: list[str]) -> None:
    """Every category runs the same local clocks."""
    kind, start, service, *lengths, owner, reason = line
    policies = [p for p in PATHWAYS[category].deadlines if p.kind == kind and p.start == start]
    [policy] = [p for p in policies if p.service == (None if service == "-" else service)]

    expected = [None if length == "-" else read(length) for length in lengths]
    assert [policy.runs(risk) for risk in (Risk.HIGH, Risk.MEDIUM, Risk.LOW)] == expected
    assert policy.runs(Risk.UNASSESSED) == expected[0]
    assert (policy.owner, policy.reason, policy.class_) == (owner, reason, "local")


def test_local_kinds_are_the_contracts() -> None:
    """No local kind is missing or added."""
    local = {p.kind for p in PATHWAYS[Category.UNCLASSIFIED].deadlines if p.class_ == "local"}

    assert local == {line[0] for line in lines(LOCAL)}


def test_urgent_referral_at_high_risk_is_answered_in_four_hours() -> None:
    """Urgency shortens the answer at high risk only; unassessed runs as high."""
    answer = next(p for p in PATHWAYS[Category.TRAFFICKING].deadlines if p.kind == "referral_answer")

    expected = [read(length) for length in ("PT4H", "PT48H", "3WD", "PT4H")]
    assert [answer.runs(risk, urgent=True) for risk in Risk] == expected


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


def ladders() -> dict[str, Ladder]:
    """The ladders by name; they are the same in every pathway."""
    return {ladder.name: ladder for ladder in PATHWAYS[Category.TRAFFICKING].ladders}


def every_policy() -> list[DeadlinePolicy]:
    """The deadlines of all pathways."""
    return [policy for pathway in PATHWAYS.values() for policy in pathway.deadlines]


def test_every_figure_names_its_source() -> None:
    """A law article or `local default`; local policy never poses as law."""
    for policy in every_policy():
        assert policy.source.strip(), policy.kind
        by_law = any(word in policy.source for word in ("UU ", "PP ", "PERMA ", "Permenkes ", "Perpres ", "WHO"))
        own = policy.source.startswith("local default")
        assert own if policy.class_ == "local" else by_law or (own and policy.class_ == "watch"), policy.kind


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


# Who is told, and how long after the due time at high, medium and low risk.
LADDERS = """
    office supervisor PT0S PT0S PT0S head P1D P3D P7D coordinator P3D P7D P14D
    agency supervisor PT0S PT0S PT0S agency_head P1D P3D P7D coordinator P3D P7D P14D
    village subdistrict_head PT0S PT0S PT0S supervisor P1D P3D P7D coordinator P3D P7D P14D
    cross_province supervisor PT0S PT0S PT0S head P1D P3D P7D coordinator P3D P7D P14D \
        province P7D P14D P30D national_office P14D P30D P60D
    protection supervisor PT0S PT0S PT0S agency_head P1D P3D P7D coordinator P3D P7D P14D
    watch supervisor PT0S PT0S PT0S head P7D P14D P30D
    deciding head PT0S PT0S PT0S coordinator P3D P7D P14D
"""


@pytest.mark.parametrize("line", lines(LADDERS), ids=lambda line: line[0])
def test_ladder_tells_the_next_in_line(line: list[str]) -> None:
    """At the due time, then one after the other, the later the lower the risk."""
    ladder = ladders()[line[0]]

    told = [line[at : at + 4] for at in range(1, len(line), 4)]
    assert [rung.to for rung in ladder.rungs] == [to for to, *_ in told]
    for rung, (_, *after) in zip(ladder.rungs, told, strict=True):
        assert list(rung.after.values()) == [read(length) for length in after]


def test_every_ladder_is_there_and_reminds_in_its_own_way() -> None:
    """At three quarters of the time; two days before a protection ends; not before a mere silence."""
    shares = {name: ladder.remind_at_share for name, ladder in ladders().items()}

    assert shares == {line[0]: 0.75 for line in lines(LADDERS)} | {"protection": None, "watch": None}
    before = {name: ladder.remind_before for name, ladder in ladders().items() if ladder.remind_before}
    assert before == {"protection": read("PT48H")}


def test_ladder_follows_from_who_owes() -> None:
    """The supervisor's own are told to the head; an agency's climb its ladder; a watch and a protection have theirs."""
    for policy in every_policy():
        match policy.class_, policy.owner:
            case "watch", _:
                expected = "watch"
            case _, "supervisor":
                expected = "deciding"
            case _, "caseworker":
                expected = "office"
            case _:
                expected = "protection" if policy.kind.endswith("_prot_max") else "agency"
        assert policy.ladder == expected, policy.kind


def test_what_an_agency_owes_by_law_is_called_a_breach() -> None:
    """A protection that runs out is called so before it has; nothing else poses as a breach."""
    for policy in every_policy():
        by_law = policy.class_ == "statutory" and policy.owner != "caseworker"
        if policy.kind.endswith("_prot_max"):
            assert policy.reason == "prot_expiring"
        else:
            assert (policy.reason == "stat_breach") == by_law, policy.kind


WATCHES = {
    "no_activity": (["P14D", "P30D", "P60D"], {"activity"}, {"activity"}),
    "legal_silent": (
        ["P30D", "P30D", "P30D"],
        {"police_notified", "investigator_news", "hearing_set", "hearing_held", "legal_progress"},
        {"judgment_known", "court_determination", "legal_ended"},
    ),
}


@pytest.mark.parametrize("kind", WATCHES)
@pytest.mark.parametrize("category", list(Category))
def test_silence_is_watched_in_every_category(category: Category, kind: str) -> None:
    """What starts a watch starts it anew; it is nobody's promise and the caseworker's to ask about."""
    lengths, starts, ends = WATCHES[kind]
    policies = [p for p in PATHWAYS[category].deadlines if p.kind == kind]

    assert {p.start for p in policies} == starts
    for policy in policies:
        assert [policy.runs(risk) for risk in (Risk.HIGH, Risk.MEDIUM, Risk.LOW)] == [read(text) for text in lengths]
        assert set(policy.end) == ends
        assert (policy.class_, policy.restarts, policy.owner, policy.reason) == ("watch", True, "caseworker", kind)


def test_only_a_watch_starts_anew() -> None:
    """Nothing else can be put off by a further start."""
    assert {p.kind for p in every_policy() if p.restarts} == {p.kind for p in every_policy() if p.class_ == "watch"}
    assert {p.kind for p in every_policy() if p.restarts} == set(WATCHES)


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
