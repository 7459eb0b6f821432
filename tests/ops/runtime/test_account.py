"""The account of the data folder: a service must be able to open what root made in it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.audit.entry import AuditEntry
from ops.audit.log import AuditLog
from ops.broker.identities import IdentityFolder, Name
from ops.eurosur.store import ReportStore
from ops.exchange.received import ReceivedStore
from ops.exchange.sent import SentStore
from ops.journal.resubmission import ReplayFolder
from ops.runtime.account import account_name

SERVICE = 4321
DAY_NS = 86_400 * 10**9


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_root_makes_in_a_data_folder_is_of_the_account_of_the_folder(
    tmp_path: Path, watchline: Callable[..., Any], hill_sector: Any
) -> None:
    data, accounts = tmp_path / "data", tmp_path / "accounts"
    accounts.mkdir()
    log = AuditLog(data / "audit", now_ns=lambda: 400 * DAY_NS)
    log.add(AuditEntry(400 * DAY_NS, "admin", "admin", "alteration", "x", "test", "of an earlier day"))
    log.close()
    IdentityFolder(data / "identity").prepare([Name("sensor", "radar-1")])
    for path in (accounts, data, *data.rglob("*")):
        os.chown(path, SERVICE, SERVICE)
    node = "8d7c1d2e-6f1a-4d0b-9a37-2f5f3c1e9b10"
    for words in (
        ["user", "add", "keller", "--data", accounts],
        ["unit", "enrol", "patrol-1", "--data", data],
        ["audit", "transparency", data, "--out", tmp_path / "counts.csv"],
        ["sensor", "register", hill_sector.sector, "radar-mid", "--data", data, "--sapient-node", node],
        ["broker", "revoke", "radar-1", "--config", data / "identity"],
        ["confidential", "keys", data, "--recipient", "Office", "--out", tmp_path / "office.key"],
    ):
        ended = watchline(*words)
        assert ended.code == 0, ended.err
    IdentityFolder(data / "later").prepare([Name("sensor", "radar-1")])
    for store in (SentStore, ReceivedStore, ReportStore):
        store(data).close()
    ReplayFolder(data / "journal.db").ask([1])
    made = {str(path.relative_to(tmp_path)): path.stat() for path in [*data.rglob("*"), *accounts.rglob("*")]}
    assert {"data/field.db", "accounts/accounts.db", "accounts/keys", "data/exchange/sent.db"} <= set(made)
    assert {name: one.st_uid for name, one in made.items() if one.st_uid != SERVICE} == {}
    assert (tmp_path / "counts.csv").stat().st_uid == 0, "an output is of the account that runs the command"


def test_the_account_is_that_of_the_process_whatever_the_environment_states(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "M. Keller [4f2a]")
    monkeypatch.setattr(os, "getuid", lambda: 1)
    assert account_name() == pwd.getpwuid(1).pw_name
    monkeypatch.setenv("SUDO_UID", "2")
    assert account_name() == pwd.getpwuid(1).pw_name, "only root can know on whose behalf it runs"
    monkeypatch.setattr(os, "getuid", lambda: 4_000_123)
    assert account_name() == "uid 4000123"


@pytest.mark.parametrize(("behind", "name"), [("1", f"by {pwd.getpwuid(1).pw_name}"), ("4000123", "by uid 4000123")])
def test_a_command_under_sudo_names_root_and_the_person_behind(
    monkeypatch: pytest.MonkeyPatch, behind: str, name: str
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", behind)
    assert account_name() == f"{pwd.getpwuid(0).pw_name} {name}"
    monkeypatch.setenv("SUDO_UID", "0")
    assert account_name() == pwd.getpwuid(0).pw_name
