"""Who may what: every route and page, and every stand one can have towards a case. Whatever is not named is refused.

`docs/access.md` is made of this, and `tests/test_matrix.py` asks everybody everything. Who is named in `may` is served;
who is only in `knows` is told `403`, because they know that the thing is there; everybody else is told `404`, as of a
thing that is not there. A route that is added without an entry here fails the suite.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from casework.models.people import Role

LEAD, OFFERED_TO, ELSEWHERE = "dinas-pppappkb", "uptd-ppa-sumatera-selatan", "uptd-ppa-oku-selatan"
Names = frozenset[str]


@dataclass(frozen=True)
class Stand:
    """One stand towards a case: a role, where it is held, and what it has to do with the case."""

    role: Role
    agency_id: str
    what: str


STANDS: dict[str, Stand] = {
    "assigned": Stand(Role.CASEWORKER, LEAD, "the caseworker whom the case is assigned to"),
    "colleague": Stand(Role.CASEWORKER, LEAD, "another caseworker of the same office"),
    "supervisor": Stand(Role.SUPERVISOR, LEAD, "a supervisor of the case's office"),
    "head": Stand(Role.HEAD, LEAD, "the head of the case's office"),
    "glass supervisor": Stand(Role.SUPERVISOR, ELSEWHERE, "a supervisor of another office who has broken the glass"),
    "glass head": Stand(Role.HEAD, ELSEWHERE, "a head of another office who has broken the glass"),
    "ended glass": Stand(Role.SUPERVISOR, ELSEWHERE, "one who had broken it, and whose hour is over"),
    "offered supervisor": Stand(Role.SUPERVISOR, OFFERED_TO, "a supervisor of an office that may take the case over"),
    "offered head": Stand(Role.HEAD, OFFERED_TO, "the head of that office"),
    "receiver": Stand(Role.AGENCY_OFFICER, "rsud-muaradua", "an officer of an agency that works on a referral"),
    "expired": Stand(
        Role.AGENCY_OFFICER, "dinas-sosial", "an officer of an agency whose referral has its result and shows no more"
    ),
    "revoked": Stand(
        Role.AGENCY_OFFICER, "lembaga-bantuan-hukum", "an officer of an agency whose referral was revoked"
    ),
    "told": Stand(Role.AGENCY_OFFICER, "unit-ppa-polres", "an officer of an agency that was told by law"),
    "reporter": Stand(Role.AGENCY_OFFICER, "puskesmas", "an officer of the agency that reported the case"),
    "coordinator": Stand(Role.COORDINATOR, "setda-asisten-1", "the coordinator"),
    "opener": Stand(Role.SYSTEM, LEAD, "the system that opened the case"),
    "auditor": Stand(Role.AUDITOR, LEAD, "an auditor"),
    "viewer": Stand(Role.VIEWER, LEAD, "a viewer of figures"),
    "administrator": Stand(Role.ADMINISTRATOR, LEAD, "an administrator"),
    "other caseworker": Stand(Role.CASEWORKER, ELSEWHERE, "a caseworker of another office"),
    "other supervisor": Stand(Role.SUPERVISOR, ELSEWHERE, "a supervisor of another office"),
    "other head": Stand(Role.HEAD, ELSEWHERE, "a head of another office"),
    "other officer": Stand(Role.AGENCY_OFFICER, "disdukcapil", "an officer of an agency that was asked nothing"),
    "other system": Stand(Role.SYSTEM, LEAD, "another system"),
}
"""An exclusion is no stand but beats each: everybody is asked about a second case too, from which all are excluded."""


def those(*names: str) -> Names:
    """Stands by their names."""
    return frozenset(names)


def roles(*given: Role, agency_id: str | None = None) -> Names:
    """Everybody of some roles, wherever they stand."""
    every = {name: stand for name, stand in STANDS.items() if stand.role in given}
    return frozenset(name for name, stand in every.items() if agency_id in (None, stand.agency_id))


EVERYBODY = frozenset(STANDS)
NOBODY: Names = frozenset()
DECIDES = those("supervisor", "head")
OFFICE = DECIDES | those("assigned")
GLASS = those("glass supervisor", "glass head")
OFFERED = those("offered supervisor", "offered head")
READS = OFFICE | GLASS
"""Who reads the content of the case."""
SEES = READS | OFFERED | those("receiver", "expired", "reporter", "coordinator", "opener")
"""Who knows that there is the case."""
ASKED = those("receiver", "expired", "revoked")
"""Who was sent a referral; each is asked about the own one, and everybody else about the receiver's."""
SEES_REFERRAL = READS | ASKED | those("coordinator")
SEES_NOTIFICATION = READS | those("told", "coordinator")
DECIDING = roles(Role.SUPERVISOR, Role.HEAD)
KEEPERS = DECIDING | roles(Role.ADMINISTRATOR)
WORKING = DECIDING | roles(Role.CASEWORKER)
OPENING = WORKING | roles(Role.AGENCY_OFFICER, Role.SYSTEM)
SYSTEMS = roles(Role.SYSTEM)
FIGURES = WORKING | roles(Role.COORDINATOR, Role.VIEWER)
OFFICERS = roles(Role.AGENCY_OFFICER)
OF_LEAD = frozenset(name for name, stand in STANDS.items() if stand.agency_id == LEAD)

MAILBOXES = roles(Role.SUPERVISOR, Role.ADMINISTRATOR, agency_id=LEAD)
"""Who says where one-time links are sent."""


@dataclass(frozen=True)
class Access:
    """Who is served, who is told that they may not, and (of a list) to whom the case is named in the answer."""

    may: Names
    knows: Names = NOBODY
    names: Names = SEES
    public: bool = False
    session: bool = False
    """Asked with the cookie of a session, whoever's it is."""
    note: str = ""


def of_case(may: Names, note: str = "") -> Access:
    """Of the case that the address names."""
    return Access(may, SEES, note=note)


def of_referral(may: Names, note: str = "") -> Access:
    """Of the referral that the address names."""
    return Access(may, SEES_REFERRAL, SEES_REFERRAL, note=note)


def of_list(names: Names, may: Names = EVERYBODY) -> Access:
    """Of no case in particular: a list of what each may see."""
    return Access(may, EVERYBODY, names)


def of_role(may: Names, note: str = "") -> Access:
    """Of no case at all."""
    return Access(may, EVERYBODY, NOBODY, note=note)


PUBLIC = Access(EVERYBODY, names=NOBODY, public=True)
BY_LINK = Access(NOBODY, names=NOBODY, public=True, note="who came by a one-time link: its referral alone")
BY_SESSION = Access(EVERYBODY - SYSTEMS, names=NOBODY, session=True)
CERTIFIED = DECIDES | GLASS | OFFERED | those("auditor")
"""Who is shown that the case was erased, and how."""
CERTIFICATE = Access(CERTIFIED, SEES, CERTIFIED | SEES, note="of a case that was erased; of another one there is none")
PROMISED = Access(FIGURES | those("receiver"), EVERYBODY - OFFICERS, NOBODY, note="agencies: where they promised")
KEEPS = Access(
    WORKING & OF_LEAD | those("receiver"),
    EVERYBODY - OFFICERS,
    NOBODY,
    note="of the own office, or of the own agency",
)
PUBLIC_REPORT = "/public-reports/{report_id}"
OF_PUBLIC = Access(WORKING & OF_LEAD, EVERYBODY - WORKING, NOBODY, note="of a report that the own office answers for")
OVER = "what is over is refused by its state"
REFERRAL = "/referrals/{referral_id}"
CASE = "/cases/{case_id}"


def of_v1() -> Iterator[tuple[str, str, Access]]:
    """The routes under `/api/v1`, in the order of the table."""
    yield "POST", "/cases", of_role(OPENING)
    yield "GET", "/cases", of_list(SEES)
    yield "POST", "/cases/search", of_list(SEES)
    yield "GET", CASE, of_case(SEES)
    yield "GET", f"{CASE}/outlook", of_case(SEES)
    yield "GET", f"{CASE}/actions", of_case(SEES)
    yield "GET", f"{CASE}/log", of_case(SEES | those("auditor"), "agencies and systems: their own rows")
    listed = SEES | those("revoked")
    yield "GET", f"{CASE}/referrals", Access(listed, listed, listed, note="agencies: their own")
    for content in (
        *("intake", "assessments", "plans", "notifications", "services", "follow-ups", "conferences", "milestones"),
        *("holds", "reports", "documents", "letters", "reviews", "consents", "documents/{document_id}"),
    ):
        yield "GET", f"{CASE}/{content}", of_case(READS)
    for step in (
        *("client", "assessment", "plan", "notifications", "milestones", "referrals", "services", "follow-ups"),
        *("conferences", "documents", "letters", "closure", "consent-withdrawal", "links"),
    ):
        yield "POST", f"{CASE}/{step}", of_case(OFFICE)
    yield "PUT", f"{CASE}/location", of_case(OFFICE)
    yield "POST", f"{CASE}/location/readings", of_case(OFFICE)
    yield "GET", f"{CASE}/location/readings", of_case(DECIDES)
    for step in (
        *("assignment", "plan/decision", "reviews", "holds", "holds/{hold_id}/release", "escalations"),
        *("closure/decision", "reopening", "duplicate", "transfer"),
    ):
        yield "POST", f"{CASE}/{step}", of_case(DECIDES)
    yield "POST", f"{CASE}/transfer/decision", of_case(DECIDES | OFFERED)
    yield "POST", f"{CASE}/reminders", of_case(DECIDES | those("coordinator"))
    yield "POST", f"{CASE}/reports", of_case(OFFICE | those("reporter", "opener"))
    yield "GET", f"{CASE}/exclusions", of_case(DECIDES)
    yield "POST", f"{CASE}/exclusions", of_case(DECIDES)
    yield "POST", f"{CASE}/exclusions/{{exclusion_id}}/lifting", of_case(DECIDES)
    yield "GET", f"{CASE}/erasure", CERTIFICATE
    yield "POST", f"{CASE}/erasure", of_case(DECIDES)
    yield "POST", f"{CASE}/erasure/decision", of_case(DECIDES)
    for step in ("legal-hold", "legal-hold/release", "subject-access"):
        yield "POST", f"{CASE}/{step}", of_case(those("head"))
    yield "GET", "/erasures", of_list(CERTIFIED, DECIDING | roles(Role.AUDITOR))
    yield "GET", "/referrals", of_list(SEES_REFERRAL)
    yield "GET", REFERRAL, of_referral(SEES_REFERRAL, "what it discloses only while it does")
    yield from of_letters()
    for step in ("answer", "progress", "result"):
        yield "POST", f"{REFERRAL}/{step}", of_referral(OFFICE | ASKED, OVER)
    yield "POST", f"{REFERRAL}/override", of_referral(DECIDES)
    yield "POST", f"{REFERRAL}/revocation", of_referral(OFFICE)
    yield "POST", f"{REFERRAL}/link", of_referral(OFFICE, "goes to an agency without accounts")
    yield "DELETE", f"{REFERRAL}/link", of_referral(OFFICE)
    for method in ("GET", "PUT"):
        yield method, "/agencies/{agency_id}/mailbox", of_role(MAILBOXES)
    told = Access(SEES_NOTIFICATION, SEES_NOTIFICATION, SEES_NOTIFICATION)
    yield "GET", "/notifications", of_list(SEES_NOTIFICATION)
    yield "GET", "/notifications/{notification_id}", told
    receipt = Access(those("told"), SEES_NOTIFICATION, SEES_NOTIFICATION)
    yield "POST", "/notifications/{notification_id}/receipt", receipt
    yield "GET", "/stalled", of_list(OFFICE | GLASS | those("coordinator"), WORKING | roles(Role.COORDINATOR))
    yield "GET", "/reports/indicators", of_role(FIGURES, "beyond the own office without small counts")
    yield "GET", "/reports/indicators/{figure_id}/cases", of_role(WORKING, "of the own office; here of a past quarter")
    yield "GET", "/reports/register", of_role(WORKING, "of the own office; here of a past quarter")
    yield "POST", "/outreach", of_role(WORKING)
    yield "GET", "/outreach", of_role(FIGURES | OFFICERS, "agencies: of those at which they promised something")
    yield "GET", "/outreach/summary", of_role(FIGURES, "beyond the own office without small counts")
    yield "GET", "/outreach/codes", of_role(FIGURES | OFFICERS)
    yield "GET", "/outreach/{outreach_id}", PROMISED
    yield "POST", "/outreach/{outreach_id}/promises/{promise_id}/kept", KEEPS
    yield "GET", "/public-reports", of_list(NOBODY, WORKING)
    yield "GET", PUBLIC_REPORT, OF_PUBLIC
    for step in ("opening", "addition", "closing"):
        yield "POST", f"{PUBLIC_REPORT}/{step}", OF_PUBLIC
    glass = Access(DECIDING, EVERYBODY, NOBODY, note="a case of another office; of the own, which is seen, 409")
    yield "POST", "/break-glass", glass
    yield "GET", "/break-glass", of_list(DECIDES | GLASS | those("ended glass"), DECIDING)
    review = Access(DECIDES, those("glass supervisor"), note="never one's own")
    yield "POST", "/break-glass/{glass_id}/review", review
    yield "GET", "/access-log", of_list(DECIDES | those("auditor"), DECIDING | roles(Role.AUDITOR))
    yield "GET", "/accounts", of_role(KEEPERS, "the own office's")
    absence = Access(KEEPERS & OF_LEAD, EVERYBODY - KEEPERS, NOBODY, note="of an account of the own office")
    yield "POST", "/accounts/{account_id}/absence", absence
    for path in ("/agencies", "/pathways", "/pathways/{category}"):
        yield "GET", path, of_role(EVERYBODY)
    for method, path in (
        *(("GET", "/contacts"), ("POST", "/contacts"), ("POST", "/password")),
        *(("DELETE", "/tokens/current"), ("DELETE", "/tokens")),
    ):
        yield method, path, of_role(EVERYBODY, "one's own")
    yield "POST", "/second-factor", of_role(EVERYBODY - SYSTEMS, "one's own")
    yield "POST", "/second-factor/confirmation", of_role(EVERYBODY, "one's own")
    yield "POST", "/tokens", PUBLIC


def of_letters() -> Iterator[tuple[str, str, Access]]:
    """Letters, to whom they go."""
    told = Access(READS | those("told"), SEES_NOTIFICATION, SEES_NOTIFICATION, note="while it shows its parts")
    for letters in ("letters", "letters/{letter_id}"):
        yield "GET", f"{REFERRAL}/{letters}", of_referral(READS | those("receiver"), "while it discloses")
        yield "GET", f"/notifications/{{notification_id}}/{letters}", told


CODEC = Access(DECIDES, EVERYBODY - KEEPERS, note="payloads of the case; an administrator those of no case")
ROUTES: dict[tuple[str, str], Access] = {
    **{(method, f"/api/v1{path}"): access for method, path, access in of_v1()},
    ("POST", "/codec/decode"): CODEC,
    ("GET", "/session"): BY_SESSION,
    ("DELETE", "/session"): BY_SESSION,
    ("POST", "/session"): PUBLIC,
    ("GET", "/session/provider"): PUBLIC,
    ("GET", "/session/provider/callback"): PUBLIC,
    ("POST", "/oauth/token"): PUBLIC,
    ("GET", "/health/live"): PUBLIC,
    ("GET", "/health/ready"): PUBLIC,
}
"""By method and address, as the OpenAPI document has them."""

RULES = "of the leading office"
FORM = "a form is for who may give its command through the API"
PAGES: dict[tuple[str, str], Access] = {
    ("GET", "/"): of_list(OFFICE | GLASS),
    ("GET", "/cases"): of_list(SEES),
    ("GET", "/cases/new"): of_role(OPENING),
    ("POST", "/cases/new"): of_role(OPENING),
    ("GET", CASE): of_case(SEES),
    ("GET", f"{CASE}/log"): of_case(SEES | those("auditor")),
    ("GET", f"{CASE}/documents"): of_case(READS),
    ("POST", f"{CASE}/documents"): of_case(OFFICE),
    ("GET", f"{CASE}/documents/{{document_id}}"): of_case(READS),
    ("POST", f"{CASE}/letters"): of_case(OFFICE),
    ("GET", f"{CASE}/certificate"): CERTIFICATE,
    ("GET", "/referrals"): of_list(SEES_REFERRAL),
    ("GET", REFERRAL): of_referral(SEES_REFERRAL),
    ("GET", f"{REFERRAL}/letters/{{letter_id}}"): of_referral(READS | those("receiver")),
    ("POST", f"{REFERRAL}/link"): of_referral(OFFICE),
    ("POST", f"{REFERRAL}/link/revocation"): of_referral(OFFICE),
    ("GET", "/mailboxes"): of_role(MAILBOXES),
    ("POST", "/mailboxes"): of_role(MAILBOXES),
    ("GET", "/notifications"): of_list(SEES_NOTIFICATION),
    **{
        (method, path): of_list(OFFICE | GLASS | those("coordinator"), WORKING | roles(Role.COORDINATOR))
        for method, path in (
            ("GET", "/stalled"),
            ("POST", "/stalled"),
            ("GET", "/stalled/rows"),
            ("GET", "/stalled/events"),
        )
    },
    ("GET", "/public-reports"): of_list(NOBODY, WORKING),
    ("GET", "/public-reports/poster"): of_role(WORKING),
    ("GET", PUBLIC_REPORT): OF_PUBLIC,
    ("GET", f"{PUBLIC_REPORT}/opening"): OF_PUBLIC,
    **{("POST", f"{PUBLIC_REPORT}/{step}"): OF_PUBLIC for step in ("opening", "addition", "closing")},
    ("GET", "/report"): PUBLIC,
    ("POST", "/report"): PUBLIC,
    ("GET", "/caseload"): of_role(DECIDING),
    ("GET", "/figures"): of_role(FIGURES, "beyond the own office without small counts"),
    ("GET", "/figures/{chapter}"): of_role(FIGURES, "beyond the own office without small counts"),
    ("GET", "/figures/{figure_id}/cases"): of_role(WORKING, "of the own office; here of a past quarter"),
    ("GET", "/register"): of_role(WORKING, "of the own office; here of a past quarter"),
    ("GET", "/audit"): of_role(roles(Role.AUDITOR)),
    ("GET", "/access-log"): of_list(DECIDES | those("auditor"), DECIDING | roles(Role.AUDITOR)),
    ("GET", "/accounts"): of_role(KEEPERS, "the own office's"),
    **{
        (method, "/accounts/{account_id}/absence"): Access(
            KEEPERS & OF_LEAD, EVERYBODY - KEEPERS, NOBODY, note="of an account of the own office"
        )
        for method in ("GET", "POST")
    },
    **{
        (method, "/accounts/{account_id}/standing"): of_role(
            roles(Role.ADMINISTRATOR), "of an account of the own office, never one's own"
        )
        for method in ("GET", "POST")
    },
    ("GET", "/pathways/versions"): of_role(roles(Role.ADMINISTRATOR), RULES),
    **{
        (method, path): of_role(roles(Role.ADMINISTRATOR), RULES)
        for path in ("/pathways/files/{file}", "/pathways/versions/{version_id}")
        for method in ("GET", "POST")
    },
    ("GET", "/pathways/versions/{version_id}/tried"): of_role(roles(Role.ADMINISTRATOR), RULES),
    ("GET", "/outreach"): of_role(FIGURES | OFFICERS),
    ("GET", "/outreach/new"): of_role(WORKING),
    ("POST", "/outreach/new"): of_role(WORKING),
    ("GET", "/outreach/{outreach_id}"): PROMISED,
    ("POST", "/outreach/{outreach_id}/promises/{promise_id}/kept"): KEEPS,
    **{("GET", path): of_role(EVERYBODY) for path in ("/agencies", "/calendar", "/pathways", "/pathways/{category}")},
    ("POST", "/sign-out"): of_role(EVERYBODY),
    ("GET", "/sign-in"): PUBLIC,
    ("POST", "/sign-in"): PUBLIC,
    ("POST", "/language"): PUBLIC,
    ("GET", "/link/{token}"): PUBLIC,
    ("POST", "/link/{token}"): PUBLIC,
    ("GET", "/link"): BY_LINK,
    ("GET", "/link/do/{asks}"): BY_LINK,
    ("POST", "/link/do/{asks}"): BY_LINK,
    ("GET", "/link/done"): PUBLIC,
    ("GET", "/static/{digest}/{name}"): PUBLIC,
}
"""Pages by method and address. A system has no session, so no page is for it."""

FORMS = (
    f"{CASE}/do/{{asks}}",
    f"{CASE}/holds/{{hold_id}}/do/{{asks}}",
    f"{REFERRAL}/do/{{asks}}",
    "/notifications/{notification_id}/do/{asks}",
)
"""Pages with a form for each command: seen and sent by who may give that command through the API, by nobody else."""
