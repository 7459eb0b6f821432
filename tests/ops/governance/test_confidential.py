"""Confidential reports: only the recipient's key opens them, and nothing stored tells who wrote what when."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from geo.errors import BadInput
from ops.governance.confidential import (
    ConfidentialError,
    new_key,
    open_sealed,
    private_key,
    reports_of,
    seal,
    store_report,
)
from ops.governance.confidential_command import PASSPHRASE, make_keys, read_reports
from tests.ops.services.api.login.conftest import World, open_world

QUIET = Console(stderr=True, quiet=True)
TEXT = "The radar is switched off before the lorries come"
PEM, PUBLIC = new_key("")
KEY = private_key(PEM, "")


@settings(deadline=None, max_examples=40)
@given(st.text(min_size=1, max_size=300).filter(str.strip))
def test_what_is_sealed_is_opened_by_its_key_only_and_sizes_tell_little(text: str) -> None:
    sealed = seal(text, PUBLIC)
    assert open_sealed(sealed, KEY) == text.strip().encode("utf-8", errors="replace").decode()
    assert len(sealed) == 32 + 4096 + 16
    assert seal(text, PUBLIC) != sealed
    other, _ = new_key("")
    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:40], bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(BadInput):
            open_sealed(wrong, KEY)
    with pytest.raises(BadInput):
        open_sealed(sealed, private_key(other, ""))


def test_long_reports_fit_and_longer_ones_are_refused() -> None:
    assert open_sealed(seal("é" * 6_000, PUBLIC), KEY) == "é" * 6_000
    for wrong in (" ", "x" * 6_001):
        with pytest.raises(BadInput):
            seal(wrong, PUBLIC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "room").mkdir()
    with open_world(tmp_path / "room") as opened:
        opened.folder = tmp_path / "room"
        yield opened


def test_a_report_over_http_is_sealed_and_nothing_names_its_writer(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE, "heron")
    key = tmp_path / "inspector.key"
    with world.client() as client:
        assert "no recipient is set" in client.get("/confidential").text
        figures = make_keys(world.folder, key, "Inspector general", QUIET)
        page = client.get("/confidential").text
        assert "Inspector general" in page
        assert figures["fingerprint"] in page
        assert figures["fingerprint"] in world.log.entries()[-1].subject, "a recipient is replaced in the open"
        world.add("keller", "M. Keller")
    before = len(world.log.entries())
    with world.logged_in("keller") as client:
        assert world.post(client, "/confidential", page="/confidential", report=TEXT).status_code == 303
        assert world.post(client, "/confidential", page="/confidential", report=" ").status_code == 422
        assert client.post("/confidential", data={"report": TEXT}).status_code == 403, "only from the page"
    assert len(world.log.entries()) == before
    (report,) = reports_of(world.folder)
    assert (report.stat().st_mtime, report.stat().st_mode & 0o077) == (0.0, 0)
    for path in world.folder.rglob("*"):
        if path.is_file():
            assert TEXT.encode() not in path.read_bytes(), path
    assert b"Keller" not in report.read_bytes()
    assert read_reports(world.folder, key, QUIET)["reports"][0]["text"] == TEXT
    monkeypatch.setenv(PASSPHRASE, "wrong")
    with pytest.raises(BadInput, match="passphrase"):
        read_reports(world.folder, key, QUIET)


def test_keys_stay_out_of_the_data_folder_and_a_full_mailbox_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with pytest.raises(BadInput, match="in the data folder"):
        make_keys(data, data / "k.key", "Inspector", QUIET)
    with pytest.raises(ConfidentialError):
        store_report(data, TEXT)
    make_keys(data, tmp_path / "k.key", "Inspector", QUIET)
    with pytest.raises(BadInput, match="exists already"):
        make_keys(data, tmp_path / "k.key", "Inspector", QUIET)
    monkeypatch.setattr("ops.governance.confidential.MOST_REPORTS", 1)
    store_report(data, TEXT)
    with pytest.raises(ConfidentialError, match="full"):
        store_report(data, TEXT)
    assert set(json.loads((data / "confidential" / "recipient.json").read_text())) == {"recipient", "public"}


def test_a_report_of_several_lines_is_read_as_such_and_moves_no_cursor(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    make_keys(data, tmp_path / "k.key", "Inspector", QUIET)
    store_report(data, "First line\nsecond\x1b[2J line\u202e")
    screen = Console(file=io.StringIO(), width=100)
    read_reports(data, tmp_path / "k.key", screen)
    assert "First line\nsecond?[2J line?\n" in screen.file.getvalue()  # type: ignore[attr-defined]
