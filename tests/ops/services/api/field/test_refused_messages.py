"""What is refused of units: the page's device reads why, the operations centre sees it, and the audit log has it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from geo.message import Message
from ops.audit.log import AuditLog
from ops.field.refusal_file import FILE
from ops.field.refusals import RefusalBook, RefusedMessage, reason_of
from ops.services.api.forces.models import RefusalRecords
from ops.services.api.forces.refusal_routes import RECORD_EVERY_S, RefusalAudit
from ops.services.api.problems import answer_errors
from tests.ops.incidents.making import START_NS, at


def reply(**more: Any) -> dict[str, Any]:
    return {"action_id": "answer-0001", "action": "received", "incident": "I1", "at": at(1).isoformat()} | more


def test_the_centre_sees_what_the_page_of_a_unit_was_refused_and_the_page_reads_why(room: Any) -> None:
    with room.phone() as phone, room.client() as client:
        answers = [reply(), reply(incident="I9", action_id="answer-0002"), {"action_id": "answer-0003"}]
        results = phone.post("/v1/field/replies", json={"replies": answers}).json()["results"]
        assert [(one["action_id"], one["accepted"]) for one in results] == [
            ("answer-0001", True), ("answer-0002", False), ("answer-0003", False),
        ]  # fmt: skip
        assert results[1]["problem"] == "Unknown incident, or it is closed."
        far = {"at": at(1).isoformat(), "lon": 999.0, "lat": 36.6}
        for _ in range(3):
            assert not phone.post("/v1/field/positions", json={"positions": [far]}).json()["results"][0]["accepted"]
        body = client.get("/v1/units/refused", headers=room.token("operator")).json()
    refused = {(one.channel, one.answer): one for one in RefusalRecords.model_validate(body).refused}
    assert {key: one.count for key, one in refused.items()} == {
        ("reply", "answer-0002"): 1, ("reply", "answer-0003"): 1, ("position", ""): 3,
    }  # fmt: skip
    assert {one.unit for one in refused.values()} == {"patrol-1"}
    assert refused["reply", "answer-0002"].sentence == results[1]["problem"]
    assert refused["position", ""].sentence == "Cannot be read: lon."


def test_a_book_that_cannot_be_read_is_unavailable_and_its_folder_not_named(tmp_path: Path) -> None:
    book = RefusalBook(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    book.close()
    app = FastAPI()
    answer_errors(app)

    @app.get("/refused")
    def _refused() -> int:
        return len(book.entries())

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/refused")
    assert answer.status_code == 503
    assert "refused messages are not counted (version 99; expected version 1)" in answer.json()["detail"]
    assert str(tmp_path) not in answer.text


def test_units_and_strangers_do_not_see_what_others_were_refused(room: Any) -> None:
    with room.phone() as phone, room.client() as client:
        assert phone.get("/v1/units/refused").status_code in (401, 403)
        assert client.get("/v1/units/refused").status_code == 401


def test_the_audit_log_has_every_refused_message_in_few_entries(tmp_path: Path) -> None:
    log, book, now = AuditLog(tmp_path / "audit"), RefusalBook(tmp_path), [0.0]
    audit = RefusalAudit(log, book, lambda: START_NS, lambda: now[0])
    future = RefusedMessage("patrol-1", "mqtt", "position", "future", reason_of("future", "observed_at"), START_NS)
    answer = RefusedMessage(
        "patrol-1", "tak", "reply", "c", Message("tak-refused-reason"), START_NS, "tak-7", notified=True
    )
    for _ in range(500):
        book.note(future)
        now[0] += 0.1
        audit.look()
    book.note(answer)
    now[0] += RECORD_EVERY_S
    audit.look()
    subjects = [one.subject for one in log.entries()]
    assert subjects == [
        "messages refused of unit patrol-1: 1 × position by mqtt (future)",
        "messages refused of unit patrol-1: 1 × reply by tak (c tak-7), 499 × position by mqtt (future)",
    ]
    assert {(one.person, one.operation) for one in log.entries()} == {("unit patrol-1", "collection")}
    book.note(future)
    audit.look(ending=True)
    assert len(log.entries()) == 3
    audit.look(ending=True)
    assert len(log.entries()) == 3
    log.close()
    book.note(future)
    now[0] += RECORD_EVERY_S
    audit.look()
    assert [more for _, more in book.outstanding("audit")] == [1], "a log that cannot be written is written later"
    book.close()
