"""Moments: the live picture as it was known at each second of journal time, so that any of them can be shown again.

Once a second the picture is stored, whole or as what differs from the moment before. A whole picture is repeated after
``WHOLE_EVERY_NS``, when the differences have become as large as a whole picture, and on a new day (UTC), because each
day has its own key. A moment also holds the number that the outbox had reached: the alerts and incidents as known then
are the newest revisions up to it. Moments are never written again: after a crash fusion computes seconds again, but
people saw them as they were computed first. Where the clock was ahead and is set back, the moments that lie ahead are
removed.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ops.audit.day_keys import KeyKind, day_at
from ops.store.encryption import about

TABLES: Final = """
CREATE TABLE IF NOT EXISTS moments (
    stamp_ns INTEGER PRIMARY KEY,
    base_ns INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    outbox INTEGER NOT NULL,
    body BLOB NOT NULL,
    units BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS alerts_open ON alerts (id) WHERE status IN ('active', 'acknowledged');
CREATE INDEX IF NOT EXISTS incidents_by_opening ON incidents (opened_ns)
"""
"""``base_ns``: the whole picture to which the differences since then apply. ``units`` has a key of its own."""
EVERY_NS: Final = 1_000_000_000
WHOLE_EVERY_NS: Final = 60 * EVERY_NS
MOST_AHEAD_NS: Final = 600 * EVERY_NS
"""A clock that is set back by more removes no moments, as which of its times was wrong is not known; none is stored
until the time of the newest is reached."""
IDENTITY: Final[Mapping[str, str]] = {"tracks": "track", "sensors": "sensor", "units": "unit"}
"""The field that names an entry of a part of the picture; parts without one are stored whole when they change."""
UNITS: Final = "units"
NOT_KEPT: Final = ("counts", "latency", "forces")
"""Parts of the live picture that are no part of a moment; the units of own forces are, as the part ``units``."""
LEVEL: Final = 1
"""Of zlib: higher levels save a tenth of the disk for three times the time."""
OPEN_REVISIONS: Final = (
    "SELECT o.n FROM alerts a JOIN outbox o ON o.alert = a.id AND o.revision = a.revision"
    " WHERE a.status IN ('active', 'acknowledged')"
    " UNION ALL SELECT o.n FROM incidents i JOIN outbox o ON o.alert = i.id AND o.revision = i.revision"
    " WHERE i.state IN ('open', 'acknowledged', 'assigned', 'en_route', 'on_scene')"
)
"""Outbox numbers of alerts and incidents that are not closed; a test compares the states."""


class PartChange(msgspec.Struct, omit_defaults=True):
    """A part of the picture: ``now`` the entries that are new or differ, ``gone`` the names of those that are no more.

    ``whole``: ``now`` is all of it.
    """

    now: list[msgspec.Raw] = []
    gone: list[str] = []
    whole: bool = False


class MomentBody(msgspec.Struct, omit_defaults=True):
    """The stored content of a moment; ``open``, of whole pictures: outbox numbers of open alerts and incidents."""

    parts: dict[str, PartChange] = {}
    open: list[int] = []


Entries = dict[str, bytes]
"""Entries of a part of the picture as JSON, by name; by place in the list where they have none."""


def entries_of(part: str, items: list[msgspec.Raw]) -> Entries:
    """Return the entries of a part of the picture by name."""
    name = IDENTITY.get(part)
    if name is None:
        return {str(number): bytes(item) for number, item in enumerate(items)}
    named = msgspec.defstruct(f"Named{part}", [("name", Any, msgspec.field(name=name, default=None))])
    decoder = msgspec.json.Decoder(named)
    return {str(decoder.decode(item).name): bytes(item) for item in items}  # type: ignore[attr-defined]


def applied(known: Mapping[str, Entries], body: MomentBody) -> dict[str, Entries]:
    """Return the picture after the change ``body`` to the picture ``known``."""
    picture = dict(known)
    for part, change in body.parts.items():
        entries = {} if change.whole else dict(picture.get(part, {}))
        for name in change.gone:
            entries.pop(name, None)
        picture[part] = entries | entries_of(part, change.now)
    return picture


def packed(body: MomentBody) -> bytes:
    """Return a change as stored, before encryption."""
    return zlib.compress(msgspec.json.encode(body), LEVEL)


def unpacked(stored: bytes) -> MomentBody:
    """Return the change that ``packed`` stored."""
    return msgspec.json.decode(zlib.decompress(stored), type=MomentBody)


@dataclass(frozen=True, slots=True)
class NextMoment:
    """A moment that is not yet committed, and what the writer knows once it is."""

    stamp_ns: int
    base_ns: int
    picture: dict[str, Entries]
    body: MomentBody
    units: MomentBody
    set_back: bool = False


@dataclass(slots=True)
class MomentWriter:
    """Decides which pictures are stored, and how. ``accept`` a moment once its transaction is committed."""

    stamp_ns: int = 0
    cursor: int = 0
    base_ns: int = 0
    whole_bytes: int = 0
    changed_bytes: int = 0
    picture: dict[str, Entries] = field(default_factory=dict)
    offered_ns: int = 0
    """Time of the last picture that was offered, whether it was due or not."""
    returns: bool = False
    """Whether the last step back of the clock was small."""

    def resume(self, run: Callable[..., Any]) -> None:
        """Continue after the newest moment of the store, with a whole picture."""
        newest = run("SELECT stamp_ns, cursor FROM moments ORDER BY stamp_ns DESC LIMIT 1").fetchone()
        self.stamp_ns, self.cursor = newest or (0, 0)

    def next(self, cursor: int, stamp_ns: int, parts: Mapping[str, bytes]) -> NextMoment | None:
        """Return the moment of a new picture; None if none is due. ``parts``: JSON lists by part; others are as before.

        A picture that fusion computes again after a crash is not due: its moment is stored. One of later rows that is
        earlier shows that the clock was set back.
        """
        kept = {part: body for part, body in parts.items() if part not in NOT_KEPT}
        ahead_ns = self.stamp_ns - stamp_ns
        step_ns, self.offered_ns = self.offered_ns - stamp_ns, stamp_ns
        if step_ns > EVERY_NS:  # decided here: later the newest moment is less far ahead
            self.returns = step_ns <= MOST_AHEAD_NS
        set_back = self.returns and ahead_ns > EVERY_NS and cursor > self.cursor
        if not kept or (ahead_ns > -EVERY_NS and not set_back) or cursor < self.cursor:
            return None
        decode = msgspec.json.Decoder(list[msgspec.Raw]).decode
        picture = self.picture | {part: entries_of(part, decode(body)) for part, body in kept.items()}
        whole = (
            not self.base_ns
            or set_back
            or stamp_ns - self.base_ns >= WHOLE_EVERY_NS
            or day_at(stamp_ns) != day_at(self.base_ns)
            or self.changed_bytes >= self.whole_bytes
        )
        changes = {part: _change(part, {} if whole else self.picture.get(part, {}), picture[part]) for part in picture}
        for change in changes.values():
            change.whole = change.whole or whole
        changed = {part: change for part, change in changes.items() if change.now or change.gone or change.whole}
        units = {part: change for part, change in changed.items() if part == UNITS}
        others = {part: change for part, change in changed.items() if part != UNITS}
        base_ns = stamp_ns if whole else self.base_ns
        return NextMoment(stamp_ns, base_ns, picture, MomentBody(others), MomentBody(units), set_back)

    def accept(self, moment: NextMoment, cursor: int, size: int) -> None:
        """Take note that a moment of ``size`` bytes is on disk."""
        if moment.base_ns == moment.stamp_ns:
            self.whole_bytes, self.changed_bytes = size, 0
        else:
            self.changed_bytes += size
        self.stamp_ns, self.base_ns, self.cursor = moment.stamp_ns, moment.base_ns, cursor
        self.picture = moment.picture


def write_moment(run: Callable[..., Any], store: Any, moment: NextMoment, cursor: int) -> int:
    """Write a moment within the transaction of the caller; return its size. An erased day leaves it without content.

    ``store`` encrypts (``Store.sealed``) and makes room for the day (``Store.prepare_days``).
    """
    if moment.base_ns == moment.stamp_ns:
        moment.body.open = sorted(number for (number,) in run(OPEN_REVISIONS).fetchall())
    outbox = run("SELECT coalesce(max(n), 0) FROM outbox").fetchone()[0]
    body, units = packed(moment.body), packed(moment.units) if moment.units.parts else b""
    contents: tuple[tuple[KeyKind, bytes], ...] = (("tracks", body), ("unit_positions", units))
    sealed = [
        store.sealed(kind, moment.stamp_ns, content, moment_name(kind, moment.stamp_ns)) if content else b""
        for kind, content in contents
    ]
    if moment.set_back:
        run("DELETE FROM moments WHERE stamp_ns >= ?", (moment.stamp_ns,))
    store.prepare_days("moments", (moment.stamp_ns,))
    run("INSERT INTO moments VALUES (?, ?, ?, ?, ?, ?)", (moment.stamp_ns, moment.base_ns, cursor, outbox, *sealed))
    return len(body) + len(units)


def moment_name(kind: KeyKind, stamp_ns: int) -> bytes:
    """Return what binds a moment's content to its row."""
    return about(kind, "moment", stamp_ns)


def _change(part: str, before: Entries, after: Entries) -> PartChange:
    if part not in IDENTITY:
        same = before == after
        return PartChange([] if same else [msgspec.Raw(item) for item in after.values()], [], not same)
    now = [msgspec.Raw(item) for name, item in after.items() if before.get(name) != item]
    return PartChange(now, [name for name in before if name not in after])
