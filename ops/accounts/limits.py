"""Limits of failed logins: delays that grow, so that guessing is slow, and end, so that a colleague is not locked out.

An attempt counts under up to three keys. Under *account at origin* the delay grows to five minutes; the origin is the
browser, if the person has logged in with it before (a device cookie, after OWASP), else the address. Under *account*
and under *address*, which strangers can fill, it grows to one minute and does not concern known browsers. An attempt
during a delay is refused without being counted, so that it does not prolong the delay.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Final

FORGOTTEN_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class DelayRule:
    """From failure number ``free`` on, waits of ``first_s``, twice that, … up to ``longest_s``."""

    free: int
    first_s: float
    longest_s: float

    def wait_s(self, failures: int) -> float:
        """The wait after so many failures."""
        if failures < self.free:
            return 0.0
        return min(self.first_s * 2.0 ** min(failures - self.free, 60), self.longest_s)


ACCOUNT_AT_ORIGIN: Final = DelayRule(3, 1.0, 300.0)
ACCOUNT: Final = DelayRule(20, 1.0, 60.0)
ADDRESS: Final = DelayRule(30, 1.0, 60.0)


@dataclass(frozen=True, slots=True)
class Counted:
    """One key under which an attempt counts; ``account`` groups the keys of an account."""

    key: str
    account: str
    limit: DelayRule


def keys_of(login: str, address: str, device: str | None) -> list[Counted]:
    """The keys of an attempt. ``device``: of a browser that is known for this account. The narrowest comes first.

    Names are hashed: what is typed into the field of the name may be a password.
    """
    account = digest("account", login)
    if device is not None:
        return [Counted(digest("device", login, device), account, ACCOUNT_AT_ORIGIN)]
    place = network_of(address)
    return [
        Counted(digest("at", login, place), account, ACCOUNT_AT_ORIGIN),
        Counted(account, account, ACCOUNT),
        Counted(digest("address", place), "", ADDRESS),
    ]


def network_of(address: str) -> str:
    """An IPv4 address itself, the /64 of an IPv6 address, which one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "?"
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def digest(*parts: str) -> str:
    """SHA-256 of several texts, each with its length, so that no two lists of texts have the same."""
    joined = b"".join(b"%d:%s" % (len(part), part) for part in (text.encode(errors="replace") for text in parts))
    return hashlib.sha256(joined).hexdigest()
