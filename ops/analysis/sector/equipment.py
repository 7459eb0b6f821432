"""``watchline catalogue``: the items of the equipment catalogue, and one item with the source of each figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from ops.analysis.inputs import catalogue_of
from ops.analysis.messages import item_title
from ops.analysis.option_types import named
from ops.runtime import output
from ops.runtime.tables import show_table
from sensors.equipment.catalogue import Item
from sensors.equipment.quantity import Quantity


def list_items(catalogue: Path | None, kind: str | None, screen: Console) -> dict[str, Any]:
    """Print the items, a table for each kind, and return them."""
    from geo.errors import BadInput
    from geo.names import did_you_mean
    from sensors.equipment.catalogue import KINDS

    if kind is not None and kind not in KINDS:
        raise BadInput(f"{kind!r}{did_you_mean(kind, KINDS)}", where="--kind", expected=f"one of {', '.join(KINDS)}")
    known = catalogue_of(catalogue)
    items = [item for item in known if kind is None or item.kind == kind]
    words = output.catalogue()
    source = {"shipped": "yes" if catalogue is None else "no", "catalogue": known.name}
    heading = words.say("equipment-heading", count=len(items), currency=known.currency, **source)
    screen.print(heading, markup=False, highlight=False, soft_wrap=True)
    screen.print(words.say("equipment-confidence-key"), markup=False, highlight=False, soft_wrap=True)
    for each in KINDS:
        if of_kind := [item for item in items if item.kind == each]:
            screen.print()
            show_table(screen, _table_of(of_kind, words.say("equipment-kind-name", kind=each)))
    return {"catalogue": known.name, "currency": known.currency, "items": [_summary(item) for item in items]}


def _table_of(items: list[Item], title: str) -> Table:
    words = output.catalogue()
    table = Table(title=title)
    for name in ("item", "title", "price", "yearly", "range", "confidence"):
        justify: Literal["left", "right"] = "right" if name in ("price", "yearly", "range") else "left"
        table.add_column(words.say(f"equipment-{name}"), justify=justify)
    for item in items:
        range_m = item.detection.get("max_range_m")
        table.add_row(
            item.name,
            words.say(item_title(item)),
            words.formats.number(item.capex.central),
            words.formats.number(item.opex_per_year.central),
            words.formats.distance(None if range_m is None else float(range_m)),
            item.confidence,
        )
    return table


def show_item(name: str, catalogue: Path | None, screen: Console) -> dict[str, Any]:
    """Print one item: its figures with source and confidence, and what it means in a layout."""
    known = catalogue_of(catalogue)
    with named("ITEM"):
        item = known[name]
    words = output.catalogue()
    lines = [f"{item.name}: {words.say(item_title(item))} ({words.say('equipment-kind-name', kind=item.kind)})"]
    grade = words.say("equipment-confidence-name", grade=item.confidence)
    priced = item.price_date.isoformat()
    lines.append(words.say("equipment-priced", date=priced, source=item.source, grade=grade))
    if item.note:
        lines.append(item.note)
    for line in lines:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    table = Table()
    for column in ("figure", "value", "confidence", "source"):
        table.add_column(words.say(f"equipment-{column}"))
    for key, quantity in item.quantities.items():
        if not (key == "range_factor" and quantity.fixed):
            table.add_row(key, _value(quantity), quantity.confidence, quantity.source)
    show_table(screen, table)
    if item.is_placed:
        values = {key: value for key, value in item.layout_values().items() if key != "kind"}
        text = ", ".join(f"{key} {value}" for key, value in values.items())
        placed = [
            f"{words.say('equipment-layout-keys')}: {text}",
            words.say("equipment-placed", item=item.name),
        ]
    else:
        placed = [words.say("equipment-not-placed")]
    for line in placed:
        screen.print(line, markup=False, highlight=False, soft_wrap=True)
    return _summary(item) | {
        "note": item.note,
        "currency": known.currency,
        "figures": {key: _figure(quantity) for key, quantity in item.quantities.items()},
        "layout": dict(item.layout_values()) if item.is_placed else None,
    }


def _summary(item: Item) -> dict[str, Any]:
    return {
        "name": item.name,
        "title": item.title,
        "kind": item.kind,
        "capex": item.capex.central,
        "availability": item.availability.central,
        "max_range_m": item.detection.get("max_range_m"),
        "source": item.source,
        "confidence": item.confidence,
        "price_date": item.price_date.isoformat(),
    }


def _figure(quantity: Quantity) -> dict[str, Any]:
    return {
        "low": quantity.low,
        "mode": quantity.mode,
        "high": quantity.high,
        "source": quantity.source,
        "confidence": quantity.confidence,
    }


def _value(quantity: Quantity) -> str:
    number = output.catalogue().formats.number

    def text(value: float) -> str:
        return number(value, 0 if value == round(value) else 2)

    if quantity.fixed:
        return text(quantity.low)
    between = f"{text(quantity.low)}–{text(quantity.high)}"
    return between if quantity.mode is None else f"{text(quantity.mode)} ({between})"
