"""The message catalogue: one folder per language, one Fluent file per area, and the formatting of sentences."""

from ops.words.catalogue import LANGUAGES, SOURCE_LANGUAGE, MessageCatalogue, UnknownLanguage, negotiate
from ops.words.formats import UNIT_SYSTEMS, Formats

__all__ = [
    "LANGUAGES",
    "SOURCE_LANGUAGE",
    "UNIT_SYSTEMS",
    "Formats",
    "MessageCatalogue",
    "UnknownLanguage",
    "negotiate",
]
