"""The issuer of an installation's CAP documents and their signature, by its settings and keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ops.broker.identities import FEED, identity_of
from ops.export.warnings.cap import CapIssuer, Element
from ops.sector.setting_tables.push import CapSettings


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


def signer() -> Callable[[Element], Element]:
    """Returns a document signed with the certificate of the feed, or as it is where the feed has none.

    The function reads the certificate when it is first called, because few processes sign.
    """
    known: list[Callable[[Element], Element]] = []

    def sign(document: Element) -> Element:
        if not known:
            from ops.export.warnings.signature import signed, signing_pair  # slow to import

            pair = signing_pair(identity_of(FEED))
            known.append((lambda plain: plain) if pair is None else partial(signed, pair=pair))
        return known[0](document)

    return sign
