"""Posture of border sections: the reaction that the impact level requires, against what is fielded.

Impact levels and the duty to react are those of Regulation (EU) 2019/1896, articles 34 and 35; the required numbers are
the site's (``ForceSettings``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ops.forces.book import ForceBook, LevelDecision, UnitNow
from ops.forces.settings import ForceSettings


@dataclass(frozen=True, slots=True)
class SectionGround:
    """The constants of a section: its name, its segments, the level of the sector's files, and the response of bases.

    ``response_s`` is that of the nearest base to the segment that takes longest; None where no base can reach it or
    where it is not known (``response_known``); ``base`` is that base.
    """

    name: str
    segments: tuple[int, ...]
    level: str | None = None
    response_s: float | None = None
    base: str = ""
    response_known: bool = False


@dataclass(frozen=True, slots=True)
class Posture:
    """Required and fielded reaction of a section. ``met``: None where its impact level is not set."""

    section: str
    segments: tuple[tuple[int, int], ...]
    level: str | None
    decided: tuple[LevelDecision, ...]
    required_units: int | None
    required_response_s: float | None
    units: tuple[str, ...]
    not_current: tuple[str, ...]
    response_s: float | None
    response_base: str
    response_known: bool
    met: bool | None


def sections_of(
    names: Sequence[str | None],
    levels: Sequence[str | None],
    response: Sequence[tuple[float, str] | None] = (),
) -> tuple[SectionGround, ...]:
    """Sections in the order of the border, from the name and the level of each segment's section (segment,).

    ``response`` gives for each segment the seconds of the nearest base and its name, infinite where no base arrives;
    None where unknown.
    """
    segments: dict[str, list[int]] = {}
    for segment, name in enumerate(names):
        if name is not None:
            segments.setdefault(name, []).append(segment)
    found = []
    for name, own in segments.items():
        times = [response[segment] for segment in own if segment < len(response)]
        known = bool(times) and all(time is not None for time in times)
        slowest = max((time for time in times if time is not None), default=None) if known else None
        reached = slowest is not None and slowest[0] != float("inf")
        found.append(
            SectionGround(
                name=name,
                segments=tuple(own),
                level=levels[own[0]],
                response_s=slowest[0] if slowest is not None and reached else None,
                base=slowest[1] if slowest is not None and reached else "",
                response_known=known,
            )
        )
    return tuple(found)


def posture_of(
    section: SectionGround,
    book: ForceBook,
    where: Mapping[str, str],
    now_ns: int,
    settings: ForceSettings,
) -> Posture:
    """Posture of one section at ``now_ns``; ``where`` gives the section that each unit is in.

    Units on duty count as fielded while their position is current; the others are listed in ``not_current``.
    """
    level = book.level_of(section.name, section.level)
    here = [unit for name, unit in sorted(book.units.items()) if where.get(name) == section.name and unit.on_duty]
    units, not_current = _parted(here, now_ns, settings)
    met = None
    if level is not None:
        in_time = section.response_s is not None and section.response_s <= settings.response_s(level)
        met = len(units) >= settings.units(level) and in_time
    return Posture(
        section=section.name,
        segments=runs(section.segments),
        level=level,
        decided=tuple(book.decisions.get(section.name, ())),
        required_units=None if level is None else settings.units(level),
        required_response_s=None if level is None else settings.response_s(level),
        units=units,
        not_current=not_current,
        response_s=section.response_s,
        response_base=section.base,
        response_known=section.response_known,
        met=met,
    )


def _parted(units: Iterable[UnitNow], now_ns: int, settings: ForceSettings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    current: list[str] = []
    others: list[str] = []
    for unit in units:
        (current if now_ns - unit.observed_ns <= settings.stale_s * 1e9 else others).append(unit.name)
    return tuple(current), tuple(others)


def runs(segments: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """First and last of each run of consecutive numbers.

    Examples
    --------
    >>> runs((0, 1, 2, 5))
    ((0, 2), (5, 5))
    """
    if not segments:
        return ()
    ends = [one for one, following in pairwise(segments) if following != one + 1]
    starts = [following for one, following in pairwise(segments) if following != one + 1]
    return tuple(zip([segments[0], *starts], [*ends, segments[-1]], strict=True))
