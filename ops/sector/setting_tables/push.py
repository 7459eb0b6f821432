"""The tables ``[feeds.cap]`` and ``[feeds.web_hook]`` of the settings file: receivers to which alerts are posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from geo.errors import BadInput
from ingest.topics import identifier

LONGEST_TIMEOUT_S: Final = 9.0
"""The dispatcher sends again what has no answer after 10 s."""
LONGEST_WAIT_H: Final = 48.0
"""The shortest retention."""
URGENCIES: Final = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class PushReceiver:
    """A receiver of alerts over HTTP.

    Its name is that of its table; ``[releasability] units`` states under it the most restrictive marking that it may
    have.

    Parameters
    ----------
    url : str
        Address to which alerts are posted, ``https://…``; ``http://…`` only to ``allowed_networks``. Never logged.
    authority : str
        PEM file of the authority that signed the receiver's certificate; empty: those that this computer trusts. A
        relative path begins at the folder of the settings file.
    incidents : bool
        Whether it receives incidents besides alerts; only web hooks.
    least_priority : {"high", "medium", "low"}
        Alerts and incidents of a lower priority are left out, unless it got them at a higher one; distress calls never
        are.
    """

    url: str
    authority: str = ""
    incidents: bool = False
    least_priority: Literal["high", "medium", "low"] = "low"

    def __post_init__(self) -> None:
        # the error must not repeat it: an address may hold a secret
        wrong = BadInput(
            "the receiver's address is not usable",
            where="receiver",
            expected="https://HOST/…, in ASCII, without a login",
        )
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            raise wrong from None
        written = self.url.isascii() and self.url.isprintable() and " " not in self.url
        if parts.scheme not in ("https", "http") or not (parts.hostname and written):
            raise wrong
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise wrong
        if self.authority and not Path(self.authority).is_file():
            raise BadInput(f"there is no file {self.authority!r}", where="authority", expected="a PEM file")

    @property
    def priorities(self) -> tuple[str, ...]:
        """The priorities that it receives, besides distress."""
        return URGENCIES[: URGENCIES.index(self.least_priority) + 1]


@dataclass(frozen=True, slots=True)
class PushSettings:
    """How alerts are posted, by web hooks as by CAP.

    Parameters
    ----------
    receivers : table
        Receivers: a table for each, by its name.
    allowed_networks : list of str
        Networks such as ``"10.20.0.0/16"`` that receivers may be in, and redirects may lead to, although they are not
        public. Loopback, link-local and private addresses are refused otherwise.
    timeout_s : float, s
        Longest duration of one attempt, from the name's resolution to the answer; above 0, at most 9.
    given_up_after_h : float, h
        What a receiver that fails has not got within this time becomes a dead letter; above 0, at most 48. Until
        then the records are kept, also beyond their retention.
    """

    receivers: Mapping[str, PushReceiver] = field(default_factory=dict)
    allowed_networks: tuple[str, ...] = ()
    timeout_s: float = 8.0
    given_up_after_h: float = 24.0

    def __post_init__(self) -> None:
        for name in self.receivers:
            identifier(name, "receivers")
        if not 0.0 < self.timeout_s <= LONGEST_TIMEOUT_S:
            expected = f"a number of seconds above 0, at most {LONGEST_TIMEOUT_S:g}"
            raise BadInput(f"{self.timeout_s}", where="timeout_s", expected=expected)
        if not 0.0 < self.given_up_after_h <= LONGEST_WAIT_H:
            expected = f"a number of hours above 0, at most {LONGEST_WAIT_H:g}"
            raise BadInput(f"{self.given_up_after_h}", where="given_up_after_h", expected=expected)
        _ = self.networks

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The allowed networks."""
        try:
            return tuple(ip_network(one) for one in self.allowed_networks)
        except ValueError as error:
            raise BadInput(f"{error}", where="allowed_networks", expected='such as "10.20.0.0/16"') from None


@dataclass(frozen=True, slots=True)
class CapSettings(PushSettings):
    """CAP 1.2 documents, from the server and posted to receivers.

    Parameters
    ----------
    receivers : table
        Receivers: a table for each, by its name.
    allowed_networks : list of str
        As for web hooks.
    timeout_s : float, s
        As for web hooks.
    given_up_after_h : float, h
        As for web hooks.
    sender : str
        Unique name of the issuer in every document; empty: ``watchline.SECTOR``.
    expires_h : float, h
        Until when a revision counts that no other one follows; above 0, at most 720.
    assumed_error_m : float, m
        Radius of the area of a position whose error is not known; at least 0.
    """

    sender: str = ""
    expires_h: float = 24.0
    assumed_error_m: float = 500.0

    def __post_init__(self) -> None:
        super(CapSettings, self).__post_init__()
        if any(character in self.sender for character in " ,<&") or not self.sender.isprintable():
            raise BadInput(f"{self.sender!r}", where="sender", expected="a name without spaces, commas, '<' and '&'")
        if not 0.0 < self.expires_h <= 720.0:
            raise BadInput(f"{self.expires_h}", where="expires_h", expected="a number of hours above 0, at most 720")
        if not 0.0 <= self.assumed_error_m <= 1e6:
            raise BadInput(f"{self.assumed_error_m}", where="assumed_error_m", expected="0 to 1000000 metres")
