"""Goods found, over the wire into the desk: recorded with the closing, updated later, and refused with the field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from geo.frame import LocalFrame
from geo.message import Message
from ingest.errors import MalformedMessage
from ingest.unit_messages import Reply, StatedTracing, decode_unit, encode_unit
from ops.broker.identities import UNIT
from ops.services.fusion.desks.incidents import _action_of
from ops.services.fusion.incident_view import incident_dict
from ops.words import MessageCatalogue
from sensors.timestamps import utc_datetime
from tests.ops.services.fusion.desks.test_refused_replies import NOW_NS, Desk, refused

FRAME = LocalFrame.from_crs("EPSG:32632")
FOUND = StatedTracing("arms", hs_code="9301.90", eccn="0a501.A", item_marking="AK 4711")
SENT = msgspec.structs.replace(
    FOUND, authority="iTrace", sent_at=utc_datetime(NOW_NS), reference="T-12", status="requested"
)


def closed_with(tracing: StatedTracing, **more: Any) -> Desk:
    desk = Desk()
    about: dict[str, Any] = {"incident": desk.incident, "disposition": "apprehended", "action_id": "c-1"} | more
    (done,) = desk.reply("close", desk.lead, UNIT, tracing=tracing, **about)
    assert done.result == "done", done.message
    return desk


def test_goods_go_over_the_wire_as_they_were_stated() -> None:
    reply = Reply(UNIT, 1, 1, utc_datetime(NOW_NS), "trace", "A", "Ana", incident="I1", tracing=SENT)
    assert decode_unit(encode_unit(reply), "reply") == reply
    assert b"tracing" not in encode_unit(msgspec.structs.replace(reply, tracing=None))
    stated = _action_of(reply).tracing
    assert stated is not None
    assert {name: getattr(stated, name) for name in SENT.__struct_fields__} == msgspec.structs.asdict(SENT)


@pytest.mark.parametrize(
    "wrong", [{"goods": "drugs"}, {"hs_code": "9" * 65}, {"eccn": "a\nb"}, {"colour": "red"}, {"status": "lost"}]
)
def test_a_record_that_breaks_the_wire_format_is_refused_before_the_journal(wrong: dict[str, Any]) -> None:
    body = msgspec.json.decode(
        encode_unit(Reply(UNIT, 1, 1, utc_datetime(NOW_NS), "trace", "A", "Ana", incident="I1", tracing=FOUND))
    )
    body["tracing"] |= wrong
    with pytest.raises(MalformedMessage):
        decode_unit(msgspec.json.encode(body), "reply")


def test_a_closing_with_goods_and_a_later_request_are_published() -> None:
    desk = closed_with(FOUND)
    (done,) = desk.reply("trace", desk.lead, UNIT, incident=desk.incident, action_id="t-1", tracing=SENT, by="Ben")
    assert done.result == "done"
    body = incident_dict(desk.desk.book.incidents[desk.incident], FRAME)
    assert body["state"] == "closed"
    stated = body["tracing"]
    assert (stated["goods"], stated["hs_code"], stated["eccn"]) == ("arms", "930190", "0A501.a")
    assert (stated["status"], stated["by"], stated["revision"]) == ("requested", "Ben", body["revision"])


def test_a_wrong_code_is_refused_with_field_value_and_what_is_expected_in_both_languages() -> None:
    desk = closed_with(FOUND)
    wrong = msgspec.structs.replace(FOUND, eu_list="6F003")
    message = refused(desk.reply("trace", desk.lead, UNIT, incident=desk.incident, action_id="t-1", tracing=wrong))[3]
    assert message == Message("incident-refused-tracing", {"field": "eu_list", "given": "6F003", "rule": "eu_list"})
    english, french = (MessageCatalogue.of(language).say(message) for language in ("en", "fr"))
    assert english == (
        "EU dual-use list number: “6F003”. Expected: a number of Annex I of Regulation (EU) 2021/821: a category from "
        "0 to 9, a product group from A to E and three digits, such as 6A003 or 6A003.b.4."
    )
    assert "6F003" in french
    assert "de A à E" in french


def test_a_unit_that_states_goods_is_refused_and_nothing_is_closed() -> None:
    desk = Desk()
    found = desk.reply(
        "close", desk.lead, incident=desk.incident, disposition="apprehended", action_id="u-1", tracing=FOUND
    )
    assert refused(found)[3] == Message("incident-refused-centre")
    assert not desk.desk.book.incidents[desk.incident].is_closed
