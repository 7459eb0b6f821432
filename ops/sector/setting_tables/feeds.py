"""The table ``[feeds]`` of the settings file: what each field unit receives, and the other receivers of alerts.

A feed has a table of its own in it: a record here or in a file beside this one, a field of ``FeedsSettings``, and an
entry in ``FEED_TABLES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final, Literal

from geo.errors import BadInput
from ingest.compact import MOST_TOGETHER
from ingest.topics import identifier
from ops.sector.setting_tables.cot import CotSettings, cot_errors
from ops.sector.setting_tables.named import named_errors
from ops.sector.setting_tables.push import CapSettings, PushReceiver, PushSettings
from ops.sector.toml_record import ConfigError, record_errors

MOST_A_MINUTE: Final = 600
LEAST_TOGETHER: Final = 300
Urgency = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class UnitFeedSettings:
    """Rules and form of the messages to one field unit. Distress calls pass every rule.

    Parameters
    ----------
    format : {"json", "compact"}
        Form of the messages over MQTT: JSON, or CBOR with at most 200 bytes for an alert.
    together_bytes : int
        In the compact form, the largest message with several alerts and incidents under one signature, from 300 to
        1,200 bytes, for units on slow links whose program reads such messages; 0: one alert or incident each. Refused
        with JSON.
    compressed : bool
        Whether messages with several alerts and incidents are compressed, for programs that read them; refused without
        ``together_bytes``.
    incidents : bool
        Whether it receives incidents besides alerts.
    least_priority : {"high", "medium", "low"}
        Alerts and incidents of a lower priority are left out, unless it got them at a higher one.
    sections : list of str
        Border sections whose alerts and incidents it receives, and those in no section; empty: all.
    quiet_hours : list of str
        Local times of day during which it is not disturbed, such as ``"22:00-06:00"``.
    never_suppress : list of str
        Priorities that quiet hours and ``most_per_minute`` do not hold back.
    one_per_incident : bool
        Whether further alerts of an incident are left out, unless their priority is higher.
    most_per_minute : int
        New alerts a minute from which on the others are summed up in a digest; 0: no limit.
    """

    format: Literal["json", "compact"] = "json"
    together_bytes: int = 0
    compressed: bool = False
    incidents: bool = True
    least_priority: Urgency = "low"
    sections: tuple[str, ...] = ()
    quiet_hours: tuple[str, ...] = ()
    never_suppress: tuple[Urgency, ...] = ("high",)
    one_per_incident: bool = False
    most_per_minute: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.most_per_minute <= MOST_A_MINUTE:
            expected = f"a whole number from 0 to {MOST_A_MINUTE}"
            raise BadInput(f"{self.most_per_minute}", where="most_per_minute", expected=expected)
        if self.together_bytes and not LEAST_TOGETHER <= self.together_bytes <= MOST_TOGETHER:
            expected = f"0, or a whole number from {LEAST_TOGETHER} to {MOST_TOGETHER}"
            raise BadInput(f"{self.together_bytes}", where="together_bytes", expected=expected)
        if self.compressed and not self.together_bytes:
            raise BadInput("true", where="compressed", expected="together_bytes above 0, or false")
        if self.together_bytes and self.format != "compact":
            expected = '"compact", which together_bytes needs'
            raise BadInput(f'"{self.format}"', where="format", expected=expected)
        _ = self.quiet_times

    @property
    def quiet_times(self) -> tuple[tuple[time, time], ...]:
        """The quiet hours as (begin, end), local time; one that ends before it begins goes over midnight."""
        return tuple(map(_span_of, self.quiet_hours))


@dataclass(frozen=True, slots=True)
class FeedsSettings:
    """Receivers of alerts and incidents.

    Parameters
    ----------
    units : table
        Settings of field units that differ from their defaults: a table for each, by its name.
    cap : table
        CAP 1.2 documents and their receivers.
    web_hook : table
        Receivers of alerts as JSON.
    cot : table
        TAK servers and multicast groups.
    """

    units: Mapping[str, UnitFeedSettings] = field(default_factory=dict)
    cap: CapSettings = field(default_factory=CapSettings)
    web_hook: PushSettings = field(default_factory=PushSettings)
    cot: CotSettings = field(default_factory=CotSettings)

    def __post_init__(self) -> None:
        for unit in self.units:
            identifier(unit, "units")

    def of_unit(self, unit: str) -> UnitFeedSettings:
        """The settings of a unit; the defaults where there are none."""
        return self.units.get(unit, UnitFeedSettings())


FEED_TABLES: Final[Mapping[str, type[Any]]] = {"cap": CapSettings, "web_hook": PushSettings, "cot": CotSettings}
"""The record of each further table of ``[feeds]``, by its name."""


def feeds_errors(table: Mapping[str, Any], *, where: str) -> list[ConfigError]:
    """Return every error of the table ``[feeds]``."""
    inner = {"units", *FEED_TABLES}
    plain = {key: value for key, value in table.items() if key not in inner or not isinstance(value, dict)}
    errors = record_errors(FeedsSettings, plain, where=where)
    for name, kind in FEED_TABLES.items():
        if isinstance(table.get(name), dict):
            place = f"{where} {name}"
            errors += (
                cot_errors(table[name], where=place) if name == "cot" else _table_errors(kind, table[name], where=place)
            )
    if isinstance(table.get("units"), dict):
        errors += named_errors(UnitFeedSettings, table["units"], "units", where=where)
    return errors


def _table_errors(kind: type[Any], table: Mapping[str, Any], *, where: str) -> list[ConfigError]:
    """Return every error of the table of a feed, and of its receivers where each has a table of its name."""
    receivers = table.get("receivers")
    if not (issubclass(kind, PushSettings) and isinstance(receivers, dict)):
        return record_errors(kind, table, where=where)
    rest = {key: value for key, value in table.items() if key != "receivers"}
    return record_errors(kind, rest, where=where) + named_errors(PushReceiver, receivers, "receivers", where=where)


def _span_of(text: str) -> tuple[time, time]:
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        begin = end = time()
    if begin == end or begin.tzinfo is not None or end.tzinfo is not None:
        raise BadInput(f"{text[:30]!r} is not a span of time", where="quiet_hours", expected='such as "22:00-06:00"')
    return begin, end
