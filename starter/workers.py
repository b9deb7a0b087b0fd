"""The two workers of a process: one runs the workflows and writes the record, one does what may be slow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

from temporalio.client import Client
from temporalio.worker import Worker

from activities.erasure import ErasureActivities
from activities.notices import NoticesActivities
from activities.patrol import PatrolActivities
from activities.patrol_ports import Ground
from activities.records import RecordsActivities
from casework.assembly import Adapters, wall_clock
from casework.db.notices import SqlNotices
from casework.notices.channels import notifier_for
from casework.notices.delivery import NoticeDelivery
from casework.office import Office
from casework.temporal.interceptors import interceptors
from casework.temporal.names import CASES, NOTICES
from casework.temporal.runs import Runs
from casework.temporal.sandbox import workflow_runner
from workflows.case import CaseWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.erasure import ErasureWorkflow
from workflows.patrol import PatrolWorkflow

RECORDERS = 20
DELIVERERS = 4
STICKY = timedelta(seconds=3)
GRACE = timedelta(seconds=10)


def case_worker(client: Client, outside: Adapters) -> Worker:
    """Runs the workflows and writes the record."""
    return Worker(
        client,
        task_queue=CASES,
        workflows=[CaseWorkflow, DeliveryWorkflow, PatrolWorkflow, ErasureWorkflow],
        activities=[RecordsActivities(outside.store).record],
        activity_executor=ThreadPoolExecutor(RECORDERS, "record"),
        max_concurrent_activities=RECORDERS,
        interceptors=interceptors(),
        workflow_runner=workflow_runner(),
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
    )


def notice_worker(client: Client, outside: Adapters, own: Office) -> Worker:
    """Sends notices, on threads of its own, and goes on patrol."""
    patrol = PatrolActivities(ground(client, outside, own))
    return Worker(
        client,
        task_queue=NOTICES,
        activities=[
            deliverer(outside, outside.notices).deliver_for,
            patrol.cases,
            patrol.runs,
            patrol.intakes,
            patrol.report,
            ErasureActivities(outside.erasures, Runs(client)).erase,
        ],
        activity_executor=ThreadPoolExecutor(DELIVERERS, "notices"),
        max_concurrent_activities=DELIVERERS,
        interceptors=interceptors(),
        graceful_shutdown_timeout=GRACE,
    )


def deliverer(outside: Adapters, outbox: SqlNotices) -> NoticesActivities:
    """What delivers from an outbox by the channels of the settings."""
    settings = outside.settings
    notifier = notifier_for(settings, outside.root.derive(b"webhooks") if settings.webhooks else None)
    zone = ZoneInfo(settings.timezone)
    delivery = NoticeDelivery(outbox, notifier, zone, settings.pages, outside.suspects, wall_clock, outside.links)
    return NoticesActivities(outbox, delivery)


def ground(client: Client, outside: Adapters, own: Office) -> Ground:
    """What a patrol goes over."""
    return Ground(
        record=outside.patrol,
        findings=outside.findings,
        runs=Runs(client),
        outbox=outside.notices,
        boards=outside.reads,
        public_reports=outside.public_reports,
        heartbeats=outside.heartbeats,
        zone=ZoneInfo(own.timezone),
        now=own.now,
    )
