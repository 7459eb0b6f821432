"""Scorecard: seconds to check a table of 100,000 rows, to import it, and from a history to the page of one segment.

*check*: rows of periods, of one indicator and of a hundred, all against each other. *read*: the history of a year, read
and reduced to what is known. *page*: the scorecard of one segment of it as HTML, read before, as a server does from the
second request. *every place*: the same for all segments at once.

Tables to stderr, one JSON line to stdout: ``python benchmarks/scorecard.py [--segments N] [--indicators N] [--days N]``
The target of 200 segments × 100 indicators × 365 days is 7.3 million values; choose what memory allows.
"""

from __future__ import annotations

import argparse
import csv
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from machine import report, table

from ops.analysis.indicators.history import add_import, as_known, read_history
from ops.analysis.indicators.records import Indicator, checked_table
from ops.analysis.score.evaluation import evaluate
from ops.analysis.score.inputs import ScoreInputs
from ops.analysis.score.page import scorecard_page

LAST = date(2026, 1, 1)
ROWS = 100_000


def seconds(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return wall and CPU seconds of some work, and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def write_periods(path: Path, indicators: int) -> None:
    """Write ROWS consecutive periods of a day."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("place", "family", "name", "value", "unit", "date", "start", "source"))
        for number in range(ROWS):
            day = LAST - timedelta(days=number // indicators)
            name = f"indicator {number % indicators}"
            rows.writerow(("X", "crime_and_governance", name, number % 97, "cases", day, day, "register"))


def history_of(path: Path, segments: int, indicators: int, days: int) -> int:
    """Write a history with one import of everything; return the number of values."""
    one = Indicator(
        "", "crime_and_governance", "", 0.0, "cases", LAST, "register", target=50.0, better="lower", origin="t.csv"
    )  # fmt: skip
    dates = [LAST - timedelta(days=back * 365 // days) for back in range(days)]
    records = [
        replace(one, place=f"segment {segment}", name=f"indicator {number}", day=day, value=float((number + at) % 97))
        for segment in range(segments)
        for at, day in enumerate(dates)
        for number in range(indicators)
    ]
    add_import(path, Path("t.csv"), b"", records, known_on=LAST, after=0)
    return len(records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segments", type=int, default=20)
    parser.add_argument("--indicators", type=int, default=100)
    parser.add_argument("--days", type=int, default=12, help="values of an indicator in the year")
    chosen = parser.parse_args()
    measured: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for indicators in (1, 100):
            path = Path(folder) / f"{indicators}.csv"
            write_periods(path, indicators)
            wall, cpu, (records, refusals) = seconds(lambda path=path: checked_table(path, until=LAST))
            assert (len(records), refusals) == (ROWS, [])
            measured[f"check {ROWS} rows, {indicators} indicators"] = wall, cpu
        history = Path(folder) / "h.jsonl"
        values = history_of(history, chosen.segments, chosen.indicators, chosen.days)
        size = history.stat().st_size
        wall, cpu, known = seconds(lambda: as_known(read_history(history), LAST))
        assert len(known) == values
        measured[f"read {values} values"] = wall, cpu
    inputs = ScoreInputs(known, [], [], None, [])
    for name, place in (("page of one segment", "segment 1"), ("page of every place", None)):
        wall, cpu, page = seconds(lambda place=place: page_of(inputs, place))
        assert page.count("<tr id=") == chosen.indicators * (1 if place else chosen.segments)
        measured[name] = wall, cpu
    table(("what", "wall s", "CPU s"), [(name, f"{wall:.2f}", f"{cpu:.2f}") for name, (wall, cpu) in measured.items()])
    figures = {
        "values": values, "history_bytes": size, "seconds": {name: wall for name, (wall, _) in measured.items()},
        "cpu_seconds": {name: cpu for name, (_, cpu) in measured.items()},
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }  # fmt: skip
    report("scorecard", figures)


def page_of(inputs: ScoreInputs, place: str | None) -> str:
    """Evaluate and lay out a scorecard."""
    found = evaluate(inputs, sector="X", place=place, day=LAST, known_on=LAST, simulated=False)
    return scorecard_page(found.card, subject=place or "X")


if __name__ == "__main__":
    main()
