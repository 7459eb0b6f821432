"""Published counts: no small one is shown or can be worked out, and the export names no one."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from geo.errors import BadInput
from ops.audit.entry import AuditEntry
from ops.audit.erasure import erase_entries
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter
from ops.governance.rounding import BASE
from ops.governance.transparency import TYPES, write_transparency

QUIET = Console(stderr=True, quiet=True)
DAY = 86_400 * 10**9
START = 1_767_225_600 * 10**9  # 2026-01-01


def test_the_export_counts_acts_by_month_names_no_one_and_is_recorded(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "data" / "audit", now_ns=lambda: START)
    for number in range(40):
        log.add(AuditEntry(START + number * 2 * DAY, "M. Keller [1]", "operator", "consultation", "x", "p", "alerts"))
    log.add(AuditEntry(START, "A. Adler [2]", "supervisor", "alteration", "x", "p", "EMERGENCY OVERRIDE: case 12"))
    log.add(AuditEntry(START, "watchline", "system", "erasure", "x", "p", "tracks"))
    log.close()
    out = tmp_path / "counts.csv"
    now_ns = START + 90 * DAY  # 1 April
    figures = write_transparency(tmp_path / "data", out, EntryFilter(), QUIET, now_ns=now_ns)
    text = out.read_text()
    assert figures["months"] == ["2026-01", "2026-02", "2026-03"]
    for secret in ("Keller", "Adler", "case 12", "tracks"):
        assert secret not in text
    (override,) = [line for line in text.splitlines() if line.startswith("override")]
    assert all(int(cell) % BASE == 0 for cell in override.split(",")[1:])
    assert "multiples of 5" in text.splitlines()[0]
    cells = figures["cells"]
    assert [sum(row[:-1]) for row in cells] == [row[-1] for row in cells]
    assert [sum(column[:-1]) for column in zip(*cells, strict=True)] == [
        column[-1] for column in zip(*cells, strict=True)
    ]
    assert abs(cells[TYPES.index("consultation")][0] - 16) < BASE, "every other day of January"
    again = write_transparency(tmp_path / "data", out, EntryFilter(until_ns=START + 59 * DAY), QUIET, now_ns=now_ns)
    assert [row[:2] for row in again["cells"]] == [row[:2] for row in cells], "each export has the same counts"
    log = AuditLog(tmp_path / "data" / "audit")
    assert log.entries()[-1].operation == "disclosure"
    log.close()
    with pytest.raises(BadInput, match="beginning of a month"):
        write_transparency(tmp_path / "data", out, EntryFilter(since_ns=START + 10**18), QUIET)


def test_only_whole_months_are_counted_so_that_no_day_can_be_worked_out(tmp_path: Path) -> None:
    """From exports until 30 and 31 March, the acts of one day would be the difference."""
    log = AuditLog(tmp_path / "data" / "audit", now_ns=lambda: START)
    for number in range(90):
        log.add(AuditEntry(START + number * DAY, "M. Keller [1]", "operator", "consultation", "x", "p", "alerts"))
    log.close()
    out = tmp_path / "counts.csv"
    for now_ns in (START + 89 * DAY, START + 90 * DAY - 1):
        figures = write_transparency(tmp_path / "data", out, EntryFilter(), QUIET, now_ns=now_ns)
        assert figures["months"] == ["2026-01", "2026-02"]
    later = START + 200 * DAY
    for name, wanted in (
        ("--until", EntryFilter(until_ns=START + 30 * DAY)), ("--since", EntryFilter(since_ns=START + 1)),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=f"{name}.*the beginning of a month"):
            write_transparency(tmp_path / "data", out, wanted, QUIET, now_ns=later)
    whole = EntryFilter(since_ns=START + 31 * DAY, until_ns=START + 90 * DAY)
    assert write_transparency(tmp_path / "data", out, whole, QUIET, now_ns=later)["months"] == ["2026-02", "2026-03"]


def test_a_month_of_which_days_are_erased_is_in_no_later_export(tmp_path: Path) -> None:
    """Exports while the retention goes through a month would show the acts of the days between."""
    now, folder, screen = [START], tmp_path / "data" / "audit", Console(record=True, width=200, file=io.StringIO())
    log = AuditLog(folder, now_ns=lambda: now[0], sign_every_s=3600.0)
    for day in range(90):
        now[0] = START + day * DAY
        log.add(*(AuditEntry(now[0], "K [1]", "operator", "consultation", "x", "p", "alerts") for _ in range(10)))
    listed, columns = [], dict[str, set[int]]()
    for gone in (0, 1, 20, 31, 32):
        first_kept, held = date(2026, 1, 1) + timedelta(days=gone), date(2026, 1, 10)
        erase_entries(log, lambda day, first=first_kept, held=held: day < first and day != held, "retention")
        figures = write_transparency(
            tmp_path / "data", tmp_path / "counts.csv", EntryFilter(), screen, now_ns=START + 90 * DAY
        )
        listed.append(figures["months"])
        for month, count in zip(figures["months"], figures["cells"][0], strict=False):
            columns.setdefault(month, set()).add(count)
    log.close()
    assert listed == [[f"2026-0{n}" for n in range(first, 4)] for first in (1, 2, 2, 2, 3)]
    assert all(len(counts) == 1 for counts in columns.values()), columns
    assert screen.export_text().count("The table begins with 2026-02 at the earliest") == 3


def test_a_month_with_few_acts_is_not_listed_by_having_them(tmp_path: Path) -> None:
    """A listed month of zeros would show that someone did something in it. Months between others are always listed."""
    log = AuditLog(tmp_path / "data" / "audit", now_ns=lambda: START)
    for day in (0, *[31 + hour / 24 for hour in range(24)], *[120 + hour / 24 for hour in range(24)], 160):
        log.add(AuditEntry(START + int(day * DAY), "M. Keller [1]", "operator", "consultation", "x", "p", "alerts"))
    log.close()
    listed = set()
    for number in range(40):  # whatever the secret is
        (tmp_path / "data" / "publication.key").write_bytes(bytes([number]) * 32)
        figures = write_transparency(
            tmp_path / "data", tmp_path / "c.csv", EntryFilter(), QUIET, now_ns=START + 200 * DAY
        )
        months, totals = figures["months"], figures["cells"][-1][:-1]
        assert months[0] == "2026-01" or months[0] == "2026-02"
        assert totals[0] > 0 < totals[-1]
        assert {"2026-02", "2026-03", "2026-04", "2026-05"} <= set(months)
        listed.add((months[0], months[-1]))
    assert len(listed) == 4, "January and June, with one act each, are listed where they are rounded up"


def test_few_acts_give_the_same_table_as_none(tmp_path: Path) -> None:
    """Under most secrets one act is rounded down: neither the table nor an error then shows it."""
    tables = []
    for number, who in enumerate(("system", "operator")):
        folder = tmp_path / who
        log = AuditLog(folder / "audit", now_ns=lambda: START)
        log.add(AuditEntry(START, "M. Keller [1]", who, "consultation", "x", "p", "alerts"))
        log.close()
        (folder / "publication.key").write_bytes(b"b" * 32)
        figures = write_transparency(folder, folder / "c.csv", EntryFilter(), QUIET, now_ns=START + 40 * DAY)
        assert (figures["months"], figures["cells"]) == ([], [[0]] * (len(TYPES) + 1)), number
        tables.append((folder / "c.csv").read_text())
    assert tables[0] == tables[1]
