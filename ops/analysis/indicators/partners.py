"""Partners for agreements and training: what adherence to each means, by which indicators, and where it is documented.

Names and sentences are messages of ``partners.ftl``, under the identifier of the partner.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from rich.console import Console
from rich.table import Table

from geo.message import Message
from ops.analysis.indicators.catalogue import definitions
from ops.runtime.output import say, say_in_english, show
from ops.runtime.tables import show_table

FILE: Final = Path(__file__).with_name("partners.toml")
TEXTS: Final = ("title", "adherence", "read")
COLUMNS: Final = ("partner", "kind", "offers", "adherence", "read", "indicators")


class RegionalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partner: its identifier, kind, what it offers, and the indicators by which adherence is measured."""

    id: str
    kind: Literal["regional_body", "programme", "working_party", "organisation"]
    offers: tuple[Literal["agreement", "training", "data", "tracing", "equipment"], ...]
    indicators: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = set(self.indicators) - set(definitions())
        if unknown:
            raise ValueError(f"{self.id}: unknown indicators {', '.join(sorted(unknown))}")

    def text(self, name: str) -> Message:
        """One of TEXTS for people."""
        return Message(f"partner-{name}", {"partner": self.id})


@lru_cache(maxsize=1)
def partners() -> Mapping[str, RegionalBody]:
    """Return the partners by identifier, in the order of their file."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = msgspec.convert([{"id": name, **values} for name, values in table.items()], list[RegionalBody])
    return {one.id: one for one in found}


def list_partners(screen: Console) -> dict[str, Any]:
    """Print the partners; return them, with their texts in English."""
    table = Table()
    for name in COLUMNS:
        table.add_column(say("partner-column", name=name))
    for one in partners().values():
        table.add_row(
            say(one.text("title")),
            say("partner-kind", kind=one.kind),
            ", ".join(say("partner-offer", offer=offer) for offer in one.offers),
            say(one.text("adherence")),
            say(one.text("read")),
            ", ".join(say("indicator-title", indicator=name) for name in one.indicators),
        )
    show_table(screen, table)
    show(screen, "partner-limit")
    return {"partners": [_described(one) for one in partners().values()]}


def _described(one: RegionalBody) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(one)
    return plain | {name: say_in_english(one.text(name)) for name in TEXTS}
