"""What a scorecard is made from: the sector's own files, unless others are named, and its store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from geo.errors import BadInput
from ops.analysis.action_plan.plan import ActionPlan, read_plan
from ops.analysis.indicators.history import as_known, is_history, read_history
from ops.analysis.indicators.records import Indicator, read_indicators, refuse_mixture
from ops.analysis.score.from_store import outcomes_of_store
from ops.analysis.score.line import ScorecardLine
from ops.analysis.score.of_challenge import of_challenge
from ops.analysis.score.outcome_records import Period, read_outcomes, refuse_overlaps
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.sector_file import Sector


@dataclass(frozen=True, slots=True)
class ScoreFiles:
    """The files of a scorecard. None: there is none.

    ``simulated``: the outcomes are those of a simulation. ``limit``: the most restrictive marking of the incidents of
    the store that are counted.
    """

    indicators: Path | None
    outcomes: Path | None
    challenge: Path | None
    action_plan: Path | None
    store: Path | None
    simulated: bool = False
    limit: str = ""

    def or_those_of(self, sector: Sector) -> ScoreFiles:
        """The same, with the files of the sector in place of those that are not named."""
        return ScoreFiles(
            self.indicators or sector.indicators,
            self.outcomes or sector.outcomes,
            self.challenge,
            self.action_plan or sector.action_plan,
            self.store,
            self.simulated,
            self.limit,
        )


@dataclass(frozen=True, slots=True)
class ScoreInputs:
    """The records up to the scorecard's day, and the plan."""

    indicators: list[Indicator]
    periods: list[Period]
    measured: list[ScorecardLine]
    plan: ActionPlan | None


def read_inputs(
    files: ScoreFiles, sector: Sector, settings: ReleasabilitySettings, *, day: date, until: date, known_on: date
) -> ScoreInputs:
    """Read everything as known on ``known_on``, for the values up to ``day``.

    Raises
    ------
    BadInput
        Where nothing is named, illustrative records are mixed with others, or two sources count the same days.
    IndicatorError, ConfigError, StoreError
        For a file that cannot be used.
    """
    if not any((files.indicators, files.outcomes, files.challenge, files.store)):
        expected = "INDICATORS, --outcomes, --challenge or --store, or files named in the sector"
        raise BadInput("nothing to score", where="INDICATORS", expected=expected)
    indicators = [] if files.indicators is None else _indicators(files.indicators, until, known_on)
    reported = [] if files.outcomes is None else read_outcomes(files.outcomes, until=until)
    counted = [one for one in reported if one.end <= day]
    plan = None if files.action_plan is None else read_plan(files.action_plan)
    kinds: dict[str, Iterable[bool]] = {
        str(files.indicators): [one.illustrative for one in indicators],
        str(files.outcomes): [one.illustrative for one in reported],
        str(files.action_plan): [] if plan is None else [plan.illustrative],
    }
    measured: list[ScorecardLine] = []
    if files.store is not None:
        stored = outcomes_of_store(
            files.store, sector.name, day, settings, files.limit, illustrative=files.simulated
        )  # fmt: skip
        kinds["--store"] = [one.illustrative for one in stored.periods]
        counted += stored.periods
        measured += stored.lines
    if files.challenge is not None:
        measured += of_challenge(files.challenge, day=day)
    refuse_mixture(kinds)
    periods = sorted(counted, key=lambda one: (one.place, one.start))
    refuse_overlaps(periods, "--store, --outcomes")
    return ScoreInputs([one for one in indicators if one.day <= day], periods, measured, plan)


def _indicators(path: Path, until: date, known_on: date) -> list[Indicator]:
    return as_known(read_history(path), known_on) if is_history(path) else read_indicators(path, until=until)
