"""Reports of the planner's jobs: the pages that ``watchline plan`` and ``watchline compare`` write."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.runtime.output import LANGUAGE, UNITS
from ops.words.catalogue import negotiate

if TYPE_CHECKING:
    import xarray as xr

    from ops.analysis.plan.findings import PlanFindings
    from ops.sector.sector_file import Sector
    from ops.sector.ways import SectorWays
    from sensors.planning import Study


def write_plan_report(order: Mapping[str, Any], findings: PlanFindings) -> None:
    """Write the report of a plan to the path that the order names, in its language; nothing if it names none."""
    if "report" not in order:
        return
    from ops.analysis.plan.report import write_report
    from ops.analysis.plan.wording import details, headline, links_not_required

    messages = [
        headline(findings.plan, findings.catalogue.currency),
        *details(findings.plan),
        *links_not_required(findings),
    ]
    with _language_of(order):
        write_report(_path(order), findings, messages)


def write_compare_report(
    order: Mapping[str, Any], sector: Sector, ways: SectorWays, found: tuple[Study, xr.Dataset]
) -> None:
    """Write the report of a comparison to the path that the order names, in its language; nothing if it names none."""
    if "report" not in order:
        return
    from ops.analysis.compare.comparison import Comparison
    from ops.analysis.compare.report import write_report
    from sensors.planning.comparison.degradation import degraded

    study, verdict = found
    thresholds: Sequence[Any] = ()
    comparison = Comparison(sector, study, verdict, degraded(study), thresholds, ways)
    with _language_of(order):
        write_report(_path(order).parent, comparison, pdf=False)


def _path(order: Mapping[str, Any]) -> Path:
    path = Path(str(order["report"]))
    path.parent.mkdir(exist_ok=True)  # its folder is the server's: none is made for a server that has ended
    return path


@contextmanager
def _language_of(order: Mapping[str, Any]) -> Iterator[None]:
    """The language and units of an order, for what is written meanwhile."""
    before = {name: os.environ.get(name) for name in (LANGUAGE, UNITS)}
    os.environ[LANGUAGE] = negotiate([str(order.get("language", "en"))])
    os.environ[UNITS] = str(order.get("units", "metric"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
