"""Pictures as answers."""

from __future__ import annotations

from typing import Any, Final

from fastapi.responses import Response

PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "contentMediaType": "image/png"}}}}
}
"""The description of an answer that is a picture."""


class Png(Response):
    """A picture as PNG."""

    media_type = "image/png"
