"""A file of refused messages that cannot be used: alerts are delivered, people read why, and nothing is told twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.broker.broker import URL_VARIABLE
from ops.broker.identities import IDENTITY_VARIABLE, SIGNATURES_VARIABLE
from ops.field.refusal_file import FILE, RefusalBookError
from ops.field.refusals import RefusalBook
from ops.runtime.processes.child_process import Child
from ops.services.feeds.from_units.refusals import NOTICE_EVERY_S
from ops.services.feeds.web_hook import variable_of
from ops.store.writer import Store
from tests.ops.services.api.test_app import T0_NS, alert
from tests.ops.services.feeds.from_units.test_refusals import Night
from tests.ops.services.feeds.push.receiving import receiver, silent
from tests.ops.services.feeds.test_push_kills import until
from tests.ops.services.feeds.test_web_hook import SECRET
from tests.patience import PATIENT_S


def of_another_version(folder: Path) -> None:
    RefusalBook(folder).close()
    with sqlite3.connect(folder / FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def damaged(folder: Path) -> None:
    (folder / FILE).write_bytes(b"\xff" * 8192)


def a_folder_in_its_place(folder: Path) -> None:
    (folder / FILE).mkdir()


@contextmanager
def delivering(folder: Path, more: str = "") -> Iterator[Child]:
    """A feeds process that has delivered an alert to a web hook; ``more`` settings."""
    store = Store(folder / "store.db")
    with silent() as port, receiver() as hook:
        settings = folder / "settings.toml"
        settings.write_text(
            '[feeds.web_hook]\nallowed_networks = ["127.0.0.0/8"]\n'
            f'[feeds.web_hook.receivers.hook]\nurl = "{hook.url}"\n{more}'
        )
        arguments = [f"--store={store.path}", "--sector-id=hills", f"--settings={settings}"]
        secrets = {
            URL_VARIABLE: f"mqtt://127.0.0.1:{port}", IDENTITY_VARIABLE: "", SIGNATURES_VARIABLE: "optional",
            variable_of("hook"): SECRET,
        }  # fmt: skip
        child = Child("feeds", "ops.services.feeds.process", arguments, log=folder / "feeds.log", secrets=secrets)
        try:
            store.commit(1, stamp_ns=T0_NS, alerts=[alert(1)])
            until(lambda: len(hook.posts) >= 1)
            yield child
            assert child.alive
        finally:
            child.stop(timeout_s=PATIENT_S)
    store.close()


def named(problem: object) -> set[str]:
    """The sentences of a report without their reasons."""
    return {part.partition(" (")[0] for part in str(problem).split("; ")}


@pytest.mark.parametrize("make", [of_another_version, damaged, a_folder_in_its_place])
def test_the_process_starts_delivers_and_states_the_problem(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path)
    with delivering(tmp_path) as child:
        if make is damaged:  # set aside for a new one
            assert (tmp_path / FILE).read_bytes().startswith(b"SQLite format 3\0")
        else:
            until(lambda: "refused messages are not counted" in str(child.last("problem")))
            assert child.alive


def test_a_feed_that_cannot_be_opened_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "cot.db").write_bytes(b"\xff" * 8192)
    (tmp_path / "ca.pem").write_text("not a certificate")
    more = (
        '[[feeds.cot.servers]]\nname = "tak"\naddress = "tcp://127.0.0.1:9"\n'
        '[feeds.cap.receivers.agency]\nurl = "https://agency.example/"\nauthority = "ca.pem"\n'
    )
    with delivering(tmp_path, more) as child:
        until(lambda: {"feed cot is not open", "feed cap is not open"} <= named(child.last("problem")))


def test_a_notice_that_cannot_be_noted_as_sent_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = Night(tmp_path)
    night.pass_s(0)
    night.refuse("patrol-1")

    def full(*_: object) -> None:
        raise RefusalBookError("the disk is full")

    monkeypatch.setattr(night.book, "confirm", full)
    assert len(night.pass_s(0)) == 1
    assert night.pass_s(10 * NOTICE_EVERY_S) == []
    monkeypatch.undo()
    assert night.pass_s(10 * NOTICE_EVERY_S) == []
    assert night.book.outstanding("unit") == []


def test_what_ingest_refuses_meanwhile_is_told_as_soon_as_the_file_can_be_used(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.pass_s(0)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    night.book.close()
    night.start()
    night.refuse("patrol-1")
    assert night.pass_s(0) == []
    assert "version 99; expected version 1" in str(night.desk.problem)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 1")
    db.close()
    ((unit, notice),) = night.pass_s(0)
    assert (unit, notice.count) == ("patrol-1", 1)
    assert night.desk.problem is None
