"""Exports over HTTP: a file of what is asked for, recorded as a disclosure with its purpose and hash; else nothing."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyogrio
import pytest

from ops.audit.log import AuditLog
from ops.export.request import ENDINGS, FORMATS, MEDIA_TYPES
from ops.sector.setting_tables.reports import ReportSettings
from ops.services.api import order_process
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from tests.ops.analysis.handover.night import FRAME
from tests.ops.export.exported import BORDER, VIEW, exported_store
from tests.ops.incidents.making import SECOND, START_NS
from tests.patience import PATIENT_S

PURPOSE = {"Purpose": "inquiry 12"}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("export")
    night, _ = exported_store(folder)
    log = AuditLog(folder / "audit")
    settings = ApiSettings(
        "pyrenees",
        operator="Ana Keller",
        border=BORDER,
        ground=VIEW,
        reports=ReportSettings(marking="RESTRICTED"),
        pages=folder / "not-built",
    )
    app = create_app(
        night.store.path, settings, act=lambda _: None, now_ns=lambda: START_NS + 3600 * SECOND, access_log=log
    )
    scratch = tmp_path_factory.mktemp("scratch")
    with (
        pytest.MonkeyPatch.context() as patch,
        serving(app) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client,
    ):
        patch.setattr("tempfile.tempdir", str(scratch))  # other tests export at the same time
        yield SimpleNamespace(client=client, log=log, scratch=scratch)
    log.close()
    night.store.close()


def left_behind(room: Any) -> set[Path]:
    return set(room.scratch.glob("watchline-export-*"))


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_last_hour_is_exported_and_recorded_as_a_disclosure(room: Any, file_format: str, tmp_path: Path) -> None:
    answer = room.client.get("/v1/export", params={"format": file_format}, headers=PURPOSE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPES[file_format]
    name = f"pyrenees-20260320T0946Z-20260320T1046Z{ENDINGS[file_format]}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    entry = room.log.entries()[-1]
    assert (entry.operation, entry.purpose, entry.person) == ("disclosure", "inquiry 12", "Ana Keller")
    assert entry.subject == (
        f"export as {file_format}: 2 tracks, 110 positions, 6 incidents, 7 alerts, 2 sensors, 10 segments,"
        " 2026-03-20T09:46:40.000000Z to 2026-03-20T10:46:40.000000Z,"
        f" SHA-256 {hashlib.sha256(answer.content).hexdigest()}"
    )


def test_layers_area_and_period_are_those_of_the_request(room: Any, tmp_path: Path) -> None:
    west, south = FRAME.to_lonlat(-100.0, -100.0)
    east, north = FRAME.to_lonlat(1000.0, 1000.0)
    query = {
        "layers": "tracks,incidents", "bbox": f"{west},{south},{east},{north}", "purpose": "inquiry 12",
        "from": "2026-03-20T09:46:40Z", "until": "2026-03-20T11:48:20+02:00",
    }  # fmt: skip
    answer = room.client.get("/v1/export", params=query)
    assert answer.status_code == 200, answer.text
    (tmp_path / "a.gpkg").write_bytes(answer.content)
    assert {name for name, _ in pyogrio.list_layers(tmp_path / "a.gpkg")} == {"export", "tracks", "incidents"}
    assert pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="export")["marking"].tolist() == ["RESTRICTED"]
    assert pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="tracks")["positions"].tolist() == [10, 6]


@pytest.mark.parametrize(
    "query",
    [
        {"format": "shp"}, {"layers": "tracks,people"}, {"layers": "x" * 300}, {"bbox": "1,2,3"}, {"bbox": "a" * 300},
        {"from": "yesterday"}, {"until": "2026-03-20T10:00:00"}, {"from": "2026-03-20T11:00:00Z"},
        {"from": "2020-01-01T00:00:00Z"}, {"purpose": ""}, {"purpose": "é"},
    ],
)  # fmt: skip
def test_a_hostile_request_is_one_sentence_no_file_and_no_entry(room: Any, query: dict[str, str]) -> None:
    before, files = len(room.log.entries()), left_behind(room)
    answer = room.client.get("/v1/export", params={"purpose": "inquiry 12"} | query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert len(room.log.entries()) == before
    assert left_behind(room) <= files


def test_without_a_purpose_nothing_is_exported(room: Any) -> None:
    answer = room.client.get("/v1/export")
    assert (answer.status_code, "purpose" in answer.json()["detail"]) == (422, True)


def test_a_process_that_takes_too_long_or_fails_is_an_answer_and_leaves_nothing(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = left_behind(room)
    run = subprocess.run
    monkeypatch.setattr(order_process.subprocess, "run", lambda *order, **how: run(*order, **how | {"timeout": 0.001}))
    monkeypatch.setattr(order_process, "module_command", lambda _: ["/bin/sleep", "600"])
    answer = room.client.get("/v1/export", headers=PURPOSE)
    assert (answer.status_code, "took longer" in answer.json()["detail"]) == (503, True)
    monkeypatch.undo()
    monkeypatch.setattr(order_process, "module_command", lambda _: ["/bin/false"])
    answer = room.client.get("/v1/export", headers=PURPOSE)
    assert (answer.status_code, "could not be made" in answer.json()["detail"]) == (503, True)
    assert left_behind(room) <= files
