"""Second factor: codes of an authenticator app (TOTP, RFC 6238), and the QR code by which the app takes the secret."""

from __future__ import annotations

import io
import re
from typing import Final

import pyotp
import segno

ISSUER: Final = "Watchline"
STEP_S: Final = 30
TOLERATED_STEPS: Final = 1
"""Steps before and after the present one whose code is taken: the clock of a phone may be 30 s off."""


_SECRET: Final = re.compile("[A-Z2-7]{32}")


def new_secret() -> str:
    """A new secret: 160 bits in base32, as RFC 4226 recommends."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Whether a text has the form of a secret."""
    return _SECRET.fullmatch(text) is not None


def step_of(secret: str, code: str, now_s: float) -> int | None:
    """The time step to which a code of six digits belongs; None if it, or the secret, is wrong."""
    plain = "".join(code.split())
    if not _SECRET.fullmatch(secret) or len(plain) != 6 or not (plain.isascii() and plain.isdigit()):
        return None
    totp = pyotp.TOTP(secret, interval=STEP_S)
    now_step = int(now_s) // STEP_S
    matching = [
        step
        for step in range(now_step - TOLERATED_STEPS, now_step + TOLERATED_STEPS + 1)
        if pyotp.utils.strings_equal(totp.at(step * STEP_S), plain)
    ]
    return max(matching, default=None)


def qr_svg(secret: str, login: str, *, sector: str) -> str:
    """The QR code of a secret as an SVG image without any reference to a network."""
    address = pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=login, issuer_name=f"{ISSUER} {sector}")
    image = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        image, kind="svg", scale=5, border=4, xmldecl=False, dark="black", light="white"
    )
    return image.getvalue().decode()
