"""The Mosquitto files of one sector: configuration, rights by topic, certificates and signing keys.

    broker/          mosquitto.conf, acl, ca.pem, crl.pem, server.pem, server.key: copied to the broker's machine
    authority/       the key that issues certificates: offline, and brought back to renew and to revoke
    register.json    the keys whose signatures are valid; identities/NAME: the bundles (see ops.broker.identities)
    probes/          the identities with which ``broker check`` tests operations that must be refused

Writing over an existing folder adds missing files and keeps existing keys. It renews certificates before they end, and
the broker's also for other host names; options that are not given stay as they were. The paths in mosquitto.conf are
relative to its own folder, in which Mosquitto is started, so that the folder can be moved.
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from ingest.errors import IdentityError
from ingest.security.key_bundle import AUTHORITY, CERTIFICATE, CERTIFICATE_KEY
from ingest.topics import PREFIX, identifier
from ops.broker.broker import MAX_PACKET_BYTES
from ops.broker.certificates import Authority, Pair, existing_authority, has_authority
from ops.broker.identities import FEED, FIELD, FIELD_FEEDS, INGEST, INGEST_UNITS, UNIT, IdentityFolder, Name
from ops.broker.topic_rights import OWN_READ, OWN_WRITE, BrokerRole, Client, read_filters, write_filters
from ops.runtime.output import write_private

DAYS: Final = 365.0
RENEW_BEFORE: Final = timedelta(days=30)
"""A certificate that ends sooner is renewed; at most a third of the wanted validity."""
ACCOUNT: Final = "mosquitto"
"""The account that Mosquitto changes to when it is started as root, unless another is configured."""
EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - addresses that stand for all of a machine's
PROBES: Final[dict[str, Client]] = {
    "sensor A": Client("probe-sensor-a", "sensor"),
    "sensor B": Client("probe-sensor-b", "sensor"),
    "unit": Client("probe-unit", "unit"),
    "operator": Client("probe-operator", "operator"),
    "ingest": Client("probe-ingest", "ingest"),
    "feed": Client("probe-feed", "feed"),
    "field": Client("probe-field", "field"),
}
"""The identities of ``broker check``: one per part, two for sensors, each with exactly the rights of its part."""
PROBE_REVOKED: Final = "probe-revoked"
PROBE_EXPIRED: Final = "probe-expired"
PROBE_STRANGER: Final = "probe-stranger"
"""A certificate issued by an authority that the broker does not trust."""


@dataclass(frozen=True, slots=True)
class BrokerOptions:
    """Where the broker listens, the names under which it is reached, and the validity of certificates.

    None is what the folder was written with before, else the default: every address, port 8883, 365 days, and as hosts
    localhost with the address or the machine's name. ``user`` is the account that Mosquitto changes to when started as
    root; None leaves the choice to Mosquitto. ``renew`` lists revoked names that get new keys; other revoked names get
    none.
    """

    sector: str
    sensors: Sequence[str] = ()
    units: Sequence[str] = ()
    hosts: Sequence[str] | None = None
    listen: str | None = None
    port: int | None = None
    days: float | None = None
    user: str | None = None
    persistence: bool = True
    renew: Sequence[str] = ()


class _Installation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of a folder that ``broker check`` and ``broker revoke`` need: installation.json."""

    sector: str
    clients: dict[str, BrokerRole] = {}
    revoked: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    hosts_given: bool = False
    listen: str = "0.0.0.0"  # noqa: S104 - a broker for a network listens on it
    port: int = 8883
    days: float = DAYS
    user: str | None = None

    @property
    def margin(self) -> timedelta:
        """A certificate that ends within this time is renewed."""
        return min(RENEW_BEFORE, timedelta(days=self.days) / 3)

    def with_options(self, options: BrokerOptions) -> _Installation:
        """These settings with those that are given now."""
        given = {
            name: getattr(options, name)
            for name in ("listen", "port", "days", "user")
            if getattr(options, name) is not None
        }
        settings = msgspec.structs.replace(self, **given)
        if options.hosts is not None:
            return msgspec.structs.replace(settings, hosts=tuple(dict.fromkeys(options.hosts)), hosts_given=True)
        if settings.hosts_given or (settings.hosts and settings.listen == self.listen):
            return settings
        reached = socket.gethostname() if settings.listen in EVERYWHERE else settings.listen
        return msgspec.structs.replace(settings, hosts=tuple(dict.fromkeys(("localhost", "127.0.0.1", reached))))


class BrokerFolder:
    """A folder written by ``broker config``. IdentityError for any other folder, or an inaccessible file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def configuration(self) -> Path:
        """The file to start Mosquitto with."""
        return self.path / "broker" / "mosquitto.conf"

    @property
    def process(self) -> Path:
        """The file in which a running Mosquitto stores its process id."""
        return self.path / "broker" / "mosquitto.pid"

    def installation(self) -> _Installation:
        """Return the sector, the clients and the revoked clients."""
        path = self.path / "installation.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Installation)
        except (OSError, msgspec.DecodeError) as error:
            raise IdentityError(
                f"cannot be read ({error})", where=str(path), expected="a folder written by `broker config`"
            ) from None

    def write(self, options: BrokerOptions) -> list[str]:
        """Create or complete the folder; return the names with a new certificate.

        IdentityError for an invalid name, or an existing folder without its authority.
        """
        identifier(options.sector, "sector")
        folder = self.path.absolute()
        clients = _clients(options)
        authority: Authority | None = None
        if (folder / "installation.json").exists():
            known = self.installation()
            authority = self._authority()  # before anything is written
        else:
            known = _Installation(options.sector)
        if known.sector != options.sector:
            raise IdentityError(f"belongs to sector {known.sector}", where=str(folder), expected=options.sector)
        for name in options.renew:
            if name not in known.revoked:
                raise IdentityError(f"{ascii(name)[:80]} is not revoked", where="--renew", expected="a revoked name")
        named = {client.name for client in clients}  # a name may be of another layout, or of other settings
        clients += [Client(name, known.clients[name]) for name in options.renew if name not in named]
        settings = known.with_options(options)
        revoked = tuple(name for name in known.revoked if name not in options.renew)
        able = [client for client in clients if client.name not in revoked]
        IdentityFolder(folder).prepare(
            Name("sensor" if client.part == "sensor" else "unit", client.name)
            for client in able
            if client.owner is not None
        )
        authority = authority or Authority(folder / "authority", name=f"Watchline {options.sector} authority")
        for name in known.revoked:  # also what was revoked while the authority was offline
            authority.revoke(name, datetime.now(UTC))
        made = self._certificates(authority, [client.name for client in able], settings)
        self._probes(authority, settings)
        whole = {**known.clients, **{client.name: client.part for client in clients}}
        configuration = _configuration(settings, persistence=options.persistence)
        write_private(folder / "broker" / "mosquitto.conf", configuration.encode())
        write_private(folder / "broker" / "crl.pem", authority.revocation_list())
        self._save(msgspec.structs.replace(settings, clients=whole, revoked=revoked))
        return made

    def authority_ends(self) -> datetime:
        """Return the time at which the authority's own certificate ends, and with it all others."""
        return self._authority().not_after

    def revoke(self, name: str) -> int:
        """Revoke all rights of a name: signatures, topics and certificates. Return the number of certificates revoked.

        Topic rights end as soon as Mosquitto reloads its files (SIGHUP), the certificate after a restart. If the
        authority is offline, signatures and topics are revoked, and IdentityError asks to repeat the call with it.
        """
        known = self.installation()
        if name not in known.clients:
            raise IdentityError(
                f"{self.path} has no client {ascii(name)[:80]}", where="NAME", expected="a sensor, a unit or a service"
            )
        folder = self.path.absolute()
        keys = IdentityFolder(folder)
        if known.clients[name] not in ("ingest", "feed") and keys.has_valid_key(name):
            keys.revoke(name)
        self._save(msgspec.structs.replace(known, revoked=tuple(sorted({*known.revoked, name}))))
        if not has_authority(folder / "authority"):
            raise IdentityError(
                f"is not here: signatures and topics of {name} are revoked, its certificate is not",
                where=str(folder / "authority"),
                expected="this folder; bring it back from offline storage and repeat the command",
            )
        authority = self._authority()
        count = authority.revoke(name, datetime.now(UTC))
        write_private(folder / "broker" / "crl.pem", authority.revocation_list())
        hand_over(folder / "broker", known.user or ACCOUNT)
        return count

    def _authority(self) -> Authority:
        folder = self.path.absolute()
        return existing_authority(folder / "authority", folder / "broker" / AUTHORITY)

    def _save(self, installation: _Installation) -> None:
        folder = self.path.absolute() / "broker"
        write_private(
            folder / "acl", acl(installation.sector, _clients_of(installation), installation.revoked).encode()
        )
        write_private(
            self.path / "installation.json",
            msgspec.json.format(msgspec.json.encode(installation), indent=1) + b"\n",
            to_owner=True,
        )
        hand_over(folder, installation.user or ACCOUNT)

    def _certificates(self, authority: Authority, names: Iterable[str], settings: _Installation) -> list[str]:
        folder, now, made = self.path.absolute(), datetime.now(UTC), []
        write_private(folder / "broker" / AUTHORITY, authority.certificate_pem)
        server = folder / "broker" / "server.pem"
        pem = server.read_bytes() if server.exists() else b""
        if not authority.serves(pem, settings.hosts, now, left=settings.margin):
            write_pair(authority.server(settings.hosts, settings.days), server.parent, server.name, "server.key")
            made.append("broker")
        for name in names:
            bundle = IdentityFolder(folder).bundle(name)
            if not (bundle / CERTIFICATE).exists() or not authority.holds(name, now, left=settings.margin):
                write_pair(authority.client(name, settings.days), bundle, CERTIFICATE, CERTIFICATE_KEY)
                made.append(name)
            write_private(bundle / AUTHORITY, authority.certificate_pem, to_owner=True)
        return made

    def _probes(self, authority: Authority, settings: _Installation) -> None:
        now, days = datetime.now(UTC), settings.days
        for name in (*(probe.name for probe in PROBES.values()), PROBE_REVOKED):
            held = name == PROBE_REVOKED or authority.holds(name, now, left=settings.margin)
            if not (self._probe(name) / CERTIFICATE).exists() or not held:
                self._put_probe(name, authority.client(name, days), authority)
        if not (self._probe(PROBE_EXPIRED) / CERTIFICATE).exists():
            self._put_probe(PROBE_EXPIRED, authority.client(PROBE_EXPIRED, -1.0), authority)
            other = Authority(self._probe(PROBE_STRANGER) / "authority", name="another authority")
            self._put_probe(PROBE_STRANGER, other.client(PROBES["ingest"].name, days), authority)
        authority.revoke(PROBE_REVOKED, now)

    def _probe(self, name: str) -> Path:
        return self.path.absolute() / "probes" / name

    def _put_probe(self, name: str, pair: Pair, authority: Authority) -> None:
        write_pair(pair, self._probe(name), CERTIFICATE, CERTIFICATE_KEY)
        write_private(self._probe(name) / AUTHORITY, authority.certificate_pem, to_owner=True)


def acl(sector: str, clients: Sequence[Client], revoked: Sequence[str]) -> str:
    """Return Mosquitto's ACL file: sensors and units by ``pattern`` on their certificate's name, others by name.

    A pattern gives every client both a sensor's and a unit's branch under its name; a denial removes the one that does
    not apply. Denials precede all other rules, and a name that is not listed has no certificate.
    """
    lines = ["# Written by `watchline broker config`; do not edit."]
    for owner in ("sensor", "unit"):
        for access, channels in (("write", OWN_WRITE[owner]), ("read", OWN_READ[owner])):
            lines += [f"pattern {access} {PREFIX}/{sector}/{owner}/%u/{channel}" for channel in channels]
    for client in clients:
        lines += ["", f"user {client.name}"]
        if client.name in revoked:
            lines.append("topic deny #")
            continue
        lines += [
            f"topic deny {PREFIX}/{sector}/{owner}/{client.name}/#"
            for owner in ("sensor", "unit")
            if owner != client.owner
        ]
        for access, filters in (("write", write_filters(client, sector)), ("read", read_filters(client, sector))):
            own_topics = f"/{client.owner}/{client.name}/"
            lines += [f"topic {access} {pattern}" for pattern in filters if own_topics not in pattern]
    return "\n".join(lines) + "\n"


def _configuration(settings: _Installation, *, persistence: bool) -> str:
    lines = [
        "# Written by `watchline broker config`. Start in this folder: mosquitto -c mosquitto.conf",
        *listener(settings.listen, settings.port, settings.user, packet_bytes=MAX_PACKET_BYTES),
        f"persistence {'true' if persistence else 'false'}",
    ]
    return "\n".join(lines) + "\n"


def listener(listen: str, port: int, user: str | None, *, packet_bytes: int) -> list[str]:
    """Return the lines of a listener that knows each client by its certificate, and allows what the file acl says.

    ``user``: the account that Mosquitto changes to; None: its own choice. ``packet_bytes``: largest packet.
    """
    lines = [
        f"listener {port} {listen}",
        "cafile ca.pem",
        "certfile server.pem",
        "keyfile server.key",
        "crlfile crl.pem",
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",  # otherwise one client could take over another's session by its id
        "allow_anonymous false",
        "acl_file acl",
        "set_tcp_nodelay true",
        "max_inflight_messages 1000",
        "max_queued_messages 0",  # the default silently drops messages beyond 1000
        "max_queued_bytes 268435456",
        f"max_packet_size {packet_bytes}",
        "max_keepalive 30",
        "persistent_client_expiration 7d",
        "persistence_location ./",
        "pid_file mosquitto.pid",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "connection_messages false",
    ]
    return lines if user is None else [*lines, f"user {user}"]


def _clients(options: BrokerOptions) -> list[Client]:
    """Return all clients with a certificate: sensors, units, the operator, and our two processes; not the probes."""
    units = [unit for unit in dict.fromkeys(options.units) if unit != UNIT]
    clients = [Client(name, "sensor") for name in dict.fromkeys(options.sensors)]
    clients += [Client(name, "unit") for name in units]
    if INGEST_UNITS in {client.name for client in clients}:
        raise IdentityError(f"{INGEST_UNITS} is reserved for ingest", where="names", expected="another name")
    clients += [
        Client(UNIT, "operator"),
        Client(INGEST, "ingest"),
        Client(INGEST_UNITS, "ingest"),
        Client(FEED, "feed"),
        Client(FIELD, "field"),
        Client(FIELD_FEEDS, "field"),
    ]
    for client in clients:
        if client.name.startswith("probe-"):
            raise IdentityError(
                f"{client.name} is reserved for `broker check`", where=client.part, expected="another name"
            )
    return clients


def _clients_of(installation: _Installation) -> list[Client]:
    return [Client(name, part) for name, part in sorted(installation.clients.items())] + list(PROBES.values())


def write_pair(pair: Pair, folder: Path, certificate: str, key: str) -> None:
    """Write a certificate and its key under these names."""
    write_private(folder / key, pair.key, to_owner=True)
    write_private(folder / certificate, pair.certificate, to_owner=True)


def hand_over(folder: Path, account: str) -> None:
    """Give the broker's folder to the account that Mosquitto becomes, if root writes it and this machine has one."""
    if os.geteuid() != 0:
        return
    try:
        owner = pwd.getpwnam(account)
    except KeyError:
        return
    for path in (folder, *folder.iterdir()):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def running_process(folder: BrokerFolder) -> int | None:
    """Return the process id of the Mosquitto running with this folder on this machine; None when there is none."""
    try:
        process = int(folder.process.read_text())
        os.kill(process, 0)
    except (OSError, ValueError):
        return None
    return process
