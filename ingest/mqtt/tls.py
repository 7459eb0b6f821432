"""TLS configuration of an MQTT client, and a client without the rules of ``Connection``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakMethod

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from ingest.errors import IdentityError
from ingest.security.key_register import TlsFiles

CALLBACKS: Final = (
    *("on_pre_connect", "on_socket_open", "on_connect", "on_connect_fail", "on_disconnect"),
    *("on_subscribe", "on_unsubscribe", "on_message", "on_publish"),
)


def use_tls(client: Client, files: TlsFiles | None, note: Callable[[str], None]) -> None:
    """Use TLS 1.2 or later (Python's minimum) with a check of the peer's name; the method ``note`` receives the reason
    of a failed handshake.

    IdentityError if the files cannot be used.
    """
    try:
        if files is None:
            client.tls_set()
        else:
            client_certificate = (None, None) if files.certificate is None else (str(files.certificate), str(files.key))
            client.tls_set(str(files.authority), *client_certificate)
    except (OSError, ValueError) as error:
        where = "tls" if files is None else str(files.authority.parent)
        reason = getattr(error, "strerror", None) or str(error)
        raise IdentityError(f"unusable certificate ({reason})", where=where, expected="PEM files") from None
    context: Any = client._ssl_context
    weak_note = WeakMethod(note)  # a class refers to itself, and would keep the note's owner and its sockets
    plain: Any = context.sslsocket_class

    class Socket(plain):  # type: ignore[misc]  # paho does not report why a handshake failed
        def do_handshake(self, block: bool = False) -> None:
            try:
                super().do_handshake(block)
            except OSError as error:
                if (taken := weak_note()) is not None:
                    taken(getattr(error, "verify_message", None) or getattr(error, "reason", None) or str(error))
                raise

    context.sslsocket_class = Socket


def detach(client: Client) -> None:
    """Remove a client's callbacks, and with them the circle of references that would keep its sockets open until a
    search for garbage: paho closes them when the client is deleted."""
    for callback in CALLBACKS:
        setattr(client, callback, None)


def bare_client(client_id: str, tls: TlsFiles | None, note: Callable[[str], None]) -> Client:
    """A client without the rules of ``Connection``, for tests of unauthorised access; over TLS if ``tls`` is given."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5, reconnect_on_failure=False)
    if tls is not None:
        use_tls(client, tls, note)
    return client
