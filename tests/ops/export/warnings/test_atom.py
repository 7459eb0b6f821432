"""Atom feeds with GeoRSS positions: well-formed for any text, with what a reader of RFC 4287 needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ops.export.warnings.atom import ATOM, GEORSS, NEVER, AtomEntry, atom_feed
from ops.export.warnings.cap import CapIssuer, radius_95_m
from ops.export.warnings.published import read_alert
from ops.words import MessageCatalogue
from tests.ops.export.warnings.generated import bodies

AT = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
NAMES = {"a": ATOM, "g": GEORSS}
REQUIRED = ("id", "title", "updated")
"""RFC 4287, 4.1: of a feed and of each entry, exactly once; an entry without an author has that of its feed."""


def read(body: bytes) -> etree._Element:
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    assert root.tag == f"{{{ATOM}}}feed"
    for element in (root, *root.iterfind("a:entry", NAMES)):
        for name in REQUIRED:
            (found,) = element.findall(f"a:{name}", NAMES)
            assert found.text is not None or name == "title"
    assert len(root.findall("a:author/a:name", NAMES)) == 1
    return root


def test_ten_thousand_generated_alerts_make_valid_entries() -> None:
    issuer, words = CapIssuer("cumberland"), MessageCatalogue.of("en")
    entries = []
    for body in bodies(10_000, seed=19):
        alert = read_alert(body)
        entries.append(
            AtomEntry(
                "urn:watchline:cumberland:alert:1",
                alert.headline(words),
                alert.changed_at,
                summary=alert.summary(words),
                position=alert.position,
                radius_m=radius_95_m(alert, issuer),
                categories={"rule": alert.rule, "marking": alert.marking},
            )
        )
    root = read(atom_feed("urn:watchline:cumberland:alerts", "Alerts", "cumberland", "/v1/alerts.georss", entries))
    assert len(root.findall("a:entry", NAMES)) == 10_000
    points = [one.text or "" for one in root.iterfind("a:entry/g:point", NAMES)]
    assert len(points) > 5_000
    for point in points:
        lat, lon = map(float, point.split(" "))
        assert abs(lat) <= 90
        assert abs(lon) <= 180


@given(st.text(), st.text(), st.text())
def test_any_text_makes_a_well_formed_feed(title: str, summary: str, category: str) -> None:
    entry = AtomEntry("urn:x", title, AT, summary=summary, categories={"rule": category}, link=(summary, "text/plain"))
    root = read(atom_feed("urn:y", title, summary or "author", title, [entry]))
    assert len(root.findall("a:entry", NAMES)) == 1


def test_an_entry_has_position_latitude_first_and_the_radius_of_its_error() -> None:
    entry = AtomEntry("urn:x", "Crossing", AT, position=(-84.2, 36.6), radius_m=245.0, categories={"priority": "high"})
    root = read(atom_feed("urn:y", "Alerts", "cumberland", "http://127.0.0.1/v1/alerts.georss", [entry]))
    assert root.findtext("a:entry/g:point", namespaces=NAMES) == "36.6000000 -84.2000000"
    assert root.findtext("a:entry/g:radius", namespaces=NAMES) == "245.0"
    (category,) = root.findall("a:entry/a:category", NAMES)
    assert dict(category.attrib) == {"scheme": "urn:watchline:priority", "term": "high"}


def test_a_feed_was_updated_with_its_latest_entry_and_an_empty_one_always_at_the_same_time() -> None:
    entries = [AtomEntry("urn:x", "a", AT), AtomEntry("urn:z", "b", AT + timedelta(seconds=1.5))]
    assert read(atom_feed("urn:y", "t", "s", "/", entries)).findtext("a:updated", namespaces=NAMES) == (
        "2026-03-01T22:00:01.500Z"
    )
    empty = read(atom_feed("urn:y", "t", "s", "/", []))
    assert datetime.fromisoformat(empty.findtext("a:updated", namespaces=NAMES) or "") == NEVER
