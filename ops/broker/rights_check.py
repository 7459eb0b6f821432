"""Proof of a broker's rights: every part of a sector tries everything against the live broker, allowed or not.

Who {sensor A, sensor B, unit, operator, ingest, feed, revoked, expired, stranger, none, plaintext} × what {publish,
retain, will, receive} × which topic or filter. What may happen comes from ``ops.broker.topic_rights``, not from the
broker's files. A subscription may be granted and yet bring nothing (Mosquitto judges when it delivers), so *receive* is
judged. The probes are identities of their own: a check disturbs no sensor, and what ingest gets of it are dead letters.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingest.errors import BrokerError
from ingest.security.key_bundle import AUTHORITY, open_bundle
from ingest.security.key_register import TlsFiles
from ingest.topics import PREFIX, Owner
from ops.broker.mosquitto_config import PROBE_EXPIRED, PROBE_REVOKED, PROBE_STRANGER, PROBES, BrokerFolder
from ops.broker.probe import REFUSED, Probe
from ops.broker.topic_rights import OWN_READ, OWN_WRITE, Client, matches, may_read, may_write, read_filters

OUTSIDERS: Final = ("revoked", "expired", "stranger", "none", "plaintext")
"""Who may not connect at all: bad certificates, one by another authority, no certificate, no TLS."""


WILL_WITHIN_S: Final = 3.0
"""How long a last will that should come is waited for."""


@dataclass(frozen=True, slots=True)
class RightsCell:
    """One cell of the matrix: may it happen, and did it?"""

    who: str
    what: str
    where: str
    allowed: bool
    happened: bool

    @property
    def ok(self) -> bool:
        return self.allowed == self.happened

    def as_dict(self) -> dict[str, str | bool]:
        """Plain values."""
        return {
            "who": self.who,
            "what": self.what,
            "where": self.where,
            "allowed": self.allowed,
            "happened": self.happened,
        }


@dataclass(slots=True)
class Matrix:
    """The findings so far, and how to reach the broker under check."""

    host: str
    port: int
    folder: BrokerFolder
    sector: str
    findings: list[RightsCell] = field(default_factory=list)

    def note(self, who: str, what: str, where: str, *, allowed: bool, happened: bool) -> None:
        self.findings.append(RightsCell(who, what, where, allowed, happened))

    def probe(self, name: str, will: tuple[str, bytes, bool] | None = None, *, client_id: str = "") -> Probe:
        """A probe, not yet connected."""
        tls = open_bundle(self.folder.path / "probes" / name).tls
        return Probe(self.host, self.port, client_id or name, tls=tls, will=will)


def check_broker(host: str, port: int, config: Path, *, progress: Callable[[str], None] = lambda _: None) -> Matrix:
    """Try everything; BrokerError when the broker does not answer at all, IdentityError without its configuration."""
    folder = BrokerFolder(config)
    matrix = Matrix(host, port, folder, folder.installation().sector)
    with connected(matrix) as probes:
        progress("receive")
        check_receiving(matrix, probes)
        progress("publish and retain")
        _check_publishing(matrix, probes)
    progress("ids")
    _check_takeover(matrix)
    progress("last wills")
    _check_wills(matrix)
    progress("who may not connect")
    _check_outsiders(matrix)
    return matrix


def check_receiving(matrix: Matrix, probes: dict[str, Probe]) -> None:
    """For each filter: everybody subscribes to it, everything that may be said is said, and who heard what is noted."""
    for pattern in _filters(matrix.sector):
        tag = secrets.token_hex(8).encode()
        for who, probe in probes.items():
            probe.received.clear()
            probe.subscribe(pattern.replace("{group}", PROBES[who].name))
        published = [topic for who, topic in _legitimate(matrix.sector) if probes[who].publish(topic, tag) < REFUSED]
        for who, probe in probes.items():
            probe.unsubscribe(
                pattern.replace("{group}", PROBES[who].name)
            )  # its answer comes after all that was sent before
        taken = [topic for topic in published if _takes(pattern, topic)]
        for who, client in PROBES.items():
            heard = {topic for topic, payload, _ in probes[who].received if payload == tag}
            for topic in published:
                allowed = topic in taken and may_read(client, matrix.sector, topic)
                if topic in taken or topic in heard:
                    matrix.note(who, "receive", f"{pattern} ← {topic}", allowed=allowed, happened=topic in heard)
            others = {topic for topic, payload, _ in probes[who].received if payload != tag}
            foreign = {topic for topic in others if not may_read(client, matrix.sector, topic)}
            matrix.note(who, "receive", f"{pattern} ← anything else", allowed=False, happened=bool(foreign))


def _check_publishing(matrix: Matrix, probes: dict[str, Probe]) -> None:
    """Everybody publishes on every topic, retained or not; the PUBACK and those who may read it tell what happened."""
    for who, client in PROBES.items():
        for topic in _topics(matrix.sector):
            allowed = may_write(client, matrix.sector, topic)
            for what, retain in (("publish", False), ("retain", True)):
                code, seen = _publish(matrix, probes, (who, topic), retain=retain)
                matrix.note(who, what, topic, allowed=allowed, happened=code < REFUSED or seen)
                if retain and code < REFUSED:
                    probes[who].publish(topic, b"", retain=True)


def _check_wills(matrix: Matrix) -> None:
    """Everybody connects with a last will on each of these topics and dies; those who may read them tell."""
    wanted = [topic for topic in _topics(matrix.sector) if not topic.startswith("$")]
    for who, client in PROBES.items():
        with connected(matrix, but=who) as probes:
            for reader, probe in probes.items():
                for pattern in read_filters(PROBES[reader], matrix.sector):
                    probe.subscribe(pattern)
            for topic in wanted:
                if not any(may_read(PROBES[reader], matrix.sector, topic) for reader in probes):
                    continue
                tag = secrets.token_hex(8).encode()
                with suppress(BrokerError):  # a broker may refuse such a connection outright
                    matrix.probe(client.name, (topic, tag, True)).connect().drop()
                allowed = may_write(client, matrix.sector, topic)
                happened = _heard(list(probes.values()), tag, within_s=WILL_WITHIN_S if allowed else 0.0)
                matrix.note(who, "will", topic, allowed=allowed, happened=happened)
                if allowed:
                    cleaner = matrix.probe(client.name).connect()
                    cleaner.publish(topic, b"", retain=True)
                    cleaner.close()


def _check_takeover(matrix: Matrix) -> None:
    """Sensor A connects under the client id of sensor B, whose session must not be touched."""
    victim = matrix.probe(PROBES["sensor B"].name).connect()
    other = matrix.probe(PROBES["sensor A"].name, client_id=PROBES["sensor B"].name)
    with suppress(BrokerError):
        other.connect()
        other.subscribe(f"{PREFIX}/none")
    victim.subscribe(f"{PREFIX}/none")  # an answer, or the end of the connection, tells
    matrix.note("sensor A", "take over", "the session of sensor B", allowed=False, happened=not victim.alive)
    other.close()
    victim.close()


def _check_outsiders(matrix: Matrix) -> None:
    authority = TlsFiles(matrix.folder.path / "broker" / AUTHORITY)
    attempts: dict[str, Callable[[], Probe]] = {
        "revoked": lambda: matrix.probe(PROBE_REVOKED),
        "expired": lambda: matrix.probe(PROBE_EXPIRED),
        "stranger": lambda: matrix.probe(PROBE_STRANGER),
        "none": lambda: Probe(matrix.host, matrix.port, "nobody", tls=authority),
        "plaintext": lambda: Probe(matrix.host, matrix.port, PROBES["ingest"].name),
    }
    for who in OUTSIDERS:
        entered = False
        with suppress(BrokerError):
            probe = attempts[who]().connect()
            entered = True
            probe.close()
        for what in ("connect", "publish", "retain", "will", "receive"):
            matrix.note(who, what, "everything", allowed=False, happened=entered)


def _publish(matrix: Matrix, probes: dict[str, Probe], cell: tuple[str, str], *, retain: bool) -> tuple[int, bool]:
    """The answer to one publication, and whether anybody who may read the topic got it. ``cell``: who, topic."""
    (who, topic), tag = cell, secrets.token_hex(8).encode()
    readers = [
        (reader, pattern)
        for reader, client in PROBES.items()
        for pattern in read_filters(client, matrix.sector)
        if matches(pattern, topic)
    ]
    for reader, pattern in readers:
        probes[reader].subscribe(pattern)
    code = probes[who].publish(topic, tag, retain=retain)
    if code >= REFUSED:  # Mosquitto 2.0 ends the connection of who publishes where it may not
        probes[who].close()
        probes[who] = matrix.probe(PROBES[who].name).connect()
        readers = [(reader, pattern) for reader, pattern in readers if reader != who]
    for reader, pattern in readers:
        probes[reader].unsubscribe(pattern)
    return code, any(payload == tag for reader, _ in readers for _, payload, _ in probes[reader].received)


@contextmanager
def connected(matrix: Matrix, but: str = "") -> Iterator[dict[str, Probe]]:
    """All probes, but perhaps one, connected."""
    probes: dict[str, Probe] = {}
    try:
        for who, client in PROBES.items():
            if who != but:
                probes[who] = matrix.probe(client.name).connect()
        yield probes
    finally:
        for probe in probes.values():
            probe.close()


def _heard(readers: Sequence[Probe], tag: bytes, *, within_s: float) -> bool:
    """Whether anybody got this payload, once each has made a round trip to the broker, or within the time."""
    deadline = time.monotonic() + within_s
    while True:
        for reader in readers:
            reader.subscribe(f"{PREFIX}/none")
        if any(payload == tag for reader in readers for _, payload, _ in reader.received):
            return True
        if time.monotonic() >= deadline:
            return False


def _takes(pattern: str, topic: str) -> bool:
    if pattern.startswith("$share/"):
        pattern = pattern.split("/", 2)[2]
    return matches(pattern, topic)


def _legitimate(sector: str) -> list[tuple[str, str]]:
    """(who, topic): one message on every topic that somebody may write."""
    permitted = [(who, topic) for who, client in PROBES.items() for topic in _own(client, sector, OWN_WRITE)]
    for client in PROBES.values():
        writer = "ingest" if client.owner == "sensor" else "feed"
        permitted += [(writer, topic) for topic in _own(client, sector, OWN_READ)]
    return [*permitted, ("feed", f"{PREFIX}/{sector}/tracks")]


def _own(client: Client, sector: str, channels: Mapping[Owner, Sequence[str]]) -> list[str]:
    if client.owner is None:
        return []
    return [f"{PREFIX}/{sector}/{client.owner}/{client.name}/{channel}" for channel in channels[client.owner]]


def _filters(sector: str) -> list[str]:
    """What is subscribed to: everything by wildcard, shares (each probe a group of its own), the broker's own topics,
    names of others, tricks."""
    base = f"{PREFIX}/{sector}"
    return [
        *sorted({pattern for client in PROBES.values() for pattern in read_filters(client, sector)}),
        *(topic for client in PROBES.values() for topic in _own(client, sector, OWN_WRITE)),
        "#",
        "+/#",
        "watchline/#",
        f"{base}/#",
        f"{base}/sensor/+/+",
        f"{base}/+/+/alerts",
        "$SYS/#",
        "$share/{group}/#",
        f"$share/{{group}}/{base}/#",
        f"$share/{{group}}/{base}/sensor/+/detections",
        f"{PREFIX}/+/sensor/{PROBES['sensor B'].name}/ack",
    ]


def _topics(sector: str) -> list[str]:
    """What is published on: every channel of every probe, our own, and names that try to climb out of their level."""
    a, b, unit = PROBES["sensor A"].name, PROBES["sensor B"].name, PROBES["unit"].name
    base = f"{PREFIX}/{sector}"
    every = [
        topic
        for client in PROBES.values()
        for channels in (OWN_WRITE, OWN_READ)
        for topic in _own(client, sector, channels)
    ]
    return [
        *every,
        f"{base}/tracks",
        f"{base}/unit/{a}/position",
        f"{base}/sensor/{unit}/detections",
        f"{base}/sensor/{a}/detections/",
        f"{base}/sensor/{a}/../{b}/detections",
        f"{base}/sensor//detections",
        f"{base}//sensor/{b}/detections",
        f"/{base}/sensor/{b}/detections",
        f"{base}/sensor/{b.upper()}/detections",
        f"{base}/sensor/%u/detections",
        f"{PREFIX}/elsewhere/sensor/{a}/detections",
        "$SYS/broker/version",
        f"$share/probes/{base}/sensor/{b}/detections",
    ]
