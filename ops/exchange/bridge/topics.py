"""The two topics for each direction between two installations.

``exchange/1/ORIGIN/RECIPIENT/package``: a package; ``exchange/1/ORIGIN/RECIPIENT/newest``: what the recipient has.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "exchange/1"


def package_topic(origin: str, recipient: str) -> str:
    """Return the topic on which the origin publishes packages for the recipient."""
    return f"{PREFIX}/{origin}/{recipient}/package"


def newest_topic(origin: str, recipient: str) -> str:
    """Return the topic on which the recipient states the newest package of the origin that it has imported."""
    return f"{PREFIX}/{origin}/{recipient}/newest"


def written_by(writer: str, other: str) -> tuple[str, str]:
    """Return the topics between two installations on which only ``writer`` publishes."""
    return package_topic(writer, other), newest_topic(other, writer)
