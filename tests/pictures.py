"""Pictures of the main pages, taken of an office's week that is played from the example reports."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser

from casework import commands as c
from casework.db.store import SqlCaseStore
from casework.models.outreach import OutreachEntry
from casework.models.people import Actor, Role
from starter.year.plans import district_year
from tests.browsing import DESKTOP, TELEPHONE, Person
from tests.play import ZONE
from tests.stack import Stack, book_of
from tests.year_played import played

ROOT = Path(__file__).parents[1]
INTAKES, OUTREACH = ROOT / "examples" / "intakes", ROOT / "examples" / "outreach"
REPORTED: dict[str, float] = {
    "hotline-domestic-violence": 2,
    "outreach-exploitation": 30,
    "letter-out-of-mandate": 50,
    "kua-marriage-notice": 75,
    "school-neglect": 100,
    "walk-in-sexual-violence": 26,
}
"""The reports of the office's week, and how many hours ago each came in; the last one is the case that is shown."""
OFFICERS = {"dinas-pendidikan": "school", "kemenag": "religious-affairs"}


@dataclass(frozen=True)
class Picture:
    """One page, as one person sees it; `{case}` is the one shown, `{outreach}` the activity, `{days}` a year."""

    name: str
    username: str | None
    path: str
    viewport: dict[str, int]
    shows: str
    """What must be on it, or it is a picture of something else."""


PICTURES = (
    Picture("sign-in", None, "/sign-in", TELEPHONE, "#password"),
    Picture("my-work", "caseworker", "/", TELEPHONE, "main li"),
    Picture("open-a-case", "caseworker", "/cases/new", TELEPHONE, "form [name=channel]"),
    Picture("report", None, "/report?language=en", TELEPHONE, "form[action='/report']"),
    Picture("case", "caseworker", "/cases/{case}", DESKTOP, "ol.path [aria-current]"),
    Picture("inbox", "hospital", "/referrals", {**DESKTOP, "height": 420}, "main ul.plain li"),
    Picture("outreach", "caseworker", "/outreach/{outreach}", DESKTOP, "form[action$=kept]"),
    Picture("board", "supervisor", "/stalled", DESKTOP, "main .late, main .tag.high"),
)


OF_A_YEAR = (
    Picture("figures", "supervisor", "/figures/about?{days}", {**DESKTOP, "height": 1000}, "svg.plot a"),
    Picture("register", "supervisor", "/register?{days}", {**DESKTOP, "height": 620}, "main tbody th a"),
)
"""Pages that say little of a week."""
EVERY = (*PICTURES, *OF_A_YEAR)
IN_A_YEAR = 16


def year(app: Stack) -> dict[str, str]:
    """The record of a small made-up year of the same office, as its store writes it; answers which days that was."""
    store, now = SqlCaseStore(app.outside.engine), datetime.now(UTC) - timedelta(hours=1)
    for plan in district_year(IN_A_YEAR, now, 2, ZoneInfo(ZONE)):
        for recording in played(plan, now).recordings:
            store.record(recording.model_copy(update={"notices": ()}))
    return {"days": f"from={now.date() - timedelta(days=365)}&to={now.date()}"}


async def week(app: Stack) -> dict[str, str]:
    """An office's week from the example reports, played through commands; answers what is shown."""
    last = ""
    for name, hours in REPORTED.items():
        opening = _report(name, datetime.now(UTC) - timedelta(hours=hours))
        agency = opening.reporter.agency_id
        by = app.actor(OFFICERS[agency], Role.AGENCY_OFFICER, agency) if agency else app.caseworker
        last = (await app.cases.open(app.ask(by), opening)).case_id
        assigned = c.AssignCase(caseworker_id=app.caseworker.account_id)
        await app.cases.assign(app.ask(app.supervisor, last), assigned)
    await _carried(app, last)
    return {"case": last, "outreach": _talk(app)}


async def _carried(app: Stack, case_id: str) -> None:
    """Assessed, planned, told to the police and referred to the hospital, whose answer it waits for."""

    async def does(by: Actor, name: str, body: c.Command) -> None:
        await getattr(app.cases, name)(app.ask(by, case_id), body)

    assessment = {"risk": "high", "needs": ["health", "psychosocial", "police"], "narrative": "Korban aman di rumah."}
    services = ("health", "psychosocial", "social_rehabilitation", "witness_protection")
    plan = {"goals": ["Pulih dan aman"], "services": [{"service": each} for each in services]}
    told = {"kind": "police", "agency_id": "unit-ppa-polres", "explained_to_client": True}
    asked = {"agency_id": "rsud-muaradua", "service": "health", "urgency": "urgent", "disclose": ["identity", "needs"]}
    await does(app.caseworker, "assess", c.RecordAssessment.model_validate(assessment))
    await does(app.caseworker, "propose_plan", c.ProposePlan.model_validate(plan))
    await does(app.supervisor, "decide_plan", c.DecidePlan.model_validate({"decision": "approve"}))
    await does(app.caseworker, "notify", c.Notify.model_validate(told))
    await does(app.caseworker, "refer", c.ReferCase.model_validate({**asked, "reason": "Perlu pemeriksaan segera."}))


def _talk(app: Stack) -> str:
    """The example of a talk as if it had been held three weeks ago, one of its promises soon due."""
    raw: dict[str, Any] = json.loads((OUTREACH / "village-talk-invented.json").read_text("utf-8"))
    book = book_of(app)
    moved = book.today - timedelta(days=21) - date.fromisoformat(raw["held_on"])
    for each in (raw, *raw["promises"]):
        for field in ("held_on", "due_on", "kept_on"):
            if each.get(field):
                each[field] = (date.fromisoformat(each[field]) + moved).isoformat()
    return book.record(app.supervisor, OutreachEntry.model_validate_json(json.dumps(raw)), None).id


def _report(name: str, at: datetime) -> c.OpenCase:
    """An example report as if it had come in then, its incident as long before as it was."""
    raw: dict[str, Any] = json.loads((INTAKES / f"{name}.json").read_text("utf-8"))
    moved = at - datetime.fromisoformat(raw["reported_at"])
    for field in ("reported_at", "incident_at"):
        if raw.get(field):
            raw[field] = (datetime.fromisoformat(raw[field]) + moved).isoformat()
    return c.OpenCase.model_validate(raw)


async def taken(
    one: Browser, address: str, pictures: Sequence[Picture], shown: dict[str, str], into: Path
) -> list[Path]:
    """Pictures, with nothing missing on their pages."""
    return [await _taken(one, address, picture, shown, into / f"{picture.name}.png") for picture in pictures]


async def _taken(one: Browser, address: str, picture: Picture, shown: dict[str, str], file: Path) -> Path:
    person = await Person.arrived(one, address, viewport=picture.viewport)
    if picture.username:
        await person.sign_in(picture.username)
    await person.opens(picture.path.format_map(shown))
    await person.page.locator(picture.shows).first.wait_for()
    await person.page.screenshot(path=file)
    await person.context.close()
    return file
