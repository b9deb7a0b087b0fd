"""Notices: to whom they go, by which way, and what becomes of them."""

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from casework.models.notice import (
    Contact,
    Delivered,
    DeliveryError,
    Notice,
    NoticeKind,
    Outcome,
    Recipient,
    Skipped,
)
from casework.models.people import Role
from casework.notices.channels import (
    AppriseNotifier,
    ByMedium,
    ConsoleNotifier,
    MemoryNotifier,
    Notifier,
    WebhookNotifier,
    notifier_for,
)
from casework.notices.delivery import NoticeDelivery, deliver, mark_of
from casework.notices.port import Rendered
from casework.notices.render import render
from casework.settings import Settings
from tests.some_notices import (
    AT,
    BASE,
    JAKARTA,
    KEY,
    MAIL,
    NUMBER,
    TEXT,
    KnownSuspects,
    Mailbox,
    NoLinks,
    a_contact,
    a_notice,
    mail_server,
    mailer,
    receiver,
)


def test_a_recipient_is_one_account_or_one_agency_or_a_role_of_it() -> None:
    Recipient(account_id="a1")
    Recipient(agency_id="polres")
    Recipient(agency_id="dinas", role=Role.SUPERVISOR)

    for wrong in (
        {},
        {"account_id": "a", "agency_id": "b"},
        {"role": "head"},
        {"account_id": "a", "role": "head"},
    ):
        with pytest.raises(ValidationError):
            Recipient.model_validate(wrong)


def test_contacts_are_unsafe_until_marked_and_hide_their_address() -> None:
    contact = Contact(medium="email", address="petugas@polres.example")

    assert not contact.safe
    assert "petugas" not in repr(contact)


@pytest.mark.parametrize("address", ["", "a@b.example\nBcc: c@d.example", "a b@c.example", "a\x00@b", "a@b.example\n"])
def test_an_address_is_one_word(address: str) -> None:
    with pytest.raises(ValidationError):
        Contact(medium="email", address=address)


def test_notices_and_outcomes_survive_json() -> None:
    notice = a_notice(about_id="r1", about_kind="referral_answer")
    outcome = Outcome(by=("email",), missed=("not_safe",))

    for each in (notice, a_notice(NoticeKind.DIGEST)):
        assert Notice.model_validate_json(each.model_dump_json()) == each
    assert Outcome.model_validate_json(outcome.model_dump_json()) == outcome


def test_a_digest_and_what_tells_of_an_account_are_of_no_case() -> None:
    for kind, wrong in (
        (NoticeKind.REMINDER, {"case_id": None}),
        (NoticeKind.REMINDER, {"case_number": None}),
        (NoticeKind.REMINDER, {"waiting": 3}),
        (NoticeKind.DIGEST, {"case_id": "0197-case"}),
        (NoticeKind.DIGEST, {"case_number": NUMBER}),
        (NoticeKind.DIGEST, {"waiting": None}),
        (NoticeKind.DIGEST, {"waiting": -1}),
        (NoticeKind.SIGN_IN_FAILING, {"case_id": "0197-case"}),
        (NoticeKind.SIGN_IN_FAILING, {"waiting": 3}),
    ):
        with pytest.raises(ValidationError):
            a_notice(kind, **wrong)


def as_apprise(contact: Contact) -> str:
    return contact.address.replace("http://", "json://").split("?")[0]


def test_a_messenger_gets_subject_and_body() -> None:
    with receiver(200) as (server, hook):
        sent = AppriseNotifier().send(a_notice(), a_contact("apprise", as_apprise(hook)), TEXT)

    assert sent == Delivered(medium="apprise")
    ((_, body, _),) = server.got
    message = json.loads(body)
    assert message["title"] == TEXT.subject
    assert message["message"].strip() == TEXT.body.strip()


def test_a_number_goes_into_the_gateways_place() -> None:
    with receiver(200) as (server, hook):
        gateway = AppriseNotifier((as_apprise(hook) + "/{to}",))
        gateway.send(a_notice(), a_contact("apprise", "+62812/../345"), TEXT)

    ((_, _, path),) = server.got
    assert path.startswith("/hook/")
    assert "/.." not in path


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_messenger_that_does_not_confirm_is_for_a_person_and_never_repeated(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO),
        receiver(status) as (server, hook),
        pytest.raises(DeliveryError) as caught,
    ):
        AppriseNotifier().send(a_notice(), a_contact("apprise", as_apprise(hook)), TEXT)

    assert (caught.value.reason, caught.value.retryable) == ("message_unconfirmed", False)
    assert len(server.got) == 1
    assert caplog.text == ""


@pytest.mark.parametrize(("address", "reason"), [("unknown://x", "address_invalid"), ("+62812", "no_gateway")])
def test_a_messenger_says_what_it_cannot_reach(address: str, reason: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        AppriseNotifier().send(a_notice(), a_contact("apprise", address), TEXT)

    assert (caught.value.reason, caught.value.retryable) == (reason, False)


def settings(**changes: str) -> Settings:
    given: dict[str, Any] = {
        "database_url": "postgresql://x",
        "keystore_url": "postgresql://y",
        "master_key_file": Path("/nowhere"),
    }
    return Settings(**given | changes)


def test_with_nothing_set_up_all_goes_to_the_console_and_the_log_says_so() -> None:
    with capture_logs() as lines:
        notifier = notifier_for(settings())
        sent = notifier.send(a_notice(), MAIL, TEXT)

    assert sent == Delivered(medium="console")
    assert [line["event"] for line in lines] == ["notices_go_to_console", "notice"]
    assert lines[1]["notice_id"] == "0197-notice"
    assert "petugas" not in str(lines)


def test_each_medium_goes_its_own_way_once_channels_are_set_up() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as server, receiver(200) as (hooks, hook):
        notifier = notifier_for(
            settings(smtp_url=f"smtp://{server}", notify_urls=as_apprise(hook) + "/{to}", webhook_hosts="127.0.0.1"),
            webhook_key=KEY,
        )
        media = [notifier.send(a_notice(), contact, TEXT) for contact in (MAIL, hook, a_contact("apprise", "62812"))]
        with capture_logs() as lines:
            notifier.send(a_notice(), a_contact("console", "meja"), TEXT)

    assert media == [Delivered(medium="email"), Delivered(medium="webhook"), Delivered(medium="apprise")]
    assert len(mailbox.mails) == 1
    assert [path for _, _, path in hooks.got] == ["/hook?token=t0ken", "/hook/62812"]
    assert len(lines) == 1


def test_a_url_without_a_place_is_the_offices_own_channel() -> None:
    with receiver(200) as (server, hook):
        notifier_for(settings(notify_urls=as_apprise(hook))).send(a_notice(), a_contact("console", "meja"), TEXT)

    assert len(server.got) == 1


def test_a_medium_without_a_channel_is_skipped_and_named() -> None:
    notifier = notifier_for(settings(smtp_url="smtp://127.0.0.1:9"))

    sent = notifier.send(a_notice(), a_contact("webhook", "https://agency.example/"), TEXT)

    assert sent == Skipped(reason="medium_not_configured")


@pytest.mark.parametrize(
    ("notifier", "contact"),
    [
        (mailer("127.0.0.1:9"), MAIL),
        (WebhookNotifier(KEY), a_contact("webhook", "https://agency.example/")),
        (AppriseNotifier(), a_contact("apprise", "json://127.0.0.1:9/")),
        (ConsoleNotifier(), a_contact("console", "meja")),
        (MemoryNotifier(), a_contact("console", "meja")),
        (notifier_for(settings(smtp_url="smtp://127.0.0.1:9")), MAIL),
        (ByMedium({"email": mailer("127.0.0.1:9")}), MAIL),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_channel_sends_to_an_unsafe_contact(notifier: Notifier, contact: Contact) -> None:
    unsafe = contact.model_copy(update={"safe": False})

    assert notifier.send(a_notice(), unsafe, TEXT) == Skipped(reason="not_safe")


def told(notifier: Notifier, *contacts: Contact, **options: Any) -> Outcome:
    return deliver(a_notice(), contacts, notifier, JAKARTA, BASE, lambda _: None, **options)


def test_every_safe_contact_is_told_in_its_language_and_the_others_are_named() -> None:
    memory = MemoryNotifier()
    english = a_contact("webhook", "https://agency.example/", language="en")
    unsafe = a_contact("email", "lama@polres.example", safe=False)

    outcome = told(memory, MAIL, english, unsafe)

    assert outcome == Outcome(by=("email", "webhook"), missed=("not_safe",))
    assert outcome.delivered
    assert outcome.reason is None
    assert [sent.contact for sent in memory.sent] == [MAIL, english]
    assert "menunggu jawaban" in memory.sent[0].rendered.body
    assert "waits for" in memory.sent[1].rendered.body


def test_nobody_to_tell_is_said() -> None:
    nobody = told(MemoryNotifier())
    unsafe = told(MemoryNotifier(), MAIL.model_copy(update={"safe": False}))

    assert (nobody.delivered, nobody.reason) == (False, "no_contact")
    assert (unsafe.delivered, unsafe.reason) == (False, "not_safe")


def test_a_final_failure_is_an_outcome_and_one_that_passes_is_raised() -> None:
    final = told(MemoryNotifier(failing=DeliveryError("smtp_550", retryable=False)), MAIL)
    with pytest.raises(DeliveryError, match="smtp_451"):
        told(MemoryNotifier(failing=DeliveryError("smtp_451", retryable=True)), MAIL)

    assert (final.delivered, final.reason) == (False, "smtp_550")


class Greylisting:
    """Refuses one address for now; the rest goes to memory."""

    def __init__(self, address: str) -> None:
        self.refused: str | None = address
        self.memory = MemoryNotifier()

    def send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered | Skipped:
        if contact.address == self.refused:
            raise DeliveryError("smtp_451", retryable=True)
        return self.memory.send(notice, contact, rendered)


def test_a_repeat_tells_only_those_not_told_yet() -> None:
    other = a_contact("email", "kanit@polres.example")
    notifier = Greylisting(MAIL.address)
    marks: list[str] = []

    with pytest.raises(DeliveryError):
        told(notifier, MAIL, other, mark=marks.append)
    notifier.refused = None
    outcome = told(notifier, MAIL, other, done=marks, mark=marks.append)

    assert outcome == Outcome(by=("email", "email"))
    assert [sent.contact for sent in notifier.memory.sent] == [other, MAIL]
    assert marks == [mark_of(a_notice(), other), mark_of(a_notice(), MAIL)]
    assert "polres" not in "".join(marks)


def test_contacts_are_asked_for_when_sending() -> None:
    class Book:
        def __init__(self) -> None:
            self.asked: list[Recipient] = []

        def contacts_for(self, recipient: Recipient, *_: str | None) -> tuple[Contact, ...]:
            self.asked.append(recipient)
            return (MAIL,)

    book, memory = Book(), MemoryNotifier()
    outcome = NoticeDelivery(book, memory, JAKARTA, BASE, KnownSuspects(), lambda: AT, NoLinks()).deliver_notice(
        a_notice()
    )

    assert outcome.delivered
    assert book.asked == [Recipient(agency_id="polres")]
    assert memory.sent[0].notice == a_notice()


def test_delivery_does_not_read_the_clock() -> None:
    """A year replayed in seconds renders what it would have rendered then."""
    past = a_notice(due_at=AT - timedelta(days=800), created_at=AT - timedelta(days=801))

    def made() -> bytes:
        return mailer("127.0.0.1:9").message(past, MAIL, render(past, "id", JAKARTA, BASE)).as_bytes()

    assert made() == made()
    assert b"2024" in made()
