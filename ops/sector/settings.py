"""The settings file of a running sector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.errors import BadInput
from ingest.topics import identifier
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.setting_tables.cue import CueSettings, cue_errors
from ops.sector.setting_tables.data import AuditSettings, Hold, RetentionSettings
from ops.sector.setting_tables.exchange import ExchangeSettings
from ops.sector.setting_tables.feeds import FeedsSettings, feeds_errors
from ops.sector.setting_tables.goods import GoodsSettings
from ops.sector.setting_tables.media import MediaSettings
from ops.sector.setting_tables.paths import from_folder
from ops.sector.setting_tables.reports import ReportSettings
from ops.sector.toml_record import ConfigError, raise_all, read_toml, record_errors, record_from, unknown_key

if TYPE_CHECKING:
    from fusion.models.settings import TrackerSettings
    from ops.accounts.settings import AccountSettings, OidcSettings


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A planned stop of one sensor; the sensor does not count as offline during it.

    Parameters
    ----------
    sensor : str
        Id of the sensor.
    start : datetime
        Start of the stop, with an offset from UTC.
    until : datetime
        End of the stop, with an offset from UTC.
    """

    sensor: str
    start: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("maintenance without an offset from UTC")
        if not self.start < self.until:
            raise ValueError(f"maintenance of {self.sensor} ends before it starts")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of an installation outside the sector file.

    Parameters
    ----------
    units : list of str
        Field units that receive the alerts and may send positions; names as in topics.
    checkpoint_s : float, s
        Interval between the checkpoints of fusion, in the time of the journal.
    start_grace_s : float, s
        Time after the first row of the journal before a sensor without any data counts as offline; after a pause of
        ingest, time in addition to its limit.
    tracker : table
        Settings of the tracker that differ from their defaults.
    alerts : table
        Settings of the alert rules that differ from their defaults.
    incidents : table
        Settings of incidents that differ from their defaults.
    forces : table
        Settings of own forces that differ from their defaults.
    weather : str
        Current light and weather, such as ``"night,fog"``; empty: not stated. The tracker, the coverage gaps of alerts
        and the scenario of a demonstration follow it, the coverage layers of the map do not.
    maintenance : list of tables
        Planned stops of sensors.
    accounts : table
        Logins of people, and an identity provider.
    unit_certificates : str
        Folder ``broker`` that ``watchline broker config`` wrote: devices with the client certificate of a unit open the
        field page without a code. A relative path begins at the folder of the settings file. Empty: they need a code.
    audit : table
        Settings of the audit log.
    retention : table
        How long records of each kind are kept: 0 (without a limit) or at least 2 days.
    hold : list of tables
        Legal holds, which keep records beyond their retention.
    releasability : table
        Markings of records, and who receives them.
    reports : table
        Handover reports and exports.
    feeds : table
        Receivers of alerts and incidents, and what each field unit receives.
    exchange : table
        Agreements with partners, and the key of packages, for the page of partners.
    cue : table
        Cameras that are turned to incidents, by people or by a rule.
    media : table
        Still pictures of sensors: from where they are fetched, and their limits.
    goods : table
        The list of codes of goods that are found.
    """

    units: tuple[str, ...] = ("ops-centre", "patrol-1")
    checkpoint_s: float = 10.0
    start_grace_s: float = 30.0
    tracker: Mapping[str, Any] = field(default_factory=dict)
    alerts: Mapping[str, Any] = field(default_factory=dict)
    incidents: Mapping[str, Any] = field(default_factory=dict)
    forces: Mapping[str, Any] = field(default_factory=dict)
    weather: str = ""
    maintenance: tuple[Maintenance, ...] = ()
    accounts: Mapping[str, Any] = field(default_factory=dict)
    audit: AuditSettings = field(default_factory=AuditSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    hold: tuple[Hold, ...] = ()
    releasability: ReleasabilitySettings = field(default_factory=ReleasabilitySettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    feeds: FeedsSettings = field(default_factory=FeedsSettings)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    cue: CueSettings = field(default_factory=CueSettings)
    media: MediaSettings = field(default_factory=MediaSettings)
    goods: GoodsSettings = field(default_factory=GoodsSettings)
    unit_certificates: str = ""

    def __post_init__(self) -> None:
        if not (isfinite(self.checkpoint_s) and self.checkpoint_s > 0.0):
            raise BadInput(f"{self.checkpoint_s}", where="checkpoint_s", expected="a number of seconds above 0")
        if not (isfinite(self.start_grace_s) and self.start_grace_s >= 0.0):
            raise BadInput(f"{self.start_grace_s}", where="start_grace_s", expected="a number of seconds from 0")
        for unit in self.units:
            identifier(unit, "units")
        if self.unit_certificates and not (Path(self.unit_certificates) / "ca.pem").is_file():
            expected = "the folder `broker` that `watchline broker config` wrote"
            raise BadInput(f"no ca.pem in {self.unit_certificates!r}", where="unit_certificates", expected=expected)
        for unit in self.feeds.units:
            if unit not in self.units:
                raise BadInput(f"no unit {unit!r}", where="feeds", expected=f"one of {', '.join(self.units)}")
        for server in self.feeds.cot.servers:
            for unit in [*server.units.values(), *([server.unit] if server.unit else [])]:
                if unit not in self.units:
                    raise BadInput(f"no unit {unit!r}", where="feeds", expected=f"one of {', '.join(self.units)}")


def tracker_settings(settings: Settings) -> TrackerSettings:
    """Return a room's tracker settings: only triggers may start tracks, unless the table ``tracker`` overrides it."""
    from fusion.models.settings import TrackerSettings

    return record_from(TrackerSettings, {"trigger_births": True, **settings.tracker}, where="settings [tracker]")


def account_settings(settings: Settings) -> AccountSettings:
    """Return the settings of people's logins."""
    from ops.accounts.settings import AccountSettings

    return record_from(AccountSettings, settings.accounts, where="settings [accounts]")


def provider_settings(settings: Settings) -> OidcSettings | None:
    """Return the settings of the identity provider, or None without one."""
    from ops.accounts.settings import OidcSettings

    table = settings.accounts.get("oidc")
    return None if not table else record_from(OidcSettings, table, where="settings [accounts.oidc]")


def load_settings(path: Path | None) -> Settings:
    """Load settings from a TOML file, or the defaults when there is none. Raises ConfigError for all its errors."""
    if path is None:
        return Settings()
    table = read_settings(path)
    raise_all(settings_errors(table, where=str(path)))
    return record_from(Settings, table, where=str(path))


def read_settings(path: Path) -> dict[str, Any]:
    """Read a settings file, unchecked, with absolute paths. Raises ConfigError for a file that is not TOML."""
    return from_folder(read_toml(path), path.absolute().parent)


def settings_errors(table: Mapping[str, Any], *, where: str) -> list[ConfigError]:
    """Return every error of a parsed settings file: its keys, its tables, the weather and the planned stops."""
    from ops.accounts.settings import AccountSettings, OidcSettings
    from ops.forces.settings import ForceSettings
    from ops.incidents.settings import IncidentSettings

    tables = (
        "maintenance",
        "hold",
        "audit",
        "retention",
        "reports",
        "releasability",
        "feeds",
        "exchange",
        "media",
        "cue",
        "goods",
    )
    plain = {key: value for key, value in table.items() if key not in tables or not isinstance(value, dict | list)}
    errors = record_errors(Settings, plain, where=where)
    records: tuple[tuple[str, type, Mapping[str, str]], ...] = (
        *_records_of_fusion(table),
        ("incidents", IncidentSettings, {}),
        ("forces", ForceSettings, {}),
        ("audit", AuditSettings, {}),
        ("retention", RetentionSettings, {}),
        ("reports", ReportSettings, {}),
        ("accounts", AccountSettings, {}),
        ("releasability", ReleasabilitySettings, {}),
        ("exchange", ExchangeSettings, {}),
        ("media", MediaSettings, {}),
        ("goods", GoodsSettings, {}),
    )
    for name, kind, renamed in records:
        if isinstance(table.get(name), dict):
            errors += record_errors(kind, table[name], where=f"{where} [{name}]", renamed=renamed)
    if isinstance(table.get("feeds"), dict):
        errors += feeds_errors(table["feeds"], where=f"{where} [feeds]")
    if isinstance(table.get("cue"), dict):
        errors += cue_errors(table["cue"], where=f"{where} [cue]")
    people = table.get("accounts")
    if isinstance(people, dict) and isinstance(people.get("oidc"), dict):
        errors += record_errors(OidcSettings, people["oidc"], where=f"{where} [accounts.oidc]")
    if isinstance(table.get("weather"), str) and table["weather"]:
        from sensors.detection_model.weather import conditions_of

        try:
            conditions_of(table["weather"])
        except BadInput as error:
            what = f"weather = {table['weather']!r}"
            errors.append(ConfigError(what, where=where, expected=error.expected, key="weather"))
    return errors + _list_errors(table, "maintenance", Maintenance, where) + _list_errors(table, "hold", Hold, where)


def _records_of_fusion(table: Mapping[str, Any]) -> list[tuple[str, type, Mapping[str, str]]]:
    """Return the records of the tables of fusion that a file has: their modules take 260 MB of memory."""
    records: list[tuple[str, type, Mapping[str, str]]] = []
    if "tracker" in table:
        from fusion.models.settings import RENAMED as TRACKER_RENAMED
        from fusion.models.settings import TrackerSettings

        records.append(("tracker", TrackerSettings, TRACKER_RENAMED))
    if "alerts" in table:
        from fusion.alerts.settings import RENAMED as ALERTS_RENAMED
        from fusion.alerts.settings import AlertSettings

        records.append(("alerts", AlertSettings, ALERTS_RENAMED))
    return records


def _list_errors(table: Mapping[str, Any], name: str, kind: type[Any], where: str) -> list[ConfigError]:
    """Return every error of a list of tables."""
    known = [item.name for item in fields(kind)]
    needed = [item.name for item in fields(kind) if item.default is MISSING]
    expected = ", ".join(needed)
    items = table.get(name, [])
    if not isinstance(items, list):
        return [ConfigError(f"{name} is not a list", where=where, expected=f"tables [[{name}]]", key=name)]
    errors: list[ConfigError] = []
    for number, item in enumerate(items, start=1):
        place = f"{where} [[{name}]] {number}"
        if not isinstance(item, dict):
            errors.append(ConfigError(f"{item!r}", where=place, expected=expected, key=name))
            continue
        errors += [unknown_key(key, known, where=place) for key in item if key not in known]
        missing = [key for key in needed if key not in item]
        errors += [
            ConfigError(f"the key {key!r} is missing", where=place, expected=expected, key=key) for key in missing
        ]
        if not missing and all(key in known for key in item):
            errors += record_errors(kind, item, where=place)
    return errors
