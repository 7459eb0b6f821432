"""The address and QR code by which a device is enrolled: the one-time code is in the fragment, which no server sees."""

from __future__ import annotations

import io
from typing import Final

import segno

FIELD_PAGE: Final = "/field"


def enrolment_url(origin: str, code: str) -> str:
    """The address of the field page with a one-time code in its fragment."""
    return f"{origin.rstrip('/')}{FIELD_PAGE}#enrol={code}"


def qr_svg(url: str) -> str:
    """The QR code of an address as an SVG image without any reference to a network."""
    image = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        image, kind="svg", scale=5, border=4, xmldecl=False, dark="black", light="white"
    )
    return image.getvalue().decode()


def qr_text(url: str) -> str:
    """The QR code of an address as text for a terminal."""
    text = io.StringIO()
    segno.make(url, error="l", micro=False).terminal(text, border=2, compact=True)
    return text.getvalue()
