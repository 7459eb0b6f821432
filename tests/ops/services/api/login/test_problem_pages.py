"""Refusals as pages where a browser asks for a page, and as problems for programs and scripts."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

NAVIGATION = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
HOSTILE = "<script>alert(1)</script>"


class Links(HTMLParser):
    """The addresses to which a page leads, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses, self.elements = list[str](), list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.addresses += [value for name, value in attrs if name == "href" and value is not None]


@pytest.fixture(scope="module", autouse=True)
def people(world: Any) -> None:
    world.add("sue", "S. Ito", "supervisor")
    world.add("otto", "O. Au", "auditor")


@pytest.mark.parametrize(
    ("who", "address", "status", "again"),
    [
        ("otto", "/audit?operation=theft", 422, "/audit"),
        ("otto", "/audit?before=yesterday", 422, "/audit"),
        ("otto", f"/audit?verify={HOSTILE}", 422, "/audit"),
        ("sue", f"/handover?from={HOSTILE}&until=x", 422, "/handover"),
        ("sue", "/after-action?from=2020-01-01T00:00&until=2026-01-01T00:00", 422, "/after-action"),
        ("sue", "/nothing", 404, None),
    ],
)
def test_an_address_typed_wrong_is_a_page_that_leads_on(
    world: Any, who: str, address: str, status: int, again: str | None
) -> None:
    with world.logged_in(who) as client:
        problem = client.get(address)
        assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")
        page = client.get(address, headers=NAVIGATION)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-store"
    found = Links(page.text)
    assert "script" not in found.elements
    assert "/" in found.addresses
    assert (again in found.addresses) == (again is not None)
    assert problem.json()["detail"] in unescape(page.text)
    assert "style-src 'self'" in page.headers["content-security-policy"]


def test_the_page_is_in_the_language_of_the_browser_and_keeps_what_the_answer_says(world: Any) -> None:
    with world.logged_in("sue") as client:
        page = client.get("/logout", headers=NAVIGATION | {"Accept-Language": "fr"})
    assert (page.status_code, page.headers["allow"]) == (405, "POST")
    assert "Cette page ne peut pas être affichée" in page.text
    assert 'lang="en"' in page.text, "the sentence, which is in English"


def test_programs_scripts_and_addresses_of_the_api_get_problems(world: Any) -> None:
    with world.logged_in("sue") as client:
        for address in ("/v1/incidents?limit=0", "/api/alerts?limit=0", "/v1/handover?from=x&until=y"):
            answer = client.get(address, headers=NAVIGATION)
            assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), address
        script = client.get("/handover?from=x&until=y", headers={"Sec-Fetch-Dest": "empty"})
        assert script.headers["content-type"] == "application/problem+json"
        page = client.get("/handover", headers=NAVIGATION)
        assert (page.status_code, "text/html" in page.headers["content-type"]) == (200, True)
