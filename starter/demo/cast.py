"""Who takes part in a playing: agencies, and somebody with an account for each role."""

import secrets
from collections.abc import Iterable

from casework.db.accounts import SqlAccounts
from casework.models.agency import Agency
from casework.models.pathway import Service
from casework.models.people import Actor, Role
from starter.demo import bodies
from starter.demo.scenario import Scenario


class Accounts:
    """Accounts of a playing, made as they are needed."""

    def __init__(self, accounts: SqlAccounts) -> None:
        self._accounts = accounts
        self._actors: dict[tuple[Role, str], Actor] = {}
        self.names: dict[str, str] = {}

    def actor(self, role: Role, agency_id: str) -> Actor:
        """Somebody of a role at an agency."""
        if (role, agency_id) not in self._actors:
            name = f"{role.value} {agency_id}"
            account = self._accounts.add(name, secrets.token_urlsafe(), role, agency_id)
            self._actors[role, agency_id] = account.actor
            self.names[account.id] = name
        return self._actors[role, agency_id]


def agencies(scenario: Scenario, directory: Iterable[Agency]) -> dict[str, Agency]:
    """The directory, with the agencies it lacks added for the run and the services asked of each."""
    listed = {agency.id: agency for agency in directory}
    asked: dict[str, set[Service]] = {agency_id: set() for agency_id in scenario.agencies}
    for step in scenario.steps:
        if "refer_case" in step.commands:
            for referral in bodies.referrals_of(bodies.fields_for(step, "refer_case", step.cases[0], scenario)):
                asked.setdefault(referral["agency"], set()).add(Service(referral["service"]))
    for agency_id, services in asked.items():
        agency = listed.get(agency_id) or Agency(id=agency_id, name=agency_id, kind="other")
        given = tuple(dict.fromkeys((*agency.services, *sorted(services))))
        leads = agency.leads or agency_id == scenario.agencies[0]
        listed[agency_id] = agency.model_copy(update={"services": given, "leads": leads})
    return listed
