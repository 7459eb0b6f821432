"""What the commands print follows the language and the units; JSON and errors do not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest

from ops.words import LANGUAGES, MessageCatalogue
from tests.ops.words.pseudo_texts import plain_lines


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The options change the environment of this process, for the processes that a command starts."""
    for name in ("WATCHLINE_LANGUAGE", "WATCHLINE_UNITS"):
        monkeypatch.setenv(name, "")
    yield
    for name in ("WATCHLINE_LANGUAGE", "WATCHLINE_UNITS"):
        os.environ.pop(name, None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_is_in_the_language_of_the_option(watchline, hill_journal, language):
    ending = watchline("--language", language, "journal", "stats", hill_journal)
    words = MessageCatalogue.of(language)
    heading = ending.err.splitlines()
    assert any(words.say("console-column", name="journaled") in line for line in heading[:3])
    assert words.say("console-column", name="source") in ending.err


def test_the_variable_sets_the_language_and_the_option_precedes_it(watchline, hill_journal, monkeypatch):
    french = MessageCatalogue.of("fr").say("console-column", name="received")
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    assert french in watchline("journal", "stats", hill_journal).err
    assert french not in watchline("--language", "en", "journal", "stats", hill_journal).err


@pytest.mark.parametrize("command", [["doctor"], ["sensor", "list", "cumberland"], ["broker", "check", "nonsense"]])
def test_json_and_errors_do_not_depend_on_the_language(watchline, tmp_path, command):
    if command[0] == "broker":
        command = [*command, "--config", str(tmp_path)]
    english = watchline("--language", "en", *command, "--json")
    french = watchline("--language", "fr", *command, "--json")
    assert english.code == french.code
    if english.out:
        assert json.loads(english.out) == json.loads(french.out)
        assert english.err != french.err
    else:
        assert english.err == french.err


def test_what_doctor_prints_is_in_the_catalogue(watchline, monkeypatch):
    """Whatever is missing here; names of programs and their paths are not words."""
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "en-XA")
    printed = re.sub(r"\n {12,}", " ", watchline("doctor").err)  # names of packages go on in lines of their own
    assert plain_lines(printed) == []


@pytest.mark.parametrize(
    ("language", "message", "parameters", "sentence"),
    [
        ("en", "console-simulated", (1, 1, 1), "1 message of 1 sensor and 1 target: out"),
        ("en", "console-simulated", (24, 1, 0), "24 messages of 1 sensor and 0 targets: out"),
        ("fr", "console-simulated", (1, 1, 1), "1 message de 1 capteur et 1 cible : out"),
        ("fr", "console-simulated", (24, 2, 0), "24 messages de 2 capteurs et 0 cible : out"),
    ],
)
def test_numbers_agree_with_their_nouns(language, message, parameters, sentence):
    messages, sensors, targets = parameters
    said = MessageCatalogue.of(language).say(message, messages=messages, sensors=sensors, targets=targets, folder="out")
    assert said.replace("\u00a0", " ") == sentence


def test_the_remedy_for_a_missing_standard_names_no_package_of_our_name(monkeypatch):
    """A package index may have a foreign package named ``watchline``."""
    from importlib.metadata import PackageNotFoundError

    from ops.admin import doctor

    def missing(_: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(doctor, "version", missing)
    found = doctor._optional("asterix", "libasterix", "asterix").as_dict()["found"]
    assert "pip install '.[asterix]'" in found
    assert "'watchline[" not in found
