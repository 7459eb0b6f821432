"""MQTT topics: built and parsed in this module, so that no name can contain a level separator or a wildcard.

``watchline/1/{sector}/sensor/{sensor}/detections | status | ack``
``watchline/1/{sector}/unit/{unit}/alerts | updates | position | reply | resend``
``watchline/1/{sector}/tracks``
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from ingest.errors import MalformedMessage, TopicError

__all__ = ["Topic", "identifier", "parse", "sensor_filter", "sensor_topic", "unit_filter", "unit_topic"]

PREFIX: Final = "watchline/1"
IDENTIFIER_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)"
"""Names of sectors, sensors and units. ASCII only: they become topics, file names and table cells."""
IDENTIFIER_RULE: Final = "1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or digit"

Owner = Literal["sensor", "unit", "sector"]
SENSOR_CHANNELS: Final = ("detections", "status")
"""What a sensor publishes."""
CHANNELS: Final[dict[Owner, frozenset[str]]] = {
    "sensor": frozenset({*SENSOR_CHANNELS, "ack"}),
    "unit": frozenset({"alerts", "updates", "position", "reply", "resend"}),
    "sector": frozenset({"tracks"}),
}
_IDENTIFIER = re.compile(IDENTIFIER_PATTERN)
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic.

    Parameters
    ----------
    sector : str
        Name of the sector.
    owner : {"sensor", "unit", "sector"}
        Kind of sender.
    name : str
        Name of the sensor or unit; of the sector for ``tracks``.
    channel : str
        Last part of the topic, such as ``detections``.
    """

    sector: str
    owner: Owner
    name: str
    channel: str

    @property
    def text(self) -> str:
        """The topic as written on the wire."""
        if self.owner == "sector":
            return f"{PREFIX}/{self.sector}/{self.channel}"
        return f"{PREFIX}/{self.sector}/{self.owner}/{self.name}/{self.channel}"


def identifier(name: str, where: str) -> str:
    """Return a name that is valid as part of a topic.

    Parameters
    ----------
    name : str
        Name of a sector, sensor or unit.
    where : str
        What the name belongs to, for the error.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    TopicError
        When the name is not 1 to 64 of ``A-Z a-z 0-9 . _ -``, the first a letter or digit.

    Examples
    --------
    >>> from ingest.topics import identifier
    >>> identifier("radar-west", "sensor")
    'radar-west'
    """
    if not isinstance(name, str) or not _IDENTIFIER.search(name):
        raise TopicError(f"{ascii(name)[:80]} is not a name", where=where, expected=IDENTIFIER_RULE)
    return name


def sensor_topic(sector: str, sensor: str, channel: str) -> str:
    """Build the topic of one channel of a sensor.

    Parameters
    ----------
    sector : str
        Name of the sector.
    sensor : str
        Id of the sensor.
    channel : {"detections", "status", "ack"}
        The channel.

    Returns
    -------
    str
        ``watchline/1/{sector}/sensor/{sensor}/{channel}``.

    Raises
    ------
    TopicError
        On a name or channel that is not allowed.

    Examples
    --------
    >>> from ingest.topics import sensor_topic
    >>> sensor_topic("cumberland", "radar-west", "status")
    'watchline/1/cumberland/sensor/radar-west/status'
    """
    return _build(sector, "sensor", sensor, channel)


def unit_topic(sector: str, unit: str, channel: str) -> str:
    """Build the topic of one channel of a unit.

    Parameters
    ----------
    sector : str
        Name of the sector.
    unit : str
        Name of the unit.
    channel : {"alerts", "updates", "position", "reply", "resend"}
        The channel.

    Returns
    -------
    str
        ``watchline/1/{sector}/unit/{unit}/{channel}``.

    Raises
    ------
    TopicError
        On a name or channel that is not allowed.
    """
    return _build(sector, "unit", unit, channel)


def sensor_filter(sector: str, channel: str) -> str:
    """Build the subscription for one channel of every sensor of a sector.

    Parameters
    ----------
    sector : str
        Name of the sector.
    channel : {"detections", "status", "ack"}
        The channel.

    Returns
    -------
    str
        The topic filter (MQTT 5.0, 4.7).

    Raises
    ------
    TopicError
        On a name or channel that is not allowed.

    Examples
    --------
    >>> from ingest.topics import sensor_filter
    >>> sensor_filter("cumberland", "status")
    'watchline/1/cumberland/sensor/+/status'
    """
    return f"{PREFIX}/{identifier(sector, 'sector')}/sensor/+/{_channel('sensor', channel)}"


def unit_filter(sector: str, channel: str) -> str:
    """Build the subscription for one channel of every unit of a sector.

    Parameters
    ----------
    sector : str
        Name of the sector.
    channel : {"alerts", "updates", "position", "reply", "resend"}
        The channel.

    Returns
    -------
    str
        The topic filter (MQTT 5.0, 4.7).

    Raises
    ------
    TopicError
        On a name or channel that is not allowed.
    """
    return f"{PREFIX}/{identifier(sector, 'sector')}/unit/+/{_channel('unit', channel)}"


@lru_cache(maxsize=4096)
def parse(topic: str) -> Topic:
    """Parse a topic.

    Parameters
    ----------
    topic : str
        The topic of a message.

    Returns
    -------
    Topic
        Its parts.

    Raises
    ------
    MalformedMessage
        With the code ``bad_topic``, for every text that the functions of this module do not build.

    Examples
    --------
    >>> from ingest.topics import parse
    >>> topic = parse("watchline/1/cumberland/sensor/radar-west/status")
    >>> topic.owner, topic.name, topic.channel
    ('sensor', 'radar-west', 'status')
    """
    parts = topic.split("/") if len(topic) <= _LONGEST else []
    if parts[:2] == PREFIX.split("/") and all(_IDENTIFIER.search(part) for part in parts[2:]):
        if len(parts) == 4 and parts[3] in CHANNELS["sector"]:
            return Topic(parts[2], "sector", parts[2], parts[3])
        if len(parts) == 6 and parts[3] == "sensor" and parts[5] in CHANNELS["sensor"]:
            return Topic(parts[2], "sensor", parts[4], parts[5])
        if len(parts) == 6 and parts[3] == "unit" and parts[5] in CHANNELS["unit"]:
            return Topic(parts[2], "unit", parts[4], parts[5])
    raise bad_topic(topic)


def parse_or_none(topic: str) -> Topic | None:
    """The parts of a topic; None for an invalid one."""
    try:
        return parse(topic)
    except MalformedMessage:
        return None


def bad_topic(topic: str) -> MalformedMessage:
    """The error of a text that is not a topic."""
    return MalformedMessage(
        "bad_topic", "topic", f"{topic[:80]!a} is not a topic", f"{PREFIX}/<sector>/sensor/<sensor>/<channel>"
    )


def _build(sector: str, owner: Owner, name: str, channel: str) -> str:
    return Topic(identifier(sector, "sector"), owner, identifier(name, owner), _channel(owner, channel)).text


def _channel(owner: Owner, channel: str) -> str:
    if channel not in CHANNELS[owner]:
        allowed = " | ".join(sorted(CHANNELS[owner]))
        raise TopicError(f"{ascii(channel)[:80]} is not a channel of a {owner}", where="channel", expected=allowed)
    return channel
