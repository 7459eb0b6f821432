"""A phone of a unit without a browser: the requests of the field page, and a person who answers half of the incidents.

``python -m tests.drills.field.phone ADDRESS FOLDER``. In the folder are ``cookies.json``, the access of the device, and
what survives a kill: ``seen.jsonl``, the incidents in the order in which they came, and ``answers.jsonl``, each answer
when it was given and when it was accepted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

PAUSE_S: Final = 0.25
READ_S: Final = 30.0
STEPS: Final = ("en_route", "on_scene")


def is_for_phone(incident: str) -> bool:
    """Whether the unit with the phone takes this incident; the others are for the unit with TAK."""
    return int(incident[-1], 16) % 2 == 0


class Lines:
    """JSON lines that are on disk before anything else happens."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[dict[str, Any]]:
        """Every whole line."""
        if not self._path.exists():
            return []
        text = self._path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def add(self, **line: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


class Phone:
    """``turn`` is one round of requests; without a network it ends early, and the next one goes on."""

    def __init__(self, address: str, folder: Path) -> None:
        cookies = json.loads((folder / "cookies.json").read_text(encoding="utf-8"))
        self._client = httpx.Client(
            base_url=address, headers={"Origin": address.rstrip("/")}, cookies=cookies,
            timeout=httpx.Timeout(READ_S), limits=httpx.Limits(max_connections=1),
        )  # fmt: skip
        self._seen, self._answers, self._tag = Lines(folder / "seen.jsonl"), Lines(folder / "answers.jsonl"), ""
        self._known = {line["id"] for line in self._seen.read()}

    def turn(self) -> None:
        self._send()
        answer = self._client.get("/v1/field/state", headers={"If-None-Match": self._tag} if self._tag else {})
        if answer.status_code == 304:
            return
        answer.raise_for_status()
        self._tag = answer.headers["etag"]
        state = answer.json()
        for incident in state["incidents"]:
            if incident["id"] not in self._known:
                self._known.add(incident["id"])
                self._seen.add(id=incident["id"], at_s=time.time(), rank=state["incidents"].index(incident))
        self._decide(state)

    def _decide(self, state: dict[str, Any]) -> None:
        """The person goes to an incident, and is on scene once the first answer has counted."""
        given = {line["reply"]["action_id"] for line in self._answers.read() if "reply" in line}
        done = {one["action_id"] for one in state["outcomes"] if one["outcome"] == "done"}
        for incident in state["incidents"]:
            if not is_for_phone(incident["id"]):
                continue
            for before, step in zip((None, *STEPS), STEPS, strict=False):
                action_id = f"{incident['id']}-{step}"
                if action_id not in given and (before is None or f"{incident['id']}-{before}" in done):
                    at = datetime.now(UTC).isoformat()
                    reply = {"action_id": action_id, "action": step, "incident": incident["id"], "at": at}
                    self._answers.add(reply=reply)

    def _send(self) -> None:
        lines = self._answers.read()
        accepted = {line["accepted"] for line in lines if "accepted" in line}
        waiting = [line["reply"] for line in lines if "reply" in line and line["reply"]["action_id"] not in accepted]
        if not waiting:
            return
        body = {"replies": waiting[:20], "sent_at": datetime.now(UTC).isoformat()}
        answer = self._client.post("/v1/field/replies", json=body)
        answer.raise_for_status()
        for result in answer.json()["results"]:
            self._answers.add(accepted=result["action_id"], problem=result.get("problem"))


def main(address: str, folder: Path) -> None:
    """Until it is killed."""
    phone = Phone(address, folder)
    while True:
        try:
            phone.turn()
        except httpx.HTTPError as error:
            print(f"{datetime.now(UTC)} {error!r}", file=sys.stderr, flush=True)
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
