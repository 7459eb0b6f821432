"""Why a package is refused."""

from __future__ import annotations

from typing import Final, Literal

from geo.errors import BadInput

RefusalReason = Literal[
    "malformed", "too_large", "forged", "unknown_origin", "wrong_recipient", "replayed", "from_the_future", "expired",
    "no_agreement", "unknown_marking", "not_agreed", "bad_row",
]  # fmt: skip
REASONS: Final[tuple[RefusalReason, ...]] = (
    "malformed", "too_large", "forged", "unknown_origin", "wrong_recipient", "replayed", "from_the_future", "expired",
    "no_agreement", "unknown_marking", "not_agreed", "bad_row",
)  # fmt: skip


class PackageRefused(BadInput):
    """A package that is not imported; ``reason`` is one of REASONS, ``where`` names the file, field or row."""

    def __init__(self, reason: RefusalReason, what: str, *, where: str, expected: str) -> None:
        super().__init__(what, where=where, expected=expected)
        self.reason: RefusalReason = reason
