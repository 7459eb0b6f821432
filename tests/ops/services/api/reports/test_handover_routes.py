"""The handover report over HTTP: current shift, chosen periods, signed notes, and what the audit log says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pypdfium2
import pytest
from pydantic import TypeAdapter

from ops.analysis.handover.report import PeriodReport
from ops.audit.log import AuditLog
from ops.sector.setting_tables.reports import ReportSettings
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from tests.ops.analysis.handover.night import worked_night
from tests.ops.export.exported import VIEW
from tests.ops.incidents.making import SECOND, START_NS
from tests.patience import PATIENT_S

SHIFT = ("2026-03-20T05:00:00Z", "2026-03-20T13:00:00Z")
"""06:00 to 14:00 in Paris; START_NS is 09:46:40 UTC."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("handover")
    night, made = worked_night(folder)
    log = AuditLog(folder / "audit")
    settings = ApiSettings(
        "pyrenees",
        operator="Ana Keller",
        ground=VIEW,
        reports=ReportSettings(marking="DIFFUSION RESTREINTE"),
        pages=folder / "not-built",
    )
    app = create_app(
        night.store.path, settings, act=lambda _: None, now_ns=lambda: START_NS + 3600 * SECOND, access_log=log
    )
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=address, headers={"Origin": address}, timeout=PATIENT_S) as client:
            yield SimpleNamespace(client=client, log=log, night=night, made=made)
    log.close()
    night.store.close()


def subjects(room: Any) -> list[tuple[str, str]]:
    return [(entry.operation, entry.subject) for entry in room.log.entries()]


def test_without_a_period_the_report_is_that_of_the_current_shift(room: Any) -> None:
    answer = room.client.get("/v1/handover")
    assert answer.status_code == 200
    report = TypeAdapter(PeriodReport).validate_json(answer.content)
    assert (answer.json()["start"], answer.json()["end"]) == SHIFT
    assert (len(report.incidents), len(report.sensors_out), report.complete) == (6, 1, False)
    assert subjects(room)[-1] == ("consultation", f"report, {SHIFT[0]} to {SHIFT[1]}")


@pytest.mark.parametrize("path", ["/handover", "/after-action"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_page_and_pdf_in_both_languages(room: Any, path: str, language: str) -> None:
    page = room.client.get(path, params={"language": language})
    assert page.status_code == 200
    assert f'lang="{language}"' in page.text
    title = {"en": ("Handover report", "After-action report"), "fr": ("Rapport de relève", "Retour d’expérience")}
    assert title[language][path != "/handover"] in page.text
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]
    before = len(subjects(room))
    pdf = room.client.get(f"{path}.pdf", params={"language": language})
    assert pdf.headers["content-type"] == "application/pdf"
    with pypdfium2.PdfDocument(pdf.content) as document:
        assert title[language][path != "/handover"] in document[0].get_textpage().get_text_range()
    assert [operation for operation, _ in subjects(room)[before:]] == ["disclosure"]


def test_a_note_is_signed_shown_and_recorded_with_its_hash(room: Any) -> None:
    page = room.client.get("/handover").text
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', page)
    assert token
    text = "« Groupe électrogène » à l’arrêt\r\n<b>tour</b> ouest"
    form = {"form_token": token[1], "from": SHIFT[0], "until": SHIFT[1], "note": text}
    answer = room.client.post("/handover/notes?language=fr", data=form)
    assert answer.status_code == 303
    followed = room.client.get(answer.headers["location"])
    assert "La consigne est signée." in followed.text
    assert "« Groupe électrogène » à l’arrêt" in followed.text
    assert "&lt;b&gt;tour&lt;/b&gt; ouest" in followed.text
    (note,) = room.client.get("/v1/handover").json()["notes"]
    assert (note["name"], note["account"], note["role"]) == ("Ana Keller", "local", "supervisor")
    assert note["text"] == text.replace("\r\n", "\n")
    (recorded,) = [subject for operation, subject in subjects(room) if operation == "alteration"]
    digest = re.search("SHA-256 ([0-9a-f]{64})", recorded)
    assert digest
    assert digest[1][:16] in followed.text


@pytest.mark.parametrize("wrong", [{"form_token": "0" * 64}, {"note": " "}, {"note": "x" * 4001}, {"until": SHIFT[0]}])
def test_a_note_without_token_text_or_period_changes_nothing(room: Any, wrong: dict[str, str]) -> None:
    token = re.search(r'name="form_token" value="([0-9a-f]{64})"', room.client.get("/handover").text)
    assert token
    before = room.client.get("/v1/handover").json()["notes"]
    form = {"form_token": token[1], "from": SHIFT[0], "until": SHIFT[1], "note": "x"} | wrong
    answer = room.client.post("/handover/notes", data=form)
    assert answer.status_code in (403, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert room.client.get("/v1/handover").json()["notes"] == before


@pytest.mark.parametrize(
    "query",
    [
        {"from": SHIFT[0]},
        {"until": SHIFT[0]},
        {"from": SHIFT[1], "until": SHIFT[0]},
        {"from": SHIFT[0], "until": "2027-03-20T05:00:00Z"},
        {"from": "0001-01-01T00:00:00Z", "until": "0001-01-02T00:00:00Z"},
        {"from": "9999-12-30T00:00:00Z", "until": "9999-12-31T00:00:00Z"},
        {"from": "2026-03-20T10:00:00", "until": SHIFT[1]},
        {"from": "'; DROP TABLE incidents", "until": SHIFT[1]},
        {"from": "x" * 100, "until": SHIFT[1]},
        {"incidents": ",".join(f"I{n}" for n in range(101))},
        {"incidents": "x" * 501},
        {"from": "2026-03-21T10:00:00Z", "until": "2026-03-21T11:00:00Z"},
    ],
)
def test_hostile_periods_are_one_clear_sentence(room: Any, query: dict[str, str]) -> None:
    answer = room.client.get("/v1/handover", params=query)
    assert answer.status_code == 422
    assert answer.json()["detail"].count("\n") == 0


def test_the_form_of_the_page_sends_utc_without_an_offset_and_chooses_incidents(room: Any) -> None:
    name = room.night.name(room.made["closed"])
    query = {"from": "2026-03-20T09:00", "until": "2026-03-20T10:30", "incidents": name}
    page = room.client.get("/after-action", params=query)
    assert page.status_code == 200
    assert f"Selected incidents: {name}." in page.text
    assert f"incidents={name.replace(' ', '+')}" in page.text, "the PDF has the same choice"
    assert room.night.name(room.made["distress"]) not in page.text


def test_a_purpose_is_recorded(room: Any) -> None:
    room.client.get("/v1/handover", headers={"Purpose": "inquiry 12"})
    assert room.log.entries()[-1].purpose == "inquiry 12"
