"""Where a webhook may connect to: public addresses, and hosts that the office allows by name.

A contact's address is somebody's word. Without this it could name the database, this machine, or the address at which
a cloud gives out its keys. What is checked is what is connected to, so a name that answers otherwise the second time
gains nothing.
"""

import socket
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpcore

from casework.models.notice import DeliveryError

GLOBAL_UNICAST = IPv6Network("2000::/3")
PROTOCOL_ASSIGNMENTS = IPv4Network("192.0.0.0/24")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is somewhere on the internet; no, where it may lead back inside by another way."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and address not in PROTOCOL_ASSIGNMENTS
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    tunnels = address.sixtofour is not None or address.teredo is not None
    return address.is_global and address in GLOBAL_UNICAST and not tunnels


class PublicOnly(httpcore.SyncBackend):
    """Resolves a name once, refuses it if any of its addresses is not public, and connects to those it checked."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(host.lower() for host in allowed)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; raises DeliveryError for one that may not be reached."""
        failed: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError("no address")
        for address in self._addresses(host, port):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name has no address") from None
        addresses = tuple(dict.fromkeys(str(each[4][0]) for each in found))
        if host.lower() not in self._allowed and not all(is_public(ip_address(each)) for each in addresses):
            raise DeliveryError("address_not_public", retryable=False)
        return addresses
