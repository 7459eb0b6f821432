"""An order in a process of its own: its result, and each way to have none is one answer; the next order is served."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
from starlette.exceptions import HTTPException

from ops.services.api import order_process
from ops.services.api.order_process import OrderProcess

PROGRAM = """
import json, sys, time
order = json.load(sys.stdin)
if order["what"] == "end": sys.exit("reading\\nthe disk is full")
if order["what"] == "wait": time.sleep(600)
json.dump({order["what"]: "a sentence"}, sys.stdout)
"""


class Order(msgspec.Struct):
    what: str


class Outcome(msgspec.Struct):
    text: str = ""
    refused: str = ""
    failed: str = ""


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OrderProcess[Outcome]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    monkeypatch.setattr(order_process, "module_command", lambda _: [sys.executable, str(program)])
    return OrderProcess("any", Outcome, 600.0, busy="Another one.", late="Too long.", broken="Not done")


@pytest.mark.parametrize(
    ("what", "status", "sentence"),
    [
        ("refused", 422, "a sentence"), ("failed", 503, "a sentence"), ("end", 503, "Not done (the disk is full)."),
    ],
)  # fmt: skip
def test_why_there_is_no_result_is_one_sentence_and_the_next_order_is_done(
    orders: OrderProcess[Outcome], what: str, status: int, sentence: str
) -> None:
    with pytest.raises(HTTPException) as refused:
        orders.ask(Order(what))
    assert (refused.value.status_code, refused.value.detail) == (status, sentence)
    assert orders.ask(Order("text")).text == "a sentence"


def test_an_order_that_takes_too_long_is_ended(orders: OrderProcess[Outcome]) -> None:
    late = OrderProcess("any", Outcome, 0.05, busy=orders.busy, late=orders.late, broken=orders.broken)
    with pytest.raises(HTTPException) as refused:
        late.ask(Order("wait"))
    assert (refused.value.status_code, refused.value.detail) == (503, "Too long.")


def test_an_order_waits_for_another_one_and_not_for_ever(
    orders: OrderProcess[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_process, "WAIT_S", 0.01)
    with orders._one_at_a_time, pytest.raises(HTTPException) as refused:
        orders.ask(Order("text"))
    assert (refused.value.status_code, refused.value.detail) == (503, "Another one.")
    assert orders.ask(Order("text")).text == "a sentence"
