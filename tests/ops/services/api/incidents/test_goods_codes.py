"""Codes of goods at the server: what is refused before it is journaled, the nearest code, and titles by language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ops.audit.log import AuditLog
from ops.incidents.goods_codes.check import GoodsCodeFile
from ops.incidents.tracing import Tracing
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import TOKEN_HEADER, GuardSettings
from ops.services.api.incidents.models import GoodsCodeAnswer
from ops.services.api.serving.server import serving
from ops.store.writer import Store
from tests.ops.incidents.making import START_NS, at
from tests.ops.services.api.incidents.test_incident_routes import Fusion, one
from tests.patience import PATIENT_S

KEPT = Tracing("arms", hs_code="930210", released=False, by="Ana", at=at(1), revision=1)
"""A record from before the list: its code is on no list."""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Any]:
    """A server with two closed incidents, of which one has goods, and without a list of codes yet."""
    store = Store(tmp_path / "store.db")
    ended: dict[str, Any] = {"state": "closed", "disposition": "apprehended", "closed_by": "person", "attention": False}
    store.commit(1, stamp_ns=START_NS, incident_revisions=[one("I1", **ended), one("I2", tracing=KEPT, **ended)])
    fusion, log = Fusion(store), AuditLog(tmp_path / "audit")
    app = create_app(
        store.path,
        ApiSettings(
            "x", operator="m.keller", guard=GuardSettings(token="t0ken"), pages=tmp_path / "not-built",
            goods=GoodsCodeFile.named(str(tmp_path / "codes.csv")),
        ),
        act=lambda _: None,
        actions=fusion,
        now_ns=lambda: START_NS,
        access_log=log,
    )  # fmt: skip
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        client.headers[TOKEN_HEADER] = "t0ken"
        yield SimpleNamespace(fusion=fusion, client=client, folder=tmp_path, log=log)
    log.close()
    store.close()


def record(room: Any, incident: str, **codes: str) -> httpx.Response:
    body = {"id": f"act-{len(codes)}-{incident}-{'-'.join(codes.values())}", "action": "trace", "expected_revision": 0,
            "tracing": {"goods": "arms", **codes}}  # fmt: skip
    answer: httpx.Response = room.client.post(f"/v1/incidents/{incident}/actions", json=body)
    return answer


def test_a_code_that_does_not_exist_is_refused_before_it_is_journaled_with_field_value_and_the_nearest(
    room: Any,
) -> None:
    answer = record(room, "I1", hs_code="930800")
    assert (answer.status_code, room.fusion.replies) == (422, [])
    assert answer.json()["message"] == {
        "id": "incident-refused-goods-code",
        "parameters": {"day": "2026-03-20", "depth": "heading", "fault": "unknown", "field": "hs_code",
                       "given": "930800", "nearest": "930700"},
    }  # fmt: skip
    assert answer.json()["detail"] == "HS code: “930800” does not exist. Nearest valid code: 930700."
    french = room.client.post(
        "/v1/incidents/I1/actions", headers={"Accept-Language": "fr"},
        json={"id": "act-fr-12345", "action": "trace", "expected_revision": 0,
              "tracing": {"goods": "arms", "eu_list": "6A903"}},
    )  # fmt: skip
    assert "Code valable le plus proche\N{NO-BREAK SPACE}: 6A503." in french.json()["detail"]
    assert record(room, "I1", hs_code="930190").status_code == 202
    assert [reply.tracing.hs_code for reply in room.fusion.replies] == ["930190"]


def test_a_full_list_decides_on_the_day_of_the_incident_and_does_not_block_what_was_recorded_before(room: Any) -> None:
    listed = "code,title,valid_from,valid_to\n930190,War weapons,,2026-03-19\n930200,Pistols,2026-03-20,\n"
    (room.folder / "codes.csv").write_text(listed)
    refused = record(room, "I1", hs_code="930190")
    assert "was not valid on 2026-03-20" in refused.json()["detail"]
    assert record(room, "I1", hs_code="930200").status_code == 202
    assert record(room, "I2", hs_code="930210").status_code == 202, "the state of its request must be recordable"
    assert record(room, "I2", hs_code="930220").status_code == 422


def test_titles_and_the_nearest_code_are_answered_in_the_language_that_is_asked_for(room: Any) -> None:
    query = {"hs_code": "9301.90", "eccn": "0A501", "eu_list": "6A9", "day": "2026-03-20", "language": "fr"}
    answer = room.client.get("/v1/goods-codes", params=query)
    GoodsCodeAnswer.model_validate(answer.json())
    hs, eccn, eu = answer.json()["codes"]
    assert (hs["code"], hs["fault"], hs["depth"], hs["title"]) == (
        "930190", "", "subheading", "Autres armes de guerre",
    )  # fmt: skip
    assert (eccn["depth"], eu["fault"]) == ("category", "form")
    assert answer.json()["full_lists"] == []
    assert "codes.csv" in answer.json()["problem"], "the file of the settings is missing"
    assert str(room.folder) not in answer.text
    assert room.client.get("/v1/goods-codes").json()["codes"] == []
    assert room.client.get("/v1/goods-codes", params={"day": "soon"}).status_code == 422


def test_the_audit_log_states_who_released_goods_and_not_what_was_found(room: Any) -> None:
    body = {"id": "act-released-1", "action": "trace", "expected_revision": 0,
            "tracing": {"goods": "arms", "hs_code": "930190", "released": True}}  # fmt: skip
    assert room.client.post("/v1/incidents/I1/actions", json=body).status_code == 202
    assert record(room, "I1", hs_code="930200").status_code == 202
    made = [one for one in room.log.entries() if one.operation == "alteration"]
    assert [(one.person, one.subject) for one in made] == [
        ("m.keller", "incident I1: trace, goods released"), ("m.keller", "incident I1: trace, goods not released"),
    ]  # fmt: skip
