"""Verification of the log: by its signed heads, and against a witness copy kept elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from geo.errors import BadInput
from geo.message import Message
from ingest.security.key_bundle import SIGNING_KEY
from ingest.security.signature import key_id
from ops.audit.entry import EntryLine, Head, read_line
from ops.audit.erasure import erased_ranges
from ops.audit.files import signer_of
from ops.audit.merkle import Tree, leaf_hash
from ops.audit.stores.place import reading
from ops.audit.stores.protocol import LogDay, LogReading
from ops.audit.witness import Witness, newest_head, other_copies

AuditFault = Literal[
    "changed", "removed", "added", "head_changed", "head_missing", "unsigned", "other_key", "not_a_line",
    "copy_changed", "other_copy",
]  # fmt: skip
MOST_FINDINGS: Final = 20
"""Findings of each kind that are stated, by their entries, so that many of one kind hide none of another."""
SIGNED_WITHIN_S: Final = 120.0
"""Entries of a running process that have no head after this time are found as unsigned; a head follows within a second,
unless its machine is busy or its disk is slow."""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """A fault from entry ``entry`` on, and its file; ``head`` where a signed head is meant."""

    kind: AuditFault
    entry: int
    file: str
    head: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for JSON."""
        return {"kind": self.kind, "entry": self.entry, "file": self.file, "head": self.head}

    @property
    def message(self) -> Message:
        """The finding as a sentence."""
        parameters = {"entry": str(self.entry), "file": self.file or "none", "head": str(self.head or 0)}
        return Message("audit-finding", {"kind": self.kind, **parameters})


@dataclass(slots=True)
class Verification:
    """Result: the log has not been changed if ``findings`` is empty; ``erased`` counts entries past their retention.

    ``witnessed`` is the number of entries that the witness copy confirms, None without one.
    """

    entries: int = 0
    heads: int = 0
    erased: int = 0
    witnessed: int | None = None
    root: str = ""
    findings: list[AuditFinding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return {
            "ok": self.ok,
            "entries": self.entries,
            "heads": self.heads,
            "erased": self.erased,
            "witnessed": self.witnessed,
            "root": self.root,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def verify(folder: Path, *, witness: Path | None = None, public: bytes | None = None) -> Verification:
    """Verify the log in ``folder``, which is not changed.

    ``witness``: the folder of the witness copy, where a copy of another log is a finding, or its file. ``public``: the
    32 bytes of the key that signs the heads, as the register of keys or a person states it; by default
    that of the witness copy, or else the key beside the log, which proves less. Raises BadInput without a log,
    witness copy or key.
    """
    with reading(folder) as log:
        if not log.days():
            raise BadInput("has no audit log", where=str(folder), expected="the folder of an audit log")
        copy = None if witness is None else Witness.of_folder(witness, _keys_of(log, public))
        key = public or (copy.public if copy is not None else _key_beside(folder))
        others = other_copies(copy.path) if copy is not None and copy.path != witness else []
        return _Check(log, key, copy, others).run()


class _Check:
    def __init__(self, log: LogReading, public: bytes, witness: Witness | None, others: list[Path]) -> None:
        self._log, self._public, self._witness = log, public, witness
        self._authentic: set[bytes] = set()
        self._copied = 0 if witness is None else witness.path.stat().st_size  # of no newer heads than the log
        self._others = others
        self._result = Verification()
        self._found: list[AuditFinding] = []
        self._kinds = Counter[AuditFault]()
        self._tree = Tree()
        self._signed: list[bytes] = []
        self._recorded_erasures: list[tuple[int, int]] = []
        self._erased: list[tuple[int, int, str]] = []

    def run(self) -> Verification:
        number = 0
        uncovered: list[tuple[bytes, str]] = []
        for name, raw in self._lines():
            line = raw.removesuffix(b"\n")
            found = read_line(line) if raw.endswith(b"\n") else None
            if isinstance(found, Head):
                number = self._head(found, line, number, uncovered, name)
                uncovered = []
            elif line.startswith(b'{"head":') or not line.startswith(b'{"n":'):
                self._find("not_a_line", self._tree.size + len(uncovered), name)
            else:
                uncovered.append((leaf_hash(line), name))
                if isinstance(found, EntryLine):
                    self._recorded_erasures += erased_ranges(found)
                else:
                    self._find("changed", self._tree.size + len(uncovered) - 1, name)
        if uncovered:
            self._find("unsigned", self._tree.size, uncovered[0][1])
        for first, last, name in self._erased:
            if not any(start <= first and last <= end for start, end in self._recorded_erasures):
                self._find("removed", first, name)
        self._against_witness()
        counts = Counter[AuditFault]()
        for finding in sorted(self._found, key=lambda finding: finding.entry):
            counts[finding.kind] += 1
            if counts[finding.kind] <= MOST_FINDINGS:
                self._result.findings.append(finding)
        return self._result

    def _lines(self) -> Iterator[tuple[str, bytes]]:
        """Yield name of the day and line of all that was complete when this began, so that writers may continue."""
        for day, size in self._settled_sizes():
            for line in day.lines(size):
                yield day.name, line

    def _settled_sizes(self) -> list[tuple[LogDay, int]]:
        """Return the days with their sizes; while a process writes, up to the head of the newest entries."""
        began = sizes = self._log.sizes()
        deadline = time.monotonic() + SIGNED_WITHIN_S
        while self._log.has_writer():
            newest, size = sizes[-1]
            signed = newest.signed_size(size)
            if signed >= (began[-1][1] if newest == began[-1][0] else 1):
                return [*sizes[:-1], (newest, signed)]
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
            sizes = self._log.sizes()
        return began

    def _head(self, head: Head, line: bytes, number: int, uncovered: list[tuple[bytes, str]], name: str) -> int:
        """Check one head and the entries before it; return its number."""
        result, start = self._result, self._tree.size
        leaves = head.leaf_hashes
        authentic = head.is_signed_by(self._public)
        if authentic and self._witness is not None:
            self._authentic.add(leaf_hash(line))
        if head.key != key_id(self._public):
            self._find("other_key", start, name, head.head)
        elif not authentic:
            self._find("head_changed", start, name, head.head)
        if head.head != number + 1:
            self._find("head_missing", start, name, number + 1)
        if not uncovered and leaves:
            self._erased.append((start, start + len(leaves) - 1, name))
            result.erased += len(leaves)
        else:
            self._compare([leaf for leaf, _ in uncovered], leaves, start, name)
        for leaf in leaves:
            self._tree.append(leaf)
        self._signed += leaves
        if authentic and (head.size, head.root_hash) != (self._tree.size, self._tree.root()):
            if head.size > self._tree.size:
                self._find("removed", start, name)
            elif head.size < self._tree.size:
                self._find("added", start, name)
            else:
                self._find("changed", start, name)
        result.entries, result.heads, result.root = head.size, result.heads + 1, head.root
        return head.head

    def _compare(self, present: list[bytes], wanted: list[bytes], start: int, name: str) -> None:
        """Find the first difference between the entries in the file and those that the head states."""
        if present == wanted:
            return
        pairs = zip(present, wanted, strict=False)
        at = next((i for i, (here, there) in enumerate(pairs) if here != there), min(len(present), len(wanted)))
        if len(present) == len(wanted):
            kind: AuditFault = "changed"
        else:
            kind = "removed" if len(present) < len(wanted) else "added"
        self._find(kind, start + at, name)

    def _against_witness(self) -> None:
        if self._witness is None:
            return
        for other in self._others:
            self._find("other_copy", 0, other.name, newest_head(other))
        heads, foreign = self._witness.read(self._authentic, self._copied)
        for line, entry in foreign:
            self._find("copy_changed", entry, f"{self._witness.path.name}, line {line}")
        wanted: list[bytes | None] = []
        for number, head in enumerate(heads, 1):
            gap = head.size - len(head.leaves) - len(wanted)
            if head.head != number and gap > 0:
                self._find("head_missing", len(wanted), "", heads[number - 2].head + 1 if number > 1 else 1)
                wanted += [None] * gap  # which the copy does not state
            wanted += head.leaf_hashes
        signed = self._signed
        pairs = zip(signed, wanted, strict=False)
        same = next(
            (i for i, (here, there) in enumerate(pairs) if there not in (here, None)), min(len(signed), len(wanted))
        )
        self._result.witnessed = same - wanted[:same].count(None)
        if same == len(wanted):
            return
        rest, wanted_rest = signed[same:], wanted[same:]
        if not rest or (rest[0] in wanted_rest[1:] and wanted_rest[0] not in rest):
            self._find("removed", same, "")
        elif wanted_rest[0] in rest[1:]:
            self._find("added", same, "")
        else:
            self._find("changed", same, "")

    def _find(self, kind: AuditFault, entry: int, file: str, head: int | None = None) -> None:
        self._kinds[kind] += 1
        if self._kinds[kind] <= 10 * MOST_FINDINGS:
            self._found.append(AuditFinding(kind, entry, file, head))


def _key_beside(folder: Path) -> bytes:
    if not (folder / SIGNING_KEY).exists():
        raise BadInput("has no key of the log", where=str(folder), expected="--witness or --identity, which state it")
    return signer_of(folder).public


def _keys_of(log: LogReading, public: bytes | None) -> set[str]:
    """Return the ids of the keys whose witness copy belongs to this log."""
    if public is not None:
        return {key_id(public)}
    for day in log.days():
        for line in day.lines():
            head = read_line(line.removesuffix(b"\n"))
            if isinstance(head, Head):
                return {head.key}
    return set()
