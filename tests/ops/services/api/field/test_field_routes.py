"""Field units at a real server: enrolment, the unit's list, answers and positions."""

from __future__ import annotations

from typing import Any

from ops.services.api.field.models import Enrolment, FieldState


def reply(number: int, **more: Any) -> dict[str, Any]:
    return {
        "action_id": f"answer-{number:04d}", "action": "acknowledge", "incident": "I2", "alert": "", "by": "Sgt. Meyer",
        "at": "2026-03-20T09:46:40Z", "expected_revision": 0,
    } | more  # fmt: skip


def test_a_supervisor_enrols_a_device_which_then_sees_its_list(room: Any) -> None:
    with room.client() as client:
        made = client.post("/v1/units/patrol-1/enrolments", headers=room.token("supervisor"))
        assert made.status_code == 201, made.text
        enrolment = Enrolment.model_validate(made.json())
        assert enrolment.url == f"{room.address}/field#enrol={enrolment.code}"
        assert enrolment.qr_svg.startswith("<svg")
        entered = client.post("/v1/field/enrol", json={"code": enrolment.code, "device": "Phone 7"})
        assert entered.json()["unit"] == "patrol-1"
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and "path=/v1/field" in cookie
        state = client.get("/v1/field/state")
        assert state.status_code == 200, state.text
        body = FieldState.model_validate(state.json())
        assert (body.unit, body.sector, body.duty, body.sections) == ("patrol-1", "hills", "patrol", ["West"])
        assert [one.id for one in body.incidents] == ["I3", "I5", "I2", "I1"]
        assert [one.unit for one in body.units] == ["patrol-2"]
        again = client.get("/v1/field/state", headers={"If-None-Match": state.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
