"""The multilayered view of a sector on a day: sentences, rows and figures, in the language of this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from ops.analysis.threats.catalogue import LAYERS
from ops.analysis.threats.layers import COVERED, NOT_COVERED, UNKNOWN, LayerView
from ops.analysis.threats.means import StandingMeans
from ops.runtime.output import say, say_in_english
from ops.sector.open_sector import OpenSector

COLUMNS: Final = ("threat", *LAYERS, "gaps", "unknown", "single", "where")


@dataclass(frozen=True, slots=True)
class LayerReport:
    """The view of a sector on a day, and what it was made from: ``targets`` are the classes with a challenge.

    ``illustrative``: whether the table of means is made up.
    """

    ground: OpenSector
    day: date
    view: LayerView
    means: tuple[StandingMeans, ...]
    stated: bool
    targets: tuple[str, ...]
    patrolled: bool
    illustrative: bool

    def answer(self) -> list[str]:
        """The gaps first: how many, where most, and what is unknown."""
        view = self.view
        segments = int(np.any(view.overall == NOT_COVERED, axis=0).sum())
        total = view.overall.shape[1]
        known = "no" if np.any(view.overall == UNKNOWN) else "yes"
        found = [say("layers-answer", segments=segments, total=total, known=known)]
        found += [
            say(
                "layers-answer-threat", threat=say(view.threats[at].title), count=len(view.gaps(at)),
                where=_runs(view.gaps(at)),
            )
            for at in view.order()
            if view.gaps(at)
        ]  # fmt: skip
        unknown = int(np.any(view.overall == UNKNOWN, axis=1).sum())
        if unknown:
            found.append(say("layers-answer-unknown", count=unknown))
        single = sum(bool(view.single(at)) for at in range(len(view.threats)))
        if single:
            found.append(say("layers-answer-single", count=single))
        if not self.stated:
            found.append(say("layers-no-table"))
        return found

    def rows(self) -> list[list[str]]:
        """The cells of COLUMNS for each threat, most gaps first; of a layer, the number of segments it covers."""
        view = self.view
        return [
            [
                say(view.threats[at].title),
                *(_counts(view, at, layer) for layer in range(len(LAYERS))),
                str(len(view.gaps(at))),
                str(int((view.overall[at] == UNKNOWN).sum())),
                str(len(view.single(at))),
                _runs(view.gaps(at)) or say("score-none"),
            ]
            for at in view.order()
        ]

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        view = self.view
        gaps = [
            {"threat": view.threats[at].id, "title": say_in_english(view.threats[at].title), "segments": view.gaps(at)}
            for at in view.order()
            if view.gaps(at)
        ]
        return {
            "sector": self.ground.sector.name, "date": self.day.isoformat(), "illustrative": self.illustrative,
            "means_stated": self.stated, "challenged_targets": list(self.targets), "patrols_stated": self.patrolled,
            "gaps": gaps,
            "means": [
                {"place": one.place, "means": one.means, "start": one.start.isoformat(),
                 "end": None if one.end is None else one.end.isoformat(), "source": one.source}
                for one in self.means
            ],
            **view.as_dict(),
        }  # fmt: skip


def _counts(view: LayerView, threat: int, layer: int) -> str:
    """The number of segments that a layer covers, or the state that all segments share."""
    states = view.by_layer[threat, layer]
    covered, unknown = int((states == COVERED).sum()), int((states == UNKNOWN).sum())
    if unknown:
        return say("layers-counts-unknown", covered=covered, unknown=unknown)
    return say("layers-counts", covered=covered)


def _runs(segments: Sequence[int]) -> str:
    """Numbers of segments, neighbours as one range, such as 0–3, 7."""
    runs: list[list[int]] = []
    for one in segments:
        if runs and one == runs[-1][1] + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
