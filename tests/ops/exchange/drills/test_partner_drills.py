"""A joint exercise: a demonstration reduced by the agreement, a key that only the scorer opens, and the score back."""

from __future__ import annotations

import json
import zipfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from geo.errors import BadInput
from ops.exchange.drills.answers import AnswerKey, GivenAnswer, KeyAnswer, opened_key, score_answers, sealed_key
from ops.exchange.drills.run import DrillToMark, DrillToRun, make_scorer_key, mark_drill, run_drill
from ops.exchange.format.manifest import DrillResult
from ops.exchange.format.package import opened, packed
from ops.exchange.format.refusal import PackageRefused
from ops.exchange.format.verify import verified
from ops.exchange.make import SharingConditions, _manifest, share_score
from ops.exchange.received import ReceivedStore
from ops.governance.training import read_records
from ops.releasability.decision import Markings
from ops.room.demo.share_drill import without_answers
from ops.room.night_file import SCENARIO_START
from ops.store.track_history import save_history
from ops.store.writer import Store
from sensors.timestamps import nanoseconds
from tests.ops.exchange.partners import KEYS, NOW, agreement, agreements, agreements_text, package, receiver, sender
from tests.ops.governance.test_drills import ALERTS, INCIDENTS, START, truth

QUIET = Console(stderr=True, quiet=True)
DRILLS = {"layers": {"incidents": ("kind", "opened_at", "state")}, "drills": True}
YEARS = (datetime(2026, 1, 1, tzinfo=UTC), (0, 73 * 365))
"""START, at which the demonstration began, is in May 2026; the clock of the tests is that of the machine."""

KEY = AnswerKey(
    {
        "one": KeyAnswer("person", True, ("apprehended",), (0,)),
        "two": KeyAnswer("person", True, ("apprehended", "rescue"), (0, 1)),
        "deer": KeyAnswer("animal", False, ("nuisance",)),
    },
    3,
)


def scored(**given: GivenAnswer) -> DrillResult:
    return score_answers(KEY, given, drill=4, limit_s=60.0, role="operator", shift="early")


def test_answers_are_scored_as_worked_by_hand() -> None:
    """Three crossings: target 0 is in both incidents of people, target 1 in the second, and one in none."""
    result = scored(one=GivenAnswer(30.0, "apprehended"), deer=GivenAnswer(90.0, "no_threat"))
    assert (result.incidents, result.in_time, result.closed, result.right) == (3, 1, 2, 1)
    assert (result.crossings, result.undetected, result.missed) == (3, 1, 1), "target 1 is only in the second"
    assert result.median_s == 60.0
    nothing = scored()
    assert (nothing.in_time, nothing.closed, nothing.missed, nothing.median_s) == (0, 0, 2, None)


@given(
    st.dictionaries(
        st.sampled_from(["one", "two", "deer", "unknown"]),
        st.builds(GivenAnswer, st.none() | st.floats(0, 1e5), st.sampled_from(["", "apprehended", "nuisance", "lost"])),
    )
)
def test_no_part_of_a_score_is_above_its_whole(given: dict[str, GivenAnswer]) -> None:
    """The recipient of the score refuses anything else."""
    result = scored(**given)
    made = share_check(result)
    assert made.score == result


def share_check(result: DrillResult) -> Any:
    """The manifest of a score after the verification by its recipient."""
    maker = sender(Path(), "south", "north", **DRILLS)
    manifest = _manifest(
        maker, maker.agreements.agreements[0], 1, SharingConditions("", (), nanoseconds(NOW + timedelta(days=1))), {},
        None, score=result,
    )  # fmt: skip
    content = packed(manifest, None, KEYS["south"])
    own = agreements("north", agreement("south", **DRILLS))
    return verified(opened(content), own, newest=0, now=NOW, markings=Markings(())).manifest


@pytest.mark.parametrize(
    "change",
    [
        {"in_time": 4}, {"right": 3}, {"closed": 4}, {"undetected": 4}, {"missed": 3}, {"missed": -1}, {"drill": 0},
        {"limit_s": 0.0}, {"median_s": -1.0}, {"role": "chief"}, {"shift": "a\nb"}, {"crossings": 2**40},
        {"incidents": 2**40},
    ],
)  # fmt: skip
def test_a_score_that_no_shift_can_have_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(PackageRefused):
        share_check(msgspec.structs.replace(scored(one=GivenAnswer(30.0, "apprehended")), **change))


def test_the_key_opens_only_with_the_scorers_key_and_for_its_drill() -> None:
    private, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    sealed = sealed_key(KEY, private.public_key().public_bytes_raw(), "north", "south")
    assert opened_key(sealed, private, "north", "south") == KEY
    assert b"apprehended" not in sealed
    for key, origin, recipient in ((other, "north", "south"), (private, "east", "south"), (private, "north", "east")):
        with pytest.raises(BadInput, match="does not fit"):
            opened_key(sealed, key, origin, recipient)


def test_a_drill_shows_nothing_of_what_another_shift_did() -> None:
    scorer = b64encode(bytes(range(32))).decode()
    agreed = agreement(layers={"incidents": ("kind", "state", "disposition"), "coverage": ("probability",)},
                       drills=True, scorer=scorer, delay_s=3600.0)  # fmt: skip
    terms = without_answers(agreed)
    assert (terms.layers, terms.delay_s) == ({"incidents": ("kind",)}, 0.0)
    for change in ({"drills": False}, {"scorer": ""}, {"layers": {"incidents": ("state",)}}):
        with pytest.raises(BadInput):
            without_answers(replace(agreed, **change))


def test_a_drill_or_a_score_that_is_not_agreed_is_refused(tmp_path: Path) -> None:
    result = scored(one=GivenAnswer(30.0, "apprehended"))
    maker = sender(tmp_path / "south", "south", "north", **DRILLS)
    made = share_score(maker, maker.agreements.agreements[0], result)
    with pytest.raises(PackageRefused, match="`drills`"):
        receiver(tmp_path / "north", "north", "south").receive(made.content, NOW)
    with pytest.raises(PackageRefused, match="a drill that was sent"):
        receiver(tmp_path / "north", "north", "south", **DRILLS).receive(made.content, NOW)


def test_a_product_with_an_answer_key_is_not_a_package(tmp_path: Path) -> None:
    made = package(tmp_path / "north")
    (tmp_path / "made.zip").write_bytes(made.content)
    with zipfile.ZipFile(tmp_path / "made.zip", "a") as archive:
        archive.writestr("answers.sealed", b"x")
    with pytest.raises(PackageRefused, match="answer key"):
        opened((tmp_path / "made.zip").read_bytes())


@pytest.fixture
def sides(tmp_path: Path, make_sector: Callable[[Path], Any], watchline: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """North has a demonstration and the agreement; south the key of its scorer."""
    monkeypatch.chdir(tmp_path)
    make_sector(tmp_path / "hills")
    demo = tmp_path / "demo"
    demo.mkdir()
    end = {"state": "closed", "at": "2026-05-01T22:03:00+00:00", "by": "x", "action": "close"}
    ended = [one | {"transitions": [*one["transitions"], end]} if one["disposition"] else one for one in INCIDENTS]
    places = [
        one | {"lon": -84.7, "lat": 36.55, "sentence": "CANARY", "owner": "CANARY", "updated_at": one["opened_at"]}
        for one in ended
    ]
    store = Store(demo / "store.db")
    store.commit(
        1, stamp_ns=nanoseconds(START) + 200 * 10**9, tracks_live=[], alerts=list(ALERTS.values()),
        incident_revisions=places,
    )  # fmt: skip
    store.close()
    save_history(truth(SCENARIO_START), demo / "truth.npz")
    (demo / "night.started").write_text(f"{nanoseconds(START)}\n")
    (demo / ".demonstration").touch()
    scorer = make_scorer_key(tmp_path / "scorer.key", QUIET)["public_base64"]
    for own, partner in (("north", "south"), ("south", "north")):
        (tmp_path / own / "audit").mkdir(parents=True)
        watchline("share", "key", "--out", f"{own}-key")
        more = "delay_s = 86400\ndrills = true\n" + (f'scorer = "{scorer}"\n' if own == "north" else "")
        fields = {"incidents": ("kind", "state", "opened_at", "disposition")}
        text = agreements_text(
            own, partner, key="KEY", now=YEARS[0], days=YEARS[1], step_s=60, layers=fields, more=more
        )
        (tmp_path / f"{own}.toml").write_text(text)
    for own, partner in (("north", "south"), ("south", "north")):
        key = json.loads(watchline("share", "key", "--out", f"{partner}-key", "--json").out)["public_base64"]
        path = tmp_path / f"{own}.toml"
        path.write_text(path.read_text().replace("KEY", key))
    return tmp_path


def side(own: str) -> list[str]:
    return ["--agreements", f"{own}.toml", "--identity", f"{own}-key", "--data", own, "--purpose", "exercise"]


def test_a_night_is_sent_worked_on_scored_and_the_score_comes_back(sides: Path, watchline: Any) -> None:
    made = watchline(
        "share", "make", "hills", "south", *side("north"), "--drill", "demo", "--title", "Night 1", "--out", "d.zip",
        "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert json.loads(made.out)["incidents"] == 4
    content = (sides / "d.zip").read_bytes()
    with zipfile.ZipFile(sides / "d.zip") as archive:
        parts = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (
        b"CANARY",
        b"apprehended",
        b"nuisance",
        b'"p1"',  # encrypted bytes may hold the two letters by chance
        b"animal",
        *(one["id"].encode() for one in INCIDENTS),
    ):
        assert secret not in parts, secret
    manifest = opened(content).manifest
    assert (manifest.kind, manifest.layers["incidents"].fields) == ("drill", ("kind", "opened_at"))
    taken = watchline("share", "receive", "d.zip", "--agreements", "south.toml", "--data", "south", "--json")
    assert json.loads(taken.out)["stored"] == 4, taken.err

    entered = iter(["\n", "apprehended\n", "-\n", "\n", "rubbish\n", "nuisance\n"])
    clock = iter([0.0, 10.0, 20.0, 30.0, 130.0, 200.0])
    drill = DrillToRun(sides / "south", "north", 1, "operator", "early", sides / "answers.json")
    shown: list[str] = []

    def ask(text: str) -> str | None:
        shown.append(text)
        return next(entered, None)

    assert run_drill(drill, ask, lambda: next(clock), QUIET)["answered"] == 3
    given = json.loads((sides / "answers.json").read_bytes())["answers"]
    assert [tuple(one.values()) for one in given.values()] == [(10.0, "apprehended"), (None, ""), (100.0, "nuisance")]
    assert not any(word in line for line in shown for word in ("CANARY", "right", "p1"))
    left = iter(["\n", "apprehended\n"])

    def interrupted(_: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise KeyboardInterrupt from None

    with pytest.raises(KeyboardInterrupt):
        run_drill(replace(drill, out=sides / "interrupted.json"), interrupted, lambda: 0.0, QUIET)
    assert [*json.loads((sides / "interrupted.json").read_bytes())["answers"].values()] == [
        {"acknowledged_s": 0.0, "disposition": "apprehended"}
    ]
    with pytest.raises(KeyboardInterrupt):
        run_drill(replace(drill, out=sides / "none.json"), interrupted, lambda: 0.0, QUIET)
    assert not (sides / "none.json").exists(), "so that it can be begun again"
    with pytest.raises(BadInput, match="exists already"):
        run_drill(drill, lambda _: pytest.fail("a question, although the answers cannot be kept"), lambda: 0.0, QUIET)

    marked = watchline("drill", "mark", "answers.json", "--key", "scorer.key", *side("south"), "--records", "t.jsonl",
                       "--out", "s.zip", "--json")  # fmt: skip
    assert marked.code == 0, marked.err
    score = json.loads(marked.out)["score"]
    assert (score["incidents"], score["in_time"], score["closed"]) == (4, 1, 2)
    assert (score["crossings"], score["undetected"]) == (2, 1), "p3 crossed without an incident"
    (record,) = read_records(sides / "t.jsonl")
    assert (record.title, record.shift, record.person) == ("Night 1", "early", "")
    back = watchline("share", "receive", "s.zip", "--agreements", "north.toml", "--data", "north")
    assert back.code == 0, back.err
    listed = json.loads(watchline("share", "list", "--data", "north", "--json").out)["received"]
    assert [(one["kind"], one["state"]) for one in listed] == [("score", "in_force")]
    store = ReceivedStore(sides / "north")
    assert msgspec.to_builtins(store.packages()[0].manifest.score) == score
    store.close()


def test_answers_of_another_drill_and_a_wrong_key_are_refused(sides: Path, watchline: Any) -> None:
    for number in (1, 2):
        made = watchline("share", "make", "hills", "south", *side("north"), "--drill", "demo", "--out", f"{number}.zip")
        assert made.code == 0, made.err
        watchline("share", "receive", f"{number}.zip", "--agreements", "south.toml", "--data", "south")
    drill = DrillToRun(sides / "south", "north", 1, "operator", "", sides / "answers.json")
    run_drill(drill, lambda _: None, lambda: 0.0, QUIET)
    make_scorer_key(sides / "other.key", QUIET)
    mark = DrillToMark(
        sides / "answers.json",
        sides / "other.key",
        sides / "south",
        sides / "south.toml",
        sides / "south-key",
        "exercise",
    )
    with pytest.raises(BadInput, match="does not fit"):
        mark_drill(mark, QUIET)
    body = json.loads((sides / "answers.json").read_bytes())
    (sides / "answers.json").write_text(json.dumps(body | {"number": 2}))
    with pytest.raises(BadInput, match="another drill"):
        mark_drill(replace(mark, key=sides / "scorer.key"), QUIET)
    withdrawn = watchline("share", "withdraw", "south", *side("north"), "--package", "1", "--out", "w.zip")
    assert withdrawn.code == 0, withdrawn.err
    watchline("share", "receive", "w.zip", "--agreements", "south.toml", "--data", "south")
    store = ReceivedStore(sides / "south")
    assert [store.sealed("north", number) is None for number in (1, 2)] == [True, False]
    store.close()
    with pytest.raises(BadInput, match="no drill 1"):
        run_drill(replace(drill, out=sides / "later.json"), lambda _: None, lambda: 0.0, QUIET)
