"""``watchline serve`` shows a store and changes nothing; the page is opened only where there is a display for it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.room import demo_command as showing
from ops.runtime.reserved_port import ReservedPort
from ops.store.writer import Store


def serve(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ops.cli", "serve", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, "there is no such file; expected a store.db"),
        (lambda path: path.mkdir(), "there is no such file; expected a store.db"),
        (lambda path: path.write_bytes(b"no database" * 100), "cannot be read"),
        (
            lambda path: sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.commit(),
            "is not a store of this",
        ),
    ],
)
def test_what_is_no_store_is_refused_in_one_sentence(
    tmp_path: Path, watchline: Callable[..., Any], make: Any, sentence: str
):
    path = tmp_path / "store.db"
    make(path)
    ended = watchline("serve", path)
    assert ended.code == 1
    assert ended.out == ""
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") == 1


def test_a_store_is_shown_and_every_action_refused(tmp_path: Path, hill_sector: Any):
    store = Store(tmp_path / "store.db")
    raised = "2026-03-01T22:00:00Z"
    alert = {"id": "A1", "revision": 0, "status": "active", "priority": "high", "raised_at": raised}
    store.commit(1, stamp_ns=time.time_ns(), tracks_live=[], sensors=[], counts={}, alerts=[alert])
    reserved = ReservedPort()
    port = reserved.number
    process = serve(store.path, f"--sector={hill_sector.sector}", f"--port={port}")
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert f"http://127.0.0.1:{port}/" in line, line
        own = {"Origin": f"http://127.0.0.1:{port}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=own, timeout=120) as client:
            assert client.get("/api/sector").json()["sector"] == "hills"
            assert client.get("/api/sector").json()["demo"] is False
            assert len(client.get("/api/border").json()["features"]) > 1
            assert client.get("/").headers["content-type"].startswith("text/html")
            refused = client.post("/api/alerts/A1/acknowledge")
            assert (refused.status_code, "only shows a store" in refused.json()["error"]) == (503, True)
    finally:
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=120)
        reserved.release()
    assert process.returncode == 0, words
    assert "Traceback" not in words
    assert store.alert("A1")[0] == "active"
    store.close()


def test_ctrl_c_ends_a_command_that_was_started_with_sigint_ignored(tmp_path: Path, hill_sector: Any):
    """As a shell starts what a script runs in the background."""
    store = Store(tmp_path / "store.db")
    store.commit(1, stamp_ns=time.time_ns(), tracks_live=[], sensors=[], counts={}, alerts=[])
    store.close()
    code = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    reserved = ReservedPort()
    options = [f"--sector={hill_sector.sector}", f"--port={reserved.number}"]
    command = [sys.executable, "-m", "ops.cli", "serve", str(store.path), *options]
    process = subprocess.Popen([sys.executable, "-c", code, *command], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "http://127.0.0.1:" in line, line
    process.send_signal(signal.SIGINT)
    try:
        _, words = process.communicate(timeout=120)
    finally:
        process.kill()
        reserved.release()
    assert (process.returncode, "Stopped." in words) == (0, True), words


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Addresses that the browser was asked to open."""
    addresses: list[str] = []
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(webbrowser.BackgroundBrowser, "open", lambda _, url, *rest: bool(addresses.append(url)) or True)
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.BackgroundBrowser("firefox"))
    return addresses


def wait_for(addresses: list[str], count: int) -> list[str]:
    deadline = time.monotonic() + 120
    while len(addresses) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return addresses


@pytest.mark.parametrize("display", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_with_a_display_the_page_is_opened(opened: list[str], monkeypatch: pytest.MonkeyPatch, display: str):
    monkeypatch.setenv(display, ":0")
    assert showing.show_page("http://127.0.0.1:8447/") is True
    assert wait_for(opened, 1) == ["http://127.0.0.1:8447/"]


def test_without_a_display_or_with_a_browser_of_the_terminal_it_is_not(
    opened: list[str], monkeypatch: pytest.MonkeyPatch
):
    assert showing.show_page("http://127.0.0.1:8447/") is False
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("lynx"))
    assert showing.show_page("http://127.0.0.1:8447/") is False

    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    assert showing.show_page("http://127.0.0.1:8447/") is False
    assert opened == []
