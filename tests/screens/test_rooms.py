"""The photographs are of rooms that the tests of the pages make: none of them has fallen behind those tests."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.patience import PATIENT_S
from tests.screens.__main__ import ROOMS
from tests.screens.states import STATES, THIRTY


def test_the_room_of_partners_answers_for_its_page(tmp_path: Path) -> None:
    with ROOMS["partners"](tmp_path) as made:
        assert httpx.get(f"{made.address.rstrip('/')}/partners", timeout=PATIENT_S).status_code == 200


def test_every_state_has_a_room_and_the_thirty_are_states() -> None:
    names = [state.name for state in STATES]
    assert len(set(names)) == len(names)
    assert {state.room for state in STATES} <= set(ROOMS)
    assert set(THIRTY) <= set(names)
