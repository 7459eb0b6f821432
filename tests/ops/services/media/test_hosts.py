"""Servers of pictures: few fetchers for one that is not quick, and pauses that double and end."""

from __future__ import annotations

import pytest

from ops.services.media.hosts import (
    FIRST_PAUSE_NS,
    LONGEST_PAUSE_NS,
    MOST_HOSTS,
    QUICK_NS,
    SLOW_AT_ONCE,
    PictureHosts,
)


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://cam-1.example:8443/a.jpg?x=1", "cam-1.example:8443"),
        ("http://[2001:db8::1]/a.jpg", "[2001:db8::1]"),
        ("drop:a.jpg", ""),
        ("http://[broken/a.jpg", ""),
    ],
)
def test_the_server_of_an_address(uri: str, host: str) -> None:
    assert PictureHosts.of(uri) == host


def test_a_server_has_few_fetchers_until_it_was_quick_and_a_folder_has_no_limit() -> None:
    hosts = PictureHosts()
    assert hosts.at_once("a") == SLOW_AT_ONCE
    hosts.delivered("a", QUICK_NS)
    assert hosts.at_once("a") is None
    hosts.delivered("a", QUICK_NS + 1)
    assert hosts.at_once("a") == SLOW_AT_ONCE
    assert hosts.at_once("") is None


def test_pauses_double_up_to_a_minute_and_end_with_an_answer() -> None:
    hosts = PictureHosts()
    pauses = []
    for _ in range(6):
        hosts.failed("a", 7)
        pauses.append(hosts.paused_until_ns("a") - 7)
    assert pauses == [FIRST_PAUSE_NS * n for n in (1, 2, 4, 8)] + [LONGEST_PAUSE_NS] * 2
    hosts.delivered("a", 1)
    assert hosts.paused_until_ns("a") == 0
    hosts.failed("a", 7)
    assert hosts.paused_until_ns("a") == 7 + FIRST_PAUSE_NS
    hosts.failed("", 7)
    assert hosts.paused_until_ns("") == 0


def test_the_number_of_servers_that_are_remembered_is_bounded() -> None:
    hosts = PictureHosts()
    for number in range(MOST_HOSTS + 3):
        hosts.failed(f"h{number}", 0)
    assert [hosts.paused_until_ns(f"h{number}") > 0 for number in (2, 3, MOST_HOSTS + 2)] == [False, True, True]
