"""Posts over real connections: what is delivered, what is refused, and that a receiver that hangs delays no other."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path

import httpcore
import pytest

from ops.broker.certificates import Authority
from ops.runtime.processes.reserved_port import ReservedPort
from ops.services.feeds.feed import Undeliverable
from ops.services.feeds.push.addresses import AddressRule
from ops.services.feeds.push.client import CONNECTIONS, PushClient, PushFailed, PushTarget, Resolve, addresses_of
from tests.ops.services.feeds.push.receiving import Post, receiver, silent, status
from tests.patience import PATIENT_S

HERE = AddressRule([ip_network("127.0.0.1/32")])
TIMEOUT_S = PATIENT_S
"""Of an attempt that is answered: a busy machine may take its time."""
QUICK_S = 2.0
"""Of attempts that nobody answers."""


def made(body: bytes = b'{"number":1}') -> Callable[[], tuple[bytes, dict[str, str]]]:
    return lambda: (body, {"Content-Type": "application/json", "webhook-id": "hills.A1.0"})


@contextmanager
def client(
    *targets: tuple[str, str], rule: AddressRule = HERE, resolve: Resolve = addresses_of, timeout_s: float = TIMEOUT_S
) -> Iterator[PushClient]:
    one = PushClient({name: PushTarget(url, rule) for name, url in targets}, timeout_s=timeout_s, resolve=resolve)
    try:
        yield one
    finally:
        one.close()


def failure(one: PushClient, name: str = "a") -> str:
    with pytest.raises(PushFailed) as caught:
        one.post(name, made()).result(PATIENT_S)
    return str(caught.value)


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_a_status_of_success_is_a_delivery(code: int) -> None:
    with receiver(status(code)) as there, client(("a", there.url)) as one:
        one.post("a", made()).result(PATIENT_S)
        (post,) = there.posts
    assert (post.path, post.body) == ("/hook", b'{"number":1}')
    assert (post.headers["content-type"], post.headers["webhook-id"]) == ("application/json", "hills.A1.0")
    assert post.headers["host"] == f"127.0.0.1:{there.port}"


@pytest.mark.parametrize("code", [301, 302, 303, 304, 400, 401, 404, 408, 429, 500, 503])
def test_any_other_status_is_tried_again(code: int) -> None:
    with receiver(status(code, Location="/elsewhere")) as there, client(("a", there.url)) as one:
        assert failure(one) == f"answered {code}"
        assert [post.path for post in there.posts] == ["/hook"]


@pytest.mark.parametrize("code", [410, 413])
def test_a_final_refusal_is_not_tried_again(code: int) -> None:
    with (
        receiver(status(code)) as there,
        client(("a", there.url)) as one,
        pytest.raises(Undeliverable, match=f"{code}"),
    ):
        one.post("a", made()).result(PATIENT_S)


def test_the_first_address_is_refused_unless_it_is_allowed() -> None:
    with receiver() as there, client(("a", there.url), rule=AddressRule()) as one:
        assert "not public" in failure(one)
        assert there.posts == []


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_no_notation_of_this_machine_is_public(host: str) -> None:
    with receiver() as there, client(("a", f"https://{host}:{there.port}/"), rule=AddressRule()) as one:
        assert failure(one)
        assert there.posts == []


def test_a_name_with_one_address_that_is_not_allowed_is_refused() -> None:
    def both(_: str, __: int) -> list[str]:
        return ["127.0.0.1", "10.0.0.1"]

    with receiver() as there, client(("a", f"http://partner.example:{there.port}/"), resolve=both) as one:
        assert "not public" in failure(one)
        assert there.posts == []


def test_the_connection_goes_to_the_address_that_was_checked_and_each_new_one_is_checked_again() -> None:
    """DNS rebinding: the name's first answer is allowed, and every later one is not."""
    answers = iter((["127.0.0.1"], ["127.0.0.2"]))
    asked = []

    def rebound(host: str, _: int) -> list[str]:
        asked.append(host)
        return next(answers)

    def once(handler: BaseHTTPRequestHandler, post: Post) -> None:
        status(204, Connection="close")(handler, post)
        handler.close_connection = True

    with receiver(once) as there, client(("a", f"http://partner.example:{there.port}/"), resolve=rebound) as one:
        one.post("a", made()).result(PATIENT_S)
        assert "not public" in failure(one)
        assert (asked, len(there.posts)) == (["partner.example"] * 2, 1)


@pytest.mark.parametrize("code", [307, 308])
def test_a_redirect_that_keeps_the_method_is_followed_to_what_is_allowed(code: int) -> None:
    with (
        receiver() as target,
        receiver(status(code, Location=f"{target.url}?moved")) as there,
        client(("a", there.url)) as one,
    ):
        one.post("a", made()).result(PATIENT_S)
    assert [post.path for post in target.posts] == ["/hook?moved"]
    assert target.posts[0].body == there.posts[0].body


@pytest.mark.parametrize(
    "location",
    ["http://10.0.0.1/", "http://[::1]:9/", "http://169.254.169.254/latest/meta-data", "http://127.0.0.2:9/", "ftp://x/",
     "//127.0.0.3/", "http://user:secret@127.0.0.1/", "http://[", "file:///etc/passwd"],
)  # fmt: skip
def test_a_redirect_to_where_no_receiver_may_be_is_not_followed(location: str) -> None:
    with receiver(status(307, Location=location)) as there, client(("a", there.url)) as one:
        said = failure(one)
    assert "not allowed" in said or "not public" in said, said
    assert "secret" not in said


def test_a_name_that_a_redirect_names_is_resolved_and_checked() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.1"] if host == "inside.example" else addresses_of(host, port)

    inside = status(307, Location="http://inside.example/")
    with receiver(inside) as there, client(("a", there.url), resolve=resolve) as one:
        assert "not public" in failure(one)


def test_redirects_in_a_circle_end() -> None:
    with receiver(status(308, Location="/hook")) as there, client(("a", there.url)) as one:
        assert failure(one) == "redirects more than 3 times"
        assert len(there.posts) == 4


def endless_headers(handler: BaseHTTPRequestHandler, _: Post) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-More: " + b"x" * 65_536 + b"\r\n")


def endless_continue(handler: BaseHTTPRequestHandler, _: Post) -> None:
    while True:
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)


def nonsense(handler: BaseHTTPRequestHandler, _: Post) -> None:
    handler.wfile.write(b"\x00\xff" * 1_000 + b"\r\n\r\n")
    handler.close_connection = True


@pytest.mark.parametrize("answer", [endless_headers, endless_continue, nonsense])
def test_an_answer_without_end_or_sense_fails(answer: Callable[[BaseHTTPRequestHandler, Post], None]) -> None:
    with receiver(answer) as there, client(("a", there.url), timeout_s=QUICK_S) as one:
        assert failure(one)


def test_silence_and_a_byte_at_a_time_end_within_the_time_of_an_attempt() -> None:
    with silent() as port, slow_receiver() as slow:
        targets = ("a", f"http://127.0.0.1:{port}/"), ("b", slow)
        with client(*targets, timeout_s=QUICK_S) as one:
            assert failure(one, "a") == failure(one, "b") == "no answer within 2 s"


def test_receivers_that_hang_delay_no_other() -> None:
    with silent() as port, slow_receiver() as slow, receiver() as good:
        targets = [("silent", f"http://127.0.0.1:{port}/"), ("slow", slow), ("good", good.url)]
        with client(*targets, timeout_s=3600.0) as one:
            hanging = [one.post(name, made()) for name in ("silent", "slow") for _ in range(50)]
            for number in range(50):
                one.post("good", made(b"%d" % number)).result(PATIENT_S)
            assert not any(future.done() for future in hanging)
        assert [post.body for post in good.posts] == [b"%d" % number for number in range(50)]


@contextmanager
def slow_receiver() -> Iterator[str]:
    """A receiver that writes one byte of its answer in each fifth of a second, so that no single read takes long."""

    def write_slowly(handler: BaseHTTPRequestHandler, _: Post) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
            handler.wfile.write(bytes([byte]))
            if there.ended.wait(0.2):
                return

    with receiver(write_slowly) as there:
        yield there.url


def test_a_long_answer_is_not_read() -> None:
    written = threading.Event()

    def huge(handler: BaseHTTPRequestHandler, _: Post) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**12))
        handler.end_headers()
        try:
            for _ in range(10_000):  # 640 MB
                handler.wfile.write(b"x" * 65_536)
            written.set()
        finally:
            handler.close_connection = True

    with receiver(huge) as there, client(("a", there.url)) as one:
        one.post("a", made()).result(PATIENT_S)
        one.post("a", made()).result(PATIENT_S)
    assert not written.is_set()


@pytest.mark.parametrize(
    "headers", [{"Content-Length": "00000000099999999999"}, {"Content-Length": "10", "Transfer-Encoding": "chunked"}]
)
def test_a_long_answer_that_states_a_short_length_is_not_read(headers: dict[str, str]) -> None:
    """A length with zeros before it, and one beside chunks, which do not count it (RFC 9112, 6.3)."""
    written = []

    def huge(handler: BaseHTTPRequestHandler, _: Post) -> None:
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.close_connection = True
        while not there.ended.is_set():  # ends with the connection
            handler.wfile.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            written.append(65_536)
            if sum(written) > 1_000_000_000:
                return

    async def longest_read(one: PushClient) -> int:
        read = 0
        before = httpcore.Response.aiter_stream

        async def counted(self: httpcore.Response) -> AsyncIterator[bytes]:
            nonlocal read
            async for part in before(self):
                read += len(part)
                yield part

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(httpcore.Response, "aiter_stream", counted)
            assert (await one._answer(one._lines["a"], *made()())).status == 200
        return read

    with receiver(huge) as there, client(("a", there.url)) as one:
        read = asyncio.run_coroutine_threadsafe(longest_read(one), one._loop).result(PATIENT_S)
    assert read < 1_000_000


def test_a_name_that_does_not_resolve_in_time_fails_and_delays_no_other() -> None:
    free = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        if host == "lost.example":
            assert free.wait(PATIENT_S)
        return ["127.0.0.1"]

    with receiver() as there:
        good, lost = f"http://good.example:{there.port}/", f"http://lost.example:{there.port}/"
        with client(("good", good), ("lost", lost), resolve=resolve, timeout_s=3600.0) as one:
            waiting = one.post("lost", made())
            one.post("good", made()).result(PATIENT_S)
            assert not waiting.done()
            with client(("lost", lost), resolve=resolve, timeout_s=QUICK_S) as other:
                assert failure(other, "lost") == "no answer within 2 s"
            assert len(there.posts) == 1
            free.set()
            waiting.result(PATIENT_S)
    assert len(there.posts) == 2


def test_a_port_without_a_receiver_fails() -> None:
    nobody = ReservedPort()
    with client(("a", f"http://127.0.0.1:{nobody.number}/secret-path")) as one:
        assert "secret-path" not in failure(one)
    nobody.release()


def test_closing_ends_attempts_that_hang() -> None:
    with silent() as port:
        one = PushClient({"a": PushTarget(f"http://127.0.0.1:{port}/", HERE)}, timeout_s=10 * PATIENT_S)
        waiting = one.post("a", made())
        begun = time.monotonic()
        one.close()
        assert wait([waiting], PATIENT_S).done
        assert waiting.cancelled() or waiting.exception() is not None
        assert time.monotonic() - begun < PATIENT_S


def test_tls_is_verified_with_the_authority_of_the_settings(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca", name="partner")
    pair = authority.server(["partner.example"], 30)
    (tmp_path / "server.pem").write_bytes(pair.certificate)
    (tmp_path / "server.key").write_bytes(pair.key)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    trusted = ssl.create_default_context(cafile=str(tmp_path / "ca" / "ca.pem"))

    def here(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    with receiver(tls=served) as there:
        url = f"https://partner.example:{there.port}/"
        targets = {
            "a": PushTarget(url, HERE, trusted),
            "other name": PushTarget(f"https://other.example:{there.port}/", HERE, trusted),
            "not trusted": PushTarget(url, HERE),
        }
        one = PushClient(targets, timeout_s=TIMEOUT_S, resolve=here)
        one.post("a", made()).result(PATIENT_S)
        for name in ("other name", "not trusted"):
            assert "certificate verify failed" in failure(one, name).lower()
        one.close()
    assert len(there.posts) == 1


def test_a_redirect_from_tls_to_plain_text_is_not_followed(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca", name="partner")
    pair = authority.server(["127.0.0.1"], 30)
    (tmp_path / "server.pem").write_bytes(pair.certificate)
    (tmp_path / "server.key").write_bytes(pair.key)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    trusted = ssl.create_default_context(cafile=str(tmp_path / "ca" / "ca.pem"))
    with receiver() as plain, receiver(status(307, Location=plain.url), tls=served) as there:
        one = PushClient({"a": PushTarget(f"https://127.0.0.1:{there.port}/", HERE, trusted)}, timeout_s=TIMEOUT_S)
        assert "not allowed" in failure(one)
        one.close()
    assert plain.posts == []


def test_attempts_that_end_at_any_step_leave_the_connections_for_others() -> None:
    """Attempts are cancelled after each number of steps of the client's loop, as when their time is over."""

    async def cancelled_after(one: PushClient, steps: int) -> None:
        task = asyncio.create_task(one._answer(one._lines["a"], *made()()))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def every_number(one: PushClient) -> None:
        for steps in range(30):
            await asyncio.gather(*(cancelled_after(one, steps) for _ in range(2 * CONNECTIONS)))

    with receiver() as there, client(("a", there.url), timeout_s=PATIENT_S) as one:
        asyncio.run_coroutine_threadsafe(every_number(one), one._loop).result(PATIENT_S)
        one.post("a", made(b"after")).result(PATIENT_S)
        assert b"after" in [post.body for post in there.posts]
