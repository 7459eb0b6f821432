"""``watchline unit``: each command, its one sentence for bad input, and that a running server hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.audit.log import AuditLog
from ops.field.devices import FILE, DeviceStore


def test_the_life_of_a_device(tmp_path: Path, watchline: Callable[..., Any]) -> None:
    AuditLog(tmp_path / "audit").close()
    running = DeviceStore(tmp_path / FILE)

    def unit(*arguments: str) -> Any:
        ended = watchline("unit", *arguments, "--data", tmp_path, "--json")
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    made = unit("enrol", "patrol-1", "--address", "https://watch.example:8447")
    assert made["url"] == f"https://watch.example:8447/field#enrol={made['code']}"
    device, cookie = running.enrol(made["code"], "Phone 7")
    assert running.device_of(cookie) is not None
    (listed,) = unit("devices", "patrol-1")["devices"]
    assert (listed["id"], listed["name"], listed["revoked_at"]) == (device.id, "Phone 7", None)
    assert unit("devices", "patrol-2")["devices"] == []
    assert unit("revoke", "patrol-1", device.id)["revoked_at"] is not None
    assert running.device_of(cookie) is None
    assert not running.still_in(device.id)
    running.close()
    recorded = b"".join(path.read_bytes() for path in (tmp_path / "audit").glob("*.log")).decode()
    for subject in ("enrolment of a device of unit patrol-1", f"revocation of device {device.id} of unit patrol-1"):
        assert subject in recorded


def test_the_qr_code_is_printed_and_holds_the_address(tmp_path: Path, watchline: Callable[..., Any]) -> None:
    ended = watchline("unit", "enrol", "patrol-1", "--data", tmp_path, "--address", "http://192.0.2.1:8447", "--qr")
    assert ended.code == 0, ended.err
    assert "http://192.0.2.1:8447/field#enrol=" in ended.err
    assert sum("█" in line or "▄" in line for line in ended.err.splitlines()) >= 13


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("enrol", "patrol 1"), "UNIT"),
        (("enrol", "ops-centre"), "field unit"),
        (("enrol", "patrol-1", "--qr"), "--address"),
        (("enrol", "patrol-1", "--address", "watch.example"), "--address"),
        (("revoke", "patrol-1", "none"), "watchline unit devices"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, watchline: Callable[..., Any], arguments: tuple[str, ...], says: str
) -> None:
    ended = watchline("unit", *arguments, "--data", tmp_path)
    assert ended.code != 0
    assert says in ended.err, ended.err
    assert "Traceback" not in ended.err
