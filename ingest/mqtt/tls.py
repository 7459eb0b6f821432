"""TLS configuration of an MQTT client, and a client without the rules of ``Connection``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from ingest.errors import IdentityError
from ingest.security.key_register import TlsFiles


def use_tls(client: Client, files: TlsFiles | None, note: Callable[[str], None]) -> None:
    """Use TLS 1.2 or later (Python's minimum) with a check of the peer's name; ``note`` receives the reason of a failed
    handshake.

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
    plain: Any = context.sslsocket_class

    class Socket(plain):  # type: ignore[misc]  # paho does not report why a handshake failed
        def do_handshake(self, block: bool = False) -> None:
            try:
                super().do_handshake(block)
            except OSError as error:
                note(getattr(error, "verify_message", None) or getattr(error, "reason", None) or str(error))
                raise

    context.sslsocket_class = Socket


def read_again(client: Client, files: TlsFiles) -> None:
    """Read the files of ``use_tls`` again before the client connects, because they may have been renewed.

    IdentityError if they cannot be used, as amid their change: the client is refused, and tries again.
    """
    context: Any = client._ssl_context
    try:
        context.load_verify_locations(files.authority)
        if files.certificate is not None:
            context.load_cert_chain(files.certificate, files.key)
    except (OSError, ValueError) as error:
        where, reason = str(files.authority.parent), getattr(error, "strerror", None) or str(error)
        raise IdentityError(f"unusable certificate ({reason})", where=where, expected="PEM files") from None


def bare_client(client_id: str, tls: TlsFiles | None, note: Callable[[str], None]) -> Client:
    """A client without the rules of ``Connection``, for tests of unauthorised access; over TLS if ``tls`` is given."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5, reconnect_on_failure=False)
    if tls is not None:
        use_tls(client, tls, note)
    return client
