"""The work of the media process: take references from the journal, fetch what is due, and note tracks and pictures.

Every step may be killed and repeated: a reference is entered with the journal row it came from, a file is on disk
before its row says so, and a file that is already there is written again to the same bytes.
"""

from __future__ import annotations

import errno
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from geo.errors import WatchlineError
from ingest.decode import envelope_of, media_type, read_wire_scan
from ingest.errors import MalformedMessage
from ingest.unit_messages import Reply, decode_unit
from ingest.wire import JSON, WireScan
from ops.audit.day_keys import DayKeyError, ErasedDay, KeysFull
from ops.broker.identities import UNIT
from ops.journal.reader import JournalError, JournalRow
from ops.sector.setting_tables.media import MediaSettings
from ops.services.media.book import BookFull, NewPicture, Picture, PictureBook, ScanName, StoredFile
from ops.services.media.check import Expected, Unusable, checked
from ops.services.media.fetch import Fetcher, NotNow
from ops.services.media.hosts import PictureHosts
from ops.services.media.vault import Vault, VaultError
from ops.store.connections import StoreError
from sensors.timestamps import nanoseconds, utc_datetime

if TYPE_CHECKING:
    from ops.journal.stores.place import JournalPlace
    from ops.store.reader import Reader

ROWS: Final = 500
AT_ONCE: Final = 16
"""Pictures that are fetched, or wait for a fetcher, at a time."""
LOOKED_AT: Final = 256
"""Pictures that are due, of which those of a round are chosen."""
FETCHERS: Final = 8
NOT_QUICK_AT_ONCE: Final = 6
"""Pictures that are fetched at a time from all servers together that are not known to answer quickly: the other
fetchers remain for the others and for drop folders."""
OF_SENSOR: Final = 3
"""Those of one sensor among them: it could name any number of servers."""
ROUND_S: Final = 1.0
"""Longest time for which a round waits for its files; those that take longer are finished in a later one."""
LINK_EVERY_S: Final = 0.5
"""Interval at which tracks are noted while files are fetched: the live picture has the newest scans of a track only."""
RESERVE_BYTES: Final = 256 * 1024 * 1024
"""No picture is stored with less free space: journal and store come first."""
_DAY_NS: Final = 86_400 * 10**9


class _Track(msgspec.Struct):
    track: str
    evidence: list[ScanName] = []


_tracks = msgspec.json.Decoder(list[_Track])


class _Paused(Exception):
    """The server of a picture failed while the picture waited for a fetcher."""

    def __init__(self, until_ns: int) -> None:
        super().__init__()
        self.until_ns = until_ns


class MediaWorker:
    """The parts of the process, and one round of each. ``fetch`` returns the file at an address, of a size."""

    def __init__(
        self,
        data: Path,
        settings: MediaSettings,
        *,
        journal: JournalPlace,
        live: Reader,
        now_ns: Callable[[], int],
        encrypted: bool = False,
        fetch: Callable[[str, int], bytes] | None = None,
        free_bytes: Callable[[], int] | None = None,
    ) -> None:
        self._settings, self._journal, self._live, self._now_ns = settings, journal, live, now_ns
        self._fetch = fetch or Fetcher(settings).fetch
        self._free_bytes = free_bytes or (lambda: shutil.disk_usage(data).free)
        self.vault = Vault(data, encrypted=encrypted)
        self.vault.clean()
        self.book = PictureBook(data)
        self._pool = ThreadPoolExecutor(FETCHERS, "fetch")
        self._hosts = PictureHosts()
        self._running: dict[Future[None], Picture] = {}
        self._linked: tuple[int, int] | None = None
        self._is_low = False
        self.problem: str | None = None
        """``full`` or ``disk``, until a file can be stored again; None without a problem."""

    def close(self) -> None:
        """End the threads and close the book."""
        self._pool.shutdown(cancel_futures=True)
        self.book.close()

    def round(self) -> int:
        """Do what is due; return the number of rows, links and files, 0 when there is nothing to do now."""
        try:
            done = self.take() + self.link() + self.fetch_due()
        except (BookFull, KeysFull):
            self.problem = "full"
            return 0
        return done

    def take(self) -> int:
        """Enter the references of the next rows of the journal; return the number of rows."""
        cursor = self.book.cursor
        try:
            if not self._journal.exists():
                return 0
            with self._journal.reading() as journal:
                rows = journal.read(cursor, ROWS)
                if not rows and (last := journal.last_id()) < cursor:  # an earlier journal was restored
                    self.book.take((), last, self._now_ns())
        except JournalError:
            return 0  # it is being created; the supervisor shows a journal that stays unreadable
        if rows:
            self.book.take((one for row in rows for one in references(row)), rows[-1].id, self._now_ns())
        return len(rows)

    def link(self) -> int:
        """Note which live tracks the scans with pictures support; return 1 for a new picture of the situation."""
        found = self._live.live("tracks")
        if found is None or (found.cursor, found.stamp_ns) == self._linked:
            return 0
        self.book.link((one.track, scan) for one in _tracks.decode(found.body) for scan in one.evidence)
        self._linked = found.cursor, found.stamp_ns
        return 1

    def fetch_due(self) -> int:
        """Fetch the pictures that are due; return how many were tried or are being fetched. Rows and tracks are noted
        meanwhile.

        Files that take longer than ROUND_S are finished in a later round, so that a slow server delays only its own.
        """
        was_low, self._is_low = self._is_low, self._free_bytes() < RESERVE_BYTES
        if self._is_low:
            self.problem = "full"
            return 0
        due = self._allowed(self.book.due(self._now_ns(), LOOKED_AT))
        if due or was_low:
            self.problem = None
        self._running |= {self._pool.submit(self._handle, one): one for one in due}
        end_s = time.monotonic() + ROUND_S
        while wait(self._running, timeout=min(LINK_EVERY_S, max(end_s - time.monotonic(), 0.0))).not_done:
            with suppress(BookFull, StoreError):  # the next round meets it again
                self.take()
                self.link()
            if time.monotonic() >= end_s:
                break
        over = [one for one in self._running if one.done()]
        for one in over:
            del self._running[one]
            one.result()
        return 0 if self.problem else len(over) + len(self._running)

    def _allowed(self, due: list[Picture]) -> list[Picture]:
        """The pictures that may be fetched now: none twice, few of slow servers, and none of one that is paused.

        A sensor of which fewer are running comes first.
        """
        running = list(self._running.values())
        busy = Counter(self._hosts.of(one.uri) for one in running)
        slow = Counter(one.sensor for one in running if self._hosts.at_once(self._hosts.of(one.uri)) is not None)
        running_of = Counter(one.sensor for one in running)
        known, chosen = {_content(one) for one in self._running.values()}, list[Picture]()
        later, now_ns = dict[int, list[int]](), self._now_ns()
        for one in sorted(due, key=lambda one: running_of[one.sensor]):
            if len(chosen) + len(self._running) >= AT_ONCE:
                break
            host = self._hosts.of(one.uri)
            until_ns, at_once = self._hosts.paused_until_ns(host), self._hosts.at_once(host)
            if until_ns > now_ns:
                later.setdefault(until_ns, []).append(one.id)
            elif _content(one) not in known and (
                at_once is None
                or (busy[host] < at_once and slow[one.sensor] < OF_SENSOR and slow.total() < NOT_QUICK_AT_ONCE)
            ):
                known.add(_content(one))
                busy[host] += 1
                slow[one.sensor] += at_once is not None
                chosen.append(one)
        for due_ns, pictures in later.items():
            self.book.postpone(pictures, due_ns)
        return chosen

    def _fetched(self, picture: Picture) -> bytes:
        host, began_ns = self._hosts.of(picture.uri), time.monotonic_ns()
        until_ns = self._hosts.paused_until_ns(host)
        if until_ns > self._now_ns():
            raise _Paused(until_ns)
        try:
            data = self._fetch(picture.uri, picture.size)
        except NotNow:
            self._hosts.failed(host, self._now_ns())
            raise
        self._hosts.delivered(host, time.monotonic_ns() - began_ns)
        return data

    def _handle(self, picture: Picture) -> None:
        """Fetch, check and store one picture, and note the result."""
        try:
            data = self._known(picture) or self._fetched(picture)
            expected = Expected(picture.sha256, picture.media_type, picture.size)
            pixels = checked(data, expected, max_pixels=self._settings.max_pixels) or (None, None)
            name = self.vault.put(data, picture.observed_ns)
            self.book.stored(picture.id, StoredFile(name, len(data), *pixels))
        except Unusable as error:
            self.book.dead(picture.id, error.code, error.detail)
        except ErasedDay:
            self.book.dead(picture.id, "erased")
        except _Paused as error:
            self.book.postpone([picture.id], error.until_ns)
        except NotNow as error:
            self._again(picture, "unreachable", str(error))
        except (KeysFull, BookFull):
            self.problem = "full"
        except DayKeyError as error:
            self.problem = "disk"
            self._again(picture, self.problem, str(error))
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            self.problem = "full" if full else "disk"
            self._again(picture, self.problem, error.strerror or "")

    def _again(self, picture: Picture, problem: str, detail: str) -> None:
        give_up_ns = round(self._settings.give_up_s * 1e9)
        try:
            self.book.not_now(picture, problem, detail, self._now_ns(), give_up_ns=give_up_ns)
        except BookFull:
            self.problem = "full"

    def _known(self, picture: Picture) -> bytes | None:
        """The same file, if it is stored on the day of the picture: it is not fetched twice."""
        first_ns = picture.observed_ns - picture.observed_ns % _DAY_NS
        twin = self.book.twin(picture, first_ns, first_ns + _DAY_NS - 1)
        try:
            return None if twin is None else self.vault.get(twin.sha256, twin.observed_ns)
        except VaultError:
            return None  # it was changed: fetched again, it is stored as it was


def _content(picture: Picture) -> str | int:
    """Identify the file of a picture by its stated hash; a picture without one is like no other."""
    return picture.sha256 or picture.id


def references(row: JournalRow) -> Iterator[NewPicture]:
    """The pictures to which a row of the journal refers; none for a row of another kind."""
    if row.kind == "action" and b'"still"' in row.body:
        yield from _of_look(row)
        return
    if row.kind != "detections" or media_type(row.content_type or None) != JSON or b'"media"' not in row.body:
        return
    if row.boot is None or row.seq is None:
        return
    try:
        envelope = envelope_of(utc_datetime(row.received_ns), None, row.content_type or None, None)
        scan = read_wire_scan(row.body, envelope)
    except (MalformedMessage, WatchlineError):
        return  # ingest has journaled it before this rule
    for item, one in enumerate(scan.media):
        plot = None if one.plot is None else scan.plots[one.plot]
        box = None if one.box is None else (one.box.left, one.box.top, one.box.width, one.box.height)
        yield NewPicture(
            scan=(row.sensor, row.boot, row.seq),
            item=item,
            observed_ns=_day_before(scan.observed_at, one.observed_at),
            uri=one.uri,
            sha256=one.sha256 or "",
            media_type=one.media_type,
            size=one.size or 0,
            azimuth_deg=None if plot is None else plot.azimuth_deg,
            range_m=None if plot is None else plot.range_m,
            reported=_likeliest(scan, one.plot),
            box=box,
        )


def _of_look(row: JournalRow) -> Iterator[NewPicture]:
    """The still that a camera took when it was turned; the numbers of the action stand for those of a scan, below 0.

    Only the operations centre turns cameras: what a unit calls a look is journaled too, and refused by fusion alone.
    """
    try:
        reply = decode_unit(row.body, "reply")
    except (MalformedMessage, WatchlineError):
        return
    if not isinstance(reply, Reply) or reply.unit != UNIT or reply.look is None or reply.look.still is None:
        return
    look, still = reply.look, reply.look.still
    yield NewPicture(
        scan=(look.camera, -1 - reply.boot, reply.seq),
        item=0,
        observed_ns=nanoseconds(reply.observed_at),  # the clock of the camera may differ
        uri=still.uri,
        sha256=still.sha256 or "",
        media_type=still.media_type,
        size=still.size or 0,
        azimuth_deg=look.azimuth_deg,
    )


def _day_before(reported_at: datetime, stated_at: datetime | None) -> int:
    """Time of a picture [UTC ns]: as stated, unless that is more than a day before its message, or after it.

    Ingest has checked the time of the message only, and the day of a picture decides when it is erased.
    """
    reported, stated = nanoseconds(reported_at), nanoseconds(stated_at or reported_at)
    return stated if 0 <= reported - stated <= _DAY_NS else reported


def _likeliest(scan: WireScan, index: int | None) -> str:
    """The likeliest class that the sensor reported of a plot; of two equal ones the first; empty for none."""
    classes = {} if index is None else scan.plots[index].classes
    return max(classes, key=lambda name: classes[name]) if classes else ""
