"""What a report of the public must be to be taken, and what a case is begun with that is made of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from casework.commands import AddReport
from casework.errors import InvalidInputError
from casework.models.codes import Channel, ReporterKind, Sex
from casework.models.notice import Language, Notice, NoticeKind, Recipient
from casework.models.parts import Reporter
from casework.models.pathway import Category
from casework.models.public_form import PublicForm, Rung
from casework.models.public_report import Age, PublicEntry, Teller
from casework.rules.opening import problem

IN: Language = "id"
"""The language of an office's files."""


def check_said(entry: PublicEntry) -> None:
    """Refuse a form in which nobody says what happened; whatever else is missing, it is taken."""
    if not entry.what and not entry.story.strip():
        missing = problem("/story", "missing", "Tick what is happening, or tell it.")
        raise InvalidInputError("Say what is happening; one word is enough.", errors=[missing])


def office_of(entry: PublicEntry, form: PublicForm, lead_agency_id: str) -> str:
    """The office that answers for the place, or the leading one."""
    named = {area.name: area.agency_id for area in form.areas}
    return named.get(entry.area) or lead_agency_id


def due_at(form: PublicForm, taken_at: datetime) -> datetime:
    """When it is to be decided on."""
    return taken_at + timedelta(hours=form.decide_within_hours)


def climbed(ladder: Sequence[Rung], taken_at: datetime, now: datetime) -> tuple[int, datetime | None]:
    """How many rungs are due by now, and when the next is; None after the last, when it only stays on the lists."""
    times = [taken_at + timedelta(hours=rung.after_hours) for rung in ladder]
    due = sum(at <= now for at in times)
    return due, times[due] if due < len(times) else None


def waits(report_id: str, agency_id: str, due_at: datetime, number: int, rung: Rung, now: datetime) -> Iterator[Notice]:
    """The notices of a rung. Their ids are the rung's, so that nobody is told of it twice."""
    kind = NoticeKind.PUBLIC_REPORT_LATE if number and now >= due_at else NoticeKind.PUBLIC_REPORT
    for role in rung.to:
        yield Notice(
            id=f"public-report.{report_id}.{number}.{role.value}",
            kind=kind,
            recipient=Recipient(role=role, agency_id=agency_id),
            due_at=due_at,
            about_id=report_id,
            created_at=now,
        )


def categories_of(entry: PublicEntry, form: PublicForm) -> tuple[Category, ...]:
    """The categories that a case of it begins with: `unclassified`, where what was ticked says none for that age."""
    ticked = [choice for choice in form.choices if choice.code in entry.what]
    by_age = [{Age.CHILD: one.child, Age.ADULT: one.adult}.get(entry.age, ()) for one in ticked]
    found = dict.fromkeys(category for categories in by_age for category in categories)
    return tuple(found) or (Category.UNCLASSIFIED,)


def reporter_of(entry: PublicEntry) -> Reporter:
    """Who reported; anonymous is who says neither a name nor where to be reached."""
    known = entry.name.strip() or entry.contact.strip()
    kind = ReporterKind(entry.teller.value) if known or entry.teller is Teller.SELF else ReporterKind.ANONYMOUS
    return Reporter(kind=kind, name=entry.name.strip() or None, phone=entry.contact.strip() or None)


def told(entry: PublicEntry, number: str, form: PublicForm) -> str:
    """The report in the words that it came in, under the number that its sender may quote."""
    return "\n".join((f"[{number}]", *_lines(entry, form)))


def addition(entry: PublicEntry, number: str, taken_at: datetime, form: PublicForm, *, new_incident: bool) -> AddReport:
    """A further report on a case that is known."""
    return AddReport(
        channel=Channel.COMMUNITY,
        reported_at=taken_at,
        reporter=reporter_of(entry),
        narrative=told(entry, number, form),
        new_incident=new_incident,
    )


def beginning(entry: PublicEntry, form: PublicForm) -> Iterator[tuple[str, str]]:
    """What the form of a new case begins with, by the names of its fields; the report is added when it is sent."""
    reporter = reporter_of(entry)
    yield "channel", Channel.COMMUNITY.value
    yield from (("categories", category.value) for category in categories_of(entry, form))
    yield "reporter.kind", reporter.kind.value
    yield "reporter.name", reporter.name or ""
    yield "reporter.phone", reporter.phone or ""
    yield "client.kind", "" if entry.age is Age.UNKNOWN else entry.age.value
    yield "client.name", (entry.name if entry.teller is Teller.SELF and entry.name else entry.who).strip()
    yield "client.sex", entry.sex.value
    yield "client.subdistrict", entry.area if entry.area in {area.name for area in form.areas} else ""
    if entry.teller is Teller.SELF:
        yield "client.phone", entry.contact.strip()
        yield "client.contact_hours", entry.contact_how.strip()


def _lines(entry: PublicEntry, form: PublicForm) -> Iterator[str]:
    said = {choice.code: choice.says[IN] for choice in form.choices}
    for name in PublicEntry.model_fields:
        value = getattr(entry, name)
        if name == "what":
            value = "; ".join(said[code] for code in value if code in said)
        elif value in (Age.UNKNOWN, Sex.UNKNOWN):
            continue
        if str(value).strip():
            yield f"{form.labels[name][IN]}: {_word(value)}"


def _word(value: object) -> str:
    return WORDS.get(value, "") if isinstance(value, Age | Sex | Teller) else str(value).strip()


WORDS: dict[object, str] = {
    Age.CHILD: "anak (di bawah 18 tahun)",
    Age.ADULT: "dewasa",
    Sex.FEMALE: "perempuan",
    Sex.MALE: "laki-laki",
    Teller.SELF: "yang mengalami",
    Teller.FAMILY: "keluarga",
    Teller.COMMUNITY: "orang lain",
}
