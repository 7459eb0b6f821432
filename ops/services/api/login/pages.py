"""The pages of login and account: plain HTML without scripts, in the language that the browser prefers."""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from ops.accounts.accounts import form_token
from ops.services.api.login.forms import TOKEN_FIELD

if TYPE_CHECKING:
    from jinja2 import Environment

    from ops.words import MessageCatalogue

FOLDER: Final = Path(__file__).parent / "pages"
POLICY: Final = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src 'self'; "
    "img-src data:; font-src 'self'"
)


def render(request: Request, template: str, *, cookie: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page with the form token of ``cookie``."""
    words = catalogue_of(request)
    body = (
        _environment()
        .get_template(template)
        .render(
            say=words.say,
            words=words,
            languages=_languages(),
            address=request.url.path,
            token_field=TOKEN_FIELD,
            token=form_token(cookie),
            **values,
        )
    )
    # Without a referrer, Chromium would send the form with the origin "null".
    headers = {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "same-origin",
        "Content-Language": words.language,
        "Vary": "Accept-Language, Cookie",
    }
    return HTMLResponse(body, status, headers)


def catalogue_of(request: Request) -> MessageCatalogue:
    """The messages in the language of the query, else of the browser, else in English."""
    from ops.words import MessageCatalogue  # Babel is slow to import, and a demonstration needs no login
    from ops.words.catalogue import negotiate

    asked = request.query_params.get("language")
    return MessageCatalogue.of(negotiate([*([asked] if asked else []), *preferred(request)]))


def preferred(request: Request) -> list[str]:
    """The languages of ``Accept-Language``, the most wanted first."""
    ranked = []
    for part in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), tag))
        except ValueError:
            continue
    return [tag for _, tag in sorted(ranked, key=lambda pair: pair[0])]


def picture_address(svg: str) -> str:
    """An SVG image as the address of an ``img``."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _languages() -> tuple[str, ...]:
    from ops.words.catalogue import LANGUAGES

    return LANGUAGES


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
