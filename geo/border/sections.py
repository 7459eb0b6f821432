"""Sections of a border: the unit responsible for each, and its impact level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely

from geo.arrays import Ints
from geo.border.belt import BorderLine
from geo.border.line_files import read_named_lines
from geo.errors import BorderError
from geo.names import HIDDEN, ONE_LINE

IMPACT_LEVELS = ("low", "medium", "high", "critical")
"""Regulation (EU) 2019/1896, Article 34; *critical* is temporary."""


@dataclass(frozen=True, slots=True)
class Section:
    """Part of a border for which one unit is responsible.

    Parameters
    ----------
    name : str
        Name of the section.
    start_m, end_m : float, m
        Chainage at which it starts and ends.
    unit : str
        The unit that is responsible.
    impact_level : str, optional
        One of ``geo.border.sections.IMPACT_LEVELS``: "low", "medium", "high" or "critical".

    Raises
    ------
    BorderError
        If the section has no length, or the impact level is unknown.

    Notes
    -----
    Sections and impact levels are those of Regulation (EU) 2019/1896, articles 30 and 34.
    """

    name: str
    start_m: float
    end_m: float
    unit: str = ""
    impact_level: str | None = None

    def __post_init__(self) -> None:
        for text in (self.name, self.unit):
            if HIDDEN.search(text):
                raise BorderError(f"is called {ascii(text)[:60]}", where="section", expected=ONE_LINE)
        if not 0.0 <= self.start_m < self.end_m:
            raise BorderError(
                f"from {self.start_m} to {self.end_m} m", where=f"section {self.name!r}", expected="a rising chainage"
            )
        if self.impact_level is not None and self.impact_level not in IMPACT_LEVELS:
            raise BorderError(
                f"impact level {self.impact_level!r}",
                where=f"section {self.name!r}",
                expected=f"one of {', '.join(IMPACT_LEVELS)}",
            )


def section_of_segments(border: BorderLine, sections: Sequence[Section]) -> Ints:
    """For each segment, the number of the section that contains its middle, −1 if none does, (segment,).

    Raises BorderError if sections overlap or reach beyond the border.
    """
    middle = border.segment_spans_m.mean(axis=1)
    length_m = float(border.segment_spans_m[-1, 1])
    order = sorted(range(len(sections)), key=lambda i: sections[i].start_m)
    for before, after in pairwise(order):
        if sections[after].start_m < sections[before].end_m:
            raise BorderError(
                f"it overlaps {sections[before].name!r}",
                where=f"section {sections[after].name!r}",
                expected="sections beside each other",
            )
    owner = np.full(len(middle), -1, np.int64)
    for i, section in enumerate(sections):
        if section.end_m > length_m * (1.0 + 1e-9):
            raise BorderError(
                f"it ends at {section.end_m:.0f} m",
                where=f"section {section.name!r}",
                expected=f"at most the border's {length_m:.0f} m",
            )
        owner[(middle >= section.start_m) & (middle < section.end_m)] = i
    return owner


def read_sections(
    path: str | Path,
    border: BorderLine,
    *,
    name: str = "name",
    unit: str | None = None,
    impact_level: str | None = None,
) -> list[Section]:
    """Sections from the lines of a file along the border: each segment is assigned to the nearest line.

    ``name``, ``unit`` and ``impact_level`` are columns of the file. A line along several parts of the border gives one
    section for each; a segment without a line within half its length has none. Sections are in the order of chainage.
    Raises BorderError for a file without that column, as ``Border.from_file``, and where no line is along the border.
    """
    columns = [column for column in (name, unit, impact_level) if column is not None]
    lines, table = read_named_lines(path, border.frame, columns)
    spans = border.segment_spans_m
    easting, northing = border.point_at(spans.mean(axis=1))
    distance = shapely.distance(np.array(lines)[:, None], shapely.points(easting, northing)[None, :])
    nearest = np.argmin(distance, axis=0)
    near = distance[nearest, np.arange(len(spans))] <= np.diff(spans, axis=1)[:, 0] / 2.0
    owner = np.where(near, nearest, -1)
    if not near.any():
        raise BorderError("no line is along the border", where=str(path), expected="lines of its sections")
    starts = np.flatnonzero(np.append(True, np.diff(owner) != 0))
    ends = np.append(starts[1:], len(owner))
    sections = []
    for first, last in zip(starts, ends, strict=True):
        if owner[first] >= 0:
            row = {column: table[column][owner[first]] for column in columns}
            sections.append(
                Section(
                    name=str(row[name]),
                    start_m=float(spans[first, 0]),
                    end_m=float(spans[last - 1, 1]),
                    unit=str(row[unit]) if unit is not None else "",
                    impact_level=None if impact_level is None or row[impact_level] is None else row[impact_level],
                )
            )
    return sections
