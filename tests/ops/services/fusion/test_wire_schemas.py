"""The published JSON Schemas and the examples of docs/units.md hold for what is sent and taken."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ingest.errors import MalformedMessage
from ingest.recordings import COLUMNS
from ingest.unit_messages import Position, Reply, decode_resend, decode_unit, encode_unit
from ingest.wire import encode_ack
from ops.journal.reader import JournalReader
from ops.sector.open_sector import OpenSector
from ops.services.feeds.feed import OutboxDelivery
from ops.services.feeds.tracks import tracks_message
from ops.services.feeds.unit_messages import Digest, DigestEntry, GapFilled, encoded, unit_incident
from ops.services.fusion.incident_view import incident_dict
from ops.services.fusion.live_picture import alert_dict, tracks_live
from ops.services.fusion.pipeline import Pipeline
from ops.store.reader import Live, OutboxRow
from ops.store.rows import to_json

ROOT = Path(__file__).resolve().parents[4]
AT = datetime(2026, 11, 27, 21, 4, 5, tzinfo=UTC)


def schema(name: str) -> jsonschema.Draft202012Validator:
    document = json.loads((ROOT / "docs/schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def test_alerts_and_tracks_of_a_night_are_what_their_schemas_say(hill_ground: OpenSector, hill_journal: Path) -> None:
    alert, tracks, update, seen, pictures, incidents = schema("alert"), schema("tracks"), schema("update"), 0, 0, 0
    pipeline = Pipeline(hill_ground)
    with JournalReader(hill_journal) as journal:
        rows = journal.read(0, 10_000)
    for number, row in enumerate(rows):
        for revision in pipeline.take(row):
            body = json.loads(json.dumps(alert_dict(revision, hill_ground.frame)))
            alert.validate(body)
            alert.validate({"number": 1, **body})
            assert set(body) <= set(alert.schema["$defs"]["Alert"]["properties"]), "every field is described"
            seen += 1
        for incident in pipeline.take_incident_news()[0]:
            stored = to_json(incident_dict(incident, hill_ground.frame), where="incident")
            row_of_outbox = OutboxRow(1, incident.id, incident.revision, incident.priority, stored, "incident")
            sent = json.loads(encoded(unit_incident(OutboxDelivery("u", 7, row_of_outbox))))
            update.validate(sent)
            assert (sent["kind"], sent["number"], sent["id"]) == ("incident", 7, incident.id)
            incidents += 1
        if number % 10 == 0 and pipeline.tracks.sizes["estimate"]:
            live = Live(1, pipeline.now_ns, json.dumps(tracks_live(pipeline, hill_ground.frame)).encode())
            tracks.validate(json.loads(tracks_message("hills", live)))
            pictures += 1
    assert seen
    assert pictures
    assert incidents
    notices = [Digest(AT, 3, 9, {"low": 7}, (DigestEntry(3, "A1", "low", "x"),)), GapFilled(0, 9, 2)]
    for notice in notices:
        update.validate(json.loads(encoded(notice)))
        assert not update.is_valid(json.loads(encoded(notice)) | {"kind": "invented"})
    assert not alert.is_valid({"id": "A1"})


@pytest.mark.parametrize(
    ("message", "channel"),
    [
        (Position("patrol-1", 7, 1, AT, 8.0, 47.0), "position"),
        (Position("patrol-1", 7, 2, AT, 8.0, 47.0, 12.0, distress=True, note="two injured"), "position"),
        (Reply("patrol-1", 7, 1, AT, "reject", "A1", "Sgt. Meyer", "a deer"), "reply"),
    ],
)
def test_a_units_messages_are_what_their_schemas_say(message: Position | Reply, channel: str) -> None:
    body = json.loads(encode_unit(message))
    schema(channel).validate(body)
    for spoilt in ({**body, "more": 1}, {**body, "boot": -1}, {k: v for k, v in body.items() if k != "unit"}):
        assert not schema(channel).is_valid(spoilt)
        with pytest.raises(MalformedMessage):
            decode_unit(json.dumps(spoilt).encode(), channel)


@pytest.mark.parametrize("conflict", [False, True])
def test_an_acknowledgement_is_what_its_schema_says(conflict: bool) -> None:
    body: dict[str, Any] = json.loads(encode_ack(7, 1204, conflict=conflict))
    schema("ack").validate(body)
    assert body == {"boot": 7, "seq": 1204, **({"conflict": True} if conflict else {})}


def test_the_examples_of_the_page_for_units_are_taken() -> None:
    blocks = re.findall(
        r"^```json\n(.*?)^```$", (ROOT / "docs/units.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    examples = [json.loads(text) for block in blocks for text in block.replace("}\n{", "}\0{").split("\0")]
    (refused,) = [example for example in examples if "kind" in example]
    assert schema("update").is_valid(refused)
    assert refused["count"] == sum(one["count"] for one in refused["reasons"])
    taken = []
    for example in examples:
        if example is refused:
            continue
        channel = next((name for name in ("position", "reply", "resend") if schema(name).is_valid(example)), "none")
        take = decode_resend if channel == "resend" else decode_unit
        taken.append((channel, take(json.dumps(example).encode(), "patrol-1" if channel == "resend" else channel)))
    assert [channel for channel, _ in taken] == ["position"] * 3 + ["reply", "resend"]
    assert taken[-1][1].last == 1204


def test_the_guide_names_every_column_of_a_recording() -> None:
    guide = (ROOT / "docs/adapters.md").read_text(encoding="utf-8")
    assert [name for name in COLUMNS if f"`{name}`" not in guide] == []
