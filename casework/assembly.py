"""Wires settings to concrete adapters. Only `worker.py`, `web/` and the command line import it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from casework.datafile import DataFileError, Problem
from casework.db.access import SqlAccess
from casework.db.access_log import SqlAccessLog
from casework.db.accounts import SqlAccounts
from casework.db.builds import SqlBuilds
from casework.db.clients import SqlClients
from casework.db.documents import SqlDocuments
from casework.db.erasures import SqlErasures
from casework.db.event_logs import SqlEventLogs
from casework.db.factors import SqlFactors
from casework.db.files import SqlFiles
from casework.db.findings import SqlFindings
from casework.db.heartbeats import SqlHeartbeats
from casework.db.identities import SqlIdentities
from casework.db.letters import SqlLetters
from casework.db.links import SqlLinks
from casework.db.locations import SqlLocations
from casework.db.notices import SqlNotices
from casework.db.outreach import SqlOutreach
from casework.db.outreach_effects import SqlOutreachEffects
from casework.db.pathways import SqlPathwayVersions
from casework.db.patrol import SqlPatrol
from casework.db.public_reports import SqlPublicReports
from casework.db.reads import SqlReads
from casework.db.reservations import SqlReservations
from casework.db.search import SqlClientIndex
from casework.db.session import engine_for
from casework.db.store import SqlCaseStore
from casework.db.suspects import SqlSuspects
from casework.db.throttle import SqlThrottle
from casework.db.web_sessions import SqlSessions
from casework.directory.agencies import StaticAgencyDirectory, above, heads, ladders, load_agencies
from casework.directory.calendar import working_calendar
from casework.models.agency import Agency
from casework.models.public_form import PublicForm
from casework.models.state import Surroundings
from casework.office import Office
from casework.pathways import milestone_kinds
from casework.pathways.in_force import InForce
from casework.ports import Directory
from casework.public_form import FILE, load
from casework.settings import Settings
from casework.signin.entrance import SignIn
from casework.signin.provider import Provider
from casework.vault.index import ClientIndex
from casework.vault.keyed import CommandIds
from casework.vault.keystore import SqlKeyStore
from casework.vault.masters import masters_of
from casework.vault.root import RootKey
from casework.vault.vault import CaseVault
from casework.vault.wrapping import MasterKeys

DeskPorts = tuple[
    CommandIds,
    CaseVault,
    SqlReservations,
    SqlDocuments,
    SqlReads,
    SqlAccounts,
    Directory,
    ClientIndex,
    SqlLocations,
    SqlFiles,
    SqlAccess,
    SqlSuspects,
    SqlLetters,
    SqlPublicReports,
]


@dataclass(frozen=True)
class Adapters:
    """Every concrete outside thing of one process."""

    settings: Settings
    masters: MasterKeys
    root: RootKey
    engine: Engine
    key_engine: Engine
    keys: SqlKeyStore
    vault: CaseVault
    ids: CommandIds
    store: SqlCaseStore
    reservations: SqlReservations
    documents: SqlDocuments
    reads: SqlReads
    accounts: SqlAccounts
    clients: SqlClients
    factors: SqlFactors
    identities: SqlIdentities
    throttle: SqlThrottle
    sessions: SqlSessions
    notices: SqlNotices
    builds: SqlBuilds
    heartbeats: SqlHeartbeats
    patrol: SqlPatrol
    findings: SqlFindings
    access_log: SqlAccessLog
    directory: StaticAgencyDirectory
    index: ClientIndex
    client_index: SqlClientIndex
    locations: SqlLocations
    files: SqlFiles
    access: SqlAccess
    suspects: SqlSuspects
    letters: SqlLetters
    public_reports: SqlPublicReports
    links: SqlLinks
    pathways: SqlPathwayVersions
    outreach: SqlOutreach
    outreach_effects: SqlOutreachEffects
    erasures: SqlErasures
    event_logs: SqlEventLogs

    def for_desk(self) -> DeskPorts:
        """The ports of a desk, in its order."""
        known = (self.reads, self.accounts, self.directory)
        sealed = (self.index, self.locations, self.files, self.access, self.suspects, self.letters, self.public_reports)
        return self.ids, self.vault, self.reservations, self.documents, *known, *sealed

    def close(self) -> None:
        """Let go of the databases."""
        self.engine.dispose()
        self.key_engine.dispose()


def adapters(settings: Settings, now: Callable[[], datetime] | None = None) -> Adapters:
    """The adapters of a process, and the clock of who looks from outside; raises VaultError without a master key."""
    masters, at = masters_of(settings), now or wall_clock
    engine = engine_for(settings.database_url.get_secret_value(), walled=True)
    key_engine = engine_for(settings.keystore_url.get_secret_value())
    keys = SqlKeyStore(key_engine, masters)
    root, vault = RootKey(keys), CaseVault(keys)
    return Adapters(
        settings=settings,
        masters=masters,
        root=root,
        engine=engine,
        key_engine=key_engine,
        keys=keys,
        vault=vault,
        ids=CommandIds(root),
        store=SqlCaseStore(engine),
        reservations=SqlReservations(engine),
        documents=SqlDocuments(engine, at),
        reads=SqlReads(engine, at),
        accounts=SqlAccounts(engine),
        clients=SqlClients(engine),
        factors=SqlFactors(engine, root),
        identities=SqlIdentities(engine),
        throttle=SqlThrottle(engine, root),
        sessions=SqlSessions(engine),
        notices=SqlNotices(engine),
        builds=SqlBuilds(engine),
        heartbeats=SqlHeartbeats(engine),
        patrol=SqlPatrol(engine),
        findings=SqlFindings(engine),
        access_log=SqlAccessLog(engine, at),
        directory=StaticAgencyDirectory(load_agencies()),
        index=ClientIndex(keys),
        client_index=SqlClientIndex(engine),
        locations=SqlLocations(engine, at),
        files=SqlFiles(engine, at),
        access=SqlAccess(engine, at),
        suspects=SqlSuspects(engine, vault.mark),
        letters=SqlLetters(engine),
        public_reports=SqlPublicReports(engine, at),
        links=SqlLinks(engine, root),
        pathways=SqlPathwayVersions(engine),
        outreach=SqlOutreach(engine),
        outreach_effects=SqlOutreachEffects(engine, at),
        erasures=SqlErasures(engine, keys),
        event_logs=SqlEventLogs(engine),
    )


def entrance(outside: Adapters, office: Office) -> SignIn:
    """The way in of an office."""
    return SignIn(
        accounts=outside.accounts,
        clients=outside.clients,
        factors=outside.factors,
        identities=outside.identities,
        throttle=outside.throttle,
        sessions=outside.sessions,
        tell=outside.notices.queue,
        lead_agency_id=office.lead_agency_id,
        now=office.now,
    )


def provider_of(settings: Settings, office: Office) -> Provider | None:
    """The other provider that people may sign in with, where the settings name one."""
    if not settings.oidc_issuer or settings.oidc_client_secret is None:
        return None
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        redirect_uri=f"{settings.pages.rstrip('/')}/session/provider/callback",
        now=office.now,
    )


def office(settings: Settings, now: Callable[[], datetime] | None = None, in_force: InForce | None = None) -> Office:
    """The office of the settings, with its calendar of the years around now.

    Its pathways are those of the installation's files, unless it is told of what is in force.
    """
    clock = now or wall_clock
    year = clock().year
    return Office(
        district=settings.district,
        timezone=settings.timezone,
        lead_agency_id=settings.lead_unit,
        in_force=in_force or InForce(settings.pathways_dir),
        calendar=working_calendar(range(year - 1, year + 4), settings.timezone),
        milestones=milestone_kinds(),
        surroundings=surroundings(load_agencies().values(), settings.lead_unit),
        now=clock,
        public_form=public_form(settings, load_agencies()),
    )


def public_form(settings: Settings, agencies: Mapping[str, Agency]) -> PublicForm:
    """The form for the public; raises DataFileError where an area names an office that leads no cases."""
    form = load(settings.public_form)
    leading = {agency.id for agency in agencies.values() if agency.leads}
    wrong = [(n, each) for n, each in enumerate(form.areas) if each.agency_id and each.agency_id not in leading]
    if wrong:
        file = settings.public_form.name if settings.public_form else FILE
        reason = "no office of this name leads cases"
        raise DataFileError(Problem(file=file, where=f"areas[{n}].agency_id", reason=reason) for n, _ in wrong)
    return form


def surroundings(agencies: Iterable[Agency], lead_id: str) -> Surroundings:
    """What of a directory the ladders of a case need, as its lead office sees it."""
    listed = tuple(agencies)
    lead = next((agency for agency in listed if agency.id == lead_id), None)
    return Surroundings(above=above(listed, lead), heads=heads(listed), ladders=ladders(listed, lead))


def wall_clock() -> datetime:
    """The clock port of what looks from outside; demonstrations and tests set another."""
    return datetime.now(UTC)
