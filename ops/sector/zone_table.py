"""A sector whose border has two edges, such as a buffer zone: the table ``[zone]`` of a sector file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from geo.errors import BadInput, BorderError
from geo.message import Message
from geo.names import expected_name

if TYPE_CHECKING:
    from geo.border import Zone
    from geo.border.line_files import Clip
    from geo.frame import LocalFrame

ZoneVertex = tuple[float, float]
ZONE_NOTICE = Message("sector-zone")
"""What refers to the inner edge of a zone, and what uses all of it."""


@dataclass(frozen=True, slots=True)
class ZoneEdges:
    """How to find a zone's two edges in the border file.

    For two lines: the filters (SQL's WHERE) ``inner``, on the own side, and ``outer``. For one polygon: a position on
    the own side, ``home`` (lon, lat), and the two ``ends`` at which its outline is cut, unless these are the two
    vertices that are farthest apart.
    """

    inner: str | None = None
    outer: str | None = None
    home: ZoneVertex | None = None
    ends: tuple[ZoneVertex, ZoneVertex] | None = None

    @classmethod
    def of(cls, table: dict[str, Any], *, where: str) -> ZoneEdges:
        """Read the table of a sector file; BadInput for unknown keys, or unless it gives either lines or a polygon."""
        keys = [field.name for field in fields(cls)]
        for key in table:
            if key not in keys:
                raise BadInput(f"unknown key {key!r}", where=f"{where} [zone]", expected=expected_name(key, keys))
        lines, area = {"inner", "outer"} & table.keys(), {"home", "ends"} & table.keys()
        if bool(lines) == bool(area) or (lines and len(lines) < 2) or (area and "home" not in area):
            raise BadInput(
                f"the keys {', '.join(sorted(table)) or 'none'}",
                where=f"{where} [zone]",
                expected="inner and outer (filters of two lines), or home and optionally ends (of one polygon)",
            )
        if lines:
            for key in ("inner", "outer"):
                if not isinstance(table[key], str):
                    raise BadInput(f"{key} = {table[key]!r}", where=f"{where} [zone]", expected="an SQL filter as text")
            return cls(inner=table["inner"], outer=table["outer"])
        ends = table.get("ends")
        if ends is not None and not (isinstance(ends, list) and len(ends) == 2):
            raise BadInput(f"ends = {ends!r}", where=f"{where} [zone]", expected="two positions [lon, lat]")
        cut = None if ends is None else (_position(ends[0], "ends", where), _position(ends[1], "ends", where))
        return cls(home=_position(table["home"], "home", where), ends=cut)

    def open(
        self, path: Path, frame: LocalFrame, *, segment_length_m: float, border_where: str | None, clip: Clip
    ) -> Zone:
        """Open the zone of the border file, with its lines clipped to the terrain; BorderError names the file."""
        from geo.border import Zone

        if self.home is not None:
            return Zone.from_file(
                path, frame, home=self.home, ends=self.ends, segment_length_m=segment_length_m, where=border_where
            )
        assert self.inner is not None
        assert self.outer is not None
        try:
            return Zone.from_edges(
                path, frame, inner=self.inner, outer=self.outer, segment_length_m=segment_length_m, clip=clip
            )
        except BorderError as error:
            raise BorderError(error.what, where=str(path), expected=error.expected) from None


def _position(value: Any, key: str, where: str) -> ZoneVertex:
    try:
        lon, lat = msgspec.convert(value, ZoneVertex)
    except msgspec.ValidationError:
        raise BadInput(
            f"{key} = {value!r}", where=f"{where} [zone]", expected="a position [lon, lat] in degrees"
        ) from None
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise BadInput(f"{key} = {value!r}", where=f"{where} [zone]", expected="longitude before latitude, in degrees")
    return lon, lat
