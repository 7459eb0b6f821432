"""Field units log in by the client certificates of `broker config`, over real TLS; revocation ends what they may do."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from geo.errors import BadInput
from ingest.security.key_bundle import CERTIFICATE, CERTIFICATE_KEY
from ops.broker.certificates import Authority
from ops.broker.mosquitto_config import PROBE_EXPIRED, PROBE_STRANGER, BrokerFolder, BrokerOptions
from ops.field.certificates import UnitCertificates
from ops.field.devices import DeviceStore
from tests.patience import PATIENT_S

OPTIONS = BrokerOptions("hills", sensors=["radar-1"], units=["ops-centre", "patrol-1", "patrol-2", "patrol-9"])
STATE = "/v1/field/state"


class Site:
    """A server with the certificates of an installation."""

    def __init__(self, room: Any, broker: BrokerFolder) -> None:
        self.room, self.broker = room, broker

    @contextmanager
    def client(self, name: str = "", folder: str = "identities") -> Iterator[httpx.Client]:
        """A client with the certificate of a name; without one if it is empty."""
        trusting = ssl.create_default_context(cafile=str(self.room.folder / "tls" / "certificate.pem"))
        if name:
            bundle = self.broker.path / folder / name
            trusting.load_cert_chain(bundle / CERTIFICATE, bundle / CERTIFICATE_KEY)
        origin = {"Origin": self.room.address}
        with httpx.Client(base_url=self.room.address, verify=trusting, headers=origin, timeout=PATIENT_S) as client:
            yield client


@pytest.fixture
def site(tmp_path: Path, open_room: Callable[..., Any]) -> Iterator[Site]:
    broker = BrokerFolder(tmp_path / "broker-config")
    broker.write(OPTIONS)
    with open_room(tmp_path, broker=broker.path / "broker") as room:
        yield Site(room, broker)


def reply() -> dict[str, Any]:
    return {
        "action_id": "answer-0001", "action": "acknowledge", "incident": "I2", "alert": "", "by": "Sgt. Meyer",
        "at": "2026-03-01T22:00:00Z", "expected_revision": 0,
    }  # fmt: skip


def test_the_certificate_of_a_unit_is_its_login(site: Site) -> None:
    with site.client("patrol-1") as client:
        assert client.get(STATE).json()["unit"] == "patrol-1"
        answer = client.post("/v1/field/replies", json={"replies": [reply()]})
        assert answer.json()["results"] == [{"action_id": "answer-0001", "accepted": True, "problem": None}]
        assert [one.unit for one in site.room.journal.replies] == ["patrol-1"]
        login = client.get("/v1/field/certificate").json()
        assert (login["unit"], login["problem"]) == ("patrol-1", None)
    with site.client("patrol-2") as client:
        assert client.get(STATE).json()["unit"] == "patrol-2"
    [device] = site.room.devices.devices("patrol-1")
    assert device.id == login["device"]
    assert len(site.room.devices.devices("patrol-2")) == 1


def test_a_device_whose_code_was_revoked_comes_back_by_its_certificate_after_one_refusal(site: Site) -> None:
    devices = site.room.devices
    with site.client("patrol-1") as client:
        code = devices.new_code("patrol-1").code
        assert client.post("/v1/field/enrol", json={"code": code, "device": "Phone"}).status_code == 200
        assert client.get(STATE).status_code == 200
        [enrolled] = devices.devices("patrol-1")
        devices.revoke("patrol-1", enrolled.id)
        assert [client.get(STATE).status_code for _ in range(2)] == [401, 200]
    assert [one.id for one in devices.devices("patrol-1") if one.revoked_s is None] != [enrolled.id]


def test_a_certificate_opens_the_addresses_of_its_unit_and_no_other(site: Site) -> None:
    with site.client("patrol-1") as client:
        for path in ("/v1/incidents", "/v1/units/patrol-1/devices", "/api/stream"):
            assert client.get(path).status_code == 401, path
        made = client.post("/v1/units/patrol-2/enrolments")
        assert made.status_code == 401
        away = client.post("/v1/field/replies", json={"replies": [reply()]}, headers={"Origin": "https://evil.example"})
        assert away.status_code == 403, "a page elsewhere may not use the certificate of this browser"
    assert site.room.journal.replies == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", None),
        ("radar-1", "This certificate is not that of a field unit."),
        ("ops-centre", "This certificate is not that of a field unit."),
        ("field-units", "This certificate is not that of a field unit."),
        ("patrol-9", "This certificate is not that of a field unit."),
    ],
)
def test_others_of_the_installation_are_no_units(site: Site, name: str, sentence: str | None) -> None:
    with site.client(name) as client:
        refused = client.get(STATE)
        assert refused.status_code == 401
        assert client.get("/v1/field/certificate").json() == {"unit": None, "device": None, "problem": sentence}
        assert sentence is None or sentence in refused.text


@pytest.mark.parametrize("name", [PROBE_EXPIRED, PROBE_STRANGER])
def test_expired_certificates_and_those_of_another_authority_do_not_connect(site: Site, name: str) -> None:
    with site.client(name, "probes") as client, pytest.raises(httpx.TransportError):
        client.get(STATE)


def test_revocation_of_the_certificate_ends_an_open_connection_and_an_open_stream(site: Site) -> None:
    with site.client("patrol-1") as client, site.client("patrol-2") as other:
        assert client.get(STATE).status_code == 200
        with client.stream("GET", "/v1/field/stream") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry:")
            site.broker.revoke("patrol-1")
            assert [line for line in lines if line.startswith("event: revoked")] == [], "it ends"
        refused = client.get(STATE)
        assert (refused.status_code, "revoked" in refused.text) == (401, True)
        assert other.get(STATE).status_code == 200
        login = client.get("/v1/field/certificate").json()
        assert (login["unit"], login["problem"]) == (None, "This certificate was revoked.")
    site.broker.write(BrokerOptions("hills", sensors=["radar-1"], units=OPTIONS.units, renew=["patrol-1"]))
    with site.client("patrol-1") as client:
        assert client.get(STATE).status_code == 200, "its new certificate"


def test_a_supervisor_revokes_the_device_of_a_certificate_as_any_other(site: Site) -> None:
    with site.client("patrol-1") as client, site.client() as browser:
        assert client.get(STATE).status_code == 200
        supervisor = site.room.token("supervisor")
        [device] = browser.get("/v1/units/patrol-1/devices", headers=supervisor).json()
        assert device["name"] == "Certificate"
        revoked = browser.post(f"/v1/units/patrol-1/devices/{device['id']}/revoke", headers=supervisor)
        assert revoked.status_code == 200
        refused = client.get(STATE)
        assert (refused.status_code, "This device was revoked." in refused.text) == (401, True)


def test_the_login_is_in_the_audit_log(site: Site) -> None:
    with site.client("patrol-1") as client:
        device = client.get("/v1/field/certificate").json()["device"]
    site.room.log.close()
    text = b"".join(path.read_bytes() for path in sorted((site.room.folder / "audit").glob("*.log"))).decode()
    assert f"device {device} of unit patrol-1 logged in by certificate" in text


def test_without_a_revocation_list_of_the_authority_no_one_is_admitted(site: Site) -> None:
    path = site.broker.path / "broker" / "crl.pem"
    good = path.read_bytes()
    other = Authority(site.broker.path / "other", name="another authority")
    other.client("patrol-1", 1.0)
    with site.client("patrol-1") as client:
        for place, content in enumerate((b"nothing", other.revocation_list())):
            path.write_bytes(content)
            os.utime(path, ns=(place + 1, place + 1))
            assert client.get(STATE).status_code == 401
        path.unlink()
        assert client.get(STATE).status_code == 401
        path.write_bytes(good)
        assert client.get(STATE).status_code == 200


def test_a_folder_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "field.db")
    with pytest.raises(BadInput, match="watchline broker config"):
        UnitCertificates(tmp_path, {"patrol-1"}, store)
    store.close()
