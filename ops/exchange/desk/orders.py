"""Orders of the page of partners and their results, as they pass between the two processes."""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct

OrderKind = Literal["preview", "make", "withdraw", "gaps"]
MOST_SHOWN: Final = 10
"""Records of a layer that a preview shows."""
MOST_CELLS: Final = 4_000
"""Cells of a picture of common gaps."""


class ShareOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """An order of a person of the operations centre. Times are UTC nanoseconds since 1970.

    ``at_ns``: the time of the package, that of its preview. ``sha256``: the product that was previewed, which is the
    only one that is signed. ``limit``: the most restrictive marking that the person may see. ``needed``: probability
    of detection below which a cell is a gap.
    """

    kind: OrderKind
    data: str
    agreements: str
    identity: str
    sector: str
    layout: str
    partner: str
    agreement: str
    purpose: str
    person: str
    role: str
    limit: str
    at_ns: int
    start_ns: int = 0
    end_ns: int = 0
    settings: str = ""
    sha256: str = ""
    packages: tuple[int, ...] = ()
    records: tuple[str, ...] = ()
    needed: float = 0.5


class LayerPreview(Struct, frozen=True):
    """A layer as it would leave: ``held`` records of the period that the person may see, of which ``leaves`` leave.

    ``fields`` leave, ``removed`` are taken out. ``rows``: the first records, as they would leave.
    """

    name: str
    held: int
    leaves: int
    fields: tuple[str, ...]
    removed: tuple[str, ...]
    rows: tuple[dict[str, Any], ...] = ()


class GapCell(Struct, frozen=True):
    """A cell: column and row, the detection probability of each side, and the bounds of both together.

    ``partner``, ``low``, ``high`` and ``independent`` None: the partner shared nothing there.
    """

    column: int
    row: int
    own: float
    partner: float | None = None
    low: float | None = None
    high: float | None = None
    independent: float | None = None


class ShareResult(Struct, frozen=True):
    """The result of an order; ``refused`` or ``failed``: the sentence that says why there is none.

    ``number``: of the package. ``border``: lines in cells, as ``column`` and ``row`` of ``cells``.
    """

    refused: str = ""
    failed: str = ""
    layers: tuple[LayerPreview, ...] = ()
    sha256: str = ""
    number: int = 0
    cells: tuple[GapCell, ...] = ()
    border: tuple[tuple[tuple[float, float], ...], ...] = ()
    cell_m: float = 0.0
