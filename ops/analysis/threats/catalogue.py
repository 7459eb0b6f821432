"""The catalogue of threats: definition, indicators, usual routes, and what sensors and layers can see of each.

Names, definitions and sentences are messages of ``threats.ftl``, under the identifiers of the catalogue.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from geo.message import Message
from ops.analysis.indicators.catalogue import definitions

FILE: Final = Path(__file__).with_name("catalogue.toml")
LAYERS: Final = ("information", "crossing_point", "green_border", "inland")
"""Layers of border security, in the order in which a threat meets them."""
KINDS: Final = ("persons", "vehicles", "arms", "dual_use", "cbrn", "drones", "animals")
SENSORS: Final = ("radar", "camera", "ground_sensor", "radio", "human")
SENSOR_DETECTION: Final = "sensor_detection"
"""Means of the green border that follows from the coverage of a layout."""
PATROLS: Final = "patrols"
"""Means of the green border that follows from a plan with patrols."""
SecurityLayer = Literal["information", "crossing_point", "green_border", "inland"]
ThreatKind = Literal["persons", "vehicles", "arms", "dual_use", "cbrn", "drones", "animals"]
Sees = Literal["target", "carrier", "none"]
TrackTarget = Literal["person", "group", "vehicle", "animal"]


class ThreatLayer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes of one layer: the means that can find a threat, and what the layer cannot see even so."""

    means: tuple[str, ...]
    cannot: tuple[str, ...]


class Threat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A threat of the catalogue.

    Parameters
    ----------
    id : str
        Identifier, which tables of means name.
    kind : str
        One of KINDS.
    targets : tuple of str
        Classes of the tracks that it can appear as; empty where Watchline has no class for it.
    indicators : tuple of str
        Indicators of the catalogue of indicators that change with it.
    routes : tuple of str
        Codes of its usual routes.
    sensors : mapping of str to str
        For each kind of sensor what it detects: ``target``, ``carrier`` (only the person or vehicle that carries it)
        or ``none``.
    layers : mapping of str to ThreatLayer
        For each layer the means that can find it, and what the layer cannot see.
    """

    id: str
    kind: ThreatKind
    targets: tuple[TrackTarget, ...]
    indicators: tuple[str, ...]
    routes: tuple[str, ...]
    sensors: Mapping[str, Sees]
    layers: Mapping[SecurityLayer, ThreatLayer]

    def __post_init__(self) -> None:
        if tuple(self.sensors) != SENSORS or tuple(self.layers) != LAYERS:
            raise ValueError(f"{self.id}: expected each kind of sensor and each layer, in their order")
        unknown = set(self.indicators) - set(definitions())
        if unknown:
            raise ValueError(f"{self.id}: unknown indicators {', '.join(sorted(unknown))}")

    @property
    def title(self) -> Message:
        """The name for people."""
        return threat_title(self.id)

    @property
    def definition(self) -> Message:
        """The definition for people."""
        return Message("threat-definition", {"threat": self.id})

    def as_dict(self) -> dict[str, Any]:
        """The threat for JSON."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def threat_title(threat: str) -> Message:
    """The name of a threat for people, from its identifier."""
    return Message("threat-title", {"threat": threat})


@lru_cache(maxsize=1)
def threats() -> Mapping[str, Threat]:
    """Return the threats of the catalogue by identifier, in the order of the kinds."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = msgspec.convert([{"id": name, **values} for name, values in table.items()], list[Threat])
    return {one.id: one for one in sorted(found, key=lambda one: KINDS.index(one.kind))}


@lru_cache(maxsize=1)
def layer_of_means() -> Mapping[str, SecurityLayer]:
    """Return the layer of each means of the catalogue. A means belongs to one layer only."""
    found: dict[str, SecurityLayer] = {}
    for one in threats().values():
        for layer, parts in one.layers.items():
            for means in parts.means:
                if found.setdefault(means, layer) != layer:
                    raise ValueError(f"{means} is a means of two layers")
    return found
