"""A store that a test writes to, and the feeds process over it: what fusion makes and units get, without fusion."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import FEED, IDENTITY_VARIABLE, SIGNATURES_VARIABLE, IdentityFolder, Name
from ops.runtime.processes.child_process import Child
from ops.services.feeds.ledger import FILE, undelivered_rows
from ops.store.reader import Reader
from ops.store.writer import Store
from sensors.timestamps import utc_datetime
from tests.drills.rig import PATIENT_S

SECTOR = "drill"


class FeedsRig:
    """``committed``: the newest revision of each alert and incident by its id; ``rows``: revisions in all."""

    def __init__(self, folder: Path, broker_url: str, units: Sequence[str], settings: str = "") -> None:
        file = folder / "settings.toml"
        file.write_text(f"units = {json.dumps(list(units))}\n{settings}", encoding="utf-8")
        self.identities = IdentityFolder(folder / "identity")
        self.identities.prepare([Name("unit", unit) for unit in units])
        self.store = Store(folder / "store.db")
        self.committed: dict[str, dict[str, Any]] = {}
        self.rows = 0
        self._row = 0
        self.feeds = Child(
            "feeds",
            "ops.services.feeds.process",
            [f"--store={self.store.path}", f"--sector-id={SECTOR}", f"--settings={file}"],
            log=folder / "feeds.log",
            secrets={
                URL_VARIABLE: broker_url,
                IDENTITY_VARIABLE: str(self.identities.path),
                SIGNATURES_VARIABLE: "required",
            },
        )
        self.feeds.wait_for("ready", timeout_s=PATIENT_S)

    @property
    def feed_key(self) -> bytes:
        """The public key of the feed."""
        signer = self.identities.identity(FEED).signer
        assert signer is not None
        return signer.public

    def commit(self, alerts: Sequence[Mapping[str, Any]] = (), incidents: Sequence[Mapping[str, Any]] = ()) -> None:
        """Write revisions as fusion does."""
        self._row += 1
        self.store.commit(self._row, stamp_ns=time.time_ns(), alerts=alerts, incident_revisions=incidents)
        self.rows += len(alerts) + len(incidents)
        self.committed |= {one["id"]: dict(one) for one in (*alerts, *incidents)}

    @property
    def settled(self) -> bool:
        """Whether the feeds process has taken every row, and nothing waits to be sent."""
        found = undelivered_rows(self.store.path.with_name(FILE))
        return found is not None and not found[0] and found[1] >= Reader(self.store.path).last_event()

    def kill(self) -> None:
        """Kill the feeds process, and start it again."""
        self.feeds.kill()
        self.feeds.restart()
        self.feeds.wait_for("ready", timeout_s=PATIENT_S)

    def close(self) -> None:
        self.feeds.stop(timeout_s=PATIENT_S)
        self.store.close()


def alert(number: int, revision: int = 0, priority: str = "medium") -> dict[str, Any]:
    """An alert as fusion publishes it."""
    at = utc_datetime(time.time_ns())
    sentence = f"Probable person on foot, track T{number}, approaching inbound, border in 1 min 18 s"
    return {
        "id": f"A{number:016x}", "revision": revision, "status": "active", "priority": priority, "rule": "approaching",
        "raised_at": at, "updated_at": at, "observed_at": at, "track": f"T{number}", "sensor": None, "segment": 7,
        "direction": 1, "lon": -84.2134567, "lat": 36.5876543, "offset_m": 231.4, "time_to_border_s": 78.0,
        "class_label": "person", "class_probability": 0.91, "existence": 0.999, "by": "", "reason": "",
        "sentence": sentence, "detail_sentences": [sentence], "response_sentence": "",
    }  # fmt: skip


def incident(number: int, revision: int = 0, priority: str = "high", **more: Any) -> dict[str, Any]:
    """An incident as fusion writes it."""
    at = utc_datetime(time.time_ns())
    return {
        "id": f"I{number:016x}", "revision": revision, "name": f"Bravo {number}", "kind": "movement", "state": "open",
        "priority": priority, "opened_at": at, "updated_at": at, "lead": f"A{number:016x}",
        "alerts": [f"A{number:016x}"], "tracks": [], "class_label": "person", "calling_unit": "", "unit": "",
        "sentence": "Probable person on foot crossed the border inbound.", "disposition": "", "lon": -84.21,
        "lat": 36.58, "section": None, **more,
    }  # fmt: skip
