"""One suite for audit logs in files and in PostgreSQL: order, heads, several writers, kills, erasure, verification."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import BadInput
from ops.audit.consistency import consistency_of
from ops.audit.entry import AuditEntry, EntryLine, Head, read_line
from ops.audit.erasure import erasable, erase_entries
from ops.audit.log import AuditLog
from ops.audit.merkle import leaf_hash, root_of
from ops.audit.search import EntryFilter, each_entry, entries_of_days, page_of
from ops.audit.stores.place import existing_log, has_entries, reading
from ops.audit.verify import verify
from ops.audit.witness import Witness
from tests.ops.audit.stores.conftest import NewLog
from tests.patience import PATIENT_S

DAY_NS = 86_400 * 10**9
T0_NS = 1_773_522_000 * 10**9  # 2026-03-14T21:00:00Z
ROOT = Path(__file__).resolve().parents[4]
WRITER = """
import sys
from pathlib import Path
from ops.audit.log import AuditEntry, AuditLog
log = AuditLog(Path(sys.argv[1]), sign_every_s=3600.0)
n = 0
while True:
    log.add(AuditEntry(n, sys.argv[2], "operator", "consultation", str(n), "p", "s"))
    print(n, flush=True)
    n += 1
    if len(sys.argv) > 3 and n == int(sys.argv[3]):
        break
log.close()
"""


def entry(number: int, person: str = "m.keller") -> AuditEntry:
    what = f"GET /api/tracks?{number}"
    return AuditEntry(T0_NS + number, person, "operator", "consultation", what, "night watch", "tracks")


def lines(folder: Path) -> list[bytes]:
    with reading(folder) as log:
        return [line.removesuffix(b"\n") for day in log.days() for line in day.lines()]


def written(folder: Path, *, days: int = 3, each: int = 4) -> int:
    """Write some entries on each of several days; return their number."""
    now = [T0_NS]
    log = AuditLog(folder, now_ns=lambda: now[0], sign_every_s=3600.0)
    for number in range(days * each):
        now[0] = T0_NS + number // each * DAY_NS
        log.add(entry(number))
    log.close()
    return days * each


def test_entries_come_in_order_under_signed_heads_of_the_rfcs_tree(folder: Path) -> None:
    assert not has_entries(folder)
    with pytest.raises(BadInput, match="has no audit log"):
        existing_log(folder)
    log = AuditLog(folder, now_ns=lambda: T0_NS, sign_every_s=0.0)
    for number in range(5):
        log.add(entry(number))
        head = read_line(lines(folder)[-1])
        leaves = [leaf_hash(line) for line in lines(folder) if line.startswith(b'{"n":')]
        assert isinstance(head, Head)
        assert (head.size, head.root_hash) == (number + 1, root_of(leaves))
        assert head.is_signed_by(log.signer.public)
    assert log.entries() == [entry(number) for number in range(5)]
    log.close()
    assert existing_log(folder.parent) == folder
    assert verify(folder).as_dict() | {"root": ""} == {
        "ok": True, "entries": 5, "heads": 5, "erased": 0, "witnessed": None, "root": "", "findings": [],
    }  # fmt: skip


def test_each_day_has_its_lines_and_ends_with_a_head(folder: Path) -> None:
    written(folder)
    with reading(folder) as log:
        days = log.days()
        assert [day.name for day in days] == [f"00000{n}-2026-03-1{n + 3}.log" for n in (1, 2, 3)]
        for day in days:
            forwards = [line.removesuffix(b"\n") for line in day.lines()]
            assert isinstance(read_line(forwards[-1]), Head)
            assert list(day.backwards()) == forwards[::-1]
    assert verify(folder).ok


def test_both_kinds_hold_the_same_lines(folder: Path, tmp_path: Path) -> None:
    """The bytes of every entry but its salt, which is random, so their number, order and form are compared."""
    other = tmp_path / "file" / "audit"
    for one in (folder, other):
        written(one)
    forms = []
    for one in (folder, other):
        found = [read_line(line) for line in lines(one)]
        forms.append([
            (line.n, line.entry) if isinstance(line, EntryLine) else (line.head, line.size, len(line.leaves))
            for line in found
            if line is not None
        ])  # fmt: skip
    assert forms[0] == forms[1]


def test_two_processes_write_one_log_without_a_gap(folder: Path) -> None:
    others = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name, "15"], cwd=ROOT, stdout=subprocess.DEVNULL)
        for name in ("a", "b")
    ]
    assert [other.wait() for other in others] == [0, 0]
    found = list(each_entry(folder, EntryFilter()))
    assert [one.n for one in found] == list(range(30))
    for name in ("a", "b"):
        assert [one.what for one in found if one.person == name] == [str(n) for n in range(15)]
    assert verify(folder).ok


@pytest.mark.parametrize("after", [1, 7])
def test_what_was_acknowledged_to_a_writer_that_is_killed_is_kept_and_signed_at_the_next_start(
    folder: Path, after: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), "a"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for _ in range(after):
            writer.stdout.readline()
        writer.kill()
        acknowledged = after + len(writer.stdout.read().splitlines())
    log = AuditLog(folder)
    log.add(entry(99))
    log.close()
    found = [one.what for one in each_entry(folder, EntryFilter()) if one.person == "a"]
    assert found == [str(n) for n in range(len(found))]
    assert len(found) - acknowledged in (0, 1), "at most the one that was being written"
    assert verify(folder).ok


def test_a_log_verifies_while_it_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.audit.verify.SIGNED_WITHIN_S", PATIENT_S)  # on a busy machine the next head comes late
    log, stop = AuditLog(folder, sign_every_s=0.05), threading.Event()
    log.add(entry(0))

    def write() -> None:
        while not stop.is_set():
            log.add(entry(log.size))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        results = [verify(folder) for _ in range(3)]
    finally:
        stop.set()
        writer.join()
        log.close()
    assert all(result.ok for result in results), [result.findings for result in results]


def test_due_days_are_erased_their_hashes_stay_and_idle_writers_go_on(folder: Path) -> None:
    now = [T0_NS]
    idle = AuditLog(folder, now_ns=lambda: now[0], sign_every_s=3600.0)
    idle.add(entry(0))
    other = AuditLog(folder, now_ns=lambda: now[0], sign_every_s=3600.0)
    other.add(*(entry(number) for number in range(1, 20)))
    now[0] += 3 * DAY_NS
    other.add(entry(20))

    def due(day: date) -> bool:
        return day < date(2026, 3, 20)

    (found,) = erasable(folder, due).items()
    assert (found[0].day, found[1]) == ("2026-03-14", (0, 19)), "the newest day is never erased"
    assert erase_entries(other, due, "retention") == 20
    assert erasable(folder, due) == {}
    idle.add(entry(21))
    idle.close()
    other.close()
    result = verify(folder)
    assert (result.ok, result.erased, result.entries) == (True, 20, 23)
    assert [one.n for one in each_entry(folder, EntryFilter())] == [20, 21, 22]
    log = AuditLog(folder, now_ns=lambda: now[0])
    assert log.size == 23
    log.close()


def at_day(folder: Path, now: list[int], day: int, **more: Path) -> AuditLog:
    now[0] = T0_NS + day * DAY_NS
    return AuditLog(folder, now_ns=lambda: now[0], sign_every_s=3600.0, **more)


def is_due_at(day: int) -> Callable[[date], bool]:
    """Retention of three days, with a legal hold on the fifth day."""
    return lambda wanted: wanted < date(2026, 3, 11) + timedelta(days=day) and wanted != date(2026, 3, 18)


def test_a_log_verifies_after_the_records_of_its_erasures_were_erased_themselves(folder: Path, tmp_path: Path) -> None:
    now, witness, erased = [T0_NS], tmp_path / "watch", []
    for day in range(11):
        log = at_day(folder, now, day, witness=witness)
        erased.append(erase_entries(log, is_due_at(day), "retention"))
        log.add(entry(day))
        log.close()
        found = verify(folder, witness=witness)
        assert (found.ok, found.erased) == (True, sum(erased)), (day, found.findings)
    assert sum(erased) == 8, "six days, with the records of two"
    assert [one.subject for one in each_entry(folder, EntryFilter(operation="erasure"))][-1] == (
        "audit entries 0-3, 6-9"
    )


def test_the_next_erasure_repairs_a_log_whose_records_of_erasures_are_gone(folder: Path) -> None:
    now = [T0_NS]
    for day in range(3):
        log = at_day(folder, now, day)
        if day:  # as versions did that recorded only what was erased each time
            log.add(AuditEntry(T0_NS, "watchline", "system", "erasure", "p", "p", f"audit entries {day - 1}-{day - 1}"))
            with reading(folder) as place:
                place.erase(place.days()[day - 1])
        log.add(entry(day))
        log.close()
    assert not verify(folder).ok
    log = at_day(folder, now, 5)
    log.add(entry(5))
    assert erase_entries(log, lambda day: day < date(2026, 3, 17), "retention")
    log.close()
    assert verify(folder).ok


def test_the_record_of_an_erasure_states_no_entries_that_were_not_due(folder: Path) -> None:
    written(folder)
    with reading(folder) as place:
        place.erase(place.days()[1])  # by another hand, without a record
    log = AuditLog(folder, now_ns=lambda: T0_NS + 3 * DAY_NS)
    log.add(entry(12))
    assert erase_entries(log, lambda day: day == date(2026, 3, 14), "retention") == 4
    log.close()
    assert [(one.kind, one.entry) for one in verify(folder).findings] == [("removed", 4)]


def test_searches_and_proofs_find_the_same_in_both(folder: Path) -> None:
    count = written(folder)
    assert [one.n for one in each_entry(folder, EntryFilter(), newest_first=True)] == list(range(count))[::-1]
    page = page_of(folder, EntryFilter(), 5, before=9)
    assert ([one.n for one in page.entries], page.before) == ([8, 7, 6, 5, 4], 4)
    days = entries_of_days(folder, EntryFilter(), date(2026, 3, 12), date(2026, 3, 13))
    assert [one.n for one in days] == [0, 1, 2, 3], "with the day after"
    assert consistency_of(folder, 1, 3).ok


def test_the_witness_has_every_head(folder: Path, tmp_path: Path) -> None:
    log = AuditLog(folder, witness=tmp_path / "watch", sign_every_s=0.0)
    for number in range(4):
        log.add(entry(number))
    log.close()
    (path,) = (tmp_path / "watch").iterdir()
    assert [head.size for head in Witness(path).heads()] == [1, 2, 3, 4]
    assert verify(folder, witness=tmp_path / "watch").witnessed == 4


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(["first", "second", "next day", "reopen"]), min_size=1, max_size=12))
def test_any_turns_of_two_writers_give_one_log_that_verifies(new_log: NewLog, steps: list[str]) -> None:
    folder, now, wanted = new_log(), [T0_NS], []
    writers = [AuditLog(folder, now_ns=lambda: now[0], sign_every_s=3600.0) for _ in range(2)]
    for number, step in enumerate(steps):
        if step == "next day":
            now[0] += DAY_NS
        elif step == "reopen":
            writers[0].close()
            writers[0] = AuditLog(folder, now_ns=lambda: now[0], sign_every_s=3600.0)
        else:
            writers[step == "second"].add(entry(number, step))
            wanted.append(entry(number, step))
    for writer in writers:
        writer.close()
    assert [one.entry for one in each_entry(folder, EntryFilter())] == wanted
    if wanted:
        assert verify(folder).ok
