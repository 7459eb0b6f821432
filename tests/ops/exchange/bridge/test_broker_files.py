"""The folder of the exchange broker: rights by topic, bridges, certificates of partners."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from geo.errors import BadInput
from ingest.errors import IdentityError
from ops.broker.certificates import Authority
from ops.broker.topic_rights import matches
from ops.exchange.agreements import Agreements, Partner
from ops.exchange.bridge.broker_files import ExchangeBrokerOptions, acl, write_exchange_broker
from tests.ops.exchange.partners import agreements, public

NAMES = ("north", "south", "east")
TOPICS = [f"exchange/1/{one}/{other}/{what}" for one, other in product(NAMES, NAMES) for what in ("package", "newest")]
TOPICS += ["exchange/1/north/south", "exchange/1/north/south/package/x", "watchline/1/x/sensor/r1/detections", "$SYS/x"]
HERE = ExchangeBrokerOptions(hosts=("127.0.0.1",), listen="127.0.0.1", port=8899)


def rules(text: str) -> dict[str, dict[str, list[str]]]:
    """What the ACL file allows, by user, as Mosquitto reads it (mosquitto.conf(5), acl_file)."""
    found: dict[str, dict[str, list[str]]] = {}
    user = ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["user"]:
            user = words[1]
            found[user] = {"read": [], "write": []}
        elif words[:1] == ["topic"]:
            found[user][words[1]].append(words[2])
    return found


def test_a_partner_writes_and_reads_its_own_topics_only() -> None:
    """By the definition: packages from their origin, statements from their recipient, and no one else's."""
    allowed = rules(acl(agreements("north")))
    assert set(allowed) == {"exchange", "partner-south", "partner-east"}
    for partner in ("south", "east"):
        mine = {
            "write": {f"exchange/1/{partner}/north/package", f"exchange/1/north/{partner}/newest"},
            "read": {f"exchange/1/north/{partner}/package", f"exchange/1/{partner}/north/newest"},
        }
        for access, topics in mine.items():
            can = {topic for topic in TOPICS for rule in allowed[f"partner-{partner}"][access] if matches(rule, topic)}
            assert can == topics
    ours = {topic for topic in TOPICS for rule in allowed["exchange"]["write"] if matches(rule, topic)}
    assert ours == {
        topic
        for topic in TOPICS
        if (topic.startswith("exchange/1/north/") and topic.endswith("/package")) or topic.endswith("/north/newest")
    }


def with_broker(own: str, partner: str, address: str) -> Agreements:
    read = agreements(own)
    return replace(
        read, partners=tuple(replace(one, broker=address) if one.name == partner else one for one in read.partners)
    )


def test_a_bridge_is_written_once_the_partner_has_handed_over_its_bundle(tmp_path: Path) -> None:
    north, south = tmp_path / "north", tmp_path / "south"
    write_exchange_broker(north, agreements("north"), HERE)
    agreed = with_broker("south", "north", "exchange.north.example:8884")
    first = write_exchange_broker(south, agreed)
    assert (first.bridges, first.without_bundle) == ((), ("north",))
    assert "connection" not in (south / "broker" / "mosquitto.conf").read_text().replace("connection_messages", "")
    bundle = north / "identities" / "partner-south"
    (south / "bridges").mkdir()
    bundle.rename(south / "bridges" / "north")
    again = write_exchange_broker(south, agreed)
    assert (again.bridges, again.without_bundle, again.made) == (("north",), (), ())
    text = (south / "broker" / "mosquitto.conf").read_text()
    assert "address exchange.north.example:8884\n" in text
    assert [line for line in text.splitlines() if line.startswith("topic ")] == [
        "topic exchange/1/south/north/package out 1",
        "topic exchange/1/north/south/newest out 1",
        "topic exchange/1/north/south/package in 1",
        "topic exchange/1/south/north/newest in 1",
    ]
    assert str(tmp_path) not in text, "the folder may be moved"
    for name in ("ca.pem", "pem", "key"):
        assert (south / "broker" / f"bridge-north.{name}").stat().st_mode & 0o077 == 0


def test_a_partner_that_is_gone_from_the_file_loses_its_certificate_and_rights(tmp_path: Path) -> None:
    write_exchange_broker(tmp_path, agreements("north"), HERE)
    read = agreements("north")
    left = replace(read, partners=tuple(one for one in read.partners if one.name != "east"))
    write_exchange_broker(tmp_path, left)
    issued = Authority(tmp_path / "authority").issued
    assert {one.name for one in issued if one.revoked_at is not None} == {"partner-east"}
    assert "east" not in (tmp_path / "broker" / "acl").read_text()
    back = write_exchange_broker(tmp_path, read)
    assert back.made == ("partner-east",)
    assert back.broker.port == 8899, "options that are not given stay as they were"


@pytest.mark.parametrize(
    "address",
    ["north", "north:0", "north:99999999", "nor th:1", "north:1\nallow_anonymous true", "-x:1", "[::1]:8884", ":8884"],
)
def test_an_address_that_mosquitto_would_read_otherwise_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="HOST:PORT"):
        Partner("north", "agency", public("north"), address)


def test_the_folder_of_another_installation_is_not_overwritten(tmp_path: Path) -> None:
    write_exchange_broker(tmp_path, agreements("north"), HERE)
    with pytest.raises(BadInput, match="belongs to north"):
        write_exchange_broker(tmp_path, agreements("south"))


def test_an_exchange_whose_authority_is_offline_gets_no_other(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_exchange_broker(site, agreements("north"), HERE)
    (site / "authority").rename(tmp_path / "offline")
    before = {file: file.read_bytes() for file in site.rglob("*") if file.is_file()}
    with pytest.raises(IdentityError, match=r"is not here; expected .* from offline storage"):
        write_exchange_broker(site, agreements("north"))
    assert {file: file.read_bytes() for file in site.rglob("*") if file.is_file()} == before
    (tmp_path / "offline").rename(site / "authority")
    assert write_exchange_broker(site, agreements("north")).made == ()


def test_the_command_names_what_is_to_be_handed_over(
    tmp_path: Path, watchline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = 'own = "north"\n' + "".join(
        f'[[partner]]\nname = "{name}"\nagency = "a"\nkey = "{public(name)}"\nbroker = "{broker}"\n'
        for name, broker in (("south", ""), ("east", "exchange.east.example:8884"))
    )
    Path("agreements.toml").write_text(text)
    ended = watchline("broker", "exchange", "--agreements", "agreements.toml", "--out", "x", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["without_bundle"] == ["east"]
    assert "hand over x/identities/partner-south" in ended.err
    assert "ask east for the folder identities/partner-north, put it at x/bridges/east" in ended.err


def test_the_key_of_a_bridge_that_is_no_more_does_not_stay_with_the_broker(tmp_path: Path) -> None:
    agreed = with_broker("south", "north", "exchange.north.example:8884")
    write_exchange_broker(tmp_path / "north", agreements("north"), HERE)
    (tmp_path / "south" / "bridges").mkdir(parents=True)
    (tmp_path / "north" / "identities" / "partner-south").rename(tmp_path / "south" / "bridges" / "north")
    write_exchange_broker(tmp_path / "south", agreed)
    keys = sorted(path.name for path in (tmp_path / "south" / "broker").glob("bridge-*"))
    assert keys == ["bridge-north.ca.pem", "bridge-north.key", "bridge-north.pem"]
    write_exchange_broker(tmp_path / "south", agreements("south"))
    assert list((tmp_path / "south" / "broker").glob("bridge-*")) == []
