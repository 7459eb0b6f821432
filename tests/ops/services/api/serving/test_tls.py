"""TLS: the certificate of the site or one of our own, and that nothing is served beyond this computer without it."""

from __future__ import annotations

import argparse
import asyncio
import select
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from geo.errors import BadInput
from ops.services.api.app import ApiSettings, create_app
from ops.services.api.guard import GuardSettings
from ops.services.api.serving.endpoint import Endpoint
from ops.services.api.serving.handshakes import Listener
from ops.services.api.serving.local_port import listen
from ops.services.api.serving.renewal import CertificateRenewal
from ops.services.api.serving.server import serving
from ops.services.api.serving.tls import RENEWED_BEFORE, VALID_FOR, Tls, own_certificate
from tests.patience import PATIENT_S

NOW = datetime.now(UTC)


def test_a_certificate_of_our_own_serves_its_names_and_is_kept(tmp_path: Path) -> None:
    tls = own_certificate(tmp_path / "tls", ["ops.example", "[2001:db8::1]"], NOW)
    assert {"localhost", "127.0.0.1", "[::1]", "ops.example", "[2001:db8::1]"} <= set(tls.names())
    assert tls.key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700
    assert len(tls.fingerprint().split(":")) == 32
    before = tls.fingerprint()
    assert own_certificate(tmp_path / "tls", [], NOW).fingerprint() == before
    assert own_certificate(tmp_path / "tls", ["another.example"], NOW).fingerprint() != before
    before = tls.fingerprint()
    late = NOW + VALID_FOR - RENEWED_BEFORE + timedelta(hours=1)
    assert own_certificate(tmp_path / "tls", [], late).fingerprint() != before


def test_a_browser_that_trusts_the_certificate_reads_over_tls(tmp_path: Path) -> None:
    tls = own_certificate(tmp_path / "tls", ["ops.example"], NOW)
    guard = GuardSettings(hosts=tls.names())
    app = create_app(tmp_path / "s.db", ApiSettings("x", guard=guard), act=print, now_ns=lambda: 0)
    with serving(app, tls=tls) as port:
        trusting = ssl.create_default_context(cafile=str(tls.certificate))
        with httpx.Client(verify=trusting, timeout=PATIENT_S) as client:
            answer = client.get(f"https://127.0.0.1:{port}/v1/me")
            assert answer.status_code == 200
            named = client.get(f"https://127.0.0.1:{port}/v1/me", headers={"Host": f"ops.example:{port}"})
            assert named.status_code == 200
            assert named.headers["strict-transport-security"].startswith("max-age=")
            assert "strict-transport-security" not in answer.headers
            other = client.get(f"https://127.0.0.1:{port}/v1/me", headers={"Host": "evil.example"})
            assert other.status_code == 421
        with pytest.raises(httpx.ConnectError, match="certificate"):
            httpx.get(f"https://127.0.0.1:{port}/v1/me", timeout=PATIENT_S)
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/v1/me", timeout=PATIENT_S)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", port)) as raw, pytest.raises(ssl.SSLError):
            old.wrap_socket(raw)


def presented(port: int) -> str:
    """The fingerprint of the certificate that a new connection gets, as browsers show it."""
    pem = ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENT_S)
    return x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex(":").upper()


@contextmanager
def looked_after(
    folder: Path, tls: Tls, monkeypatch: pytest.MonkeyPatch, now: Callable[[], datetime]
) -> Iterator[tuple[int, CertificateRenewal]]:
    """A server whose certificate is looked after by the test, not by a thread of its own, at the times of ``now``."""
    kept: list[tuple[ssl.SSLContext, asyncio.AbstractEventLoop]] = []

    @contextmanager
    def renewing(_: Tls, context: ssl.SSLContext, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        kept.append((context, loop))
        yield

    monkeypatch.setattr("ops.services.api.serving.renewal.renewing", renewing)
    app = create_app(folder / "s.db", ApiSettings("x"), act=print, now_ns=lambda: 0)
    with serving(app, tls=tls) as port:
        yield port, CertificateRenewal(tls, *kept[0], now)


def test_a_running_server_renews_its_own_certificate_before_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [NOW]
    tls = own_certificate(tmp_path / "tls", ["ops.example"], NOW)
    first = tls.fingerprint()
    with looked_after(tmp_path, tls, monkeypatch, lambda: times[-1]) as (port, renewal):
        renewal.look()
        assert presented(port) == first
        times.append(NOW + VALID_FOR - RENEWED_BEFORE + timedelta(hours=1))
        renewal.look()
        assert presented(port) == tls.fingerprint() != first
        assert "ops.example" in tls.names()
        assert tls.ends() > times[-1] + RENEWED_BEFORE
        second = tls.fingerprint()
        own_certificate(
            tmp_path / "tls", ["another.example"], times[-1]
        )  # the start of another server with this folder
        assert "ops.example" not in tls.names()
        renewal.look()
        assert presented(port) == tls.fingerprint() != second
        assert {"ops.example", "another.example"} <= set(tls.names())


def test_a_running_server_reads_the_certificate_of_the_site_again_and_warns_before_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (own_certificate(tmp_path / name, [], NOW) for name in ("first", "second"))
    site = Tls(tmp_path / "site.pem", tmp_path / "site.key")
    times = [NOW]

    def copy(source: Path, target: Path) -> None:
        shutil.copy(source, tmp_path / "new")
        (tmp_path / "new").replace(target)

    copy(first.certificate, site.certificate)
    copy(first.key, site.key)
    with looked_after(tmp_path, site, monkeypatch, lambda: times[-1]) as (port, renewal):
        renewal.look()
        copy(second.certificate, site.certificate)
        renewal.look()  # amid the change: the key is still that of the first
        assert presented(port) == first.fingerprint()
        assert "KEY_VALUES_MISMATCH" in caplog.messages[-1]
        copy(second.key, site.key)
        renewal.look()
        assert presented(port) == second.fingerprint()
        assert second.fingerprint() in caplog.messages[-1]
        before = len(caplog.messages)
        times.append(NOW + VALID_FOR - timedelta(days=3))
        renewal.look()
        renewal.look()
        ends = f"{site.certificate}, ends on {NOW + VALID_FOR:%Y-%m-%d}."
        assert [ends in message for message in caplog.messages[before:]] == [True], "once a day"
        assert presented(port) == second.fingerprint(), "that of the site is not replaced by one of our own"


@pytest.mark.parametrize("own", [True, False])
def test_the_process_of_the_server_knows_whether_it_renews_its_certificate(own: bool) -> None:
    tls, parser = Tls(Path("c.pem"), Path("k.pem"), own=own), argparse.ArgumentParser()
    Tls.add_arguments(parser)
    assert Tls.from_arguments(parser.parse_args(tls.arguments())) == tls
    assert Tls.from_arguments(parser.parse_args([])) is None


def test_a_server_looks_after_its_certificate_from_its_start(tmp_path: Path) -> None:
    """The renewal is that of the tests above: here, only that a server has one."""
    late = NOW - VALID_FOR + timedelta(days=1)
    tls = own_certificate(tmp_path / "tls", [], late)
    first = tls.fingerprint()
    app = create_app(tmp_path / "s.db", ApiSettings("x"), act=print, now_ns=lambda: 0)
    with serving(app, tls=tls) as port:
        deadline = time.monotonic() + PATIENT_S
        while (found := presented(port)) == first and time.monotonic() < deadline:
            time.sleep(0.05)
    assert found == tls.fingerprint() != first


@pytest.mark.parametrize(("within_s", "most"), [(0.5, 1000), (3600.0, 20)])
def test_handshakes_that_do_not_end_leave_room_for_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within_s: float, most: int
) -> None:
    monkeypatch.setattr(Listener, "handshake_within_s", within_s)
    monkeypatch.setattr(Listener, "most_handshakes", most)
    tls = own_certificate(tmp_path / "tls", [], NOW)
    app = create_app(tmp_path / "s.db", ApiSettings("x"), act=print, now_ns=lambda: 0)
    trusting = ssl.create_default_context(cafile=str(tls.certificate))
    with (
        serving(app, tls=tls) as port,
        ExitStack() as stack,
        httpx.Client(verify=trusting, timeout=PATIENT_S) as client,
    ):

        def browser() -> int:
            """The status of a page over a connection of its own; again where the machine took longer than 0.5 s."""
            while True:
                try:
                    return client.get(f"https://127.0.0.1:{port}/v1/me", headers={"Connection": "close"}).status_code
                except httpx.TransportError:
                    assert within_s < 1.0, "ended, though nothing limits its time"

        assert browser() == 200
        idle = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENT_S)) for _ in range(100)
        ]
        ended = idle if most > len(idle) else idle[:-most]
        assert [one.recv(1) for one in ended] == [b""] * len(ended)
        for _ in range(30):
            assert browser() == 200
        if most < len(idle):  # those 30 are complete, and have displaced no more than one
            poller = select.poll()  # a process of many tests has more open files than select() takes
            for one in idle[-most + 1 :]:
                poller.register(one, select.POLLIN)
            assert poller.poll(0) == []


def test_handshakes_of_one_address_displace_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """3 of 127.0.0.2; of all 7, then the oldest of this computer, which has most."""
    monkeypatch.setattr("ops.services.api.serving.handshakes.place_of", lambda peer: peer[0].removeprefix("127.0.0.1"))
    monkeypatch.setattr(Listener, "most_of_one_place", 3)
    monkeypatch.setattr(Listener, "most_handshakes", 7)
    with Listener(listen(0)) as listening, ExitStack() as stack:
        listening.settimeout(PATIENT_S)
        port = listening.getsockname()[1]

        def begin(source: str) -> socket.socket:
            made = socket.create_connection(("127.0.0.1", port), timeout=PATIENT_S, source_address=(source, 0))
            stack.enter_context(made)
            stack.enter_context(listening.accept()[0])
            return made

        far, here = [begin("127.0.0.2") for _ in range(4)], [begin("127.0.0.1") for _ in range(5)]
        for ended in (far[0], here[0]):
            assert ended.recv(1) == b""
        for open_one in (*far[1:], *here[1:]):
            open_one.setblocking(False)
            with pytest.raises(BlockingIOError):
                open_one.recv(1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": "0.0.0.0"}, "0.0.0.0 can be reached by other machines; expected --tls, or --certificate"),
        ({"host": "192.0.2.1"}, "192.0.2.1 can be reached by other machines"),
        ({"host": "::"}, ":: can be reached by other machines"),
        ({"host": "0.0.0.0", "tls": True, "accounts": False}, "because a demonstration has no accounts"),
        ({"host": "ops.example", "tls": True}, "'ops.example' is not an IP address"),
        ({"host": "", "tls": True}, "'' is not an IP address"),
        ({"certificate": Path("c.pem")}, "--key: is missing"),
        ({"key": Path("k.pem")}, "--certificate: is missing"),
    ],
)
def test_beyond_this_computer_only_with_tls_and_accounts(options: dict, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        Endpoint(**options)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_computer_needs_no_tls(host: str, tmp_path: Path) -> None:
    endpoint = Endpoint(host)
    assert endpoint.prepared_tls(tmp_path) is None
    with endpoint.listen() as listening:
        shown = f"[{host}]" if ":" in host else host
        assert endpoint.address(listening) == f"http://{shown}:{listening.getsockname()[1]}/"
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_of_the_site_is_checked_before_anything_starts(tmp_path: Path) -> None:
    good, other = own_certificate(tmp_path / "a", [], NOW), own_certificate(tmp_path / "b", [], NOW)
    Endpoint(certificate=good.certificate, key=good.key).check()
    (tmp_path / "text").write_text("no certificate")
    for certificate, key, sentence in (
        (tmp_path / "none", good.key, "--certificate .*no such file"),
        (good.certificate, tmp_path / "none", "--key .*no such file"),
        (tmp_path / "text", good.key, "cannot be used"),
        (good.certificate, other.key, "cannot be used .*KEY_VALUES_MISMATCH"),
    ):
        with pytest.raises(BadInput, match=sentence):
            Endpoint(certificate=certificate, key=key).check()
    with pytest.raises(BadInput, match="expired on"):
        good.check(NOW + VALID_FOR + timedelta(days=1))
