"""What a command queues is told: the outbox, the activity and a real SMTP server, together."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select
from temporalio.testing import ActivityEnvironment

from activities.notices import NoticesActivities
from casework.db.caller import ENGINE
from casework.db.session import reading
from casework.db.tables import notices
from casework.models.notice import Contact
from casework.models.people import Role
from casework.notices.channels import notifier_for
from casework.notices.delivery import NoticeDelivery
from tests.some_notices import free_port
from tests.stack import Stack
from tests.test_walk import opened


class Mailbox:
    """Keeps what a mail server was given, or refuses it for good."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.receivers: list[str] = []
        self.refusing = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Take a mail."""
        if self.refusing:
            return "550 no"
        self.receivers += envelope.rcpt_tos
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(f"{mail['Subject']}\n{mail.get_content()}")
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mail server on the loopback address."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


def deliverer(app: Stack, port: int) -> NoticesActivities:
    """The delivery as the worker wires it, by mail."""
    settings = app.settings.model_copy(update={"smtp_url": _secret(f"smtp://127.0.0.1:{port}")})
    how = notifier_for(settings), ZoneInfo("Asia/Jakarta"), settings.pages
    delivery = NoticeDelivery(
        app.outside.notices, *how, app.outside.suspects, lambda: datetime.now(UTC), app.outside.links
    )
    return NoticesActivities(app.outside.notices, delivery)


def _secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)


def states(app: Stack, case_id: str) -> dict[str, str]:
    """What became of the notices of a case, by kind."""
    with reading(app.outside.engine, ENGINE) as connection:
        rows = connection.execute(select(notices.c.kind, notices.c.state).where(notices.c.case_id == case_id))
        return {row.kind: row.state for row in rows}


def reachable(app: Stack) -> None:
    """Caseworker and supervisor have an address that is marked safe."""
    for actor in (app.caseworker, app.supervisor):
        contact = Contact(medium="email", address=f"{actor.role.value}@kantor.example", safe=True)
        app.outside.accounts.set_contact(actor.account_id, contact)


async def test_a_command_is_told_by_mail_once(app: Stack, mailbox: tuple[Mailbox, int]) -> None:
    """Delivered, with the number and no more of the case; a second round sends nothing again."""
    box, port = mailbox
    reachable(app)
    case_id = await opened(app)
    row = app.outside.reads.case(app.supervisor, case_id)
    assert row is not None

    for _ in range(2):
        deliverer(app, port).deliver_batch()

    assert states(app, case_id) == {"case_opened": "delivered", "case_assigned": "delivered"}
    told = [mail for mail in box.mails if row["number"] in mail]
    assert len(told) == 2
    assert not [text for text in told if "Nurul" in text or "sexual" in text]


async def test_who_is_away_is_stood_in_for_at_once(app: Stack, mailbox: tuple[Mailbox, int]) -> None:
    """The deputy is told what the caseworker would have been, and the office finds nothing undelivered."""
    box, port = mailbox
    reachable(app)
    deputy = app.actor("deputy", Role.CASEWORKER)
    accounts, now = app.outside.accounts, datetime.now(UTC)
    accounts.set_contact(deputy.account_id, Contact(medium="email", address="deputy@kantor.example", safe=True))
    accounts.set_absence(app.caseworker.account_id, now, now + timedelta(hours=1), deputy.account_id)

    case_id = await opened(app)
    deliverer(app, port).deliver_batch()
    accounts.set_absence(app.caseworker.account_id, now, now + timedelta(microseconds=1), None)

    assert states(app, case_id) == {"case_opened": "delivered", "case_assigned": "delivered"}
    assert sorted(box.receivers) == ["deputy@kantor.example", "supervisor@kantor.example"]


async def test_what_reaches_nobody_is_kept_and_shown(app: Stack, mailbox: tuple[Mailbox, int]) -> None:
    """A mailbox that refuses for good: the notice is undelivered, listed for the office, never dropped."""
    box, port = mailbox
    box.refusing = True
    reachable(app)
    case_id = await opened(app)

    deliverer(app, port).deliver_batch()

    assert set(states(app, case_id).values()) <= {"skipped", "failed"}
    shown = [row for row in app.outside.notices.undelivered("dinas-pppappkb") if row["case_id"] == case_id]
    assert {row["kind"] for row in shown} == {"case_opened", "case_assigned"}


async def test_the_shift_ends_with_the_worker(app: Stack, mailbox: tuple[Mailbox, int]) -> None:
    """The activity delivers what there is, and does not hold up a worker that stops."""
    reachable(app)
    case_id = await opened(app)
    environment = ActivityEnvironment()
    environment.worker_shutdown()

    settled = await asyncio.to_thread(environment.run, deliverer(app, mailbox[1]).deliver_for, 60.0)

    assert settled == 0
    assert set(states(app, case_id).values()) == {"queued"}
