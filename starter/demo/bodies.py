"""What a scenario leaves out, filled in: the bodies of its commands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from casework.commands import Command
from casework.models.state import CaseState
from casework.rules.assessment import missing_services
from starter.demo.scenario import Scenario, ScenarioStep

REASON = "Skenario: alasan tidak disebut dalam sumber."


def fields_for(step: ScenarioStep, command: str, letter: str, scenario: Scenario) -> dict[str, Any]:
    """The fields of `with` for one command and case: keyed by command where they would clash, or by case letter."""
    given = step.given.get(command, step.given) if command in step.given else step.given
    letters = set(scenario.cases)

    def own(value: Any) -> Any:
        return value[letter] if isinstance(value, dict) and value and set(value) <= letters else value

    return {name: own(value) for name, value in given.items() if name not in step.commands}


def known(body: type[Command], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields a command knows."""
    return {name: value for name, value in fields.items() if name in body.model_fields}


def opening(fields: Mapping[str, Any], at: datetime, linked_to: Sequence[str]) -> dict[str, Any]:
    """A report as the scenario tells it, reported at its own time."""
    agency = fields.get("reported_by_agency")
    reporter = {"kind": "agency", "agency_id": agency} if agency else {"kind": "community"}
    body = {"channel": "third_party", "reporter": reporter, "reported_at": at.isoformat(), **fields}
    body.pop("reported_by_agency", None)
    if body.pop("linked", False):
        body["links"] = [{"case_id": case_id, "relation": "same_incident"} for case_id in linked_to]
    return body


def referrals_of(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The referrals one step sends."""
    listed = fields.get("referrals") or [{"agency": fields["agency"], "service": fields["service"]}]
    return [dict(referral) for referral in listed]


def referral(asked: Mapping[str, Any], state: CaseState) -> dict[str, Any]:
    """A referral on the consent given at opening, else on the child's best interests."""
    body: dict[str, Any] = {"agency_id": asked["agency"], "service": asked["service"], "disclose": ["needs"]}
    consent = state.consent
    if not (consent and consent.effective_services and consent.effective_sharing):
        body["consent"] = {"given_by": "none", "override_ground": "best_interests", "override_reason": REASON}
    return body


def plan(scenario: Scenario, step: ScenarioStep, letter: str) -> dict[str, Any]:
    """The plan from the referrals that follow."""
    at = scenario.steps.index(step)
    following = [s for s in scenario.steps[at:] if "refer_case" in s.commands and letter in s.cases]
    asked = [r for s in following for r in referrals_of(fields_for(s, "refer_case", letter, scenario))]
    services = {r["service"]: {"service": r["service"], "agency_id": r["agency"]} for r in asked}
    return {"goals": ["Skenario"], "services": list(services.values())}


def approval(state: CaseState) -> dict[str, Any]:
    """An approval that waives the default services the account does not tell of."""
    missing = missing_services(state, state.plan) if state.plan else ()
    return {"decision": "approve", "waived": [{"service": service, "reason": REASON} for service in missing]}


def closing(fields: Mapping[str, Any], state: CaseState) -> dict[str, Any]:
    """A request to close that names who follows each partner's clock."""
    left = [d for d in state.deadlines.values() if d.running and d.class_ == "statutory" and d.owner.agency_id]
    left_open = [{"deadline_id": d.id, "followed_by": state.assigned_to or state.opened_by} for d in left]
    return {"client_informed": True, "left_open": left_open, **fields}
