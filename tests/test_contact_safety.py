"""Nothing that is sent may hurt: no message to a contact that is not safe, not confirmed, at rest, or a suspect's."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework import commands as c
from casework.errors import ConflictOfInterestError
from casework.models.notice import Contact, Hours, Notice, NoticeKind, NotNow, Outcome, Recipient
from casework.notices.delivery import NoticeDelivery
from casework.notices.local import MemoryNotifier
from casework.numbers import numbers_in
from casework.rules.contacting import CONFIRMED_FOR, Unfit, opens_at, unfit
from tests.api_fakes import Web, report, web
from tests.play import CASEWORKER, SUPERVISOR, opened
from tests.some_notices import BASE, JAKARTA, KnownSuspects, NoLinks, a_notice

NOW = datetime(2026, 5, 21, 3, 0, tzinfo=UTC)
"""Ten in the morning where the office is."""
SUSPECT = "+6281300000099"
SPELLINGS = ("+6281300000099", "081300000099", "62-813-0000-0099", "0813.0000.0099", "whatsapp://kunci/+6281300000099")
DAY, NIGHT = Hours(begins=time(8), ends=time(16)), Hours(begins=time(20), ends=time(6))


def contact(**changes: Any) -> Contact:
    """One that may be used."""
    own = {"medium": "apprise", "address": "+6281200000011", "safe": True, "confirmed_at": NOW - timedelta(days=3)}
    return Contact.model_validate({**own, **changes})


@dataclass
class Book:
    """Gives the same contacts for whoever is told."""

    contacts: tuple[Contact, ...]

    def contacts_for(self, recipient: Recipient, *_: Any) -> tuple[Contact, ...]:
        return self.contacts


def delivered(
    *contacts: Contact, notice: Notice | None = None, now: datetime = NOW
) -> tuple[list[str], Outcome | None]:
    """To which addresses a notice went out, and what became of it; None where it waits for an hour."""
    notifier = MemoryNotifier()
    suspects = KnownSuspects(frozenset({SUSPECT}))
    delivery = NoticeDelivery(Book(contacts), notifier, JAKARTA, BASE, suspects, lambda: now, NoLinks())
    try:
        outcome = delivery.deliver_notice(notice or a_notice())
    except NotNow:
        outcome = None
    return [sent.contact.address for sent in notifier.sent], outcome


# ---- numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        *((spelling, {SUSPECT}) for spelling in SPELLINGS),
        ("0 8 1 3 0 0 0 0 0 0 9 9", {SUSPECT}),
        ("(0735) 123-456", {"+62735123456"}),
        ("081300000099 / +62 812 0000 0011 (ibu)", {SUSPECT, "+6281200000011"}),
        ("٠٨١٣٠٠٠٠٠٠٩٩", {SUSPECT}),
        ("petugas@polres.example", set()),
        ("129", set()),
        ("", set()),
        (None, set()),
    ],
)
def test_a_number_is_the_same_however_it_is_spelled(text: str | None, numbers: set[str]) -> None:
    """In E.164, with the country's code where none is named."""
    assert numbers_in(text) >= numbers
    assert bool(numbers_in(text)) is bool(numbers)


# ---- the rule


@pytest.mark.parametrize(
    ("changes", "shared", "reason"),
    [
        ({}, False, None),
        ({"safe": False}, False, Unfit.NOT_SAFE),
        ({}, True, Unfit.SHARED),
        ({"confirmed_at": None}, False, Unfit.NOT_CONFIRMED),
        ({"confirmed_at": NOW - CONFIRMED_FOR + timedelta(seconds=1)}, False, None),
        ({"confirmed_at": NOW - CONFIRMED_FOR}, False, Unfit.NOT_CONFIRMED),
        ({"medium": "console", "confirmed_at": None}, False, None),
        ({"medium": "console", "confirmed_at": None, "safe": False}, False, Unfit.NOT_SAFE),
    ],
)
def test_what_speaks_against_a_contact(changes: dict[str, Any], shared: bool, reason: Unfit | None) -> None:
    """Thirty days to the second; the office's own screen needs no confirming."""
    assert unfit(contact(**changes), NOW, shared=shared) is reason


@pytest.mark.parametrize(
    ("hours", "hour", "waits"),
    [
        (None, 3, 0),
        (DAY, 8, 0),
        (DAY, 15, 0),
        (DAY, 16, 16),
        (DAY, 7, 1),
        (NIGHT, 20, 0),
        (NIGHT, 5, 0),
        (NIGHT, 6, 14),
    ],
)
def test_hours_are_the_offices_and_may_go_over_midnight(hours: Hours | None, hour: int, waits: int) -> None:
    """Until they begin again it waits."""
    now = datetime(2026, 5, 21, hour, tzinfo=JAKARTA)

    assert opens_at(hours, now, JAKARTA) == (now + timedelta(hours=waits) if waits else None)


# ---- sending


def test_what_is_safe_is_told() -> None:
    """Or nothing below would mean anything."""
    assert delivered(contact(), contact(hours=DAY, address="+6281200000012"))[0] == ["+6281200000011", "+6281200000012"]


unsafe = st.sampled_from(["unsafe", "stale", "never", "suspect", "closed"])


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Contact], datetime]:
    """Contacts of which each has at least one thing against it, and a time."""
    now = draw(st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    return [draw(against(now)) for _ in range(draw(st.integers(1, 3)))], now


@st.composite
def against(draw: st.DrawFn, now: datetime) -> Contact:
    """A contact with one or more things against it, by any medium and spelling."""
    why = draw(st.sets(unsafe, min_size=1))
    local = now.astimezone(JAKARTA)
    closed = Hours(begins=(local + timedelta(hours=2)).time(), ends=(local + timedelta(hours=9)).time())
    ages = [timedelta(days=draw(st.floats(0, 29)))]
    ages += [CONFIRMED_FOR + timedelta(days=draw(st.floats(0, 900)))] if "stale" in why else []
    number = draw(st.sampled_from(SPELLINGS if "suspect" in why else ("+6281200000011", "petugas@polres.example")))
    return Contact(
        medium=draw(st.sampled_from(["apprise", "email", "webhook"])),
        address=number,
        safe="unsafe" not in why,
        confirmed_at=None if "never" in why else now - ages[-1],
        hours=closed if "closed" in why else draw(st.sampled_from([None, None])),
    )


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(situations())
def test_no_message_is_sent_in_an_unsafe_situation(situation: tuple[list[Contact], datetime]) -> None:
    """Whatever speaks against a contact, alone or together: nothing goes out, and it is said why, or waits."""
    contacts, now = situation
    sent, outcome = delivered(*contacts, now=now)

    assert sent == []
    assert outcome is None or (not outcome.delivered and outcome.reason in set(Unfit))


def test_of_several_contacts_only_the_safe_one_is_told() -> None:
    """And what speaks against the other is kept."""
    sent, outcome = delivered(contact(address="081300000099"), contact())

    assert sent == ["+6281200000011"]
    assert outcome == Outcome(by=("apprise",), missed=(Unfit.SHARED,))


def test_a_digest_is_of_no_case_and_has_no_suspect() -> None:
    """What else speaks against a contact does all the same."""
    digest = a_notice(NoticeKind.DIGEST)

    assert delivered(contact(address=SUSPECT), notice=digest)[0] == [SUSPECT]
    assert delivered(contact(safe=False), notice=digest)[0] == []


# ---- a number of a suspect on the file: a task


def test_a_number_that_a_suspect_has_too_is_somebodys_task() -> None:
    """The file is due for a review at once, and who would call the number is told."""
    play = opened(facts={"number_shared": True}).assessed()
    (review,) = play.running("supervisor_review")
    assert (review.reason, review.due_at) == ("risk_up", play.now + timedelta(days=1))
    assert review.stalls_at == play.now
    assert ("contact_unsafe", SUPERVISOR.agency_id) in play.told
    play.later(hours=1).do(c.RecordReview, SUPERVISOR)
    play.do(c.AmendClient, client={"kind": "child", "age_years": 12}, facts={"number_shared": False})
    assert [d.reason for d in play.running("supervisor_review")] == ["overdue"]
    play.do(c.AmendClient, client={"kind": "child", "age_years": 12}, facts={"number_shared": True})
    assert [d.reason for d in play.running("supervisor_review")] == ["risk_up"]
    assert ("contact_unsafe", CASEWORKER.account_id) in play.told


@pytest.fixture
def app() -> Web:
    return web()


def with_numbers(client: str | None = None, reporter: str | None = None, suspect: str = SUSPECT) -> dict[str, Any]:
    """A report with these telephone numbers."""
    return report(
        client={"kind": "child", "age_years": 12, "phone": client},
        reporter={"kind": "family", "name": "Rohana", "phone": reporter},
        alleged_perpetrators=[{"relation": "neighbour", "phone": suspect}],
    )


async def called(app: Web, case_id: str) -> bool:
    """Whether a review is called for at once."""
    kinds = [
        row["reason"] for row in app.memory.deadlines.values() if row["case_id"] == case_id and not row["ended_at"]
    ]
    return "risk_up" in kinds


@pytest.mark.parametrize("numbers", [{"client": "0813-0000-0099"}, {"reporter": "+62 813 0000 0099"}])
async def test_a_shared_number_is_noticed_when_the_report_comes(app: Web, numbers: dict[str, str]) -> None:
    """However it is spelled; and the number is shown to no agency."""
    case_id = (await app.post("caseworker", "/cases", with_numbers(**numbers))).json()["id"]
    asked = {"agency_id": "rsud-muaradua", "service": "health", "urgency": "emergency"}
    body = {**asked, "disclose": ["contact", "caregiver"]}
    referral = (await app.post("caseworker", f"/cases/{case_id}/referrals", body)).json()

    shown = (await app.get("hospital", f"/referrals/{referral['id']}")).json()["disclosed"]

    assert await called(app, case_id)
    assert (shown["contact"]["phone"], shown["caregiver"]["phone"]) == (None, None)


async def test_a_number_becomes_shared_with_a_later_suspect(app: Web) -> None:
    """Compared with what was known before, which is sealed; after a review another number calls for none."""
    case_id = (await app.post("caseworker", "/cases", with_numbers(client="081200000011"))).json()["id"]
    path = f"/cases/{case_id}/client"
    assert not await called(app, case_id)
    suspects = [{"relation": "neighbour", "phone": "0812 0000 0011"}]
    await app.post("caseworker", path, {"alleged_perpetrators": suspects})
    assert await called(app, case_id)
    await app.post("supervisor", f"/cases/{case_id}/reviews", {})
    await app.post("caseworker", path, {"client": {"kind": "child", "age_years": 12, "phone": "081277777777"}})
    assert not await called(app, case_id)
    await app.post("caseworker", path, {"reporter": {"kind": "family", "phone": "+62 81200000011"}})
    assert await called(app, case_id)


async def test_who_has_a_suspects_number_does_not_get_the_case(app: Web) -> None:
    """Compared through the marks of the case, by the contacts as they are now."""
    case_id = (await app.post("caseworker", "/cases", with_numbers())).json()["id"]
    mine = {"medium": "apprise", "address": "081300000099", "safe": True}
    assert (await app.post("caseworker2", "/contacts", mine)).status_code == 200

    refused = await app.post("supervisor", f"/cases/{case_id}/assignment", {"caseworker_id": "caseworker2"})
    taken = await app.post("supervisor", f"/cases/{case_id}/assignment", {"caseworker_id": "caseworker"})

    assert (refused.status_code, refused.json()["code"]) == (409, ConflictOfInterestError.code)
    assert taken.status_code == 200


# ---- one's own contacts


async def test_contacts_are_entered_and_confirmed_by_who_has_them(app: Web) -> None:
    """Nobody sees another's; entering one again confirms it."""
    entry = {"medium": "apprise", "address": "081200000011", "safe": True, "hours": {"from": "08:00", "until": "16:00"}}
    first = (await app.post("caseworker", "/contacts", entry)).json()
    await app.post("caseworker", "/contacts", {**entry, "hours": None})

    (kept,) = (await app.get("caseworker", "/contacts")).json()["items"]

    assert first["hours"] == {"from": "08:00:00", "until": "16:00:00"}
    assert (kept["hours"], kept["safe"]) == (None, True)
    assert kept["confirmed_at"] >= first["confirmed_at"]
    assert datetime.fromisoformat(kept["usable_until"]) - datetime.fromisoformat(kept["confirmed_at"]) == CONFIRMED_FOR
    assert (await app.get("supervisor", "/contacts")).json()["items"] == []


@pytest.mark.parametrize(
    "entry",
    [
        {"medium": "console", "address": "layar"},
        {"medium": "apprise", "address": "json://127.0.0.1/"},
        {"medium": "apprise", "address": "petugas"},
        {"medium": "webhook", "address": "http://example.org/"},
        {"medium": "email", "address": "tanpa-at"},
        {"medium": "email", "address": "a b@example.org"},
    ],
)
async def test_a_contact_is_a_mailbox_a_number_or_a_webhook(app: Web, entry: dict[str, str]) -> None:
    """An address of a gateway would have the server call whom a user names."""
    assert (await app.post("caseworker", "/contacts", entry)).status_code == 422
