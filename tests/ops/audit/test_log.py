"""The append-only log: entries are on disk, under signed heads, by any number of threads and processes."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

import ops.audit.files
import ops.audit.witness
from ingest.security.signature import Signer
from ops.audit.entry import AuditEntry, AuditError, EntryLine, Head, read_line, signed_head
from ops.audit.erasure import erase_entries
from ops.audit.files import day_files, lock_log, signer_of
from ops.audit.log import AuditLog
from ops.audit.merkle import leaf_hash, root_of
from ops.audit.verify import verify
from ops.audit.witness import Witness, WitnessCopy
from tests.patience import PATIENT_S

DAY_NS = 86_400 * 10**9
T0_NS = 1_773_522_000 * 10**9  # 2026-03-14T21:00:00Z


def entry(number: int, **more) -> AuditEntry:
    fields = {
        "person": "m.keller",
        "role": "operator",
        "operation": "consultation",
        "what": f"GET /api/tracks?{number}",
    }
    return AuditEntry(**{"at_ns": T0_NS + number, **fields, "purpose": "night watch", "subject": "tracks"} | more)


def lines(folder):
    return [line for path in day_files(folder) for line in path.read_bytes().splitlines()]


def test_an_entry_is_under_a_signed_head_of_the_rfcs_tree_when_add_returns(tmp_path):
    log = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS, sign_every_s=0.0)
    for number in range(5):
        log.add(entry(number))
        written = [read_line(line) for line in lines(log.folder)]
        head = written[-1]
        leaves = [leaf_hash(line) for line in lines(log.folder) if line.startswith(b'{"n":')]
        assert isinstance(head, Head)
        assert (head.size, head.root_hash) == (number + 1, root_of(leaves))
        assert head.is_signed_by(log.signer.public)
    assert log.entries() == [entry(number) for number in range(5)]
    assert [line.n for line in written if isinstance(line, EntryLine)] == [0, 1, 2, 3, 4]
    assert [path.name for path in day_files(log.folder)] == ["000001-2026-03-14.log"]
    log.close()


def test_entries_between_heads_are_on_disk_at_once_and_signed_soon_and_when_the_log_is_closed(tmp_path):
    log = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS, sign_every_s=0.5)
    for number in range(4):
        log.add(entry(number))
        assert [line.n for line in map(read_line, lines(log.folder)) if isinstance(line, EntryLine)][-1] == number
    while not isinstance(read_line(lines(log.folder)[-1]), Head):  # ends only if a thread signs them
        threading.Event().wait(0.02)
    first, second = [found for found in map(read_line, lines(log.folder)) if isinstance(found, Head)][:2]
    assert (first.size, len(first.leaves)) == (1, 1), "the first entry of a process is signed at once"
    assert second.size > first.size
    log.add(entry(4))
    log.add(entry(5))
    log.close()
    last = read_line(lines(log.folder)[-1])
    assert (last.size, last.root_hash) == (
        6,
        root_of([leaf_hash(one) for one in lines(log.folder) if one[1:4] == b'"n"']),
    )
    assert verify(tmp_path / "audit").ok


def test_what_a_killed_writer_left_unsigned_is_signed_at_the_next_start(tmp_path):
    log = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS, sign_every_s=3600.0)
    log.add(entry(0))
    log.add(entry(1))
    copy = tmp_path / "killed"
    shutil.copytree(tmp_path / "audit", copy)
    assert [one.kind for one in verify(copy).findings] == ["unsigned"]
    again = AuditLog(copy, now_ns=lambda: T0_NS)
    assert verify(copy).ok
    assert again.size == 2
    again.close()
    log.close()


def test_the_last_entries_of_a_day_are_signed_in_the_file_of_that_day(tmp_path):
    now = [T0_NS]
    log = AuditLog(tmp_path / "audit", now_ns=lambda: now[0], sign_every_s=3600.0)
    for number in range(3):
        log.add(entry(number))
    now[0] += 24 * 3600 * 10**9
    log.add(entry(3))
    log.close()
    for path in day_files(tmp_path / "audit"):
        assert isinstance(read_line(path.read_bytes().splitlines()[-1]), Head)
    assert verify(tmp_path / "audit").ok


def test_a_log_verifies_while_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("ops.audit.verify.SIGNED_WITHIN_S", PATIENT_S)  # on a busy machine the next head comes late
    log, stop = AuditLog(tmp_path / "audit", sign_every_s=0.05), threading.Event()

    def write() -> None:
        while not stop.is_set():
            log.add(entry(log.size))

    log.add(entry(0))
    writer = threading.Thread(target=write)
    writer.start()
    try:
        results = [verify(tmp_path / "audit") for _ in range(5)]
    finally:
        stop.set()
        writer.join()
        log.close()
    assert all(result.ok for result in results), [result.findings for result in results]
    assert [result.entries for result in results] == sorted(result.entries for result in results)


def test_a_log_whose_writer_stands_still_before_it_signs_is_not_found_changed(tmp_path, monkeypatch):
    """As on a machine that is busy for a minute."""
    log, now_s = AuditLog(tmp_path / "audit", sign_every_s=3600.0), [0.0]
    log.add(entry(0))
    log.add(entry(1))

    def sleep(_: float) -> None:
        now_s[0] += 5.0
        if now_s[0] == 60.0:
            with log._lines.lock():
                log._sign_rest()

    monkeypatch.setattr("ops.audit.verify.time", SimpleNamespace(monotonic=lambda: now_s[0], sleep=sleep))
    result = verify(tmp_path / "audit")
    log.close()
    assert (result.findings, result.entries) == ([], 2)
    assert now_s == [60.0]


def test_equal_entries_have_different_hashes_so_that_erased_ones_cannot_be_guessed(tmp_path):
    log = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS)
    log.add(entry(1), entry(1))
    head = read_line(lines(log.folder)[-1])
    assert len(set(head.leaves)) == 2
    log.close()


def test_entries_that_wait_together_share_a_head_and_all_are_kept(tmp_path, monkeypatch):
    log, syncs = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS, sign_every_s=0.0), []
    begun, release = threading.Event(), threading.Event()
    sync = os.fdatasync

    def slow(descriptor):
        syncs.append(descriptor)
        begun.set()
        release.wait(PATIENT_S)
        sync(descriptor)

    monkeypatch.setattr("ops.audit.log.os.fdatasync", slow)
    threads = [threading.Thread(target=log.add, args=(entry(number),)) for number in range(20)]
    threads[0].start()
    assert begun.wait(PATIENT_S)
    for thread in threads[1:]:
        thread.start()
    while len(log._queue) < 19:  # the others wait for the disk
        threading.Event().wait(0.005)
    release.set()
    for thread in threads:
        thread.join(PATIENT_S)
    assert len(syncs) == 2
    assert sorted(one.what for one in log.entries()) == sorted(entry(number).what for number in range(20))
    assert verify(log.folder).ok
    log.close()


def test_two_processes_write_one_log(tmp_path):
    program = (
        "import sys\nfrom pathlib import Path\nfrom ops.audit.log import AuditEntry, AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]))\n"
        "for n in range(50): log.add(AuditEntry(n, sys.argv[2], 'operator', 'consultation', str(n), 'p', 's'))\n"
        "log.close()"
    )
    folder = tmp_path / "audit"
    others = [subprocess.Popen([sys.executable, "-c", program, str(folder), name]) for name in ("a", "b")]
    assert [other.wait(PATIENT_S) for other in others] == [0, 0]
    log = AuditLog(folder)
    assert log.size == 100
    for name in ("a", "b"):
        assert [one.what for one in log.entries() if one.person == name] == [str(n) for n in range(50)]
    log.close()
    found = verify(folder)
    assert (found.ok, found.entries) == (True, 100)


def test_each_day_has_its_file_and_the_log_goes_on_after_a_restart(tmp_path):
    now = [T0_NS]
    for day in range(3):
        log = AuditLog(tmp_path / "audit", now_ns=lambda: now[0])
        log.add(entry(day))
        log.close()
        now[0] += DAY_NS
    names = [path.name for path in day_files(tmp_path / "audit")]
    assert names == ["000001-2026-03-14.log", "000002-2026-03-15.log", "000003-2026-03-16.log"]
    assert verify(tmp_path / "audit").as_dict() | {"root": ""} == {
        "ok": True, "entries": 3, "heads": 3, "erased": 0, "witnessed": None, "root": "", "findings": [],
    }  # fmt: skip


@pytest.mark.parametrize("torn", [b'{"n":1,"at_ns":17', b'{"n":1,"at_ns":1}\n{"he'])
def test_what_an_interrupted_write_left_is_completed_and_was_never_acknowledged(tmp_path, torn):
    log = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS)
    log.add(entry(0))
    log.close()
    whole = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS)
    path = day_files(tmp_path / "audit")[0]
    before = path.read_bytes()
    whole.add(entry(1))
    second = path.read_bytes()[len(before) :]
    whole.close()
    path.write_bytes(before + (second.splitlines(keepends=True)[0] if b"\n" in torn else b"") + torn.splitlines()[-1])
    again = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS)
    again.add(entry(2))
    kept = [entry(0), entry(1), entry(2)] if b"\n" in torn else [entry(0), entry(2)]
    assert again.entries() == kept
    again.close()
    assert verify(tmp_path / "audit").ok


def test_a_changed_log_is_not_continued_as_if_it_were_whole(tmp_path):
    log = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS)
    log.add(entry(0))
    log.close()
    path = day_files(tmp_path / "audit")[0]
    path.write_bytes(path.read_bytes().replace(b"m.keller", b"n.keller"))
    with pytest.raises(AuditError, match="was changed near entry"):
        AuditLog(tmp_path / "audit")


def test_what_cannot_be_written_is_an_error_and_leaves_the_log_as_it_was(tmp_path, monkeypatch):
    log = AuditLog(tmp_path / "audit", now_ns=lambda: T0_NS)
    log.add(entry(0))

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("ops.audit.log.os.fdatasync", full)
        with pytest.raises(AuditError, match="cannot be written"):
            log.add(entry(1))
    log.add(entry(2))
    assert log.entries() == [entry(0), entry(2)]
    with pytest.raises(AuditError, match="cannot be written"):
        log.add(entry(3, person="\ud800"))
    log.close()
    with pytest.raises(AuditError, match="cannot be written"):
        log.add(entry(4))
    assert verify(log.folder).ok


def test_the_key_is_readable_by_its_owner_only(tmp_path):
    AuditLog(tmp_path / "audit").close()
    assert (tmp_path / "audit" / "signing.key").stat().st_mode & 0o777 == 0o600
    assert signer_of(tmp_path / "audit").public == signer_of(tmp_path / "audit").public


def test_the_access_log_of_earlier_versions_is_taken_over_once(tmp_path):
    with sqlite3.connect(tmp_path / "access.db") as old:
        old.execute("CREATE TABLE access (n INTEGER PRIMARY KEY, at_ns, who, what, purpose)")
        old.execute("INSERT INTO access VALUES (1, 5, 'm.keller', 'GET /api/tracks', 'night watch')")
        old.execute("INSERT INTO access VALUES (2, 6, 'm.keller', 'POST /api/alerts/A1/clear', 'clear')")
    old.close()
    for _ in range(2):
        log = AuditLog(tmp_path / "audit")
        note, first, second = log.entries()
        assert (note.operation, note.subject) == ("collection", "2 entries of the earlier access log")
        assert (first.at_ns, first.person, first.operation, first.purpose) == (
            5,
            "m.keller",
            "consultation",
            "night watch",
        )
        assert (second.what, second.operation) == ("POST /api/alerts/A1/clear", "alteration")
        log.close()
    assert not (tmp_path / "access.db").exists()
    assert (tmp_path / "access.db.imported").exists()


def test_the_witness_gets_every_head_and_a_missing_one_delays_nothing(tmp_path):
    (tmp_path / "elsewhere").write_text("a file where the folder should be")
    log = AuditLog(tmp_path / "audit", witness=tmp_path / "elsewhere" / "watch", sign_every_s=0.0)
    log.add(entry(0))
    while log.problem is None:
        threading.Event().wait(0.01)
    assert "witness" in log.problem
    log.close()
    (tmp_path / "elsewhere").unlink()
    log = AuditLog(tmp_path / "audit", witness=tmp_path / "elsewhere" / "watch", sign_every_s=0.0)
    log.add(entry(1), entry(2))
    log.close()
    (path,) = (tmp_path / "elsewhere" / "watch").iterdir()
    assert path.name == f"{log.signer.key}.heads"
    assert [head.size for head in Witness(path).heads()] == [1, 3]
    assert verify(log.folder, witness=path.parent).witnessed == 3


def test_the_head_that_comes_with_the_end_reaches_the_witness(tmp_path):
    """The thread may see the end before it looks for heads."""
    log = AuditLog(tmp_path / "audit", sign_every_s=0.0)
    log.add(entry(0))
    log.close()
    copy = WitnessCopy(tmp_path / "witness", log.signer, log.folder)
    copy.follow(1, next(line for line in lines(log.folder) if line.startswith(b'{"head":')))
    copy._stop = True
    copy._run()
    assert [head.size for head in Witness(copy.path).heads()] == [1]


def test_a_copy_that_can_only_be_appended_to_is_continued_also_after_part_of_a_line(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def opened(path, mode="r", *more, **others):
        if "+" in mode:
            refused()
        return open_path(path, mode, *more, **others)

    open_path = Path.open
    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(os, "truncate", refused)
    for number in range(3):
        log = AuditLog(tmp_path / "audit", witness=tmp_path / "watch", sign_every_s=0.0)
        log.add(entry(number))
        log.close()
        assert log.problem is None
        found = verify(log.folder, witness=tmp_path / "watch")
        assert (found.ok, found.witnessed) == (True, number + 1), found.findings
        (path,) = (tmp_path / "watch").iterdir()
        with path.open("ab") as file:  # what an interrupted write leaves
            file.write(f'{{"head":{number + 2},"si'.encode())


def begun(log):
    """Wait until every head is in the witness copy; return its path."""
    path = log.witness / f"{log.signer.key}.heads"
    heads = sum(line.startswith(b'{"head":') for line in lines(log.folder))
    while not path.exists() or path.read_bytes().count(b"\n") <= heads:
        threading.Event().wait(0.01)
    return path


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize(
    "foreign", [b"x", signed_head(Signer.generate(), 10**6, 0, T0_NS, root_of([]), [])], ids=["text", "forged"]
)
def test_a_line_that_is_not_a_head_of_the_log_is_reported_and_the_copy_continued_behind_it(tmp_path, foreign, running):
    log = AuditLog(tmp_path / "audit", witness=tmp_path / "watch", sign_every_s=0.0)
    log.add(entry(0))
    path = begun(log)
    if not running:
        log.close()
    with path.open("ab") as file:
        file.write(foreign + b"\n")
    if not running:
        log = AuditLog(tmp_path / "audit", witness=tmp_path / "watch", sign_every_s=0.0)
    log.add(entry(1))
    log.close()
    assert log.problem == f"the witness copy has a line that is not a head of the log ({path})"
    assert [head.head for head in Witness(path).heads()] == [1, 2]


def test_a_copy_that_is_moved_away_while_the_log_is_written_begins_again_with_all_heads(tmp_path):
    log = AuditLog(tmp_path / "audit", witness=tmp_path / "watch", sign_every_s=0.0)
    for number in range(2):
        log.add(entry(number))
    path = begun(log)
    path.rename(tmp_path / path.name)
    log.add(entry(2))
    log.close()
    assert [head.head for head in Witness(path).heads()] == [1, 2, 3]
    assert verify(log.folder, witness=path.parent).ok


def test_a_log_that_begins_beside_the_copy_of_another_is_reported(tmp_path):
    for folder in ("audit", "other"):
        log = AuditLog(tmp_path / folder, witness=tmp_path / "watch", sign_every_s=0.0)
        log.add(entry(0))
        log.close()
        assert (log.problem is None) == (folder == "audit")
    assert "copies of other logs" in log.problem


def test_heads_that_wait_for_the_witness_take_bounded_memory_and_none_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(ops.audit.witness, "MOST_WAITING", 3)
    (tmp_path / "elsewhere").write_text("a file where the folder should be")
    log = AuditLog(tmp_path / "audit", witness=tmp_path / "elsewhere" / "watch", sign_every_s=0.0)
    for number in range(10):
        log.add(entry(number))
    while log.problem is None:
        threading.Event().wait(0.01)
    assert len(log._witness._pending) == 3
    (tmp_path / "elsewhere").unlink()
    log.add(entry(10))
    log.close()
    (path,) = (tmp_path / "elsewhere" / "watch").iterdir()
    assert [head.size for head in Witness(path).heads()] == list(range(1, 12))


def test_a_log_that_was_not_read_while_entries_of_it_were_erased_goes_on(tmp_path):
    now = [T0_NS]
    idle = AuditLog(tmp_path / "audit", now_ns=lambda: now[0])
    idle.add(entry(0))
    other = AuditLog(tmp_path / "audit", now_ns=lambda: now[0])
    other.add(*(entry(number) for number in range(1, 20)))
    now[0] += 3 * DAY_NS
    other.add(entry(20))
    erase_entries(other, lambda day: day < date(2026, 3, 16), "retention")
    idle.add(entry(21))
    assert verify(tmp_path / "audit").ok
    idle.close()
    other.close()


def test_the_lock_is_that_of_the_folder_which_took_its_place_while_it_waited(tmp_path, monkeypatch):
    """A copy renames its folder into place: two writers with locks of two folders would write into each other."""
    folder, waited, lock_file = tmp_path / "audit", [], ops.audit.files.lock_file

    def replaced(path, **more):
        found = lock_file(path, **more)
        if not waited:
            waited.append(path)
            folder.rename(tmp_path / "audit.before")
        return found

    monkeypatch.setattr(ops.audit.files, "lock_file", replaced)
    lock = lock_log(folder)
    try:
        assert os.path.samestat(os.fstat(lock), os.stat(folder / ".lock"))
    finally:
        os.close(lock)
