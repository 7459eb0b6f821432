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


@pytest.mark.parametrize(
    ("ended", "state", "said"),
    [
        (None, "muted", "‖ radar-1 muted until 00:30 UTC"),
        (1_772_411_340_000_000_000, "offline", "✕ radar-1 offline, mute ended 00:29 UTC"),
    ],
)
def test_a_muted_sensor_is_said_to_be_muted_and_until_when(ended, state, said):
    mute = {"since_ns": 0, "until_ns": 1_772_411_400_000_000_000, "ended_ns": ended}  # 2026-03-02 00:30 UTC
    sensors = [{"sensor": "radar-1", "state": state, "mute": mute}, {"sensor": "radar-2", "state": "ok"}]
    screen = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    screen.print(render(ConsoleView("north", datetime(2026, 3, 2, tzinfo=UTC), 5.0, sensors=sensors), width=120))
    text = screen.file.getvalue()
    assert said in text
    assert "● radar-2 online" in text
