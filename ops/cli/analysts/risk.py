"""``watchline risk`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import PdfOption, SectorArgument
from ops.cli.options import JsonOption, PurposeOption, ReleasabilityOption, SettingsOption, answer, screen


def risk(
    sector: SectorArgument,
    challenge: Annotated[
        Path,
        typer.Option(
            "--challenge", metavar="DIR", help="Output folder of `challenge` for this sector.", exists=True,
            file_okay=False,
        ),
    ],
    indicators: Annotated[
        Path | None,
        typer.Option(
            "--indicators", metavar="FILE", help="Table or history of indicators. Default: the sector's.", exists=True,
            dir_okay=False,
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store", metavar="FILE", help="store.db of the sector, to count its incidents.", exists=True,
            dir_okay=False,
        ),
    ] = None,
    weights: Annotated[
        str, typer.Option("--weights", metavar="T,V,I", help="Weights of threat, vulnerability and impact.")
    ] = "1,1,1",
    on: Annotated[
        str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="Day of assessment. Default: today (UTC).")
    ] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="The store is that of a simulation.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for risk.html and summary.json.")
    ] = None,
    pdf: PdfOption = False,
    settings: SettingsOption = None,
    releasability: ReleasabilityOption = "",
    purpose: PurposeOption = None,
    trend: Annotated[
        int,
        typer.Option("--trend", metavar="MONTHS", min=0, max=60, help="Also state the risk at past month ends."),
    ] = 0,
    decided_by: Annotated[
        str,
        typer.Option(
            "--decided-by", metavar="NAME",
            help="Person who decides to use this assessment: writes risk-decision.json into the folder of --out.",
        ),
    ] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Reason for the decision.")] = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Assess the risk of each border segment.

    Combines threat, vulnerability and impact, as CIRAM names them, by a
    formula of our own; shows how stable the ranking is under other weights;
    and proposes an impact level for each section, on which a person decides.
    With --decided-by and --reason it also writes the decision to use the
    assessment: a sector file names it as risk_decision, and risk_feeds
    lets it change the priority of alerts, patrol schedules or plans.
    Reading a store is recorded in the audit log as a disclosure.

    Examples
    --------
    watchline risk cumberland --challenge out/challenge
    watchline risk cumberland --challenge out/challenge \\
        --indicators indicators.csv --out out/risk --trend 6
    """
    from ops.analysis.risk.assess import RiskOptions, assess_risk

    options = RiskOptions(
        sector, challenge, indicators, store, weights, on, out, simulated, pdf, settings, releasability, purpose,
        trend, decided_by, reason,
    )  # fmt: skip
    answer(assess_risk(options, screen), as_json=as_json)
