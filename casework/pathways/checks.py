"""What a pathway file may not say although each of its values is well formed. Yields places and reasons."""

from collections.abc import Iterable, Mapping, Sequence

from casework.datafile import key_path
from casework.models.agency import Agency
from casework.models.codes import COMMON_OUTCOMES, ClosureReason, ConsentGiver, NotificationKind, Stage
from casework.models.pathway import Duty
from casework.pathways.facts import facts
from casework.pathways.files import CategoryFile, CommonFile, DeadlineEntry, PathwayFile
from casework.pathways.ladders import RISKS, Found, check_climb, check_ladders
from casework.pathways.lengths import compare

Agencies = Mapping[str, Agency]

CONDITIONS = ("reporter_not_police", "unassigned", "incident_unknown")
"""What `only_if` may name; `rules.deadlines` knows how to tell."""
SET_ELSEWHERE = frozenset({ClosureReason.TRANSFERRED_OTHER_DISTRICT, ClosureReason.DUPLICATE})
OF_THE_OFFICE = ("caseworker", "supervisor", "head")
ASKED = "agency"
ADULT_AT = 18
OF_REFERRALS = frozenset(
    {
        *("referral_sent", "referral_accepted", "referral_declined", "referral_completed"),
        *("progress_reported", "override_asked", "override_decided"),
    }
)
"""Facts of one referral: a clock that one of them starts waits for that referral alone."""
BREACHES = ("stat_breach", "prot_expiring")
"""What the board may call another agency's duty by law."""
SAME = (("class_", "class"), ("end", "end"), ("owner", "owner"), ("ladder", "ladder"), ("restarts", "restarts"))
"""In what the entries of one kind agree: the attribute, and the key in the file."""


def check_common(file: CommonFile, agencies: Agencies) -> Found:
    """What is wrong with the common file, beside the agencies it speaks of."""
    if file.stages != tuple(Stage):
        yield "stages", f"must be {', '.join(Stage)}"
    yield from _shared(file, file, agencies)
    yield from _repeated("ladders", "name", [ladder.name for ladder in file.ladders])
    yield from check_ladders(file.ladders, agencies)
    yield from _repeated("closure", "reason", [condition.reason for condition in file.closure])
    for index, condition in enumerate(file.closure):
        if condition.reason in SET_ELSEWHERE:
            yield key_path(("closure", index, "reason")), f"`{condition.reason}` is never asked for"
    if not any(not entry.services for entry in file.disclosures):
        yield "disclosures", "none of them is of every service"
    yield from _consents(file)
    order = compare(file.retention.warning, file.retention.after)
    if order is None or order >= 0:
        yield "retention.warning", "comes after the time it warns of, or cannot be told to come before"
    yield from _repeated("tellings", "kind", [telling.kind for telling in file.tellings])
    for kind in NotificationKind:
        if all(telling.kind is not kind for telling in file.tellings):
            yield "tellings", f"`{kind}` is missing"


def check_category(file: CategoryFile, common: CommonFile, agencies: Agencies) -> Found:
    """What is wrong with a category's file, by itself, beside the common one, and beside the agencies."""
    yield from _shared(file, common, agencies)
    yield from _matrix(file)
    for finding in file.findings.keys() & common.findings.keys():
        yield f"findings.{finding}", "is already a finding of common.toml"
    shared = {deadline.kind for deadline in common.deadlines}
    blocked = {row.service for row in file.matrix if row.duty is Duty.BLOCKED}
    for index, deadline in enumerate(file.deadlines):
        if deadline.kind in shared:
            yield key_path(("deadlines", index, "kind")), f"`{deadline.kind}` is already a deadline of common.toml"
        for service in blocked.intersection(deadline.services):
            yield key_path(("deadlines", index, "services")), f"`{service}` is blocked in this pathway"
    for index, outcome in enumerate(file.outcomes):
        if outcome in COMMON_OUTCOMES or outcome in file.outcomes[:index]:
            yield key_path(("outcomes", index)), f"`{outcome}` is there already"


def _shared(file: PathwayFile, common: CommonFile, agencies: Agencies) -> Found:
    yield from _repeated("special_steps", "id", [step.id for step in file.special_steps])
    yield from _disclosed(file)
    for index, deadline in enumerate(file.deadlines):
        where = key_path(("deadlines", index))
        yield from _deadline(where, deadline)
        yield from _owed(where, deadline, agencies)
        yield from check_climb(where, deadline, common.ladders)
        yield from _beside(index, file.deadlines)


def _consents(file: CommonFile) -> Found:
    """Every age has its band: the last of a child's ends with childhood, and one is of who is of age."""
    ages = [entry.up_to for entry in file.consents]
    of_children = [age for age in ages if age is not None]
    if of_children != sorted(set(of_children)) or of_children[-1:] != [ADULT_AT - 1]:
        yield "consents", f"`up_to` rises from band to band and ends at {ADULT_AT - 1}"
    if ages.count(None) != 1:
        yield "consents", "one of them, and no other, is without `up_to`: of who is of age"
    for index, entry in enumerate(file.consents):
        if ConsentGiver.NONE in entry.by:
            yield key_path(("consents", index, "by")), "`none` consents to nothing"


def _disclosed(file: PathwayFile) -> Found:
    """No service is spoken of twice: the first entry would hide the second."""
    seen: list[object] = []
    for index, entry in enumerate(file.disclosures):
        for service in entry.services or (None,):
            if service in seen or (service is not None and None in seen):
                yield key_path(("disclosures", index, "services")), f"`{service or 'every service'}` is there already"
            seen.append(service)


def _repeated(table: str, key: str, values: Sequence[str]) -> Found:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield key_path((table, index, key)), f"`{value}` is there already"


def _matrix(file: CategoryFile) -> Found:
    for index, row in enumerate(file.matrix):
        others = [other.duty for other in file.matrix[:index] if other.service is row.service]
        where = key_path(("matrix", index, "service"))
        if others and Duty.BLOCKED in (*others, row.duty):
            yield where, f"`{row.service}` is blocked and {'/'.join({*others, row.duty} - {Duty.BLOCKED})} at once"
        elif others:
            yield where, f"`{row.service}` is there already"


def _deadline(where: str, deadline: DeadlineEntry) -> Found:
    if not deadline.length or ("any" in deadline.length and len(deadline.length) > 1):
        yield f"{where}.length", "names either `any` or some of high, medium, low"
    for key in ("start", "end"):
        for index, code in enumerate(getattr(deadline, key)):
            if code not in facts():
                yield f"{where}.{key}[{index}]", f"`{code}` is not a fact that is recorded"
    if not deadline.restarts and OF_REFERRALS.intersection(deadline.start) and OF_REFERRALS.isdisjoint(deadline.end):
        yield f"{where}.end", "is nothing that a referral comes to, and a referral starts it: it would never be met"
    if deadline.only_if and deadline.only_if not in CONDITIONS:
        yield f"{where}.only_if", f"no condition is known as `{deadline.only_if}`; there are {', '.join(CONDITIONS)}"
    if deadline.restarts and deadline.class_ != "watch":
        yield f"{where}.restarts", f"a {deadline.class_} clock is a promise; only a watch starts anew"


def _owed(where: str, deadline: DeadlineEntry, agencies: Agencies) -> Found:
    """Somebody owes it, and what an agency owes by law has a name of its own on the board."""
    if deadline.owner in OF_THE_OFFICE:
        return
    if deadline.owner != ASKED and deadline.owner not in agencies:
        yield f"{where}.owner", f"`{deadline.owner}` is no agency, nor one of {', '.join((*OF_THE_OFFICE, ASKED))}"
    if deadline.class_ == "statutory" and deadline.reason not in BREACHES:
        yield f"{where}.reason", f"an agency owes it by law: {' or '.join(BREACHES)}"


def _beside(index: int, deadlines: Sequence[DeadlineEntry]) -> Found:
    """Entries of one kind speak of the same thing and never run for the same fact at the same risk."""
    this = deadlines[index]
    for other in deadlines[:index]:
        if other.kind != this.kind:
            continue
        for key, label in SAME:
            if getattr(other, key) != getattr(this, key):
                yield key_path(("deadlines", index, label)), f"differs from the earlier entry of `{this.kind}`"
        if _starts(this) & _starts(other):
            yield key_path(("deadlines", index, "kind")), f"`{this.kind}` runs already for this start and risk"


def _starts(deadline: DeadlineEntry) -> set[tuple[object, ...]]:
    levels: Iterable[str] = RISKS if "any" in deadline.length else deadline.length
    services = deadline.services or (None,)
    return {
        (start, service, deadline.only_if, level)
        for start in deadline.start
        for service in services
        for level in levels
    }
