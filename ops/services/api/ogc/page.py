"""The pages of OGC API – Features: made of pygeoapi's documents, without scripts, with nothing from other servers."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fastapi import Request

from ops.services.api.login.pages import preferred
from ops.services.api.ogc.service import Document, Question

if TYPE_CHECKING:
    from jinja2 import Environment

    from ops.words import MessageCatalogue

FOLDER: Final = Path(__file__).parent / "pages"


def words_of(request: Request, language: str | None) -> MessageCatalogue:
    """The messages in a language of the query, else of the browser, else in English."""
    from ops.words import MessageCatalogue  # Babel is slow to import
    from ops.words.catalogue import negotiate

    return MessageCatalogue.of(language or negotiate(preferred(request)))


def titles(sector: str, name: str) -> dict[str, dict[str, str]]:
    """Title and description of a collection, or with an empty name of the API, in every language."""
    from ops.words import LANGUAGES, MessageCatalogue

    catalogues = [MessageCatalogue.of(language) for language in LANGUAGES]
    title, description = ("ogc-collection", "ogc-collection-description") if name else ("ogc-title", "ogc-description")
    return {
        key: {words.language: words.say(message, sector=sector, collection=name) for words in catalogues}
        for key, message in (("title", title), ("description", description))
    }


def page(question: Question, document: Document, words: MessageCatalogue, sector: str) -> str:
    """The document as a page in the language of ``words``."""
    following = {
        link["rel"]: _here(link["href"]) for link in document.get("links", ()) if link.get("rel") in ("next", "prev")
    }
    return (
        _environment()
        .get_template("page.html")
        .render(
            say=words.say,
            words=words,
            sector=sector,
            question=question,
            document=document,
            root=_here(question.base),
            following=following,
        )
    )


def _here(address: str) -> str:
    """An address of this server without its host, so that no other can be written into a page."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = _shown
    return environment


def _shown(value: Any) -> str:
    """A value of a property for a page."""
    if value is None:
        return "–"
    return str(value).lower() if isinstance(value, bool) else str(value)
