"""Provenance of the published numbers of a challenge, stored with each record."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from geo.arrays import Floats
from geo.message import Message
from geo.mobility.settings import MobilitySettings
from ops.analysis.challenge.findings import Findings
from ops.analysis.challenge.question import ChallengeQuestion
from ops.analysis.challenge.report.words import limit
from ops.drawing.scene import conditions_words, datum_message
from ops.sector.sector_file import read_bases
from sensors.crossing.segments import UNKNOWN, UNREACHABLE
from sensors.interdiction.interception import ResponseSettings
from sensors.statistics.statistic import Statistic

BY_PHASE: Final = Message("challenge-interval-phase")
BY_ERROR: Final = Message("challenge-interval-samples")
OFF_ERROR: Final = Message("challenge-interval-samples-outside")
BY_SEGMENT: Final = Message("challenge-interval-by-segment")
NOT_DRAWN: Final = Message("challenge-interval-not-sampled")
CENSUS: Final = Message("challenge-interval-census")
NO_BASES: Final = limit("no-bases")
CHECKED_CELLS: Final = 8_192
"""Cells per side up to which the checksum covers every elevation; of larger terrains it covers every n-th."""
GONE: Final = {UNREACHABLE: limit("no-crossing"), UNKNOWN: limit("all-paths-unknown")}
"""Why a segment of this state has no detection."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The provenance of all numbers of one run."""

    ground: Message
    layout: Message
    data_version: str
    code_version: str
    of_ground: tuple[Message, ...]
    of_layout: tuple[Message, ...]
    of_response: tuple[Message, ...]

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
        way: dict[str, Any] = {
            "mover": Message("challenge-mover", {"mover": settings.mover}),
            "ground": question.ways.message,
        }
        movement = Message("challenge-assume-movement", way)
        case: dict[str, Any] = {
            "target": Message("target-class", {"class": question.target}),
            "conditions": conditions_words(question.conditions),
            "direction": Message("challenge-direction", {"direction": question.direction}),
        }
        height: dict[str, Any] = {
            "datum": datum_message(attrs.get("datum")),
            "cell": float(attrs.get("cell_m", math.nan)),
        }
        return cls(
            ground=Message("challenge-source-terrain", height),
            layout=Message(
                "challenge-source-layout", {"layout": ground.layout.name, "sensors": question.links.sensors}
            ),
            data_version=f"terrain={terrain} border={line} layout={sensors} {_others(question)}",
            code_version=f"watchline {version('watchline')}",
            of_ground=(
                movement,
                Message("challenge-assume-belt", {"belt": question.belt_m}),
                _settings(question),
                _errors(question),
            ),
            of_layout=(
                Message("challenge-assume-target", case),
                *question.links.messages,
                Message("challenge-assume-independence"),
                movement,
                Message("challenge-assume-named-settings"),
            ),
            of_response=() if question.response is None else _response(question),
        )

    def of_interruption(self, findings: Findings, segment: int) -> tuple[Message, ...]:
        """Return the assumptions of an interruption in a segment: of the layout, the response, and their meeting."""
        if not self.of_response:
            return self.of_layout
        one = findings.segments.isel(segment=segment)
        strips, strip_m = float(one["strips"]), float(one["strip_m"])
        meeting = _meeting(int(strips), strip_m) if math.isfinite(strips) else ()
        return (*self.of_layout, *self.of_response, *meeting)

    def statistic(
        self,
        record: str,
        value: float,
        unit: str,
        *,
        layout: bool = False,
        says: dict[str, Any] | None = None,
        **more: Any,
    ) -> Statistic:
        """Return a record with this origin, about the layout or about the terrain.

        ``record`` is the end of its message's identifier, ``says`` holds the parameters of the message. Of several
        numbers of one kind each has an ``id`` of its own.
        """
        defaults: dict[str, Any] = {
            "interval": CENSUS,
            "source": self.layout if layout else self.ground,
            "assumptions": self.of_layout if layout else self.of_ground,
            "name": Message(f"challenge-record-{record}", says or {}),
        }
        fixed = {"id": record, "data_version": self.data_version, "code_version": self.code_version}
        return Statistic(value=float(value), unit=unit, **(defaults | fixed | more))

    def fraction(self, record: str, part: float, whole: float, why: Message, **more: Any) -> Statistic:
        """Return a record of a fraction; unknown, with the reason ``why``, where the whole is 0."""
        value = part / whole if whole > 0 else math.nan
        given = more.pop("limits", ())
        n = more.pop("n", int(whole))
        limits = given if whole > 0 else (why,)
        return self.statistic(record, value, "1", numerator=part, denominator=whole, n=n, limits=limits, **more)


def _settings(question: ChallengeQuestion) -> Message:
    """The settings of the measures of the terrain."""
    settings = question.settings.yardstick()
    heights = tuple(Message("map-number", {"value": float(height)}) for height in question.settings.target_heights_m)
    numbers = {name: value for name, value in settings.items() if isinstance(value, (int, float))}
    parameters: dict[str, Any] = {**numbers, "heights": heights}
    return Message("challenge-assume-settings", parameters)


def _errors(question: ChallengeQuestion) -> Message:
    """How errors of the elevation were sampled."""
    error = question.dem_error
    if error is None:
        return Message("challenge-assume-no-errors")
    sampled = {"sd": error.sd_m, "correlation": error.correlation_m, "samples": error.draws}
    return Message("challenge-assume-errors", sampled)


def _response(question: ChallengeQuestion) -> tuple[Message, ...]:
    """Assumptions on the responders and their speed, and on that of crossers where it was seen."""
    settings = MobilitySettings()
    off_road = {
        "speed": settings.vehicle_mps,
        "decline": settings.vehicle_decline,
        "limit": settings.vehicle_limit,
    }
    ground: dict[str, Any] = {"ground": question.ways.message}
    return (
        Message("challenge-assume-crew"),
        Message("challenge-assume-off-road", off_road),
        Message("challenge-assume-on-road"),
        Message("challenge-assume-on-foot", {"factor": settings.off_path_factor}),
        Message("challenge-assume-turnout", {"turnout": settings.turnout_s, "dismount": settings.dismount_s}),
        Message("challenge-assume-response-ground", ground),
        *(() if question.seen_mps is None else (Message("challenge-assume-seen", {"speed": question.seen_mps}),)),
    )


def _meeting(strips: int, strip_m: float) -> tuple[Message, ...]:
    """How crosser and response meet."""
    settings = ResponseSettings()
    over = {"strips": strips, "depth": strip_m, "position": settings.position}
    return (
        Message("challenge-assume-strips", over),
        Message("challenge-assume-spread", {"sd": settings.sd_share}),
        Message("challenge-assume-communication", {"communication": settings.communication}),
        Message("challenge-assume-end"),
    )


def _others(question: ChallengeQuestion) -> str:
    """Return versions of bases, roads, rivers and fords, on which response and movement depend."""
    bases = sorted(read_bases(question.ground.sector.bases).items())
    versions = [f"bases={hashlib.blake2b(repr(bases).encode(), digest_size=8).hexdigest() if bases else '-'}"]
    for name in ("roads", "rivers", "fords"):
        table = getattr(question.ways.ways, name)
        if table is not None:
            digest = hashlib.blake2b(b"".join(table.geometry.to_wkb()), digest_size=8).hexdigest()
            versions.append(f"{name}={digest}")
    return " ".join(versions)


def by_strips(tried: Floats, strips: float) -> dict[str, Any]:
    """Return the interval of an interruption that gives its sensitivity to the number of strips.

    ``tried`` (strips_tried,) [1] are the probabilities with half, with as many and with twice the ``strips``.
    """
    if not (np.isfinite(tried).all() and math.isfinite(strips)):
        return {"interval": Message("challenge-interval-strips-unknown")}
    low, high = float(tried.min()), float(tried.max())
    return {"interval": Message("challenge-interval-strips", {"strips": round(strips)}), "low": low, "high": high}


def needs_caution(k: int | None, least_detection: float, required: float) -> bool:
    """Whether a barrier stands (k above 0) although a crossing is possible with Pd below the requirement.

    False where nothing stands, where the lowest Pd [1] reaches the requirement, and where it is unknown.
    """
    return bool(k) and not math.isnan(least_detection) and least_detection < required


def barrier_messages(barrier: Any, least_detection: float, required: float) -> Sequence[Message]:
    """The barrier resilience as sentences: k, and a caution where crossings are nevertheless hardly detected."""
    if "k" not in barrier:
        return [Message("challenge-barrier-unknown")]
    caution = needs_caution(barrier["k"], least_detection, required)
    if barrier.get("lower_bound"):
        found = Message("challenge-barrier-bounds", {"low": barrier["k"], "high": barrier["k_at_most"]})
    else:
        found = Message("challenge-barrier", {"k": barrier["k"]})
    return [
        found,
        *([Message("challenge-barrier-caution", {"least": least_detection})] if caution else []),
    ]
