"""Tracks with their trails, and the lines of the ground, as Cursor-on-Target events for one server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ops.services.feeds.cot import encode
from ops.services.feeds.cot.encode import CotSender, EventTimes
from ops.services.feeds.cot.event import CotEvent
from ops.words import MessageCatalogue

MOST_TRACKS: Final = 80
"""Tracks of a picture, those nearest to the border first, as in the track picture over MQTT."""
MOST_TRAIL_POINTS: Final = 60
TRAIL_EVERY: Final = 6
"""A trail is sent with every sixth picture."""


class TrackPictures:
    """The tracks that one server has. ``wall_of`` converts a time of the room [ns] to the wall clock."""

    def __init__(
        self,
        sender: CotSender,
        words: MessageCatalogue,
        wall_of: Callable[[int], datetime],
        *,
        stale_s: float,
        trail_s: float,
    ) -> None:
        self._sender, self._words, self._wall_of = sender, words, wall_of
        self._stale, self._trail_ns = timedelta(seconds=stale_s), round(trail_s * 1e9)
        self._trails: dict[str, deque[tuple[int, float, float]]] = {}
        self._sent_ns: dict[str, int] = {}
        self._drawn: set[str] = set()
        self._pictures = 0

    def forget(self) -> None:
        """Send every track again: the server may have lost them."""
        self._sent_ns.clear()

    def next(self, tracks: Iterable[Mapping[str, Any]], now: datetime) -> list[CotEvent]:
        """The events that bring a server from the last picture to this one."""
        shown = [one for one in tracks if one["status"] in ("confirmed", "coasting")]
        shown.sort(key=lambda one: (one["offset_m"] is None, abs(one["offset_m"] or 0.0), one["track"]))
        shown = shown[:MOST_TRACKS]
        events = [event for one in shown if (event := self._track(one)) is not None]
        if self._trail_ns and self._pictures % TRAIL_EVERY == 0:
            events += [trail for one in shown if (trail := self._trail(one)) is not None]
        self._pictures += 1
        live = {one["track"] for one in shown}
        times = EventTimes(now, now + self._stale)
        for gone in sorted(self._sent_ns.keys() - live):
            events += [encode.deleted(self._sender.uid_of(name), times) for name in self._names(gone)]
            self._trails.pop(gone, None)
            del self._sent_ns[gone]
        return events

    def _track(self, one: Mapping[str, Any]) -> CotEvent | None:
        track, updated_ns = one["track"], one["updated_ns"]
        if self._sent_ns.get(track, -1) >= updated_ns:
            return None
        self._sent_ns[track] = updated_ns
        trail = self._trails.setdefault(track, deque(maxlen=MOST_TRAIL_POINTS))
        if not trail or updated_ns - trail[-1][0] >= self._trail_ns / MOST_TRAIL_POINTS:
            trail.append((updated_ns, one["lon"], one["lat"]))
        while trail and updated_ns - trail[0][0] > self._trail_ns:
            trail.popleft()
        at = self._wall_of(updated_ns)
        message = "tak-track-coasting" if one["status"] == "coasting" else "tak-track"
        label = str(one.get("label") or "unknown")
        remarks = self._words.say(message, **{"class": label, "probability": one.get("label_probability")})
        return encode.track(self._sender, one, EventTimes(at, at + self._stale), remarks=remarks)

    def _trail(self, one: Mapping[str, Any]) -> CotEvent | None:
        points = [(lon, lat) for _, lon, lat in self._trails.get(one["track"], ())]
        if len(points) < 2:
            return None
        self._drawn.add(one["track"])
        at = self._wall_of(one["updated_ns"])
        name = self._words.say("tak-trail", name=str(one.get("name") or one["track"]))
        times = EventTimes(at, at + self._stale)
        return encode.line(self._sender, f"{one['track']}.trail", name, points, times, kind="trail")

    def _names(self, track: str) -> list[str]:
        drawn = track in self._drawn
        self._drawn.discard(track)
        return [track, f"{track}.trail"] if drawn else [track]


def ground_lines(
    sender: CotSender,
    border: Mapping[str, Any],
    sections: Iterable[Mapping[str, Any]],
    words: MessageCatalogue,
    times: EventTimes,
) -> list[CotEvent]:
    """The border as one line, and each of its sections.

    ``border``: its segments as GeoJSON; ``sections``: name, and segments as runs [first, last].
    """
    segments: dict[int, list[tuple[float, float]]] = {}
    for feature in border.get("features", ()):
        positions = feature["geometry"]["coordinates"]
        segments[int(feature["properties"]["segment"])] = [(float(lon), float(lat)) for lon, lat, *_ in positions]
    events = []
    whole = _joined(segments[number] for number in sorted(segments))
    if len(whole) > 1:
        events.append(encode.line(sender, "border", words.say("tak-border"), whole, times, kind="border"))
    for section in sections:
        numbers = [number for first, last in section["segments"] for number in range(first, last + 1)]
        points = _joined(segments[number] for number in numbers if number in segments)
        if len(points) > 1:
            name = str(section["section"])
            events.append(encode.line(sender, f"section.{name}", name, points, times, kind="section"))
    return events


def area_outlines(
    sender: CotSender, areas: Mapping[str, Any], words: MessageCatalogue, times: EventTimes
) -> list[CotEvent]:
    """The outline of each named area, ``areas`` as GeoJSON; its kind is in the remarks. TAK has no holes in shapes."""
    events = []
    for feature in areas.get("features", ()):
        named, geometry = feature["properties"], feature["geometry"]
        parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        remarks = words.say("tak-area", kind=named["kind"])
        for number, (outline, *_) in enumerate(parts, start=1):
            identity = f"area.{named['id']}" + (f".{number}" if len(parts) > 1 else "")
            corners = [((lon + 180.0) % 360.0 - 180.0, lat) for lon, lat in outline]
            events.append(
                encode.line(
                    sender, identity, named["name"], corners, times, kind=named["kind"], closed=True, remarks=remarks
                )
            )
    return events


def _joined(lines: Iterable[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for line in lines:
        points += line[1:] if points and points[-1] == line[0] else line
    return points
