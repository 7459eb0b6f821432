"""The demonstration: a sample sector with simulated sensors, from the MQTT message to the track and the alert."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from geo.message import Message
from ingest.errors import BrokerError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.mqtt.publisher import Publisher
from ingest.topics import sensor_topic
from ops.broker.identities import INGEST
from ops.room.console import ConsoleView, totals
from ops.room.night_file import PATROLS, STILLS
from ops.room.room import DEMO_OPERATOR, Room, RoomOptions
from ops.room.turning_camera.start import finish_cameras, start_cameras, turning_cameras
from ops.runtime.clock import ScenarioClock
from ops.runtime.output import say
from ops.runtime.processes.child_process import Child
from ops.sector.sector_file import Sector, layout_path, load_sector, read_bases
from ops.sector.settings import load_settings
from ops.services.api.serving.endpoint import Endpoint
from ops.store.connections import StoreError
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

READY_S: Final = 300.0
CLEANED_S: Final = 20.0
SENT_S: Final = 330.0
"""For the report of the simulator, which by itself ends waiting for acknowledgements before that."""
SIGNED_OFF_S: Final = 15.0
CAUGHT_UP_S: Final = 300.0
"""Longest wait for fusion at the end; it may have been started again shortly before, on a busy machine."""
MEMORY_EVERY_S: Final = 1.0
NIGHT_MARGIN_S: Final = 30.0
DEFAULT_NIGHT_S: Final = 3600.0
"""Simulated scenario seconds when no duration is given."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Options: ``duration_s`` in wall seconds from the first publish, None until Ctrl-C; ``speed`` over wall time."""

    sector: str
    folder: Path
    layout: str | None = None
    duration_s: float | None = None
    speed: float = 1.0
    seed: int = 1
    broker: BrokerUrl | None = None
    port: int | None = None
    settings: Path | None = None


class MemorySampler:
    """Samples the total memory of all processes every second on a separate thread, and keeps the maximum."""

    def __init__(self, measure: Callable[[], float]) -> None:
        self.peak_mb = 0.0
        self._measure, self._stop = measure, threading.Event()
        threading.Thread(target=self._run, name="memory", daemon=True).start()

    def _run(self) -> None:
        while not self._stop.wait(MEMORY_EVERY_S):
            self.peak_mb = max(self.peak_mb, self._measure())

    def stop(self) -> None:
        """Take a last sample and stop."""
        self.peak_mb = max(self.peak_mb, self._measure())
        self._stop.set()


@dataclass(slots=True)
class Demo:
    """A running demonstration. ``watch`` shows it to its end; ``finish`` drains, scores and writes the files."""

    options: DemoOptions
    sector: Sector
    room: Room
    simulator: Child
    memory: MemorySampler
    began_s: float
    first_publish_s: float
    first_track_s: float | None = None
    first_alert_s: float | None = None
    cameras: Child | None = None
    """The cameras that turn, where the layout has some."""

    @property
    def started_ns(self) -> int:
        """Return the scenario time of the first publish, UTC ns."""
        return int(self.simulator.last("started_ns"))

    @property
    def ended_ns(self) -> int:
        """Return the scenario time at which the senders stopped, UTC ns; the start time while they still run."""
        return int(self.simulator.last("ended_ns") or self.started_ns)

    def watch(
        self, show: Callable[[ConsoleView], None], report: Callable[[Message], None], *, every_s: float = 0.5
    ) -> None:
        """Show the picture until the simulator has sent its last message or Ctrl-C; then stop the senders.

        A process that ends is restarted, which ``report`` is called with.
        """
        try:
            while self.simulator.last("ended_ns") is None:
                for message in self.room.restart_ended():
                    report(message)
                show(self.picture())
                time.sleep(every_s)
        except KeyboardInterrupt:
            pass  # the orderly shutdown follows
        self.room.supervise(self.simulator, wanted=False)
        self.simulator.process.terminate()

    def picture(self) -> ConsoleView:
        """Return what the console shows now."""
        reader, fusion = self.room.reader, self.room.fusion
        picture = ConsoleView(
            title=say("console-demo-title", sector=self.sector.title or self.sector.name),
            now=utc_datetime(self.room.options.clock.now_ns()),
            elapsed_s=time.monotonic() - self.first_publish_s,
            time_zone=self.sector.time_zone,
            address=self.room.address,
            problem=self.room.failed(),
            latency_p50_ms=fusion.last("latency_p50_ms"),
            latency_p99_ms=fusion.last("latency_p99_ms"),
            memory_mb=self.memory.peak_mb or None,
        )
        try:
            tracks, sensors, counts = (reader.live(part) for part in ("tracks", "sensors", "counts"))
            alerts = [json.loads(body) for body in reader.alerts(limit=1000)[2]]
        except StoreError:
            return picture
        picture = replace(
            picture,
            tracks=[] if tracks is None else json.loads(tracks.body),
            sensors=[] if sensors is None else json.loads(sensors.body),
            counts={} if counts is None else totals(json.loads(counts.body)),
            alerts=alerts,
        )
        self._note_firsts(picture)
        return picture

    def _note_firsts(self, picture: ConsoleView) -> None:
        since_start_s = time.monotonic() - self.began_s
        if self.first_alert_s is None and picture.alerts:
            self.first_alert_s = since_start_s
        if self.first_track_s is None and any(track["status"] == "confirmed" for track in picture.tracks):
            self.first_track_s = since_start_s

    def drain(self) -> dict[str, int]:
        """Wait until ingest and fusion have processed all messages; return the number sent per sensor."""
        published: dict[str, int] = dict(self.simulator.wait_for("published", timeout_s=SENT_S))
        if self.cameras is not None:
            published |= finish_cameras(self.room, self.cameras)
        self.room.drain(CAUGHT_UP_S)
        self.memory.stop()
        return published


def clear_retained(demo: Demo, sensors: Iterable[str]) -> None:
    """Remove the retained messages of a demonstration's sensors from an external broker; the services have stopped."""
    room = demo.room
    if room.options.broker is None:
        return
    demo.simulator.stop(timeout_s=SIGNED_OFF_S)
    name = f"watchline-{room.options.sector_id}-cleaner"
    cleaner = Publisher(room.url, client_id=name, now_ns=time.time_ns, identity=room.identity_of(INGEST))
    try:
        cleaner.start()
        topics = [
            sensor_topic(room.options.sector_id, sensor, channel) for sensor in sensors for channel in ("status", "ack")
        ]
        for answer in [cleaner(topic, b"", retain=True) for topic in topics]:
            answer.result(CLEANED_S)
    except (BrokerError, TimeoutError) as error:
        log.warning("Retained messages of this demonstration may be left on the broker: %s", error)
    finally:
        cleaner.stop()


def start(room: Room, options: DemoOptions, sector: Sector, *, began_s: float) -> Demo:
    """Simulate the scenario and start sending it in an open room; return once the first messages are being sent."""
    night_s = DEFAULT_NIGHT_S if options.duration_s is None else options.duration_s * options.speed
    memory = MemorySampler(room.memory_mb)
    simulation = room.start(
        "simulate_night",
        "ops.room.simulate_night",
        f"--sector={room.options.sector}",
        f"--layout={room.options.layout}",
        f"--folder={options.folder}",
        f"--seed={options.seed}",
        f"--duration={night_s + NIGHT_MARGIN_S}",
        f"--weather={load_settings(options.settings).weather or 'day'}",
        timeout_s=1.0,
    )
    simulation.wait_for("messages", timeout_s=READY_S)
    room.listen()
    simulator = room.start(
        "simulator",
        "ops.room.simulator",
        f"--sector-id={room.options.sector_id}",
        f"--folder={options.folder}",
        f"--duration={night_s}",
        *room.options.clock.arguments(),
        timeout_s=SIGNED_OFF_S,
    )
    simulator.wait_for("started_ns", timeout_s=READY_S)
    room.supervise(simulator)
    cameras = start_cameras(room) if room.options.turning else None
    return Demo(options, sector, room, simulator, memory, began_s, time.monotonic(), cameras=cameras)


def open_room(options: DemoOptions) -> tuple[Room, Sector]:
    """Create the room for a demonstration, not yet entered; entering it removes an earlier demonstration's files."""
    sector = load_sector(options.sector)
    layout = layout_path(sector, options.layout)
    read_bases(sector.bases)  # the report needs them: fail now rather than at the end
    load_settings(options.settings)  # as the processes will: a wrong file leaves an earlier demonstration as it is
    now_ns = time.time_ns()
    clock = ScenarioClock.live() if options.speed == 1 else ScenarioClock(now_ns, now_ns, options.speed)
    # Each run has a unique name, so that retained messages of earlier runs on an external broker are not mistaken for
    # its own.
    sector_id = sector.name if options.broker is None else f"{sector.name}-demo-{socket.gethostname()}-{os.getpid()}"
    sector_id = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in sector_id)[:60]
    room = RoomOptions(
        sector=str(sector.path),
        sector_id=sector_id,
        layout=str(layout),
        folder=options.folder,
        broker=options.broker,
        endpoint=Endpoint(port=options.port, accounts=False),
        local_operator=DEMO_OPERATOR,
        clock=clock,
        fresh=True,
        signatures=sector.signatures,
        simulated_units=PATROLS,
        settings=options.settings,
        drop=options.folder / STILLS,
        turning=turning_cameras(layout),
    )
    return Room(room), sector
