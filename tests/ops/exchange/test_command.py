"""From two keys to joint coverage on the command line, with two rooms; and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ops.audit.log import AuditLog
from tests.ops.exchange.partners import KEYS, agreements_text, package


@pytest.fixture
def desk(tmp_path: Path, make_sector: Callable[[Path], Any], watchline: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sector, and for each side a data folder with an audit log, a key and the agreements file."""
    monkeypatch.chdir(tmp_path)
    make_sector(tmp_path / "hills")
    keys = {
        own: json.loads(watchline("share", "key", "--out", f"{own}-key", "--json").out) for own in ("north", "south")
    }
    for own, partner in (("north", "south"), ("south", "north")):
        AuditLog(tmp_path / own / "audit").close()
        key = keys[partner]["public_base64"]
        text = agreements_text(own, partner, key=key, days=(-1, 1), step_s=3600, layers={"coverage": ["probability"]})
        (tmp_path / f"{own}.toml").write_text(text)
    return tmp_path


def side(own: str) -> list[str]:
    return ["--agreements", f"{own}.toml", "--data", own]


def test_two_sides_share_coverage_and_withdraw_it(desk: Path, watchline: Any) -> None:
    made = watchline(
        "share", "make", "hills", "south", *side("north"), "--identity", "north-key", "--purpose", "evaluation",
        "--out", "week.zip", "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    cells = json.loads(made.out)["layers"]["coverage"]
    assert cells > 20
    for canary in (b"radar-mid", b"camera-west", b"ground-1"):
        for path in [desk / "week.zip", *(desk / "north" / "exchange").rglob("*")]:
            assert not path.is_file() or canary not in path.read_bytes()
    taken = watchline("share", "receive", "week.zip", *side("south"), "--json")
    assert json.loads(taken.out) == {
        "origin": "north", "number": 1, "kind": "product", "stored": cells, "left_out": 0, "removed": 0,
        "missing": [],
    }  # fmt: skip
    again = watchline("share", "receive", "week.zip", *side("south"))
    assert (again.code, "above 1" in again.err) == (1, True)
    gaps = watchline("share", "gaps", "hills", "north", *side("south"), "--out", "joint.gpkg", "--json")
    assert gaps.code == 0, gaps.err
    means = json.loads(gaps.out)["means"]
    table = pyogrio.read_dataframe(desk / "joint.gpkg")
    assert len(table) == cells == json.loads(gaps.out)["shared_cells"]
    p = table["probability"]
    assert table["joint_independent"].to_numpy() == pytest.approx((1 - (1 - p) ** 2).to_numpy())
    assert means["joint_low"] <= means["joint_independent"] <= means["joint_high"]
    notice = watchline(
        "share", "withdraw", "south", *side("north"), "--identity", "north-key", "--purpose", "error", "--package", "1",
        "--out", "notice.zip", "--json",
    )  # fmt: skip
    assert json.loads(notice.out)["concerned"] == [1]
    removed = watchline("share", "receive", "notice.zip", *side("south"), "--json")
    assert json.loads(removed.out)["removed"] == cells
    listed = json.loads(watchline("share", "list", "--data", "south", "--json").out)
    assert [(one["kind"], one["state"]) for one in listed["received"]] == [
        ("product", "withdrawn"), ("withdrawal", "in_force")
    ]  # fmt: skip
    listed = json.loads(watchline("share", "list", "--data", "north", "--json").out)
    assert [(one["number"], one["withdrawn_by"]) for one in listed["sent"]] == [(1, 2), (2, None)]
    for own, words in (("north", ("sent", "Records", "Withdrawn", "Complete")), ("south", ("received", "Withdrawal"))):
        table = watchline("share", "list", "--data", own)
        shown = table.out + table.err
        assert [one for one in words if one not in shown] == [], shown
        assert "in_force" not in shown
        assert "withdrawal " not in shown
    operations = {}
    for own in ("north", "south"):
        log = AuditLog(desk / own / "audit")
        operations[own] = [entry.operation for entry in log.entries()]
        log.close()
    assert operations == {"north": ["disclosure", "disclosure"], "south": ["collection", "erasure"]}


def test_a_withdrawal_of_a_record_states_which_packages_are_to_be_made_again(desk: Path, watchline: Any) -> None:
    incidents = {"incidents": ["kind"]}
    file = desk / "north.toml"
    key = json.loads(watchline("share", "key", "--out", "south-key", "--json").out)["public_base64"]
    file.write_text(agreements_text("north", "south", key=key, days=(-1, 1), layers=incidents))
    sent = [package(desk / "north", now=datetime.now(UTC)) for _ in range(2)]
    assert [one.manifest.number for one in sent] == [1, 2]
    words = [
        "share", "withdraw", "south", *side("north"), "--identity", "signing", "--purpose", "wrong", "--record",
        "CANARY-incident-0",
    ]  # fmt: skip
    pem = KEYS["north"].private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (desk / "signing").mkdir()
    (desk / "signing" / "signing.key").write_bytes(pem)
    notice = watchline(*words, "--json")
    assert notice.code == 0, notice.err
    stated = json.loads(notice.out)
    assert (stated["concerned"], stated["no_longer_sent"]) == ([1, 2], [1, 2])
    assert "Packages 1, 2 hold withdrawn records" in " ".join(notice.err.split())
    listed = json.loads(watchline("share", "list", "--data", "north", "--json").out)["sent"]
    assert [one["state"] for one in listed] == ["partly_withdrawn", "partly_withdrawn", "in_force"]
    table = watchline("share", "list", "--data", "north")
    assert "Partly" in table.out + table.err


def test_a_package_from_an_empty_data_folder_begins_its_audit_log(desk: Path, watchline: Any) -> None:
    (desk / "new").mkdir()
    made = watchline(
        "share", "make", "hills", "south", "--agreements", "north.toml", "--data", "new", "--identity", "north-key",
        "--purpose", "evaluation", "--out", "week.zip",
    )  # fmt: skip
    assert made.code == 0, made.err
    shown = watchline("audit", "show", "new", "--json")
    assert shown.code == 0, shown.err
    assert "package 1 for south" in shown.out + shown.err
    assert watchline("audit", "verify", "new").code == 0


def test_reports_are_added_listed_and_exported(desk: Path, watchline: Any) -> None:
    known = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    one = {
        "id": "E1", "layer": "events", "sublayer": "crisis", "known_at": known, "source": "osint", "reliability": "D",
        "credibility": 4, "text": "Boat in distress", "urgent": True,
    }  # fmt: skip
    (desk / "reports.json").write_text(json.dumps({"reports": [one, one | {"id": "E2", "marking": "secret"}]}))
    assert watchline("eurosur", "add", "reports.json", "--data", "north").code == 0
    assert watchline("eurosur", "add", "reports.json", "--data", "north").code == 1, "reports are never changed"
    listed = json.loads(watchline("eurosur", "list", "--data", "north", "--overdue", "--json").out)
    assert (listed["count"], listed["overdue"]) == (2, 2)
    table = watchline("eurosur", "list", "--data", "north")
    assert "Open source" in table.out + table.err
    assert "osint" not in table.out + table.err
    words = ["hills", "--data", "north", "--out", "reports.xml", "--purpose", "situational picture", "--json"]
    assert json.loads(watchline("eurosur", "export", *words).out)["count"] == 1, "a marking is not exported by default"
    text = (desk / "reports.xml").read_text()
    assert "E1" in text
    assert "E2" not in text


def test_no_output_is_written_over_a_file_of_the_data_folder(desk: Path, watchline: Any) -> None:
    kept = desk / "north" / "field.db"
    kept.write_bytes(b"devices")
    (desk / "answers.json").write_text("{}")
    signed = [*side("north"), "--identity", "north-key", "--purpose", "evaluation", "--out", kept]
    for words in (
        ["share", "make", "hills", "south", *signed],
        ["share", "withdraw", "south", "--package", "1", *signed],
        ["share", "gaps", "hills", "south", *side("north"), "--out", kept],
        ["drill", "mark", "answers.json", "--key", "answers.json", *signed],
        ["eurosur", "export", "hills", "--data", "north", "--out", kept, "--purpose", "situational picture"],
    ):
        ended = watchline(*words)
        assert (ended.code, kept.read_bytes()) == (2, b"devices"), words
        assert "is a file of the data folder" in ended.err, ended.err
