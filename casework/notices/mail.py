"""Mail by SMTP. A repeat carries the Message-ID of the first, so that it can be recognised."""

import smtplib
import ssl
from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from casework.models.notice import Contact, Delivered, DeliveryError, Notice
from casework.notices.port import Rendered, SafeNotifier, cut_after, is_loopback

STEP_SECONDS = 10.0
WHOLE_SECONDS = 25.0
PERMANENT = range(500, 600)


class EmailNotifier(SafeNotifier):
    """`smtp://user:password@host:port` or `smtps://`, which is TLS from the start.

    Over `smtp://` TLS is used where another machine offers it, and no password leaves this one without it.
    An answer may take `STEP_SECONDS`, the whole talk `whole_seconds`. Raises ValueError on other URLs.
    """

    def __init__(self, url: str, sender: str, whole_seconds: float = WHOLE_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("the mail server is given as smtp://host:port or smtps://host:port")
        self._host, self._tls = parts.hostname, parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587 if parts.username else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = Address(addr_spec=sender)
        self._whole_seconds = whole_seconds

    def _send(self, notice: Notice, contact: Contact, rendered: Rendered) -> Delivered:
        message = self.message(notice, contact, rendered)
        try:
            self._converse(message, contact.address)
        except smtplib.SMTPException as error:
            raise _refused(error) from None
        except OSError:
            raise DeliveryError("smtp_unreachable", retryable=True) from None
        return Delivered(medium="email")

    def message(self, notice: Notice, contact: Contact, rendered: Rendered) -> EmailMessage:
        """The mail of a notice; the same bytes at every repeat."""
        message = EmailMessage()
        try:
            message["To"] = Address(addr_spec=contact.address)
        except (ValueError, IndexError, MessageError):
            raise DeliveryError("address_invalid", retryable=False) from None
        message["From"] = self._sender
        message["Subject"] = rendered.subject
        message["Date"] = notice.created_at
        message["Message-ID"] = f"<{notice.id}@{self._sender.domain}>"
        message["Content-Language"] = contact.language
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(rendered.body)
        return message

    def _converse(self, message: EmailMessage, address: str) -> None:
        smtp = self._client()
        try:
            with cut_after(self._whole_seconds, lambda: smtp.sock):
                smtp.connect(self._host, self._port)
                self._secure(smtp)
                smtp.send_message(message, self._sender.addr_spec, [address])
                # The server has the mail: a failing farewell must not send it again.
                with suppress(smtplib.SMTPException, OSError):
                    smtp.quit()
        finally:
            smtp.close()

    def _client(self) -> smtplib.SMTP:
        if self._tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(timeout=STEP_SECONDS, context=ssl.create_default_context())
        else:
            smtp = smtplib.SMTP(timeout=STEP_SECONDS)
        # Certificates are checked against this, which smtplib sets only where its constructor connects;
        # connecting there would wait for a dripping greeting before it could be cut.
        smtp._host = self._host  # type: ignore[attr-defined]
        return smtp

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        outside = not self._tls and not is_loopback(self._host)
        if outside and smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
        elif outside and self._user:
            raise DeliveryError("smtp_not_encrypted", retryable=False)
        if self._user:
            smtp.login(self._user, self._password)


def _refused(error: smtplib.SMTPException) -> DeliveryError:
    """5xx is final. A wrong password is ours to mend, so it is tried again; so is all that may pass."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryError("smtp_login_refused", retryable=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((answer[0] for answer in error.recipients.values()), 0)
    elif isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryError("smtp_not_supported", retryable=False)
    else:
        return DeliveryError("smtp_broken", retryable=True)
    return DeliveryError(f"smtp_{max(code, 0)}", retryable=code not in PERMANENT)
