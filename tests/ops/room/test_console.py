"""The live console: at any width the numbers of the tracks are shown in full."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from ops.room.console import ConsoleView, render

TRACKS = [
    {"track": "T5a2b", "status": "confirmed", "label": "person", "speed_mps": 1.4, "offset_m": -1234.0, "segment": 17},
    {"track": "T5a2c", "status": "coasting", "label": "vehicle", "speed_mps": 12.5, "offset_m": 12340.0, "segment": 7},
]


@pytest.mark.parametrize(
    ("width", "first"),
    [
        (80, "T5a2b confirmed person on foot 5.0 km/h −1,234 m 17 –"),
        (60, "T5a2b person on foot 5.0 km/h −1,234 m 17"),
    ],
)
def test_tracks_are_one_line_each_without_broken_words(width, first):
    screen = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    screen.print(render(ConsoleView("north", datetime(2026, 3, 14, 21, tzinfo=UTC), 5.0, tracks=TRACKS), width=width))
    lines = [" ".join(line.split()) for line in screen.file.getvalue().splitlines()]
    tracks = [line for line in lines if line.startswith("T5a2")]
    assert (tracks[0], len(tracks)) == (first, 2)
    assert not any("…" in line for line in lines)
