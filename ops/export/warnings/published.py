"""A published alert as the encoders of this package read it, and text that XML can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import msgspec

from geo.errors import BadInput
from geo.message import Message
from geo.names import readable

if TYPE_CHECKING:
    from ops.words import MessageCatalogue

CLOSED: Final = ("cleared", "rejected")
"""Statuses of an alert that is over."""


class PublishedAlert(msgspec.Struct, frozen=True):
    """The fields of a published alert (docs/schema/alert.schema.json) that the encoders use; others are ignored.

    ``marking``: its releasability marking, empty for none.
    """

    id: str
    rule: str = ""
    priority: str = ""
    status: str = "active"
    revision: int = 0
    raised_at: datetime | None = None
    updated_at: datetime | None = None
    observed_at: datetime | None = None
    message: dict[str, Any] | None = None
    details: list[dict[str, Any]] = []
    why: list[dict[str, Any]] = []
    response: dict[str, Any] | None = None
    reason_message: dict[str, Any] | None = None
    reason: str = ""
    sentence: str = ""
    track: str | None = None
    sensor: str | None = None
    unit: str | None = None
    segment: int | None = None
    coverage_gaps: list[dict[str, Any]] = []
    time_to_border_s: float | None = None
    class_label: str | None = None
    class_probability: float | None = None
    existence: float | None = None
    position_sd_m: float | None = None
    lon: float | None = None
    lat: float | None = None
    marking: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether it was cleared or rejected."""
        return self.status in CLOSED

    @property
    def position(self) -> tuple[float, float] | None:
        """Longitude and latitude [°], WGS 84; None where unknown."""
        if self.lon is None or self.lat is None or not (isfinite(self.lon) and abs(self.lat) <= 90.0):
            return None
        return (self.lon + 180.0) % 360.0 - 180.0 if abs(self.lon) > 180.0 else self.lon, self.lat

    @property
    def changed_at(self) -> datetime:
        """When this revision was made, UTC."""
        known = self.updated_at or self.raised_at or self.observed_at
        return datetime.fromtimestamp(0, UTC) if known is None else known.astimezone(UTC)

    def headline(self, words: MessageCatalogue) -> str:
        """The headline in the language of ``words``, or as published where the alert has no message."""
        return said(words, self.message) if self.message is not None else readable(self.sentence)

    def summary(self, words: MessageCatalogue) -> str:
        """Details and reasons, one on each line; empty where there are none."""
        return "\n".join(said(words, one) for one in (*self.details, *self.why))


def read_alert(body: bytes) -> PublishedAlert:
    """Read a published alert.

    Raises
    ------
    BadInput
        For bytes that are not one.
    """
    try:
        return msgspec.json.decode(body, type=PublishedAlert)
    except msgspec.MsgspecError as error:
        raise BadInput(f"cannot be read ({error})", where="alert", expected="an alert as published") from None


def said(words: MessageCatalogue, message: dict[str, Any]) -> str:
    """The sentence of a message as published."""
    return words.say(Message.from_dict(message))
