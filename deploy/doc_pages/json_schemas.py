"""The JSON Schemas of messages and files: docs/schema."""

from __future__ import annotations

import json
from pathlib import Path

from doc_pages.source_text import ROOT


def schemas() -> dict[Path, str]:
    """Return the text of each JSON Schema in docs/schema: messages for integrators, and the files that people write."""
    from ingest.unit_messages import Position, Reply, ResendRequest, SectionOrder
    from ingest.wire import MESSAGES, json_schema, schema_of
    from ops.sector.schemas import NAMES, file_schema
    from ops.services.feeds.tracks import TracksMessage
    from ops.services.feeds.unit_messages import UnitUpdate, with_number
    from ops.services.fusion.live_picture import alert_schema

    found = {message: json_schema(message) for message in MESSAGES}
    found |= {"position": schema_of(Position, "position"), "reply": schema_of(Reply, "reply")}
    found |= {"update": schema_of(UnitUpdate, "update"), "resend": schema_of(ResendRequest, "resend")}
    found |= {"section-order": schema_of(SectionOrder, "section-order")}
    found |= {"alert": with_number(alert_schema()), "tracks": schema_of(TracksMessage, "tracks")}
    found |= {name: file_schema(name) for name in NAMES}
    return {
        ROOT / "docs" / "schema" / f"{message}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for message, schema in found.items()
    }
