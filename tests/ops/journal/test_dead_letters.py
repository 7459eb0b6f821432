"""Dead letters on the command line: browsed without harm, judged anew through the same door, counted exactly."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from geo.errors import BadInput
from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.batch import KEPT_TOPIC
from ingest.receiving.receiver import Guards, Receiver
from ingest.security.authentication import Authenticator
from ingest.security.key_register import Register, record_of
from ingest.security.signature import Signer
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.cli.app import app
from ops.cli.wrong_values import WrongValue
from ops.journal.dead_letters import Filter, list_letters, replay_letters, show_letter
from ops.journal.resubmission import ReplayError, ReplayFolder, carry_out, submit
from ops.journal.writer import Journal
from sensors.scan import Plot, Scan
from tests.patience import PATIENT_S

NOW = datetime(2026, 3, 14, 21, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 10**9
HOUR_NS = 3600 * 10**9
QUIET = Console(stderr=True, quiet=True)
TOPIC = "watchline/1/x/sensor/r1/detections"


class Door:
    """Ingest without a broker: a receiver, a journal, and the requests beside it."""

    def __init__(self, folder: Path, *, trust: bool = False) -> None:
        self.path = folder / "journal.db"
        self.journal = Journal(self.path)
        self.signer = Signer.generate()
        self.register = Register()
        self.trust = (
            Authenticator(self.register, required=True, recall_boot=self.journal.recall_boot) if trust else None
        )
        self.receiver = Receiver("x", commit=self.journal.commit, acknowledge=lambda _: True,
                                 recall=self.journal.recall, guards=Guards(self.trust))  # fmt: skip

    def take(self, payload: bytes, boot: int, seq: int, *, at_ns: int = NOW_NS, signed: bool = False) -> None:
        said = [("boot", str(boot)), ("seq", str(seq)), ("by_boot", str(boot)), ("sent", str(at_ns))]
        if signed:  # as one of two that went out together: what is kept of it must prove it alone
            said = self.signer.sign_many([(TOPIC, "application/json", said, each) for each in (b"other", payload)])[1]
        self.receiver.handle([Delivery(TOPIC, payload, "application/json", tuple(said), at_ns)])

    def replay(self, at_ns: int) -> int:
        return carry_out(ReplayFolder(self.path), self.journal, self.receiver.handle, at_ns)

    def keys(self) -> list[tuple[int | None, int | None]]:
        return [(row.boot, row.seq) for row in self.journal.read() if row.kind == "detections"]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.journal.close()


def scan(seq: int, *, hours: float = 0.0, boot: int = 1) -> bytes:
    at = NOW + timedelta(hours=hours)
    return encode(Scan("r1", boot, seq, seq, at, at, "radar", (Plot(azimuth_deg=1.0),)))


def figures(runner_output: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(runner_output.strip().splitlines()[-1])
    return found


def test_what_was_too_early_is_taken_when_its_time_has_come(door: Door) -> None:
    """A sensor's clock was an hour ahead; an hour later a person submits what it sent. Both laws stay exact."""
    door.take(scan(1), 1, 1)
    door.take(scan(2, hours=1), 1, 2)
    assert door.keys() == [(1, 1)]
    ReplayFolder(door.path).ask([1])
    assert door.replay(NOW_NS + 60 * 10**9) == 1
    assert door.keys() == [(1, 1)], "it is still early"
    assert door.journal.replayed() == {1: (NOW_NS + 60 * 10**9, "refused: future")}
    ReplayFolder(door.path).ask([1])
    assert door.replay(NOW_NS + HOUR_NS) == 1
    assert door.keys() == [(1, 1), (1, 2)]
    assert door.journal.replayed()[1][1] == "journaled"
    counts, recount = door.journal.counts()["r1"], door.journal.recount()["r1", "detections"]
    assert (counts.received, counts.journaled, counts.duplicate, counts.dead_lettered) == (4, 2, 1, 1)
    assert counts.balanced
    assert recount.journaled + recount.dead_keys == 2, "two were published, and both are in the journal"
    ReplayFolder(door.path).ask([1])
    door.replay(NOW_NS + HOUR_NS)
    assert door.keys() == [(1, 1), (1, 2)], "once only"


def test_long_names_in_topics_do_not_fill_the_journal(tmp_path: Path) -> None:
    """300 names of 64 kB, 19 MB: all are counted, each is kept with what shows that it is no topic of Watchline."""
    door = Door(tmp_path)
    topics = [f"watchline/1/x/sensor/{'n' * 64_000}{n}/detections" for n in range(300)]
    door.receiver.handle([Delivery(topic, b"%d" % n, "application/json", (), NOW_NS) for n, topic in enumerate(topics)])
    letters = [letter for _, letter in door.journal.dead_letters()]
    assert [letter.code for letter in letters] == ["bad_topic"] * 300
    assert all(len(letter.topic) == KEPT_TOPIC and topics[0].startswith(letter.topic) for letter in letters)
    assert door.journal.recount()["", "unknown"].dead_lettered == 300
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 3e6
    door.take(b"{}", 1, 1)
    assert [letter.topic for _, letter in door.journal.dead_letters()][-1] == TOPIC, "whole, as of every known source"
    ReplayFolder(door.path).ask([1])
    door.replay(NOW_NS)
    assert door.journal.replayed()[1][1] == "refused: bad_topic", "what is kept of it does not become a topic"
    door.journal.close()


def test_an_unsigned_message_does_not_come_in_by_being_asked_for(tmp_path: Path) -> None:
    door = Door(tmp_path, trust=True)
    door.take(scan(1), 1, 1)
    door.take(scan(2), 1, 2, signed=True)
    assert [dead.code for _, dead in door.journal.dead_letters()] == ["unsigned", "unknown_key"]
    ReplayFolder(door.path).ask([1, 2])
    assert door.replay(NOW_NS) == 2
    assert door.keys() == []
    record = record_of("sensor", "r1", door.signer.public, valid_from=NOW - timedelta(days=1), valid_until=None)
    assert door.trust is not None
    door.trust.register = Register([record])
    ReplayFolder(door.path).ask([1, 2])
    assert door.replay(NOW_NS) == 2
    assert door.keys() == [(1, 2)], "whose key is registered by now, and no other"
    door.journal.close()


def test_an_earlier_boot_is_not_held_against_what_was_heard_before(tmp_path: Path) -> None:
    door = Door(tmp_path, trust=True)
    assert door.trust is not None
    door.trust.register = Register([record_of("sensor", "r1", door.signer.public, valid_from=NOW - timedelta(days=1),
                                              valid_until=None)])  # fmt: skip
    door.take(scan(1, hours=1), 1, 1, signed=True)
    door.take(scan(1, boot=2), 2, 1, signed=True)
    ReplayFolder(door.path).ask([1])
    door.replay(NOW_NS + HOUR_NS)
    assert door.keys() == [(2, 1), (1, 1)]
    door.journal.close()


def test_requests_that_make_no_sense_do_no_harm(door: Door) -> None:
    folder = ReplayFolder(door.path)
    assert folder.take() == []
    door.take(b"x" * 70_000, 1, 1)
    folder.ask([1, 2, -7, 2**60, 2**63 + 1, 10**30])
    folder.path.joinpath("1.json").write_text('{"ids": [-9223372036854775808, 18446744073709551615]}')
    folder.path.joinpath("0.json").write_text("{")
    assert door.replay(NOW_NS) == 0
    assert list(folder.path.glob("*.json")) == []
    with pytest.raises(ReplayError, match="not kept in full"):
        submit(door.path, [1])
    for unknown in (2, 10**24):
        with pytest.raises(ReplayError, match=f"no dead letter {unknown}"):
            submit(door.path, [unknown])
        with pytest.raises(BadInput, match=f"no dead letter {unknown}"):
            show_letter(door.path, unknown, None, QUIET)


def test_without_ingest_nothing_is_submitted(tmp_path: Path) -> None:
    door = Door(tmp_path)
    door.take(b"{", 1, 1)
    door.journal.close()
    with pytest.raises(ReplayError, match="no ingest is running"):
        submit(door.path, [1])
    assert not ReplayFolder(door.path).path.exists()


HOSTILE = b'{"sensor":"\x1b[31mred\x00<script>","x":"\xed\xa0\x80"}'


def test_they_are_listed_and_shown_without_what_a_stranger_wrote_doing_harm(
    door: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door.take(HOSTILE, 1, 1)
    door.receiver.handle([Delivery("watchline/1/x/sensor/\x1b[2J/detections", b"{}", "text/\x07", (), NOW_NS)])
    loud = Console(stderr=True, width=200)
    AuditLog(tmp_path / "audit").close()
    found = list_letters(tmp_path, Filter(), 50, loud)
    assert (found["count"], found["by_sensor"]) == (2, {"r1": 1, "": 1})
    shown = show_letter(door.path, 1, tmp_path / "raw", loud)
    assert (tmp_path / "raw").read_bytes() == HOSTILE
    assert shown["sender"] == "unsigned"
    assert (shown["boot"], shown["seq"]) == (1, 1)
    (read,) = each_entry(tmp_path / "audit", EntryFilter())
    assert (read.operation, read.what) == ("consultation", "watchline dead-letters show 1"), "its bytes are detections"
    assert json.loads(shown["properties"])["by_boot"] == "1"
    show_letter(door.path, 2, None, loud)
    printed = capsys.readouterr().err
    assert "\x1b[31m" not in printed
    assert "\x1b[2J" not in printed
    assert "\x00" not in printed
    assert "\\x1b" in printed
    with pytest.raises(BadInput, match="no dead letter 9"):
        show_letter(door.path, 9, None, loud)
    before = door.path.read_bytes()
    with pytest.raises(BadInput, match="is a file of the data folder"):
        show_letter(door.path, 1, door.path, loud)
    assert door.path.read_bytes() == before


def test_filters_and_limits(door: Door) -> None:
    for seq in range(1, 6):
        door.take(b"{%d" % seq, 1, seq)
    door.take(scan(9, hours=2), 1, 9)
    assert list_letters(door.path, Filter(code="not_json"), 2, QUIET)["by_code"] == {"not_json": 5}
    assert [one["id"] for one in list_letters(door.path, Filter(code="not_json"), 2, QUIET)["letters"]] == [4, 5]
    nothing = Console(record=True, quiet=False, file=io.StringIO())
    assert list_letters(door.path, Filter(sensor="r2"), 50, nothing)["count"] == 0
    assert nothing.export_text() == "No dead letters.\n"
    assert list_letters(door.path, Filter(), 0, QUIET)["letters"] == []
    with pytest.raises(BadInput, match="is not a code"):
        list_letters(door.path, Filter(code="nonsense"), 2, QUIET)


def test_the_commands_say_json_last(door: Door) -> None:
    door.take(b"{", 1, 1)
    run = CliRunner()
    listed = run.invoke(app, ["dead-letters", "list", str(door.path), "--json"])
    assert figures(listed.stdout)["by_code"] == {"not_json": 1}
    shown = run.invoke(app, ["dead-letters", "show", str(door.path.parent), "1", "--json"])
    assert figures(shown.stdout)["code"] == "not_json"
    nothing = run.invoke(app, ["dead-letters", "replay", str(door.path)])
    assert isinstance(nothing.exception, WrongValue), "the exit code is 2"
    assert str(nothing.exception) == "ID: no dead letter selected; expected IDs, --sensor, --code or --all."


def test_a_request_is_answered_while_ingest_runs(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command on one side, ingest's look around on the other: here as a thread that carries out what it finds."""
    import threading

    monkeypatch.setattr(submit, "__kwdefaults__", {"within_s": PATIENT_S})
    door.take(scan(1, hours=1), 1, 1)
    stop = threading.Event()
    outcome: dict[str, Any] = {}

    def ask() -> None:
        outcome.update(replay_letters(door.path, [], Filter(code="future", open_only=True), QUIET))
        stop.set()

    asking = threading.Thread(target=ask)
    asking.start()
    deadline = time.monotonic() + PATIENT_S
    while not stop.is_set() and time.monotonic() < deadline:
        door.replay(NOW_NS + HOUR_NS)
        time.sleep(0.02)
    asking.join(PATIENT_S)
    assert outcome == {"submitted": 1, "not_kept_whole": 0, "outcomes": {"journaled": 1}}
    assert replay_letters(door.path, [], Filter(code="future", open_only=True), QUIET)["submitted"] == 0
