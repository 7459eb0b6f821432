"""Every decoder against its kept corpus, thousands of bent messages each, and a burst of atheris where there is one."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ingest.standards.registry import DECODERS, STATUS_DECODERS
from tests.drills.sizes import NEW_EXAMPLES, sized
from tests.patience import PATIENT_S

FOLDER = Path(__file__).parents[1] / "fuzz"
BURST_S = 1


def _doors() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_doors", FOLDER / "doors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


doors = _doors()
NAMES = sorted(doors.DOORS)


def test_every_door_has_a_corpus_and_every_decoder_a_door() -> None:
    assert sorted(path.name for path in (FOLDER / "corpus").iterdir()) == NAMES
    standards = {kind for kind in DECODERS if "refused" not in kind and kind != "application/protobuf"}
    assert len(standards) == len({"sapient-detections", "ais", "cot", "human", "sentence", "asterix", "gmti"})
    assert len(set(STATUS_DECODERS) - {"application/protobuf"}) == len({"sapient-status", "asterix-status"})


@pytest.mark.parametrize("name", NAMES)
def test_the_kept_corpus_breaks_no_door_and_holds_what_it_takes(name: str) -> None:
    taken = [doors.knock(name, payload) for payload in doors.corpus(name)]
    assert any(taken), "a corpus without a good message reaches nothing"


@pytest.mark.parametrize("name", NAMES)
def test_bent_messages_break_no_door(name: str) -> None:
    """A failure names the seed of its message."""
    kept, first = doors.corpus(name), random.SystemRandom().randrange(2**32) if NEW_EXAMPLES else 1
    for seed in range(first, first + sized(1_500, 5_000)):
        chance = random.Random(seed)
        payload = doors.bent(chance.choice(kept), chance)
        try:
            doors.knock(name, payload)
        except BaseException as error:
            error.add_note(f"seed {seed}: {payload!r}")
            raise


HOSTILE_BYTES = {
    "ten megabytes": b"x" * 10_000_000,
    "ten megabytes of brackets": b"[" * 10_000_000,
    "objects in objects": b'{"a":' * 40_000,
    "tags in tags": b"<a>" * 20_000,
    "lone surrogates": b'{"sensor":"\\ud800","unit":"\\udfff","observer":"\\ud800"}',
    "surrogates in UTF-8": b"\xed\xa0\x80" * 50,
    "zeros": b"\0" * 5_000,
    "ones": b"\xff" * 5_000,
    "a length that wraps": b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    "groups in groups": b"\x0b" * 20_000,
    "nothing": b"",
}
HOSTILE_TEXT = (
    "+",
    "#",
    "a/b",
    "../..",
    "$SYS",
    "a\x00b",
    "a\x1b[2J",
    "a\nb",
    "\u202e",
    "\ud800",
    "a" * 10_000,
    "<b>",
    "",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hostile", HOSTILE_BYTES)
def test_hostile_bytes_are_refused_by_every_door(name: str, hostile: str) -> None:
    taken = doors.knock(name, HOSTILE_BYTES[hostile])
    assert not taken or name == "sapient-frames"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("json", "human"))])
def test_hostile_text_in_any_field_of_json_is_refused_or_plain_text(name: str) -> None:
    """A name is refused, whatever is wrong with it; words for people may hold anything that is printable."""
    good = [payload for payload in doors.corpus(name) if doors.knock(name, payload)][:4]
    for payload in good:
        message = json.loads(payload)
        for field in ("sensor", "unit", "observer", "alert", *message):
            if field not in message:
                continue
            for text in HOSTILE_TEXT:
                taken = doors.knock(name, json.dumps(message | {field: text}).encode())
                if field in ("sensor", "unit", "observer", "alert"):
                    assert not taken, (field, text)


def test_hostile_text_in_any_string_of_a_sapient_packet_is_refused_or_plain_text() -> None:
    from ingest.decode import decode
    from ingest.errors import MalformedMessage
    from ingest.standards.sapient.decode import SapientMessage

    good = [payload for payload in doors.corpus("sapient-detections") if doors.knock("sapient-detections", payload)]
    for payload in good[:4]:
        for text in (text for text in HOSTILE_TEXT if text != "\ud800"):
            for path in ("node_id", "destination_id", "report_id", "object_id", "task_id", "state"):
                packet = SapientMessage.FromString(payload)
                if packet.WhichOneof("content") != "detection_report":
                    continue
                where = packet if path.endswith("_id") and hasattr(packet, path) else packet.detection_report
                setattr(where, path, text)
                raw = packet.SerializeToString()
                if doors.knock("sapient-detections", raw):
                    assert path not in ("node_id", "report_id", "object_id"), (path, text)
                try:
                    scan = decode(raw, received_at=doors.NOW, content_type="application/vnd.sapient+protobuf")
                except MalformedMessage:
                    continue
                assert all(plot.source_id is None or plot.source_id.isprintable() for plot in scan.plots)


def test_a_burst_of_atheris_breaks_no_door(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no build for this Python")
    command = [sys.executable, str(FOLDER / "fuzz.py"), "--seconds", str(2 * BURST_S), "--out", str(tmp_path)]
    command += ["--seed", "0" if NEW_EXAMPLES else "1", "--longest-s", str(round(PATIENT_S))]
    for name in ("sapient-detections", "cot"):
        command += ["--door", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENT_S)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_a_door_takes_survives_our_own_form(name: str) -> None:
    """Decoded, written as our JSON and read again: the same scan, status or message, for every kept input."""
    from dataclasses import replace

    from ingest.decode import decode, decode_status, encode, encode_status
    from ingest.unit_messages import Position, Reply, decode_unit, encode_unit
    from ingest.wire import Status
    from sensors.scan import Scan

    held = 0
    for payload in doors.corpus(name):
        if not doors.knock(name, payload):
            continue
        found = doors.DOORS[name](payload)
        if isinstance(found, Scan):
            again = decode(encode(found), received_at=found.received_at)
            assert replace(again, received_at=found.received_at) == found
        elif isinstance(found, Status):
            assert decode_status(encode_status(found), received_at=doors.NOW) == found
        elif isinstance(found, Reply | Position):
            channel = "reply" if isinstance(found, Reply) else "position"
            assert decode_unit(encode_unit(found), channel) == found
        held += 1
    assert held > 0
