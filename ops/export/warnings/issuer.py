"""The issuer of an installation's CAP documents and their signature, by its settings and keys."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import IdentityError
from ingest.security.key_bundle import AUTHORITY, CERTIFICATE, CERTIFICATE_KEY
from ops.broker.identities import FEED, IDENTITY_VARIABLE, IdentityFolder, identity_of
from ops.export.warnings.cap import CapIssuer, Element
from ops.sector.setting_tables.push import CapSettings

if TYPE_CHECKING:
    from ops.broker.certificates import Pair

logger = logging.getLogger(__name__)

_State = tuple[tuple[str, int, int], ...]


def issuer_of(settings: CapSettings, sector: str, *, title: str, exercise: bool, language: str) -> CapIssuer:
    """The elements of every document that settings and sector state."""
    return CapIssuer(
        sector,
        title,
        sender=settings.sender,
        exercise=exercise,
        expires_s=settings.expires_h * 3600.0,
        assumed_error_m=settings.assumed_error_m,
        language=language,
    )


class FeedSignature:
    """Signs documents with the certificate of the feed; returns one as it is where the feed has no certificate.

    The certificate is read at the first document, because few processes sign, and again after its files have changed,
    so that it can be renewed. While a new one cannot be used, as amid its change, the earlier one is.
    """

    def __init__(self) -> None:
        self._used: tuple[_State, Pair | None] | None = None

    def __call__(self, document: Element) -> Element:
        """Return the document signed. IdentityError for files that cannot be used."""
        from ops.export.warnings.signature import signed  # slow to import

        pair = self._pair()
        return document if pair is None else signed(document, pair)

    def _pair(self) -> Pair | None:
        from ops.export.warnings.signature import signing_pair  # slow to import

        found, used = _state(), self._used
        if used is not None and used[0] == found:
            return used[1]
        try:
            pair = signing_pair(identity_of(FEED))
        except IdentityError as error:
            if used is None:
                raise
            logger.warning("CAP documents are signed with the earlier certificate: %s", error)
            return used[1]
        if pair is None and used is not None and used[1] is not None:  # its files are being exchanged
            return used[1]
        self._used = found, pair
        return pair


def _state() -> _State:
    """Which files of the feed's certificate there are; another value after each change."""
    folder = os.environ.get(IDENTITY_VARIABLE)
    if not folder:
        return ()
    bundle, found = IdentityFolder(Path(folder)).bundle(FEED), []
    for name in (AUTHORITY, CERTIFICATE, CERTIFICATE_KEY):
        with suppress(OSError):
            state = (bundle / name).stat()
            found.append((name, state.st_mtime_ns, state.st_ino))
    return tuple(found)
