"""taky, a TAK server, as a process; and an independent client of pytak that observes it."""

from __future__ import annotations

import asyncio
import queue
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from configparser import ConfigParser
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.feeds.cot import encode
from ops.services.feeds.cot.encode import CotSender, EventTimes
from tests.patience import PATIENT_S

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pytak

ROOT = Path(__file__).resolve().parents[5]


def taky_program() -> Path:
    """The server's program; it is installed once, as ``make test`` does."""
    program = ROOT / ".venv-taky" / "bin" / "taky"
    if not (program.parents[1] / ".complete").exists():
        made = subprocess.run(
            [sys.executable, str(ROOT / "deploy" / "setup_taky.py"), str(program.parents[1])], check=False
        )
        assert made.returncode == 0, "taky could not be installed"
    return program


class Taky:
    """A server on 127.0.0.1; with ``certificates`` (authority, certificate, key) over TLS with client certificates."""

    def __init__(self, folder: Path, certificates: tuple[Path, Path, Path] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        self._folder = folder
        config = ConfigParser()
        config["taky"] = {"hostname": "localhost", "bind_ip": "127.0.0.1", "root_dir": str(folder), "redis": "false"}
        config["cot_server"] = {"port": str(self.port)}
        config["dp_server"] = {"upload_path": str(folder)}
        config["ssl"] = {"enabled": "false"}
        if certificates is not None:
            authority, certificate, key = (str(path) for path in certificates)
            config["ssl"] = {
                "enabled": "true", "client_cert_required": "true", "ca": authority, "cert": certificate, "key": key,
                "cert_db": str(folder / "certificates.txt"),
            }  # fmt: skip
            (folder / "certificates.txt").touch()
        with (folder / "taky.conf").open("w") as file:
            config.write(file)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Taky:
        log = (self._folder / "taky.log").open("ab")
        self._process = subprocess.Popen(
            [str(taky_program()), "-l", "debug", "-c", str(self._folder / "taky.conf")],
            cwd=self._folder, stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        deadline = time.monotonic() + PATIENT_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            assert self._process.poll() is None, (self._folder / "taky.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
        self._reserved.release()


class Receiving(pytak.RXWorker):  # type: ignore[misc]
    """Receives only: what arrives is kept by the observer."""

    async def handle_data(self, data: bytes) -> None:
        raise AssertionError("the observer reads by itself")


class Observer:
    """A client of pytak: keeps what the server sends, as elements, and may send."""

    def __init__(self, url: str, **options: str) -> None:
        self.events: list[Element] = []
        self._arrived = threading.Condition()
        self._outgoing: queue.Queue[bytes] = queue.Queue()
        self._ready = threading.Event()
        config = ConfigParser()
        config["observer"] = {"COT_URL": url, "PYTAK_NO_HELLO": "1", "TAK_PROTO": "0", **options}
        self._config = config["observer"]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENT_S), "pytak did not connect"
        now = datetime.now(UTC)
        self.send(encode.ping(CotSender("observer", "Observer"), EventTimes(now, now)).xml())
        self.wait_for(
            lambda event: event.get("type") == encode.PONG, "answer of the server, which now knows this client"
        )

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._main = self._loop.create_task(self._observe())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._main)

    async def _observe(self) -> None:
        reader, writer = await pytak.protocol_factory(self._config)
        received: asyncio.Queue[Any] = asyncio.Queue()
        worker = Receiving(received, self._config, reader)
        self._ready.set()

        async def send() -> None:
            while True:
                try:
                    data = self._outgoing.get_nowait()
                except queue.Empty:
                    await asyncio.sleep(0.02)
                    continue
                writer.write(data)
                await writer.drain()

        async def keep() -> None:
            while True:
                data = await received.get()
                begin = data.find(b"<event")
                if begin >= 0:
                    with self._arrived:
                        self.events.append(fromstring(data[begin:]))
                        self._arrived.notify_all()

        try:
            await asyncio.gather(worker.run(), send(), keep())
        finally:
            writer.close()

    def send(self, message: bytes) -> None:
        self._outgoing.put(message)

    def wait_for(self, wanted: Callable[[Element], bool], what: str, timeout_s: float = PATIENT_S) -> Element:
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                left_s = deadline - time.monotonic()
                assert left_s > 0, f"no {what}; got {[(e.get('type'), e.get('uid')) for e in self.events]}"
                self._arrived.wait(left_s)

    def of_uid(self, uid: str) -> list[Element]:
        with self._arrived:
            return [event for event in self.events if event.get("uid") == uid]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(PATIENT_S)
