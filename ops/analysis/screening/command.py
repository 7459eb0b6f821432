"""``watchline screening``: applies rules to made-up movements if the sector file switches it on; each use is logged."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from ops.analysis.screening.evaluation import CountShare, RuleCounts, Screening, read_movements, screen
from ops.analysis.screening.rules import Condition, Rule, read_rules, refuse_off
from ops.audit.command import record_command
from ops.audit.stores.place import existing_log
from ops.runtime.output import SUMMARY, catalogue, clauses, prepare_folder, say, show, write_summary
from ops.runtime.tables import show_table
from ops.sector.sector_file import load_sector

KIND: Final = "watchline screening"
MOST_SHOWN: Final = 20
"""Hits that are printed; ``--json`` has all."""
COLUMNS: Final = ("rule", "why", "hits", "finds", "base")
GROUP_COLUMNS: Final = ("rule", "group", "hits", "finds", "base", "differs")
LIMITS: Final = ("made_up", "proxy", "checked", "many", "person")


@dataclass(frozen=True, slots=True)
class ScreeningOptions:
    """The options of the command. ``data``: folder with the audit log; ``purpose`` is required."""

    sector: str
    movements: Path
    rules: Path
    data: Path
    purpose: str
    out: Path | None = None


def apply_rules(options: ScreeningOptions, screen_: Console) -> dict[str, Any]:
    """Check the files and the switch, record the use, apply the rules, and show. Raises BadInput."""
    sector = load_sector(options.sector)
    rules = read_rules(options.rules)
    movements = read_movements(options.movements)
    refuse_off(switched_on=sector.screening, sector=sector.path)
    log = existing_log(options.data)
    if options.out is not None:
        prepare_folder(options.out, [SUMMARY], made_by=KIND)
    subject = f"{len(movements)} made-up movements of {sector.name}, rules {', '.join(one.id for one in rules)}"
    record_command(log, "screening", subject[:400], purpose=options.purpose, operation="consultation")
    found = screen(rules, movements)
    show(screen_, "score-illustrative")
    _show(found, screen_)
    figures = {"made_by": KIND, "sector": sector.name, "purpose": options.purpose} | as_dict(found)
    if options.out is not None:
        figures["files"] = [str(options.out / SUMMARY)]
        write_summary(options.out / SUMMARY, json.loads(json.dumps(figures)))
        show(screen_, "console-output", folder=str(options.out))
    return figures


def as_dict(found: Screening) -> dict[str, Any]:
    """The result for JSON; unknown is null. It states that all of it is made up."""
    return {
        "illustrative": True, "base_rate": found.base.as_dict(),
        "rules": [_counts_dict(one) for one in (found.overall, *found.rules)],
        "hits": [
            {"movement": name, "rules": [{"rule": one.id, "why": one.why} for one in rules]}
            for name, rules in found.reasons.items()
        ],
    }  # fmt: skip


def _counts_dict(one: RuleCounts) -> dict[str, Any]:
    return {
        "rule": None if one.rule is None else one.rule.id,
        "why": None if one.rule is None else one.rule.why,
        "hits": one.hits.as_dict(), "finds": one.finds.as_dict(),
        "groups": [
            {"group": each.group, "hits": each.hits.as_dict(), "finds": each.finds.as_dict(),
             "base": each.base.as_dict(), "differs": each.differs}
            for each in one.groups
        ],
    }  # fmt: skip


def _show(found: Screening, screen_: Console) -> None:
    every = (found.overall, *found.rules)
    show(screen_, "screening-answer", hits=_share(found.overall.hits), base=_share(found.base))
    for one in every:
        for group in (each for each in one.groups if each.differs):
            show(screen_, "screening-differs", rule=_name(one), group=group.group, hits=_share(group.hits))
    table = _table("rules", COLUMNS)
    for one in every:
        why = say("score-none") if one.rule is None else one.rule.why
        table.add_row(_name(one), why, _share(one.hits), _share(one.finds), _share(found.base))
    show_table(screen_, table)
    groups = _table("groups", GROUP_COLUMNS)
    for one in every:
        for each in one.groups:
            differs = say("screening-yes-no", answer="yes" if each.differs else "no")
            groups.add_row(
                _name(one), each.group, _share(each.hits), _share(each.finds), _share(each.base), differs
            )  # fmt: skip
    show_table(screen_, groups)
    for name, rules in list(found.reasons.items())[:MOST_SHOWN]:
        show(screen_, "screening-hit", movement=name, rules=clauses(_explained(one) for one in rules))
    if len(found.reasons) > MOST_SHOWN:
        show(screen_, "indicator-more", count=len(found.reasons) - MOST_SHOWN)
    for name in LIMITS:
        show(screen_, f"screening-limit-{name}")


def _explained(rule: Rule) -> str:
    conditions = ", ".join(_condition(one) for one in rule.conditions)
    return say("screening-explained", rule=rule.id, why=rule.why, conditions=conditions)


def _condition(one: Condition) -> str:
    value = one.value if isinstance(one.value, str) else f"{one.value:g}"
    return say("screening-condition", field=one.field, operator=one.operator, value=value)


def _name(one: RuleCounts) -> str:
    return say("screening-any") if one.rule is None else one.rule.id


def _share(one: CountShare) -> str:
    if math.isnan(one.value):
        return say("score-unknown")
    percent = catalogue().formats.percent
    return say(
        "screening-share", value=percent(one.value), count=one.count, of=one.of, low=percent(one.low),
        high=percent(one.high),
    )  # fmt: skip


def _table(name: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=say(f"screening-heading-{name}"))
    for column in columns:
        table.add_column(say("screening-column", name=column))
    return table
