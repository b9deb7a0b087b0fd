"""Wires settings to the site of this process; nothing else in `web` names a concrete adapter."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from casework.assembly import Adapters, adapters, entrance, office, provider_of
from casework.db.heartbeats import SqlHeartbeats
from casework.db.walls import stand
from casework.office import Office
from casework.pathways.in_force import InForce
from casework.rules.event_log import Names
from casework.settings import Settings
from casework.temporal.codec import CaseCodec
from casework.temporal.connect import connect
from casework.temporal.names import CASES
from casework.vault.payloads import PayloadKeys
from starter.cases import Cases
from starter.desk import Desk
from starter.rulebook import Rulebook
from starter.trying import PastCases
from web.site import Codec, Site

BEATS_WITHIN = timedelta(seconds=45)
"""A worker gives a sign of life every fifteen seconds."""
POLLED_WITHIN = timedelta(seconds=75)
"""A worker asks for tasks at least once a minute; the server remembers a worker for five after its end."""
RPC = timedelta(seconds=2)


async def site_of(settings: Settings) -> Site:
    """The site of the settings. The engine may be away: it is asked at the first command.

    Raises WallsMissingError where the database would show this process more than its readers may see.
    """
    outside = adapters(settings)
    await asyncio.to_thread(stand, outside.engine)
    client = await connect(settings, outside.keys, outside.root, lazy=True)
    own = office(settings, in_force=(in_force := InForce(settings.pathways_dir, outside.pathways)))
    desk = Desk(own, *outside.for_desk())
    return Site(
        cases=Cases(client, desk, wait=settings.rpc_seconds, rollover_events=settings.rollover_events),
        desk=desk,
        signin=entrance(outside, own),
        access_log=outside.access_log,
        links=outside.links,
        codec=codec_of(settings, PayloadKeys(outside.keys, outside.root)),
        rulebook=Rulebook(own.lead_agency_id, in_force, outside.pathways, own.now, past_cases(outside, own)),
        outreach=outside.outreach,
        effects=outside.outreach_effects,
        provider=provider_of(settings, own),
        agencies=tuple(outside.directory),
        checks={
            "database": lambda: databases_answer(outside.engine, outside.key_engine),
            "engine": lambda: engine_answers(client),
            "worker": lambda: worker_works(client, outside.heartbeats, own),
        },
        pages=settings.pages,
        tls=settings.pages.startswith("https://"),
        close=outside.close,
    )


def past_cases(outside: Adapters, own: Office) -> PastCases:
    """The cases that a pathway is tried on."""
    return PastCases(outside.event_logs, Names(outside.directory, own.surroundings.ladders), own.calendar)


def codec_of(settings: Settings, keys: PayloadKeys) -> Codec:
    """What opens payloads, with no workflow in particular in mind."""
    return Codec(CaseCodec(keys).decode, settings.temporal_namespace, settings.temporal_ui)


async def databases_answer(*engines: Engine) -> bool:
    """Whether every database takes a statement."""

    def ask(engine: Engine) -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    await asyncio.gather(*(asyncio.to_thread(ask, engine) for engine in engines))
    return True


async def engine_answers(client: Client) -> bool:
    """Whether Temporal says it serves."""
    return await client.service_client.check_health(timeout=RPC)


async def worker_works(client: Client, heartbeats: SqlHeartbeats, own: Office) -> bool:
    """Whether a worker gave a sign of life lately, and asks for work."""
    last = await asyncio.to_thread(heartbeats.last, "worker")
    # A clock that was set back must not make a dead worker look alive.
    lives = last is not None and abs(own.now() - last["at"]) <= BEATS_WITHIN
    return lives and await worker_polls(client)


async def worker_polls(client: Client) -> bool:
    """Whether a worker has asked for work on cases lately: for workflow tasks and for activities."""
    recent = datetime.now(UTC) - POLLED_WITHIN
    kinds = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
    for kind in kinds:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=CASES), task_queue_type=kind
        )
        answer = await client.workflow_service.describe_task_queue(request, timeout=RPC)
        polled = (poller.last_access_time.ToDatetime(UTC) for poller in answer.pollers)
        if not any(at >= recent for at in polled):
            return False
    return True
