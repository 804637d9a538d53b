"""
Where a server listens, and what it refuses to start with.

In: an address, names. Out: Address. I/O: none.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from pgmoat.errors import Error

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def host_in_url(self) -> str:
        """The host as a URL has it."""
        return f"[{self.host}]" if ":" in self.host else self.host


def check_exposure(address: Address, option: str, *, has_tls: bool, is_behind_proxy: bool) -> None:
    """
    Refuse an address that others reach, where nothing encrypts what they send.

    Raises:
        Error: it is no loopback address, without TLS here or at a proxy.
    """
    if not address.is_loopback and not has_tls and not is_behind_proxy:
        raise Error(
            f"{option}: others than this machine reach {address.host}, and would send the token unencrypted",
            hint="Give --tls-cert and --tls-key, or --behind-tls-proxy where a proxy before it speaks TLS.",
        )


def list_hosts(address: Address, more: Iterable[str]) -> frozenset[str]:
    """
    Return the names by which a server may be asked for.

    Another name in a Host header is a page of somebody else's whose name was made to lead here (DNS
    rebinding). An address that stands for all of the machine's names none.

    Raises:
        Error: there is no name at all.
    """
    own = [] if address.host in ("0.0.0.0", "::") else [address.host_in_url]  # noqa: S104 - it is left out
    loopback = _LOOPBACK_NAMES if address.is_loopback else ()
    hosts = frozenset(name.lower() for name in (*own, *loopback, *more))
    if not hosts:
        raise Error(f"{address.host} names no host", hint="--allow-host says what clients ask for it by.")
    return hosts
