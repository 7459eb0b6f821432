"""``watchline sensor`` and ``watchline journal``: what they say of a journal, a layout, a message; or one sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage
from typer.testing import CliRunner

from geo.errors import BadInput, WatchlineError
from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver
from ingest.standards.registry import SAPIENT
from ops.cli.app import app
from ops.cli.wrong_values import WrongValue
from ops.journal.writer import Journal
from ops.services.sapient.database import NodeTask, SapientMemory
from ops.services.sapient.sensor_names import registered_nodes
from sensors.scan import Plot, Scan

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
NODE = "7d0f5bbd-2f84-4c2a-9f0e-0d6a3a1c5e11"
REPLACED = "0a0f5bbd-2f84-4c2a-9f0e-0d6a3a1c5e11"
"""A node that was the radar before."""


def run(*arguments: str) -> dict[str, Any]:
    """The JSON of a command that succeeds: its last line on stdout."""
    done = CliRunner().invoke(app, [*arguments, "--json"], standalone_mode=False)
    assert done.exception is None, done.exception
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def refusal(*arguments: str, kind: type[WatchlineError] = WrongValue) -> str:
    """The sentence of a refusal: of WrongValue with the exit code 2, of every other kind with 1."""
    done = CliRunner().invoke(app, [*arguments], standalone_mode=False)
    assert isinstance(done.exception, kind), done.exception
    assert isinstance(done.exception, WrongValue) == (kind is WrongValue)
    return str(done.exception)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, sapient_node: Any) -> Path:
    """A folder with a journal: a JSON radar, a SAPIENT node, a duplicate and a dead letter."""
    folder = tmp_path_factory.mktemp("data")
    journal = Journal(folder / "journal.db")
    receiver = Receiver("hills", commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall)
    now_ns = int(NOW.timestamp() * 1e9)
    plots = (Plot(range_m=1000.0, azimuth_deg=90.0, source_id="T7"), Plot(azimuth_deg=3.0))
    scan = encode(Scan("radar-mid", 1, 1, 1, NOW, NOW, "radar", plots))
    node = sapient_node()
    seen = node.detection(NOW, location={"x": -84.2, "y": 36.58, "x_error": 1e-5}, target=9).SerializeToString()
    own, other = (f"watchline/1/hills/sensor/{name}/detections" for name in ("radar-mid", NODE))
    for topic, payload, kind in ((own, scan, None), (own, scan, None), (other, seen, SAPIENT), (own, b"x", None)):
        receiver.handle([Delivery(topic, payload, kind, (), now_ns)])
    journal.close()
    return folder


def test_stats_count_rows_receipts_and_dead_letters(data: Path) -> None:
    found = run("journal", "stats", str(data))
    assert found["rows"] == {"detections": 2}
    assert found["dead_letters"] == {"not_json": 1}
    radar = found["receipts"]["detections"]["radar-mid"]
    assert radar == {"received": 3, "journaled": 1, "duplicate": 1, "dead_lettered": 1, "shed": 0}
    assert found["first"] == found["last"] == "2026-11-24T12:00:00Z"


def test_detections_are_counted_and_placed_by_sensor_and_source(data: Path, hill_sector: Any) -> None:
    found = run("journal", "detections", str(data / "journal.db"), "--sector", str(hill_sector.sector))
    assert found["detections"] == 3
    radar, node = found["sensors"]["radar-mid"], found["sensors"][NODE]
    assert (radar["scans"], radar["detections"], sorted(radar["sources"])) == (1, 2, ["", "T7"])
    assert radar["sources"][""]["positions"] == []  # an azimuth alone is no place
    (place,) = radar["sources"]["T7"]["positions"]
    lon, lat = json.loads(hill_sector.layout.read_text())["features"][0]["geometry"]["coordinates"]
    assert (place["lon"], place["lat"]) == (pytest.approx(lon + 0.0112, abs=2e-4), pytest.approx(lat, abs=1e-5))
    ((source, seen),) = node["sources"].items()
    assert (len(source), seen["count"], seen["positions"][0]["lon"]) == (26, 1, -84.2)
    assert seen["positions"][0]["sd_m"] == pytest.approx(0.895, abs=0.01)
    without = run("journal", "detections", str(data))
    assert without["sensors"]["radar-mid"]["sources"]["T7"]["positions"] == []


def test_detections_can_be_chosen(data: Path) -> None:
    assert run("journal", "detections", str(data), "--sensor", NODE)["detections"] == 1
    assert run("journal", "detections", str(data), "--until", "2026-11-24T12:00:00Z")["detections"] == 0
    assert run("journal", "detections", str(data), "--since", "2026-11-24T12:00:00")["detections"] == 3
    assert refusal("journal", "detections", str(data), "--since", "noon").startswith("--since: ")
    assert "nothing.db' does not exist" in refusal("journal", "stats", str(data / "nothing.db"))


def test_a_sensor_is_told_its_topics_and_a_node_is_noted(tmp_path: Path, hill_sector: Any) -> None:
    sector = str(hill_sector.sector)
    found = run("sensor", "register", sector, "radar-mid", "--data", str(tmp_path), "--sapient-node", NODE)
    assert found["topics"]["detections"] == "watchline/1/hills/sensor/radar-mid/detections"
    assert SAPIENT in found["content_types"]["detections"]
    assert registered_nodes(tmp_path) == {NODE: "radar-mid"}
    listed = run("sensor", "list", sector, "--data", str(tmp_path))
    assert {each["sensor"]: each["sapient_node"] for each in listed["sensors"]}["radar-mid"] == NODE
    for arguments, word, kind in (
        (("nobody",), "nobody", WrongValue),
        (("camera-west", "--sapient-node", NODE), "--data", WrongValue),
        (("camera-west", "--sapient-node", NODE, "--data", str(tmp_path)), "already registered as radar-mid", BadInput),
        (("camera-west", "--sapient-node", NODE.upper(), "--data", str(tmp_path)), "UUID", WrongValue),
    ):
        assert word in refusal("sensor", "register", sector, *arguments, kind=kind)


def test_sensors_are_listed_with_what_came_of_them(data: Path, hill_sector: Any) -> None:
    listed = run("sensor", "list", str(hill_sector.sector), "--data", str(data))
    radar = next(each for each in listed["sensors"] if each["sensor"] == "radar-mid")
    assert (radar["kind"], radar["receipts"]["received"]) == ("radar", 3)
    assert listed["not_in_layout"] == [NODE]


def write_nodes(folder: Path) -> None:
    """As ``watchline sensor register`` does: a person has replaced the node of the radar."""
    (folder / "adapters.json").write_text(json.dumps({"sapient": {NODE: "radar-mid"}}))


def test_a_node_is_listed_with_its_times_and_its_answers_to_tasks(tmp_path: Path, hill_sector: Any) -> None:
    registered_ns = int(NOW.timestamp() * 1e9)
    write_nodes(tmp_path)
    with SapientMemory(tmp_path) as memory:
        memory.node_registered(REPLACED, "radar-mid", b"", registered_ns)
        memory.node_registered(NODE, "radar-mid", b"", registered_ns)
        memory.node_reported(NODE, b"", registered_ns + 90 * 10**9)
        for number in range(12):
            memory.add_task(NodeTask(f"T{number:02}", NODE, b"", registered_ns + number * 10**9, None, "", ""))
        memory.task_sent("T11", registered_ns + 20 * 10**9)
        memory.task_answered("T11", "rejected", "no such mode", node_id=NODE)
    listed = run("sensor", "list", str(hill_sector.sector), "--data", str(tmp_path))
    by_name = {each["sensor"]: each for each in listed["sensors"]}
    names = ("sapient_node", "sapient_registered_at", "sapient_heard_at")
    expected = [NODE, "2026-11-24T12:00:00+00:00", "2026-11-24T12:01:30+00:00"]
    assert [by_name["radar-mid"][name] for name in names] == expected
    assert [by_name["camera-west"][name] for name in names] == [None, None, None]
    newest, *others = by_name["radar-mid"]["sapient_tasks"]
    times = {"made_at": "2026-11-24T12:00:11+00:00", "sent_at": "2026-11-24T12:00:20+00:00"}
    assert newest == {"task": "T11", "answer": "rejected", "reasons": "no such mode", **times}
    assert [task["task"] for task in others] == [f"T{number:02}" for number in range(10, 1, -1)]
    assert {(task["sent_at"], task["answer"]) for task in others} == {(None, "")}
    assert by_name["camera-west"]["sapient_tasks"] == []
    shown = CliRunner().invoke(app, ["sensor", "list", str(hill_sector.sector), "--data", str(tmp_path)])
    assert "radar-mid: newest task T11, rejected: no such mode" in shown.output


def test_a_folder_that_is_none_is_not_taken_for_an_idle_one(tmp_path: Path, hill_sector: Any) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for data, problem in ((tmp_path / "nowhere", "does not exist"), (file, "is a file")):
        said = refusal("sensor", "list", str(hill_sector.sector), "--data", str(data))
        assert said.startswith(f"--data: '{data}' {problem}"), said


def test_a_message_can_be_tried_out(tmp_path: Path, sapient_node: Any) -> None:
    file = tmp_path / "packet"
    file.write_bytes(sapient_node().detection(NOW, polar={"azimuth": 1.0, "range": 2.0}).SerializeToString())
    found = run("sensor", "test", str(file), "--content-type", SAPIENT, "--sensor", "radar-mid")
    assert (found["accepted"], found["scan"]["sensor"], found["scan"]["plots"][0]["range_m"]) == (
        True,
        "radar-mid",
        2.0,
    )
    file.write_bytes(sapient_node().detection(NOW, location={"x": 1.0, "y": 95.0}).SerializeToString())
    done = CliRunner().invoke(app, ["sensor", "test", str(file), "--content-type", SAPIENT, "--json"])
    assert done.exit_code == 1
    refused = json.loads(done.stdout.strip().splitlines()[-1])["refused"]
    assert (refused["code"], refused["field"]) == ("out_of_range", "detection_report.location.y")
    assert "--channel" in refusal("sensor", "test", str(file), "--channel", "ack")
    assert "nothing" in refusal("sensor", "test", str(tmp_path / "nothing"))


def test_a_task_waits_for_its_node(tmp_path: Path, sapient_node: Any) -> None:
    assert "no SAPIENT node has registered" in refusal(
        "sensor", "task", "radar-mid", "--data", str(tmp_path), "--mode", "x"
    )
    write_nodes(tmp_path)
    with SapientMemory(tmp_path) as memory:
        memory.node_registered(REPLACED, "radar-mid", b"", 2)
        memory.node_registered(NODE, "radar-mid", sapient_node().registration(NOW).SerializeToString(), 1)
    given = run("sensor", "task", "radar-mid", "--data", str(tmp_path), "--look-at", "350.5,2")
    run("sensor", "task", NODE, "--data", str(tmp_path), "--stop", given["task"])
    with SapientMemory(tmp_path) as memory:
        waiting = memory.tasks(unsent=True)
    assert [task.node_id for task in waiting] == [NODE, NODE]
    sent = run("sensor", "task", "radar-mid", "--data", str(tmp_path), "--move-to", "-84.1,36.58,420")
    with SapientMemory(tmp_path) as memory:
        (body,) = [task.body for task in memory.tasks(unsent=True) if task.task_id == sent["task"]]
    (there,) = SapientMessage.FromString(body).task.command.move_to.locations
    assert (there.x, there.y, there.z) == (-84.1, 36.58, 420.0)
    for arguments, word in (
        (("--mode", "a", "--request", "b"), "exactly one"),
        ((), "exactly one"),
        (("--look-at", "400"), "--look-at"),
        (("--look-at", "1,2,3"), "--look-at"),
        (("--look-at", "1", "--move-to", "1,2"), "exactly one"),
        (("--move-to", "1"), "--move-to"),
        (("--move-to", "200,2"), "--move-to"),
        (("--move-to", "1,2,nan"), "--move-to"),
    ):
        assert word in refusal("sensor", "task", "radar-mid", "--data", str(tmp_path), *arguments)
    assert "not a SAPIENT node" in refusal("sensor", "task", "camera-west", "--data", str(tmp_path), "--mode", "x")


@pytest.mark.parametrize("option", ["--sapient", "--sapient-listen"])
def test_an_address_of_sapient_that_is_none_is_refused_before_anything_starts(
    option: str, tmp_path: Path, hill_sector: Any
) -> None:
    said = refusal("run", str(hill_sector.sector), "--data", str(tmp_path / "run"), option, "nowhere")
    assert said.startswith(f"{option}: ")
    assert not (tmp_path / "run").exists()
