"""The table ``[feeds.cot]`` of the settings file: TAK servers and multicast groups, and the units that they connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from geo.errors import BadInput
from ingest.topics import identifier
from ops.sector.toml_record import ConfigError, record_errors

SCHEMES: Final[Mapping[str, int]] = {"tcp": 8087, "tls": 8089, "udp": 6969}
"""Schemes of addresses, with the port that TAK uses by default."""


@dataclass(frozen=True, slots=True)
class CotServer:
    """A TAK server, or a multicast group of TAK clients.

    Parameters
    ----------
    name : str
        Name of this receiver; its deliveries are counted under it, and ``[releasability] units`` states under it the
        most restrictive marking that it may have.
    address : str
        ``tcp://HOST:PORT``, ``tls://HOST:PORT`` or, for a multicast group, ``udp://GROUP:PORT``.
    authority : str
        PEM file of the authority that signed the server's certificate; empty: those that this computer trusts. A
        relative path, here and below, begins at the folder of the settings file.
    certificate : str
        PEM file of Watchline's client certificate, followed by intermediate authorities; empty: none.
    key : str
        PEM file of its private key, without a password.
    server_name : str
        Name in the server's certificate, where it is not the host of the address.
    protocol : "auto" or "xml"
        Form of the events. Auto: XML until a server offers protobuf, and protobuf to a multicast group.
    answers_pings : bool
        Whether the server answers keep-alives, which confirm that it has what was sent before them. False: what the
        network took counts as delivered, and may be lost when the connection breaks.
    interface : str
        IP address of the network interface for a multicast group; empty: the system chooses.
    hops : int
        Number of routers that multicast may pass, from 1 to 32.
    tracks : bool
        Whether it gets tracks with their trails.
    shapes : bool
        Whether it gets the border, its sections and the named areas as lines.
    chat : bool
        Whether it gets a chat line for each incident.
    units : table
        Units that answer over this server: the uid or the callsign of a TAK device to the name of a unit.
    unit : str
        The one unit that this server or group serves: the rules of ``[feeds.units.UNIT]``, its duty and its marking
        apply to what is sent. Empty: several units, and the marking is stated under ``name``.
    """

    name: str
    address: str
    authority: str = ""
    certificate: str = ""
    key: str = ""
    server_name: str = ""
    protocol: Literal["auto", "xml"] = "auto"
    answers_pings: bool = True
    interface: str = ""
    hops: int = 1
    tracks: bool = True
    shapes: bool = True
    chat: bool = True
    units: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""

    def __post_init__(self) -> None:
        identifier(self.name, "name")
        if self.unit:
            identifier(self.unit, "unit")
        self._check_address()
        if bool(self.certificate) != bool(self.key):
            raise BadInput("certificate without key, or key without certificate", where="certificate", expected="both")
        for name in ("authority", "certificate", "key"):
            path = getattr(self, name)
            if path and not Path(path).is_file():
                raise BadInput(f"{path!r} does not exist", where=name, expected="a PEM file")
        if self.scheme != "tls" and (self.certificate or self.authority or self.server_name):
            raise BadInput(f"{self.address!r} does not use TLS", where="address", expected="tls://HOST:PORT")
        if self.interface:
            _ip(self.interface, "interface")
        if not 1 <= self.hops <= 32:
            raise BadInput(f"{self.hops}", where="hops", expected="1 to 32")
        for device, unit in self.units.items():
            identifier(unit, "units")
            if not device.strip() or not device.isprintable() or len(device) > 256:
                raise BadInput(
                    f"{device[:60]!r} is not a device", where="units", expected="the uid or callsign of a device"
                )

    def _check_address(self) -> None:
        expected = "tcp://HOST:PORT, tls://HOST:PORT or udp://GROUP:PORT"
        try:
            parts = urlsplit(self.address)
            port, host = parts.port or SCHEMES.get(parts.scheme, 0), parts.hostname
        except ValueError:
            raise BadInput(f"{self.address!r}", where="address", expected=expected) from None
        plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)
        if parts.scheme not in SCHEMES or not host or not port or not plain:
            raise BadInput(f"{self.address!r}", where="address", expected=expected)
        if parts.scheme == "udp" and not _ip(host, "address").is_multicast:
            raise BadInput(f"{host} is not a multicast group", where="address", expected="such as udp://239.2.3.1:6969")

    @property
    def released_as(self) -> str:
        """The name in ``[releasability] units`` that states what it may have."""
        return self.unit or self.name

    @property
    def scheme(self) -> str:
        """``tcp``, ``tls`` or ``udp``."""
        return urlsplit(self.address).scheme

    @property
    def host(self) -> str:
        """Host or multicast group."""
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        """Port; the usual one of the scheme without one in the address."""
        return urlsplit(self.address).port or SCHEMES[self.scheme]


@dataclass(frozen=True, slots=True)
class CotSettings:
    """Cursor-on-Target: TAK servers and multicast groups that get incidents, and over which units answer.

    Parameters
    ----------
    callsign : str
        Name of the operations centre in TAK.
    refresh_s : float, s
        Interval at which open incidents and shapes are sent again. TAK shows an incident as outdated when it was not
        sent again for 2.5 such intervals.
    tracks_every_s : float, s
        Interval between two pictures of the tracks.
    track_stale_s : float, s
        TAK shows a track as outdated when it was not updated for this time.
    trail_s : float, s
        Length of the trail behind a track; 0 for none.
    skew_s : float, s
        A position of a device whose clock is ahead by more than this is refused.
    servers : list of tables
        The servers.
    """

    callsign: str = "Watchline"
    refresh_s: float = 300.0
    tracks_every_s: float = 5.0
    track_stale_s: float = 60.0
    trail_s: float = 600.0
    skew_s: float = 5.0
    servers: tuple[CotServer, ...] = ()

    def __post_init__(self) -> None:
        for name, least in (
            ("refresh_s", 10.0), ("tracks_every_s", 1.0), ("track_stale_s", 5.0), ("trail_s", 0.0), ("skew_s", 0.0),
        ):  # fmt: skip
            if not least <= getattr(self, name) <= 86_400.0:
                raise BadInput(f"{getattr(self, name)}", where=name, expected=f"{least:g} to 86400 seconds")
        if not self.callsign.strip() or not self.callsign.isprintable() or len(self.callsign) > 64:
            raise BadInput(f"{self.callsign[:60]!r}", where="callsign", expected="1 to 64 printable characters")
        names = [server.name for server in self.servers]
        if len(set(names)) < len(names):
            raise BadInput("a name occurs twice", where="servers", expected="a name for each server")


def cot_errors(table: Mapping[str, Any], *, where: str) -> list[ConfigError]:
    """Return every error of the table ``[feeds.cot]``, of each server by its number."""
    servers = table.get("servers", [])
    if not isinstance(servers, list) or not all(isinstance(one, dict) for one in servers):
        return [
            ConfigError("servers is not a list", where=where, expected="tables [[feeds.cot.servers]]", key="servers")
        ]
    plain = {key: value for key, value in table.items() if key != "servers"}
    errors = record_errors(CotSettings, plain, where=where)
    for number, server in enumerate(servers, start=1):
        errors += record_errors(CotServer, server, where=f"{where}.servers {number}")
    return errors or record_errors(CotSettings, table, where=where)


def _ip(text: str, where: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise BadInput(f"{text!r} is not an IP address", where=where, expected="an IP address") from None
