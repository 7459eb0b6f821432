"""Verification detects every edit of the log's files, and says from which entry on."""

import errno
import os
import random
import shutil

import pytest

from ingest.security.signature import Signer
from ops.audit.entry import AuditEntry, line_of, signed_head
from ops.audit.files import day_files
from ops.audit.log import AuditLog
from ops.audit.merkle import leaf_hash, root_of
from ops.audit.verify import MOST_FINDINGS, verify

DAY_NS = 86_400 * 10**9
T0_NS = 1_773_446_400 * 10**9  # 2026-03-14T00:00:00Z


def entry(number: int) -> AuditEntry:
    return AuditEntry(T0_NS + number, "m.keller", "operator", "consultation", f"GET {number}", "night watch", "tracks")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A log of 25 entries on three days, under 17 heads, and its witness copy elsewhere."""
    folder, now = tmp_path_factory.mktemp("original"), [T0_NS]
    log = AuditLog(folder / "audit", witness=folder / "witness", now_ns=lambda: now[0], sign_every_s=0.0)
    number = 0
    while number < 25:
        together = 1 + number % 3
        log.add(*map(entry, range(number, number + together)))
        number += together
        now[0] += DAY_NS // 6
    log.close()
    return folder


def changed(original, tmp_path):
    shutil.copytree(original / "audit", tmp_path / "audit")
    return tmp_path / "audit"


def test_an_unchanged_log_verifies_with_and_without_the_witness(original):
    alone, witnessed = verify(original / "audit"), verify(original / "audit", witness=original / "witness")
    assert (alone.ok, alone.witnessed) == (True, None)
    assert (witnessed.ok, witnessed.witnessed, witnessed.entries) == (True, alone.entries, alone.entries)
    assert len(day_files(original / "audit")) >= 3


def edit(chance: random.Random, folder):
    """Change the files in one of the ways in which a person with access to the disk would; return what was done."""
    path = chance.choice(day_files(folder))
    raw = bytearray(path.read_bytes())
    lines = bytes(raw).splitlines(keepends=True)
    way = chance.choice(("byte", "bit", "insert", "delete", "row", "swap", "double", "truncate", "copy", "file"))
    at = chance.randrange(len(raw))
    if way == "byte":
        raw[at] = (raw[at] + chance.randrange(1, 256)) % 256
    elif way == "bit":
        raw[at] ^= 1 << chance.randrange(8)
    elif way == "insert":
        raw.insert(at, chance.randrange(256))
    elif way == "delete":
        del raw[at : at + chance.randrange(1, 50)]
    elif way == "truncate":
        del raw[at:]
    elif way in ("row", "swap", "double"):
        number = chance.randrange(len(lines))
        if way == "row":
            del lines[number]
        elif way == "double":
            lines.insert(chance.randrange(len(lines) + 1), lines[number])
        else:
            other = chance.choice([index for index in range(len(lines)) if index != number])
            lines[number], lines[other] = lines[other], lines[number]
        raw = bytearray(b"".join(lines))
    elif way == "copy":  # the log as it was after one of its heads
        heads = [index for index, line in enumerate(lines) if line.startswith(b'{"head":')]
        keep = chance.choice(heads)
        if path == day_files(folder)[-1] and keep == heads[-1]:
            keep = heads[-2]
        raw = bytearray(b"".join(lines[: keep + 1]))
        for later in day_files(folder)[day_files(folder).index(path) + 1 :]:
            later.unlink()
    if way == "file":
        path.unlink()
    else:
        path.write_bytes(raw)
    return way, path.name, at


def test_each_of_1000_random_edits_is_detected(original, tmp_path):
    folder, chance = changed(original, tmp_path), random.Random(1)
    sound = {path.name: path.read_bytes() for path in day_files(folder)}
    undetected, done = [], 0
    while done < 1000:
        what = edit(chance, folder)
        if {path.name: path.read_bytes() for path in day_files(folder)} != sound:
            done += 1
            if not day_files(folder) or verify(folder, witness=original / "witness").ok:
                undetected.append(what)
        for path in day_files(folder):
            path.unlink()
        for name, content in sound.items():
            (folder / name).write_bytes(content)
    assert undetected == []


def rows(path):
    return path.read_bytes().splitlines(keepends=True)


def first(found):
    return found.findings[0].kind, found.findings[0].entry


def test_a_changed_entry_is_named(original, tmp_path):
    path = day_files(changed(original, tmp_path))[0]
    path.write_bytes(path.read_bytes().replace(b"GET 4", b"GET 5", 1))
    assert first(verify(path.parent)) == ("changed", 4)


def test_a_removed_entry_is_named(original, tmp_path):
    path = day_files(changed(original, tmp_path))[0]
    path.write_bytes(b"".join(line for line in rows(path) if not line.startswith(b'{"n":5,')))
    assert first(verify(path.parent)) == ("removed", 5)


def test_an_added_entry_is_named(original, tmp_path):
    path = day_files(changed(original, tmp_path))[0]
    found = rows(path)
    at = next(index for index, line in enumerate(found) if line.startswith(b'{"n":4,'))
    path.write_bytes(b"".join([*found[:at], found[0], *found[at:]]))
    assert first(verify(path.parent)) == ("added", 4)


def test_an_older_copy_of_the_log_is_found_by_the_witness_only(original, tmp_path):
    folder = changed(original, tmp_path)
    for path in day_files(folder)[1:]:
        path.unlink()
    alone, witnessed = verify(folder), verify(folder, witness=original / "witness")
    assert alone.ok
    assert first(witnessed) == ("removed", alone.entries)


def test_a_log_signed_again_by_someone_who_has_its_key_is_found_by_the_witness(original, tmp_path):
    folder = changed(original, tmp_path)
    log = AuditLog(folder)
    signer, now = log.signer, T0_NS
    log.close()
    for path in day_files(folder):
        path.unlink()
    entries = [line.replace(b"GET 7", b"GET 9") for line in entry_lines(original / "audit")]
    leaves = [leaf_hash(line) for line in entries]
    head = signed_head(signer, 1, len(leaves), now, root_of(leaves), leaves)
    (folder / "000001-2026-03-14.log").write_bytes(b"".join(line + b"\n" for line in [*entries, head]))
    assert verify(folder).ok
    assert first(verify(folder, witness=original / "witness")) == ("changed", 7)


def entry_lines(folder):
    return [line for path in day_files(folder) for line in path.read_bytes().splitlines() if line.startswith(b'{"n":')]


def test_a_log_signed_by_another_key_is_found(original, tmp_path):
    folder = tmp_path / "audit"
    log = AuditLog(folder, now_ns=lambda: T0_NS)
    log.add(entry(0))
    log.close()
    found = verify(folder, witness=original / "witness")
    assert {finding.kind for finding in found.findings} >= {"other_key"}


def test_the_log_after_a_rollback_is_not_copied_over_the_witness(original, tmp_path):
    folder = changed(original, tmp_path)
    shutil.copytree(original / "witness", tmp_path / "witness")
    for path in day_files(folder)[1:]:
        path.unlink()
    log = AuditLog(folder, witness=tmp_path / "witness", now_ns=lambda: T0_NS)
    log.add(entry(0))
    assert "that the audit log lacks" in log.problem
    log.close()
    assert not verify(folder, witness=tmp_path / "witness").ok


def test_removing_old_entries_is_only_allowed_when_the_log_records_their_erasure(original, tmp_path):
    folder = changed(original, tmp_path)
    path = day_files(folder)[0]
    entries = [line for line in rows(path) if line.startswith(b'{"n":')]
    path.write_bytes(b"".join(line for line in rows(path) if not line.startswith(b'{"n":')))
    assert first(verify(folder, witness=original / "witness")) == ("removed", 0)
    log = AuditLog(folder)
    subject = f"audit entries 0-{len(entries) - 1}"
    log.add(AuditEntry(T0_NS, "watchline", "system", "erasure", "retention", "retention", subject))
    log.close()
    found = verify(folder, witness=original / "witness")
    assert (found.ok, found.erased) == (True, len(entries))


def test_a_log_in_the_place_of_another_is_found_by_the_copy_of_the_other(original, tmp_path):
    shutil.copytree(original / "witness", tmp_path / "witness")
    (other,) = (tmp_path / "witness").iterdir()
    log = AuditLog(tmp_path / "audit", witness=tmp_path / "witness", now_ns=lambda: T0_NS)
    log.add(entry(0))
    log.close()
    (finding,) = verify(log.folder, witness=tmp_path / "witness").findings
    assert (finding.kind, finding.file, finding.head) == ("other_copy", other.name, 17)
    own = verify(log.folder, witness=tmp_path / "witness" / f"{log.signer.key}.heads")
    assert (own.ok, own.witnessed) == (True, 1), "the auditor names the file"


def with_copy(original, tmp_path, change):
    """A log whose witness copy has other lines; return both, and name of the copy."""
    folder = changed(original, tmp_path)
    shutil.copytree(original / "witness", tmp_path / "witness")
    (path,) = (tmp_path / "witness").iterdir()
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    return folder, tmp_path / "witness", path.name


@pytest.mark.parametrize("foreign", [b"x\n", b"\xff\n", b'{"n":3}\n', b"{}\n"])
def test_a_foreign_line_in_the_copy_is_named_and_ends_no_comparison(original, tmp_path, foreign):
    folder, witness, name = with_copy(original, tmp_path, lambda lines: [*lines[:3], foreign, *lines[3:]])
    found = verify(folder, witness=witness)
    assert [(one.kind, one.file) for one in found.findings] == [("copy_changed", f"{name}, line 4")]
    assert found.witnessed == found.entries
    for path in day_files(folder)[1:]:
        path.unlink()
    found = verify(folder, witness=witness)
    assert ("removed", found.entries) in [(one.kind, one.entry) for one in found.findings]


def test_a_head_that_the_copy_lacks_or_has_from_another_key_is_named(original, tmp_path):
    folder, witness, name = with_copy(original, tmp_path, lambda lines: [*lines[:3], *lines[4:]])
    found = verify(folder, witness=witness)
    assert [(one.kind, one.head) for one in found.findings] == [("head_missing", 3)]
    assert found.witnessed < found.entries
    forged = signed_head(Signer.generate(), 18, 0, T0_NS, root_of([]), [])
    (witness / name).write_bytes((original / "witness" / name).read_bytes() + forged + b"\n")
    found = verify(folder, witness=witness)
    assert [(one.kind, one.file) for one in found.findings] == [("copy_changed", f"{name}, line 19")]


@pytest.mark.parametrize("part", [b'{"head":17,"si', b'{"he', b'{"head":1'])
def test_part_of_a_line_is_no_change_of_the_copy(original, tmp_path, part):
    """At the end, where a line is being written; and before the same head, where it was written again."""
    folder, witness, _ = with_copy(original, tmp_path, lambda lines: [*lines[:-1], part + b"\n", lines[-1], part])
    found = verify(folder, witness=witness)
    assert (found.ok, found.witnessed) == (True, found.entries), found.findings


def test_a_log_is_verified_where_its_lock_cannot_be_opened(original, tmp_path, monkeypatch):
    folder, opened = changed(original, tmp_path), os.open

    def refuse(path, flags, *more, **others):
        if str(path).endswith(".lock"):
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(path, flags, *more, **others)

    monkeypatch.setattr(os, "open", refuse)
    assert verify(folder, witness=original / "witness").ok


def test_many_findings_of_one_kind_hide_none_of_another(tmp_path):
    now = [T0_NS]
    log = AuditLog(tmp_path / "audit", now_ns=lambda: now[0])
    for day in range(2 * MOST_FINDINGS):
        now[0] = T0_NS + day * DAY_NS
        log.add(entry(day))
    log.close()
    *removed, newest = day_files(log.folder)
    for path in removed:
        path.write_bytes(b"".join(line for line in rows(path) if not line.startswith(b'{"n":')))
    newest.write_bytes(newest.read_bytes().replace(b"m.keller", b"n.keller"))
    kinds = [finding.kind for finding in verify(log.folder).findings]
    assert kinds == ["removed"] * MOST_FINDINGS + ["changed"]


def test_lines_are_numbered():
    assert line_of(3, b'"a":1}') == b'{"n":3,"a":1}'
