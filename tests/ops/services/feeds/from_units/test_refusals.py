"""Refused messages of units: counted once each, told to the unit with the reason, summed up in a flood, never lost."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.message import Message
from ingest import compact
from ingest.envelope import Delivery
from ingest.receiving.batch import Batch, DeadLetter
from ingest.receiving.batch import digest as digest_of
from ops.field.refusals import MOST_OF_UNIT, MOST_UNITS, RefusalBook, RefusedMessage, reason_of
from ops.incidents.book import ActionOutcome
from ops.journal.stores.place import JournalPlace
from ops.journal.writer import Journal
from ops.services.feeds.feed import FeedReceiver
from ops.services.feeds.from_units.refusals import NOTICE_EVERY_S, RefusalDesk
from ops.services.feeds.from_units.requests import ResendDesk
from ops.services.feeds.mqtt import MqttFeed
from ops.services.feeds.unit_messages import RefusedNotice, RefusedReason, compacted
from ops.services.fusion.incident_view import outcome_dict
from ops.store.incidents import IncidentReader
from ops.store.writer import Store
from ops.words import MessageCatalogue
from sensors.timestamps import utc_datetime

AT_NS = 1_772_366_400 * 10**9  # 2026-03-01 12:00 UTC


class Night:
    """Journal, store and book of a data folder, a broker that may be down, and what units were told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now_s, self.seq = folder, 0.0, 0
        self.journal, self.store = Journal(folder / "journal.db"), Store(folder / "store.db")
        self.store.commit(1, stamp_ns=AT_NS)
        self.is_up, self.restricted = True, set[str]()
        self.told: list[tuple[str, RefusedNotice]] = []
        self.start()

    def start(self) -> None:
        """A new process."""
        self.book = RefusalBook(self.folder)
        self.desk = RefusalDesk(
            self.book,
            JournalPlace(self.folder / "journal.db"),
            IncidentReader(self.store.path),
            units=["patrol-1", "patrol-2"],
            publish=self.publish,
            words=MessageCatalogue.of(),
            now_ns=lambda: AT_NS,
            monotonic_s=lambda: self.now_s,
            may_know=lambda unit, _: unit not in self.restricted,
        )

    def publish(self, unit: str, notice: RefusedNotice) -> Future[None]:
        answer = Future[None]()
        if self.is_up:
            self.told.append((unit, notice))
            answer.set_result(None)
        else:
            answer.set_exception(OSError("no broker"))
        return answer

    def refuse(self, unit: str, code: str = "future", *, kind: str = "position", field: str = "observed_at") -> None:
        """Ingest refuses a message under the name of a unit."""
        self.seq += 1
        body = b"%d" % self.seq
        letter = DeadLetter(
            code, field, "why", kind, unit, 7, self.seq, f"watchline/1/x/unit/{unit}/position", "application/json",
            body, len(body), digest_of(body), AT_NS + self.seq,
        )  # fmt: skip
        self.journal.commit(Batch((letter,)))

    def outcome(self, identity: str, unit: str, message: Message | None, incident: str = "I1", age_s: int = 0) -> None:
        """Fusion applies a reply, or refuses it."""
        self.seq += 1
        result = "done" if message is None else "refused"
        at = utc_datetime(AT_NS - age_s * 10**9)
        one = ActionOutcome(identity, incident, "on_scene", "Meyer", at, result, 1, message, unit)
        self.store.commit(1 + self.seq, stamp_ns=AT_NS, outcomes=[outcome_dict(one)])

    def compute_again(self) -> None:
        """Fusion begins a new store, in which the numbers of outcomes start again."""
        self.book.close()
        self.store.close()
        for file in self.folder.glob("store.db*"):
            file.unlink()
        self.store = Store(self.folder / "store.db")
        self.store.commit(1, stamp_ns=AT_NS)
        self.start()

    def pass_s(self, seconds: float) -> list[tuple[str, RefusedNotice]]:
        """The notices of the next so many seconds."""
        told = len(self.told)
        for _ in range(2):
            self.desk.pump()
        self.now_s += seconds
        for _ in range(2):
            self.desk.pump()
        return self.told[told:]


@pytest.fixture
def night(tmp_path: Path) -> Night:
    night = Night(tmp_path)
    night.pass_s(0)
    return night


def test_a_unit_reads_why_ingest_refused_its_position(night: Night) -> None:
    night.refuse("patrol-1")
    ((unit, notice),) = night.pass_s(0)
    assert (unit, notice.count) == ("patrol-1", 1)
    sentence = "The time of the message is in the future: check the clock of the device."
    at = utc_datetime(AT_NS + 1)
    assert notice.reasons == (RefusedReason("position", "future", 1, at, sentence),)
    assert notice.sentence == sentence
    assert night.pass_s(10 * NOTICE_EVERY_S) == [], "once"


def test_a_refused_answer_names_its_id_and_the_reason_and_one_that_was_done_is_no_refusal(night: Night) -> None:
    night.outcome("mine-1", "patrol-1", Message("incident-refused-other-unit", {"unit": "patrol-2"}))
    night.outcome("mine-2", "patrol-1", None)
    night.outcome("centre-1", "", Message("incident-refused-empty"))
    ((unit, notice),) = night.pass_s(0)
    assert unit == "patrol-1"
    (reason,) = notice.reasons
    assert (reason.channel, reason.answer, reason.count) == ("reply", "mine-1", 1)
    assert reason.sentence == "The incident is assigned to patrol-2."


def test_the_reason_reveals_nothing_of_an_incident_that_the_unit_may_not_have(night: Night) -> None:
    night.restricted.add("patrol-1")
    night.outcome("mine-1", "patrol-1", Message("incident-refused-other-unit", {"unit": "patrol-2"}))
    ((_, notice),) = night.pass_s(0)
    assert notice.reasons[0].sentence == notice.sentence == "Unknown incident, or it is closed."
    assert notice.reasons[0].code == "unit-no-incident"


def test_an_alert_without_an_incident_and_an_unknown_one_have_the_reason_of_one_that_the_unit_may_not_have(
    night: Night,
) -> None:
    seen = Message("incident-refused-alert", {"alert": "A7", "status": "cleared"})
    night.outcome("mine-1", "patrol-1", seen, incident="")
    night.outcome("mine-2", "patrol-1", Message("incident-refused-no-incident", {"incident": "I9"}), incident="I9")
    night.outcome("mine-3", "patrol-1", Message("incident-refused-no-alert", {"alert": "A0"}), incident="")
    ((_, notice),) = night.pass_s(0)
    assert {one.answer for one in notice.reasons} == {"mine-1", "mine-2", "mine-3"}
    assert {one.sentence for one in notice.reasons} == {"Unknown incident, or it is closed."}


def test_a_store_that_is_computed_again_repeats_no_notice(night: Night) -> None:
    for one in range(3):
        night.outcome(f"mine-{one}", "patrol-1", Message("incident-refused-empty"), age_s=60)
    ((_, notice),) = night.pass_s(0)
    assert [one.at for one in notice.reasons] == [utc_datetime(AT_NS - 60 * 10**9)] * 3, "the time of the outcome"
    night.compute_again()
    night.pass_s(0)
    for one in range(3):
        night.outcome(f"mine-{one}", "patrol-1", Message("incident-refused-empty"), age_s=60)
    night.outcome("old", "patrol-1", Message("incident-refused-empty"), age_s=8 * 86_400)
    assert night.pass_s(2 * NOTICE_EVERY_S) == []
    night.outcome("mine-3", "patrol-1", Message("incident-refused-empty"))
    ((_, notice),) = night.pass_s(0)
    assert (notice.count, notice.reasons[0].answer) == (1, "mine-3")


def test_a_flood_is_one_notice_each_half_minute_with_every_message_counted(night: Night) -> None:
    night.refuse("patrol-1", "bad_signature")
    assert len(night.pass_s(0)) == 1
    for _ in range(300):
        night.refuse("patrol-1", "bad_signature")
    night.outcome("mine-1", "patrol-1", Message("incident-refused-empty"))
    assert night.pass_s(NOTICE_EVERY_S - 1) == []
    ((_, notice),) = night.pass_s(1)
    assert notice.count == 301
    assert [(one.answer, one.code, one.count) for one in notice.reasons] == [
        ("mine-1", "incident-refused-empty", 1), ("", "bad_signature", 300),
    ]  # fmt: skip
    assert len(night.book.entries()) == 2


def test_what_was_refused_while_the_broker_or_the_process_was_down_is_told_afterwards(night: Night) -> None:
    night.is_up = False
    night.refuse("patrol-1")
    assert night.pass_s(0) == []
    night.book.close()
    night.refuse("patrol-1")
    night.start()
    night.is_up = True
    ((_, notice),) = night.pass_s(0)
    assert notice.count == 2
    night.book.close()
    night.start()
    assert night.pass_s(10 * NOTICE_EVERY_S) == []


def test_what_was_refused_before_the_first_start_is_not_told(tmp_path: Path) -> None:
    first = Night(tmp_path)
    first.refuse("patrol-1")
    first.outcome("old", "patrol-1", Message("incident-refused-empty"))
    assert first.pass_s(NOTICE_EVERY_S) == []
    assert first.book.entries() == []


names = st.sampled_from(["patrol-1", "patrol-2", "patrol-9"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("refuse"), names, st.sampled_from(["future", "unsigned", "not_json"])),
        st.tuples(st.just("answer"), names, st.integers(1, 3)),
        st.tuples(st.just("wait"), st.floats(0, 100), st.booleans()),
        st.just(("restart", "", 0)),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(steps=steps)
def test_every_refused_message_is_told_exactly_once(tmp_path_factory: pytest.TempPathFactory, steps: Any) -> None:
    night = Night(tmp_path_factory.mktemp("refused"))
    night.pass_s(0)
    refused: Counter[str] = Counter()
    answers: set[tuple[str, str]] = set()
    for what, one, more in steps:
        if what == "refuse":
            night.refuse(one, more)
            refused[one] += 1
        elif what == "answer":
            identity = f"{one}-{more}"
            refused[one] += (one, identity) not in answers  # fusion keeps the first outcome of an id
            answers.add((one, identity))
            night.outcome(identity, one, Message("incident-refused-empty"))
        elif what == "wait":
            night.is_up = more
            night.pass_s(one)
        else:
            night.book.close()
            night.start()
    night.is_up = True
    night.pass_s(NOTICE_EVERY_S)
    night.pass_s(NOTICE_EVERY_S)
    told: Counter[str] = Counter()
    for unit, notice in night.told:
        told[unit] += notice.count
    assert told == +Counter({unit: count for unit, count in refused.items() if unit != "patrol-9"})
    counted = Counter[str]()
    for entry in night.book.entries():
        counted[entry.unit] += entry.count
    assert counted == refused, "the operations centre sees those of every name"
    night.book.close()
    night.journal.close()
    night.store.close()


def test_a_notice_fits_the_compact_form_and_its_sentence_is_whole(night: Night) -> None:
    for code in ("future", "unsigned", "rollback", "conflict", "not_json"):
        sentence = MessageCatalogue.of("fr").say(reason_of(code, "observed_at"))
        notice = RefusedNotice(
            utc_datetime(AT_NS), 12_345, sentence, (RefusedReason("reply", code, 1, utc_datetime(AT_NS), sentence),)
        )
        body = compacted(notice)
        assert len(body) <= compact.MOST_BYTES - compact.SEALED
        kind, values = compact.decode(body)
        assert (kind, values["count"], values["sentence"]) == ("refused", 12_345, sentence)


def test_names_and_reasons_that_anyone_can_make_up_do_not_fill_the_book(tmp_path: Path) -> None:
    book = RefusalBook(tmp_path)
    message = Message("unit-refused", {"reason": "other", "field": "x"})
    many = [
        RefusedMessage("patrol-1", "mqtt", "reply", "c", message, AT_NS + one, reference=f"a{one}")
        for one in range(200)
    ]
    book.note(*many)
    assert [one.reference for one in book.entries("patrol-1")] == [
        f"a{one}" for one in range(199, 199 - MOST_OF_UNIT, -1)
    ]
    book.note(
        *(RefusedMessage(f"u{one}", "mqtt", "position", "future", message, AT_NS) for one in range(MOST_UNITS + 50))
    )
    assert len({one.unit for one in book.entries()}) <= MOST_UNITS + 1
    hostile = reason_of("unknown_field", "<b>\x1b[31m\u202e" + "é" * 500)
    assert all(32 <= ord(letter) < 127 for letter in str(hostile.parameters["field"]))
    assert len(str(hostile.parameters["field"])) <= 60


def test_a_refused_request_for_missed_messages_is_told_with_its_reason() -> None:
    refused: list[RefusedMessage] = []
    desk = ResendDesk(None, required=True, now_ns=lambda: AT_NS, ask=lambda *_: None, refused=refused.append)
    desk.hear(Delivery("watchline/1/x/unit/patrol-1/resend", b"{}", "application/json", (), AT_NS))
    (one,) = refused
    assert (one.unit, one.channel, one.code, one.notified) == ("patrol-1", "resend", "unsigned", False)


def test_the_feed_publishes_a_notice_on_updates_and_says_when_the_broker_has_it() -> None:
    sent: list[tuple[str, bytes]] = []

    def publish(topic: str, payload: bytes, *, content_type: str, signed: bool = True) -> Future[None]:
        sent.append((topic, payload))
        return Future()

    feed = MqttFeed("x", [FeedReceiver("u1")], publish)
    at = utc_datetime(AT_NS)
    answer = feed.publish("u1", RefusedNotice(at, 1, "s", (RefusedReason("reply", "c", 1, at, "s"),)))
    assert not answer.done()
    ((topic, payload),) = sent
    assert topic == "watchline/1/x/unit/u1/updates"
    assert msgspec.json.decode(payload)["kind"] == "refused"


def test_entries_end_after_a_week_also_if_nothing_more_is_refused(night: Night) -> None:
    message = reason_of("future", "observed_at")
    for days in (8, 6):
        night.book.note(
            RefusedMessage(f"u{days}", "mqtt", "position", "future", message, AT_NS - days * 86_400 * 10**9)
        )
    night.pass_s(600)
    assert [one.unit for one in night.book.entries()] == ["u6"]
