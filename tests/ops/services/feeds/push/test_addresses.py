"""Addresses to which alerts may be posted: of the registries of special addresses, only those that are allowed."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.services.feeds.push.addresses import AddressRule

INTERNAL = (
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "2002:7f00:1::", "2002:c0a8:101::",
    "192.0.0.8", "192.88.99.1", "3fff::1", "5f00::1", "::127.0.0.1", "64:ff9b:1::a00:1",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "93.184.215.14", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_and_special_addresses_are_refused(address: str) -> None:
    assert not AddressRule().allows(address)
    assert not AddressRule([ip_network("203.0.113.0/24")]).allows(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert AddressRule().allows(address)
    assert not AddressRule(listed_only=True).allows(address)


def test_a_network_of_the_settings_is_allowed_and_no_other() -> None:
    rule = AddressRule([ip_network("10.20.0.0/16"), ip_network("fd00::/8")], listed_only=True)
    assert rule.allows("10.20.3.4")
    assert rule.allows("::ffff:10.20.3.4")
    assert rule.allows("fd00::9")
    assert not rule.allows("10.21.0.1")
    assert not rule.allows("8.8.8.8")


@pytest.mark.parametrize("text", ["", "example.org", "127.1", "0x7f000001", "2130706433", "1.2.3.4:80", "[::1]"])
def test_what_is_not_an_address_is_refused(text: str) -> None:
    assert not AddressRule([ip_network("0.0.0.0/0")]).allows(text)


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_a_private_address_is_refused_in_every_notation_of_ipv6(address: object) -> None:
    assert not AddressRule().allows(str(address))
    assert not AddressRule().allows(f"::ffff:{address}")
    assert not AddressRule().allows(f"64:ff9b::{address}")
