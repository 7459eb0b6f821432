"""CAP documents and GeoRSS feeds from a real server: valid, signed, complete, recorded, and only of what is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from capvalidator.validate import Validator
from lxml import etree

from ops.audit.log import AuditLog
from ops.broker.certificates import Authority
from ops.export.warnings.cap import CapIssuer
from ops.export.warnings.signature import signed, verified
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.serving.server import serving
from ops.services.api.warnings.routes import CapService
from ops.store.writer import Store
from tests.ops.services.api.test_app import HOSTILE, T0, T0_NS, alert
from tests.patience import PATIENT_S

NAMES = {"a": "http://www.w3.org/2005/Atom", "g": "http://www.georss.org/georss"}
INCIDENT = {
    "id": "I1", "revision": 0, "state": "open", "kind": "movement", "priority": "high", "name": "Bravo 17",
    "opened_at": T0.isoformat(), "updated_at": T0.isoformat(), "lead": "A1", "sentence": "Crossing", "lon": -84.2,
    "lat": 36.6, "alerts": ["A1"],
}  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A server with an alert in three revisions, one with hostile text, and an incident; documents are signed."""
    folder = tmp_path_factory.mktemp("warnings")
    store, log, authority = Store(folder / "store.db"), AuditLog(folder / "audit"), Authority(folder / "ca", name="ca")
    pair = authority.client("feed", 30)
    times = [(T0 + timedelta(seconds=10 * number)).isoformat() for number in range(3)]
    store.commit(1, stamp_ns=T0_NS, alerts=[alert(1, 0, updated_at=times[0]), alert(5, sentence=HOSTILE)])
    store.commit(2, stamp_ns=T0_NS, alerts=[alert(1, 1, updated_at=times[1], position_sd_m=20.0)])
    store.commit(
        3, stamp_ns=T0_NS, alerts=[alert(1, 2, updated_at=times[2], status="cleared", reason="seen off")],
        incident_revisions=[INCIDENT],
    )  # fmt: skip
    service = CapService(CapIssuer("hills", "Hills", language="fr"), lambda document: signed(document, pair))
    settings = ApiSettings("hills", operator="m.keller", pages=folder / "not-built", cap=service)
    app = create_app(store.path, settings, act=lambda _: None, now_ns=lambda: T0_NS, access_log=log)
    with serving(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENT_S) as client:
        yield SimpleNamespace(client=client, log=log, authority=authority.folder / "ca.pem", folder=folder)
    store.close()


def entries(room: SimpleNamespace, path: str) -> list[etree._Element]:
    answer = room.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml"), answer.text
    return etree.fromstring(answer.content).findall("a:entry", NAMES)


def href(entry: etree._Element) -> str:
    link = entry.find("a:link", NAMES)
    assert link is not None
    return str(link.get("href"))


def test_each_entry_of_the_cap_feed_leads_to_a_valid_signed_document(room: SimpleNamespace) -> None:
    found = entries(room, "/v1/cap/feed.atom")
    assert [one.findtext("a:id", namespaces=NAMES) for one in found] == [
        "urn:watchline:hills:alert:A5", "urn:watchline:hills:alert:A1",
    ]  # fmt: skip
    for entry in found:
        answer = room.client.get(href(entry))
        assert answer.headers["content-type"] == "application/cap+xml"
        assert Validator(answer.content).schema()[0], answer.text
        assert Validator(answer.content).signature()[0]
        root = verified(answer.content, room.authority)
        assert root.findtext("{*}info/{*}headline") == (entry.findtext("a:title", namespaces=NAMES) or "")


def test_every_revision_stays_at_its_address_and_refers_to_the_earlier_ones(room: SimpleNamespace) -> None:
    def stated(revision: int) -> tuple[str | None, str | None, int]:
        root = verified(room.client.get(f"/v1/cap/hills.A1.{revision}.xml").content, room.authority)
        references = root.findtext("{*}references") or ""
        return root.findtext("{*}msgType"), root.findtext("{*}status"), len(references.split())

    assert [stated(revision) for revision in range(3)] == [
        ("Alert", "Actual", 0), ("Update", "Actual", 1), ("Cancel", "Actual", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "address", ["hills.A1.3", "hills.A1", "other.A1.0", "hills.I1.0", "hills.A99.0", "..%2f..%2fetc.0", "hills.A1.00"]
)
def test_an_identifier_that_names_no_revision_is_not_found(room: SimpleNamespace, address: str) -> None:
    answer = room.client.get(f"/v1/cap/{address}.xml")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_georss_states_alerts_and_incidents_with_their_positions(room: SimpleNamespace) -> None:
    alerts, (incident,) = entries(room, "/v1/alerts.georss"), entries(room, "/v1/incidents.georss")
    assert [one.findtext("g:point", namespaces=NAMES) for one in alerts] == ["36.6000000 -84.2000000"] * 2
    assert incident.findtext("a:title", namespaces=NAMES) == "Bravo 17: Crossing"
    assert incident.findtext("g:point", namespaces=NAMES) == "36.6000000 -84.2000000"
    assert room.client.get(href(alerts[1])).json()["id"] == "A1"
    assert href(incident).endswith("/v1/incidents/I1")
    assert len(entries(room, "/v1/alerts.georss?limit=1")) == 1
    assert room.client.get("/v1/alerts.georss?limit=0").status_code == 422


def test_a_program_that_polls_gets_304_until_something_changes(room: SimpleNamespace) -> None:
    for path in ("/v1/cap/feed.atom", "/v1/alerts.georss", "/v1/incidents.georss"):
        tag = room.client.get(path).headers["etag"]
        assert room.client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_every_read_is_in_the_audit_log_with_its_purpose(room: SimpleNamespace) -> None:
    paths = {
        "/v1/cap/feed.atom": "alerts as a CAP feed",
        "/v1/cap/hills.A1.0.xml": "alert hills.A1.0 as CAP",
        "/v1/alerts.georss": "alerts as GeoRSS",
        "/v1/incidents.georss": "incidents as GeoRSS",
    }
    for path in paths:
        room.client.get(path, headers={"Purpose": "exchange with the coast guard"})
    logged = "".join(one.read_text() for one in Path(room.folder / "audit").rglob("*") if one.is_file()
                     and one.suffix != ".key")  # fmt: skip
    for path, subject in paths.items():
        assert f"GET {path}" in logged
        assert subject in logged
    assert logged.count("exchange with the coast guard") == len(paths)
