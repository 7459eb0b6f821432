"""The driver of ONVIF cameras: an absolute move, its end, and a still; each look on a thread of its own.

A camera that does not answer keeps one thread busy for the time of its calls and no other look waiting.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from requests.auth import HTTPDigestAuth

from ingest.wire import WireMedia
from ops.sector.setting_tables.cue import CueSettings
from ops.sector.setting_tables.media import MediaSettings
from ops.sector.setting_tables.onvif import OnvifCamera
from ops.services.cue.drivers import CannotLook, Direction, LookOutcome
from ops.services.cue.onvif.calibration import apart_deg, position_of
from ops.services.cue.onvif.client import HeadState, Login, OnvifClient
from ops.services.cue.onvif.session import CameraFault, CameraSession
from ops.services.media.check import Expected, Unusable, checked
from sensors.timestamps import utc_datetime

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 8
MOST_KEPT: Final = 500
"""Looks whose outcome is remembered, the newest."""
ASK_EVERY_S: Final = 0.3
CLEAR_EVERY_S: Final = 60.0
"""Interval at which own stills in the drop folder are looked through, whether or not a camera takes another."""
ENVIRONMENT: Final = "WATCHLINE_ONVIF_"
OWN: Final = "onvif-"
"""Beginning of the names of stills in the drop folder."""


class TurningHead(Protocol):
    """The services of a camera that the driver uses (``ops.services.cue.onvif.client``)."""

    def open(self) -> None: ...

    def profile(self, wanted: str) -> str: ...

    def move(self, profile: str, pan: float, tilt: float) -> None: ...

    def state(self, profile: str) -> HeadState: ...

    def snapshot(self, profile: str, *, most: int) -> bytes: ...


class OnvifDriver:
    """Turns the cameras of ``[cue.onvif]``. ``wait_s``: pause between questions where the head is; ``clear_every_s``:
    see CLEAR_EVERY_S."""

    def __init__(
        self,
        settings: CueSettings,
        media: MediaSettings,
        *,
        now_ns: Callable[[], int],
        wait_s: float = ASK_EVERY_S,
        clear_every_s: float = CLEAR_EVERY_S,
    ) -> None:
        self._settings, self._media, self._now_ns, self._wait_s = settings, media, now_ns, wait_s
        self._cameras: Mapping[str, OnvifCamera] = settings.onvif
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, "onvif")
        self._lock, self._over = threading.Lock(), threading.Event()
        self._looks: dict[str, LookOutcome | None] = {}
        self._newest: dict[str, str] = {}
        self._moving = {name: threading.Lock() for name in self._cameras}
        self._clear()
        if media.drop:
            threading.Thread(target=self._keep_clear, args=(clear_every_s,), name="onvif-clear", daemon=True).start()

    def close(self) -> None:
        """Give up all looks."""
        self._over.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def reaches(self, camera: str) -> bool:
        """Whether the settings name the camera."""
        return camera in self._cameras

    def start(self, look: str, camera: str, there: Direction, now_ns: int) -> None:
        """Turn a camera in the background. Raises CannotLook for a direction outside its calibration."""
        del now_ns
        position = position_of(self._cameras[camera], *there)
        if position is None:
            raise CannotLook("not_there")
        with self._lock:
            if look in self._looks:
                return
            self._looks[look] = None
            self._newest[camera] = look
            for old in list(self._looks)[:-MOST_KEPT]:
                del self._looks[old]
        self._pool.submit(self._turn, look, camera, position)

    def outcome(self, look: str) -> LookOutcome | None:
        """Return what became of a look so far."""
        with self._lock:
            return self._looks.get(look)

    def withdraw(self, look: str) -> None:
        """Do not wait for a look any more."""
        with self._lock:
            if look in self._looks:
                self._looks[look] = LookOutcome("failed", "no_answer")

    def _turn(self, look: str, name: str, position: tuple[float, float]) -> None:
        camera = self._cameras[name]
        session: CameraSession | None = None
        try:
            login = login_of(name, camera)
            session = CameraSession(camera, self._media.allowed, HTTPDigestAuth(login.name, login.password))
            client = OnvifClient(session, login, now=lambda: utc_datetime(time.time_ns()))
            outcome = self._look(look, name, client, position)
        except CameraFault as error:
            log.warning("Camera %s does not turn: %s", name, error)
            outcome = LookOutcome("failed", error.code)
        except Exception:  # a fault of this program must not leave a look without an end
            log.exception("Camera %s does not turn.", name)
            outcome = LookOutcome("failed", "by_camera")
        finally:
            if session is not None:
                session.close()
        self._note(look, outcome)

    def _look(self, look: str, name: str, client: TurningHead, position: tuple[float, float]) -> LookOutcome:
        """Move, wait until the head stands there, and take a still."""
        camera = self._cameras[name]
        client.open()
        profile = client.profile(camera.profile)
        with self._moving[name]:  # no older look moves the head after a newer one
            if not self._is_wanted(look, name, None):
                return LookOutcome("failed", "not_there")
            client.move(profile, *position)
        self._note(look, LookOutcome("accepted"))
        until_s = time.monotonic() + self._settings.answer_s
        while True:
            state = client.state(profile)
            if not self._is_wanted(look, name, LookOutcome("accepted")):
                return LookOutcome("failed", "not_there")
            if not state.moves and apart_deg(camera, (state.pan, state.tilt), position) <= camera.within_deg:
                break
            if time.monotonic() > until_s:
                return LookOutcome("failed", "not_there")
            self._over.wait(self._wait_s)
        still = self._still(name, profile, client)
        if not self._is_wanted(look, name, LookOutcome("accepted")):  # the still may show the target of a newer look
            return LookOutcome("failed", "not_there")
        return LookOutcome("done", still=still)

    def _still(self, name: str, profile: str, client: TurningHead) -> WireMedia | None:
        """A still in the drop folder; None where there is no such folder, or the camera gives none."""
        if not self._media.drop:
            return None
        try:
            data = client.snapshot(profile, most=self._media.max_bytes)
            kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
            checked(data, Expected("", kind, 0), max_pixels=self._media.max_pixels)
        except (CameraFault, Unusable) as error:
            log.warning("Camera %s has turned, without a still: %s", name, error)
            return None
        digest = sha256(data).hexdigest()
        file = f"{OWN}{digest}.{'png' if kind == 'image/png' else 'jpg'}"
        try:
            _put(Path(self._media.drop), file, data)
        except OSError as error:
            log.warning("Camera %s: its still cannot be stored: %s", name, error)
            return None
        found: Any = kind
        return WireMedia(f"drop:{file}", found, digest, len(data), observed_at=utc_datetime(self._now_ns()))

    def _keep_clear(self, every_s: float) -> None:
        while not self._over.wait(every_s):
            self._clear()

    def _clear(self) -> None:
        """Remove own stills that the media process has fetched or given up: retention applies to its copy alone."""
        if not self._media.drop:
            return
        folder = Path(self._media.drop)
        for old in [*folder.glob(f"{OWN}*"), *folder.glob(f".{OWN}*.partial")]:
            try:
                if time.time() - old.lstat().st_mtime > self._media.give_up_s:
                    old.unlink(missing_ok=True)
            except FileNotFoundError:
                continue
            except OSError as error:
                log.warning("The still %s cannot be removed: %s", old.name, error)

    def _is_wanted(self, look: str, camera: str, known: LookOutcome | None) -> bool:
        """Whether a look is the newest of its camera, and still as known: not withdrawn."""
        with self._lock:
            is_newest = self._newest.get(camera) == look
            return not self._over.is_set() and is_newest and self._looks.get(look) == known

    def _note(self, look: str, outcome: LookOutcome | None) -> None:
        with self._lock:
            known = self._looks.get(look)
            if look in self._looks and (known is None or known.state not in ("done", "failed")):
                self._looks[look] = outcome


def login_of(name: str, camera: OnvifCamera) -> Login:
    """Name and password of a camera, from its file or the environment. CameraFault without them."""
    if camera.credentials:
        path = Path(camera.credentials)
        try:
            with path.open(encoding="utf-8") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise CameraFault("credentials", f"others may read {path.name}")
                lines = file.read(10_000).splitlines()
        except (OSError, UnicodeDecodeError):
            raise CameraFault("credentials", f"{path.name} cannot be read") from None
        if len(lines) < 2:
            raise CameraFault("credentials", f"{path.name} does not hold a name and a password")
        return Login(lines[0], lines[1])
    variable = ENVIRONMENT + "".join(letter if letter.isalnum() else "_" for letter in name.upper())
    user, colon, password = os.environ.get(variable, "").partition(":")
    if not colon:
        raise CameraFault("credentials", f"{variable} is not set")
    return Login(user, password)


def _put(folder: Path, name: str, data: bytes) -> None:
    """Write a file whole or not at all: the media process may read it at any time."""
    partial = folder / f".{name}.{os.getpid()}.partial"
    try:
        partial.write_bytes(data)
        partial.replace(folder / name)
    finally:
        partial.unlink(missing_ok=True)
