"""The message catalogue: complete in each language, with English where a translation is missing."""

from __future__ import annotations

import ast as pyast
import re
import subprocess
import tomllib
from collections import defaultdict
from datetime import UTC, datetime
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from geo.message import Message
from ops.words import LANGUAGES, SOURCE_LANGUAGE, MessageCatalogue, UnknownLanguage, catalogue, negotiate
from ops.words.catalogue import sources_of

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "ops" / "words"
INSTANT = "2026-11-26T00:12:00+00:00"
SAMPLES: dict[str, list[Any]] = {"TIME": [INSTANT, None], "DATETIME": [INSTANT, None], "NUMBER": [12]}
"""Samples of a parameter of these functions; those of all others are [0.35, None]."""


class Uses(Visitor):
    """What a message and those that it refers to take: variables, the functions that write them, the variants that
    they choose."""

    def __init__(self, others: dict[str, ast.Message]) -> None:
        self.others = others
        self.functions: dict[str, set[str]] = defaultdict(set)
        self.variants: dict[str, set[str]] = defaultdict(set)
        self.variables: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - the visitor's naming
        self.variables.add(node.id.name)

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802 - the visitor's naming
        self.visit(self.others[node.id.name])

    def visit_FunctionReference(self, node: ast.FunctionReference) -> None:  # noqa: N802 - the visitor's naming
        for argument in node.arguments.positional:
            if isinstance(argument, ast.VariableReference):
                self.functions[argument.id.name].add(node.id.name)
        self.generic_visit(node)

    def visit_SelectExpression(self, node: ast.SelectExpression) -> None:  # noqa: N802 - the visitor's naming
        if isinstance(node.selector, ast.VariableReference):
            keys = (variant.key for variant in node.variants)
            self.variants[node.selector.id.name] |= {
                key.name if isinstance(key, ast.Identifier) else key.value for key in keys
            }
        self.generic_visit(node)


def messages(language: str) -> dict[str, ast.Message]:
    found: dict[str, ast.Message] = {}
    for path in sorted((FOLDER / language).glob("*.ftl")):
        for entry in FluentParser().parse(path.read_text(encoding="utf-8")).body:
            assert not isinstance(entry, ast.Junk), f"{path.name}: {entry.content!r}"
            if isinstance(entry, ast.Message):
                assert entry.id.name not in found, f"{path.name}: {entry.id.name} is defined twice"
                found[entry.id.name] = entry
    return found


def uses_of(message: ast.Message | ast.Pattern, others: dict[str, ast.Message]) -> Uses:
    uses = Uses(others)
    uses.visit(message)
    return uses


def samples_of(uses: Uses) -> list[dict[str, Any]]:
    """Parameters that reach every variant of a message at least once."""
    choices: dict[str, list[Any]] = {}
    for name in sorted(uses.variables):
        functions = uses.functions[name]
        if uses.variants[name]:
            plural = uses.variants[name] & {"one", "two", "few", "many", "0", "1"}
            numbers: list[Any] = [0, 1, 2, 1_000_000]
            choices[name] = numbers if plural else [*sorted(uses.variants[name]), "no such word"]
        elif functions:
            choices[name] = next((SAMPLES[one] for one in functions if one in SAMPLES), [0.35, None])
        else:
            choices[name] = ["T5a2"]
    if len(choices) > 6:  # each choice once, beside the first of the others
        longest = max(len(values) for values in choices.values())
        return [{name: values[min(i, len(values) - 1)] for name, values in choices.items()} for i in range(longest)]
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != SOURCE_LANGUAGE])
def test_each_language_has_every_message_with_the_same_variables(language: str) -> None:
    source, translated = messages(SOURCE_LANGUAGE), messages(language)
    assert set(source) == set(translated)
    for name in source:
        mine, theirs = source[name], translated[name]
        assert uses_of(mine, source).variables == uses_of(theirs, translated).variables, name
        assert {one.id.name for one in mine.attributes} == {one.id.name for one in theirs.attributes}, name


def test_each_language_has_the_same_files() -> None:
    files = {language: {path.name for path in (FOLDER / language).glob("*.ftl")} for language in LANGUAGES}
    assert len({frozenset(names) for names in files.values()}) == 1, files
    assert "common.ftl" in files[SOURCE_LANGUAGE]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_made_without_an_error(language: str) -> None:
    words = MessageCatalogue(language, "metric")
    every = messages(language)
    for name, message in every.items():
        for parameters in samples_of(uses_of(message, every)):
            for attribute in ["", *(f".{one.id.name}" for one in message.attributes)]:
                if attribute or message.value is not None:
                    text = words.say(name + attribute, **parameters)
                    assert "{" not in text, (name, text)
                    assert text.strip() == text, (name, text)
    assert not words.missing
    assert not words.incomplete


def test_french_punctuation_is_bound_to_its_word() -> None:
    """By a narrow no-break space before ; ! and ?, by a no-break space before : and % and inside « »; code
    and names of keys left out."""
    words, every = MessageCatalogue("fr", "metric"), messages("fr")
    loose = re.compile(r"(?<![\u202f(])[;!?](?=[\s,.)]|$)|(?<!\u00a0)[:%»](?=[\s,.)]|$)|«(?!\u00a0)")
    keys = "/ et\u00a0?)"  # a list of keys
    found = [
        text
        for name, message in every.items()
        for parameters in samples_of(uses_of(message, every))
        for attribute in ["", *(f".{one.id.name}" for one in message.attributes)]
        if attribute or message.value is not None
        for text in [re.sub(r"`[^`]*`|\"[^\"]*\":", "", words.say(name + attribute, **parameters).replace(keys, ""))]
        if loose.search(text)
    ]
    assert found == []


def test_a_select_has_the_same_words_in_each_language() -> None:
    """A word of a closed list that one language lacks would be written as that language's default."""
    source = messages(SOURCE_LANGUAGE)
    for language in LANGUAGES[1:]:
        translated = messages(language)
        for name, message in source.items():
            mine, theirs = uses_of(message, source).variants, uses_of(translated[name], translated).variants
            for variable in mine.keys() & theirs.keys():
                plural = {"zero", "one", "two", "few", "many", "other", "0", "1"}
                if not mine[variable] & (plural - {"other"}):
                    assert mine[variable] == theirs[variable], (language, name, variable)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of two messages, one of them without its translation."""
    for language, text in {
        "en": "only-english = { $count ->\n    [one] One sensor\n   *[other] { $count } sensors\n }\n"
        "both = Both { $name }\n",
        "fr": "both = Les deux { $name }\n",
    }.items():
        (tmp_path / language).mkdir()
        (tmp_path / language / "test.ftl").write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_missing_translation_is_given_in_english_and_counted() -> None:
    words = MessageCatalogue("fr", "metric")
    assert words.say("both", name="x") == "Les deux x"
    assert not words.missing
    assert words.say("only-english", count=2000) == "2,000 sensors"
    assert words.say(Message("only-english", {"count": 1})) == "One sensor"
    assert words.missing == {"only-english": 2}


@pytest.mark.usefixtures("folder")
def test_an_unknown_message_is_its_identifier_and_counted() -> None:
    words = MessageCatalogue("fr", "metric")
    assert words.say("no-such-message", name="x") == "no-such-message"
    assert words.missing == {"no-such-message": 1}


@pytest.mark.usefixtures("folder")
def test_a_missing_parameter_is_counted() -> None:
    words = MessageCatalogue("en", "metric")
    words.say("both")
    assert words.incomplete == {"both": 1}


def test_a_missing_parameter_is_a_dash_and_not_its_own_name() -> None:
    """It read "segment segment"."""
    for language, counted in (("en", "4 of – sensors"), ("fr", "4")):
        words = MessageCatalogue(language, "metric")
        sentence = words.say("sector-notice-side", count=4)
        assert counted in sentence
        assert "total" not in sentence
        assert "–" in sentence


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("hidden", ["\n", "\r", "\x00", "\x1b", "\u2028", "\u202e", "\u2066", "\u2069"])
@pytest.mark.parametrize("as_list", [False, True])
def test_no_text_of_people_breaks_or_reorders_a_sentence(hidden: str, as_list: bool) -> None:
    name: Any = f"post{hidden}2"
    for language in ("en", "fr", "en-XA"):
        sentence = MessageCatalogue(language, "metric").say("both", name=[name] if as_list else name)
        assert "post\ufffd2" in sentence
        assert hidden not in sentence


@pytest.mark.usefixtures("folder")
def test_a_right_to_left_language_keeps_the_isolation_of_a_sentence_within_a_sentence() -> None:
    words = MessageCatalogue("ar-XB", "metric")
    inner = words.say("both", name="x\u202ey")
    assert words.say("both", name=inner).count("\u2068") == 2
    assert "\u202e" not in words.say("both", name=inner)


@pytest.mark.usefixtures("folder")
def test_text_of_people_is_passed_as_it_is() -> None:
    """A note that looks like a placeable is text."""
    assert MessageCatalogue("en", "metric").say("both", name="{ $count } <b>") == "Both { $count } <b>"


@pytest.mark.usefixtures("folder")
def test_the_pseudo_locale_lengthens_text_and_keeps_parameters() -> None:
    plain, pseudo = MessageCatalogue("en", "metric"), MessageCatalogue("en-XA", "metric")
    assert len(pseudo.say("both", name="T5a2")) > len(plain.say("both", name="T5a2"))
    assert "T5a2" in pseudo.say("both", name="T5a2")
    assert pseudo.say("both", name="T5a2").startswith("Bóth")


@pytest.mark.usefixtures("folder")
def test_a_right_to_left_language_isolates_its_parameters() -> None:
    words = MessageCatalogue("ar-XB", "metric")
    assert words.right_to_left
    assert "\u2068T5a2\u2069" in words.say("both", name="T5a2")
    assert not MessageCatalogue("fr", "metric").right_to_left
    assert "\u2068" not in MessageCatalogue("en", "metric").say("both", name="T5a2")


def test_plurals_follow_the_language(folder: Path) -> None:
    """French writes 0 in the singular (CLDR: i = 0,1), English in the plural."""
    (folder / "fr" / "more.ftl").write_text(
        "only-english = { $count ->\n    [one] { $count } capteur\n   *[other] { $count } capteurs\n }\n",
        encoding="utf-8",
    )
    english, french = MessageCatalogue("en", "metric"), MessageCatalogue("fr", "metric")
    assert [english.say("only-english", count=n) for n in (0, 1, 2)] == ["0 sensors", "One sensor", "2 sensors"]
    assert [french.say("only-english", count=n) for n in (0, 1, 2)] == ["0 capteur", "1 capteur", "2 capteurs"]


class Singulars(Visitor):
    """Variants of a singular that have a number of their own in place of the variable, where none is for 0."""

    def __init__(self, others: dict[str, ast.Message]) -> None:
        self.others = others
        self.found: list[str] = []

    def visit_SelectExpression(self, node: ast.SelectExpression) -> None:  # noqa: N802 - the visitor's naming
        keys = [getattr(one.key, "name", None) or getattr(one.key, "value", None) for one in node.variants]
        for key, variant in zip(keys, node.variants, strict=True):
            texts = " ".join(one.value for one in variant.value.elements if isinstance(one, ast.TextElement))
            uses = uses_of(variant.value, self.others)
            counts = isinstance(node.selector, ast.VariableReference) and node.selector.id.name in uses.variables
            if key == "one" and "0" not in keys and not counts and re.search(r"\b(1|[Uu]ne?)\b", texts):
                self.found.append(texts)
        self.generic_visit(node)


def test_no_french_singular_writes_a_one_for_a_zero() -> None:
    every = messages("fr")
    visitor = Singulars(every)
    for message in every.values():
        visitor.visit(message)
    assert visitor.found == []
    words = MessageCatalogue.of("fr")
    assert words.say("page-workload", raised=0, verdict="acceptable").startswith("0 alerte en 10")
    assert words.say("nation-page-posture", unmet=0, open=0) == "0 non satisfaite, 0 inconnue"


@pytest.mark.usefixtures("folder")
def test_lists_numbers_messages_and_nothing_as_parameters() -> None:
    words = MessageCatalogue("en", "metric")
    assert words.say("both", name=("a", "b", "c")) == "Both a, b and c"
    assert words.say("both", name=[9, 4, 5]) == "Both 4–5, 9"
    assert words.say("both", name=None) == "Both –"
    assert words.say("both", name=Message("both", {"name": "x"})) == "Both Both x"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UnknownLanguage, match="unknown language 'tlh'; expected en or fr"):
        MessageCatalogue.of("tlh")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(["fr-CA", "en"], "fr"), (["de", "fr_FR.UTF-8"], "fr"), (["de"], "en"), ([], "en"), (["EN-us"], "en")],
)
def test_the_first_wanted_language_with_a_catalogue(wanted: list[str], found: str) -> None:
    assert negotiate(wanted) == found


def test_the_wheel_and_the_source_package_hold_every_message_file() -> None:
    """Hatchling takes each file of a package that neither git nor the configuration excludes."""
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert "ops" in hatch["wheel"]["packages"]
    files = [path.relative_to(ROOT).as_posix() for path in FOLDER.rglob("*.ftl")]
    assert {file.split("/")[2] for file in files} == set(LANGUAGES)
    for file in files:
        for pattern in [*hatch["wheel"]["exclude"], *hatch["sdist"]["exclude"]]:
            assert not fnmatch(f"/{file}", f"{pattern}*"), f"{pattern} excludes {file}"
    if (ROOT / ".git").exists():
        ignored = subprocess.run(
            ["git", "check-ignore", *files], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout
        assert ignored == ""


SAYING = {"Message", "say", "say_in_english", "show"}
LAYERS = ("geo", "sensors", "ingest", "fusion", "ops")


def identifiers_in(source: str) -> set[str]:
    """Identifiers that the calls of SAYING in a Python source name as literals."""
    found = set()
    for node in pyast.walk(pyast.parse(source)):
        if isinstance(node, pyast.Call):
            name = node.func.attr if isinstance(node.func, pyast.Attribute) else getattr(node.func, "id", "")
            if name in SAYING:
                literals = (one.value for one in node.args[:2] if isinstance(one, pyast.Constant))
                found |= {one for one in literals if isinstance(one, str) and re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", one)}
    return found


def test_every_message_that_the_code_names_is_in_the_catalogue() -> None:
    known, seen = messages(SOURCE_LANGUAGE), 0
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            named = identifiers_in(path.read_text(encoding="utf-8"))
            assert named <= known.keys(), f"{path.relative_to(ROOT)}: {sorted(named - known.keys())}"
            seen += len(named)
    assert seen > 50


def test_every_message_of_alerts_and_sensors_is_used() -> None:
    code = [path.read_text(encoding="utf-8") for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]
    code += [path.read_text(encoding="utf-8") for path in (ROOT / "ops" / "web" / "src").rglob("*.ts")]
    code += [path.read_text(encoding="utf-8") for path in (FOLDER / SOURCE_LANGUAGE).glob("*.ftl")]
    text = "\n".join(code)
    for name in messages(SOURCE_LANGUAGE):
        if name.startswith(("alert-", "sensor-")):
            stem = re.sub(r"-(gap|lost)(-many)?$", "-", name) if name.startswith("alert-coverage") else name
            assert len(re.findall(re.escape(stem), text)) > 1, f"{name} is used nowhere"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        1e25,
        10**28,
        np.int64(3),
        np.float64(2.5),
        datetime(2026, 1, 1, tzinfo=UTC),
        object(),
        "x",
        None,
        (),
    ],
)
def test_a_sentence_is_made_whatever_a_parameter_is(language: str, value: Any) -> None:
    """A feed must not stop for a value that no sensor should give: the rest of the sentence is still said."""
    words = MessageCatalogue.of(language)
    names = ("class", "track", "direction", "segment", "count", "offset_m", "side", "time_to_border_s", "duration_s")
    for identifier in ("alert-crossing", "alert-group-formed", "alert-approaching", "alert-loitering"):
        said = words.say(identifier, **dict.fromkeys(names, value))
        assert len(said.split()) > 4
        assert "???" not in said
        assert "()" not in said


def test_a_crossing_without_a_known_direction_names_none() -> None:
    said = MessageCatalogue.of().say("alert-crossing", track="T1", segment=4, direction=None, **{"class": "person"})
    assert said == "Probable person on foot, track T1, crossed the border at segment 4"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_entry_parsed_alone_is_that_of_its_file(language: str) -> None:
    files = [FluentParser().parse(path.read_text(encoding="utf-8")) for path in (FOLDER / language).glob("*.ftl")]
    entries = [entry for file in files for entry in file.body if isinstance(entry, ast.Message | ast.Term)]
    sources = sources_of(FOLDER / language)
    named = {("-" if isinstance(entry, ast.Term) else "") + entry.id.name: entry for entry in entries}
    assert sources.keys() == named.keys()
    for name, entry in named.items():
        (alone,) = FluentParser().parse(sources[name]).body
        assert entry.equals(alone, ignored_fields=["span", "comment"]), name


def test_a_message_brings_those_that_it_refers_to() -> None:
    """Each is said by a catalogue of its own that has parsed nothing else, and by one that has parsed everything."""
    referring = [name for name, text in sources_of(FOLDER / "en").items() if re.search(r"\{ [a-z-]+[ .]", text)]
    experienced = MessageCatalogue("en", "metric")
    for name in sources_of(FOLDER / "en"):
        experienced.say(name)
    assert len(referring) > 50
    for name in referring:
        assert MessageCatalogue("en", "metric").say(name) == experienced.say(name)
