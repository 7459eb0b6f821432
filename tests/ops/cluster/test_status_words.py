"""The tables of ``watchline cluster status`` are in words, in every language: no name of a column is shown as it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ops.cluster.national_picture import show_national_picture
from ops.incidents.incident import PRIORITIES
from ops.runtime.output import speaking
from ops.words import LANGUAGES, MessageCatalogue

SUMMARY = {
    "at": "2026-11-29T10:00:05Z",
    "current": True,
    "tracks": 2,
    "incidents": dict.fromkeys(PRIORITIES, 3),
    "sensors": {"ok": 5, "offline": 1},
    "coverage": {"now": 58, "planned": 59},
}
INCIDENT = {
    "priority": "high",
    "state": "open",
    "sector": "east",
    "incident": "7f3a",
    "name": "E-4",
    "opened_at": "2026-11-29T10:00:00Z",
    "before": [{"sector": "west", "incident": "1c2d", "name": "W-9"}],
}


def _shown(sectors: dict, incidents: list, *, language: str = "en") -> list[str]:
    shown = io.StringIO()
    with speaking(MessageCatalogue.of(language)):
        show_national_picture({"sectors": sectors, "incidents": incidents}, screen=Console(file=shown, width=400))
    return shown.getvalue().splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_the_national_picture_has_words(language: str):
    sums, _, incidents, *_ = _shown({"east": SUMMARY, "south": None}, [INCIDENT], language=language)
    words = MessageCatalogue.of(language)
    for name in (*(f"open_{priority}" for priority in PRIORITIES), "sensors_working", "sensors_offline"):
        assert words.say("console-column", name=name) in sums
    assert "_" not in sums + incidents


def test_of_a_sector_that_is_not_current_only_its_time_and_open_incidents_are_shown():
    _, east, west = _shown({"east": SUMMARY, "west": SUMMARY | {"current": False}}, [])
    assert east.split() == ["east", SUMMARY["at"], "2", *["3"] * len(PRIORITIES), "5", "1", "58", "59"]
    assert west.split() == ["west", SUMMARY["at"], "–", *["3"] * len(PRIORITIES), *["–"] * 4]
