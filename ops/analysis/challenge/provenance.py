"""Provenance of the published numbers of a challenge, stored with each record."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from geo.arrays import Floats
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.question import ChallengeQuestion
from ops.sector.sector_file import read_bases
from sensors.crossing.segments import UNKNOWN, UNREACHABLE
from sensors.interdiction.interception import ResponseSettings
from sensors.statistics.statistic import CENSUS, Statistic

BY_PHASE: Final = "random phase of the scans: lower and upper end"
BY_ERROR: Final = "5 to 95 % of drawn errors of the elevation"
OFF_ERROR: Final = f"{BY_ERROR}; the value is outside, as errors of this kind move the measure on average (its bias)"
BY_SEGMENT: Final = "none of the whole: each segment's, by drawn errors of the elevation, in records_by_segment"
NOT_DRAWN: Final = "none: no errors of the elevation were drawn"
NO_BASES: Final = "no bases: nobody knows how soon somebody comes"
CHECKED_CELLS: Final = 8_192
"""Cells per side up to which the checksum covers every elevation; of larger terrains it covers every n-th."""
GONE: Final = {
    UNREACHABLE: "nobody can cross the segment, so there is no crossing to detect",
    UNKNOWN: "the ground or the sensors' sight of every way is unknown",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """The provenance of all numbers of one run."""

    ground: str
    layout: str
    data_version: str
    code_version: str
    of_ground: tuple[str, ...]
    of_layout: tuple[str, ...]
    of_response: tuple[str, ...]

    @classmethod
    def of(cls, findings: Findings) -> Origin:
        question = findings.question
        ground, settings = question.ground, question.settings
        line = hashlib.blake2b(ground.crossed.line.wkb, digest_size=8).hexdigest()
        attrs = ground.terrain.attrs
        every = max(1, max(ground.terrain["elevation"].shape) // CHECKED_CELLS)
        heights = np.ascontiguousarray(ground.terrain["elevation"][::every, ::every].to_numpy(), np.float32)
        terrain = hashlib.blake2b(heights.tobytes(), digest_size=8).hexdigest() + (f"/{every}" if every > 1 else "")
        sensors = hashlib.blake2b("\n".join(repr(s) for s in ground.layout).encode(), digest_size=8).hexdigest()
        movement = f"movement by {settings.mover}, {question.ways.words}"
        yard = ", ".join(_setting(name, value) for name, value in settings.yardstick().items())
        error = str(findings.segments.attrs.get("dem_error", "not drawn"))
        return cls(
            ground=f"terrain above {attrs.get('datum', 'an unknown datum')}, cells of {attrs.get('cell_m', '?')} m",
            layout=f"layout {ground.layout.name}, {question.links.sensors} sensors, on that terrain",
            data_version=f"terrain {terrain}, border {line}, layout {sensors}, {_others(question)}",
            code_version=f"watchline {version('watchline')}",
            of_ground=(
                movement,
                f"belt {question.belt_m:g} m",
                f"yardstick: {yard}",
                f"errors of the elevation: {error}",
            ),
            of_layout=(
                f"target {question.target}, conditions {question.conditions}, {question.direction}",
                f"{question.links.words[0].lower()}{question.links.words[1:]}",
                "misses of sensors and looks independent",
                movement,
                "named settings of the sensors: summary.json",
            ),
            of_response=()
            if question.response is None
            else (*question.response.attrs["assumptions"].split("; "), f"response over {question.ways.words}"),
        )

    def of_interruption(self, findings: Findings, segment: int) -> tuple[str, ...]:
        """Return the assumptions of an interruption in a segment: of the layout, the response, and their meeting."""
        if not self.of_response:
            return self.of_layout
        one = findings.segments.isel(segment=segment)
        strips, strip_m = float(one["strips"]), float(one["strip_m"])
        meeting = ResponseSettings().words(int(strips), strips * strip_m) if math.isfinite(strips) else ()
        return (*self.of_layout, *self.of_response, *meeting)

    def statistic(self, name: str, value: float, unit: str, *, layout: bool = False, **more: Any) -> Statistic:
        """Return a record with this origin, about the layout or about the terrain."""
        defaults = {
            "interval": CENSUS,
            "source": self.layout if layout else self.ground,
            "assumptions": self.of_layout if layout else self.of_ground,
        }
        fixed = {"data_version": self.data_version, "code_version": self.code_version}
        return Statistic(name=name, value=float(value), unit=unit, **(defaults | fixed | more))

    def share(self, name: str, part: float, whole: float, why: str, **more: Any) -> Statistic:
        """Return a record of a fraction; unknown, with the reason ``why``, where the whole is 0."""
        value = part / whole if whole > 0 else math.nan
        limits = more.pop("limits", "") if whole > 0 else why
        return self.statistic(
            name, value, "1", numerator=part, denominator=whole, n=more.pop("n", int(whole)), limits=limits, **more
        )


def _others(question: ChallengeQuestion) -> str:
    """Return versions of bases, roads, rivers and fords, on which response and movement depend."""
    bases = sorted(read_bases(question.ground.sector.bases).items())
    versions = [f"bases {hashlib.blake2b(repr(bases).encode(), digest_size=8).hexdigest() if bases else 'none'}"]
    for name in ("roads", "rivers", "fords"):
        table = getattr(question.ways.ways, name)
        if table is not None:
            digest = hashlib.blake2b(b"".join(table.geometry.to_wkb()), digest_size=8).hexdigest()
            versions.append(f"{name} {digest}")
    return ", ".join(versions)


def deep(k: int) -> str:
    """Describe the barrier resilience k in words."""
    return f"{k} sensor deep" if k == 1 else f"{k} sensors deep"


def by_strips(tried: Floats, strips: float) -> dict[str, Any]:
    """Return the interval of an interruption that gives its sensitivity to the number of strips.

    ``tried`` (strips_tried,) [1] are the probabilities with half, with as many and with twice the ``strips``.
    """
    if not (np.isfinite(tried).all() and math.isfinite(strips)):
        return {"interval": "none: unknown with some number of strips"}
    low, high = float(tried.min()), float(tried.max())
    words = f"sensitivity: {strips:.0f} strips, half and twice as many; not an interval of chance"
    return {"interval": words, "low": low, "high": high}


DEPTH_RULE: Final = (
    "a footprint is every cell in which one look may detect (probability above 0): k counts the footprints that a "
    "crosser must enter, not detections"
)


def depth_caution(k: int | None, least_detection: float, required: float) -> str:
    """Say that footprints are not detections where a border is held and can be crossed below the requirement.

    Empty where nothing is held, where the least detection [1] reaches the requirement, and where it is unknown.
    """
    if not k or math.isnan(least_detection) or least_detection >= required:
        return ""
    return f"yet a crossing is detected with {least_detection:.2f} only: depth counts footprints, not detections"


def spaced(names: str) -> str:
    """Replace underscores in names by spaces."""
    return names.replace("_", " ")


def _setting(name: str, value: object) -> str:
    """Format a setting of the measures with its unit."""
    plain, metres = name.removesuffix("_m"), name.endswith("_m")
    return f"{spaced(plain)} {_formatted(value)}" + (" m" if metres else "")


def _formatted(value: object) -> str:
    if isinstance(value, tuple):
        return " and ".join(map(_formatted, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
