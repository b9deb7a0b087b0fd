"""Every word that the pages may show: what stands in their templates, what fields are called, and every code."""

from collections.abc import Iterable, Iterator
from importlib import resources
from io import BytesIO
from typing import get_args

from jinja2.ext import babel_extract
from pydantic import BaseModel

from casework import commands as c
from casework.db.figure_rows import ALSO, AMPK
from casework.errors import BY_CODE
from casework.events import EventKind
from casework.figures import chapters, definitions
from casework.models import codes
from casework.models.access import Ground
from casework.models.base import Codes
from casework.models.outreach import OutreachEntry, OwnerRole
from casework.models.pathway import Category, Class, Duty, MatrixRow, Risk, Service
from casework.models.people import Role
from casework.models.public_report import AddTo, Age, CloseReport, Outcome, Teller
from casework.models.sight import OtherGround, SightKind
from casework.pathways import load
from casework.pathways.changes import EVERY, OF_AGE, Change, things
from casework.pathways.checks import CONDITIONS
from casework.pathways.loader import file_of, texts
from casework.rules.board import BODIES
from web.api.absences import AbsenceEntry
from web.api.commands import COMMANDS
from web.api.problems import CODES
from web.pages.board import REASONS
from web.pages.commanding import BY_ASKING
from web.pages.fields import every, fields_of
from web.pages.figure_words import ORDERS
from web.pages.languages import CODES as LANGUAGES
from web.pages.pathways import DONE
from web.pages.public_reports import DONE as DECIDED
from web.pages.standing import TO
from web.pages.visitor import MENUS, StalePageError

Key = tuple[str | None, str]
"""A context, where there is one, and a message."""

RUNGS = ("agency_head", "subdistrict_head", "province", "national_office", "nobody", "agency")
BLOCKERS = (
    "referral_open",
    "statutory_clock",
    "clock_without_follower",
    "notification_owed",
    "follow_ups_missing",
    "client_not_informed",
    "review_missing",
)
STEPS = ("accepted", "declined", "acknowledged", "complete", "report_progress", "decide_override", "revoke", "answer")
OF_FIELDS = (
    "invalid",
    "wrong_type",
    "in_future",
    "before_report",
    "contradicts",
    "unknown_case",
    "unknown_account",
    "before_start",
    "not_a_period",
)
FILTERS = {"CasesQuery": ("stage", "category", "risk", "status"), "ReferralsQuery": ("status",)}


def of_templates() -> Iterator[Key]:
    """The sentences."""
    for template in resources.files("web").joinpath("templates").iterdir():
        content = BytesIO(template.read_bytes())
        options = {"trimmed": "true", "silent": "false"}
        for _, function, message, _ in babel_extract(content, ("gettext", "ngettext", "pgettext:1c,2"), (), options):
            if function in ("gettext", "ngettext"):
                for each in message if isinstance(message, tuple) else (message,):
                    if isinstance(each, str):
                        yield None, each


def of_codes() -> Iterator[Key]:
    """What each code is called."""
    for kind in vars(codes).values():
        if isinstance(kind, type) and issubclass(kind, Codes) and kind is not Codes:
            yield from _of(kind.__name__, kind)
    for enum in (Category, Risk, Service):
        yield from _of(enum.__name__, enum)
    pathways = load().values()
    yield from _of("answer", ("yes", "no", "unknown"))
    yield from _of("menu", {entry.name for menu in MENUS.values() for entry in menu})
    yield from _of("SightKind", SightKind)
    yield from _of("Ground", (*Ground, *OtherGround))
    yield from _of("role", (*Role, *RUNGS))
    yield from _of("command", (*(row.asks for row in COMMANDS), "open"))
    yield from _of("event", EventKind)
    yield from _of("clock", {deadline.kind for pathway in pathways for deadline in pathway.deadlines})
    yield from _of("finding", {code for pathway in pathways for code in pathway.findings})
    yield from _of("outcome", {code for pathway in pathways for code in pathway.outcomes})
    yield from _of("reason", REASONS)
    yield from _of("remedy", BODIES)
    yield from _of("step", STEPS)
    yield from _of("OwnerRole", OwnerRole)
    yield from _of("outreach", ("anybody",))
    yield from _of("work", ("overdue", "today", "coming"))
    yield from _of("error", {*CODES.values(), *OF_FIELDS})
    for kind in ("refusal", "title"):
        yield from _of(kind, (*BY_CODE, StalePageError.code))
    yield from _of("blocker", BLOCKERS)
    yield from of_rules()
    yield from of_public_reports()
    yield from of_figures()
    yield from _of("standing", (*TO, *(f"{each}d" for each in TO)))
    yield from _of("why", ("forbidden", "not_allowed_in_stage"))


def of_figures() -> Iterator[Key]:
    """What stands on the pages of figures."""
    yield from _of("chapter", chapters())
    yield from _of("unit", {each.unit for each in definitions()})
    yield from _of("figure", ("unknown", "withheld", "no_input", "own_office", "in_parts"))
    yield from _of("period", ("this_quarter", "last_quarter", "this_year", "not_a_period", "whole_quarter"))
    yield from _of("registered", ("new", "changed", "closed"))
    for keys in {each.keys for each in definitions()} & ORDERS.keys() - {"band"}:
        yield from _of(keys, ORDERS[keys])
    yield from _of("ampk", {*AMPK.values(), *ALSO.values(), "disability"})
    yield from _of("all", ("all",))
    yield from _of("outcome", ("declined", "revoked"))


def of_rules() -> Iterator[Key]:
    """What the parts of pathway files are called, where versions of them are compared."""
    files = (file_of(name, content) for name, content in texts().items())
    every_thing = [(thing, values) for file in files if file for thing, values in things(file).items()]
    yield from _of("part", {part for (part, _), _ in every_thing})
    yield from _of("rule", {field for _, values in every_thing for field, _ in values})
    yield from _of("change", get_args(Change.model_fields["kind"].annotation))
    yield from _of("pathway", ("versions", "version", "new_version", *DONE))
    yield from _of("duty", Duty)
    yield from _of("when", get_args(MatrixRow.model_fields["when"].annotation))
    yield from _of("class", get_args(Class))
    yield from _of("only_if", CONDITIONS)
    yield from _of("consents", ("up_to", OF_AGE, EVERY))
    yield from _of("language", LANGUAGES)


def of_public_reports() -> Iterator[Key]:
    """What the form for the public and the pages about its reports say by code."""
    yield from _of("Age", Age)
    yield from _of("Teller", Teller)
    yield from _of("public", ("page", *Outcome, *DECIDED))


def of_fields() -> Iterator[tuple[str, str]]:
    """Every field of every form: its model, and its name there."""
    bodies: list[type[BaseModel]] = [row.body for row in BY_ASKING.values()]
    for body in (*bodies, c.OpenCase, AbsenceEntry, AddTo, CloseReport, OutreachEntry):
        for field in every(fields_of(body)):
            if not field.own.endswith("#"):
                yield field.model, field.own
    for model, names in FILTERS.items():
        yield from ((model, name) for name in names)


def _of(kind: str, found: Iterable[str]) -> Iterator[Key]:
    return ((kind, str(code)) for code in sorted(set(found)))
