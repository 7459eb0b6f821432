"""The table of rights: which right each route needs, and which roles have it.

A request to an address that is in no row is answered as if there were nothing, so a new route needs a row; a test
compares the table with OpenAPI and with the routes of the application.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ops.accounts.person import ROLES, Person, Role

Right = Literal[
    "open", "own", "ground", "picture", "history", "state", "act", "mark", "levels", "plan", "people", "handover",
    "sign", "score", "export", "audit", "units", "field", "mute", "approve", "partners", "share", "eurosur",
]  # fmt: skip

HOLDERS: Final[Mapping[Right, frozenset[Role]]] = {
    "ground": frozenset(ROLES) - {"auditor"},
    "state": frozenset(ROLES) - {"auditor"},
    "picture": frozenset({"viewer", "operator", "supervisor", "analyst", "admin"}),
    "history": frozenset({"operator", "supervisor", "analyst", "admin"}),
    "act": frozenset({"operator", "supervisor"}),
    "mark": frozenset({"supervisor"}),
    "levels": frozenset({"supervisor"}),
    "mute": frozenset({"supervisor"}),
    "approve": frozenset({"supervisor", "admin"}),
    "plan": frozenset({"planner", "supervisor"}),
    "people": frozenset({"admin"}),
    "audit": frozenset({"auditor"}),
    "handover": frozenset({"operator", "supervisor", "analyst", "admin"}),
    "sign": frozenset({"supervisor"}),
    "score": frozenset({"supervisor", "analyst", "admin"}),
    "export": frozenset({"supervisor", "analyst", "admin"}),
    "partners": frozenset({"supervisor", "analyst", "admin"}),
    "share": frozenset({"supervisor"}),
    "eurosur": frozenset({"operator", "supervisor", "analyst"}),
    "units": frozenset({"supervisor", "admin"}),
    "field": frozenset(),
}
"""The roles that have each right. ``open`` needs no login, and ``own`` no role: a person's own account. ``field`` is
the only right of the devices of field units."""

MEANINGS: Final[Mapping[Right, str]] = {
    "open": "the login page, confidential reports, the files of the pages, and whether the server and its parts work",
    "own": "one's own account: password, second factor, sessions, log out",
    "ground": "sector, border, layout, terrain and coverage",
    "state": "sensors, message counts, metrics, the description of the API",
    "picture": "tracks, alerts, incidents and own forces, as requests and as a stream",
    "history": "look back: the picture as known at a past moment, tracks, units and incidents through time",
    "act": "act on alerts and incidents",
    "mark": "change the releasability marking of an incident",
    "levels": "decide on the impact levels of border sections",
    "mute": "ask to mute a sensor for some time",
    "approve": "ask for erasures, and confirm or refuse requests that need a second person",
    "plan": "the planner's page and its jobs",
    "people": "list people and their roles",
    "audit": "read, verify and export the audit log",
    "handover": "handover and after-action reports, with the actions of each person",
    "sign": "sign notes for the next shift",
    "score": "scorecard, National Action Plan and drills, as pages, files and JSON",
    "export": "export what is shown as a file",
    "partners": "packages for and from partners, and common gaps",
    "share": "share packages with partners, and withdraw them",
    "eurosur": "read and add reports of the EUROSUR layers",
    "units": "enrol and revoke devices of field units",
    "field": "the list, answers, positions and map of one's own unit: devices of field units only",
}
"""What each right is for, as docs/accounts.md states it."""


@dataclass(frozen=True, slots=True)
class RouteRight:
    """One row: a method, a path as OpenAPI writes it, and the right that it needs."""

    method: str
    path: str
    right: Right


OGC: Final = "/v1/ogc"
"""Where OGC API – Features begins."""
OGC_COLLECTIONS: Final[Mapping[str, Right]] = {
    "tracks": "picture",
    "incidents": "picture",
    "alerts": "picture",
    "units": "picture",
    "sensors": "state",
    "segments": "ground",
    "coverage": "ground",
}
"""The collections of OGC API – Features, each with the right of the native route."""
OGC_OF_COLLECTION: Final = ("", "/schema", "/queryables", "/items", "/items/{feature}")
"""What each collection has below its address."""


def _rows() -> Iterator[RouteRight]:
    for right, routes in _TABLE.items():
        for route in routes:
            method, path = route.split(" ")
            yield RouteRight(method, path, right)
    for collection, right in OGC_COLLECTIONS.items():
        for below in OGC_OF_COLLECTION:
            yield RouteRight("GET", f"{OGC}/collections/{collection}{below}", right)


_TABLE: Final[Mapping[Right, tuple[str, ...]]] = {
    "open": (
        "GET /login",
        "POST /login",
        "POST /login/code",
        "POST /v1/field/enrol",
        "GET /v1/field/certificate",
        "GET /login/oidc",
        "GET /login/oidc/callback",
        "GET /login.css",
        "GET /cooperation.css",
        "GET /api/health",
        "GET /healthz",
        "GET /readyz",
        "GET /assets/{file}",
        "GET /third-party-licences.md",
        "GET /confidential",
        "POST /confidential",
        "GET /field",
        "GET /field/{file}",
    ),
    "own": (
        "GET /account",
        "POST /account/password",
        "POST /account/second-factor",
        "POST /account/sessions",
        "POST /account/purpose",
        "POST /logout",
        "GET /v1/me",
        "GET /v1/sessions",
        "DELETE /v1/sessions/{session}",
    ),
    "ground": (
        "GET /api/border",
        "GET /api/sector",
        "GET /api/layout",
        "GET /api/segments",
        "GET /api/layers",
        "GET /api/ground",
        "GET /api/places",
        "GET /api/base-map.pmtiles",
        "GET /api/profile",
        "GET /api/tiles/{layer}/{z}/{x}/{y}.png",
        "GET /api/tiles/ground/{z}/{x}/{y}.mvt",
    ),
    "state": (
        "GET /api/openapi.json",
        "GET /v1/ogc",
        "GET /v1/ogc/",
        "GET /v1/ogc/conformance",
        "GET /v1/ogc/openapi",
        "GET /v1/ogc/collections",
        "GET /v1/ogc/page.css",
        "GET /api/docs",
        "GET /api/docs.css",
        "GET /api/sensors",
        "GET /api/counts",
        "GET /metrics",
    ),
    "picture": (
        "GET /",
        "GET /api/tracks",
        "GET /api/bearings",
        "GET /api/alerts",
        "GET /api/alerts/{identity}",
        "GET /api/stream",
        "GET /v1/incidents",
        "GET /v1/incidents/{identity}",
        "GET /v1/incidents/{identity}/actions/{action}",
        "GET /v1/incidents/{identity}/pictures",
        "GET /v1/incidents/{identity}/pictures/{picture}",
        "GET /v1/goods-codes",
        "GET /v1/markings",
        "GET /v1/incidents/{identity}/candidates",
        "GET /v1/forces",
        "GET /v1/units/refused",
        "GET /v1/cap/feed.atom",
        "GET /v1/cap/{identity}.xml",
        "GET /v1/alerts.georss",
        "GET /v1/incidents.georss",
    ),
    "history": (
        "GET /v1/history",
        "GET /v1/history/moment",
        "GET /v1/history/incidents",
        "GET /v1/history/incidents/{identity}",
        "GET /v1/history/tracks/{identity}",
        "GET /v1/history/units/{identity}",
        "GET /v1/assessments",
    ),
    "act": (
        "POST /api/alerts/{identity}/acknowledge",
        "POST /api/alerts/{identity}/clear",
        "POST /api/alerts/{identity}/reject",
        "POST /v1/incidents/{identity}/actions",
        "GET /v1/incidents/{identity}/looks",
    ),
    "mark": ("POST /v1/incidents/{identity}/marking",),
    "levels": ("POST /v1/impact-levels",),
    "mute": ("POST /v1/sensors/{sensor}/mute",),
    "approve": (
        "GET /approvals",
        "POST /approvals",
        "GET /v1/approvals",
        "POST /v1/approvals/erasure",
        "POST /v1/approvals/{identity}/decision",
    ),
    "plan": (
        "GET /plan.html",
        "GET /api/plan/setup",
        "POST /api/plan/coverage",
        "POST /api/plan/difference",
        "POST /api/plan/viewshed",
        "POST /api/plan/layout",
        "GET /api/plan/pictures/{token}.png",
        "GET /api/plan/jobs",
        "POST /api/plan/jobs",
        "GET /api/plan/jobs/{name}",
        "GET /api/plan/jobs/{name}/report",
        "POST /api/plan/jobs/{name}/cancel",
    ),
    "people": ("GET /v1/people",),
    "audit": (
        "GET /audit",
        "GET /audit.css",
        "GET /v1/audit/entries",
        "GET /v1/audit/export",
        "GET /v1/audit/verification",
        "GET /v1/audit/consistency",
        "GET /v1/audit/anomalies",
    ),
    "handover": (
        "GET /handover",
        "GET /handover.pdf",
        "GET /after-action",
        "GET /after-action.pdf",
        "GET /v1/handover",
    ),
    "sign": ("POST /handover/notes",),
    "score": (
        "GET /scorecard",
        "GET /scorecard.pdf",
        "GET /v1/scorecard",
        "GET /action-plan",
        "GET /action-plan.pdf",
        "GET /action-plan.docx",
        "GET /v1/action-plan",
        "GET /drill",
    ),
    "export": ("GET /v1/export",),
    "partners": ("GET /partners", "GET /partners/gaps"),
    "share": ("POST /partners",),
    "eurosur": ("GET /eurosur", "POST /eurosur"),
    "units": (
        "POST /v1/units/{unit}/enrolments",
        "GET /v1/units/{unit}/devices",
        "POST /v1/units/{unit}/devices/{device}/revoke",
    ),
    "field": (
        "GET /v1/field/state",
        "GET /v1/field/stream",
        "POST /v1/field/replies",
        "POST /v1/field/positions",
        "GET /v1/field/map",
        "GET /v1/field/tiles/{layer}/{z}/{x}/{y}.png",
        "GET /v1/field/tiles/ground/{z}/{x}/{y}.mvt",
    ),
}
ROWS: Final = tuple(_rows())

_EXACT: Final[Mapping[str, Mapping[str, Right]]] = {
    path: {row.method: row.right for row in ROWS if row.path == path} for path in {row.path for row in ROWS}
}
_PATTERNS: Final = [
    (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), rights)
    for path, rights in _EXACT.items()
    if "{" in path
]
_TEMPLATES: Final = [
    (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path) for path in _EXACT if "{" in path
]


def rights_at(path: str) -> Mapping[str, Right]:
    """The right that each method needs at an address, by method; empty where the table has no row."""
    if "{" not in path and path in _EXACT:
        return _EXACT[path]
    return next((rights for pattern, rights in _PATTERNS if pattern.fullmatch(path)), {})


def template_at(path: str) -> str | None:
    """The row's path, as OpenAPI writes it, for an address; None where the table has no row."""
    if "{" not in path and path in _EXACT:
        return path
    return next((row for pattern, row in _TEMPLATES if pattern.fullmatch(path)), None)


def reads_logs(person: Person, sector: str) -> bool:
    """Whether a person administers the server, and so reads where its logs are and what they state."""
    return person.session.kind == "local" or person.role_in(sector) == "admin"


def has(person: Person, right: Right, sector: str) -> bool:
    """Whether a person has a right in a sector."""
    if right in ("open", "own"):
        return True
    return person.role_in(sector) in HOLDERS[right]
