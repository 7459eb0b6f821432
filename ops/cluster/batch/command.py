"""``watchline coverage NATION.toml``, and likewise challenge, plan and compare: every sector, and one summary."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import WatchlineError
from ops.cluster.batch.commands import command_named, refuse_options_of_one_sector
from ops.cluster.batch.page import (
    cells_of,
    columns_of,
    heading,
    notes_of,
    sentences_of,
    worst_cells,
    worst_columns,
    write_page,
)
from ops.cluster.batch.summary import SHOWN, NationSummary, summary_of, write_worst
from ops.cluster.batch.work import compute_alone, run_sectors, sectors_of
from ops.cluster.nation_file import is_nation, read_nation
from ops.runtime.batch.chains import Failed, run_chains
from ops.runtime.batch.scheduler import Scheduler
from ops.runtime.output import SUMMARY, prepare_folder, progress_bar, say, show, write_summary
from ops.runtime.tables import show_table

PAGE: Final = "nation.html"
WORST: Final = "worst_segments.geojson"


def of_sector_or_nation(name: str, options: Any, screen: Console) -> dict[str, Any]:
    """Execute a command for one sector or for every sector of a nation file; return the figures for ``--json``.

    Raises WatchlineError after everything is written if some sectors of a nation failed, and BadInput for options that
    cannot be used.
    """
    scheduler = Scheduler.of(options)
    if is_nation(Path(options.sector)):
        return assess_nation(name, options, scheduler, screen)
    if scheduler.here:
        return command_named(name).work(options, screen)
    result = run_chains({name: [partial(compute_alone, name, options)]}, scheduler)[name]
    if isinstance(result, Failed):
        raise WatchlineError(result.why)
    figures, printed = result
    screen.print(printed, markup=False, highlight=False, soft_wrap=True, end="")
    return dict(figures)


def assess_nation(name: str, options: Any, scheduler: Scheduler, screen: Console) -> dict[str, Any]:
    """Execute a command for every sector of a nation file and write the summary beside the sectors' folders.

    Finished sectors of an interrupted run are kept. ``failed`` of the figures names the sectors without a result, and
    their reason; ``kept`` and ``computed_again`` those of an earlier run.
    """
    command = command_named(name)
    refuse_options_of_one_sector(command, options)
    command.check(options)
    path, file = read_nation(Path(options.sector))
    sectors = sectors_of(path)
    out: Path = options.out
    prepare_folder(out, [PAGE, WORST, SUMMARY], made_by=command.kind)
    with progress_bar(screen) as progress:
        bar = progress.add_task(say("console-progress", step="sectors"), total=len(sectors))
        results = run_sectors(name, options, sectors, scheduler, done=lambda _: progress.advance(bar))
    if all(isinstance(one, Failed) for one in results.values()):
        first = next(iter(results.values()))
        assert isinstance(first, Failed)
        raise WatchlineError(f"{path}: none of its {len(sectors)} sectors could be computed. {first.why}")
    summary = summary_of(command, file.name, file.title, sectors, results, out)
    names = [PAGE, *([WORST] if command.measure else []), SUMMARY]
    write_page(out / PAGE, summary)
    if command.measure:
        write_worst(out / WORST, summary.worst)
    write_summary(out / SUMMARY, summary.record() | {"files": names})
    _show(summary, screen)
    show(screen, "console-output", folder=str(out))
    again = {"kept": summary.in_state("kept"), "computed_again": summary.in_state("again")}
    return {**summary.record(), **again, "files": [str(out / one) for one in names]}


def _show(summary: NationSummary, screen: Console) -> None:
    from rich.table import Table

    failed = [f"{say('batch-failed', sector=name)} {why}" for name, why in summary.failed.items()]
    for sentence in [*sentences_of(summary), *failed, *notes_of(summary)]:
        screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
    table = Table()
    for name in columns_of(summary):
        table.add_column(heading(name), justify="left" if name in ("sector", "answer") else "right")
    for one in summary.sectors:
        table.add_row(*cells_of(one))
    show_table(screen, table)
    if summary.worst:
        worst = Table(title=say("batch-worst", measure=summary.command.measure))
        for name in worst_columns(summary):
            worst.add_column(heading(name), justify="left" if name == "sector" else "right")
        for each in summary.worst[:SHOWN]:
            worst.add_row(*worst_cells(each))
        show_table(screen, worst)
