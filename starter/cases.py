"""`Cases`: one method per command. The same for the API, the pages, the command line and other programs.

Each waits for the engine a few seconds at most, gives the receipt of the command, and raises the CaseworkError that
refused it. A repeat with the same key gets the first receipt; with another body it is refused.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any, NoReturn

import structlog
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from casework import commands as c
from casework.errors import (
    BY_CODE,
    AlreadyDecidedError,
    BrokenStepError,
    CaseRollingOverError,
    CaseworkError,
    DatabaseUnavailableError,
    EngineUnavailableError,
    IdempotencyKeyReusedError,
)
from casework.ids import workflow_id
from casework.models.public_report import Decision
from casework.models.state import Receipt
from casework.opening import CaseInput, Opening
from casework.ports import SealedFile
from casework.temporal.names import CASES
from starter.asking import Asking
from starter.desk import Desk
from workflows.case import CaseWorkflow

HEALTH_WITHIN = timedelta(seconds=2)
ROLLING_TRIES = 40
ROLLING_WAIT = 0.1
AWAY_AT_START = (
    WorkflowUpdateRPCTimeoutOrCancelledError,
    RPCError,
    WorkflowAlreadyStartedError,
    RuntimeError,  # a lazy client that cannot connect
    TimeoutError,  # the client's own retries may go beyond the limit of one call
)
AWAY = "The engine is away; nothing is lost. Repeat with the same Idempotency-Key."

log = structlog.get_logger()


class Queued(Exception):  # noqa: N818  an answer (202), not a failure
    """The report is taken and waits for the engine."""

    def __init__(self, case_id: str, number: str) -> None:
        super().__init__(number)
        self.case_id = case_id
        self.number = number


class Cases:
    """What may be asked of cases."""

    def __init__(
        self, client: Client, desk: Desk, *, wait: float = 5.0, clock_shift: float = 0.0, rollover_events: int = 2000
    ) -> None:
        self._client = client
        self._desk = desk
        self._wait = timedelta(seconds=wait)
        self._clock_shift = clock_shift
        self._rollover_events = rollover_events

    async def open(self, ask: Asking, body: c.OpenCase, decision: Decision | None = None) -> Receipt:
        """Open a case; raises Queued where the engine is away: the report is taken all the same.

        `decision` is about the report of the public that it is made of: another's, and no case is opened.
        """
        desk = self._desk
        command_id = desk.command_id(ask)
        digest = desk.body_digest(ask, "open", body)
        answered = await asyncio.to_thread(desk.reads.receipt, ask.actor, command_id)
        if answered:
            return _same(answered, digest)
        opening = await asyncio.to_thread(self._reserved, ask, command_id, digest, body, decision)
        return await self.start(opening)

    def _reserved(
        self, ask: Asking, command_id: str, digest: str, body: c.OpenCase, decision: Decision | None
    ) -> Opening:
        desk = self._desk
        body = desk.checked(ask, body)
        reservation = desk.reservations.reserve(
            command_id,
            ask.actor.account_id,
            desk.office_of(ask.actor),
            digest,
            district=desk.office.district,
            year=desk.office.now().year,
            risk=body.risk.value,
        )
        if reservation.body_digest != digest:
            raise IdempotencyKeyReusedError("This key was used for another report.")
        kept = self._kept(reservation.case_id)
        if kept:
            return kept
        opening = desk.opening(ask, reservation.case_id, reservation.number, command_id, digest, body)
        sealed = desk.vault.seal(opening.case_id, "opening", opening.model_dump_json().encode())[1]
        try:
            of_case = decision.model_copy(update={"case_id": opening.case_id}) if decision else None
            desk.reservations.keep_opening(opening.case_id, sealed, of_case)
        except AlreadyDecidedError:
            desk.discard(opening.order)
            desk.reservations.release(opening.case_id)
            raise
        # Of two that reserve at once, both start what was kept first.
        kept = self._kept(opening.case_id) or opening
        if kept.order.document != opening.order.document:
            desk.discard(opening.order)
        return kept

    def _kept(self, case_id: str) -> Opening | None:
        sealed = self._desk.reservations.opening(case_id)
        if sealed is None:
            return None
        return Opening.model_validate_json(self._desk.vault.open(case_id, "opening", sealed))

    async def start_queued(self) -> int:
        """Start the reports that were taken while the engine was away, riskiest and oldest first; how many began.

        One that cannot start keeps its place and stands in nobody's way; the board and the patrol show it.
        """
        started = 0
        for queued in await asyncio.to_thread(self._desk.reservations.queued):
            try:
                opening = await asyncio.to_thread(self._kept, queued.case_id)
                if opening:
                    await self.start(opening)
                    started += 1
            except DatabaseUnavailableError:
                raise
            except Queued:
                if not await self._engine_answers():
                    break
            except Exception as error:  # noqa: BLE001  whatever it is, the next report may start
                log.error("report_not_started", case_id=queued.case_id, error_type=type(error).__name__)
        return started

    async def _engine_answers(self) -> bool:
        try:
            return await self._client.service_client.check_health(timeout=HEALTH_WITHIN)
        except (RPCError, RuntimeError):
            return False

    async def start(self, opening: Opening) -> Receipt:
        """Start a reserved case, once; a repeat waits for the same opening."""
        operation = WithStartWorkflowOperation(
            CaseWorkflow.run,
            CaseInput(opening=opening, clock_shift=self._clock_shift, rollover_events=self._rollover_events),
            id=workflow_id(opening.case_id),
            task_queue=CASES,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            task_timeout=timedelta(seconds=5),
        )
        try:
            async with asyncio.timeout(self._wait.total_seconds()):
                return await self._client.execute_update_with_start_workflow(
                    CaseWorkflow.opened,
                    start_workflow_operation=operation,
                    id=opening.order.command_id,
                    rpc_timeout=self._wait,
                )
        except AWAY_AT_START:
            answered = await asyncio.to_thread(self._desk.reads.receipt, opening.order.actor, opening.order.command_id)
            if answered:
                return answered
            raise Queued(opening.case_id, opening.number) from None
        except WorkflowUpdateFailedError as failure:
            raise_refusal(failure)

    async def _give(self, name: str, ask: Asking, body: c.Command, file: SealedFile | None = None) -> Receipt:
        """One command: answered before, or ordered, sent, and its receipt compared."""
        desk = self._desk
        command_id = desk.command_id(ask)
        digest = desk.body_digest(ask, name, body)
        answered = await asyncio.to_thread(desk.reads.receipt, ask.actor, command_id)
        if answered:
            return _same(answered, digest)
        order = await asyncio.to_thread(desk.order, ask, command_id, digest, body, file)
        try:
            async with asyncio.timeout(self._wait.total_seconds()):
                receipt = await self._send(name, ask.case_id, order)
        except TimeoutError:
            # The command may yet be applied: its document stays pending until the sweep.
            raise EngineUnavailableError(AWAY) from None
        except EngineUnavailableError:
            raise
        except CaseworkError:
            await asyncio.to_thread(desk.discard, order)
            raise
        # Of repeats in flight one was recorded; the documents of the others are still pending, and go.
        await asyncio.to_thread(desk.discard, order)
        return _same(receipt, digest)

    async def _send(self, name: str, case_id: str, order: c.Order[Any]) -> Receipt:
        for _ in range(ROLLING_TRIES):
            try:
                receipt: Receipt = await self._client.get_workflow_handle(workflow_id(case_id)).execute_update(
                    name, order, id=order.command_id, result_type=Receipt, rpc_timeout=self._wait
                )
                return receipt
            except (WorkflowUpdateRPCTimeoutOrCancelledError, RuntimeError):  # a lazy client that cannot connect
                raise EngineUnavailableError(AWAY) from None
            except RPCError as failure:
                if failure.status is not RPCStatusCode.NOT_FOUND:
                    raise EngineUnavailableError(AWAY) from None
            except WorkflowUpdateFailedError as failure:
                with suppress(CaseRollingOverError):
                    raise_refusal(failure)
            await asyncio.sleep(ROLLING_WAIT)
        raise EngineUnavailableError(AWAY)

    async def assign(self, ask: Asking, body: c.AssignCase) -> Receipt:
        """Give the case to a caseworker of the office."""
        return await self._give("assign", ask, body)

    async def assess(self, ask: Asking, body: c.RecordAssessment) -> Receipt:
        """Record an assessment."""
        return await self._give("assess", ask, body)

    async def propose_plan(self, ask: Asking, body: c.ProposePlan) -> Receipt:
        """Propose a plan."""
        return await self._give("propose_plan", ask, body)

    async def decide_plan(self, ask: Asking, body: c.DecidePlan) -> Receipt:
        """Approve or return the plan."""
        return await self._give("decide_plan", ask, body)

    async def notify(self, ask: Asking, body: c.Notify) -> Receipt:
        """Record a mandatory notification."""
        return await self._give("notify", ask, body)

    async def receive_notification(self, ask: Asking, body: c.ReceiveNotification) -> Receipt:
        """Record the receiver's receipt of a notification."""
        return await self._give("receive_notification", ask, body)

    async def record_milestone(self, ask: Asking, body: c.RecordMilestone) -> Receipt:
        """Record a fact from outside."""
        return await self._give("record_milestone", ask, body)

    async def record_review(self, ask: Asking, body: c.RecordReview) -> Receipt:
        """Record a supervisor's review."""
        return await self._give("record_review", ask, body)

    async def refer(self, ask: Asking, body: c.ReferCase) -> Receipt:
        """Refer the case to an agency for a service."""
        return await self._give("refer", ask, body)

    async def decide_override(self, ask: Asking, body: c.DecideOverride) -> Receipt:
        """Confirm or revoke a referral made without consent."""
        return await self._give("decide_override", ask, body)

    async def answer(self, ask: Asking, body: c.AnswerReferral) -> Receipt:
        """Answer a referral."""
        return await self._give("answer", ask, body)

    async def report_progress(self, ask: Asking, body: c.ReportProgress) -> Receipt:
        """Report progress on a referral."""
        return await self._give("report_progress", ask, body)

    async def complete(self, ask: Asking, body: c.CompleteReferral) -> Receipt:
        """Give the result of a referral."""
        return await self._give("complete", ask, body)

    async def revoke(self, ask: Asking, body: c.RevokeReferral) -> Receipt:
        """Withdraw an open referral."""
        return await self._give("revoke", ask, body)

    async def record_service(self, ask: Asking, body: c.RecordService) -> Receipt:
        """Record a service given."""
        return await self._give("record_service", ask, body)

    async def record_follow_up(self, ask: Asking, body: c.RecordFollowUp) -> Receipt:
        """Record a follow-up."""
        return await self._give("record_follow_up", ask, body)

    async def record_conference(self, ask: Asking, body: c.RecordConference) -> Receipt:
        """Record a case conference."""
        return await self._give("record_conference", ask, body)

    async def amend_client(self, ask: Asking, body: c.AmendClient) -> Receipt:
        """Correct what is known of the client."""
        return await self._give("amend_client", ask, body)

    async def add_report(self, ask: Asking, body: c.AddReport) -> Receipt:
        """Add a further report."""
        return await self._give("add_report", ask, body)

    async def add_document(self, ask: Asking, body: c.AddDocument, file: SealedFile) -> Receipt:
        """Keep a file."""
        return await self._give("add_document", ask, body, file)

    async def issue_letter(self, ask: Asking, body: c.IssueLetter, file: SealedFile) -> Receipt:
        """Keep a letter that goes out."""
        return await self._give("issue_letter", ask, body, file)

    async def set_location(self, ask: Asking, body: c.SetLocation) -> Receipt:
        """Keep where the client is now, apart."""
        return await self._give("set_location", ask, body)

    async def hold_clock(self, ask: Asking, body: c.HoldClock) -> Receipt:
        """Pause deadlines until a day."""
        return await self._give("hold_clock", ask, body)

    async def release_clock(self, ask: Asking, body: c.ReleaseClock) -> Receipt:
        """End a hold."""
        return await self._give("release_clock", ask, body)

    async def send_reminder(self, ask: Asking, body: c.SendReminder) -> Receipt:
        """Tell the owner of a deadline again."""
        return await self._give("send_reminder", ask, body)

    async def escalate(self, ask: Asking, body: c.EscalateCase) -> Receipt:
        """Tell the next rung of a deadline's ladder now."""
        return await self._give("escalate", ask, body)

    async def request_closure(self, ask: Asking, body: c.RequestClosure) -> Receipt:
        """Ask to close the case."""
        return await self._give("request_closure", ask, body)

    async def decide_closure(self, ask: Asking, body: c.DecideClosure) -> Receipt:
        """Approve or return a closure."""
        return await self._give("decide_closure", ask, body)

    async def reopen(self, ask: Asking, body: c.ReopenCase) -> Receipt:
        """Reopen a closed case."""
        return await self._give("reopen", ask, body)

    async def transfer(self, ask: Asking, body: c.TransferCase) -> Receipt:
        """Offer the case to another office."""
        return await self._give("transfer", ask, body)

    async def decide_transfer(self, ask: Asking, body: c.DecideTransfer) -> Receipt:
        """Accept or decline a transfer."""
        return await self._give("decide_transfer", ask, body)

    async def mark_duplicate(self, ask: Asking, body: c.MarkDuplicate) -> Receipt:
        """End the case as a duplicate."""
        return await self._give("mark_duplicate", ask, body)

    async def link(self, ask: Asking, body: c.LinkCases) -> Receipt:
        """Link another case."""
        return await self._give("link", ask, body)

    async def withdraw_consent(self, ask: Asking, body: c.WithdrawConsent) -> Receipt:
        """Record that consent was taken back."""
        return await self._give("withdraw_consent", ask, body)

    async def hold_records(self, ask: Asking, body: c.HoldRecords) -> Receipt:
        """Hold the records of a case back from erasure."""
        return await self._give("hold_records", ask, body)

    async def release_records(self, ask: Asking, body: c.ReleaseRecords) -> Receipt:
        """End a legal hold."""
        return await self._give("release_records", ask, body)

    async def ask_erasure(self, ask: Asking, body: c.AskErasure) -> Receipt:
        """Ask that a closed case be erased before its time."""
        return await self._give("ask_erasure", ask, body)

    async def decide_erasure(self, ask: Asking, body: c.DecideErasure) -> Receipt:
        """Approve or return an erasure."""
        return await self._give("decide_erasure", ask, body)

    async def give_access(self, ask: Asking, body: c.GiveAccess) -> Receipt:
        """Give the client's own file out."""
        return await self._give("give_access", ask, body)


def _same(receipt: Receipt, digest: str) -> Receipt:
    """The receipt, if it answers this very body."""
    if receipt.body_digest != digest:
        raise IdempotencyKeyReusedError("This key was used for another request.")
    return receipt


def raise_refusal(failure: WorkflowUpdateFailedError) -> NoReturn:
    """The refusal of an update as the CaseworkError named by its type."""
    cause: BaseException | None = failure.cause
    while cause is not None and not isinstance(cause, ApplicationError):
        cause = cause.__cause__
    if cause is None or cause.type == "AcceptedUpdateCompletedWorkflow":
        raise CaseRollingOverError("The case is moving to a fresh run.") from None
    extra = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
    raise BY_CODE.get(cause.type or "", BrokenStepError)(cause.message, **extra) from None
