"""``watchline threats list`` and ``show``: the catalogue of threats."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from geo.errors import BadInput
from geo.message import Message
from geo.names import expected_name
from ops.analysis.threats.catalogue import KINDS, LAYERS, Threat, threats
from ops.runtime.output import clauses, say, say_in_english, show
from ops.runtime.tables import show_table


def list_threats(kind: str | None, screen: Console) -> dict[str, Any]:
    """Print the catalogue of threats, of one kind or all; return it."""
    if kind is not None and kind not in KINDS:
        raise BadInput(repr(kind), where="--kind", expected=f"one of {', '.join(KINDS)}")
    found = [one for one in threats().values() if kind in (None, one.kind)]
    table = _table("threat", "kind", "definition", "routes", "indicators")
    for one in found:
        indicators = ", ".join(say("indicator-title", indicator=name) for name in one.indicators)
        name = f"{say(one.title)}\n{one.id}"
        table.add_row(name, say("threat-kind", kind=one.kind), say(one.definition), _routes(one), indicators)
    show_table(screen, table)
    show(screen, "threat-limit-catalogue")
    return {"threats": [described(one) for one in found]}


def show_threat(name: str, screen: Console) -> dict[str, Any]:
    """Print one threat: what each kind of sensor and each layer can and cannot see of it; return it."""
    known = threats()
    if name not in known:
        raise BadInput(repr(name), where="THREAT", expected=expected_name(name, known))
    one = known[name]
    show(screen, "threat-heading", title=say(one.title), definition=say(one.definition))
    show(screen, "threat-routes", routes=_routes(one))
    sensors = _table("sensor", "sees")
    for sensor, sees in one.sensors.items():
        sensors.add_row(say("sensor-kind", kind=sensor), say("threat-sees", sees=sees))
    show_table(screen, sensors)
    layers = _table("layer", "means", "cannot")
    for layer in LAYERS:
        parts = one.layers[layer]
        layers.add_row(
            say("threat-layer", layer=layer),
            clauses(say("threat-means", means=means) for means in parts.means) or say("threat-no-means"),
            clauses(say("threat-cannot", code=code) for code in parts.cannot),
        )
    show_table(screen, layers)
    show(screen, "threat-limit-catalogue")
    return described(one)


def described(one: Threat) -> dict[str, Any]:
    """The threat for JSON, with its texts in English."""
    return one.as_dict() | {
        "title": say_in_english(one.title),
        "definition": say_in_english(one.definition),
        "route_sentences": [say_in_english("threat-route", route=code) for code in one.routes],
        "sensor_sentences": {
            sensor: say_in_english("threat-sees", sees=sees) for sensor, sees in one.sensors.items()
        },
        "layer_sentences": {
            layer: {
                "means": [say_in_english("threat-means", means=means) for means in parts.means],
                "cannot": [say_in_english("threat-cannot", code=code) for code in parts.cannot],
            }
            for layer, parts in one.layers.items()
        },
    }  # fmt: skip


def _routes(one: Threat) -> str:
    return clauses(say("threat-route", route=code) for code in one.routes)


def _table(*names: str) -> Table:
    table = Table()
    for name in names:
        table.add_column(say(Message("threat-column", {"name": name})))
    return table
