"""Proof that one signed head of the log continues another (RFC 9162, section 2.1.4)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import BadInput
from ops.audit.entry import Head, read_line
from ops.audit.merkle import consistency_proof, is_consistent
from ops.audit.stores.place import reading


@dataclass(frozen=True, slots=True)
class Consistency:
    """Two heads and the hashes by which anyone who has both can check that the second continues the first."""

    first: Head
    second: Head
    proof: list[bytes]

    @property
    def ok(self) -> bool:
        """Whether the proof holds for the roots of the two heads."""
        return is_consistent(self.first.size, self.first.root_hash, self.second.size, self.second.root_hash, self.proof)

    def as_dict(self) -> dict[str, Any]:
        """Return the proof for JSON, hashes in base64."""
        heads = {
            name: {"head": head.head, "size": head.size, "at_ns": head.at_ns, "root": head.root, "key": head.key,
                   "sig": head.sig}
            for name, head in (("first", self.first), ("second", self.second))
        }  # fmt: skip
        return {"ok": self.ok, **heads, "proof": [b64encode(one).decode() for one in self.proof]}


def consistency_of(folder: Path, first: int, second: int | None = None) -> Consistency:
    """Return the proof for two heads by their numbers; ``second`` None: the newest. BadInput for one that is absent."""
    leaves: list[bytes] = []
    one: Head | None = None
    other: Head | None = None
    for head in _heads(folder):
        leaves += head.leaf_hashes
        if head.head == first:
            one = head
        if second is None or head.head == second:
            other = head
        if head.head == second:
            break
    if one is None or other is None or one.size > other.size or not one.size:
        newest = 0 if other is None else other.head
        expected = f"numbers of two heads, the earlier first, from 1 to {newest}" if newest else "heads of this log"
        raise BadInput(f"heads {first} and {second or 'the newest'}", where="consistency", expected=expected)
    return Consistency(one, other, consistency_proof(leaves[: other.size], one.size))


def _heads(folder: Path) -> Iterator[Head]:
    with reading(folder) as log:
        for day in log.days():
            for line in day.lines():
                if line.startswith(b'{"head":') and line.endswith(b"\n"):
                    head = read_line(line[:-1])
                    if isinstance(head, Head):
                        yield head
