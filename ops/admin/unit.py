"""``watchline unit``: devices of field units of a data folder, also while its room runs.

Each command is one transaction on ``field.db``; a running server reads the change at its next request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from geo.errors import BadInput
from ingest.topics import identifier
from ops.audit.command import record_command
from ops.broker.identities import UNIT
from ops.field.devices import FILE, Device, DeviceStore
from ops.field.enrolment import enrolment_url, qr_text
from ops.runtime.output import even_if_quiet, show
from ops.runtime.tables import show_table, table_of


@contextmanager
def open_devices(data: Path, *, create: bool = False) -> Iterator[DeviceStore | None]:
    """The devices of a data folder; None where it has none yet, unless they are to be created. Raises BadInput for a
    folder that does not exist."""
    if not data.is_dir():
        raise BadInput("no such folder", where=f"--data {data}", expected="the data folder of `run`")
    if not create and not (data / FILE).exists():
        yield None
        return
    store = DeviceStore(data / FILE)
    try:
        yield store
    finally:
        store.close()


def enrol(data: Path, unit: str, address: str | None, screen: Console, *, qr: bool) -> dict[str, Any]:
    """Print a one-time code for a device of a unit, with the address and the QR code where they are asked for."""
    unit = _unit(unit)
    origin = None if address is None else _origin(address)
    if qr and origin is None:
        raise BadInput("not given", where="--address", expected="the address of the server, which the QR code holds")
    with open_devices(data, create=True) as devices:
        assert devices is not None
        record_command(data, f"unit enrol {unit}", f"enrolment of a device of unit {unit}", operation="alteration")
        made = devices.new_code(unit)
    with even_if_quiet(screen):
        show(screen, "devices-code", unit=unit, code=made.code, until=_moment(made.ends_s))
    url = None if origin is None else enrolment_url(origin, made.code)
    if url is not None:
        show(screen, "devices-address", url=url)
    if qr and url is not None:
        screen.print(qr_text(url), markup=False, highlight=False, soft_wrap=True)
    return {"unit": unit, "code": made.code, "url": url, "expires_at": _time(made.ends_s)}


def listed(data: Path, unit: str, screen: Console) -> list[dict[str, Any]]:
    """Print the devices of a unit, the newest first."""
    unit = _unit(unit)
    with open_devices(data) as devices:
        found = [] if devices is None else devices.devices(unit)
    if not found:
        show(screen, "devices-none", unit=unit)
        return []
    table = table_of("device", "name", "enrolled", "last_used", "revoked")
    for device in found:
        revoked = "–" if device.revoked_s is None else _time(device.revoked_s)
        table.add_row(device.id, device.name, _time(device.enrolled_s), _time(device.seen_s), revoked)
    show_table(screen, table)
    return [_plain(device) for device in found]


def revoke(data: Path, unit: str, device: str, screen: Console) -> dict[str, Any]:
    """Revoke a device of a unit; BadInput if the unit has no such device."""
    unit = _unit(unit)
    with open_devices(data) as devices:
        if devices is None or device not in {one.id for one in devices.devices(unit)}:
            expected = "one of `watchline unit devices`"
            raise BadInput(f"unit {unit} has no device {device[:64]!a}", where="DEVICE", expected=expected)
        subject = f"revocation of device {device} of unit {unit}"
        record_command(data, f"unit revoke {unit} {device}", subject, operation="alteration")
        revoked = devices.revoke(unit, device)
    show(screen, "devices-revoked", unit=unit, device=revoked.id, name=revoked.name)
    return _plain(revoked)


def _unit(name: str) -> str:
    if identifier(name, "UNIT") == UNIT:
        raise BadInput(f"{UNIT} has no devices", where="UNIT", expected="a field unit; people there have accounts")
    return name


def _origin(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        expected = "the address of the server, such as https://watch.example:8447"
        raise BadInput(f"{address[:80]!r}", where="--address", expected=expected)
    return f"{parts.scheme}://{parts.netloc}"


def _plain(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "unit": device.unit,
        "name": device.name,
        "enrolled_at": _time(device.enrolled_s),
        "seen_at": _time(device.seen_s),
        "revoked_at": None if device.revoked_s is None else _time(device.revoked_s),
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time(seconds: float) -> str:
    return _moment(seconds).isoformat(timespec="seconds").replace("+00:00", "Z")
