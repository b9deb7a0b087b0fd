"""A plan of a made-up year played by the pure rules: its steps, and what happens by itself in between."""

from datetime import datetime

from casework.directory.calendar import working_calendar
from casework.models.people import Actor
from casework.models.state import CaseState
from casework.opening import Opening
from casework.rules.decide import begin
from casework.rules.opening import check_opening, day_of, facts_of
from starter.cli.demonstration import accounts_of
from starter.year.acts import LOOKS, MAKES, command, opening
from starter.year.plans import Plan
from starter.year.playing import NOTIFIED
from tests.play import LEAD, PATHWAYS, SURROUNDINGS, ZONE, Play

ACTORS = {
    name: Actor(account_id=name, role=role, agency_id=agency) for name, (role, agency) in accounts_of(LEAD).items()
}
CALENDAR = working_calendar(range(2024, 2031), ZONE)


def played(plan: Plan, until: datetime) -> Play:
    """The case as it stands at an instant; raises the refusal of what cannot be done."""
    case = reported(plan)
    made: dict[str | None, str] = {}
    for step in plan.steps:
        case.wait(max(step.at, case.now))
        subject = made.get(step.about)
        state = case.state if step.command in LOOKS else None
        body = command(plan, step, lambda username: ACTORS[username].account_id, state, subject)
        more = {} if step.command in MAKES or subject is None else {"subject_id": subject}
        recording = case.give(body, ACTORS[step.by], **more)
        if step.command in MAKES:
            made[step.about or NOTIFIED] = str(recording.event.subject_id)
    case.wait(until)
    return case


def reported(plan: Plan) -> Play:
    """The case as it is opened."""
    body, by, now = opening(plan), ACTORS[plan.report.by], plan.report.entered
    check_opening(body, now, ZONE)
    blank: CaseState | None = None
    case = Play(blank, now)  # type: ignore[arg-type]
    case.count = plan.number * 1000
    order = case.order(body, by)
    case.state, recording = begin(
        Opening(
            case_id=f"plan-{plan.number}",
            number=f"OKUS-{now.year}-{plan.number:05}-0",
            agency_id=LEAD,
            order=order,
            pathways=tuple(PATHWAYS[category] for category in body.categories),
            calendar=CALENDAR,
            surroundings=SURROUNDINGS,
            client=facts_of(body.client, day_of(body.reported_at, ZONE)),
        ),
        now,
    )
    case.keep(recording)
    return case
