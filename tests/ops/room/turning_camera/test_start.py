"""Cameras that turn as part of a demonstration: which a layout has, who simulates them, and how they are registered."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.room.night_file import TURNING_CAMERAS
from ops.room.simulate_night import sending_layout
from ops.room.turning_camera import start
from ops.room.turning_camera.messages import node_id_of
from ops.room.turning_camera.start import finish_cameras, start_cameras, turning_cameras
from ops.runtime.clock import ScenarioClock
from ops.sector.layouts.file import layout_of
from ops.sector.samples import samples_folder
from ops.services.sapient.database import SapientMemory
from ops.services.sapient.sensor_names import registered_nodes, sensor_of

SAMPLE = samples_folder() / "cumberland"


def test_only_the_mobile_layout_of_the_sample_has_them(tmp_path: Path) -> None:
    assert turning_cameras(SAMPLE / "layout_mobile.geojson") == TURNING_CAMERAS
    assert turning_cameras(SAMPLE / "layout_hightech.geojson") == ()
    assert turning_cameras(tmp_path / "layout.gpkg") == ()
    for text in ("", "{", "[]", "{}", '{"features": 3}', '{"features": [{}]}', '{"features": [{"properties": null}]}'):
        (tmp_path / "layout.geojson").write_text(text)
        assert turning_cameras(tmp_path / "layout.geojson") == ()


def test_nobody_else_sends_for_them() -> None:
    mobile, fixed = (layout_of(SAMPLE / f"layout_{name}.geojson") for name in ("mobile", "hightech"))
    sending = sending_layout(mobile)
    assert set(mobile.ids) - set(sending.ids) == set(TURNING_CAMERAS)
    assert sending_layout(fixed) is fixed


class StandInRoom:
    """What a demonstration starts; nothing runs."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.options: Any = SimpleNamespace(
            folder=folder,
            layout="layout.geojson",
            turning=("ptz-crest",),
            clock=ScenarioClock.live(),
            settings=folder / "settings.toml",
        )
        self.endpoints: list[str] = []
        self.started: list[tuple[str, ...]] = []
        self.enter = stack.enter_context
        self.supervise = lambda _: None

    def open_sapient(self, endpoints: Any) -> None:
        assert endpoints.dial is None
        self.endpoints.append(endpoints.listen)

    def start(self, *arguments: str, timeout_s: float) -> None:
        assert timeout_s > 0
        self.started.append(arguments)


def test_they_are_registered_beside_what_persons_registered_and_called_on_this_machine_alone(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('weather = "night,fog"')
    (tmp_path / "adapters.json").write_text(json.dumps({"sapient": {"a-node": "radar-1"}}))
    with ExitStack() as stack:
        room: Any = StandInRoom(tmp_path, stack)
        start_cameras(room)
        assert registered_nodes(tmp_path) == {"a-node": "radar-1", node_id_of("ptz-crest"): "ptz-crest"}
        assert sensor_of(node_id_of("ptz-crest"), tmp_path) == "ptz-crest"
        (listen,), (arguments,) = room.endpoints, room.started
    assert listen.startswith("127.0.0.1:")
    assert f"--gateway={listen}" in arguments
    assert "--weather=night,fog" in arguments
    assert "ptz-crest" in arguments


def test_what_the_gateway_reads_after_the_end_of_the_cameras_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A detection is one scan 40 ms after it came, so that the number of scans still grows."""
    room: Any = SimpleNamespace(
        options=SimpleNamespace(folder=tmp_path, turning=("ptz-crest",)), journal_path=tmp_path / "journal.db",
        supervise=lambda *_, **__: None,
    )  # fmt: skip
    cameras: Any = SimpleNamespace(stop=lambda **_: None)
    looked = list[int]()

    with SapientMemory(tmp_path) as memory:

        def arrived(_journal: Path, sent: dict[str, int]) -> bool:
            looked.append(sent["ptz-crest"])
            if len(looked) == 1:
                memory.remember("ptz-crest", 1, 1, b"{}", [])
            return True

        monkeypatch.setattr(start, "_arrived", arrived)
        assert finish_cameras(room, cameras) == {"ptz-crest": 1}
    assert looked[:2] == [0, 1]
