"""Brokers that Watchline starts itself: iotcore as a child process on one machine, Mosquitto with a generated config.

By default iotcore binds every interface without authentication, and it has no topic ACL: any authenticated client reads
every topic. The embedded broker therefore listens on loopback only, with generated credentials, or does not start.
A PUBACK of either broker does not guarantee durability, and it need not: see ingest.receiving.receiver.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from ingest.errors import BrokerError
from ingest.mqtt.broker_url import BrokerUrl
from ingest.topics import sensor_filter
from ingest.wire import MAX_PAYLOAD_BYTES
from ops.broker.after_panic import restarted_after_panic
from ops.runtime.files.scratch_folder import ScratchFolder, scratch_folder
from ops.runtime.processes.child_process import Child, say, sign_of_life, stop_when_parent_ends
from ops.runtime.processes.reserved_port import ReservedPort

URL_VARIABLE: Final = "WATCHLINE_BROKER"
"""The environment variable with a broker's complete URL: command lines are visible to every user of the machine."""
IN_FLIGHT: Final = 1000
MAX_PACKET_BYTES: Final = MAX_PAYLOAD_BYTES + 64 * 1024
START_TIMEOUT_S: Final = 300.0
"""Longest wait for a broker that is starting; one that ends meanwhile is noticed at once."""


class EmbeddedBroker:
    """iotcore (rumqttd) as a child process; MQTT 5 only. Address and credentials stay the same after every start.

    Measured limitations of iotcore 0.4: it allows at most 100 unacknowledged messages in flight to a subscriber,
    whatever ReceiveMaximum says, and answers no SUBSCRIBE while that window is full. On bad credentials it closes the
    connection without a CONNACK; it also closes it on a packet that is too large. The log of a subscription holds a
    fixed number of bytes and then discards the oldest, delivered or not. A connection reset between CONNECT and CONNACK
    can make it panic and refuse every connection from then on; the process then restarts itself (``after_panic``).
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        listen: str = "127.0.0.1",
        port: int | None = None,
        sector: str | None = None,
    ) -> None:
        """``folder`` takes the log (default: a temporary folder). ``sector`` enlarges the log of its detections."""
        if not _is_loopback(listen):
            raise BrokerError(
                f"the embedded broker has no topic rights and cannot listen on {listen}",
                where="listen",
                expected="127.0.0.1; for a network, Mosquitto",
            )
        self._temporary = None if folder else ScratchFolder("watchline-broker-")
        self._folder = folder or self._temporary.path  # type: ignore[union-attr]
        self._sector = sector
        self._reserved = None if port else ReservedPort(listen)
        self._url = BrokerUrl(
            listen,
            port or self._reserved.number,  # type: ignore[union-attr]
            f"watchline-{secrets.token_hex(4)}",
            secrets.token_urlsafe(24),
        )
        self._child: Child | None = None

    @property
    def url(self) -> BrokerUrl:
        return self._url

    @property
    def pid(self) -> int | None:
        return self._child.process.pid if self._child and self._child.alive else None

    @property
    def child(self) -> Child:
        """The broker's process, for a supervisor; the broker must have been started."""
        assert self._child is not None
        return self._child

    def start(self) -> Self:
        """Start, and return when it accepts connections. BrokerError when the port is in use or it does not start."""
        if self._child is not None and self._child.alive:
            return self
        _require_free(self._url)
        if self._child is None:
            arguments = [] if self._sector is None else [f"--sector={self._sector}"]
            self._child = Child(
                "broker",
                "ops.broker.broker",
                arguments,
                log=self._folder / "broker.log",
                secrets={URL_VARIABLE: self._url.text},
            )
        else:
            self._child.restart()
        self._child.wait_for("ready", timeout_s=START_TIMEOUT_S)
        return self

    def kill(self) -> None:
        """Send SIGKILL; everything it held in memory is lost."""
        if self._child is not None and self._child.alive:
            self._child.kill()

    def stop(self) -> None:
        """End the child, let its port go and remove its temporary folder."""
        if self._child is not None:
            self._child.stop(timeout_s=5.0)
            self._child = None
        if self._reserved is not None:
            self._reserved.release()
        if self._temporary is not None:
            self._temporary.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class MosquittoBroker:
    """Mosquitto with a generated configuration: one listener, one user, no silent message loss below 256 MB of queue.

    Raises BrokerError, naming the package to install, where Mosquitto is missing. ``persistence`` keeps sessions on
    disk at a clean stop; nothing in Watchline relies on it."""

    def __init__(
        self,
        *,
        folder: Path | None = None,
        listen: str = "127.0.0.1",
        port: int | None = None,
        persistence: bool = False,
    ) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise BrokerError("Mosquitto is not installed", where="mosquitto", expected="apt-get install mosquitto")
        self._program = program
        self._temporary = None if folder else ScratchFolder("watchline-mosquitto-")
        self._folder = folder or self._temporary.path  # type: ignore[union-attr]
        self._persistence = persistence
        self._reserved = None if port else ReservedPort(listen)
        self._url = BrokerUrl(
            listen,
            port or self._reserved.number,  # type: ignore[union-attr]
            f"watchline-{secrets.token_hex(4)}",
            secrets.token_urlsafe(24),
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> BrokerUrl:
        return self._url

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> Self:
        """Write the configuration, start, and return when it accepts connections."""
        if self._process is not None and self._process.poll() is None:
            return self
        _require_free(self._url)
        self._folder.mkdir(parents=True, exist_ok=True)
        assert self._url.password is not None
        _write_private(self._folder / "passwords", f"{self._url.username}:{_mosquitto_hash(self._url.password)}\n")
        _write_private(self._folder / "mosquitto.conf", self._configuration())
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._folder / "mosquitto.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_until_open(self._url, lambda: self.pid is not None, self._folder / "mosquitto.log")
        return self

    def _configuration(self) -> str:
        lines = [
            f"listener {self._url.port} {self._url.host}",
            "allow_anonymous false",
            f"password_file {self._folder / 'passwords'}",
            "set_tcp_nodelay true",
            f"max_inflight_messages {IN_FLIGHT}",
            "max_queued_messages 0",
            "max_queued_bytes 268435456",
            f"max_packet_size {MAX_PACKET_BYTES}",
            "persistent_client_expiration 7d",
            f"persistence {'true' if self._persistence else 'false'}",
            f"persistence_location {self._folder}/",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "connection_messages false",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # otherwise it changes to another user, who cannot read these private files
        return "\n".join(lines) + "\n"

    def kill(self) -> None:
        """Send SIGKILL; everything it held in memory is lost."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Send SIGTERM, then SIGKILL; let the port go and remove the temporary folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(5.0)
            except subprocess.TimeoutExpired:
                self.kill()
        if self._reserved is not None:
            self._reserved.release()
        if self._temporary is not None:
            self._temporary.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _is_loopback(listen: str) -> bool:
    try:
        return ipaddress.ip_address(listen).is_loopback
    except ValueError:
        return False


def _require_free(url: BrokerUrl) -> None:
    with socket.socket(socket.AF_INET6 if ":" in url.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((url.host, url.port))
        except OSError as error:
            raise BrokerError(
                f"port {url.port} on {url.host} cannot be used ({error.strerror})",
                where="broker",
                expected="a free port",
            ) from None


def _accepts(url: BrokerUrl) -> bool:
    try:
        socket.create_connection((url.host, url.port), timeout=0.2).close()
    except OSError:
        return False
    return True


def _wait_until_open(url: BrokerUrl, alive: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _accepts(url):
        if not alive() or time.monotonic() > deadline:
            words = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
            raise BrokerError(f"did not start: {' '.join(words)}", where="broker", expected="a listening broker")
        time.sleep(0.02)


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _mosquitto_hash(password: str) -> str:
    """Return a password hash for Mosquitto's password file: PBKDF2 with SHA-512, as mosquitto_passwd writes it."""
    salt, rounds = secrets.token_bytes(12), 1000
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    return f"$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def _iotcore_configuration(url: BrokerUrl, sector: str | None) -> str:
    """Return rumqttd's TOML: a log of 16 MB for the high-volume topics, 1 MB for each of the many small topics."""
    segments = (1024 * 1024, 16) if sector is None else (128 * 1024, 8)
    text = f"""
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 1000
max_segment_size = {segments[0]}
max_segment_count = {segments[1]}
"""
    if sector is not None:
        heavy = json.dumps(sensor_filter(sector, "detections"))
        text += f"[router.custom_segment.{heavy}]\nmax_segment_size = 1048576\nmax_segment_count = 16\n"
    return (
        text
        + f"""
[v5.watchline]
name = "watchline"
listen = "{url.host}:{url.port}"
next_connection_delay_ms = 1
[v5.watchline.connections]
connection_timeout_ms = 5000
max_payload_size = {MAX_PACKET_BYTES}
max_inflight_count = {IN_FLIGHT}
dynamic_filters = true
[v5.watchline.connections.auth]
{json.dumps(url.username)} = {json.dumps(url.password)}
"""
    )


def _serve() -> int:
    """Run the broker in the child process until the parent ends or requests a stop."""
    say(alive=None)  # after a panic this process has replaced itself: no sign of life is expected before it serves
    import logging

    from iotcore.iotcore import IotCoreBroker

    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it logs every packet as an error span
    url = BrokerUrl.parse(os.environ.pop(URL_VARIABLE))
    sector = next((a.removeprefix("--sector=") for a in sys.argv[1:] if a.startswith("--sector=")), None)
    if not _is_loopback(url.host):
        raise SystemExit("the embedded broker listens on loopback only")
    stopping = threading.Event()
    stop_when_parent_ends(stopping.set)
    with restarted_after_panic({URL_VARIABLE: url.text}) as serves:
        with scratch_folder("watchline-iotcore-") as folder:
            path = folder / "broker.toml"
            _write_private(path, _iotcore_configuration(url, sector))
            broker = IotCoreBroker(config_path=str(path))
            serving = threading.Thread(target=broker.run_forever, daemon=True)
            serving.start()
            while not _accepts(url):
                if not serving.is_alive() or stopping.wait(0.02):
                    return 1
        serves.set()
        say(ready=True)
        while serving.is_alive() and not stopping.wait(0.5):
            sign_of_life()
        return 0 if stopping.is_set() else 1


if __name__ == "__main__":
    os._exit(_serve())  # the broker's threads cannot be stopped
