"""A simulated ONVIF camera: a SOAP server over real HTTP that checks WS-Security digests, turns, and gives a still.

Written from the ONVIF Core, PTZ and Media specifications, WS-Security UsernameToken Profile 1.1 and RFC 7616, without
the client that it tests. Its head arrives after a number of questions, not after a time.
"""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lxml import etree

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
TT, TDS, TRT, TPTZ = (
    "http://www.onvif.org/ver10/schema",
    "http://www.onvif.org/ver10/device/wsdl",
    "http://www.onvif.org/ver10/media/wsdl",
    "http://www.onvif.org/ver20/ptz/wsdl",
)
FRESH = timedelta(minutes=10)
USER, PASSWORD = "watch", "Secret of the mast 7"


class Device:
    """State and answers of the camera; a test sets what goes wrong. ``steps``: questions until the head stands."""

    def __init__(self, still: bytes) -> None:
        self.still, self.steps = still, 2
        self.ahead = timedelta(0)
        self.here, self.there, self.left = (0.0, 0.0), (0.0, 0.0), 0
        self.asked: list[str] = []
        self.faults: dict[str, str] = {}
        """By operation the fault code that answers it; ``hang``: no answer, ``html``: another, ``302``: a redirect,
        ``drip``: one header that never ends, byte by byte; ``drip body``: a body, likewise."""
        self.says_moving = True
        self.elsewhere = ""
        self.challenges = ['Digest realm="camera", nonce="n1", qop="auth", algorithm=MD5']
        self.over = threading.Event()
        self.bodies: list[bytes] = []

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def answer(self, operation: str, call: Any, base: str) -> str:
        host = self.elsewhere or base
        if operation == "GetSystemDateAndTime":
            at = self.now()
            return (
                "<d:GetSystemDateAndTimeResponse><d:SystemDateAndTime><t:DateTimeType>NTP</t:DateTimeType>"
                "<t:DaylightSavings>false</t:DaylightSavings><t:UTCDateTime>"
                f"<t:Time><t:Hour>{at.hour}</t:Hour><t:Minute>{at.minute}</t:Minute><t:Second>{at.second}</t:Second></t:Time>"
                f"<t:Date><t:Year>{at.year}</t:Year><t:Month>{at.month}</t:Month><t:Day>{at.day}</t:Day></t:Date>"
                "</t:UTCDateTime></d:SystemDateAndTime></d:GetSystemDateAndTimeResponse>"
            )
        if operation == "GetCapabilities":
            return (
                "<d:GetCapabilitiesResponse><d:Capabilities>"
                f"<t:Media><t:XAddr>{host}/onvif/media</t:XAddr><t:StreamingCapabilities/></t:Media>"
                f"<t:PTZ><t:XAddr>{host}/onvif/ptz</t:XAddr></t:PTZ>"
                "</d:Capabilities></d:GetCapabilitiesResponse>"
            )
        if operation == "GetProfiles":
            return (
                '<m:GetProfilesResponse><m:Profiles token="fixed" fixed="true"><t:Name>fixed</t:Name></m:Profiles>'
                '<m:Profiles token="turns" fixed="true"><t:Name>turns</t:Name>'
                '<t:PTZConfiguration token="ptz"><t:Name>ptz</t:Name><t:UseCount>1</t:UseCount>'
                "<t:NodeToken>node</t:NodeToken></t:PTZConfiguration></m:Profiles></m:GetProfilesResponse>"
            )
        if operation == "AbsoluteMove":
            place = call.find(f".//{{{TT}}}PanTilt")
            assert call.findtext(f"{{{TPTZ}}}ProfileToken") == "turns"
            self.there, self.left = (float(place.get("x")), float(place.get("y"))), self.steps
            return "<p:AbsoluteMoveResponse/>"
        if operation == "GetStatus":
            self.left = max(self.left - 1, 0)
            self.here = self.there if self.left == 0 else self.here
            moves = "IDLE" if self.left == 0 or not self.says_moving else "MOVING"
            return (
                f'<p:GetStatusResponse><p:PTZStatus><t:Position><t:PanTilt x="{self.here[0]}" y="{self.here[1]}"/>'
                f"</t:Position><t:MoveStatus><t:PanTilt>{moves}</t:PanTilt></t:MoveStatus>"
                "<t:UtcTime>2026-03-14T21:00:00Z</t:UtcTime></p:PTZStatus></p:GetStatusResponse>"
            )
        assert operation == "GetSnapshotUri"
        return (
            f"<m:GetSnapshotUriResponse><m:MediaUri><t:Uri>{host}/snapshot?profile=turns</t:Uri>"
            "<t:InvalidAfterConnect>false</t:InvalidAfterConnect><t:InvalidAfterReboot>false</t:InvalidAfterReboot>"
            "<t:Timeout>PT0S</t:Timeout></m:MediaUri></m:GetSnapshotUriResponse>"
        )

    def is_authentic(self, envelope: Any) -> bool:
        """UsernameToken Profile 1.1, 3: Password_Digest = Base64(SHA-1(nonce + created + password)); it is fresh."""
        token = envelope.find(f".//{{{WSSE}}}UsernameToken")
        if token is None or token.findtext(f"{{{WSSE}}}Username") != USER:
            return False
        nonce = base64.b64decode(token.findtext(f"{{{WSSE}}}Nonce"))
        created = token.findtext(f"{{{WSU}}}Created")
        expected = base64.b64encode(hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()).decode()
        apart = abs(datetime.fromisoformat(created) - self.now())
        return token.findtext(f"{{{WSSE}}}Password") == expected and apart < FRESH


def _digest_of(header: str, method: str) -> bool:
    """RFC 7616, 3.4.1 with MD5 and qop auth."""
    fields = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
    if fields.get("username") != USER or fields.get("nonce") != "n1":
        return False
    first = hashlib.md5(f"{USER}:camera:{PASSWORD}".encode()).hexdigest()
    second = hashlib.md5(f"{method}:{fields['uri']}".encode()).hexdigest()
    told = f"{first}:n1:{fields['nc']}:{fields['cnonce']}:auth:{second}"
    return fields["response"] == hashlib.md5(told.encode()).hexdigest()


@contextmanager
def simulated(device: Device, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve the camera on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            device.bodies.append(body)
            envelope = etree.fromstring(body)
            call = envelope.find(f"{{{SOAP}}}Body")[0]
            operation = etree.QName(call).localname
            device.asked.append(operation)
            fault = device.faults.get(operation, "")
            if fault == "hang":
                device.over.wait(600)
                return
            if fault.startswith("drip"):
                length = b"Content-Length: 500000\r\n\r\n" if fault == "drip body" else b"X-Long: "
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n" + length)
                with suppress(OSError):
                    while not device.over.wait(0.02):
                        self.wfile.write(b"x")
                return
            if fault == "html":
                self._send(200, b"<html><body>welcome</body></html>", "text/html")
                return
            if fault == "302":
                self.send_response(302)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if not fault and operation != "GetSystemDateAndTime" and not device.is_authentic(envelope):
                fault = "NotAuthorized"
            if fault:
                code = (
                    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:" + fault + "</s:Value>"
                    "</s:Subcode></s:Code><s:Reason><s:Text xml:lang='en'>no</s:Text></s:Reason></s:Fault>"
                )
                self._send(400, _envelope(code))
                return
            scheme = "http" if context is None else "https"
            port = self.server.server_address[1]
            self._send(200, _envelope(device.answer(operation, call, f"{scheme}://127.0.0.1:{port}")))

        def do_GET(self) -> None:
            device.asked.append(f"GET {self.path}")
            if not _digest_of(self.headers.get("Authorization", ""), "GET"):
                self.send_response(401)
                for challenge in device.challenges:
                    self.send_header("WWW-Authenticate", challenge)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._send(200, device.still, "image/jpeg")

        def _send(self, status: int, body: bytes, kind: str = "application/soap+xml; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        device.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _envelope(body: str) -> bytes:
    names = (
        f'xmlns:s="{SOAP}" xmlns:t="{TT}" xmlns:d="{TDS}" xmlns:m="{TRT}" xmlns:p="{TPTZ}"'
        ' xmlns:ter="http://www.onvif.org/ver10/error"'
    )
    return f'<?xml version="1.0" encoding="utf-8"?><s:Envelope {names}><s:Body>{body}</s:Body></s:Envelope>'.encode()
