"""Follows the live picture of a sector through the moments of its store, which are one per second and never change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ops.cluster.identity.sighting import TrackInPicture
from ops.store.moment_reader import MomentReader
from ops.store.moments import Entries, applied, unpacked

AT_ONCE: Final = 20
"""Moments read in one query."""
_DECODER: Final = msgspec.json.Decoder(TrackInPicture)


class SectorPicture(NamedTuple):
    """The tracks of a sector at ``stamp_ns`` [UTC ns, journal time]."""

    stamp_ns: int
    sector: str
    tracks: list[TrackInPicture]


class PictureFollower(MomentReader):
    """Reads each picture of one sector once, in order. An erased day shows no tracks."""

    def __init__(self, sector: str, store: Path) -> None:
        super().__init__(store)
        self.sector = sector
        self._last: tuple[int, dict[str, Entries]] = (-1, {})

    def newest_ns(self) -> int | None:
        """Return the time of the newest moment; None before the first."""
        found: int | None = self._rows("SELECT max(stamp_ns) FROM moments")[0][0] if self._there() else None
        return found

    def after(self, stamp_ns: int) -> Iterator[SectorPicture]:
        """Yield the pictures after ``stamp_ns`` that are in the store now.

        If it is the time of the last one that was yielded, only new moments are read.
        """
        if not self._there():
            return
        read_ns, picture = self._last
        if read_ns != stamp_ns or not self._rows("SELECT 1 FROM moments WHERE stamp_ns = ?", read_ns):  # removed since
            base = self._rows("SELECT base_ns FROM moments WHERE stamp_ns > ? ORDER BY stamp_ns LIMIT 1", stamp_ns)
            if not base:
                return
            read_ns, picture = base[0][0] - 1, {}
        while rows := self._rows(
            "SELECT stamp_ns, base_ns, body FROM moments WHERE stamp_ns > ? ORDER BY stamp_ns LIMIT ?", read_ns, AT_ONCE
        ):
            for read_ns, base_ns, body in rows:
                content = self._content("tracks", read_ns, body)
                known = {} if base_ns == read_ns or content is None else picture
                picture = known if content is None else applied(known, unpacked(content))
                self._last = read_ns, picture
                if read_ns > stamp_ns:
                    entries = picture.get("tracks", {})
                    yield SectorPicture(read_ns, self.sector, [_DECODER.decode(one) for one in entries.values()])
