"""What the page reads of ``nation.db``: what concerns the incidents that it knows, and only when that changes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.cluster.identity.incidents import SectorIncident
from ops.cluster.identity.nation_store import Continued, NationReader, NationStore
from ops.cluster.identity.separation import rejoin, separate
from ops.cluster.page.picture_watch import ContinuedWatch

NAMES = ("west", "mid", "east")
IDS = tuple(f"I{number}" for number in range(5))
KEYS = st.tuples(st.sampled_from(NAMES), st.sampled_from(IDS))


def incidents(*ids: str) -> tuple[SectorIncident, ...]:
    return tuple(SectorIncident(one, one, "movement", "open", "high", datetime(2026, 3, 1, tzinfo=UTC)) for one in ids)


STEPS = st.one_of(
    st.tuples(st.just("show"), st.sampled_from(NAMES), st.lists(st.sampled_from(IDS), unique=True)),
    st.tuples(st.just("join"), KEYS, KEYS),
    st.tuples(st.just("join apart"), KEYS, KEYS),
    st.tuples(st.just("separate"), KEYS, st.none()),
    st.tuples(st.just("rejoin"), KEYS, st.none()),
    st.tuples(st.just("write something else"), st.none(), st.none()),
)


@settings(max_examples=40, deadline=None)
@given(history=st.lists(STEPS, max_size=25))
def test_over_any_history_the_page_has_what_the_whole_file_states(
    tmp_path_factory: pytest.TempPathFactory, history: list[Any]
) -> None:
    """Incidents come and go, continue others, and are separated and joined again; the page looks after each step."""
    folder, watch = tmp_path_factory.mktemp("nation"), ContinuedWatch()
    shown: dict[str, tuple[SectorIncident, ...]] = dict.fromkeys(NAMES, ())
    with NationStore(folder) as store:
        for step, one, other in history:
            match step:
                case "show":
                    shown[one] = incidents(*other)
                case "join" | "join apart":
                    store.commit(continued=[Continued(*one, *other, "Na", step == "join apart")])
                case "separate":
                    separate(folder, one, "Mary", 7)
                case "rejoin":
                    rejoin(folder, one)
                case _:
                    store.commit(progress={"west": 5}, summaries={"west": b"{}"})
            with NationReader(folder) as reader:
                watch.look(reader, shown)
                whole = reader.continued()
            known = {(name, one.id): one for name, each in shown.items() for one in each}
            expected = [one for one in whole if one[:2] in known and one[2:4] in known]
            assert sorted(watch.of(known).values()) == expected


def test_only_what_changed_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []
    continued_of, whole = NationReader.continued_of, NationReader.continued

    def noted(reader: NationReader, sector: str, ids: list[str]) -> list[Continued]:
        asked.append((sector, tuple(ids)))
        return continued_of(reader, sector, ids)

    monkeypatch.setattr(NationReader, "continued_of", noted)
    monkeypatch.setattr(NationReader, "continued", lambda _: pytest.fail("the whole file was read"))
    watch, known = ContinuedWatch(), {"west": incidents("I1"), "east": incidents("I2", "I3")}

    def looked() -> list[tuple[str, tuple[str, ...]]]:
        asked.clear()
        with NationReader(tmp_path) as reader:
            watch.look(reader, known)
        return list(asked)

    everything = [("west", ("I1",)), ("east", ("I2", "I3"))]
    assert looked() == everything
    with NationStore(tmp_path) as store:
        store.commit(continued=[Continued("east", "I2", "west", "I1", "Na")])
        assert looked() == everything
        store.commit(progress={"west": 5}, summaries={"west": b"{}"})
        assert looked() == []
        known["west"] = incidents("I1", "I4")
        assert looked() == [("west", ("I1", "I4"))]
        assert separate(tmp_path, ("east", "I2"), "Mary", 7)
        assert looked() == [("west", ("I1", "I4")), everything[1]]
        assert looked() == []
        assert whole(store) == [Continued("east", "I2", "west", "I1", "Na", False, "Mary", 7)]
