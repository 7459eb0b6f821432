"""Scorecard: seconds to check a table of 100,000 rows, to import it, and from a history to the page of one segment.

*check*: rows of periods, of one indicator and of a hundred, all against each other. *index*: of the history of a year
with an import a day, built once; then opened. *page*: the scorecard of one segment and of all as HTML, from the file to
the text; again, with what was read still in memory. *read whole*: as without an index. *import*: the command that adds
one more day, a value of each indicator of each segment, with its start; its memory is the most of a process of its own.
*risk*: the indicators by which risk is judged, of all days.

``--nation N`` measures the scorecard of N sectors instead, each with a history of its own (``--segments``, ``--days``,
``--indicators``, such as 20, 12 and 100) and weekly outcomes: the command with its pages, first and again, in a process
of its own; and the roll-up of its lines in duckdb beside the same in pandas, of which every number has to be equal.

Tables to stderr, one JSON line to stdout: ``python benchmarks/scorecard.py [--segments N] [--indicators N] [--days N]``
The target of 200 segments × 100 indicators × 365 days is 7.3 million values; only reading it whole needs much memory.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
from machine import report, table

from ops.analysis.indicators.history import HEADER, HistoryRecord, as_known, read_history
from ops.analysis.indicators.history_index import FOLDER, indexed
from ops.analysis.indicators.records import checked_table
from ops.analysis.risk.indicators import NAMES, risk_indicators
from ops.analysis.score.command import ScoreOptions
from ops.analysis.score.evaluation import evaluate
from ops.analysis.score.inputs import ScoreFiles, SectorRecords, read_inputs
from ops.analysis.score.page import scorecard_page
from ops.cluster.scorecard.roll_up import DefinitionRollUp, roll_up
from ops.cluster.scorecard.sectors import SectorLine, read_sectors
from ops.releasability.settings import ReleasabilitySettings
from ops.sector.samples import samples_folder

LAST = date(2026, 1, 1)
SAMPLE = samples_folder() / "cumberland"
WEEKS = 52
PLACES = {
    "page of one segment": "segment 1", "the same page again": "segment 1", "page of another segment": "segment 2",
    "page of all places": None, "page of all places again": None,
}  # fmt: skip
ROWS = 100_000
PEER_COLUMNS = ("key", "unit", "edition", "method", "sector", "place", "state", "value", "numerator", "denominator")
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""A small process between: Linux counts the memory of the process that starts a command to the command."""


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


def history_of(path: Path, segments: int, indicators: int, days: int, *, shift: int = 0, prefix: str = "") -> int:
    """Write a history with one import a day, line by line as ``add_import`` does; return the number of values."""
    one = HistoryRecord(
        "", "crime_and_governance", "", 0.0, "cases", LAST, "register", target=50.0, better="lower", origin="t.csv",
        definition="1st",
    )  # fmt: skip
    before = HEADER
    with path.open("wb") as file:
        file.write(HEADER + b"\n")
        for at in reversed(range(days)):
            day = LAST - timedelta(days=at * 365 // days)
            records = [
                msgspec.structs.replace(one, place=f"{prefix}segment {segment}", name=name_of(number), day=day, row=row,
                        value=float((number * 7 + at * at * 31 + segment + shift) % 97))
                for row, (segment, number) in enumerate(product(range(segments), range(indicators)), start=1)
            ]  # fmt: skip
            line = {"before": sha256(before).hexdigest(), "known_on": day, "file": "t.csv", "sha256": "0" * 64}
            before = msgspec.json.encode(line | {"records": records})
            file.write(before + b"\n")
    return segments * indicators * days


def name_of(number: int) -> str:
    """The name of an indicator; the first is one of those by which risk is judged."""
    return f"indicator {number}" if number else min(NAMES)


def import_a_day(history: Path, segments: int, indicators: int, day: date) -> tuple[float, float, int]:
    """Import a value of each indicator by the command; return wall and CPU seconds, and the most memory [B]."""
    table_file = history.with_name("day.csv")
    with table_file.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("place", "family", "name", "value", "unit", "date", "source", "target", "better", "definition"))
        for segment, number in product(range(segments), range(indicators)):
            place, name = f"segment {segment}", name_of(number)
            rows.writerow((place, "crime_and_governance", name, 1, "cases", day, "register", 50, "lower", "1st"))
    return measured_command("indicators", "import", str(table_file), "--history", str(history))


def measured_command(*arguments: str) -> tuple[float, float, int]:
    """Run a command of Watchline; return wall and CPU seconds, and the most memory [B]."""
    command = [sys.executable, "-m", "ops.cli", *arguments]
    wall = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", MEASURED, *command], check=True, stdout=subprocess.PIPE, text=True)
    cpu, most_kb = map(float, done.stdout.split())
    return time.perf_counter() - wall, cpu, int(most_kb) * 1024


def write_nation(folder: Path, sectors: int, segments: int, indicators: int, days: int) -> Path:
    """Write a nation file with sectors over the sample's ground; their values differ."""
    for number in range(sectors):
        own = folder / f"s{number:02d}"
        own.mkdir()
        history_of(own / "h.jsonl", segments, indicators, days, shift=number * 13, prefix=f"{own.name} ")
        with (own / "outcomes.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("place", "start", "end", "source", "apprehended", "turned_back", "got_away"))
            for week in range(WEEKS):
                start = LAST - timedelta(days=7 * (WEEKS - week))
                rows.writerow((own.name, start, start + timedelta(days=7), "desk", (number + week) % 7, week % 3, 1))
        lines = (
            f'name = "{own.name}"', 'terrain = "sample:jacksboro"', f'border = "{SAMPLE / "border.geojson"}"',
            'indicators = "h.jsonl"', 'outcomes = "outcomes.csv"', "[layouts]",
            f'basic = "{SAMPLE / "layout_basic.geojson"}"',
        )  # fmt: skip
        (own / "sector.toml").write_text("\n".join(lines), encoding="utf-8")
    path = folder / "nation.toml"
    names = ", ".join(f'"s{number:02d}"' for number in range(sectors))
    path.write_text(f'name = "nation"\nsectors = [{names}]\n', encoding="utf-8")
    return path


def rolled_up_by_pandas(lines: Sequence[SectorLine]) -> list[tuple[Any, ...]]:
    """The same roll-up in pandas: for each definition its key, sectors by state, both ends, and the counts together."""
    frame = pd.DataFrame([{name: getattr(one, name) for name in PEER_COLUMNS} for one in lines])
    order = pd.CategoricalDtype(["met", "open", "stale", "unknown", "not_met"], ordered=True)
    frame["state"] = frame["state"].astype(order)
    found = []
    for definition, group in frame.groupby(["key", "unit", "edition", "method"], sort=False):
        states = group.groupby("sector")["state"].max().astype(str).value_counts().to_dict()
        known = group.dropna(subset="value")
        low = known.sort_values(["value", "sector", "place"]).iloc[0] if len(known) else None
        high = (
            known.sort_values(["value", "sector", "place"], ascending=[False, True, True]).iloc[0]
            if len(known)
            else None
        )
        ends = tuple(None if one is None else (one["value"], one["sector"], one["place"]) for one in (low, high))
        counts = (float(group["numerator"].sum()), float(group["denominator"].sum()))
        found.append((definition[0], states, ends, counts if group["denominator"].notna().all() else None))
    return sorted(found, key=lambda one: one[0])


def rolled_up(found: Sequence[DefinitionRollUp]) -> list[tuple[Any, ...]]:
    """The roll-up in the form of the peer."""
    ends = [
        tuple(None if line is None else (line.value, line.sector, line.place) for line in (one.lowest, one.highest))
        for one in found
    ]
    counts = [None if (both := one.together) is None else (both.numerator, both.denominator) for one in found]
    rows = [(one.key, one.states, end, count) for one, end, count in zip(found, ends, counts, strict=True)]
    return sorted(rows, key=lambda one: one[0])


def measure_nation(chosen: argparse.Namespace) -> None:
    """Measure the scorecard of a nation."""
    measured: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WATCHLINE_CACHE"] = str(Path(folder) / "cache")
        os.makedirs(os.environ["WATCHLINE_CACHE"])
        nation = write_nation(Path(folder), chosen.nation, chosen.segments, chosen.indicators, chosen.days)
        arguments = ("score", str(nation), "--on", str(LAST), "--out", str(Path(folder) / "out"))
        wall, cpu, first_bytes = measured_command(*arguments)
        measured["command with all pages, the first"] = wall, cpu
        wall, cpu, again_bytes = measured_command(*arguments)
        measured["command with all pages, again"] = wall, cpu
        options = ScoreOptions(str(nation), None, None, None, None, str(LAST), None)
        now = datetime.combine(LAST, datetime.min.time(), UTC)
        read = partial(read_sectors, nation, options, now=now, day=LAST, keep=lambda _: None)
        wall, cpu, records = seconds(read)
        measured["sectors read and evaluated, without pages"] = wall, cpu
        lines = [line for one in records.sectors for line in one.lines]
        for name, work in {"roll-up, duckdb": lambda: rolled_up(roll_up(lines, chosen.nation)),
                           "roll-up, pandas": lambda: rolled_up_by_pandas(lines)}.items():  # fmt: skip
            measured[name] = seconds(work)[:2]
        assert rolled_up(roll_up(lines, chosen.nation)) == rolled_up_by_pandas(lines)
    table(("what", "wall s", "CPU s"), [(name, f"{wall:.2f}", f"{cpu:.2f}") for name, (wall, cpu) in measured.items()])
    figures = {
        "sectors": chosen.nation, "values": chosen.nation * chosen.segments * chosen.indicators * chosen.days,
        "lines": len(lines), "seconds": {name: wall for name, (wall, _) in measured.items()},
        "cpu_seconds": {name: cpu for name, (_, cpu) in measured.items()},
        "first_peak_bytes": first_bytes, "again_peak_bytes": again_bytes, "equal_to_pandas": True,
    }  # fmt: skip
    report("scorecard_nation", figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segments", type=int, default=20)
    parser.add_argument("--indicators", type=int, default=100)
    parser.add_argument("--days", type=int, default=12, help="values of an indicator in the year")
    parser.add_argument("--nation", type=int, default=0, help="measure a nation of this many sectors instead")
    parser.add_argument("--skip-whole", action="store_true", help="do not read the history whole: memory")
    parser.add_argument("--skip-tables", action="store_true", help="do not check the tables of 100,000 rows")
    chosen = parser.parse_args()
    if chosen.nation:
        measure_nation(chosen)
        return
    measured: dict[str, tuple[float, float]] = {}
    pages: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        for indicators in () if chosen.skip_tables else (1, 100):
            path = Path(folder) / f"{indicators}.csv"
            write_periods(path, indicators)
            wall, cpu, (records, refusals) = seconds(partial(checked_table, path, until=LAST))
            assert (len(records), refusals) == (ROWS, [])
            measured[f"check {ROWS} rows, {indicators} indicators"] = wall, cpu
        os.environ["WATCHLINE_CACHE"] = folder
        history = Path(folder) / "h.jsonl"
        values = history_of(history, chosen.segments, chosen.indicators, chosen.days)
        size = history.stat().st_size

        def index() -> None:
            with indexed(history, Path(folder)) as found:
                assert found is not None

        first: dict[str, Callable[[], Any]] = {"index built": index, "index checked": index}
        for name, work in first.items():
            wall, cpu, _ = seconds(work)
            measured[name] = wall, cpu
        index_size = sum(one.stat().st_size for one in (Path(folder) / FOLDER).glob("*.db"))
        for name, place in PLACES.items():
            wall, cpu, page = seconds(partial(page_of, history, place))
            assert page.count("<tr id=") == chosen.indicators * (place is not None)
            measured[name] = wall, cpu
            pages[name] = len(page)
        wall, cpu, risk = seconds(lambda: risk_indicators(history, LAST).known_on(LAST))
        assert len(risk) == chosen.segments * chosen.days
        measured["indicators of risk"] = wall, cpu
        if not chosen.skip_whole:
            wall, cpu, known = seconds(lambda: as_known(read_history(history), LAST))
            assert len(known) == values
            measured[f"read {values} values whole"] = wall, cpu
        wall, cpu, import_bytes = import_a_day(history, chosen.segments, chosen.indicators, LAST + timedelta(days=1))
        measured[f"import of {chosen.segments * chosen.indicators} values"] = wall, cpu
        wall, cpu, _ = seconds(index)
        measured["index extended by the import"] = wall, cpu
    table(("what", "wall s", "CPU s"), [(name, f"{wall:.2f}", f"{cpu:.2f}") for name, (wall, cpu) in measured.items()])
    figures = {
        "values": values, "history_bytes": size, "index_bytes": index_size, "page_bytes": pages,
        "import_peak_bytes": import_bytes,
        "seconds": {name: wall for name, (wall, _) in measured.items()},
        "cpu_seconds": {name: cpu for name, (_, cpu) in measured.items()},
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }  # fmt: skip
    report("scorecard", figures)


def page_of(history: Path, place: str | None) -> str:
    """Read, evaluate and lay out a scorecard, as a request does."""
    inputs = read_inputs(
        ScoreFiles(history, None, None, None, None), SectorRecords("X"), ReleasabilitySettings(), day=LAST, until=LAST,
        known_on=LAST, place=place,
    )  # fmt: skip
    found = evaluate(inputs, sector="X", place=place, day=LAST, known_on=LAST, simulated=False)
    return scorecard_page(found.card, subject=place or "X")


if __name__ == "__main__":
    main()
