"""A room with a simulator that sends the rehearsed night into it, and strikes against its processes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ops.broker.broker import EmbeddedBroker, MosquittoBroker
from ops.room.room import Room, RoomOptions
from ops.runtime.clock import ScenarioClock
from ops.runtime.processes.child_process import Child
from ops.store.reader import Reader
from tests.patience import PATIENT_S

KILLS_EACH = 3 if os.environ.get("WATCHLINE_DRILL") == "long" else 1
SPEED = 5.0
NIGHT_S = 60.0


TRACKED_S = 3600
"""How late a scan may come and is still tracked, in scenario time: a part takes its time to come back, and while it is
away, scans wait. By default it is a minute, which is 12 s here."""


class Unhurried(Room):
    """Its fusion skips nothing when it falls behind, as on a slow machine: a replay processes all, and would differ."""

    PATIENCE: Final[Mapping[str, str]] = {"fusion": "--overload-s=3600", "ingest": f"--late-s={TRACKED_S}"}

    def start(self, name: str, module: str, *arguments: str, **more: Any) -> Child:
        patience = [self.PATIENCE[name]] if name in self.PATIENCE else []
        return super().start(name, module, *arguments, *patience, **more)


class Night:
    """A room with a simulator that sends the rehearsed night into it. ``more``: options of the room."""

    def __init__(
        self, sector: Path, folder: Path, broker: EmbeddedBroker | MosquittoBroker, name: str, **more: Any
    ) -> None:
        now_ns = time.time_ns()
        self.folder, self.broker, self.sector, self.name = folder, broker, sector, name
        self.clock = ScenarioClock(now_ns, now_ns, SPEED)
        self.settings = folder / "settings.toml"
        self.settings.write_text(f"[tracker]\nhorizon_s = {TRACKED_S}\n")
        layout = str(sector.parent / "layout.geojson")
        more |= {"clock": self.clock, "settings": self.settings}
        self.room = Unhurried(RoomOptions(str(sector), name, layout, folder, broker.url, **more))
        self.simulator: Child

    def begin(self) -> None:
        """Start to send; returns when the first message is due."""
        self.room.listen()
        arguments = [f"--sector-id={self.name}", f"--folder={self.folder}", f"--duration={NIGHT_S}"]
        arguments.append(f"--stalled={PATIENT_S}")  # ingest may be starting when the last message has been sent
        self.simulator = self.room.start(
            "simulator", "ops.room.simulator", *arguments, *self.clock.arguments(), timeout_s=PATIENT_S
        )
        self.simulator.wait_for("started_ns", timeout_s=PATIENT_S)

    def strike(self, victim: str, pause_s: float) -> None:
        """kill -9 of one part (or a stop in order, as by SIGTERM), a pause, and a new start."""
        if victim == "broker":
            self.broker.kill()
            time.sleep(pause_s)
            self.broker.start()
            return
        child: Child = getattr(self.room, victim.removesuffix(", in order"))
        if victim.endswith(", in order"):
            was_ready = child.last("ready") is not None  # else it may end by the signal itself
            assert child.stop(timeout_s=PATIENT_S) == 0 or not was_ready, child.exit_report()
        else:
            child.kill()
        time.sleep(pause_s)
        child.restart()

    def end(self) -> None:
        """Wait for the last message, until all of it is in the store; then stop in order."""
        deadline = time.monotonic() + NIGHT_S / SPEED + 2 * PATIENT_S
        while self.simulator.last("published") is None:
            self.room.restart_ended()  # one that was started while the broker was away may have given up
            assert time.monotonic() < deadline, self.simulator.last_words()
            time.sleep(0.1)
        problems = self.simulator.last("problems")
        assert self.simulator.last("drained") is True, problems
        # A sensor that has nothing more to send may be connecting again at this moment.
        link = (self.broker.url.shown, "; reconnecting")
        assert [why for why in problems.values() if not any(words in why for words in link)] == []
        assert self.room.drain(PATIENT_S), self.room.failed()
        self.room.ingest.wait_for("ready", timeout_s=PATIENT_S)  # it may have been started again just now
        assert self.room.ingest.stop(timeout_s=PATIENT_S) == 0
        assert self.room.fusion.stop(timeout_s=PATIENT_S) == 0, self.room.fusion.exit_report()


def published(reader: Reader) -> dict[tuple[str, int], Any]:
    """(alert, revision) → what was said to the units."""
    return {(row.alert, row.revision): json.loads(row.body) for row in reader.outbox_after(0, limit=10_000)}
