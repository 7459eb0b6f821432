"""The check of words finds what plain English does not use, in every kind of text, and leaves code alone."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("check_words", ROOT / "deploy" / "check_words.py")
assert SPEC is not None
assert SPEC.loader is not None
check_words = importlib.util.module_from_spec(SPEC)
sys.modules["check_words"] = check_words
SPEC.loader.exec_module(check_words)


def words(text: str) -> list[str]:
    return [finding.text for finding in check_words.findings_in(Path("page.md"), 1, text)]


def test_no_text_for_people_has_a_refused_word():
    assert [str(finding) for finding in check_words.findings(ROOT)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Nobody came near segment 7.", ["Nobody"]),
        ("It is told twice, and it tells the API.", ["told", "tells"]),
        ("The weights are computed anew, for ever.", ["anew", "for ever"]),
        ("'x' is no node id.", ["is no"]),
        ("The dearest layout betters the other.", ["dearest", "betters"]),
        ("The patrols are drawn by lot and go on.", ["drawn by lot", "go on"]),
        ("Ground that no working sensor sees is unwatched.", ["no working sensor sees", "unwatched"]),
        ("It covers 35 % of the area.", ["5 %"]),
        ("The sensor on the home side is not sure.", ["home side", "is not sure"]),
        ("It works. Who has a spool sends it again.", ["Who has a spool sends it again."]),
        ("What sensors send now is not read.", ["What sensors send now is not read."]),
        ("The least detected path of a stretch.", ["least detected", "stretch"]),
        ("It stores 4,000 messages a second in the mean.", ["4,000 messages a second", "in the mean"]),
        (
            "The report says that what is bought counts for nothing.",
            ["report says", "what is bought", "counts for nothing"],
        ),
        ("All but for one are sent once more, errors as before.", ["but for", "once more", "errors as"]),
    ],
)
def test_refused_words_are_found(text: str, found: list[str]):
    assert sorted(words(text)) == sorted(found)


@pytest.mark.parametrize(
    "text",
    [
        "There is no line of sight.",
        "The track is no longer confirmed, and no more than 5 are shown.",
        "It covers 35% of the area.",
        "Who has a spool?",
        "What did not pay: a coarser tolerance.",
        "The going rate is known to nobel laureates.",
        "Within 5 minutes a second message may arrive.",
    ],
)
def test_plain_english_passes(text: str):
    assert words(text) == []


def test_the_line_of_a_finding_is_that_of_the_page():
    (finding,) = check_words.findings_in(Path("page.md"), 10, "one\ntwo\nnobody\n")
    assert finding.line == 12
    assert str(finding).startswith("page.md:12: 'nobody': write ")


def test_code_links_and_comments_of_a_page_are_left_out():
    page = "# T\n\n```\nnobody\n```\n\nRun `nobody` or [this](nobody.md). <!-- nobody -->\n\nSomebody.\n"
    prose = check_words.prose_of_markdown(page)
    assert words(prose) == ["Somebody"]
    assert prose.count("\n") == page.count("\n")


def test_values_of_messages_are_read_and_identifiers_are_not():
    messages = (
        "# nobody\nnobody-there = It was told { $nobody }.\n    .title = Nobody\n"
        "count = { $n ->\n    [one] anew\n   *[other] x\n }\n"
    )
    assert words(check_words.prose_of_messages(messages)) == ["Nobody", "told", "anew"]


def test_texts_of_a_catalogue_are_read_and_keys_are_not():
    catalogue = (
        '# nobody\n[item.nobody]\ntitle = "Nobody is here"\ncost = { low = 1, source = "somebody, 5 % of it" }\n'
    )
    prose = check_words.prose_of_catalogue(catalogue)
    assert words(prose) == ["Nobody", "somebody", "5 %"]
    assert prose.count("\n") == catalogue.count("\n")


def test_markdown_cells_of_a_notebook_are_read_and_code_is_not():
    notebook = "# %% [markdown]\n# Nobody is there.\n\n# %%\nnobody = 1  # nobody\n"
    assert words(check_words.prose_of_notebook(notebook)) == ["Nobody"]


def test_strings_and_docstrings_of_code_are_read_and_names_and_sql_are_not():
    source = '''
nobody = "nobody"
def f(x):
    """Nobody is here."""
    if x:
        raise BadInput(f"{x!r} is no time", where="nobody", expected="x")
    option("--x", help="Seconds a wall second.")
    return LABELS.get("anew", "it goes on")
db.execute("SELECT told FROM told WHERE alert = 1")
@app.command()
def command():
    """Tell somebody."""
'''
    found = sorted(word for _, text in check_words.texts_of_code(source) for word in words(text))
    assert found == ["Nobody", "Tell", "goes on", "is no", "somebody", "wall second"]
