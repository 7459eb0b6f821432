"""Enrolment of field units' devices: a supervisor or administrator makes a one-time code, the device uses it up.

The code is in the fragment of an address, which browsers send to no server, and in a QR code of it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from ops.field.certificates import CertificateRefused, UnitCertificates
from ops.field.devices import DEVICE_S, Device, DeviceStore, EnrolmentRefused
from ops.field.enrolment import enrolment_url, qr_svg
from ops.services.api.field.models import CertificateLogin, DeviceRecord, EnrolledDevice, Enrolment, EnrolmentRequest
from ops.services.api.login.forms import set_cookie
from ops.services.api.login.gate import UNIT_COOKIE, cookie_of, unit_as_person
from ops.services.api.recorder import Recorder
from ops.services.api.serving.connections import CLIENT_CERTIFICATE
from ops.store.rows import rfc3339
from sensors.timestamps import SECOND_NS

NO_UNITS: Final = "This server serves no field units."

UnitId = Annotated[str, Path(pattern=r"^[0-9A-Za-z._-]{1,64}$")]


class EnrolmentRoutes:
    """The handlers. ``devices`` None: the server serves no field units."""

    def __init__(
        self, devices: DeviceStore | None, certificates: UnitCertificates | None, recorder: Recorder, *, centre: str
    ) -> None:
        """``centre``: name of the operations centre among the units, which has no devices."""
        self._devices, self._certificates, self._recorder, self._centre = devices, certificates, recorder, centre

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route(
            "/v1/units/{unit}/enrolments", self.new_code, methods=["POST"], status_code=201, response_model=Enrolment
        )
        app.add_api_route("/v1/units/{unit}/devices", self.devices, methods=["GET"], response_model=list[DeviceRecord])
        app.add_api_route(
            "/v1/units/{unit}/devices/{device}/revoke", self.revoke, methods=["POST"], response_model=DeviceRecord
        )
        app.add_api_route("/v1/field/certificate", self.certificate, methods=["GET"], response_model=CertificateLogin)
        app.add_api_route(
            "/v1/field/enrol",
            self.enrol,
            methods=["POST"],
            response_model=EnrolledDevice,
            response_class=JSONResponse,
        )

    def new_code(self, unit: UnitId, request: Request) -> Enrolment:
        """A one-time code with which a device is enrolled for a unit, valid for ten minutes."""
        devices = self._known()
        if unit == self._centre:
            raise HTTPException(422, "People at the operations centre log in with an account.")
        self._recorder.note(request, f"enrolment of a device of unit {unit}", operation="alteration")
        made = devices.new_code(unit)
        url = enrolment_url(f"{request.url.scheme}://{request.headers['host']}", made.code)
        return Enrolment(unit=unit, code=made.code, url=url, expires_at=_time(made.ends_s), qr_svg=qr_svg(url))

    def devices(self, unit: UnitId) -> list[DeviceRecord]:
        """The devices of a unit, the newest first."""
        return [_record(device) for device in self._known().devices(unit)]

    def revoke(self, unit: UnitId, device: UnitId, request: Request) -> DeviceRecord:
        """Revoke a device of a unit; 404 if the unit has no such device. It takes effect at its next request."""
        devices = self._known()
        if device not in {one.id for one in devices.devices(unit)}:
            raise HTTPException(404, f"Unit {unit} has no device {device!r}.")
        self._recorder.note(request, f"revocation of device {device} of unit {unit}", operation="alteration")
        return _record(devices.revoke(unit, device))

    def certificate(self, request: Request) -> CertificateLogin:
        """The unit of a device that needs no code: by its cookie, or by the client certificate of this connection; all
        null without one."""
        cookie = cookie_of(request.scope, UNIT_COOKIE)
        known = None if cookie is None or self._devices is None else self._devices.device_of(cookie)
        if known is not None:
            return CertificateLogin(unit=known.unit, device=known.id, problem=None)
        given = request.scope.get("state", {}).get(CLIENT_CERTIFICATE)
        if self._certificates is None or given is None:
            return CertificateLogin(unit=None, device=None, problem=None)
        try:
            device = self._certificates.device_of(given)
        except CertificateRefused as error:
            return CertificateLogin(unit=None, device=None, problem=str(error))
        request.state.person = unit_as_person(device, "")
        subject = f"device {device.id} of unit {device.unit} logged in by certificate"
        self._recorder.note(request, subject, operation="alteration")
        return CertificateLogin(unit=device.unit, device=device.id, problem=None)

    async def enrol(self, body: EnrolmentRequest, request: Request) -> Response:
        """Use up a one-time code; the device gets its cookie. 403 for a code that is wrong, used or expired."""
        devices = self._known()
        address = request.client.host if request.client else ""
        try:
            device, cookie = await run_in_threadpool(devices.enrol, body.code, body.device, address)
        except EnrolmentRefused as error:
            raise HTTPException(403, str(error)) from None
        request.state.person = unit_as_person(device, "")
        subject = f"device {device.id} ({device.name}) enrolled for unit {device.unit}"
        await run_in_threadpool(self._recorder.note, request, subject, operation="alteration")
        answer = JSONResponse({"unit": device.unit, "device": device.id})
        set_cookie(request, answer, UNIT_COOKIE, cookie, max_age_s=int(DEVICE_S))
        return answer

    def _known(self) -> DeviceStore:
        if self._devices is None:
            raise HTTPException(404, NO_UNITS)
        return self._devices


def _record(device: Device) -> DeviceRecord:
    fields: dict[str, Any] = {"id": device.id, "name": device.name, "revoked_at": None}
    fields |= {"enrolled_at": _time(device.enrolled_s), "seen_at": _time(device.seen_s)}
    if device.revoked_s is not None:
        fields["revoked_at"] = _time(device.revoked_s)
    return DeviceRecord(**fields)


def _time(seconds: float) -> Any:
    return rfc3339(round(seconds * SECOND_NS))
