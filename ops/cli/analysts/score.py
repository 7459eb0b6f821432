"""``watchline score`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geo.errors import WatchlineError
from ops.analysis.option_types import (
    PdfOption,
    SchedulerOption,
    SectorOrNationArgument,
    TlsCaOption,
    TlsCertificateOption,
    TlsKeyOption,
    WorkersOption,
)
from ops.cli.options import JsonOption, PurposeOption, ReleasabilityOption, SettingsOption, answer, screen


def score(
    sector: SectorOrNationArgument,
    indicators: Annotated[
        Path | None,
        typer.Argument(
            help="Table (CSV, JSON, XLSX, GeoPackage) or history of indicators. Default: the sector's.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    outcomes: Annotated[
        Path | None,
        typer.Option(
            "--outcomes",
            metavar="FILE",
            help="Table of outcomes by place and period. Default: the sector's.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    challenge: Annotated[
        Path | None,
        typer.Option(
            "--challenge",
            metavar="DIR",
            help="Output folder of `challenge`, for the tactical family. Default: the sector's.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    action_plan: Annotated[
        Path | None,
        typer.Option(
            "--action-plan",
            metavar="FILE",
            help="National Action Plan (TOML). Default: the sector's.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store",
            metavar="FILE",
            help="Data folder of `run`, or of `cluster run` for a nation. Default: the sector's.",
            exists=True,
        ),
    ] = None,
    place: Annotated[str | None, typer.Option("--place", help="One section or country. Default: all.")] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="Day of evaluation. Default: today (UTC).")
    ] = None,
    known_on: Annotated[
        str | None,
        typer.Option("--known-on", metavar="YYYY-MM-DD", help="Day of knowledge, for a history. Default: today (UTC)."),
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="The outcomes are simulated: undetected crossings are known.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for scorecard.html and summary.json.")
    ] = None,
    pdf: PdfOption = False,
    docx: Annotated[bool, typer.Option("--docx", help="Also write the action plan as DOCX (with --out).")] = False,
    settings: SettingsOption = None,
    releasability: ReleasabilityOption = "",
    purpose: PurposeOption = None,
    scheduler: SchedulerOption = "threads",
    workers: WorkersOption = None,
    tls_ca: TlsCaOption = None,
    tls_certificate: TlsCertificateOption = None,
    tls_key: TlsKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Evaluate indicators as a scorecard.

    Shows all four families of success measures with trend and distance to
    target, and which indicators are missing; with an action plan, also the
    status of its measures. All records are those that the sector file names
    unless others are given. Reading a store is recorded in the audit log as a
    disclosure.

    With a nation file, every sector is evaluated and shown side by side:
    how many meet each target, the lowest and the highest value, and why
    values are not compared. There is never one number for them.

    Examples
    --------
    watchline score cumberland --store out/demo/store.db --simulated
    watchline score cumberland indicators.csv --out out/score
    watchline score cumberland --challenge out/challenge
    watchline score nation.toml --store data --out out/nation
    """
    from ops.analysis.score.command import ScoreOptions
    from ops.analysis.score.command import score as show_score
    from ops.cluster.nation_file import is_nation
    from ops.runtime.batch.scheduler import Scheduler

    options = ScoreOptions(
        sector, indicators, outcomes, challenge, place, on, out, simulated, pdf,
        action_plan, store, known_on, settings, releasability, purpose, docx,
    )  # fmt: skip
    chosen = Scheduler(scheduler, workers, tls_ca, tls_certificate, tls_key)
    if not is_nation(Path(sector)):
        answer(show_score(options, screen, scheduler=chosen), as_json=as_json)
        return
    from ops.cluster.scorecard.command import score_nation

    figures = score_nation(options, screen, scheduler=chosen)
    answer(figures, as_json=as_json)
    if figures["unread"]:
        names = ", ".join(one["sector"] for one in figures["unread"])
        raise WatchlineError(f"{sector}: not evaluated: {names}.")
