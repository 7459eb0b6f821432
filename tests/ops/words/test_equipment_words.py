"""Names that come from files: of catalogue items and of vertical datums, ours in the reader's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.analysis.inputs import catalogue_of
from ops.analysis.messages import item_name, item_title
from ops.drawing.scene import datum_message
from ops.words import MessageCatalogue

ENGLISH, FRENCH = MessageCatalogue.of("en"), MessageCatalogue.of("fr")


@pytest.mark.parametrize("item", list(catalogue_of(None)), ids=lambda item: item.name)
def test_every_item_of_the_shipped_catalogue_has_a_french_name_and_title(item) -> None:
    assert ENGLISH.say(item_title(item)) == item.title, "the title of the catalogue's file"
    assert FRENCH.say(item_title(item)) != item.title
    assert "_" not in ENGLISH.say(item_name(item.name))
    assert FRENCH.say(item_name(item.name)) != item.name.replace("_", " ")


def test_an_own_item_is_named_as_its_author_wrote_it() -> None:
    own = replace(next(iter(catalogue_of(None))), title="Tour de Madame Dupont")
    for words in (ENGLISH, FRENCH):
        assert words.say(item_title(own)) == "Tour de Madame Dupont"
        assert words.say(item_name("valley_radar")) == "valley radar"


@pytest.mark.parametrize(
    ("datum", "english", "french"),
    [
        ("EGM96 geoid", "EGM96 geoid", "géoïde EGM96"),
        ("EGM2008 height", "EGM2008 geoid", "géoïde EGM2008"),
        ("ellipsoid of World Geodetic System 1984", None, "ellipsoïde de World Geodetic System 1984"),
        ("NGF-IGN69 height", None, "NGF-IGN69 height"),
        ("unknown", "unknown", "inconnue"),
        (None, "unknown", "inconnue"),
    ],
)
def test_a_vertical_datum_is_named_in_the_readers_language(datum, english, french) -> None:
    assert ENGLISH.say(datum_message(datum)) == (english or datum)
    assert FRENCH.say(datum_message(datum)) == french
