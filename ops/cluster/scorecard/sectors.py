"""The sectors of a nation, each with its own scorecard; what cannot be read is named, and the rest stands."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from geo.errors import WatchlineError
from geo.message import Message
from ops.analysis.indicators.catalogue import definitions
from ops.analysis.indicators.records import day_of
from ops.analysis.score.command import ScoreOptions, SectorScore, record_reading, score_sector
from ops.analysis.score.line import Scorecard, ScorecardLine
from ops.analysis.score.of_challenge import OF_CHALLENGE
from ops.analysis.score.page import anchor_of
from ops.cluster.nation_file import read_nation
from ops.postgres.address import PostgresError
from ops.postgres.note import read_note
from ops.runtime.batch.chains import Failed, run_chains
from ops.runtime.batch.scheduler import Scheduler
from ops.sector.sector_file import load_sector, sector_path
from ops.store.connections import store_exists

HERE: Final = Scheduler()
STATES: Final = ("met", "not_met", "open", "unknown", "stale")
"""Of a line on the day: its target is met or not, it has none that can be judged, no value, or one out of date."""
REPEATED: Final = "score-rate-by-weeks"
"""A second interval of another line's rate; it is not a line of its own among sectors."""
NOT_PART_OF_METHOD: Final = ("layout",)
MODELS: Final = ("score-method-modelled", "score-method-exact")


@dataclass(frozen=True, slots=True)
class SectorLine:
    """A line of a sector's scorecard as the nation compares it.

    ``edition``: of the definition; ``method``: all that a computed value depends on beside the border. ``start``: first
    day of its values, if periods are known. ``interval``: how that of the rate was computed.
    """

    sector: str
    family: str
    key: str
    name: Message | str
    unit: str
    edition: str
    better: str
    method: str
    place: str
    value: float
    day: date
    start: date | None
    state: str
    direction: str
    numerator: float
    denominator: float
    interval: str
    anchor: str


@dataclass(frozen=True, slots=True)
class NationSector:
    """A sector that was read: counts of its lines by state, its plan, and the kinds of records that it does not name.

    ``kind``: real, illustrative, or none where it has no records of either kind. ``due``: measures of its plan that are
    due, of which ``met`` are shown to be met, ``unknown`` are not known, and the others are overdue.
    """

    name: str
    title: str
    file: Path
    kind: str
    lines: tuple[SectorLine, ...]
    counts: dict[str, int]
    plan: tuple[int, int, int] | None
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnreadSector:
    """A sector that was not evaluated, and the sentence why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class NationRecords:
    """The sectors of a nation that are evaluated together, those left out as made up, and those that cannot be read.

    ``known_on``: the day whose knowledge of the values is used, by default ``day``.
    """

    name: str
    title: str
    day: date
    sectors: tuple[NationSector, ...]
    left_out: tuple[str, ...]
    unread: tuple[UnreadSector, ...]
    illustrative: bool
    known_on: date | None = None


def read_sectors(
    nation: Path,
    options: ScoreOptions,
    *,
    now: datetime,
    day: date,
    keep: Callable[[SectorScore], None],
    scheduler: Scheduler = HERE,
    done: Callable[[str], None] = lambda _: None,
) -> NationRecords:
    """Read and evaluate every sector of a nation file.

    Parameters
    ----------
    nation : Path
        The nation file, or its folder.
    options : ScoreOptions
        Options for all sectors. ``store`` is the data folder of ``watchline cluster run``, with a folder for each
        sector; a sector without one there has the store that its file names.
    now, day : datetime, date
        The time of evaluation, and the day that is evaluated.
    keep : callable
        Called with the scorecard of each sector, in the order of the file, such as to write its pages.
    scheduler : Scheduler
        Where sectors are read and evaluated; by default one after the other in this process. Workers read the same
        files under the same paths.
    done : callable
        Called once for each sector that was read.

    Returns
    -------
    NationRecords
        If some sectors have real records, those with made-up ones are left out.

    Raises
    ------
    ConfigError
        For a nation file that cannot be used.
    WatchlineError
        If none of its sectors can be read. Of sectors that name one store, only the first is evaluated.
    """
    path, file = read_nation(nation)
    folder = path.parent.resolve()
    found: list[NationSector] = []
    unread: list[UnreadSector] = []
    stores: dict[object, str] = {}
    for text, read in _read(folder, file.sectors, options, now, scheduler, done):
        try:
            scored = read()
            _refuse_named(scored, {one.name for one in found})
            _refuse_counted(scored, stores)
        except WatchlineError as error:
            unread.append(UnreadSector(text, str(error).replace(f"{folder}{os.sep}", "")))
            continue
        record_reading(scored, options.purpose)
        keep(scored)
        found.append(_sector_of(scored))
    if not found:
        raise WatchlineError(f"{path}: none of its {len(unread)} sectors can be read. {unread[0].why}")
    real = any(one.kind == "real" for one in found)
    kept = tuple(one for one in found if not (real and one.kind == "illustrative"))
    left_out = tuple(one.name for one in found if one not in kept)
    illustrative = any(one.kind == "illustrative" for one in kept)
    known_on = now.date() if options.known_on is None else day_of(options.known_on, "--known-on")
    return NationRecords(file.name, file.title, day, kept, left_out, tuple(unread), illustrative, known_on)


def _read(
    folder: Path,
    entries: list[str],
    options: ScoreOptions,
    now: datetime,
    scheduler: Scheduler,
    done: Callable[[str], None],
) -> Iterator[tuple[str, Callable[[], SectorScore]]]:
    """Yield each entry with a function that returns its scorecard or raises WatchlineError.

    In this process a sector is read when it is asked for, so that one is in memory at a time.
    """
    if scheduler.here:
        for text in entries:
            yield text, partial(_scored, None, path=folder / text, options=options, now=now)
            done(text)
        return
    if options.store is not None:
        options = replace(options, store=options.store.resolve())
    chains = {
        str(number): [partial(_scored, path=folder / text, options=options, now=now)]
        for number, text in enumerate(entries)
    }
    for number, result in run_chains(chains, scheduler, done=done).items():
        yield entries[int(number)], partial(_found, result)


def _found(result: SectorScore | Failed) -> SectorScore:
    if isinstance(result, Failed):
        raise WatchlineError(result.why)
    return result


def _scored(_: object, *, path: Path, options: ScoreOptions, now: datetime) -> SectorScore:
    sector = load_sector(sector_path(path))
    store = None if options.store is None else options.store / sector.name
    if store is not None and not store_exists(store / "store.db"):
        store = None
    return score_sector(replace(options, sector=str(sector.path), store=store), sector, now=now)


def _refuse_named(scored: SectorScore, names: set[str]) -> None:
    """Raise WatchlineError for a second sector of a name."""
    if scored.sector.name in names:
        path, name = scored.sector.path, scored.sector.name
        raise WatchlineError(f"{path}: another sector of the nation has the name {name!r} as well.")


def _refuse_counted(scored: SectorScore, stores: dict[object, str]) -> None:
    """Raise WatchlineError for a sector whose store is another's: its incidents would count twice in the nation."""
    if scored.store is None:
        return
    try:
        note = read_note(scored.store)
    except PostgresError as error:
        raise WatchlineError(str(error)) from None
    name = stores.setdefault(scored.store.resolve() if note is None else note, scored.sector.name)
    if name != scored.sector.name:
        raise WatchlineError(
            f"{scored.store}: holds the incidents of {name}, which would be counted twice; expected a store of its own."
        )


def _sector_of(scored: SectorScore) -> NationSector:
    card, inputs, plan = scored.evaluation.card, scored.inputs, scored.evaluation.plan
    lines = tuple(_lines_of(scored.sector.name, card))
    kind = "none"
    if card.illustrative:
        kind = "illustrative"
    elif inputs.indicators or inputs.periods or inputs.plan is not None:
        kind = "real"
    counts = {state: sum(one.state == state for one in lines) for state in STATES}
    due = None if plan is None else (plan.adherence.due, plan.adherence.met, plan.adherence.unknown)
    title = scored.sector.title or scored.sector.name
    return NationSector(scored.sector.name, title, scored.sector.path, kind, lines, counts, due, inputs.absent)


def _lines_of(sector: str, card: Scorecard) -> Iterator[SectorLine]:
    for lines in card.lines.values():
        for line in lines:
            if isinstance(line.name, Message) and line.name.id == REPEATED:
                continue
            yield SectorLine(
                sector=sector,
                family=line.family,
                key=line.key,
                name=line.name,
                unit=line.unit,
                edition=line.edition or "",
                better=line.better or "",
                method=_method_of(line),
                place=line.place,
                value=line.value,
                day=line.day,
                start=_start_of(line),
                state=state_of(line, card.day),
                direction=line.direction,
                numerator=line.numerator,
                denominator=line.denominator,
                interval=line.interval.id if isinstance(line.interval, Message) else str(line.interval),
                anchor=anchor_of(line),
            )


def state_of(line: ScorecardLine, day: date) -> str:
    """One of STATES. A value out of date neither meets nor misses its target."""
    if math.isnan(line.value):
        return "unknown" if math.isnan(line.low) else "open"
    if line.is_stale(day):
        return "stale"
    return line.verdict if line.verdict in STATES else "open"


def _start_of(line: ScorecardLine) -> date | None:
    """First day of the newest value; of a rate or a median, of all that it was computed from."""
    if line.begins is not None or not line.starts:
        return line.begins
    return line.starts[-1]


def _method_of(line: ScorecardLine) -> str:
    """Return the name, target class, weather and model of a value as text; equal texts are equal methods."""
    parts: list[Any] = []
    if isinstance(line.name, Message):
        parts.append(line.name.as_dict())
    if isinstance(line.interval, Message) and line.interval.id in MODELS:
        parts.append(line.interval.id)
    if line.key in OF_CHALLENGE and isinstance(line.source, Message):
        case = line.source.as_dict()["parameters"]
        parts.append({name: value for name, value in case.items() if name not in NOT_PART_OF_METHOD})
    return msgspec.json.encode(parts).decode()


def is_count(key: str) -> bool:
    """Whether the catalogue defines an indicator as a number of cases, which may be added up."""
    defined = definitions().get(key)
    return defined is not None and defined.counts
