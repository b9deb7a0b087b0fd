"""WhatsApp, SMS, Telegram and other messengers, through Apprise."""

import logging
import warnings
from urllib.parse import quote

import apprise

from casework.models.notice import Contact, Delivered, DeliveryError, Notice
from casework.notices.port import Rendered, SafeNotifier

SECONDS = 25
PLACE = "{to}"
# Apprise logs the numbers it sends to.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)


class AppriseNotifier(SafeNotifier):
    """Sends to an address that is an Apprise URL; to a number by the gateways, in the place of their `{to}`.

    A messenger cannot recognise a repeat, and Apprise does not tell a refusal from a lost answer. So a
    failure is never repeated by itself but handed to a person.
    """

    def __init__(self, gateways: tuple[str, ...] = ()) -> None:
        self._gateways = gateways
        self._asset = apprise.AppriseAsset(
            app_id="Tuntas",
            app_desc="Tuntas",
            app_url="",
            async_mode=False,
            secure_logging=True,
            http_redirects=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
        )
        _load_plugins()

    def _send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered:
        urls = self._urls(contact.address)
        if not urls:
            raise DeliveryError("no_gateway", retryable=False)
        messenger = apprise.Apprise(asset=self._asset)
        if not messenger.add(urls):
            raise DeliveryError("address_invalid", retryable=False)
        with messenger.notify(body=rendered.body, title=rendered.subject, timeout=SECONDS) as result:
            if not result:
                raise DeliveryError("message_unconfirmed", retryable=False)
        return Delivered(medium="apprise")

    def _urls(self, address: str) -> list[str]:
        if "://" in address:
            return [address]
        return [gateway.replace(PLACE, quote(address, safe="")) for gateway in self._gateways]


def _load_plugins() -> None:
    """Have Apprise load its plugins now, not while sending; one of them imports what Python 3.13 drops."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")
