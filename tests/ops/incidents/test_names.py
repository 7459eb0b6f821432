"""Names for radio: the same for the same id, and never given twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ops.incidents.names import INCIDENT_WORDS, TRACK_WORDS, radio_name


def test_a_name_is_a_word_of_the_spelling_alphabet_and_a_number() -> None:
    word, number = radio_name("I91f0c2d3e4b5a687", ()).split()
    assert word in INCIDENT_WORDS
    assert 1 <= int(number) <= 99


def test_incidents_and_tracks_share_no_word_and_each_letter_occurs_once() -> None:
    assert not set(INCIDENT_WORDS) & set(TRACK_WORDS)
    assert len({word[0] for word in INCIDENT_WORDS}) == len(INCIDENT_WORDS) == 26
    assert len({word[0] for word in TRACK_WORDS}) == len(TRACK_WORDS)


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, min_size=2, max_size=60))
def test_names_in_use_are_never_given_again(identities: list[str]) -> None:
    taken: set[str] = set()
    for identity in identities:
        name = radio_name(identity, taken)
        assert name not in taken
        assert radio_name(identity, taken) == name
        taken.add(name)


def test_when_all_names_up_to_99_are_taken_the_numbers_go_on() -> None:
    taken = {f"{word} {number}" for word in INCIDENT_WORDS for number in range(1, 100)}
    assert 100 <= int(radio_name("I1", taken).split()[1]) <= 999
