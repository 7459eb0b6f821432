"""Atom feeds (RFC 4287) whose entries have a GeoRSS position (OGC GeoRSS-Simple), for programs that poll."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from ops.runtime.safe_text import xml_text

MEDIA_TYPE: Final = "application/atom+xml"
ATOM: Final = "http://www.w3.org/2005/Atom"
GEORSS: Final = "http://www.georss.org/georss"
CATEGORY: Final = "urn:watchline:"
"""Before the name of a property: the scheme of a category."""
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When an empty feed was updated: the same at each request, so that its entity tag does not change."""


@dataclass(frozen=True, slots=True)
class AtomEntry:
    """An entry of a feed.

    ``id`` is an IRI that stays the same for all revisions. ``position``: longitude and latitude [°], WGS 84;
    ``radius_m``: of the circle that holds it with 95%. ``categories``: properties by name. ``link``: address and media
    type of the record itself.
    """

    id: str
    title: str
    updated: datetime
    summary: str = ""
    published: datetime | None = None
    position: tuple[float, float] | None = None
    radius_m: float | None = None
    categories: Mapping[str, str] = field(default_factory=dict)
    link: tuple[str, str] | None = None


def atom_feed(identity: str, title: str, author: str, address: str, entries: Iterable[AtomEntry]) -> bytes:
    """The feed as UTF-8 XML; ``address`` is its own."""
    entries = list(entries)
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM, "georss": GEORSS})
    _add(root, "id", identity)
    _add(root, "title", title)
    _add(root, "updated", _time(max((one.updated for one in entries), default=NEVER)))
    _add(_add(root, "author"), "name", author)
    _add(root, "link").attrib.update({"rel": "self", "href": xml_text(address), "type": MEDIA_TYPE})
    for one in entries:
        _add_entry(root, one)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _add_entry(root: etree._Element, one: AtomEntry) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", one.id)
    _add(entry, "title", one.title)
    _add(entry, "updated", _time(one.updated))
    if one.published is not None:
        _add(entry, "published", _time(one.published))
    for name, value in one.categories.items():
        if value:
            _add(entry, "category").attrib.update({"scheme": CATEGORY + name, "term": xml_text(value)})
    _add(entry, "summary", one.summary or one.title)
    if one.link is not None:
        href, kind = one.link
        _add(entry, "link").attrib.update({"rel": "alternate", "href": xml_text(href), "type": kind})
    if one.position is not None:
        lon, lat = one.position
        etree.SubElement(entry, f"{{{GEORSS}}}point").text = f"{lat:.7f} {lon:.7f}"
        if one.radius_m is not None:
            etree.SubElement(entry, f"{{{GEORSS}}}radius").text = f"{one.radius_m:.1f}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    if text is not None:
        child.text = xml_text(text)
    return child
