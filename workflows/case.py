"""The life of a case, from its report until it sleeps closed.

Protocol: the start input carries the opening, which `run` records; the update `opened` only waits for that. Every
command is one update: its validator refuses without a trace, its handler decides again under the case's lock,
records the decision in one activity, and only then takes the new state. A command id is applied once, also across
continue-as-new. The time is the workflow's; what a rule needs to know arrives as data. What nobody does happens by
itself: one timer wakes the case for the next step of a ladder, which is recorded like a command, once. What is due goes
before any command, so that the order of the log does not hang on which of two the engine brings first.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordsActivities
    from casework import commands as c
    from casework.errors import CaseRollingOverError, CaseworkError, EngineUnavailableError
    from casework.events import Recording
    from casework.ids import workflow_id
    from casework.models.state import CaseState, Entry, Receipt
    from casework.opening import CaseInput
    from casework.rules.decide import begin, decide
    from casework.rules.lapses import clocks_of, lapse, take_over
    from workflows.attributes import attributes
    from workflows.deadlines import Alarm
    from workflows.erasure import ErasureWorkflow

C = TypeVar("C", bound=c.Command)

RECORD_WITHIN = timedelta(seconds=10)
AT_ONCE_WITHIN = timedelta(seconds=1.5)
"""For a record within a workflow task, which must itself answer within seconds."""
RECORD_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=20))
AFTER_REFUSAL = timedelta(hours=1)
"""Before a step that the record refused is tried again; until then the watch beside the worker tells of it."""


def refused(error: CaseworkError) -> ApplicationError:
    """A refusal as it crosses Temporal: its code is the type, its detail and extras are encoded."""
    return ApplicationError(error.detail, error.extra, type=error.code, non_retryable=True)


def takes(name: str, body: type[C]) -> Any:
    """An update that takes one command, with the validator that refuses it."""

    async def handle(self: "CaseWorkflow", order: c.Order[C]) -> Receipt:
        return await self._take(order)

    def validate(self: "CaseWorkflow", order: c.Order[C]) -> None:
        self._validate(order)

    handle.__name__ = name
    handle.__annotations__ = {"order": c.Order[body], "return": Receipt}  # type: ignore[valid-type]
    validate.__annotations__ = {"order": c.Order[body], "return": None}  # type: ignore[valid-type]
    update = workflow.update(name=name)(handle)
    update.validator(validate)
    return update


@workflow.defn
class CaseWorkflow:
    """One case, its referrals included; id `case-<case_id>`."""

    @workflow.init
    def __init__(self, start: CaseInput) -> None:
        self._start = start
        self._state: CaseState | None = start.state
        self._lock = asyncio.Lock()
        self._rolling = False
        self._alarm = Alarm()
        self._not_before: datetime | None = None
        self._left: list[c.TakeOverClocks] = []

    @workflow.run
    async def run(self, start: CaseInput) -> None:
        """Record the opening, take commands and let time do its part, until this run is long or the case has ended."""
        if self._state is None:
            await self._open()
        while not self._should_roll():
            self._alarm.set(self._wakes_at(), self._now())
            await workflow.wait_condition(lambda: self._should_roll() or self._alarm.rings or bool(self._left))
            async with self._lock:
                await self._lapse()
                await self._take_over()
        self._rolling = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        await self._take_over()
        if self._known().erased_at:
            await self._hand_over()
            return
        workflow.continue_as_new(start.model_copy(update={"opening": None, "state": self._state}))

    async def _hand_over(self) -> None:
        """Leave the erasure to a workflow of its own: when the key goes, nothing more can be written here."""
        case_id = self._known().case_id
        await workflow.start_child_workflow(
            ErasureWorkflow.run,
            case_id,
            id=f"erasure-{case_id}",
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )

    @workflow.update
    async def opened(self) -> Receipt:
        """Wait until the opening is recorded."""
        await workflow.wait_condition(lambda: self._state is not None)
        assert self._state is not None  # noqa: S101  told to the type checker
        return self._state.opening or self._state.receipts[0]

    @workflow.signal
    async def take_over_clocks(self, body: c.TakeOverClocks) -> None:
        """A case of the same client ended as a duplicate of this one and leaves its clocks."""
        self._left.append(body)

    assign = takes("assign", c.AssignCase)
    assess = takes("assess", c.RecordAssessment)
    propose_plan = takes("propose_plan", c.ProposePlan)
    decide_plan = takes("decide_plan", c.DecidePlan)
    notify = takes("notify", c.Notify)
    receive_notification = takes("receive_notification", c.ReceiveNotification)
    record_milestone = takes("record_milestone", c.RecordMilestone)
    record_review = takes("record_review", c.RecordReview)
    refer = takes("refer", c.ReferCase)
    decide_override = takes("decide_override", c.DecideOverride)
    answer = takes("answer", c.AnswerReferral)
    report_progress = takes("report_progress", c.ReportProgress)
    complete = takes("complete", c.CompleteReferral)
    revoke = takes("revoke", c.RevokeReferral)
    record_service = takes("record_service", c.RecordService)
    record_follow_up = takes("record_follow_up", c.RecordFollowUp)
    record_conference = takes("record_conference", c.RecordConference)
    amend_client = takes("amend_client", c.AmendClient)
    add_report = takes("add_report", c.AddReport)
    add_document = takes("add_document", c.AddDocument)
    issue_letter = takes("issue_letter", c.IssueLetter)
    set_location = takes("set_location", c.SetLocation)
    request_closure = takes("request_closure", c.RequestClosure)
    decide_closure = takes("decide_closure", c.DecideClosure)
    reopen = takes("reopen", c.ReopenCase)
    transfer = takes("transfer", c.TransferCase)
    decide_transfer = takes("decide_transfer", c.DecideTransfer)
    mark_duplicate = takes("mark_duplicate", c.MarkDuplicate)
    link = takes("link", c.LinkCases)
    withdraw_consent = takes("withdraw_consent", c.WithdrawConsent)
    hold_clock = takes("hold_clock", c.HoldClock)
    release_clock = takes("release_clock", c.ReleaseClock)
    send_reminder = takes("send_reminder", c.SendReminder)
    escalate = takes("escalate", c.EscalateCase)
    hold_records = takes("hold_records", c.HoldRecords)
    release_records = takes("release_records", c.ReleaseRecords)
    ask_erasure = takes("ask_erasure", c.AskErasure)
    decide_erasure = takes("decide_erasure", c.DecideErasure)
    give_access = takes("give_access", c.GiveAccess)

    @workflow.query
    def state(self) -> CaseState | None:
        """The state, for support and for comparing with the database."""
        return self._state

    async def _open(self) -> None:
        opening = self._start.opening
        if opening is None:
            raise ApplicationError("neither an opening nor a state", type="internal_error", non_retryable=True)
        state, recording = begin(opening, self._now())
        await self._record(recording)
        self._take_on(state)

    def _validate(self, order: c.Order[Any]) -> None:
        """Refuse without a trace. A command already applied is let through to its first answer."""
        try:
            if self._rolling:
                raise CaseRollingOverError("The case is moving to a fresh run; repeat with the same key.")
            if self._receipt(order) is None:
                decide(self._known(), order, self._now())
        except CaseworkError as error:
            raise refused(error) from None

    async def _take(self, order: c.Order[Any]) -> Receipt:
        """Apply a command once: decide, record, and only then take the new state."""
        async with self._lock:
            if answered := self._receipt(order):
                return answered
            await self._lapse()
            try:
                state, recording = decide(self._known(), order, self._now())
            except CaseworkError as error:
                raise refused(error) from None
            before = self._known()
            await self._record(recording)
            self._take_on(state)
        if isinstance(order.body, c.MarkDuplicate):
            await self._leave_clocks(before, order.command_id, order.body.of_case_id)
        return state.receipts[-1]

    async def _leave_clocks(self, before: CaseState, command_id: str, of_case_id: str) -> None:
        """Tell the surviving case since when its clocks ran here, durably; one that is gone needs no telling."""
        body = c.TakeOverClocks(
            command_id=f"{command_id}.clocks", duplicate_id=before.case_id, clocks=clocks_of(before)
        )
        surviving = workflow.get_external_workflow_handle(workflow_id(of_case_id))
        with suppress(FailureError):
            await surviving.signal(CaseWorkflow.take_over_clocks, body)

    async def _lapse(self) -> None:
        """Every step whose time has come, one after the other."""
        while not self._should_roll() and not self._resting() and (step := lapse(self._known(), self._now())):
            state, recording = step
            try:
                written = await self._record_at_once(recording)
            except ActivityError:
                # Refused for good: another command stands in the record. People are told by the watch.
                self._not_before = self._now() + AFTER_REFUSAL
                return
            if written.at != recording.event.at:
                # A task that was lost had written it before this one: the case says what the record says.
                state, _ = lapse(self._known(), written.at) or step
            self._take_on(state)

    async def _take_over(self) -> None:
        """The clocks that duplicates left."""
        while self._left:
            if step := take_over(self._known(), self._left[0], self._now()):
                state, recording = step
                with suppress(ActivityError):  # refused for good, as above
                    await self._record(recording)
                    self._take_on(state)
            self._left.pop(0)

    def _resting(self) -> bool:
        return self._not_before is not None and self._now() < self._not_before

    def _wakes_at(self) -> datetime | None:
        at = self._known().wakes_at
        return max(at, self._not_before) if at and self._not_before else at

    def _take_on(self, state: CaseState) -> None:
        """The new state, and what the engine's own lists show of it."""
        shown = attributes(self._state) if self._state else []
        self._state = state
        changed = [update for update in attributes(state) if update not in shown]
        if changed:
            workflow.upsert_search_attributes(changed)
        if not self._alarm.rings:
            # Where it does, whoever it woke sets it anew after the last step that is due.
            self._alarm.set(self._wakes_at(), self._now())

    async def _record_at_once(self, recording: Recording) -> Entry:
        """Record within the workflow task, which costs a case five events less; where that fails, as always.

        Only for what the timer brings: a task that is lost after the record was written is done again, and meets the
        same step first. Any failure is caught, as its type may be another when the history is replayed.
        """
        try:
            return await workflow.execute_local_activity_method(
                RecordsActivities.record,
                recording,
                start_to_close_timeout=AT_ONCE_WITHIN,
                retry_policy=RetryPolicy(maximum_attempts=1),
                summary=recording.event.kind.value,
            )
        except FailureError:
            return await self._record(recording)

    async def _record(self, recording: Recording) -> Entry:
        return await workflow.execute_activity_method(
            RecordsActivities.record,
            recording,
            start_to_close_timeout=RECORD_WITHIN,
            retry_policy=RECORD_RETRY,
            summary=recording.event.kind.value,
        )

    def _receipt(self, order: c.Order[Any]) -> Receipt | None:
        receipts = self._state.receipts if self._state else ()
        return next((r for r in receipts if r.command_id == order.command_id), None)

    def _known(self) -> CaseState:
        if self._state is None:
            raise EngineUnavailableError("The case is still being opened; repeat with the same key.")
        return self._state

    def _now(self) -> datetime:
        return workflow.now() + timedelta(seconds=self._start.clock_shift)

    def _should_roll(self) -> bool:
        """A long history, or a case that ended in this run and from now on only sleeps."""
        info = workflow.info()
        ended = self._state is not None and not self._state.open
        was_open = self._start.state is None or self._start.state.open
        long = info.get_current_history_length() >= self._start.rollover_events
        erased = self._state is not None and self._state.erased_at is not None
        return long or erased or (ended and was_open) or info.is_continue_as_new_suggested()
