"""A unit's state by changes equals the whole state, is much smaller, and comes whole where the server does not know."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.services.api.field.changes import LISTS, SentStates, applied, changes_of
from ops.services.api.field.models import FieldChanges, FieldState

values = st.one_of(st.none(), st.integers(-3, 3), st.text(max_size=3), st.lists(st.integers(0, 2), max_size=2))


def records(key: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Records with a unique key and fields that may all be there or not."""
    more = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
    return st.dictionaries(st.sampled_from(["k1", "k2", "k3", "k4"]), more, max_size=4).flatmap(
        lambda found: st.permutations([{key: name, **rest} for name, rest in found.items()])
    )


states = st.fixed_dictionaries(
    {"at": st.integers(0, 3), "duty": values, "position": st.none() | st.dictionaries(st.just("lon"), values)}
    | {name: records(key) for name, key in LISTS.items()}
)


@settings(max_examples=80, deadline=None)
@given(before=states, after=states)
def test_the_state_by_changes_is_the_whole_state(before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = json.loads(json.dumps(changes_of(before, after)))
    assert applied(before, changes) == after
    assert changes_of(after, after) == {}


@settings(max_examples=25, deadline=None)
@given(chain=st.lists(states, min_size=2, max_size=6))
def test_a_chain_of_changes_ends_at_the_last_state(chain: list[dict[str, Any]]) -> None:
    here = chain[0]
    for before, after in pairwise(chain):
        here = applied(here, changes_of(before, after))
    assert here == chain[-1]


def test_a_phone_gets_what_changed_since_the_version_that_it_has(room: Any) -> None:
    with room.phone() as phone:
        whole = phone.get("/v1/field/state")
        state = FieldState.model_validate(whole.json()).model_dump(mode="json")
        first = whole.json()
        body = {"action_id": "answer-0001", "action": "received", "incident": "I5", "at": "2026-03-20T09:46:00Z"}
        assert phone.post("/v1/field/replies", json={"replies": [body]}).json()["results"][0]["accepted"]
        answer = phone.get("/v1/field/state", params={"since": first["version"]})
        changes = answer.json()
        FieldChanges.model_validate(changes)
        assert changes["since"] == first["version"]
        second = applied(first, {name: value for name, value in changes.items() if name != "since"})
        assert second == phone.get("/v1/field/state").json() | {"at": second["at"], "version": second["version"]}
        assert [one["action_id"] for one in second["outcomes"]] == ["answer-0001"]
        assert len(answer.content) < len(whole.content) / 4
        assert "incidents" not in changes
        same = phone.get(
            "/v1/field/state", params={"since": second["version"]}, headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert same.status_code == 304
        assert set(state) == set(first)


def test_the_state_is_compressed_and_does_not_repeat_the_access_of_the_device(room: Any) -> None:
    with room.phone() as phone:
        cookies = [value.encode() for value in phone.cookies.values()]
        with phone.stream("GET", "/v1/field/state", headers={"Accept-Encoding": "gzip"}) as answer:
            sent = b"".join(answer.iter_raw())
        assert answer.headers["Content-Encoding"] == "gzip"
        text = gzip.decompress(sent)
        assert FieldState.model_validate_json(text)
        assert len(sent) < len(text) / 2
        assert cookies
        assert not any(value in text for value in cookies)


def test_an_unknown_version_or_that_of_another_device_gets_the_whole_state(room: Any) -> None:
    with room.phone() as phone, room.phone("patrol-2", "Phone 2") as other:
        first = phone.get("/v1/field/state").json()
        for client, version in ((phone, "0" * 18), (other, first["version"]), (phone, "x")):
            answer = client.get("/v1/field/state", params={"since": version})
            assert answer.status_code == 200
            assert FieldState.model_validate(answer.json())
        assert phone.get("/v1/field/state", params={"since": "x" * 100}).status_code == 422


def test_only_the_newest_states_are_remembered() -> None:
    sent = SentStates(most=2)
    for number in range(3):
        sent.keep("d", str(number), {"at": number})
    assert [sent.of("d", str(number)) for number in range(3)] == [None, {"at": 1}, {"at": 2}]
    assert sent.of("e", "2") is None
    sent.of("d", "1")
    sent.keep("d", "3", {"at": 3})
    assert sent.of("d", "2") is None, "a state that a device has asked about stays"


def test_a_phone_that_only_hears_that_nothing_changed_keeps_its_base(room: Any) -> None:
    with room.phone() as phone:
        first = phone.get("/v1/field/state")
        version, tag = first.json()["version"], {"If-None-Match": first.headers["ETag"]}
        for second in range(1, 6):
            room.clock[0] += second * 10**9
            assert phone.get("/v1/field/state", params={"since": version}, headers=tag).status_code == 304
        assert phone.get("/v1/field/state", params={"since": version}).json()["since"] == version
