"""``watchline indicators``: shows the catalogue, and imports tables into a history after a preview."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from geo.errors import BadInput
from geo.message import Message
from ops.analysis.indicators.catalogue import FAMILIES, Definition, definitions
from ops.analysis.indicators.history import IndicatorChange, add_import, is_history
from ops.analysis.indicators.import_check import check_import
from ops.analysis.indicators.records import Indicator, checked_table
from ops.analysis.indicators.tables import IndicatorError, check_size, file_hash
from ops.analysis.messages import amount
from ops.runtime.output import say, say_in_english, show
from ops.runtime.tables import show_table

MOST_SHOWN = 50
"""Changes and refusals that are printed; ``--json`` has all of them."""


def list_indicators(family: str | None, screen: Console) -> dict[str, Any]:
    """Print the catalogue of indicators, of one family or all; return it."""
    if family is not None and family not in FAMILIES:
        raise BadInput(repr(family), where="--family", expected=f"one of {', '.join(FAMILIES)}")
    found = [one for one in definitions().values() if family in (None, one.family)]
    for name in FAMILIES:
        rows = [one for one in found if one.family == name]
        if rows:
            table = _table("indicator", "definition", "unit", "better", "source", "update")
            table.title = say("score-family", family=name)
            for one in rows:
                table.add_row(*_cells(one))
            show_table(screen, table)
    for code in dict.fromkeys(code for one in found for code in one.limits):
        limited = ", ".join(one.id for one in found if code in one.limits)
        sentence = say("indicator-limit-of", limit=Message("indicator-limit", {"limit": code}), indicators=limited)
        screen.print(sentence, markup=False, highlight=False, soft_wrap=True)
    return {"indicators": [_described(one) for one in found]}


def import_indicators(
    table: Path, history: Path, screen: Console, *, dry_run: bool = False, now: datetime | None = None
) -> dict[str, Any]:
    """Check a table, print what an import changes, and add it to the history unless it is a ``dry_run``.

    Raises IndicatorError where a row is refused; nothing is imported then.
    """
    today = (now or datetime.now(UTC)).date()
    if not is_history(history):
        raise BadInput(f"{history.name!r}", where="--history", expected="a name that ends with .jsonl")
    check_size(table)
    digest = file_hash(table)
    records, refusals = checked_table(table, until=today)
    checked = None if refusals else check_import(history, records)
    refusals = refusals if checked is None else list(checked.refusals)
    for one in refusals[:MOST_SHOWN]:
        show(screen, "indicator-refused", row=one.row, reason=one.reason, expected=one.expected)
    if checked is None or refusals:
        _more(len(refusals), screen)
        rows = len({one.row for one in refusals})
        raise IndicatorError(
            f"{rows} row{'s' if rows > 1 else ''} refused, so nothing was imported", where=str(table),
            expected="a table in which every row can be used",
        )  # fmt: skip
    changes = checked.changes
    counts = Counter(change.kind for change in changes)
    _preview(changes, screen)
    if not dry_run and len(changes) > counts["unchanged"]:
        content = table.read_bytes()
        if sha256(content).hexdigest() != digest:
            raise IndicatorError("was changed while it was read", where=str(table), expected="a file that is complete")
        if history.parent != Path() and not os.access(history.parent, os.W_OK):
            raise BadInput("cannot be written", where=str(history), expected="a folder to write in")
        added = [change.record for change in changes if change.kind != "unchanged"]
        add_import(history, table, content, added, known_on=today, after=checked.imports, end=checked.end)
    show(
        screen, "indicator-preview" if dry_run else "indicator-imported",
        new=counts["new"], corrected=counts["corrected"], withdrawn=counts["withdrawn"],
        unchanged=counts["unchanged"], file=str(history),
    )  # fmt: skip
    return {
        "history": str(history),
        "known_on": today.isoformat(),
        "dry_run": dry_run,
        "new": counts["new"],
        "corrected": counts["corrected"],
        "withdrawn": counts["withdrawn"],
        "unchanged": counts["unchanged"],
        "changes": [_as_dict(change) for change in changes if change.kind != "unchanged"],
    }


def _preview(changes: Sequence[IndicatorChange], screen: Console) -> None:
    shown = [change for change in changes if change.kind != "unchanged"]
    if shown:
        table = _table("indicator", "place", "date", "before", "after", right=("before", "after"))
        for change in shown[:MOST_SHOWN]:
            one, before = change.record, change.before
            table.add_row(
                name_of(one),
                one.place,
                one.day.isoformat(),
                "–" if before is None else _value(before, one),
                _value(one, before),
            )
        show_table(screen, table)
        _more(len(shown), screen)


def _table(*names: str, right: tuple[str, ...] = ()) -> Table:
    table = Table()
    for name in names:
        table.add_column(say("indicator-column", name=name), justify="right" if name in right else "left")
    return table


def _more(count: int, screen: Console) -> None:
    if count > MOST_SHOWN:
        show(screen, "indicator-more", count=count - MOST_SHOWN)


def name_of(one: Indicator) -> str:
    """The name of an indicator in the language of this process."""
    return say("indicator-title", indicator=one.name) if one.catalogued else one.name


def _value(one: Indicator, other: Indicator | None) -> str:
    """The value of a record, with as many digits as part it from that of the ``other``."""
    if one.withdrawn:
        return say("indicator-withdrawn", reason=one.reason)
    if one.value is None:
        return say("score-unknown")
    return amount(one.value, one.unit, None if other is None else other.value)


def _cells(one: Definition) -> list[str]:
    update = say("indicator-update-computed") if one.update_days is None else say(
        "indicator-update", days=one.update_days
    )  # fmt: skip
    return [
        one.id,
        say(one.definition),
        one.unit,
        say("indicator-better", better=one.better or "none"),
        say("indicator-source", source=one.source),
        update,
    ]


def _described(one: Definition) -> dict[str, Any]:
    return one.as_dict() | {
        "title": say_in_english(one.title),
        "definition": say_in_english(one.definition),
        "limit_sentences": [say_in_english(limit) for limit in one.limit_sentences],
    }


def _as_dict(change: IndicatorChange) -> dict[str, Any]:
    one, before = change.record, change.before
    return {
        "change": change.kind,
        "place": one.place,
        "family": one.family,
        "name": one.name,
        "date": one.day.isoformat(),
        "source": one.source,
        "value": one.value,
        "value_before": None if before is None else before.value,
        "reason": one.reason or None,
        "target": one.target,
        "target_before": None if before is None else before.target,
    }
