"""The adapter template works as docs/adapters.md says, and the guide names every content type that is read."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from ingest.decode import DECODERS, decode
from ingest.errors import MalformedMessage
from ingest.receiving.plausibility import Plausibility
from ingest.sending import Spool, SpoolLimits
from ingest.standards.gateway_refusal import REFUSED
from ingest.standards.registry import SAPIENT_TOO
from ingest.wire import JSON
from sensors.radar import Radar

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 14, 21, 7, 40, tzinfo=UTC)
TOPIC = "watchline/1/hills/sensor/radar-9/detections"
LINE = b"T;1773522453.25;-12.8;3120.4;0.25;0;17\n"


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("adapter_template", ROOT / "docs/templates/adapter.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "adapter_template", module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(DECODERS, module.CONTENT_TYPE, module.decode)
    return module


def test_a_line_becomes_a_scan(template: ModuleType) -> None:
    scan = decode(LINE, received_at=NOW, content_type=template.CONTENT_TYPE, topic=TOPIC)
    (plot,) = scan.plots
    assert (scan.sensor, plot.azimuth_deg, plot.range_m, plot.range_sd_m) == ("radar-9", 347.2, 3120.4, None)
    assert (plot.source_id, scan.observed_at) == ("17", datetime(2026, 3, 14, 21, 7, 33, 250_000, tzinfo=UTC))
    again = decode(LINE, received_at=NOW, content_type=template.CONTENT_TYPE, topic=TOPIC)
    assert again.key == scan.key


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b"", "line"),
        (b"\xff" * 30, "line"),
        (b"T;1;2;3", "line"),
        (LINE.replace(b"3120.4", b"nan"), "range"),
        (LINE.replace(b"3120.4", b"-1"), "plots[0].range_m"),
        (LINE.replace(b"-12.8", b"north"), "azimuth"),
        (LINE.replace(b"1773522453.25", b"1e300"), "time"),
    ],
)
def test_a_line_that_is_none_is_refused_by_its_field(template: ModuleType, line: bytes, field: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode(line, received_at=NOW, content_type=template.CONTENT_TYPE, topic=TOPIC)
    assert caught.value.field == field


def test_a_turn_of_the_antenna_is_one_scan_and_one_without_targets_is_empty(template: ModuleType) -> None:
    first, second, empty, third = template.turns(
        ["T;100.0;1;100;0.5;5;1\n", "T;101.9;200;300;0.5;5;2\n", "T;102.6;1;101;0.5;5;1\n", "E;105.0\n", "E;107.5\n",
         "\n", "T;108.0;3;4;0.5;5;1\n"]
    )  # fmt: skip

    def scan_of(turn: bytes) -> tuple[float, int]:
        scan = decode(turn, received_at=NOW, content_type=template.CONTENT_TYPE, topic=TOPIC)
        return scan.observed_at.timestamp(), len(scan.plots)

    assert [scan_of(turn) for turn in (first, second, empty, third)] == [(101.9, 2), (105.0, 1), (107.5, 0), (108.0, 1)]


def test_half_a_night_of_turns_is_plausible(template: ModuleType) -> None:
    """A hundred turns with 20 targets each, held against the period that the layout states."""
    radar = Radar(id="radar-9", lon=8.0, lat=47.0, easting=0.0, northing=0.0, max_range_m=5e3, period_s=template.TURN_S)
    gate = Plausibility.of([radar])
    lines = [
        f"T;{1773522453 + 2.5 * turn + 0.1 * n:.2f};{18 * n};900;0.5;5;{n}\n" for turn in range(100) for n in range(20)
    ]
    turns = list(template.turns(lines))
    assert len(turns) == 100
    for turn in turns:
        scan = decode(turn, received_at=NOW, content_type=template.CONTENT_TYPE, topic=TOPIC)
        assert gate(scan) == ""


@pytest.mark.parametrize("before", [[], ["start of message stream\n"]])
def test_without_the_line_that_ends_a_turn_a_clock_that_is_set_back_makes_one_scan_a_turn(
    template: ModuleType, before: list[str]
) -> None:
    """All targets until the old time came again had been one scan, which ingest refuses for its size."""
    at_s = [1773522453.0 + 2.5 * turn for turn in range(4)] + [1773518853.0 + 2.5 * turn for turn in range(1400)]
    lines = [f"T;{one + 0.1 * n};12.8;3120.4;0.25;5.0;17\n" for one in at_s for n in range(3)]
    assert [turn.count(b"T;") for turn in template.turns(before + lines)] == [3] * len(at_s)


def test_a_password_among_the_arguments_is_refused(template: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        template.main("hills", "radar-9", "mqtt://radar:secret@127.0.0.1:1", str(tmp_path / "spool.db"))
    assert "secret" not in str(caught.value)
    assert "expected the file with the URL" in str(caught.value)


def test_its_summary_counts_the_scans_and_states_the_clock_offset(template: ModuleType) -> None:
    with Spool(":memory:", limits=SpoolLimits(messages=3)) as queue:
        queue.put_many([lambda _boot, _seq: b"scan"] * 5)
        linked = SimpleNamespace(resends=1, clock_offset_s=-0.25, problem=None)
        counted = "scans: 5 put, 3 waiting, 2 dropped by a full spool; resends: 1"
        assert template.summary(queue, linked) == f"{counted}; clock offset to ingest -0.2 s"
        unlinked = SimpleNamespace(resends=1, clock_offset_s=None, problem="the broker refused the key")
        assert template.summary(queue, unlinked) == f"{counted}; no acknowledgement; the broker refused the key"


def test_the_guide_names_what_is_read_and_is_short() -> None:
    guide = (ROOT / "docs/adapters.md").read_text(encoding="utf-8")
    for content_type in {JSON, *DECODERS} - {SAPIENT_TOO, REFUSED}:
        assert f"`{content_type}`" in guide
    assert len(guide.split()) <= 1_350
