"""Every command that the API takes: one row each, with its address, its body and what of `Cases` it asks."""

from dataclasses import dataclass
from typing import Literal

from casework import commands as c

Subject = Literal["case", "referral", "notification", "hold"]


@dataclass(frozen=True)
class Route:
    """`{method} /api/v1{path}`. `names` are its commands as the contract calls them; a decision has two.

    `asks` is the method of `Cases`; `subject` what the address names (a hold beside its case), `answers` what comes
    back; `takes` how the body comes: a file comes in a form, and a letter is made here of its
    `entry`.
    """

    path: str
    names: tuple[str, ...]
    body: type[c.Command]
    asks: str
    subject: Subject = "case"
    answers: Literal[Subject, "letter"] = "case"
    status: int = 200
    method: str = "POST"
    takes: Literal["json", "form", "letter"] = "json"
    entry: type[c.Command] | None = None

    @property
    def taken(self) -> type[c.Command]:
        """What is sent: the body of the command, unless that is made here of something less."""
        return self.entry or self.body


def _case(path: str, names: str, body: type[c.Command], asks: str) -> Route:
    return Route(f"/cases/{{case_id}}/{path}", tuple(names.split()), body, asks)


def _referral(path: str, name: str, body: type[c.Command], asks: str) -> Route:
    return Route(f"/referrals/{{referral_id}}/{path}", (name,), body, asks, "referral", "referral")


COMMANDS: tuple[Route, ...] = (
    _case("client", "amend_client", c.AmendClient, "amend_client"),
    _case("reports", "add_report", c.AddReport, "add_report"),
    _case("assignment", "assign_case", c.AssignCase, "assign"),
    _case("assessment", "record_assessment", c.RecordAssessment, "assess"),
    _case("plan", "propose_plan", c.ProposePlan, "propose_plan"),
    _case("plan/decision", "approve_plan return_plan", c.DecidePlan, "decide_plan"),
    _case("notifications", "notify_police notify_parents notify_social_office", c.Notify, "notify"),
    _case("milestones", "record_milestone", c.RecordMilestone, "record_milestone"),
    _case("reviews", "record_review", c.RecordReview, "record_review"),
    Route("/cases/{case_id}/referrals", ("refer_case",), c.ReferCase, "refer", "case", "referral", 201),
    _referral("override", "decide_override", c.DecideOverride, "decide_override"),
    _referral("answer", "answer_referral", c.AnswerReferral, "answer"),
    _referral("progress", "report_progress", c.ReportProgress, "report_progress"),
    _referral("result", "complete_referral", c.CompleteReferral, "complete"),
    _referral("revocation", "revoke_referral", c.RevokeReferral, "revoke"),
    _case("services", "record_service", c.RecordService, "record_service"),
    _case("follow-ups", "record_follow_up", c.RecordFollowUp, "record_follow_up"),
    _case("conferences", "record_conference", c.RecordConference, "record_conference"),
    Route("/cases/{case_id}/documents", ("add_document",), c.AddDocument, "add_document", status=201, takes="form"),
    Route(
        "/cases/{case_id}/letters",
        ("issue_letter",),
        c.IssueLetter,
        "issue_letter",
        answers="letter",
        status=201,
        takes="letter",
        entry=c.LetterEntry,
    ),
    Route("/cases/{case_id}/location", ("set_location",), c.SetLocation, "set_location", method="PUT"),
    _case("holds", "hold_clock", c.HoldClock, "hold_clock"),
    Route("/cases/{case_id}/holds/{hold_id}/release", ("release_clock",), c.ReleaseClock, "release_clock", "hold"),
    _case("reminders", "send_reminder", c.SendReminder, "send_reminder"),
    _case("escalations", "escalate_case", c.EscalateCase, "escalate"),
    _case("closure", "request_closure", c.RequestClosure, "request_closure"),
    _case("closure/decision", "approve_closure return_closure", c.DecideClosure, "decide_closure"),
    _case("reopening", "reopen_case", c.ReopenCase, "reopen"),
    _case("duplicate", "mark_duplicate", c.MarkDuplicate, "mark_duplicate"),
    _case("transfer", "transfer_case", c.TransferCase, "transfer"),
    _case("transfer/decision", "accept_transfer decline_transfer", c.DecideTransfer, "decide_transfer"),
    _case("consent-withdrawal", "withdraw_consent", c.WithdrawConsent, "withdraw_consent"),
    _case("links", "link_cases", c.LinkCases, "link"),
    _case("legal-hold", "hold_records", c.HoldRecords, "hold_records"),
    _case("legal-hold/release", "release_records", c.ReleaseRecords, "release_records"),
    _case("erasure", "ask_erasure", c.AskErasure, "ask_erasure"),
    _case("erasure/decision", "approve_erasure return_erasure", c.DecideErasure, "decide_erasure"),
    Route(
        "/notifications/{notification_id}/receipt",
        ("receive_notification",),
        c.ReceiveNotification,
        "receive_notification",
        "notification",
        "notification",
    ),
)
