"""Code lists of the public contract."""

from casework.models.base import Codes


class Stage(Codes):
    INTAKE = "intake"
    ASSESSMENT = "assessment"
    PLANNING = "planning"
    REFERRAL = "referral"
    CLOSURE = "closure"
    CLOSED = "closed"


OPEN_STAGES = (Stage.INTAKE, Stage.ASSESSMENT, Stage.PLANNING, Stage.REFERRAL, Stage.CLOSURE)


class Status(Codes):
    QUEUED = "queued"
    OPEN = "open"
    CLOSED = "closed"
    TRANSFERRED = "transferred"
    DUPLICATE = "duplicate"


class Channel(Codes):
    WALK_IN = "walk_in"
    PHONE = "phone"
    HOTLINE = "hotline"
    LETTER = "letter"
    THIRD_PARTY = "third_party"
    OUTREACH = "outreach"
    AGENCY = "agency"
    COMMUNITY = "community"


class ReporterKind(Codes):
    SELF = "self"
    FAMILY = "family"
    COMMUNITY = "community"
    AGENCY = "agency"
    ANONYMOUS = "anonymous"


class ClientKind(Codes):
    CHILD = "child"
    ADULT = "adult"


class Sex(Codes):
    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class AgeGroup(Codes):
    ADULT = "adult"
    CHILD = "child"
    UNKNOWN = "unknown"


class Disability(Codes):
    NONE = "none"
    PHYSICAL = "physical"
    HEARING = "hearing"
    VISUAL = "visual"
    INTELLECTUAL = "intellectual"
    PSYCHOSOCIAL = "psychosocial"
    MULTIPLE = "multiple"
    UNKNOWN = "unknown"


class Relation(Codes):
    INTIMATE_PARTNER = "intimate_partner"
    FORMER_PARTNER = "former_partner"
    PARENT = "parent"
    CAREGIVER = "caregiver"
    OTHER_FAMILY = "other_family"
    EMPLOYER = "employer"
    TEACHER = "teacher"
    SCHOOLMATE = "schoolmate"
    NEIGHBOUR = "neighbour"
    FRIEND = "friend"
    SERVICE_PROVIDER = "service_provider"
    NO_RELATION = "no_relation"
    UNKNOWN = "unknown"
    OTHER = "other"


class LinkRelation(Codes):
    SAME_INCIDENT = "same_incident"
    SIBLING = "sibling"
    SAME_PERPETRATOR = "same_perpetrator"
    PARENT_CHILD = "parent_child"


class ConsentGiver(Codes):
    SELF = "self"
    CAREGIVER = "caregiver"
    GUARDIAN = "guardian"
    NONE = "none"


class ConsentScope(Codes):
    SERVICES = "services"
    SHARING = "sharing"


class Assent(Codes):
    """What a child says to a consent that an adult gives: by word or nod, or in writing."""

    INFORMAL = "informal"
    WRITTEN = "written"


class OverrideGround(Codes):
    VITAL_INTERESTS = "vital_interests"
    BEST_INTERESTS = "best_interests"
    LEGAL_DUTY = "legal_duty"
    CAREGIVER_IS_SUSPECT = "caregiver_is_suspect"


class Method(Codes):
    VISIT = "visit"
    OFFICE = "office"
    TELEPHONE = "telephone"
    MESSAGE = "message"
    COURT = "court"


class ViolenceType(Codes):
    PHYSICAL = "physical"
    PSYCHOLOGICAL = "psychological"
    SEXUAL = "sexual"
    EXPLOITATION = "exploitation"
    TRAFFICKING = "trafficking"
    NEGLECT = "neglect"
    OTHER = "other"


class Place(Codes):
    HOUSEHOLD = "household"
    WORKPLACE = "workplace"
    SCHOOL = "school"
    PUBLIC_FACILITY = "public_facility"
    OTHER = "other"
    UNKNOWN = "unknown"


class Urgency(Codes):
    EMERGENCY = "emergency"
    URGENT = "urgent"
    ROUTINE = "routine"


class Part(Codes):
    """Parts of a file that a referral can disclose; where the client is now is never among them."""

    IDENTITY = "identity"
    CONTACT = "contact"
    CAREGIVER = "caregiver"
    NARRATIVE = "narrative"
    ASSESSMENT = "assessment"
    RISK = "risk"
    NEEDS = "needs"
    PERPETRATORS = "perpetrators"
    DOCUMENTS = "documents"


class ReferralStatus(Codes):
    PENDING = "pending"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COMPLETED = "completed"
    REVOKED = "revoked"


OPEN_REFERRALS = frozenset(
    {ReferralStatus.PENDING, ReferralStatus.SENT, ReferralStatus.ACKNOWLEDGED, ReferralStatus.ACCEPTED}
)


class Answer(Codes):
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    DECLINED = "declined"


COMMON_OUTCOMES = frozenset(
    {"service_provided", "partly_provided", "already_received", "not_applicable", "declined_by_client", "unavailable"}
)


class NotificationKind(Codes):
    POLICE = "police"
    PARENTS = "parents"
    SOCIAL_OFFICE = "social_office"


class ClosureReason(Codes):
    GOALS_MET = "goals_met"
    CLIENT_REQUEST = "client_request"
    TRANSFERRED_OTHER_DISTRICT = "transferred_other_district"
    MOVED_UNTRACEABLE = "moved_untraceable"
    NOT_CONFIRMED = "not_confirmed"
    CLIENT_DIED = "client_died"
    DUPLICATE = "duplicate"
    OUT_OF_MANDATE_HANDED_OVER = "out_of_mandate_handed_over"
    AGE_OUT_WITH_ADULT_PLAN = "age_out_with_adult_plan"
    FINAL_COURT_DECISION_AND_NO_OPEN_NEED = "final_court_decision_and_no_open_need"
    WITHDRAWN_UNDER_PRESSURE = "withdrawn_under_pressure"


class DocumentKind(Codes):
    """What a file is for the case. Of a `visum` only the number is kept, never its content: it is refused as a file."""

    LETTER = "letter"
    IDENTITY = "identity"
    CIVIL_RECORD = "civil_record"
    POLICE = "police"
    COURT = "court"
    HEALTH = "health"
    SCHOOL = "school"
    AGREEMENT = "agreement"
    PHOTOGRAPH = "photograph"
    OTHER = "other"
    VISUM = "visum"


class FileType(Codes):
    """What files are taken, told by their content."""

    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    TEXT = "text"


class PlanStatus(Codes):
    PROPOSED = "proposed"
    APPROVED = "approved"
    RETURNED = "returned"


class PlanDecision(Codes):
    APPROVE = "approve"
    RETURN = "return"


class OverrideDecision(Codes):
    CONFIRM = "confirm"
    REVOKE = "revoke"


class TransferDecision(Codes):
    ACCEPT = "accept"
    DECLINE = "decline"


class Medium(Codes):
    LETTER = "letter"
    TELEPHONE = "telephone"
    VISIT = "visit"


class LetterKind(Codes):
    """The letters that an office sends."""

    REFERRAL = "referral"
    POLICE_NOTIFICATION = "police_notification"
    COURT_RECOMMENDATION = "court_recommendation"
    CASE_SUMMARY = "case_summary"
