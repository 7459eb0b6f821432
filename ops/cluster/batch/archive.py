"""Archives of a nation: the journals of all sectors as detections, one part per sector."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from ops.audit.command import record_command
from ops.cluster.batch.work import SectorFile, sectors_of
from ops.cluster.nation_file import is_nation
from ops.journal.archive import PIECES, archive_journal, has_scans
from ops.journal.command import journal_path
from ops.journal.encryption import ERASED
from ops.journal.recorded_scans import ROWS_A_STEP
from ops.journal.stores.place import read_journal
from ops.runtime.batch.chains import ChainLink, Failed, run_chains
from ops.runtime.batch.parts import FinishedPart, PartMarks, key_of
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import progress_bar, say, show
from ops.sector.input_files import input_files
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import Sector, load_sector
from sensors.timestamps import utc_datetime

MARKS: Final = ".parts"
"""Folder of the marks of finished sectors in the archive; no sector has this name."""
COUNTED: Final = ("scans", "detections", "unknown_sensor", "unreadable")


def sector_files(named: Iterable[str]) -> list[str]:
    """Return sectors as the user named them, and in place of a nation file those of the nation.

    Raises WatchlineError for a sector of a nation that cannot be read.
    """
    found: list[str] = []
    for name in named:
        if not is_nation(Path(name)):
            found.append(name)
            continue
        for one in sectors_of(Path(name)):
            if isinstance(one.sector, str):
                raise WatchlineError(one.sector)
            found.append(str(one.sector.path))
    return found


def archive_nation(
    nation: Path, data: Path, out: Path, *, piece: str, layout: str | None, scheduler: Scheduler, screen: Console
) -> dict[str, Any]:
    """Archive the journal of each sector, ``data``/NAME, as ``archive_journal`` does; return the sums of the counts.

    A sector whose journal has not changed since it was archived is kept. Files of a sector that an interrupted run
    left, or that are of an earlier state of its journal, are replaced; not if the journal no longer has what they hold.
    ``failed`` of the figures names the sectors without a result, and their reason.
    """
    sectors = sectors_of(nation)
    marks = PartMarks((out / MARKS).resolve(), out.resolve())
    chains: dict[str, list[ChainLink]] = {
        one.name: [partial(_archive_sector, one, data.resolve(), marks, piece, layout)] for one in sectors
    }
    with progress_bar(screen) as progress, marks.held():
        bar = progress.add_task(say("console-progress", step="sectors"), total=len(chains))
        results = run_chains(chains, scheduler, done=lambda _: progress.advance(bar))
    parts = [one for one in results.values() if isinstance(one, FinishedPart)]
    failed = [{"sector": name, "why": one.why} for name, one in results.items() if isinstance(one, Failed)]
    if not parts:
        raise WatchlineError(failed[0]["why"])
    counts = {name: sum(part.figures[name] for part in parts) for name in COUNTED}
    files = sum(part.figures["files"] for part in parts)
    show(screen, "console-archived", scans=counts["scans"], files=files, folder=str(out))
    again = [part.name for part in parts if part.state == "again"]
    if again:
        show(screen, "batch-again", sectors=", ".join(again))
    for one in failed:
        show(screen, "batch-failed", sector=one["sector"])
    kept = [part.name for part in parts if part.state == "kept"]
    sectors_of_parts = {part.name: part.figures for part in parts}
    more = {"kept": kept, "computed_again": again, "failed": failed, "sectors": sectors_of_parts}
    return {**counts, "files": files, **more}


def archive_elsewhere(
    sector: str, journal: Path, out: Path, *, piece: str, layout: str | None, scheduler: Scheduler
) -> dict[str, Any]:
    """Archive the journal of one sector on a worker, as ``archive_journal`` does in this process; its figures.

    Raises WatchlineError with what the worker said where it failed.
    """
    file = load_sector(sector)
    chain: list[ChainLink] = [partial(_archive_alone, file, journal.resolve(), out.resolve(), piece, layout)]
    result = run_chains({sector: chain}, scheduler)[sector]
    if isinstance(result, Failed):
        raise WatchlineError(result.why)
    return {**result, "files": [str(out / Path(name).relative_to(out.resolve())) for name in result["files"]]}


def _archive_alone(
    sector: Sector, journal: Path, out: Path, piece: str, layout: str | None, _: object = None
) -> dict[str, Any]:
    ground = open_sector(sector, layout)
    record_command(journal_path(journal), "archive detections", f"all detections of {journal}")
    return archive_journal(journal_path(journal), ground, out, piece=piece)


def _archive_sector(
    one: SectorFile, data: Path, marks: PartMarks, piece: str, layout: str | None, _: object = None
) -> FinishedPart:
    """Archive one sector, or keep what was archived; executed on a worker."""
    if isinstance(one.sector, str):
        raise WatchlineError(one.sector)
    folder = data / one.name
    if not folder.exists():
        raise WatchlineError(f"{folder}: no journal of this sector.")
    journal = journal_path(folder)
    ground = open_sector(one.sector, layout)
    with read_journal(journal) as reader:
        newest = [(row.id, row.sensor, row.boot, row.seq, row.received_ns) for row in reader.read(reader.last_id() - 1)]
    key = key_of(piece, newest, files=[*input_files(one.sector), *([layout] if layout else [])])

    def work() -> dict[str, Any]:
        record_command(journal, "archive detections", f"all detections of {folder}")
        figures = archive_journal(journal, ground, marks.out, piece=piece)
        return {name: figures[name] for name in COUNTED} | {"files": len(figures["files"])}

    return marks.part(one.name, key, work, whole=True, check=lambda: _refuse_loss(journal, marks.out / one.name))


def _refuse_loss(journal: Path, folder: Path) -> None:
    """Raise BadInput if the archive holds a piece of which the journal has no detections: they would be lost."""
    archived = {path.stem for path in folder.glob("*.parquet")}
    erased, readable = set[str](), set[str]()
    with read_journal(journal) as reader:
        at = 0
        while archived and (rows := reader.read(at, ROWS_A_STEP)):
            at = rows[-1].id
            for row in rows:
                if row.kind in ("detections", ERASED):
                    period = {utc_datetime(row.received_ns).strftime(form) for form in PIECES.values()}
                    (erased if row.kind == ERASED else readable).update(period)
    lost = sorted(one for one in archived - readable if has_scans(folder / f"{one}.parquet"))
    if lost:
        why = "are erased from the journal" if lost[0] in erased else "the journal does not have"
        what = f"holds detections of {lost[0]} that {why}"
        raise BadInput(what, where=str(folder), expected="another folder for the archive")
