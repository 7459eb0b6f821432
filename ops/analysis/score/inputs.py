"""What a scorecard is made from: the sector's own files, unless others are named, and its store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from geo.errors import BadInput
from ops.analysis.action_plan.plan import ActionPlan, read_plan
from ops.analysis.indicators.history import as_known, is_history, read_history
from ops.analysis.indicators.records import Indicator, read_indicators, refuse_mixture
from ops.analysis.score.from_store import StoredOutcomes, outcomes_of_store
from ops.analysis.score.line import ScorecardLine
from ops.analysis.score.long_history import BOUNDS, HistoryBounds, PartOfHistory, part_of_history
from ops.analysis.score.measured.of_drills import of_drills
from ops.analysis.score.of_challenge import of_challenge, written_after
from ops.analysis.score.outcome_records import Period, read_outcomes, refuse_overlaps
from ops.governance.demonstration import DEFAULT_FOLDER, is_demonstration, sector_of
from ops.postgres.note import read_note
from ops.releasability.decision import EVERYTHING, UNMARKED
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.sector_file import Sector
from ops.store.connections import store_exists

LATER: Final = "later_challenge"
"""The challenge of the sector was computed after the day of the scorecard."""
ABSENT: Final = ("indicators", "outcomes", "action_plan", "challenge", LATER)
"""Kinds of records that a scorecard may lack; it then says so."""
ERASED: Final = "erased"
"""Weeks of the store are missing, as incidents of them were erased."""
STORE: Final = "--store"
ROOM: Final = "the incidents of this room"
"""Name of the store for those who read pages, and choose no files."""
"""How errors name the store. One of a sample sector may hold a simulation, so it alone leaves out nothing."""


@dataclass(frozen=True, slots=True)
class SectorRecords:
    """A sector and the files of the scorecard that it names; None for one that it does not.

    ``training``: training records, of which the drills are counted.
    """

    name: str
    title: str = ""
    indicators: Path | None = None
    outcomes: Path | None = None
    action_plan: Path | None = None
    challenge: Path | None = None
    training: Path | None = None

    @classmethod
    def of(cls, sector: Sector) -> SectorRecords:
        """The records of an open sector file."""
        challenge = None if sector.challenge is None else Path(sector.challenge)
        own = sector.indicators, sector.outcomes, sector.action_plan, challenge, sector.training
        return cls(sector.name, sector.title or "", *own)


@dataclass(frozen=True, slots=True)
class ChosenStore:
    """The store whose incidents a scorecard counts; ``path`` None: there is none.

    ``simulated``: it is that of a demonstration. ``found``: it was not named, and is left out beside real records.
    """

    path: Path | None
    simulated: bool = False
    found: bool = False


def store_of(sector: Sector, named: Path | None, *, demo: Path = DEFAULT_FOLDER) -> ChosenStore:
    """Choose the store of a sector: the named one, that of its file, or that of a demonstration of it in ``demo``.

    ``named`` is a store, or the data folder that holds it. BadInput where the named one, or that of the sector file,
    does not exist, or is known to be another sector's.
    """
    stated = named if named is not None or sector.store is None else Path(sector.store)
    if stated is not None:
        path = stated / "store.db" if stated.is_dir() else stated
        where = "--store" if named is not None else f"{sector.path}: store"
        if not store_exists(path):
            raise BadInput(
                f"there is no store {str(stated)!r}", where=where, expected="the data folder of `watchline run`"
            )
        owner = _owner_of(path)
        if owner not in ("", sector.name):
            raise BadInput(f"{str(stated)!r} is the store of {owner}", where=where, expected=f"that of {sector.name}")
        return ChosenStore(path, is_demonstration(path.parent))
    if is_demonstration(demo) and sector_of(demo) == sector.name and store_exists(demo / "store.db"):
        return ChosenStore(demo / "store.db", simulated=True, found=True)
    return ChosenStore(None)


def _owner_of(store: Path) -> str:
    """Name of the sector whose store it is; empty for a file that does not say. Raises PostgresError."""
    note = read_note(store)
    return note.sector if note is not None else sector_of(store.parent)


@dataclass(frozen=True, slots=True)
class ScoreFiles:
    """The files of a scorecard. None: there is none.

    ``simulated``: the outcomes are those of a simulation. ``found``: the store was not named, and is left out beside
    real records. ``by_option``: it was named by the option, not by the sector file. ``limit``: the most restrictive
    marking of the incidents of the store that are counted. ``live``: the store is that of a running room, so that its
    records are real unless ``simulated``, and illustrative files of the sector are left out beside them.
    """

    indicators: Path | None
    outcomes: Path | None
    challenge: Path | None
    action_plan: Path | None
    store: Path | None
    simulated: bool = False
    limit: str = ""
    live: bool = False
    found: bool = False
    by_option: bool = True


@dataclass(frozen=True, slots=True)
class ScoreInputs:
    """The records up to the scorecard's day, and the plan.

    ``left_out``: the illustrative files of the sector, which are not evaluated beside real records. ``of_history``:
    what is known of the other places, if ``indicators`` are only a part of a long history. ``absent``: the kinds of
    records, among ABSENT, that neither the sector nor a command names; and ERASED.
    """

    indicators: list[Indicator]
    periods: list[Period]
    measured: list[ScorecardLine]
    plan: ActionPlan | None
    left_out: list[Path]
    of_history: PartOfHistory | None = None
    absent: tuple[str, ...] = ()


def checked_limit(limit: str, settings: ReleasabilitySettings) -> str:
    """Return a marking limit of the command line; BadInput unless the settings name it."""
    if limit not in (UNMARKED, EVERYTHING, *settings.levels):
        expected = f"one of the levels of [releasability] ({', '.join(settings.levels) or 'none'}), or *"
        raise BadInput(repr(limit), where="--releasability", expected=expected)
    return limit


def read_inputs(
    files: ScoreFiles,
    sector: SectorRecords,
    settings: ReleasabilitySettings,
    *,
    day: date,
    until: date,
    known_on: date,
    place: str | None = None,
    bounds: HistoryBounds = BOUNDS,
) -> ScoreInputs:
    """Read everything as known on ``known_on``, for the values up to ``day``.

    A file that is not named is that of the sector. If a named file is real, illustrative files of the sector are left
    out. Of a history beyond ``bounds``, only the records of ``place`` are read, and those by which the plan is judged;
    of all places at once, only the newest.

    Raises
    ------
    BadInput
        Where illustrative records are mixed with others, or two sources count the same days.
    IndicatorError, ConfigError, StoreError
        For a file that cannot be used.
    """
    plan_path = files.action_plan or sector.action_plan
    plan = None if plan_path is None else read_plan(plan_path)
    path = files.indicators or sector.indicators
    part, indicators = None, list[Indicator]()
    if path is not None:
        part = part_of_history(path, plan, place=place, day=day, known_on=known_on, bounds=bounds)
        indicators = _indicators(path, until, known_on) if part is None else list(part.records)
    reported_path = files.outcomes or sector.outcomes
    reported = [] if reported_path is None else read_outcomes(reported_path, until=until)
    found = _of_store(files, sector.name, day, settings)
    stored, measured, erased = found.periods, found.lines, found.erased
    sources = [
        _Source.of_file(
            path, files.indicators, [one.illustrative for one in indicators] if part is None else part.kinds
        ),
        _Source.of_file(reported_path, files.outcomes, [one.illustrative for one in reported]),
        _Source.of_file(plan_path, files.action_plan, [] if plan is None else [plan.illustrative]),
        _Source.of_store(files, [one.illustrative for one in stored]),
    ]
    present = [source for source in sources if source is not None]
    left_out = _left_out(present, found_store=files.found)
    refuse_mixture({source.name: source.illustrative for source in present if source not in left_out})
    of_indicators, of_reports, of_plan, of_store = (source is not None and source in left_out for source in sources)
    if of_indicators:
        indicators, part = [], None
    if of_reports:
        reported = []
    if of_store:
        stored, measured, erased = [], [], False
    challenge = files.challenge or sector.challenge
    later = challenge is not None and files.challenge is None and written_after(challenge, day)
    if challenge is not None and not later:
        measured = [*measured, *of_challenge(challenge, sector.name, day=day)]
    if sector.training is not None:
        measured = [*measured, *of_drills(sector.training, sector.name, day)]
    periods = sorted(
        [*(one for one in reported if one.last_day <= day), *stored], key=lambda one: (one.place, one.start)
    )
    refuse_overlaps(periods, f"{ROOM} and its table of outcomes" if files.live else "--store, --outcomes")
    return ScoreInputs(
        [one for one in indicators if one.day <= day],
        periods,
        measured,
        None if of_plan else plan,
        [source.path for source in left_out],
        part,
        _absent(path, files.store or reported_path, plan_path, challenge, later=later) + (ERASED,) * erased,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """A source of records under the name that errors give it, and whether each of its records is illustrative.

    ``stated``: a person named it, or a running room's own records are in it, so that the others are judged by it.
    """

    name: str
    path: Path
    illustrative: Sequence[bool]
    stated: bool
    store: bool = False

    @classmethod
    def of_file(cls, path: Path | None, named: Path | None, illustrative: Iterable[bool]) -> _Source | None:
        return None if path is None else cls(str(path), path, sorted(illustrative), stated=named is not None)

    @classmethod
    def of_store(cls, files: ScoreFiles, illustrative: Sequence[bool]) -> _Source | None:
        if files.store is None:
            return None
        name = ROOM if files.live else STORE if files.by_option else str(files.store)
        return cls(name, files.store, illustrative, stated=files.live, store=True)

    @property
    def real(self) -> bool:
        return not all(self.illustrative)


def _left_out(sources: Sequence[_Source], *, found_store: bool) -> list[_Source]:
    """The illustrative sources beside real ones: files of the sector, and a store that was not named.

    The sector's files are judged by what is stated, the store by all files.
    """
    files = [source for source in sources if not source.store]
    judged = any(source.real for source in sources if source.stated)
    left_out = [source for source in files if judged and not source.stated and any(source.illustrative)]
    if found_store and any(source.real for source in files):
        left_out += [source for source in sources if source.store and any(source.illustrative)]
    return left_out


def _of_store(files: ScoreFiles, sector: str, day: date, settings: ReleasabilitySettings) -> StoredOutcomes:
    if files.store is None:
        return StoredOutcomes([], [])
    return outcomes_of_store(files.store, sector, day, settings, files.limit, illustrative=files.simulated)


def _absent(
    indicators: Path | None, outcomes: Path | None, plan: Path | None, challenge: Path | None, *, later: bool
) -> tuple[str, ...]:
    given = {"indicators": indicators, "outcomes": outcomes, "action_plan": plan, "challenge": challenge}
    return tuple(kind for kind in ABSENT if (later if kind == LATER else given[kind] is None))


def _indicators(path: Path, until: date, known_on: date) -> list[Indicator]:
    """The indicators of a file, which a server reads again only when it has changed."""
    try:
        stated = path.stat()
    except OSError:
        return _read_indicators(path, until, known_on)
    return list(_read_once(path, (stated.st_mtime_ns, stated.st_size), until, known_on))


@lru_cache(maxsize=2)
def _read_once(path: Path, _: tuple[int, int], until: date, known_on: date) -> tuple[Indicator, ...]:
    return tuple(_read_indicators(path, until, known_on))


def _read_indicators(path: Path, until: date, known_on: date) -> list[Indicator]:
    return as_known(read_history(path), known_on) if is_history(path) else read_indicators(path, until=until)
