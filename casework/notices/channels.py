"""Which channel a contact is told by. The one place that knows all channels; the rest sees a `Notifier`."""

from collections.abc import Mapping
from typing import get_args

import structlog

from casework.models.notice import Contact, ContactMedium, Delivered, DeliveryError, Notice, Skipped
from casework.notices.local import ConsoleNotifier, MemoryNotifier, Sent
from casework.notices.mail import EmailNotifier
from casework.notices.messenger import PLACE, AppriseNotifier
from casework.notices.port import Notifier, Rendered
from casework.notices.webhook import WebhookNotifier
from casework.settings import Settings

__all__ = [
    "AppriseNotifier",
    "ByMedium",
    "ConsoleNotifier",
    "DeliveryError",
    "EmailNotifier",
    "MemoryNotifier",
    "Notifier",
    "Sent",
    "WebhookNotifier",
    "notifier_for",
]

log = structlog.get_logger()


class ByMedium:
    """Hands each notice to the channel of its contact's medium; skips with a reason where there is none."""

    def __init__(self, channels: Mapping[ContactMedium, Notifier]) -> None:
        self._channels = dict(channels)

    def send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered | Skipped:
        """Send once by the contact's own medium, never by another."""
        channel = self._channels.get(contact.medium)
        if channel is None:
            return Skipped(reason="medium_not_configured")
        return channel.send(notice, contact, rendered)


def notifier_for(settings: Settings, webhook_key: bytes | None = None) -> Notifier:
    """The channels a process is set up with; with none at all, all goes to the console, and the log says so.

    `notify_urls` are separated by spaces. Those that hold `{to}` are gateways for numbers; the others are the
    office's own channel and take the place of the console.
    """
    urls = tuple(settings.notify_urls.split())
    if not (urls or settings.smtp_url or webhook_key):
        log.warning("notices_go_to_console")
        return ByMedium(dict.fromkeys(get_args(ContactMedium), ConsoleNotifier()))
    office = tuple(url for url in urls if PLACE not in url)
    channels: dict[ContactMedium, Notifier] = {
        "console": AppriseNotifier(office) if office else ConsoleNotifier(),
        "apprise": AppriseNotifier(tuple(url for url in urls if PLACE in url)),
    }
    if settings.smtp_url:
        channels["email"] = EmailNotifier(settings.smtp_url.get_secret_value(), settings.mail_from)
    if webhook_key:
        channels["webhook"] = WebhookNotifier(webhook_key, allowed=settings.webhook_hosts.split())
    return ByMedium(channels)
