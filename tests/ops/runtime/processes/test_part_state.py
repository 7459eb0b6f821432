"""What people who do not administer the server read of a part that does not work."""

from __future__ import annotations

import pytest

from geo.message import Message
from ops.runtime.processes.part_state import COMPILING, problem_of, without_folders, without_log
from ops.words import LANGUAGES, MessageCatalogue

ENDED = {"part": "fusion", "cause": "log", "code": 1, "words": "/srv/data/store.db is broken", "log": "/srv/x.log"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "state",
    [
        Message("part-ended", ENDED),
        Message("part-given-up", ENDED | {"failures": 7, "minutes": 61}),
        problem_of("no connection; /srv/data/store.db: disk full"),
    ],
)
def test_no_folder_of_the_server_is_stated(state: Message, language: str) -> None:
    shown = without_log(state)
    assert "/srv" not in MessageCatalogue.of(language).say(shown)
    assert "/srv" not in str(shown.as_dict()), "nor in what programs read"


def test_a_state_without_a_file_is_stated_as_it_is() -> None:
    for state in (COMPILING, problem_of("no connection"), Message("part-not-started", {"part": "api", "reason": "x"})):
        assert without_log(state) == state


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/data/store.db: cannot be read (no /a/b.txt).", "store.db: cannot be read (no b.txt)."),
        ("mqtts://broker.example/x/y refuses", "mqtts://broker.example/x/y refuses"),
        ("3 of 4 and/or 1/2", "3 of 4 and/or 1/2"),
    ],
)
def test_files_are_named_without_their_folders(text: str, shown: str) -> None:
    assert without_folders(text) == shown
