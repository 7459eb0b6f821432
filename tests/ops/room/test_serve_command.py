"""``watchline serve`` shows a store and changes nothing; the page is opened only where there is a display for it."""

from __future__ import annotations

import re
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

from ops.accounts.accounts import Accounts, LoginOrigin
from ops.accounts.store import AccountStore
from ops.room.demo import command as showing
from ops.runtime.processes.reserved_port import ReservedPort
from ops.store.writer import Store
from tests.patience import PATIENT_S


def serve(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ops.cli", "serve", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("make", "code", "sentence"),
    [
        (lambda path: None, 2, "does not exist; expected an existing file"),
        (
            lambda path: path.mkdir(),
            1,
            "store.db/store.db: no such file; expected a store.db written by `demo` or `run`",
        ),
        (lambda path: path.write_bytes(b"no database" * 100), 1, "cannot be read"),
        (
            lambda path: sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.commit(),
            1,
            "is not a store of this",
        ),
    ],
)
def test_what_is_no_store_is_refused_in_one_sentence(
    tmp_path: Path, watchline: Callable[..., Any], make: Any, code: int, sentence: str
):
    path = tmp_path / "store.db"
    make(path)
    ended = watchline("serve", "cumberland", path)
    assert ended.code == code
    assert ended.out == ""
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") == 1


def log_in(client: httpx.Client, name: str, password: str) -> httpx.Response:
    """Send the form of the login page."""
    token = re.search(r'name="form_token" value="(\w+)"', client.get("/login").text)
    assert token is not None
    return client.post("/login", data={"form_token": token[1], "name": name, "password": password})


def test_a_store_is_shown_after_a_login_and_every_action_refused(tmp_path: Path, hill_sector: Any):
    store = Store(tmp_path / "store.db")
    accounts = AccountStore(tmp_path / "accounts.db")
    people = Accounts(accounts)
    first = people.log_in("keller", people.add("keller", "M. Keller", {"*": "operator"}), LoginOrigin())
    people.set_password(first.person, "", "a quiet ridge at dawn", LoginOrigin())
    raised = "2026-03-01T22:00:00Z"
    alert = {"id": "A1", "revision": 0, "status": "active", "priority": "high", "raised_at": raised}
    store.commit(1, stamp_ns=time.time_ns(), tracks_live=[], sensors=[], counts={}, alerts=[alert])
    reserved = ReservedPort()
    port = reserved.number
    process = serve(hill_sector.sector, store.path, f"--port={port}")
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert f"http://127.0.0.1:{port}/" in line, line
        own = {"Origin": f"http://127.0.0.1:{port}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=own, timeout=PATIENT_S) as client:
            secret = re.search(r"one-time secret ([A-Z2-9-]{29}) ", process.stderr.readline())
            assert secret is not None
            assert client.get("/api/sector").status_code == 401
            assert log_in(client, "admin", secret[1]).headers["location"] == "/account"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=own, timeout=PATIENT_S) as client:
            assert log_in(client, "keller", "a quiet ridge at dawn").headers["location"] == "/"
            assert client.get("/api/sector").json()["sector"] == "hills"
            assert client.get("/api/sector").json()["demo"] is False
            assert len(client.get("/api/border").json()["features"]) > 1
            assert client.get("/").headers["content-type"].startswith("text/html")
            refused = client.post("/api/alerts/A1/acknowledge")
            assert (refused.status_code, "read-only" in refused.json()["error"]) == (503, True)
    finally:
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=PATIENT_S)
        reserved.release()
    assert process.returncode == 0, words
    assert "Traceback" not in words
    assert store.alert("A1")[0] == "active"
    store.close()
    accounts.close()


def test_a_demonstration_is_shown_without_a_login_and_on_this_computer_only(
    tmp_path: Path, hill_sector: Any, watchline: Callable[..., Any]
):
    store = Store(tmp_path / "store.db")
    store.commit(1, stamp_ns=time.time_ns(), tracks_live=[], sensors=[], counts={}, alerts=[])
    (tmp_path / ".demonstration").touch()
    ended = watchline("serve", hill_sector.sector, store.path, "--host", "0.0.0.0", "--tls")
    assert (ended.code, "because a demonstration has no accounts" in ended.err) == (2, True)
    reserved = ReservedPort()
    process = serve(hill_sector.sector, store.path, f"--port={reserved.number}")
    try:
        assert process.stderr is not None
        process.stderr.readline()
        assert "everyone on this computer is logged in as Demo operator" in process.stderr.readline()
        me = httpx.get(f"http://127.0.0.1:{reserved.number}/v1/me", timeout=PATIENT_S).json()
        assert (me["name"], me["login"]) == ("Demo operator", False)
        assert not (tmp_path / "accounts.db").exists()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENT_S)
        reserved.release()
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
    options = [str(hill_sector.sector), str(store.path), f"--port={reserved.number}"]
    command = [sys.executable, "-m", "ops.cli", "serve", *options]
    process = subprocess.Popen([sys.executable, "-c", code, *command], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "http://127.0.0.1:" in line, line
    process.send_signal(signal.SIGINT)
    try:
        _, words = process.communicate(timeout=PATIENT_S)
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
    deadline = time.monotonic() + PATIENT_S
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


def test_a_room_does_not_run_in_the_folder_of_a_demonstration(
    tmp_path: Path, hill_sector: Any, watchline: Callable[..., Any]
):
    """`demo` would erase its journal, and `serve` would show it without a login."""
    (tmp_path / ".demonstration").touch()
    ended = watchline("run", hill_sector.sector, "--data", tmp_path)
    assert ended.code != 0
    assert "holds a demonstration; expected another folder" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == [".demonstration"]
