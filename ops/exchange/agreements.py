"""The agreements file (TOML): who may receive what, for which purpose, where, how coarse, until when."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from geo.errors import BadInput
from geo.names import did_you_mean
from ingest.topics import identifier
from ops.audit.purposes import is_purpose
from ops.exchange.fields import COVERAGE, FIELDS
from ops.sector.toml_record import ConfigError, read_toml, record_from, unknown_key

LEAST_GRID_M: Final = 100.0
"""Smallest cell of an agreed grid, metres."""
LEAST_COVERAGE_GRID_M: Final = 1_000.0
"""Smallest cell on which coverage is shared: many sensor positions give the same cells."""
LEAST_PROBABILITY_STEP: Final = 0.05
MOST_KEEP_DAYS: Final = 3_650
_ADDRESS: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?:[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner, known by the key that signs its packages.

    Parameters
    ----------
    name : str
        Name in packages and commands.
    agency : str
        The authority, for people and for the log.
    key : str
        Its Ed25519 public key, 32 bytes in base64, as ``watchline share key`` prints it.
    broker : str
        Address of its exchange broker, HOST:PORT, to which the bridge of ours connects; empty: no bridge of ours.
    """

    name: str
    agency: str
    key: str
    broker: str = ""

    def __post_init__(self) -> None:
        identifier(self.name, "name")
        _line(self.agency, "agency")
        _ = self.public
        if self.broker and not _ADDRESS.fullmatch(self.broker):
            raise BadInput(f"{self.broker[:80]!a}", where="broker", expected="HOST:PORT with a name or an IPv4 address")

    @property
    def public(self) -> Ed25519PublicKey:
        """The public key. BadInput for a text that is not one."""
        try:
            return Ed25519PublicKey.from_public_bytes(b64decode(self.key, validate=True))
        except (ValueError, NotBase64):
            raise BadInput("is not a key", where="key", expected="32 bytes in base64") from None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Terms of the exchange with one partner.

    Parameters
    ----------
    id : str
        Name of the agreement; both sides use the same.
    partner : str
        The partner's name.
    purpose : str
        The purpose that the partner is bound to.
    area : tuple of float, degrees
        West, south, east, north on WGS 84. Nothing outside is sent or accepted.
    start, until : datetime
        First and last moment of the agreement, with an offset from UTC.
    grid_epsg : int
        EPSG code of the projected coordinate system, in metres, of the agreed grid.
    grid_m : float, m
        Side of a cell of the grid, to whose centre each position is moved; at least 100, for coverage 1,000.
    time_step_s : float, s
        Times are rounded down to a multiple of it.
    layers : table
        Fields by layer: ``incidents``, ``alerts``, ``positions`` and ``coverage``.
    direction : {"send", "receive", "both"}
        Whether packages are made, accepted, or both.
    delay_s : float, s
        Records that are younger are not sent; nor are alerts that were changed since.
    marking : str
        Most restrictive releasability marking of own records that are sent; empty: unmarked records only.
    markings : table
        Own marking for each marking that the partner uses. A package with another marking is refused.
    onward : list of str
        Recipients to whom the partner may pass records on; empty: a ban.
    origin_control : bool
        Whether the partner must ask before it uses the records for another purpose.
    keep_days : int, d
        Time after which the recipient erases a package.
    probability_step : float
        Probabilities of coverage are rounded down to a multiple of it; at least 0.05.
    target, conditions : str
        Target class, and light and weather, for which coverage is computed.
    drills : bool
        Whether drills are sent under it, with their scores in return: records of a simulated scenario only.
    scorer : str
        Public key of the partner's scorer, as ``watchline drill key`` prints it there; needed to send drills.
    """

    id: str
    partner: str
    purpose: str
    area: tuple[float, float, float, float]
    start: datetime
    until: datetime
    grid_epsg: int
    grid_m: float
    time_step_s: float
    layers: Mapping[str, tuple[str, ...]]
    direction: Literal["send", "receive", "both"] = "both"
    delay_s: float = 0.0
    marking: str = ""
    markings: Mapping[str, str] = field(default_factory=dict)
    onward: tuple[str, ...] = ()
    origin_control: bool = True
    keep_days: int = 30
    probability_step: float = 0.1
    target: Literal["person", "group", "vehicle"] = "person"
    conditions: str = "day"
    drills: bool = False
    scorer: str = ""

    def __post_init__(self) -> None:
        for name in (self.id, self.partner, *self.onward):
            identifier(name, "id, partner and onward")
        if not is_purpose(self.purpose):
            raise BadInput("cannot be logged", where="purpose", expected="3 to 200 visible characters on one line")
        west, south, east, north = self.area
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise BadInput(f"{list(self.area)}", where="area", expected="west, south, east, north in degrees")
        if self.start.tzinfo is None or self.until.tzinfo is None or not self.start < self.until:
            raise BadInput("the period", where="until", expected="a time after `start`, both with an offset from UTC")
        self._check_numbers()
        self._check_layers()
        if self.scorer:
            _ = self.scorer_key

    def _check_numbers(self) -> None:
        least = LEAST_COVERAGE_GRID_M if COVERAGE in self.layers else LEAST_GRID_M
        for name, value, low, high in (
            ("grid_m", self.grid_m, least, 100_000.0),
            ("time_step_s", self.time_step_s, 1.0, 86_400.0),
            ("delay_s", self.delay_s, 0.0, 31_536_000.0),
            ("keep_days", self.keep_days, 1, MOST_KEEP_DAYS),
            ("probability_step", self.probability_step, LEAST_PROBABILITY_STEP, 0.5),
        ):
            if not (isfinite(value) and low <= value <= high):
                raise BadInput(f"{value}", where=name, expected=f"a number from {low:g} to {high:g}")
        if abs(1 / self.probability_step - round(1 / self.probability_step)) > 1e-9:
            raise BadInput(f"{self.probability_step}", where="probability_step", expected="a part of 1, such as 0.1")

    def _check_layers(self) -> None:
        if not self.layers:
            raise BadInput("no layer", where="layer", expected=", ".join(FIELDS))
        for layer, names in self.layers.items():
            if layer not in FIELDS:
                hint = did_you_mean(layer, list(FIELDS))
                raise BadInput(f"unknown layer {layer!r}{hint}", where="layer", expected=", ".join(FIELDS))
            for name in names:
                if name not in FIELDS[layer]:
                    expected = f"fields that can be shared: {', '.join(FIELDS[layer])}"
                    raise BadInput(f"{name!r} of {layer}", where="layer", expected=expected)
            if not names or len(set(names)) < len(names):
                raise BadInput(f"{layer} = {list(names)}", where="layer", expected="a list of different fields")

    @property
    def sends(self) -> bool:
        """Whether packages are made under it."""
        return self.direction != "receive"

    @property
    def receives(self) -> bool:
        """Whether packages are accepted under it."""
        return self.direction != "send"

    @property
    def scorer_key(self) -> bytes:
        """The public key of the scorer, X25519. BadInput for a text that is not one."""
        try:
            X25519PublicKey.from_public_bytes(found := b64decode(self.scorer, validate=True))
        except (ValueError, NotBase64):
            raise BadInput("is not a key", where="scorer", expected="32 bytes in base64") from None
        return found

    def runs_at(self, at: datetime) -> bool:
        """Return whether the agreement is in force at a time."""
        return self.start <= at < self.until


@dataclass(frozen=True, slots=True)
class Agreements:
    """The agreements of this installation, whose name in packages is ``own``."""

    own: str
    partners: tuple[Partner, ...]
    agreements: tuple[Agreement, ...]
    path: Path

    def partner(self, name: str) -> Partner:
        """Return a partner by its name. BadInput for an unknown one."""
        for one in self.partners:
            if one.name == name:
                return one
        names = [one.name for one in self.partners]
        expected = f"one of {', '.join(names)}" if names else "a partner of the agreements file"
        raise BadInput(f"no partner {name!r}{did_you_mean(name, names)}", where="PARTNER", expected=expected)

    def with_partner(self, name: str) -> list[Agreement]:
        """Return the agreements with a partner."""
        return [one for one in self.agreements if one.partner == name]

    def sending_to(self, name: str, at: datetime) -> list[str]:
        """Return the ids of the agreements under which packages may leave to a partner at a time."""
        return [one.id for one in self.with_partner(name) if one.sends and one.runs_at(at)]

    def agreement(self, partner: str, identity: str | None) -> Agreement:
        """Return an agreement with a partner; ``identity`` None: the only one. BadInput where there is none."""
        found = self.with_partner(partner)
        if identity is not None:
            found = [one for one in found if one.id == identity]
        if len(found) != 1:
            names = ", ".join(one.id for one in self.with_partner(partner)) or "none in the file"
            what = f"no agreement {identity!r}" if identity else f"{len(found)} agreements with {partner!r}"
            raise BadInput(what, where="--agreement", expected=f"one of: {names}")
        return found[0]


_KEYS: Final = ("own", "partner", "agreement")


def read_agreements(path: Path) -> Agreements:
    """Read an agreements file. ConfigError for an unknown key, a wrong value, or two of the same name."""
    values = read_toml(path)
    where = str(path)
    for key in values:
        if key not in _KEYS:
            raise unknown_key(key, _KEYS, where=where)
    own = values.get("own")
    if not isinstance(own, str):
        raise ConfigError("the key 'own' is missing", where=where, expected="the name of this installation", key="own")
    with_where = identifier(own, "own")
    partners = tuple(
        record_from(Partner, table, where=f"{where} [[partner]] {n}")
        for n, table in enumerate(_tables(values, "partner", where), start=1)
    )
    agreements = tuple(
        record_from(Agreement, table, where=f"{where} [[agreement]] {n}")
        for n, table in enumerate(_tables(values, "agreement", where), start=1)
    )
    _once([one.name for one in partners], "partner", where)
    _once([f"{one.partner} {one.id}" for one in agreements], "agreement", where)
    _once([one.key for one in partners], "key of a partner", where)
    known = {one.name for one in partners}
    for one in agreements:
        if one.partner not in known:
            expected = f"one of {', '.join(sorted(known))}" if known else "a [[partner]] of that name"
            raise ConfigError(f"no partner {one.partner!r}", where=where, expected=expected, key="partner")
    if own in known:
        raise ConfigError(f"{own!r} is a partner too", where=where, expected="a name of its own", key="own")
    return Agreements(with_where, partners, agreements, path)


class AgreementsNow:
    """The agreements file as it is now, for processes that run on: what ends by an edit ends at once.

    While it cannot be used there are no agreements, and ``problem`` gets the reason, once.
    """

    def __init__(self, path: Path, problem: Callable[[str], None]) -> None:
        self._path, self._problem, self._shown = path, problem, ""

    def __call__(self) -> Agreements | None:
        """Return the agreements; None while the file cannot be used."""
        try:
            found = read_agreements(self._path)
        except BadInput as error:
            if self._shown != str(error):
                self._shown = str(error)
                self._problem(str(error))
            return None
        self._shown = ""
        return found


def _tables(values: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    found = values.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ConfigError(f"{key} is not a list of tables", where=where, expected=f"[[{key}]]", key=key)
    return found


def _once(names: list[str], what: str, where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{what} {name!r} twice", where=where, expected="each once", key=what)


def _line(text: str, where: str) -> None:
    if not (0 < len(text) <= 200 and text.isprintable()):
        raise BadInput("cannot be shown", where=where, expected="1 to 200 visible characters on one line")
