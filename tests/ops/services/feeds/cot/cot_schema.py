"""The rules of the Cursor-on-Target 2.0 event schema (MITRE, Event.xsd, 2003, with the clarifications of 2007).

From its public description: element and attribute names, patterns of types, times in UTC, and ranges of the point."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
TYPE = re.compile(r"^\w+(-\w+)*(;[^;]*)?$")
HOW = re.compile(r"^\w(-\w+)*$")
REQUIRED = {"version", "type", "uid", "time", "start", "stale", "how"}
OPTIONAL = {"access", "qos", "opex"}


def faults(event: Element) -> list[str]:
    """What an event breaks."""
    found = []
    if event.tag != "event":
        found.append(f"<{event.tag}>")
    names = set(event.keys())
    found += [f"missing {name}" for name in REQUIRED - names]
    found += [f"unknown {name}" for name in names - REQUIRED - OPTIONAL]
    if found:
        return found
    if float(event.get("version", "0")) < 2.0:
        found.append("version")
    if not event.get("uid", ""):
        found.append("uid")
    found += [name for name in ("time", "start", "stale") if not TIME.match(event.get(name, ""))]
    if event.get("stale", "") < event.get("start", ""):
        found.append("stale before start")
    if not TYPE.match(event.get("type", "")):
        found.append("type")
    if not HOW.match(event.get("how", "")):
        found.append("how")
    if sorted(child.tag for child in event) not in (["detail", "point"], ["point"]):
        found.append("children")
        return found
    point = event.find("point")
    assert point is not None
    if set(point.keys()) != {"lat", "lon", "hae", "ce", "le"}:
        found.append("attributes of point")
        return found
    for name, most in (("lat", 90.0), ("lon", 180.0)):
        if not abs(float(point.get(name, ""))) <= most:
            found.append(name)
    for name in ("hae", "ce", "le"):
        float(point.get(name, ""))
    if not float(point.get("ce", "")) >= 0.0 or not float(point.get("le", "")) >= 0.0:
        found.append("error")
    return found
