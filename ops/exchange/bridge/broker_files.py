"""The Mosquitto files of the exchange: a broker that carries packages and nothing else, with bridges to partners.

    broker/          mosquitto.conf, acl, certificates, keys and bridge-NAME.*: copied to the broker's machine
    authority/       the key that issues certificates: offline, and brought back to renew and to revoke
    identities/      exchange: for `share connect`; partner-NAME: handed over to this partner, for its bridge
    bridges/NAME/    what this partner handed over: its identities/partner-OWN, put here by a person

A bridge is not subject to the topic rights of the broker that opens it: the partner's broker could send anything
through it. The broker of the exchange is therefore not that of sensors and units, and whatever is on its topics is
signed from end to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from ingest.errors import IdentityError
from ingest.security.key_bundle import AUTHORITY, CERTIFICATE, CERTIFICATE_KEY
from ops.broker.certificates import Authority, existing_authority
from ops.broker.mosquitto_config import ACCOUNT, DAYS, RENEW_BEFORE, hand_over, listener, write_pair
from ops.exchange.agreements import Agreements, Partner
from ops.exchange.bridge.topics import newest_topic, package_topic, written_by
from ops.exchange.format.package import MOST_PACKAGE_BYTES
from ops.runtime.output import write_private

PORT: Final = 8884
EXCHANGE: Final = "exchange"
"""The certificate name of `share connect`."""
PARTNER_PREFIX: Final = "partner-"
MAX_PACKET_BYTES: Final = MOST_PACKAGE_BYTES + 64 * 1024
_STATE: Final = "exchange.json"
_FILES: Final = {AUTHORITY: "ca.pem", CERTIFICATE: "pem", CERTIFICATE_KEY: "key"}
"""The files of a bundle, and how they end in the broker's folder."""


@dataclass(frozen=True, slots=True)
class ExchangeBrokerOptions:
    """Where the broker listens, its names, the validity of certificates in days, and the account of Mosquitto.

    None is what the folder was written with before, else every address, port 8884, localhost, and 365 days.
    """

    hosts: Sequence[str] | None = None
    listen: str | None = None
    port: int | None = None
    days: float | None = None
    user: str | None = None


class ExchangeBroker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the folder was written with: exchange.json."""

    own: str
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    listen: str = "0.0.0.0"  # noqa: S104 - partners connect to it
    port: int = PORT
    days: float = DAYS
    user: str | None = None


@dataclass(frozen=True, slots=True)
class WrittenExchangeBroker:
    """The result: names with a new certificate, partners with a bridge, and partners whose bundle is missing."""

    broker: ExchangeBroker
    made: tuple[str, ...]
    bridges: tuple[str, ...]
    without_bundle: tuple[str, ...]


def write_exchange_broker(
    folder: Path, agreements: Agreements, options: ExchangeBrokerOptions | None = None
) -> WrittenExchangeBroker:
    """Create or complete the folder; keys are kept, and certificates renewed before they end.

    The certificate of a partner that is no longer in the agreements file is revoked. IdentityError for the folder of
    another installation, one without its authority, or one that cannot be written.
    """
    folder = folder.absolute()
    broker = _broker(folder, agreements.own, options or ExchangeBrokerOptions())
    if (folder / _STATE).exists():
        authority = existing_authority(folder / "authority", folder / "broker" / AUTHORITY)
    else:
        authority = Authority(folder / "authority", name=f"Watchline {agreements.own} exchange authority")
    names = {EXCHANGE, *(f"{PARTNER_PREFIX}{one.name}" for one in agreements.partners)}
    now = datetime.now(UTC)
    for name in sorted({one.name for one in authority.issued if one.name.startswith(PARTNER_PREFIX)} - names):
        authority.revoke(name, now)
    made = _certificates(folder, authority, broker, sorted(names), now)
    wanted = [one for one in agreements.partners if one.broker]
    bridged = [one for one in wanted if _bundle_copied(folder, one.name)]
    kept = {f"bridge-{one.name}.{ending}" for one in bridged for ending in _FILES.values()}
    for path in (folder / "broker").glob("bridge-*"):
        if path.name not in kept:
            path.unlink()
    for name, text in (("acl", acl(agreements)), ("mosquitto.conf", _configuration(broker, agreements.own, bridged))):
        write_private(folder / "broker" / name, text.encode())
    write_private(folder / "broker" / "crl.pem", authority.revocation_list())
    write_private(folder / _STATE, msgspec.json.format(msgspec.json.encode(broker), indent=1) + b"\n")
    hand_over(folder / "broker", broker.user or ACCOUNT)
    missing = tuple(one.name for one in wanted if one not in bridged)
    return WrittenExchangeBroker(broker, tuple(made), tuple(one.name for one in bridged), missing)


def acl(agreements: Agreements) -> str:
    """Return Mosquitto's ACL: a partner writes and reads the topics between it and this installation only."""
    own = agreements.own
    rules = {
        EXCHANGE: (
            [package_topic(own, "+"), newest_topic("+", own)],
            [package_topic("+", own), newest_topic(own, "+")],
        )
    }
    for one in agreements.partners:
        rules[f"{PARTNER_PREFIX}{one.name}"] = (list(written_by(one.name, own)), list(written_by(own, one.name)))
    lines = ["# Written by `watchline broker exchange`; do not edit."]
    for name, (writes, reads) in rules.items():
        lines += ["", f"user {name}"]
        lines += [f"topic write {topic}" for topic in writes] + [f"topic read {topic}" for topic in reads]
    return "\n".join(lines) + "\n"


def _broker(folder: Path, own: str, options: ExchangeBrokerOptions) -> ExchangeBroker:
    path, known = folder / _STATE, ExchangeBroker(own)
    if path.exists():
        try:
            known = msgspec.json.decode(path.read_bytes(), type=ExchangeBroker)
        except (OSError, msgspec.DecodeError) as error:
            expected = "a folder written by `broker exchange`"
            raise IdentityError(f"cannot be read ({error})", where=str(path), expected=expected) from None
    if known.own != own:
        raise IdentityError(f"belongs to {known.own}", where=str(folder), expected=own)
    given = {name: getattr(options, name) for name in ("listen", "port", "days", "user")}
    given |= {"hosts": None if options.hosts is None else tuple(dict.fromkeys(options.hosts))}
    return msgspec.structs.replace(known, **{name: value for name, value in given.items() if value is not None})


def _certificates(
    folder: Path, authority: Authority, broker: ExchangeBroker, names: Sequence[str], now: datetime
) -> list[str]:
    made, left = [], min(RENEW_BEFORE, timedelta(days=broker.days) / 3)
    write_private(folder / "broker" / AUTHORITY, authority.certificate_pem)
    server = folder / "broker" / "server.pem"
    if not authority.serves(server.read_bytes() if server.exists() else b"", broker.hosts, now, left=left):
        write_pair(authority.server(broker.hosts, broker.days), server.parent, server.name, "server.key")
        made.append("broker")
    for name in names:
        bundle = folder / "identities" / name
        if not (bundle / CERTIFICATE).exists() or not authority.holds(name, now, left=left):
            write_pair(authority.client(name, broker.days), bundle, CERTIFICATE, CERTIFICATE_KEY)
            made.append(name)
        write_private(bundle / AUTHORITY, authority.certificate_pem)
    return made


def _bundle_copied(folder: Path, partner: str) -> bool:
    """Copy what a partner handed over into the broker's folder; whether all of it is there."""
    bundle = folder / "bridges" / partner
    if not all((bundle / name).is_file() for name in _FILES):
        return False
    for name, ending in _FILES.items():
        try:
            content = (bundle / name).read_bytes()
        except OSError as error:
            where = str(bundle / name)
            raise IdentityError(f"cannot be read ({error.strerror})", where=where, expected="a PEM file") from None
        write_private(folder / "broker" / f"bridge-{partner}.{ending}", content)
    return True


def _configuration(broker: ExchangeBroker, own: str, bridged: Sequence[Partner]) -> str:
    lines = [
        "# Written by `watchline broker exchange`. Start in this folder: mosquitto -c mosquitto.conf",
        *listener(broker.listen, broker.port, broker.user, packet_bytes=MAX_PACKET_BYTES),
        "persistence true",
    ]
    for one in bridged:
        out, into = written_by(own, one.name), written_by(one.name, own)
        lines += [
            "",
            f"connection {PARTNER_PREFIX}{one.name}",
            f"address {one.broker}",
            "bridge_protocol_version mqttv50",  # 3.1.1 has no user properties, and so no signatures
            *(f"bridge_{kind}file bridge-{one.name}.{end}" for kind, end in (("ca", "ca.pem"), ("cert", "pem"))),
            f"bridge_keyfile bridge-{one.name}.key",
            "bridge_tls_version tlsv1.2",
            "cleansession false",
            "keepalive_interval 15",
            "restart_timeout 1 30",
            "notifications false",
            "try_private true",
            *(f"topic {topic} out 1" for topic in out),
            *(f"topic {topic} in 1" for topic in into),
        ]
    return "\n".join(lines) + "\n"


__all__ = [
    "EXCHANGE",
    "MAX_PACKET_BYTES",
    "ExchangeBroker",
    "ExchangeBrokerOptions",
    "WrittenExchangeBroker",
    "acl",
    "write_exchange_broker",
]
