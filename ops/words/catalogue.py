"""Sentences from message identifiers and parameters, in one language; in English where a translation is missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import lru_cache
from numbers import Number
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentNone, FluentType, fluent_number
from fluent.syntax import ast
from fluent.syntax.visitor import Transformer, Visitor

from geo.errors import BadInput
from geo.message import Message
from geo.names import readable
from ops.words.formats import MISSING, Formats

FOLDER = Path(__file__).parent
SOURCE_LANGUAGE = "en"
LANGUAGES = ("en", "fr")
"""Complete languages; the source language first."""
PSEUDO_LANGUAGES = {"en-XA": "en", "ar-XB": "ar"}
"""For tests, with the locale of their formats: accented, longer English; and English in a right-to-left language."""
LARGEST_NUMBER = 1e21
"""Numbers from here on, which no quantity reaches, are written as missing."""
FSI, PDI = "\u2068", "\u2069"
"""Around each parameter in a right-to-left language."""
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
_ENTRY = re.compile(
    r"^(?P<name>-?[A-Za-z][\w-]*)[ ]*=.*\n?(?:(?!#|-?[A-Za-z][\w-]*[ ]*=).*\n?)*", re.MULTILINE | re.ASCII
)
"""A message or term of a Fluent file: its first line, and all up to the next entry or comment."""
ACCENTED = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")


class UnknownLanguage(BadInput):
    """A language without a message catalogue."""


class MessageCatalogue:
    """All messages in one language and one system of units. Get one with ``MessageCatalogue.of``.

    Attributes
    ----------
    language : str
        The language tag.
    missing : Counter
        How often each message was given in English because its translation is missing, or as its bare identifier
        because it is not in the catalogue at all.
    incomplete : Counter
        How often each message was given although a parameter was missing or unusable.
    """

    def __init__(self, language: str, units: str) -> None:
        if language not in LANGUAGES and language not in PSEUDO_LANGUAGES:
            raise UnknownLanguage(f"unknown language {language!r}", where="language", expected=" or ".join(LANGUAGES))
        self.language = language
        self.formats = Formats(PSEUDO_LANGUAGES.get(language, language), units)
        self.missing: Counter[str] = Counter()
        self.incomplete: Counter[str] = Counter()
        self._own = _Patterns(language, self.formats)
        source = Formats(SOURCE_LANGUAGE, units)
        self._source = self._own if language == SOURCE_LANGUAGE else _Patterns(SOURCE_LANGUAGE, source)

    @staticmethod
    def of(language: str = SOURCE_LANGUAGE, units: str = "metric") -> MessageCatalogue:
        """The messages of a language, read once.

        Raises
        ------
        UnknownLanguage
            For a language without a catalogue.
        """
        return _catalogue(language, units)

    @property
    def right_to_left(self) -> bool:
        """Whether the language is written from right to left."""
        return self.language.partition("-")[0] in RIGHT_TO_LEFT

    def say(self, message: Message | str, **parameters: Any) -> str:
        """The sentence of a message.

        Parameters
        ----------
        message : Message or str
            The message, or its identifier; ``id.attribute`` names an attribute of it.
        **parameters
            Values by name, besides those of the message. A sequence of strings is written as a list, one of integers
            as runs, a Message as its own sentence, None, and what is not given at all, as a dash. Hidden characters
            of a text are shown as U+FFFD.
        """
        if isinstance(message, Message):
            identifier, values = message.id, {**message.parameters, **parameters}
        else:
            identifier, values = message, parameters
        arguments = {name: self._argument(value) for name, value in values.items()}
        for patterns in dict.fromkeys((self._own, self._source)):
            pattern = patterns.of(identifier)
            if pattern is not None:
                if patterns is not self._own:
                    self.missing[identifier] += 1
                sentence, errors = patterns.bundle.format_pattern(pattern, arguments)
                if errors:
                    self.incomplete[identifier] += 1
                    absent = dict.fromkeys(_not_given(errors), FluentNone(self.formats.number(None)))
                    sentence, _ = patterns.bundle.format_pattern(pattern, absent | arguments)
                return str(sentence)
        self.missing[identifier] += 1
        return identifier

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Message):
            return self.say(value)
        if value is None:
            return FluentNone(self.formats.number(None))
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, FluentType):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Number):
            plain = value.item() if hasattr(value, "item") else value  # of numpy
            writable = isinstance(plain, int | float) and abs(plain) < LARGEST_NUMBER
            return plain if writable else FluentNone(self.formats.number(None))
        if isinstance(value, datetime):
            return value.isoformat()
        if not isinstance(value, Collection):
            return self._text(str(value))
        items = list(value)
        if items and all(isinstance(item, int) for item in items):
            return self.formats.runs(items)
        return self.formats.names([str(self._argument(item)) for item in items])

    def _text(self, text: str) -> str:
        """A text as a parameter; in a right-to-left language it may be a sentence with isolated parameters."""
        parts = re.split(f"([{FSI}{PDI}])", text) if self.right_to_left else [text]
        return "".join(part if part in (FSI, PDI) else readable(part) for part in parts)


def _not_given(errors: Iterable[Exception]) -> list[str]:
    """The names of the parameters that a message uses and that were not given, from the errors of its formatting."""
    found = (re.fullmatch(r"Unknown external: (\S+)", str(error)) for error in errors)
    return [name[1] for name in found if name is not None]


def negotiate(wanted: Iterable[str]) -> str:
    """The first language with a catalogue among ``wanted`` (tags in order of preference), else English.

    A pseudo-language is found by its whole tag only.
    """
    for tag in wanted:
        if tag in PSEUDO_LANGUAGES:
            return tag
        for known in LANGUAGES:
            if tag.replace("_", "-").partition("-")[0].lower() == known:
                return known
    return SOURCE_LANGUAGE


class _Patterns:
    """The messages of one language; each is parsed, with those that it refers to, when it is first used.

    Parsing all of them takes a third of a second, and a command uses a few dozen.
    """

    def __init__(self, language: str, formats: Formats) -> None:
        locale, isolate = str(formats.locale).replace("_", "-"), language.partition("-")[0] in RIGHT_TO_LEFT
        self.bundle = FluentBundle([locale], functions=_functions(formats), use_isolating=isolate)
        self._pseudo = language in PSEUDO_LANGUAGES
        self._sources = sources_of(FOLDER / (SOURCE_LANGUAGE if self._pseudo else language))
        self._parsed: set[str] = set()

    def of(self, identifier: str) -> Any:
        """The pattern of a message or of its attribute; None if there is none."""
        name, _, attribute = identifier.partition(".")
        if name not in self._parsed:
            self._parse(name)
        if not self.bundle.has_message(name):
            return None
        message = self.bundle.get_message(name)
        return message.attributes.get(attribute) if attribute else message.value

    def _parse(self, name: str) -> None:
        """Parse an entry and all that it refers to. Another thread may do so too: the first entry stays."""
        waiting, reached = [name], set[str]()
        while waiting:
            one = waiting.pop()
            if one in reached or one not in self._sources:
                continue
            reached.add(one)
            resource = FluentResource(self._sources[one])
            names = _References()
            names.visit(resource)
            waiting += names.found
            self.bundle.add_resource(_Pseudo().visit(resource) if self._pseudo else resource)
        self._parsed |= reached


@lru_cache(maxsize=16)
def _catalogue(language: str, units: str) -> MessageCatalogue:
    return MessageCatalogue(language, units)


@lru_cache(maxsize=16)
def sources_of(folder: Path) -> dict[str, str]:
    """The source of each message and term (with its leading hyphen) of a language, by name; of two the first."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.ftl")):
        for entry in _ENTRY.finditer(path.read_text(encoding="utf-8")):
            found.setdefault(entry["name"], entry[0])
    return found


def _functions(formats: Formats) -> dict[str, Callable[..., Any]]:
    """The functions that messages may call; those of the page are the same."""

    def of(method: Callable[..., str]) -> Callable[..., str]:
        def function(value: Any, **options: Any) -> str:
            if isinstance(value, FluentNone):
                return method(None)
            plain = {name: int(option) for name, option in options.items()}
            try:
                return method(value if isinstance(value, str) else float(value), **plain)
            except (TypeError, ValueError, ArithmeticError):  # not a value of this kind
                return MISSING

        return function

    def plain_number(value: Any, **options: Any) -> Any:
        """Fluent's NUMBER, and what is not a number as it is."""
        return fluent_number(value, **options) if isinstance(value, int | float) else value

    return {
        "NUMBER": plain_number,
        "PERCENT": of(formats.percent),
        "PROBABILITY": of(formats.probability),
        "DISTANCE": of(formats.distance),
        "HEIGHT": of(formats.height),
        "SPEED": of(formats.speed),
        "DURATION": of(formats.duration),
        "BEARING": of(formats.bearing),
        "CHAINAGE": of(formats.chainage),
        "TIME": of(formats.time),
        "DATETIME": of(formats.date_time),
        "DECIMAL": of(formats.number),
    }


class _References(Visitor):
    """Finds the messages and terms that an entry refers to."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802 - the visitor's naming
        self.found.append(node.id.name)

    def visit_TermReference(self, node: ast.TermReference) -> None:  # noqa: N802
        self.found.append(f"-{node.id.name}")
        self.generic_visit(node)


class _Pseudo(Transformer):
    """Accents and lengthens the text of messages; placeables stay as they are."""

    def visit_TextElement(self, node: ast.TextElement) -> ast.TextElement:  # noqa: N802 - the visitor's naming
        text = node.value.translate(ACCENTED)
        node.value = text + "~" * (len(text.strip()) // 3)
        return node
