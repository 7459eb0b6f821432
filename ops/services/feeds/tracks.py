"""Publication of the track picture to units over MQTT: the newest one every few seconds, small enough for a radio."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Protocol

import msgspec
from msgspec import Meta, Struct

from ingest.topics import Topic, identifier
from ops.services.feeds.mqtt import CONTENT_TYPE, Publish
from ops.services.feeds.pumping import Turns, pump_until
from ops.store.reader import Live
from sensors.timestamps import SECOND_NS, utc_datetime

EVERY_S: Final = 5.0
"""Time between two pictures."""
OUT_OF_DATE_S: Final = 15.0
"""Age beyond which units take a picture for out of date; an older one is not published."""
MOST_TRACKS: Final = 80
"""Tracks in a picture, those nearest to the border first: about 16 kB, which every broker of ours passes on."""


Tracks = list[Any]
"""Tracks of the live picture, as dicts."""


class PublishedTrack(Struct, frozen=True, omit_defaults=True):
    """A confirmed or coasting track.

    ``position_sd_m``: one standard deviation along the longer axis of its position error. ``course_deg`` is from true
    north; absent for what stands still. ``class``: the most probable one, or ``unknown``. ``offset_m``: distance to the
    border, positive on the own side. ``doubtful``: among its newest evidence are reports of a sensor whose key was
    revoked.
    """

    track: str
    status: Literal["confirmed", "coasting"]
    lon: float
    lat: float
    position_sd_m: float
    speed_mps: float
    kind: str = msgspec.field(name="class")
    course_deg: float | None = None
    segment: int | None = None
    offset_m: float | None = None
    doubtful: bool = False


class TracksMessage(Struct, frozen=True, omit_defaults=True):
    """The track picture of a sector at ``at``; it replaces every earlier one. ``left_out``: tracks that had no room."""

    sector: str
    at: datetime
    tracks: Annotated[tuple[PublishedTrack, ...], Meta(max_length=MOST_TRACKS)]
    left_out: int = 0


class PictureReader(Protocol):
    """Reads the live picture from the store."""

    def live(self, part: str) -> Live | None:
        """The newest ``tracks``; None before the first."""


class TrackFeed:
    """Publish the newest picture on ``watchline/1/{sector}/tracks``, at most one at a time.

    A picture that the broker has not taken yet is not followed by another: on a poor link units get fewer pictures,
    never old ones. It is not retained, so a new subscriber never gets a picture older than EVERY_S. While fusion writes
    none, no picture is published: neither the last one again, nor that which the store had when the feed started. Nor
    are those of earlier hours, which fusion writes while it catches up with the journal or computes its store again.
    """

    def __init__(
        self,
        reader: PictureReader,
        publish: Publish,
        sector: str,
        *,
        now_ns: Callable[[], int],
        monotonic_s: Callable[[], float],
        out_of_date_s: float = OUT_OF_DATE_S,
        released: Callable[[Tracks], Tracks] = lambda tracks: tracks,
    ) -> None:
        """``now_ns``: the clock of the pictures, on which one is out of date at an age of ``out_of_date_s``.
        ``released``: the tracks that the feed may pass on, by their markings."""
        self._released = released
        self._reader, self._publish, self._now_ns, self._monotonic_s = reader, publish, now_ns, monotonic_s
        self._out_of_date_ns = round(out_of_date_s * SECOND_NS)
        self._sector = identifier(sector, "sector")
        self._topic = Topic(sector, "sector", sector, "tracks").text
        self._due_s = monotonic_s()
        self._seen_ns: int | None = None
        """Time of the picture at the last look; None before the first one."""
        self._sent: Future[Any] | None = None
        self.turns = Turns()

    def pump(self) -> bool:
        """Publish the newest picture if one is due, new and not out of date; return whether one was published."""
        now_s = self._monotonic_s()
        if now_s < self._due_s or (self._sent is not None and not self._sent.done()):
            return False
        live = self._reader.live("tracks")
        seen_ns, self._seen_ns = self._seen_ns, 0 if live is None else live.stamp_ns
        if live is None or seen_ns in (None, live.stamp_ns):
            return False
        if self._now_ns() - live.stamp_ns > self._out_of_date_ns:
            return False
        self._due_s = now_s + EVERY_S
        self._sent = self._publish(
            self._topic, tracks_message(self._sector, live, self._released), content_type=CONTENT_TYPE
        )
        return True

    def run(self, stop: threading.Event, *, every_s: float = 1.0) -> None:
        """Pump until ``stop``; a failure of the store is logged once per outage."""
        pump_until(stop, self.pump, every_s=every_s, name="Track feed", turns=self.turns)


def tracks_message(sector: str, live: Live, released: Callable[[Tracks], Tracks] = lambda tracks: tracks) -> bytes:
    """The body of a ``tracks`` message from the live picture of fusion (``tracks_live``)."""
    shown_to_all = released(msgspec.json.decode(live.body))
    tracks = [track for track in shown_to_all if track["status"] in ("confirmed", "coasting")]
    tracks.sort(key=lambda track: (track["offset_m"] is None, abs(track["offset_m"] or 0.0), track["track"]))
    shown = tuple(
        PublishedTrack(
            track=track["track"],
            status=track["status"],
            lon=round(track["lon"], 6),
            lat=round(track["lat"], 6),
            position_sd_m=track["ellipse_m"][0],
            speed_mps=track["speed_mps"],
            kind=track["label"],
            course_deg=track["course_deg"],
            segment=None if track["segment"] < 0 else track["segment"],
            offset_m=track["offset_m"],
            doubtful=bool(track["revoked_sources"]),
        )
        for track in tracks[:MOST_TRACKS]
    )
    at = utc_datetime(live.stamp_ns)
    return msgspec.json.encode(TracksMessage(sector, at, shown, len(tracks) - len(shown)))
