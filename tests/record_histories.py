"""Records one history for each stage of a case, for replaying against later code.

Run `python -m tests.record_histories` after a deliberate change of what a case's workflow does, and say in the
commit why the old ones no longer hold. The keys kept beside them open nothing else.
"""

import asyncio
import base64
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from casework import commands as c
from casework.ids import workflow_id
from casework.models.people import Role
from casework.settings import Settings
from casework.temporal.names import SEARCH_ATTRIBUTES
from tests.postgres import scratch_database
from tests.stack import Stack, running, stack, temporal_binary
from tests.test_walk import assessed, completed, opened, planned, refer

RECORDED = Path(__file__).parent.parent / "workflows" / "recorded"
MASTER = bytes(range(7, 39))


async def at_closure(app: Stack) -> str:
    """A case with referrals answered and a closure asked for."""
    case_id = await planned(app)
    notification = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True}
    await app.cases.notify(app.ask(app.caseworker, case_id), c.Notify.model_validate(notification))
    sent = await app.cases.refer(app.ask(app.caseworker, case_id), refer("rsud-muaradua", "health"))
    await completed(app, case_id, str(sent.subject_id), "hospital", "rsud-muaradua")
    body = {"reason": "goals_met", "client_informed": True}
    await app.cases.request_closure(app.ask(app.caseworker, case_id), c.RequestClosure.model_validate(body))
    return case_id


async def closed(app: Stack) -> str:
    """A closed case; its last run sleeps."""
    case_id = await at_closure(app)
    body = c.DecideClosure.model_validate({"decision": "approve"})
    await app.cases.decide_closure(app.ask(app.supervisor, case_id), body)
    return case_id


async def in_planning(app: Stack) -> str:
    """A case whose plan waits for its decision."""
    case_id = await assessed(app)
    body = c.ProposePlan.model_validate({"goals": ["Aman"], "services": [{"service": "health"}]})
    await app.cases.propose_plan(app.ask(app.caseworker, case_id), body)
    return case_id


async def with_override(app: Stack) -> str:
    """A case with a referral on a ground, confirmed, a milestone and a follow-up."""
    case_id = await planned(app)
    consent = {"given_by": "none", "override_ground": "vital_interests", "override_reason": "Mendesak."}
    body = {"agency_id": "unit-ppa-polres", "service": "police", "consent": consent}
    sent = await app.cases.refer(app.ask(app.caseworker, case_id), c.ReferCase.model_validate(body))
    ask = app.ask(app.actor("supervisor", Role.SUPERVISOR), case_id, subject_id=sent.subject_id)
    await app.cases.decide_override(ask, c.DecideOverride.model_validate({"decision": "confirm"}))
    milestone = {"kind": "protection_given", "at": datetime.now(UTC)}
    await app.cases.record_milestone(app.ask(app.caseworker, case_id), c.RecordMilestone.model_validate(milestone))
    return case_id


STAGES = {
    "intake": opened,
    "assessment": assessed,
    "planning": in_planning,
    "referral": planned,
    "override": with_override,
    "closure": at_closure,
    "closed": closed,
}


async def record(app: Stack) -> None:
    """Play to each stage and keep every run's history."""
    keys = {}
    for name, play in STAGES.items():
        case_id = await play(app)
        keys[case_id] = base64.b64encode(app.outside.keys.get(case_id)).decode()
        await asyncio.sleep(1)
        runs = [run async for run in app.client.list_workflows(f"WorkflowId = '{workflow_id(case_id)}'")]
        for index, run in enumerate(reversed(runs)):
            handle = app.client.get_workflow_handle(run.id, run_id=run.run_id)
            history = (await handle.fetch_history()).to_json_dict()
            kept = {"workflow_id": run.id, "history": history}
            (RECORDED / f"{name}-{index}.json").write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    kept_keys = {"master": base64.b64encode(MASTER).decode(), "cases": keys}
    (RECORDED / "keys.json").write_text(json.dumps(kept_keys, indent=1) + "\n")


async def main() -> None:
    """Record all of them anew."""
    RECORDED.mkdir(exist_ok=True)
    for old in RECORDED.glob("*.json"):
        old.unlink()
    with tempfile.TemporaryDirectory() as directory, scratch_database() as scratch:
        key = Path(directory) / "master.key"
        key.write_bytes(base64.b64encode(MASTER))
        async with await WorkflowEnvironment.start_local(
            dev_server_existing_path=temporal_binary(),
            dev_server_log_level="error",
            search_attributes=SEARCH_ATTRIBUTES,
        ) as environment:
            settings = Settings.model_validate(
                {
                    "DATABASE_URL": scratch.app_url,
                    "KEYSTORE_URL": scratch.keystore_url,
                    "TUNTAS_MASTER_KEY_FILE": key,
                    "TEMPORAL_ADDRESS": environment.client.service_client.config.target_host,
                }
            )
            app = await stack(settings)
            async with running(app):
                await record(app)
            app.outside.close()


if __name__ == "__main__":
    asyncio.run(main())
