"""The order of a unit's list: what it reaches in time, as the map process computes it over the ground."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ops.services.api.map_routes import Ask
from ops.words import MessageCatalogue

PRIORITIES: Final = ("distress", "high", "medium", "low")


class Reach:
    """Orders the incidents of a state. ``ask`` asks the map process; None without a map."""

    def __init__(self, ask: Ask | None, words: MessageCatalogue) -> None:
        self._ask, self._words = ask, words

    async def order(self, state: dict[str, Any]) -> Mapping[str, Any]:
        """Put the incidents of ``state`` into the unit's order; return what makes the state different."""
        state["incidents"].sort(key=_without_reach)
        return state


def _without_reach(incident: Mapping[str, Any]) -> tuple[bool, bool, int, str]:
    return (
        incident["priority"] != "distress",
        not incident["assigned"],
        PRIORITIES.index(incident["priority"]),
        incident["raised_at"],
    )
