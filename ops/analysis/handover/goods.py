"""Goods found, as reports state them: released records only, with the titles of their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ops.incidents.goods_codes.check import CheckDepth, CodeFinding, GoodsCodes, findings_of
from ops.incidents.goods_codes.code_list import CodeField


@dataclass(frozen=True, slots=True)
class GoodsCodeEntry:
    """A code with its most special title, by language, and against what it was checked."""

    field: CodeField
    code: str
    titles: Mapping[str, str]
    depth: CheckDepth


@dataclass(frozen=True, slots=True)
class GoodsEntry:
    """Goods found at an incident; ``status`` is that of the trace request, empty where none was sent."""

    incident: str
    name: str
    goods: str
    codes: tuple[GoodsCodeEntry, ...]
    item_marking: str
    status: str


def goods_of(incidents: Iterable[Mapping[str, Any]], codes: GoodsCodes) -> tuple[GoodsEntry, ...]:
    """Return the records of goods of incidents that have one; the caller leaves out those that are not released."""
    return tuple(
        GoodsEntry(
            one["id"], one["name"], stated["goods"], tuple(map(_entry, findings_of(one, codes))),
            stated["item_marking"], stated["status"],
        )
        for one in incidents
        if (stated := one.get("tracing"))
    )  # fmt: skip


def _entry(one: CodeFinding) -> GoodsCodeEntry:
    return GoodsCodeEntry(one.field, one.code, one.in_languages, one.depth)
