"""The headers that every answer carries. A route that sets one itself keeps its own."""

from collections.abc import Mapping

ANSWER_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For what is no page: a browser that is made to show it loads, runs and sends nothing."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""For pages: their own files alone, and nothing inline, so that what somebody wrote into a text never runs."""

UNUSED = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
TWO_YEARS = 2 * 365 * 24 * 3600


def headers_of(*, tls: bool) -> Mapping[str, str]:
    """The headers of every answer. Over TLS browsers are told to come by no other way: it cannot be taken back."""
    always = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": ANSWER_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    return {**always, "Strict-Transport-Security": f"max-age={TWO_YEARS}; includeSubDomains"} if tls else always
