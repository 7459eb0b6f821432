"""A person with a TAK client, who claims the incidents that the unit with the phone leaves."""

from __future__ import annotations

import time
from typing import Final

from tests.drills.field.phone import is_for_phone
from tests.ops.services.feeds.cot.rig import chat, device
from tests.ops.services.feeds.cot.taky_server import Observer

DEVICE: Final = "ANDROID-8"


class TakClient:
    """Types the line of an answer again after ``again_s`` until it has counted.

    ``shown``: when each incident was first shown [s since 1970]. ``calls``: distress calls that were shown.
    """

    def __init__(self, port: int, again_s: float) -> None:
        self._port, self._again_s = port, again_s
        self._typed: dict[str, tuple[bytes, float]] = {}
        self.shown: dict[str, float] = {}
        self.calls: set[str] = set()
        self.told: set[str] = set()
        self._observer = self._connected()

    def _connected(self) -> Observer:
        observer = Observer(f"tcp://127.0.0.1:{self._port}")
        observer.send(device(DEVICE).xml())
        return observer

    def kill(self) -> None:
        """The program ends; the next one knows nothing of what this one received."""
        self.turn()
        self._observer.close()
        self._observer = self._connected()

    def turn(self) -> None:
        for event in list(self._observer.events):
            identity = event.get("uid", "").rpartition(".")[2]
            contact = event.find("detail/contact")
            if event.get("type") == "b-a-o-tbl":
                self.calls.add(identity)
            elif event.get("type", "").startswith("a-u") and contact is not None and identity.startswith("I"):
                self.shown.setdefault(identity, time.time())
                if not is_for_phone(identity):
                    self._type(contact.get("callsign", ""))
            elif event.get("type") == "b-t-f":
                self.told.add(event.findtext("detail/remarks") or "")

    def _type(self, name: str) -> None:
        line, typed_s = self._typed.get(name, (b"", float("-inf")))
        if f"{name}: recorded, claim." in self.told or time.monotonic() - typed_s < self._again_s:
            return
        line = line or chat(f"ACK {name}", DEVICE, number=len(self._typed) + 1).xml()
        self._typed[name] = line, time.monotonic()
        self._observer.send(line)

    def close(self) -> None:
        self._observer.close()
