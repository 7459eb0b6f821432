"""Rate limit for nodes that send unusable packets: some are answered, then the node is muted for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ANSWERED_A_S: Final = 50
"""Faults of one node that are answered and kept in a second; more are counted only."""
CUT_OFF_AFTER: Final = 300
"""Faults within WINDOW_S after which a node is not listened to for MUTED_S."""
WINDOW_S: Final = 2.0
MUTED_S: Final = 10.0
MOST_NODES: Final = 1_000
"""Of whom a record is kept on one connection; who comes later shares that of packets that name nobody."""


@dataclass(slots=True)
class _Record:
    began_s: float
    faults: int = 0
    second_s: float = 0.0
    answered: int = 0
    muted_until_s: float = 0.0


class FaultLimit:
    """Of one connection, by node ("" for packets that name none). Times are seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}
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
        """Count a fault; True when it should be answered and kept. Afterwards ``muted`` may be true."""
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
