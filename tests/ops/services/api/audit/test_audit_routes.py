"""The auditor's page and routes: who may read the log, what filters find, the proofs, and that reading is logged."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.audit.consistency import consistency_of
from ops.audit.entry import AuditEntry
from ops.audit.files import day_files, lines_backwards
from ops.audit.log import AuditLog
from ops.audit.merkle import is_consistent
from ops.audit.search import EntryFilter, each_entry, page_of
from tests.ops.services.api.login.conftest import open_world

SECOND = 10**9
START_NS = 1_772_400_000 * SECOND


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Any]:
    with open_world(tmp_path) as opened:
        opened.folder = tmp_path / "audit"
        opened.add("weber", "A. Weber", "auditor")
        opened.add("keller", "M. Keller", "operator")
        yield opened


def read(world: Any, client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_auditor_sees_the_log_and_no_picture_and_acts_on_nothing(world: Any) -> None:
    with world.logged_in("weber") as client:
        assert client.get("/audit").status_code == 200
        for path in ("/api/tracks", "/api/alerts", "/v1/incidents", "/api/stream", "/api/layout", "/api/sensors"):
            assert client.get(path).status_code == 403, path
        assert client.post("/api/alerts/A1/acknowledge").status_code == 403
    with world.logged_in("keller") as client:
        assert client.get("/audit").headers["location"] == "/"
        for path in ("entries", "export", "verification", "consistency?first=1"):
            assert client.get(f"/v1/audit/{path}").status_code == 403, path


def test_filters_find_who_did_what_and_the_reading_is_an_entry_itself(world: Any) -> None:
    with world.logged_in("keller") as client:
        client.get("/api/alerts", headers={"Purpose": "case 12"})
        client.get("/api/alerts/A1")
    with world.logged_in("weber") as client:
        found = read(world, client, "/v1/audit/entries", person="M. Keller")["entries"]
        assert [(one["subject"], one["purpose"]) for one in found] == [
            ("alert A1", "border surveillance: detection and response"), ("alerts", "case 12"),
        ]  # fmt: skip
        found = read(world, client, "/v1/audit/entries", subject="ALERT A")["entries"]
        assert [one["subject"] for one in found] == ["audit log: subject ALERT A", "alert A1"], "and this search"
        assert read(world, client, "/v1/audit/entries", operation="erasure")["entries"] == []
        assert read(world, client, "/v1/audit/entries", until="2020-01-01")["entries"] == []
        own = read(world, client, "/v1/audit/entries", person="A. Weber")["entries"]
        assert own[-1]["subject"] == "audit log: person M. Keller"
        assert own[-1]["purpose"] == "audit of data processing"
        assert client.get("/v1/audit/entries", params={"since": "yesterday"}).status_code == 422
        lines = client.get("/v1/audit/export", params={"person": "M. Keller"}).text.splitlines()
        assert [json.loads(line)["subject"] for line in lines] == ["alerts", "alert A1"]
        last = read(world, client, "/v1/audit/entries", operation="disclosure")["entries"][0]
        assert (last["subject"], last["person"][:8]) == ("export of the audit log: person M. Keller", "A. Weber")


def test_the_log_is_verified_and_a_proof_holds_between_two_heads(world: Any) -> None:
    with world.logged_in("weber") as client:
        for _ in range(5):
            client.get("/v1/audit/entries")
        result = read(world, client, "/v1/audit/verification")
        assert (result["ok"], result["witnessed"]) == (True, None)
        proof = read(world, client, "/v1/audit/consistency", first=1)
        one, other = proof["first"], proof["second"]
        roots = b64decode(one["root"]), b64decode(other["root"])
        hashes = [b64decode(each) for each in proof["proof"]]
        assert proof["ok"]
        assert is_consistent(one["size"], roots[0], other["size"], roots[1], hashes)
        for wrong in ({"first": 10**6}, {"first": 3, "second": 2}):
            assert client.get("/v1/audit/consistency", params=wrong).status_code == 422
        assert read(world, client, "/v1/audit/verification")["ok"], "everything so far is under a head"
        file = next(one for one in day_files(world.folder) if b"audit log: all" in one.read_bytes())  # two at midnight
        file.write_bytes(file.read_bytes().replace(b"audit log: all", b"audit log: nil", 1))
        assert read(world, client, "/v1/audit/verification")["findings"][0]["kind"] == "changed"
        assert "was changed" in client.get("/audit", params={"verify": "true"}).text


def test_the_page_in_two_languages_filters_pages_and_escapes(world: Any) -> None:
    hostile = AuditEntry(START_NS, "<b>Eve</b>\u202e", "viewer", "alteration", "GET /<script>", "why", "<i>x</i>")
    world.log.add(*[hostile] * 60)
    with world.logged_in("weber") as client:
        page = client.get("/audit", params={"operation": "alteration"}).text
        assert page.count("&lt;b&gt;Eve&lt;/b&gt;\ufffd") == 50
        assert "<b>Eve" not in page
        assert "<script" not in page
        older = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        rest = client.get(older).text
        assert rest.count("&lt;b&gt;Eve") == 10
        assert 'rel="next"' not in rest
        french = client.get("/audit", params={"language": "fr", "first": "1"}).text
        assert "Journal d’audit" in french
        assert "prolonge la racine" in french
        for language, sentence in (("en", "too few entries to compare"), ("fr", "trop peu d’entrées à comparer")):
            patterns = client.get("/audit", params={"language": language, "unusual": "true"}).text
            assert sentence in patterns, "nothing was tested, so nothing is said to be in order"
        assert client.get("/audit", params={"first": "x"}).status_code == 200
        assert client.get("/audit", params={"since": "x"}).status_code == 200
        assert client.get("/audit.css").headers["content-type"] == "text/css; charset=utf-8"
        policy = client.get("/audit").headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy


def test_files_are_read_backwards_as_forwards_whatever_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AuditLog(tmp_path / "audit", now_ns=lambda: START_NS)
    for number in range(40):
        entry = AuditEntry(
            START_NS, f"P{number % 3}", "r", "consultation", "w" * (number * 7), "why", f"record {number}"
        )
        log.add(entry)
    log.close()
    file = day_files(tmp_path / "audit")[0]
    forwards = file.read_bytes().splitlines()
    for block in (7, 64, 1_000, 65_536):
        monkeypatch.setattr("ops.audit.files._BLOCK_BYTES", block)
        assert list(lines_backwards(file)) == forwards[::-1]
    with file.open("ab") as handle:
        handle.write(b'{"n":40,"half')
    assert list(lines_backwards(file)) == forwards[::-1], "a line that is being written is not read"
    everything = EntryFilter()
    assert [one.n for one in each_entry(tmp_path / "audit", everything, newest_first=True)] == list(range(39, -1, -1))
    first = page_of(tmp_path / "audit", EntryFilter(person="P1"), 5)
    rest = page_of(tmp_path / "audit", EntryFilter(person="P1"), 100, first.before)
    assert [one.n for one in first.entries + rest.entries] == [n for n in range(39, -1, -1) if n % 3 == 1]
    assert rest.before is None
    monkeypatch.setattr("ops.audit.search.MOST_SEARCHED", 10)
    assert page_of(tmp_path / "audit", EntryFilter(person="nobody at all"), 5).before == 30


def test_every_pair_of_heads_is_consistent(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit", now_ns=lambda: START_NS, sign_every_s=0.0)
    for count in (1, 3, 2, 5, 1):
        log.add(*[AuditEntry(START_NS, "P", "r", "consultation", "w", "why", "s")] * count)
    log.close()
    for first in range(1, 6):
        for second in range(first, 6):
            assert consistency_of(tmp_path / "audit", first, second).ok
    assert consistency_of(tmp_path / "audit", 2).second.size == 12
