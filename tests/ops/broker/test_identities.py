"""The folder of identities: keys made once, files for one user alone, names that can be names, revocation."""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from ingest.errors import IdentityError
from ingest.security.key_bundle import CERTIFICATE, open_bundle
from ingest.security.key_register import Identity, record_of
from ingest.security.signature import Signer
from ops.broker.certificates import Authority
from ops.broker.identities import (
    IDENTITY_VARIABLE,
    RESERVED,
    IdentityFolder,
    Name,
    identity_of,
    layout_ids,
    sensor_names,
)
from ops.broker.mosquitto_config import PROBE_REVOKED, BrokerFolder, BrokerOptions, acl
from ops.broker.topic_rights import Client, matches, may_read, may_write

NAMES = [Name("sensor", "r1"), Name("sensor", "gw-*"), Name("unit", "patrol-1")]


def private(folder: Path) -> set[Path]:
    """Files below that others may read."""
    return {file for file in folder.rglob("*") if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077}


def test_everybody_gets_a_key_and_the_public_keys_of_ingest_and_feed(tmp_path: Path) -> None:
    folder = IdentityFolder(tmp_path / "identity")
    made = folder.prepare(NAMES)
    assert [(record.role, record.name) for record in made] == [
        *((role, name) for name, role in RESERVED.items()), ("sensor", "r1"), ("sensor", "gw-*"), ("unit", "patrol-1"),
    ]  # fmt: skip
    assert private(folder.path) == set()
    for name in ("r1", "gw", "patrol-1"):
        identity = folder.identity(name)
        assert identity.signer is not None
        assert identity.register is not None
        assert {record.role for record in identity.register.records} == {"ingest", "feed"}
        assert identity.tls is None
    keys = {record.key for record in folder.register().records}
    names = ("r1", "gw", "patrol-1", *RESERVED)
    assert len(keys) == len(names) >= 6
    assert {folder.identity(name).signer.key for name in names} == keys  # type: ignore[union-attr]


def test_what_is_there_stays(tmp_path: Path) -> None:
    folder = IdentityFolder(tmp_path)
    folder.prepare(NAMES)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.key")}
    assert [record.name for record in folder.prepare([*NAMES, Name("sensor", "r2")])] == ["r2"]
    assert {file: file.read_bytes() for file in before} == before


def test_revoking_gives_a_new_key_a_place(tmp_path: Path) -> None:
    folder = IdentityFolder(tmp_path)
    folder.prepare(NAMES)
    old = folder.identity("r1").signer
    assert [record.name for record in folder.revoke("r1")] == ["r1"]
    with pytest.raises(IdentityError, match="has no key of 'r1' to revoke"):
        folder.revoke("r1")
    with pytest.raises(IdentityError, match="has no key of 'nobody' to revoke"):
        folder.revoke("nobody")
    assert [record.name for record in folder.prepare(NAMES)] == ["r1"]
    new = folder.identity("r1").signer
    assert old is not None
    assert new is not None
    assert old.key != new.key
    revoked = {record.key for record in folder.register().records if record.revoked_at is not None}
    assert revoked == {old.key}


def test_a_vendors_own_key_may_be_registered(tmp_path: Path) -> None:
    folder, vendor = IdentityFolder(tmp_path), Signer.generate()
    folder.prepare(NAMES)
    start = folder.register().records[0].valid_from
    folder.add(record_of("sensor", "r9", vendor.public, valid_from=start, valid_until=None))
    assert vendor.key in {record.key for record in folder.register().records}
    with pytest.raises(IdentityError, match="is a unit already"):
        folder.add(record_of("sensor", "patrol-1", vendor.public, valid_from=start, valid_until=None))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([Name("sensor", "+")], "is not a name"), ([Name("sensor", "a/b")], "is not a name"),
        ([Name("unit", "#")], "is not a name"), ([Name("unit", "gw-*")], "is not a name"),
        ([Name("sensor", "../x")], "is not a name"), ([Name("sensor", "")], "is not a name"),
        ([Name("sensor", "ingest")], "is reserved for Watchline"),
        ([Name("unit", "feed")], "is reserved for Watchline"),
        ([Name("sensor", "a"), Name("unit", "a")], "occurs twice"),
        ([Name("sensor", "a"), Name("sensor", "a-*")], "occurs twice"),
    ],
)  # fmt: skip
def test_names_that_cannot_be_are_refused_before_anything_is_written(
    tmp_path: Path, names: list[Name], words: str
) -> None:
    with pytest.raises(IdentityError, match=words):
        IdentityFolder(tmp_path / "x").prepare(names)
    assert not (tmp_path / "x" / "identities").exists()


def test_a_process_finds_its_identity_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(IDENTITY_VARIABLE, raising=False)
    assert identity_of("r1") == Identity()
    folder = IdentityFolder(tmp_path)
    folder.prepare(NAMES)
    monkeypatch.setenv(IDENTITY_VARIABLE, str(tmp_path))
    found = identity_of("r1").signer
    assert found is not None
    assert found.key == folder.identity("r1").signer.key  # type: ignore[union-attr]
    assert identity_of("not-there") == Identity()


def test_a_spoilt_bundle_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="no such folder"):
        open_bundle(tmp_path / "none")
    (tmp_path / "signing.key").write_text("-----BEGIN PRIVATE KEY-----\nrubbish\n")
    with pytest.raises(IdentityError, match="not a key"):
        open_bundle(tmp_path)


def test_ids_of_a_layout_that_are_no_names_are_left_out(tmp_path: Path) -> None:
    layout = tmp_path / "layout.geojson"
    layout.write_text('{"features":[{"properties":{"id":"r1"}},{"properties":{"id":"mast 7"}}]}')
    assert layout_ids(layout) == ["r1", "mast 7"]
    assert sensor_names(layout) == ["r1"]
    layout.write_text("{")
    assert layout_ids(layout) == []


OPTIONS = BrokerOptions("x", ["r1", "r2"], ["patrol-1"], listen="127.0.0.1", port=1)


def test_a_brokers_folder_is_private_and_is_completed_not_replaced(tmp_path: Path) -> None:
    folder = BrokerFolder(tmp_path / "broker config")
    assert set(folder.write(OPTIONS)) == {
        "broker",
        "r1",
        "r2",
        "patrol-1",
        "ops-centre",
        "ingest-units",
        *RESERVED,
    }
    assert private(folder.path) == set()
    kept = {file: file.read_bytes() for file in folder.path.rglob("*.key")}
    assert len(kept) > 15
    assert folder.write(OPTIONS) == []
    assert {file: file.read_bytes() for file in kept} == kept
    assert folder.write(BrokerOptions("x", ["r1", "r2", "r3"], ["patrol-1"])) == ["r3"]
    with pytest.raises(IdentityError, match="belongs to sector x"):
        folder.write(BrokerOptions("y", ["r1"]))
    for name in ("probe-sensor-a", PROBE_REVOKED, "ingest-units"):
        with pytest.raises(IdentityError, match="reserved for"):
            folder.write(BrokerOptions("x", [name]))


def test_a_revoked_client_gets_nothing_back_unless_it_is_said(tmp_path: Path) -> None:
    folder = BrokerFolder(tmp_path)
    folder.write(OPTIONS)
    assert folder.revoke("r1") == 1
    assert "user r1\ntopic deny #\n" in (tmp_path / "broker" / "acl").read_text()
    assert folder.write(OPTIONS) == []
    assert IdentityFolder(tmp_path).register().revoked(2**62) == {("sensor", "r1")}
    with pytest.raises(IdentityError, match="is not revoked"):
        folder.write(BrokerOptions("x", ["r1", "r2"], renew=["r2"]))
    assert folder.write(BrokerOptions("x", ["r1", "r2"], renew=["r1"])) == ["r1"]
    assert "topic deny #\n" not in (tmp_path / "broker" / "acl").read_text()
    with pytest.raises(IdentityError, match="has no client 'nobody'"):
        folder.revoke("nobody")


def crl(folder: Path) -> list[int]:
    return [one.serial_number for one in x509.load_pem_x509_crl((folder / "broker" / "crl.pem").read_bytes())]


def serial(folder: Path, name: str) -> int:
    pem = IdentityFolder(folder).bundle(name) / CERTIFICATE
    return x509.load_pem_x509_certificate(pem.read_bytes()).serial_number


def content(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_folder_whose_authority_is_offline_is_not_renewed_and_nothing_in_it_changes(tmp_path: Path) -> None:
    site = tmp_path / "site"
    folder = BrokerFolder(site)
    folder.write(OPTIONS)
    (site / "authority").rename(tmp_path / "offline")
    before = content(site)
    with pytest.raises(IdentityError, match=r"authority: is not here; expected .* from offline storage"):
        folder.write(BrokerOptions("x", ["r1", "r2", "r3"], ["patrol-1"]))
    assert content(site) == before
    Authority(site / "authority", name="Watchline x authority")
    with pytest.raises(IdentityError, match="authority: is another authority; expected the one whose certificate is"):
        folder.write(OPTIONS)
    shutil.rmtree(site / "authority")
    assert content(site) == before
    (tmp_path / "offline").rename(site / "authority")
    assert folder.write(BrokerOptions("x", ["r1", "r2", "r3"], ["patrol-1"])) == ["r3"]
    assert (site / "broker" / "ca.pem").read_bytes() == before[site / "broker" / "ca.pem"]


@pytest.mark.parametrize("again", ["revoke", "config", "config --renew"])
def test_a_theft_while_the_authority_is_offline_ends_key_and_topics_at_once_and_the_certificate_with_it(
    tmp_path: Path, again: str
) -> None:
    site = tmp_path / "site"
    folder = BrokerFolder(site)
    folder.write(OPTIONS)
    stolen = serial(site, "r1")
    (site / "authority").rename(tmp_path / "offline")
    for _ in range(2):  # a repetition before it is back changes nothing more
        with pytest.raises(IdentityError, match=r"of r1 are revoked, its certificate is not; .* repeat the command"):
            folder.revoke("r1")
        assert "user r1\ntopic deny #\n" in (site / "broker" / "acl").read_text()
        assert IdentityFolder(site).register().revoked(2**62) == {("sensor", "r1")}
        assert stolen not in crl(site)
        assert not (site / "authority").exists()
    (tmp_path / "offline").rename(site / "authority")
    if again == "revoke":
        assert folder.revoke("r1") == 1
    elif again == "config":
        assert folder.write(OPTIONS) == []
    else:
        assert folder.write(replace(OPTIONS, renew=["r1"])) == ["r1"]
        assert serial(site, "r1") != stolen
    assert stolen in crl(site)


def test_an_id_with_a_wildcard_gets_no_line_in_the_acl(tmp_path: Path) -> None:
    for name in ("+", "#", "a+b", "a#", "r1/..", "%u", "r1\ntopic readwrite #"):
        with pytest.raises(IdentityError, match="is not a name"):
            BrokerFolder(tmp_path / "x").write(BrokerOptions("x", ["r1", name]))
    assert not (tmp_path / "x" / "broker").exists()


def test_the_acl_says_what_the_table_says() -> None:
    """The lines of the file, read here by Mosquitto's rules, allow what ops.broker.topic_rights allows, and no more."""
    clients = [Client("r1", "sensor"), Client("r2", "sensor"), Client("u1", "unit"), Client("ops-centre", "operator"),
               Client("ingest", "ingest"), Client("feed", "feed"),
               Client("field-units", "field")]  # fmt: skip
    lines = [line.split() for line in acl("x", clients, []).splitlines() if line and line[0] != "#"]
    topics = [
        f"watchline/1/{sector}/{owner}/{name}/{channel}"
        for sector in ("x", "y")
        for owner in ("sensor", "unit")
        for name in ("r1", "r2", "u1", "ops-centre")  # no sensor or unit is called ingest or feed
        for channel in ("detections", "status", "ack", "alerts", "updates", "position", "reply", "resend", "tracks")
    ] + ["watchline/1/x/tracks", "watchline/1/y/tracks", "$SYS/broker/version"]
    for client in clients:
        user, own, patterns = "", [], []
        for line in lines:
            if line[0] == "user":
                user = line[1]
            elif line[0] == "topic" and user == client.name:
                own.append((line[1], line[2]))
            elif line[0] == "pattern":
                patterns.append((line[1], line[2].replace("%u", client.name)))
        for topic in topics:
            denied = any(access == "deny" and matches(pattern, topic) for access, pattern in own)
            for access, may in (("write", may_write), ("read", may_read)):
                by_file = not denied and any(a == access and matches(p, topic) for a, p in own + patterns)
                assert by_file == may(client, "x", topic), (client, access, topic)


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("#", "a/b", True), ("+/#", "a", True), ("+/#", "a/b/c", True), ("a/+", "a/b", True), ("a/+", "a", False),
        ("a/+", "a/b/c", False), ("a/#", "a", True), ("a/b", "a/b/", False), ("a/+/c", "a//c", True),
        ("#", "$SYS/x", False), ("+/x", "$SYS/x", False), ("$SYS/#", "$SYS/x", True),
    ],
)  # fmt: skip
def test_filters_take_what_mqtt_5_says(pattern: str, topic: str, expected: bool) -> None:
    """OASIS MQTT 5.0, section 4.7: the examples of 4.7.1.2, 4.7.1.3 and 4.7.2."""
    assert matches(pattern, topic) == expected


def test_a_revoked_name_gets_new_keys_also_where_the_settings_that_name_it_are_not_given(
    tmp_path: Path, hill_sector: Any, watchline: Any
) -> None:
    settings, out = tmp_path / "settings.toml", tmp_path / "site"
    settings.write_text('units = ["ops-centre", "alpha"]\n')
    config = ["broker", "config", hill_sector.sector, "--out", out]
    assert watchline(*config, "--settings", settings).code == 0
    bundle = out / "identities" / "alpha"
    stolen = {path.name: path.read_bytes() for path in bundle.iterdir()}
    assert watchline("broker", "revoke", "alpha", "--config", out).code == 0
    ended = watchline(*config, "--renew", "alpha", "--json")
    assert (ended.code, json.loads(ended.out)["made"]) == (0, ["alpha"]), "and no unit of other settings"
    for name in ("signing.key", "certificate.pem", "certificate.key"):
        assert (bundle / name).read_bytes() != stolen[name], name
    assert BrokerFolder(out).installation().revoked == ()


def test_a_sensor_of_another_layout_gets_new_keys(tmp_path: Path) -> None:
    folder = BrokerFolder(tmp_path)
    folder.write(BrokerOptions("x", ["r1", "r9"]))
    stolen = (tmp_path / "identities" / "r9" / "signing.key").read_bytes()
    folder.revoke("r9")
    assert folder.write(BrokerOptions("x", ["r1"], renew=["r9"])) == ["r9"]
    assert (tmp_path / "identities" / "r9" / "signing.key").read_bytes() != stolen
