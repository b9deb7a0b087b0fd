"""Which request each command of a case is: the one table behind `tuntas do`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CASE = "/cases/{case_id}"
REFERRAL = "/referrals/{referral_id}"
SUBJECTS = ("case", "referral", "notification", "hold")


@dataclass(frozen=True)
class Route:
    """A request: its path, what of its body the command's name already says, and how it is sent."""

    path: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    form: bool = False
    """Whether it takes a file, in a form."""

    @property
    def subjects(self) -> frozenset[str]:
        """The things the path must name."""
        return frozenset(name for name in SUBJECTS if f"{{{name}_id}}" in self.path)


COMMANDS: Mapping[str, Route] = {
    "assign_case": Route(f"{CASE}/assignment"),
    "record_assessment": Route(f"{CASE}/assessment"),
    "propose_plan": Route(f"{CASE}/plan"),
    "approve_plan": Route(f"{CASE}/plan/decision", fixed={"decision": "approve"}),
    "return_plan": Route(f"{CASE}/plan/decision", fixed={"decision": "return"}),
    "notify_police": Route(f"{CASE}/notifications", fixed={"kind": "police"}),
    "notify_parents": Route(f"{CASE}/notifications", fixed={"kind": "parents"}),
    "notify_social_office": Route(f"{CASE}/notifications", fixed={"kind": "social_office"}),
    "receive_notification": Route("/notifications/{notification_id}/receipt"),
    "record_milestone": Route(f"{CASE}/milestones"),
    "record_review": Route(f"{CASE}/reviews"),
    "refer_case": Route(f"{CASE}/referrals"),
    "decide_override": Route(f"{REFERRAL}/override"),
    "answer_referral": Route(f"{REFERRAL}/answer"),
    "report_progress": Route(f"{REFERRAL}/progress"),
    "complete_referral": Route(f"{REFERRAL}/result"),
    "revoke_referral": Route(f"{REFERRAL}/revocation"),
    "record_service": Route(f"{CASE}/services"),
    "record_follow_up": Route(f"{CASE}/follow-ups"),
    "record_conference": Route(f"{CASE}/conferences"),
    "amend_client": Route(f"{CASE}/client"),
    "add_report": Route(f"{CASE}/reports"),
    "add_document": Route(f"{CASE}/documents", form=True),
    "issue_letter": Route(f"{CASE}/letters"),
    "set_location": Route(f"{CASE}/location", method="PUT"),
    "hold_clock": Route(f"{CASE}/holds"),
    "release_clock": Route(f"{CASE}/holds/{{hold_id}}/release"),
    "send_reminder": Route(f"{CASE}/reminders"),
    "escalate_case": Route(f"{CASE}/escalations"),
    "request_closure": Route(f"{CASE}/closure"),
    "approve_closure": Route(f"{CASE}/closure/decision", fixed={"decision": "approve"}),
    "return_closure": Route(f"{CASE}/closure/decision", fixed={"decision": "return"}),
    "reopen_case": Route(f"{CASE}/reopening"),
    "transfer_case": Route(f"{CASE}/transfer"),
    "accept_transfer": Route(f"{CASE}/transfer/decision", fixed={"decision": "accept"}),
    "decline_transfer": Route(f"{CASE}/transfer/decision", fixed={"decision": "decline"}),
    "mark_duplicate": Route(f"{CASE}/duplicate"),
    "link_cases": Route(f"{CASE}/links"),
    "hold_records": Route(f"{CASE}/legal-hold"),
    "release_records": Route(f"{CASE}/legal-hold/release"),
    "ask_erasure": Route(f"{CASE}/erasure"),
    "approve_erasure": Route(f"{CASE}/erasure/decision", fixed={"decision": "approve"}),
    "return_erasure": Route(f"{CASE}/erasure/decision", fixed={"decision": "return"}),
    "withdraw_consent": Route(f"{CASE}/consent-withdrawal"),
}
