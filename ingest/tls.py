"""The TLS context of a connection to a broker."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from ingest.errors import IdentityError
from ingest.identity import TlsFiles


def tls_context(files: TlsFiles | None, note: Callable[[str], None]) -> ssl.SSLContext:
    """TLS 1.2 at least, the peer's name checked; ``note`` hears what a handshake failed of. IdentityError on files."""

    class Socket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            try:
                super().do_handshake(block)
            except OSError as error:
                note(getattr(error, "verify_message", None) or getattr(error, "reason", None) or str(error))
                raise

    try:
        context = ssl.create_default_context(cafile=None if files is None else str(files.authority))
        if files is not None and files.certificate is not None:
            context.load_cert_chain(files.certificate, files.key)
    except OSError as error:
        where = str(files.authority.parent) if files is not None else "tls"
        reason = error.strerror or str(error)
        raise IdentityError(f"unusable certificate ({reason})", where=where, expected="PEM files") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = Socket
    return context
