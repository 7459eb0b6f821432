"""The ONVIF services that a look needs: time, profiles, an absolute move, its state, and the address of a snapshot.

Messages are built and read by zeep from the WSDL that the package ``onvif-zeep-async`` ships. The client of that
package is not used, because it does not verify certificates. Passwords are sent as digests of WS-Security
(UsernameToken Profile 1.1), which ONVIF devices have to accept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import requests
import zeep.exceptions
from zeep import Client, Settings
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from ops.services.cue.onvif.session import CameraFault, CameraSession

DEVICE_PATH: Final = "/onvif/device_service"
MOST_SOAP_BYTES: Final = 1_000_000
BINDINGS: Final = {
    "devicemgmt": "{http://www.onvif.org/ver10/device/wsdl}DeviceBinding",
    "media": "{http://www.onvif.org/ver10/media/wsdl}MediaBinding",
    "ptz": "{http://www.onvif.org/ver20/ptz/wsdl}PTZBinding",
}
REFUSED: Final = ("NotAuthorized", "FailedAuthentication", "InvalidSecurity")
"""Fault codes of ONVIF Core and WS-Security for a wrong name or password."""


class Login(NamedTuple):
    """User name and password of a camera. Its text states neither."""

    name: str
    password: str

    def __repr__(self) -> str:
        return "Login(…)"


class HeadState(NamedTuple):
    """Pan and tilt in [−1, 1], and whether the head moves; None where the camera does not say."""

    pan: float
    tilt: float
    moves: bool | None


class OnvifClient:
    """The services of one camera. CameraFault for whatever does not work. Used by one thread at a time."""

    def __init__(self, session: CameraSession, login: Login, *, now: Callable[[], datetime]) -> None:
        self._transport, self._session = _CheckedTransport(session), session
        self._login, self._now = login, now
        self._ahead = timedelta(0)
        self._paths = {"devicemgmt": DEVICE_PATH}

    def open(self) -> None:
        """Learn the camera's clock, which its check of passwords depends on, and where its services are."""
        time = self._call("devicemgmt", "GetSystemDateAndTime", signed=False)
        self._ahead = _clock_of(time, self._now())
        found = self._call("devicemgmt", "GetCapabilities", Category="All")
        for name, part in (("media", "Media"), ("ptz", "PTZ")):
            address = getattr(getattr(found, part, None), "XAddr", None)
            if not address:
                raise CameraFault("by_camera", f"it has no {part} service")
            parts = urlsplit(str(address))
            self._paths[name] = parts.path or "/"

    def profile(self, wanted: str) -> str:
        """The token of the profile to use."""
        profiles = self._call("media", "GetProfiles") or []
        for one in profiles:
            if one.token == wanted if wanted else getattr(one, "PTZConfiguration", None) is not None:
                return str(one.token)
        raise CameraFault("by_camera", "it has no such profile with pan and tilt")

    def move(self, profile: str, pan: float, tilt: float) -> None:
        """Begin an absolute move."""
        self._call("ptz", "AbsoluteMove", ProfileToken=profile, Position={"PanTilt": {"x": pan, "y": tilt}})

    def state(self, profile: str) -> HeadState:
        """Where the head is."""
        found = self._call("ptz", "GetStatus", ProfileToken=profile)
        place = getattr(getattr(found, "Position", None), "PanTilt", None)
        if place is None:
            raise CameraFault("by_camera", "it does not say where it looks")
        moves = getattr(getattr(found, "MoveStatus", None), "PanTilt", None)
        pan, tilt = float(place.x), float(place.y)
        if not (math.isfinite(pan) and math.isfinite(tilt)):
            raise CameraFault("by_camera", "it states no number for where it looks")
        return HeadState(pan, tilt, None if moves in (None, "UNKNOWN") else moves != "IDLE")

    def snapshot(self, profile: str, *, most: int) -> bytes:
        """A still, as the camera gives it now."""
        found = self._call("media", "GetSnapshotUri", ProfileToken=profile)
        address = getattr(found, "Uri", None)
        if not address:
            raise CameraFault("by_camera", "it gives no still")
        return self._session.get(str(address), most=most)

    def _call(self, name: str, operation: str, *, signed: bool = True, **arguments: Any) -> Any:
        token = None
        if signed:
            token = UsernameToken(
                self._login.name, self._login.password, use_digest=True, zulu_timestamp=True,
                created=(self._now() + self._ahead).replace(tzinfo=None),
            )  # fmt: skip
        client = Client(
            wsdl=self._documents[name], transport=self._transport, wsse=token, settings=_SETTINGS,
        )  # fmt: skip
        service = client.create_service(BINDINGS[name], self._session.at(self._paths[name]))
        try:
            return service[operation](**arguments)
        except zeep.exceptions.Fault as fault:
            codes = [str(fault.code or ""), *(str(one) for one in fault.subcodes or ())]
            refused = any(word in code for code in codes for word in REFUSED)
            raise CameraFault("credentials" if refused else "by_camera", str(fault.message)[:200]) from None
        except zeep.exceptions.TransportError as error:
            refused = error.status_code in (401, 403)
            raise CameraFault("credentials" if refused else "by_camera", f"HTTP {error.status_code}") from None
        except (zeep.exceptions.Error, ValueError, TypeError, AttributeError, LookupError) as error:
            raise CameraFault("by_camera", f"an answer that is not ONVIF's ({type(error).__name__})") from None

    @cached_property
    def _documents(self) -> dict[str, Any]:
        return {name: _document(name, self._transport) for name in BINDINGS}


_SETTINGS: Final = Settings(strict=False, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)
_read: dict[str, Any] = {}


def _document(name: str, transport: Transport) -> Any:
    """A WSDL of the package, read once per process."""
    if name not in _read:
        _read[name] = Client(str(_wsdl_folder() / f"{name}.wsdl"), transport=transport, settings=_SETTINGS).wsdl
    return _read[name]


def _wsdl_folder() -> Path:
    found = find_spec("onvif")  # not imported: the package sets up logging and a client of its own
    if found is None or not found.submodule_search_locations:
        raise CameraFault("by_camera", "the package onvif-zeep-async is missing")
    return Path(found.submodule_search_locations[0]) / "wsdl"


def _clock_of(answer: Any, now: datetime) -> timedelta:
    """How far the camera's clock is ahead; 0 where it does not say."""
    stated: Any = getattr(answer, "UTCDateTime", None)
    try:
        day, time = stated.Date, stated.Time
        there = datetime(day.Year, day.Month, day.Day, time.Hour, time.Minute, min(time.Second, 59), tzinfo=UTC)
    except (AttributeError, TypeError, ValueError):
        return timedelta(0)
    return there - now


class _CheckedTransport(Transport):
    """zeep's way to the network, which leads through the session alone; documents are read from files."""

    def __init__(self, session: CameraSession) -> None:
        super().__init__(cache=None, session=requests.Session())  # type: ignore[no-untyped-call]
        self._checked = session

    def load(self, url: str) -> bytes:
        if urlsplit(url).scheme in ("http", "https"):
            raise CameraFault("by_camera", "a document outside the package")
        return bytes(super().load(url))  # type: ignore[no-untyped-call]

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> requests.Response:
        return self._checked.post(address, message, headers, most=MOST_SOAP_BYTES)
