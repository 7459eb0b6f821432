"""Rate limit for nodes that send unusable packets: some packets are answered, then the node is muted for a while."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

ANSWERED_A_S: Final = 50
"""Number of faults of one node per second that are answered and stored; further ones are only counted."""
CUT_OFF_AFTER: Final = 300
"""Number of faults within WINDOW_S after which a node is ignored for MUTED_S."""
WINDOW_S: Final = 2.0
MUTED_S: Final = 10.0
WRITTEN: Final = 20
"""Number of log lines of one kind on a connection that are all written; of further ones fewer and fewer."""
MOST_NODES: Final = 1_000
"""Maximum number of nodes with a separate record per connection; further nodes share the record of packets without a
node id."""


@dataclass(slots=True)
class _Record:
    began_s: float
    faults: int = 0
    second_s: float = 0.0
    answered: int = 0
    muted_until_s: float = 0.0


class FaultLimit:
    """Rate limit of one connection, by node ("" for packets without a node id). Times are seconds of the monotonic
    clock."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}
        self._lines: Counter[str] = Counter()
        self.faults = 0
        self.unheard = 0

    @property
    def tried(self) -> bool:
        """Whether any node may be muted; only then is the sender checked before the packet is parsed."""
        return any(record.muted_until_s for record in self._records.values())

    def muted(self, node: str, now_s: float) -> bool:
        """Whether this node is muted now; counts the packets that are ignored."""
        record = self._records.get(node)
        if record is None or now_s >= record.muted_until_s:
            return False
        self.unheard += 1
        return True

    def fault(self, node: str, now_s: float) -> bool:
        """Count a fault; True if it should be answered and stored. Afterwards ``muted`` may be true."""
        self.faults += 1
        record = self._records.get(node)
        if record is None or now_s - record.began_s > WINDOW_S:
            if record is None and len(self._records) >= MOST_NODES:
                node, record = "", self._records.get("")
            if record is None or now_s - record.began_s > WINDOW_S:
                record = self._records[node] = _Record(now_s)
        record.faults += 1
        if record.faults >= CUT_OFF_AFTER:
            record.muted_until_s = now_s + MUTED_S
        if now_s - record.second_s >= 1.0:
            record.second_s, record.answered = now_s, 0
        record.answered += 1
        return record.answered <= ANSWERED_A_S

    def writes(self, kind: str) -> bool:
        """Count a log line of a kind; True if it should be written, which becomes rarer with their number."""
        self._lines[kind] += 1
        count = self._lines[kind]
        return count <= WRITTEN or count & (count - 1) == 0
