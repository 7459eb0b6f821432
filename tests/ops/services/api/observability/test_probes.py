"""Probes: alive while everything else fails, ready only if every part works, and what a stranger may read of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from geo.message import Message
from ops.accounts.accounts import Accounts
from ops.accounts.store import AccountStore
from ops.runtime.processes.part_state import COMPILING, problem_of
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.observability.readiness import Readiness
from ops.services.api.serving.server import serving
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.patience import PATIENT_S

NOW_NS = 1_772_402_400_000_000_000
ENDED = Message("part-ended", {"part": "broker", "cause": "none", "code": -9, "words": "", "log": "b.log"})


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("probed")
    store = Store(folder / "store.db")
    store.commit(1, stamp_ns=NOW_NS, tracks_live=b"[]")
    accounts = Accounts(AccountStore(folder / "accounts.db"))
    accounts.add("watch", "Watch", {"*": "viewer"})
    accounts.add("root", "Root", {"*": "admin"})
    tokens = {}
    for login in ("watch", "root"):
        account = accounts.store.account(login)
        assert account is not None
        tokens[login] = accounts.token(account, "probe", 1)
    world = SimpleNamespace(parts={}, now_ns=NOW_NS, token=tokens["watch"], admin=tokens["root"], folder=folder)
    app = create_app(
        store.path,
        ApiSettings("hills", guard=GuardSettings(bearer=True)),
        act=print,
        now_ns=lambda: world.now_ns,
        parts=lambda: world.parts,
        accounts=accounts,
    )
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        world.client = client
        yield world
    store.close()
    accounts.store.close()


def asked(world: SimpleNamespace, *, login: bool = True, **parts: Message | None) -> tuple[int, dict[str, Any]]:
    world.parts = {"broker": None, "ingest": None, "fusion": None, "feeds": None, "map": None} | parts
    headers = {"Authorization": f"Bearer {world.token}"} if login else {}
    answer = world.client.get("/readyz", headers=headers)
    kind = "application/json" if answer.status_code == 200 else "application/problem+json"
    assert answer.headers["content-type"] == kind
    return answer.status_code, answer.json()


def test_a_server_is_ready_when_every_part_works(probed: SimpleNamespace) -> None:
    status, body = asked(probed)
    assert (status, body["ready"]) == (200, True)
    assert [part["part"] for part in body["parts"]] == ["broker", "disk", "feeds", "fusion", "ingest", "map", "picture"]
    assert {(part["ready"], part["sentence"]) for part in body["parts"]} == {(True, "")}


@pytest.mark.parametrize("name", ["broker", "ingest", "fusion", "feeds", "map"])
@pytest.mark.parametrize("state", [ENDED, COMPILING, problem_of("no connection")])
def test_each_part_that_does_not_work_is_named_with_one_sentence(
    probed: SimpleNamespace, name: str, state: Message
) -> None:
    status, body = asked(probed, **{name: state})
    assert (status, body["ready"], body["detail"]) == (503, False, f"Not ready: {name}.")
    sentences = {part["part"]: part["sentence"] for part in body["parts"] if not part["ready"]}
    assert list(sentences) == [name]
    assert sentences[name].endswith(".")


def test_a_stranger_reads_which_parts_and_no_reasons(probed: SimpleNamespace) -> None:
    status, body = asked(probed, login=False, broker=ENDED)
    assert (status, body["detail"]) == (503, "Not ready: broker.")
    assert {part["sentence"] for part in body["parts"]} == {None}
    assert "b.log" not in str(body)


def test_only_an_administrator_reads_what_the_log_says_and_where_it_is(probed: SimpleNamespace) -> None:
    """Others read what does not work, without files of the server."""
    said = {"part": "broker", "cause": "log", "code": -9, "words": "no /srv/data/key.pem", "log": "/srv/data/b.log"}
    given_up = said | {"failures": 7, "minutes": 61}
    probed.parts = {
        "broker": Message("part-ended", said),
        "fusion": Message("part-given-up", given_up),
        "ingest": problem_of("DISK_FULL: /srv/data/store.db: cannot be written"),
    }
    for path in ("/readyz", "/api/health"):
        for token, in_full in ((probed.token, False), (probed.admin, True)):
            answer = probed.client.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 503
            assert ("/srv/data" in answer.text, "key.pem" in answer.text) == (in_full, in_full), (path, in_full)
            assert ("stopped, is being restarted" in answer.text) == (not in_full)
            assert "store.db: cannot be written" in answer.text


def test_a_full_disk_is_named_whoever_notices_it(probed: SimpleNamespace) -> None:
    status, body = asked(probed, ingest=problem_of("DISK_FULL: 3.0 MB left; sensors' messages wait at their senders"))
    sentences = {part["part"]: part["sentence"] for part in body["parts"] if not part["ready"]}
    assert status == 503
    assert sentences["disk"] == "3.0 MB left; sensors' messages wait at their senders."
    assert "ingest" in sentences


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_data_folder_on_a_disk_without_space_is_not_ready(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "small", str(tmp_path)], check=True)
    try:
        store = Store(tmp_path / "store.db")
        store.commit(1, stamp_ns=NOW_NS, tracks_live=b"[]")
        readiness = Readiness(Reader(store.path), dict, lambda: NOW_NS, 5.0, tmp_path)
        assert readiness.look() == {"disk": "", "picture": ""}
        (tmp_path / "filler").write_bytes(bytes(1_500_000))
        assert readiness.look()["disk"].endswith(" MB left.")
        (tmp_path / "filler").unlink()
        assert readiness.look()["disk"] == ""
        store.close()
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_an_old_picture_and_a_store_that_is_not_there_are_not_ready(probed: SimpleNamespace, tmp_path: Path) -> None:
    probed.now_ns = NOW_NS + 12_000_000_000
    status, body = asked(probed)
    probed.now_ns = NOW_NS
    assert (status, body["detail"]) == (503, "Not ready: picture.")
    assert "The live picture is 12 s old." in str(body)
    missing = Readiness(Reader(tmp_path / "none.db"), dict, lambda: 0, 5.0, tmp_path / "gone")
    assert "has not written" in missing.look()["picture"]
    assert missing.look()["disk"].startswith("The data folder cannot be read")


def test_the_process_is_alive_whatever_else_fails(probed: SimpleNamespace) -> None:
    asked(probed, broker=ENDED, fusion=ENDED)
    answer = probed.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})
