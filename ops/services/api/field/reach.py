"""The order of a unit's list: what it reaches in time, as the map process computes it over the ground."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio
import msgspec
from anyio.to_thread import run_sync

from geo.message import Message
from ops.services.api.forces.routes import aim_of
from ops.services.api.map_routes import Ask
from ops.services.map.client import MapUnavailable
from sensors.timestamps import SECOND_NS

if TYPE_CHECKING:
    from ops.words import MessageCatalogue

log = logging.getLogger(__name__)

PRIORITIES: Final = ("distress", "high", "medium", "low")
WAIT_S: Final = 3.0
"""A list must not wait longer for the map: it is then sent without reach."""
AT_ONCE: Final = 2
"""Questions to the map process at once, so that others are not delayed."""
STEEP_DEG: Final = 20.0
"""Slopes from here on are stated: too steep for most vehicles off a road, and slow on foot."""
RISE_M: Final = 50.0
FOOT: Final = "foot"
MINUTE_S: Final = 60.0
HEADINGS: Final = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


class Reach:
    """Orders the incidents of a state. ``ask`` asks the map process; None without a map. ``language`` of the texts."""

    def __init__(self, ask: Ask | None, language: str) -> None:
        self._ask, self._language = ask, language
        self._turns: anyio.CapacityLimiter | None = None

    @property
    def _words(self) -> MessageCatalogue:
        from ops.words import MessageCatalogue  # Babel is slow to import

        return MessageCatalogue.of(self._language)

    async def order(
        self,
        state: dict[str, Any],
        incidents: Sequence[Mapping[str, Any]],
        own: Mapping[str, Any] | None,
        now_ns: int,
        *,
        stale_s: float,
    ) -> Mapping[str, Any]:
        """Put the incidents of ``state`` into the unit's order, with their reach; return what makes it different.

        ``incidents``: the same with their lead alerts, in the same order. ``own``: the unit with its position; without
        a current one, and without a map, reach is not known and the priority decides.
        """
        found: Sequence[Mapping[str, Any] | None] = [None] * len(incidents)
        if own is not None and now_ns - own["observed_ns"] <= stale_s * SECOND_NS and incidents:
            found = await self._reach(incidents, own, now_ns)
        for one, reach in zip(state["incidents"], found, strict=True):
            one["reach"] = None if reach is None else self._told(reach)
        state["incidents"].sort(key=order_key)
        return state | {"at": None, "incidents": [_lasting(one) for one in state["incidents"]]}

    async def _reach(
        self, incidents: Sequence[Mapping[str, Any]], own: Mapping[str, Any], now_ns: int
    ) -> Sequence[Mapping[str, Any] | None]:
        placed, targets = [], []
        for place, incident in enumerate(incidents):
            target = target_of(incident, now_ns)
            if target is not None:
                placed.append(place)
                targets.append(target)
        found: list[Mapping[str, Any] | None] = [None] * len(incidents)
        if self._ask is None or not targets:
            return found
        unit = (own["lon"], own["lat"], own["moves"] == FOOT)
        if self._turns is None:  # must be created in the serving event loop
            self._turns = anyio.CapacityLimiter(AT_ONCE)
        question, answer = partial(self._ask, "reach", units=[unit], targets=targets), None
        try:
            with anyio.move_on_after(WAIT_S):
                answer = await run_sync(question, limiter=self._turns, abandon_on_cancel=True)
        except MapUnavailable as error:
            log.warning("The reach of unit %s is not known: %s", own["unit"], error)
        if answer is None:
            return found
        reached = msgspec.json.decode(answer.body) if answer.status == 200 else []
        for place, reach in zip(placed, (reached[0] if reached else None) or (), strict=False):
            found[place] = reach
        return found

    def _told(self, reach: Mapping[str, Any]) -> dict[str, Any]:
        """A reach with its sentences; values are rounded to what they are good for."""
        margin_s = reach["margin_s"]
        return {
            "distance_m": round(reach["distance_m"], -1),
            "bearing_deg": round(reach["bearing_deg"]) % 360,
            "travel_s": None if reach["travel_s"] is None else round(reach["travel_s"]),
            "travel_known": reach["travel_known"],
            "meet": reach["meet"],
            "margin_s": None if margin_s is None else round(margin_s),
            "margin_sd_s": None if reach["margin_sd_s"] is None else round(reach["margin_sd_s"]),
            "interruption": None if reach["interruption"] is None else round(reach["interruption"], 2),
            "between": [self._words.say(message) for message in between(reach)],
            "in_time": reach["in_time"],
            "sentence": self._words.say(reach_message(reach)),
        }


def target_of(incident: Mapping[str, Any], now_ns: int) -> tuple[Any, ...] | None:
    """The target of an incident for the map process (``ops.services.map.unit_reach``); None without a position."""
    lead = incident["lead_alert"]
    place = lead if lead is not None and lead.get("lon") is not None else incident
    if place.get("lon") is None or place.get("lat") is None:
        return None
    aim = aim_of(incident, lead, now_ns)
    moving = aim is not None and aim["kind"] == "interception" and aim["left"] is not None
    if aim is None or not moving:
        return (place["lon"], place["lat"], None, None)
    return (place["lon"], place["lat"], tuple(aim["at"]), tuple(aim["left"]))


def order_key(incident: Mapping[str, Any]) -> tuple[Any, ...]:
    """Place in the unit's list, as ``sensors.interdiction.unit_reach.unit_order``; the oldest first among equals."""
    reach = incident["reach"]
    travel_s = math.inf if reach is None or reach["travel_s"] is None else reach["travel_s"]
    return (
        incident["priority"] != "distress",
        not incident["assigned"],
        reach is None or not reach["in_time"],
        PRIORITIES.index(incident["priority"]),
        travel_s,
        incident["raised_at"],
        incident["id"],
    )


def reach_message(reach: Mapping[str, Any]) -> Message:
    """The reach in one sentence."""
    heading = HEADINGS[round(reach["bearing_deg"] / 45.0) % 8]
    stated = {
        "distance_m": _rounded(reach["distance_m"], 100.0),
        "heading": heading,
        "degrees": round(reach["bearing_deg"]) % 360,
    }
    if reach["travel_s"] is None:
        return Message("reach-none" if reach["travel_known"] else "reach-unknown", stated)
    stated["travel_s"] = _rounded(reach["travel_s"], MINUTE_S)
    margin_s = reach["margin_s"]
    if margin_s is None:
        return Message("reach-there", stated)
    stated |= {"margin_s": _rounded(abs(margin_s), MINUTE_S), "sd_s": _rounded(reach["margin_sd_s"], MINUTE_S)}
    return Message("reach-in-time" if reach["in_time"] else "reach-late", stated)


def _rounded(value: float, step: float) -> int:
    """A value to a step; to a tenth of it below two steps."""
    fine = step if value >= 2.0 * step else step / 10.0
    return round(round(value / fine) * fine)


def between(reach: Mapping[str, Any]) -> list[Message]:
    """Obstacles between the unit and the meeting point."""
    found = []
    if reach["hidden"]:
        found.append(Message("reach-dead-ground"))
    if reach["river"]:
        found.append(Message("reach-river"))
    if reach["slope_deg"] >= STEEP_DEG:
        found.append(Message("reach-slope", {"degrees": round(reach["slope_deg"])}))
    if reach["rise_m"] is not None and abs(reach["rise_m"]) >= RISE_M:
        which = "up" if reach["rise_m"] > 0 else "down"
        found.append(Message("reach-rise", {"height_m": round(abs(reach["rise_m"])), "which": which}))
    return found


def _lasting(incident: Mapping[str, Any]) -> Mapping[str, Any]:
    """An incident with its reach to the minute and the kilometre: what changes with each second is not another list."""
    reach = incident["reach"]
    if reach is None:
        return incident
    coarse = [None if reach[name] is None else round(reach[name] / 60.0) for name in ("travel_s", "margin_s")]
    told = [reach[name] for name in ("travel_known", "in_time", "between")]
    return {**incident, "reach": [*coarse, round(reach["distance_m"] / 1000.0), *told]}
