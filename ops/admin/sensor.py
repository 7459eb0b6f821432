"""``watchline sensor``: lists sensors, maps SAPIENT nodes to them, tests messages, and sends tasks."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.console import Console

from geo.errors import BadInput
from ingest.decode import decode, decode_status, media_type
from ingest.errors import MalformedMessage
from ingest.standards.gateway_refusal import REFUSED
from ingest.standards.registry import DECODERS, STATUS_DECODERS
from ingest.standards.sapient.validation import is_uuid4
from ingest.topics import SENSOR_CHANNELS, identifier, sensor_topic
from ingest.wire import JSON
from ops.admin.survey import in_words, recorded, sensor_of
from ops.analysis.option_types import named
from ops.journal.reader import Counts, JournalError
from ops.journal.stores.place import read_journal
from ops.runtime.account import give_to_owner
from ops.runtime.output import atomic_write, say, show
from ops.runtime.tables import show_table, table_of
from ops.sector.layouts.file import layout_of
from ops.sector.sector_file import layout_path, load_sector
from ops.services.sapient.sensor_names import ADAPTERS_FILE, node_of, registered_nodes
from ops.services.sapient.sensor_names import sensor_of as sensor_of_node
from ops.store.connections import StoreError
from ops.store.reader import Reader
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from ops.services.sapient.database import KnownNode, NodeTask

_ANY_SECTOR: Final = "test"
TASKS: Final = 10
"""Newest tasks of each sensor that are listed."""
HIGHEST_M: Final = 100_000.0
"""Largest height of a place to which a node is sent."""


def register(
    sector_name: str, layout: str | None, sensor: str, *, data: Path | None, node: str | None
) -> dict[str, Any]:
    """Return how a sensor of the layout sends; with ``node``, record in ``data`` that this SAPIENT node is the sensor.

    Raises LayoutError for a sensor missing from the layout, BadInput for a node id that is invalid or already assigned
    to another sensor.
    """
    sector = load_sector(sector_name)
    placed = sensor_of(layout_of(layout_path(sector, layout)), sensor)
    identifier(sensor, "SENSOR")
    if node is not None:
        _check_node(node)
        if data is None:
            raise BadInput("missing with --sapient-node", where="--data", expected="the data folder of `watchline run`")
        _note_node(data, sensor, node)
    return {
        "sensor": sensor,
        "kind": placed.kind,
        "topics": {channel: sensor_topic(sector.name, sensor, channel) for channel in (*SENSOR_CHANNELS, "ack")},
        "content_types": _content_types(),
        "status_interval_s": placed.status_interval_s,
        "sapient_node": node,
    }


def _content_types() -> dict[str, list[str]]:
    """Return the MQTT content types that ingest decodes, by channel."""
    return {
        "detections": [JSON, *(kind for kind in DECODERS if kind != REFUSED)],  # REFUSED is internal
        "status": [JSON, *STATUS_DECODERS],
    }


def listing(sector_name: str, layout: str | None, data: Path | None, screen: Console) -> dict[str, Any]:
    """Return the layout's sensors with their surveys.

    With ``data``, also return their states, receipts and SAPIENT nodes, including unassigned nodes, when each node
    registered and was last heard (RFC 3339, None before), and its newest tasks with its answers, newest first.
    """
    sector = load_sector(sector_name)
    states: dict[str, str] = {}
    counts: dict[str, Counts] = {}
    nodes: dict[str, str] = {}
    known_nodes: Mapping[str, KnownNode] = {}
    tasks: Sequence[NodeTask] = ()
    if data is not None:
        if not data.is_dir():
            raise BadInput("no such folder", where=str(data), expected="the data folder of `watchline run`")
        states, counts = _states(data), _counts(data)
        known_nodes, tasks = _nodes_and_tasks(data)
        nodes = {name: name for name in known_nodes} | registered_nodes(data)
    node_of = {name: node for node, name in reversed(nodes.items())}
    placed = layout_of(layout_path(sector, layout))
    sensors: list[dict[str, Any]] = [
        {
            "sensor": sensor.id,
            "kind": sensor.kind,
            "lon": sensor.lon,
            "lat": sensor.lat,
            "state": states.get(sensor.id),
            "sapient_node": node_of.get(sensor.id),
            **_times_of(known_nodes.get(node_of.get(sensor.id, ""))),
            "sapient_tasks": [_plain_task(task) for task in tasks if task.node_id == node_of.get(sensor.id)][:TASKS],
            "receipts": _plain(counts.get(sensor.id)),
            "survey": recorded(sensor),
        }
        for sensor in placed
    ]
    known = {each["sensor"] for each in sensors}
    others = sorted((counts.keys() | set(nodes.values())) - known - {""})
    table = table_of("sensor", "kind", "state", "sapient_node", "received", "survey", right=("received",))
    for each, sensor in zip(sensors, placed, strict=True):
        received = each["receipts"]["received"] if each["receipts"] else ""
        row = (
            each["sensor"],
            say("sensor-kind", kind=each["kind"]),
            "" if each["state"] is None else say("sensor-state", state=each["state"]),
            _node_in_words(each),
            received,
            in_words(sensor),
        )
        table.add_row(*(str(cell) for cell in row))
    for name in others:
        table.add_row(name, say("console-sensor-not-in-layout"), "", "", str(counts.get(name, Counts()).received), "")
    show_table(screen, table)
    for each in sensors:
        for task in each["sapient_tasks"][:1]:
            answered = {"answer": task["answer"] or "none", "reasons": task["reasons"] or "none"}
            show(screen, "console-sensor-task", sensor=each["sensor"], task=task["task"], **answered)
    return {"sector": sector.name, "sensors": sensors, "not_in_layout": others}


def _node_in_words(sensor: Mapping[str, Any]) -> str:
    node, heard_at = sensor["sapient_node"], sensor["sapient_heard_at"]
    return node or "" if heard_at is None else say("console-sensor-heard", node=node, time=heard_at)


def test(file: Path, *, content_type: str, channel: str, sensor: str | None) -> dict[str, Any]:
    """Decode the bytes of a file as ingest would: the scan or status, or the refusal with its field.

    ``sensor``: decode as if received on this sensor's topic. The time is not checked. Raises BadInput for an invalid
    channel, or a file that cannot be read.
    """
    if channel not in SENSOR_CHANNELS:
        raise BadInput(f"{channel!r} is not a channel", where="--channel", expected=" or ".join(SENSOR_CHANNELS))
    try:
        payload = file.read_bytes()
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(file), expected="a file with one message") from None
    with named("--sensor"):
        topic = None if sensor is None else sensor_topic(_ANY_SECTOR, sensor, channel)
    supported = [
        JSON,
        *(kind for kind in (DECODERS if channel == "detections" else STATUS_DECODERS) if kind != REFUSED),
    ]
    if media_type(content_type) not in supported:
        raise BadInput(f"{ascii(content_type)[:80]}", where="--content-type", expected=f"one of {', '.join(supported)}")
    reader = decode if channel == "detections" else decode_status
    began_s = time.perf_counter()
    try:
        message = reader(payload, received_at=datetime.now(UTC), content_type=content_type, topic=topic)
    except MalformedMessage as error:
        refused = {"code": error.code, "field": error.field, "sentence": str(error)}
        return {"accepted": False, "bytes": len(payload), "refused": refused}
    took_ms = round((time.perf_counter() - began_s) * 1e3, 3)
    plain = msgspec.to_builtins(message)
    return {
        "accepted": True,
        "bytes": len(payload),
        "milliseconds": took_ms,
        "scan" if channel == "detections" else "status": plain,
    }


def show_registration(registration: dict[str, Any], screen: Console) -> None:
    """Show the registration."""
    for channel, topic in registration["topics"].items():
        formats = registration["content_types"].get(channel) or say("console-sensor-acknowledgements")
        show(screen, "console-sensor-topic", topic=topic, formats=formats)
    if registration["sapient_node"]:
        show(screen, "console-sensor-node", node=registration["sapient_node"], sensor=registration["sensor"])


def show_test(result: dict[str, Any], screen: Console) -> None:
    """Show an accepted message; a refusal is reported elsewhere."""
    if result["accepted"]:
        screen.print_json(data={name: value for name, value in result.items() if name not in ("accepted", "bytes")})


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A task from the command line; exactly one of mode, request, look_at (AZIMUTH or AZIMUTH,ELEVATION), stop and
    move_to (LON,LAT or LON,LAT,HEIGHT)."""

    mode: str | None = None
    request: str | None = None
    look_at: str | None = None
    stop: str | None = None
    move_to: str | None = None


def give_task(sensor: str, data: Path, wanted: TaskRequest) -> dict[str, Any]:
    """Queue a task for the gateway to send. BadInput for a sensor without a SAPIENT node, or without a task."""
    from ingest.standards.sapient.outgoing import Order, task, ulid
    from ops.services.sapient.database import FILE_NAME, NodeTask, SapientMemory

    look_at, move_to = _look_at(wanted.look_at), _move_to(wanted.move_to)
    every = (wanted.mode, wanted.request, wanted.look_at, wanted.stop, wanted.move_to)
    chosen = [value for value in every if value is not None]
    if len(chosen) != 1:
        where = "--mode --request --look-at --move-to --stop"
        raise BadInput(f"{len(chosen)} tasks", where=where, expected="exactly one")
    identifier(sensor, "SENSOR")
    if not (data / FILE_NAME).exists():
        raise BadInput(
            f"no SAPIENT node has registered in {data}", where="--data", expected="the data folder of `watchline run`"
        )
    with SapientMemory(data) as memory:
        nodes = {one.node_id: one for one in memory.nodes()}
        node = sensor if sensor in nodes else node_of(sensor, nodes.values(), data)
        if node is None:
            raise BadInput(f"{sensor!r} is not a SAPIENT node", where="SENSOR", expected="a node that has registered")
        order = Order(wanted.mode, wanted.request, look_at, stop=wanted.stop is not None, move_to=move_to)
        now_ns = time.time_ns()
        task_id = wanted.stop or ulid(now_ns // 1_000_000, secrets.token_bytes(10))
        body = task("", node, task_id, order).SerializeToString()
        row_id = task_id if wanted.stop is None else f"{task_id} stop"
        memory.add_task(NodeTask(row_id, node, body, now_ns, None, "", ""))
    return {"task": task_id, "sensor": sensor_of_node(node, data), "sapient_node": node}


def _look_at(text: str | None) -> tuple[float, float | None] | None:
    if text is None:
        return None
    try:
        azimuth, *elevation = (float(part) for part in text.split(","))
        if len(elevation) > 1 or not 0.0 <= azimuth < 360.0 or not all(abs(each) <= 90.0 for each in elevation):
            raise ValueError
    except ValueError:
        raise BadInput(f"{text!r}", where="--look-at", expected="AZIMUTH or AZIMUTH,ELEVATION in degrees") from None
    return azimuth, elevation[0] if elevation else None


def _move_to(text: str | None) -> tuple[float, float, float | None] | None:
    if text is None:
        return None
    try:
        lon, lat, *height_m = (float(part) for part in text.split(","))
        inside = abs(lon) <= 180.0 and abs(lat) <= 90.0 and all(abs(each) <= HIGHEST_M for each in height_m)
        if len(height_m) > 1 or not inside:
            raise ValueError
    except ValueError:
        raise BadInput(
            f"{text!r}", where="--move-to", expected="LON,LAT or LON,LAT,HEIGHT in degrees and metres"
        ) from None
    return lon, lat, height_m[0] if height_m else None


def _check_node(node: str) -> None:
    if not is_uuid4(node):
        raise BadInput(
            f"{ascii(node)[:60]} is not a valid node ID", where="--sapient-node", expected="a lower-case UUID v4"
        )


def _note_node(data: Path, sensor: str, node: str) -> None:
    path = data / ADAPTERS_FILE
    known = registered_nodes(data)
    if known.get(node, sensor) != sensor:
        raise BadInput(f"already registered as {known[node]}", where=f"node {node}", expected="one sensor per node")
    nodes = {other: name for other, name in known.items() if name != sensor} | {node: sensor}
    data.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, concurrent=True) as partial:
        partial.write_text(json.dumps({"sapient": nodes}, indent=1) + "\n", encoding="utf-8")
        give_to_owner(partial)


def _states(data: Path) -> dict[str, str]:
    reader = Reader(data / "store.db")
    try:
        live = reader.live("sensors")
        return {} if live is None else {each["sensor"]: each["state"] for each in json.loads(live.body)}
    except StoreError:
        return {}
    finally:
        reader.close()


def _counts(data: Path) -> dict[str, Counts]:
    try:
        with read_journal(data / "journal.db") as journal:
            return journal.counts()
    except JournalError:
        return {}


def _nodes_and_tasks(data: Path) -> tuple[Mapping[str, KnownNode], Sequence[NodeTask]]:
    """Return the SAPIENT nodes that have registered with the gateway, by node id, and the tasks, newest first."""
    from ops.services.sapient.database import FILE_NAME, SapientMemory

    if not (data / FILE_NAME).exists():
        return {}, ()
    with SapientMemory(data) as memory:
        return {node.node_id: node for node in memory.nodes()}, memory.tasks()[::-1]


def _times_of(node: KnownNode | None) -> dict[str, str | None]:
    """Return when a node registered and was last heard, for JSON."""
    return {
        "sapient_registered_at": None if node is None else _moment(node.registered_ns),
        "sapient_heard_at": None if node is None else _moment(node.heard_ns),
    }


def _plain_task(task: NodeTask) -> dict[str, str | None]:
    """Return a task and the node's answer, for JSON; ``answer`` is empty before the first."""
    return {
        "task": task.task_id,
        "made_at": _moment(task.made_ns),
        "sent_at": None if task.sent_ns is None else _moment(task.sent_ns),
        "answer": task.answer,
        "reasons": task.reasons,
    }


def _moment(at_ns: int) -> str:
    return utc_datetime(at_ns).isoformat(timespec="seconds")


def _plain(counts: Counts | None) -> dict[str, int] | None:
    if counts is None:
        return None
    return {name: getattr(counts, name) for name in ("received", "journaled", "duplicate", "dead_lettered", "shed")}
