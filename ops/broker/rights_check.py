"""Test of a broker's ACL: every kind of client of a sector attempts every operation on the live broker.

Parties {sensor A, sensor B, unit, operator, ingest, feed, field, revoked, expired, stranger, none, plaintext} × actions
{publish, retain, will, receive} × topics or filters. The expected result comes from ``ops.broker.topic_rights``, not
from the broker's files. A subscription may be granted and yet deliver nothing (Mosquitto checks rights on delivery), so
*receive* is tested. The probes have identities reserved for the test: a check disturbs no sensor, and ingest turns
messages from them into dead letters.
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
"""Clients that must not connect: bad certificates, one of another authority, no certificate, no TLS."""


WILL_WITHIN_S: Final = 20.0
"""Maximum wait for an expected last will."""


@dataclass(frozen=True, slots=True)
class RightsCell:
    """One cell of the matrix: whether the operation is allowed, and whether it succeeded."""

    who: str
    what: str
    where: str
    allowed: bool
    happened: bool

    @property
    def ok(self) -> bool:
        return self.allowed == self.happened

    def as_dict(self) -> dict[str, str | bool]:
        """Return the cell as plain values."""
        return {
            "who": self.who,
            "what": self.what,
            "where": self.where,
            "allowed": self.allowed,
            "happened": self.happened,
        }


@dataclass(slots=True)
class Matrix:
    """The results so far, and the address of the broker under test."""

    host: str
    port: int
    folder: BrokerFolder
    sector: str
    findings: list[RightsCell] = field(default_factory=list)

    def note(self, party: str, action: str, where: str, *, allowed: bool, happened: bool) -> None:
        self.findings.append(RightsCell(party, action, where, allowed, happened))

    def probe(self, name: str, will: tuple[str, bytes, bool] | None = None, *, client_id: str = "") -> Probe:
        """Create a probe, not yet connected."""
        tls = open_bundle(self.folder.path / "probes" / name).tls
        return Probe(self.host, self.port, client_id or name, tls=tls, will=will)


def check_broker(host: str, port: int, config: Path, *, progress: Callable[[str], None] = lambda _: None) -> Matrix:
    """Run all tests; BrokerError when the broker does not answer at all, IdentityError without its configuration."""
    folder = BrokerFolder(config)
    matrix = Matrix(host, port, folder, folder.installation().sector)
    with connected(matrix) as probes:
        progress("receive")
        check_receiving(matrix, probes)
        progress("publish")
        _check_publishing(matrix, probes)
    progress("takeover")
    _check_takeover(matrix)
    progress("wills")
    _check_wills(matrix)
    progress("outsiders")
    _check_outsiders(matrix)
    return matrix


def check_receiving(matrix: Matrix, probes: dict[str, Probe]) -> None:
    """For each filter: subscribe every probe, publish on every permitted topic, and record who received what."""
    for pattern in _filters(matrix.sector):
        tag = secrets.token_hex(8).encode()
        for party, probe in probes.items():
            probe.received.clear()
            probe.subscribe(pattern.replace("{group}", PROBES[party].name))
        published = [
            topic for party, topic in _legitimate(matrix.sector) if probes[party].publish(topic, tag) < REFUSED
        ]
        for party, probe in probes.items():
            probe.unsubscribe(
                pattern.replace("{group}", PROBES[party].name)
            )  # the answer arrives after all messages sent before it
        taken = [topic for topic in published if _takes(pattern, topic)]
        for party, client in PROBES.items():
            heard = {topic for topic, payload, _ in probes[party].received if payload == tag}
            for topic in published:
                allowed = topic in taken and may_read(client, matrix.sector, topic)
                if topic in taken or topic in heard:
                    matrix.note(party, "receive", f"{pattern} ← {topic}", allowed=allowed, happened=topic in heard)
            others = {topic for topic, payload, _ in probes[party].received if payload != tag}
            foreign = {topic for topic in others if not may_read(client, matrix.sector, topic)}
            matrix.note(party, "receive", f"{pattern} ← anything else", allowed=False, happened=bool(foreign))


def _check_publishing(matrix: Matrix, probes: dict[str, Probe]) -> None:
    """Publish from every probe on every topic, retained or not; the PUBACK and permitted readers show the result."""
    for party, client in PROBES.items():
        for topic in _topics(matrix.sector):
            allowed = may_write(client, matrix.sector, topic)
            for action, retain in (("publish", False), ("retain", True)):
                code, seen = _publish(matrix, probes, (party, topic), retain=retain)
                matrix.note(party, action, topic, allowed=allowed, happened=code < REFUSED or seen)
                if retain and code < REFUSED:
                    probes[party].publish(topic, b"", retain=True)


def _check_wills(matrix: Matrix) -> None:
    """Connect every probe with a last will on each of these topics and drop it; permitted readers show the result."""
    wanted = [topic for topic in _topics(matrix.sector) if not topic.startswith("$")]
    for party, client in PROBES.items():
        with connected(matrix, but=party) as probes:
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
                happened = _was_received(list(probes.values()), tag, within_s=WILL_WITHIN_S if allowed else 0.0)
                matrix.note(party, "will", topic, allowed=allowed, happened=happened)
                if allowed:
                    cleaner = matrix.probe(client.name).connect()
                    cleaner.publish(topic, b"", retain=True)
                    cleaner.close()


def _check_takeover(matrix: Matrix) -> None:
    """Connect sensor A under the client id of sensor B, whose session must not be affected."""
    victim = matrix.probe(PROBES["sensor B"].name).connect()
    other = matrix.probe(PROBES["sensor A"].name, client_id=PROBES["sensor B"].name)
    with suppress(BrokerError):
        other.connect()
        other.subscribe(f"{PREFIX}/none")
    victim.subscribe(f"{PREFIX}/none")  # an answer, or the end of the connection, shows the result
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
    for party in OUTSIDERS:
        entered = False
        with suppress(BrokerError):
            probe = attempts[party]().connect()
            entered = True
            probe.close()
        for action in ("connect", "publish", "retain", "will", "receive"):
            matrix.note(party, action, "everything", allowed=False, happened=entered)


def _publish(matrix: Matrix, probes: dict[str, Probe], cell: tuple[str, str], *, retain: bool) -> tuple[int, bool]:
    """Publish once; return the reason code and whether a permitted reader got it. ``cell``: (party, topic)."""
    (party, topic), tag = cell, secrets.token_hex(8).encode()
    readers = [
        (reader, pattern)
        for reader, client in PROBES.items()
        for pattern in read_filters(client, matrix.sector)
        if matches(pattern, topic)
    ]
    for reader, pattern in readers:
        probes[reader].subscribe(pattern)
    code = probes[party].publish(topic, tag, retain=retain)
    if code >= REFUSED:  # Mosquitto 2.0 closes the connection on a forbidden publication
        probes[party].close()
        probes[party] = matrix.probe(PROBES[party].name).connect()
        readers = [(reader, pattern) for reader, pattern in readers if reader != party]
    for reader, pattern in readers:
        probes[reader].unsubscribe(pattern)
    return code, any(payload == tag for reader, _ in readers for _, payload, _ in probes[reader].received)


@contextmanager
def connected(matrix: Matrix, but: str = "") -> Iterator[dict[str, Probe]]:
    """Connect all probes, except the one named ``but``."""
    probes: dict[str, Probe] = {}
    try:
        for party, client in PROBES.items():
            if party != but:
                probes[party] = matrix.probe(client.name).connect()
        yield probes
    finally:
        for probe in probes.values():
            probe.close()


def _was_received(readers: Sequence[Probe], tag: bytes, *, within_s: float) -> bool:
    """Return whether any reader got this payload, after a round trip of each to the broker or within the time."""
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
    """Return (party, topic) pairs: one message on every topic that a party may write."""
    permitted = [(party, topic) for party, client in PROBES.items() for topic in _own_topics(client, sector, OWN_WRITE)]
    for client in PROBES.values():
        writer = "ingest" if client.owner == "sensor" else "feed"
        permitted += [(writer, topic) for topic in _own_topics(client, sector, OWN_READ)]
    return [*permitted, ("feed", f"{PREFIX}/{sector}/tracks")]


def _own_topics(client: Client, sector: str, channels: Mapping[Owner, Sequence[str]]) -> list[str]:
    if client.owner is None:
        return []
    return [f"{PREFIX}/{sector}/{client.owner}/{client.name}/{channel}" for channel in channels[client.owner]]


def _filters(sector: str) -> list[str]:
    """Return the filters to subscribe to: wildcards, shared subscriptions (one group per probe), the broker's own
    topics, other clients' names and malformed patterns.
    """
    base = f"{PREFIX}/{sector}"
    return [
        *sorted({pattern for client in PROBES.values() for pattern in read_filters(client, sector)}),
        *(topic for client in PROBES.values() for topic in _own_topics(client, sector, OWN_WRITE)),
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
    """Return the topics to publish on: every channel of every probe, our own, and names that escape their level."""
    a, b, unit = PROBES["sensor A"].name, PROBES["sensor B"].name, PROBES["unit"].name
    base = f"{PREFIX}/{sector}"
    every = [
        topic
        for client in PROBES.values()
        for channels in (OWN_WRITE, OWN_READ)
        for topic in _own_topics(client, sector, channels)
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
