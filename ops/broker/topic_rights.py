"""Write and read rights by topic: the table from which the broker's ACL is generated and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ingest.topics import PREFIX, Owner, sensor_filter, unit_filter

BrokerRole = Literal["sensor", "unit", "operator", "ingest", "feed", "field"]
"""The part of a client in a sector, which its certificate's name stands for."""

OWN_WRITE: Final[dict[Owner, tuple[str, ...]]] = {"sensor": ("detections", "status"), "unit": ("position", "reply")}
OWN_READ: Final[dict[Owner, tuple[str, ...]]] = {"sensor": ("ack",), "unit": ("alerts",)}
"""Channels that a sensor or unit writes or reads under its own name only."""


@dataclass(frozen=True, slots=True)
class Client:
    """A name and its part. The operator is a unit that also reads the alerts of all units and the map's tracks."""

    name: str
    part: BrokerRole

    @property
    def owner(self) -> Owner | None:
        """The topic branch under which this client has channels of its own."""
        return "sensor" if self.part == "sensor" else "unit" if self.part in ("unit", "operator") else None


def write_filters(client: Client, sector: str) -> list[str]:
    """Return the topics that this client may publish on, as filters."""
    if client.part == "ingest":  # status: only to clear what a revoked sensor left
        return [sensor_filter(sector, "ack"), sensor_filter(sector, "status")]
    if client.part == "feed":
        return [unit_filter(sector, "alerts"), f"{PREFIX}/{sector}/tracks"]
    if client.part == "field":  # messages of units that came by another way than MQTT
        return [unit_filter(sector, channel) for channel in OWN_WRITE["unit"]]
    return [_own_topic(client, sector, channel) for channel in OWN_WRITE[_owner(client)]]


def read_filters(client: Client, sector: str) -> list[str]:
    """Return the topics whose messages this client may receive, as filters."""
    if client.part == "ingest":
        of_sensors = [sensor_filter(sector, channel) for channel in OWN_WRITE["sensor"]]
        return of_sensors + [unit_filter(sector, channel) for channel in OWN_WRITE["unit"]]
    if client.part in ("feed", "field"):
        return []
    own_filters = [_own_topic(client, sector, channel) for channel in OWN_READ[_owner(client)]]
    if client.part == "operator":
        return [unit_filter(sector, "alerts"), f"{PREFIX}/{sector}/tracks"]
    return own_filters + ([f"{PREFIX}/{sector}/tracks"] if client.part == "unit" else [])


def may_write(client: Client, sector: str, topic: str) -> bool:
    """Return whether this client may publish on ``topic``."""
    return any(matches(pattern, topic) for pattern in write_filters(client, sector))


def may_read(client: Client, sector: str, topic: str) -> bool:
    """Return whether this client may receive a message on ``topic``, whatever its subscriptions."""
    return any(matches(pattern, topic) for pattern in read_filters(client, sector))


def matches(pattern: str, topic: str) -> bool:
    """Return whether an MQTT topic filter matches (``+`` one level, ``#`` the rest, no ``$`` topics by wildcard)."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(levels) or level not in ("+", levels[i]):
            return False
    return len(wanted) == len(levels)


def _owner(client: Client) -> Owner:
    assert client.owner is not None, client
    return client.owner


def _own_topic(client: Client, sector: str, channel: str) -> str:
    return f"{PREFIX}/{sector}/{client.owner}/{client.name}/{channel}"
