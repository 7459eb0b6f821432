"""``watchline share make --drill``: a demonstration as a drill for a partner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console

from geo.errors import BadInput
from ops.exchange.agreements import Agreement
from ops.exchange.command import ShareOptions, answer_of, check_limit
from ops.exchange.drills.answers import answer_key, sealed_key
from ops.exchange.format.manifest import DrillTerms
from ops.exchange.format.package import MOST_SEALED_BYTES
from ops.exchange.format.verify import MOST_TITLE
from ops.exchange.make import PackageSender, request_for, share
from ops.exchange.products import pseudonym, records_to_share
from ops.governance.demonstration import read_scenario
from ops.governance.drills import DrillSettings, score_drill
from ops.runtime.output import checked_out, show
from ops.sector.open_sector import open_sector
from ops.sector.settings import load_settings

LAYERS: Final = ("incidents", "alerts", "positions")
ANSWERS: Final = ("state", "status", "disposition", "updated_at")
"""Fields that would show what another shift did."""


@dataclass(frozen=True, slots=True)
class DrillToShare:
    """A demonstration that becomes a drill, its title, and the time in which to acknowledge an incident, s."""

    demonstration: Path
    title: str
    limit_s: float


def make_drill(options: ShareOptions, drill: DrillToShare, screen: Console) -> dict[str, Any]:
    """Make, sign and log a drill; it is put into the outbox of the data folder. BadInput where that is not possible."""
    if not (0 < len(drill.title) <= MOST_TITLE and drill.title.isprintable()):
        expected = f"1 to {MOST_TITLE} visible characters"
        raise BadInput(f"{drill.title[:40]!a}", where="--title", expected=expected)
    if options.out is not None:
        checked_out(options.out, options.data)
    scenario = read_scenario(drill.demonstration)
    sender = PackageSender.of(options.data, options.agreements, options.partner, options.identity, options.purpose)
    agreed = sender.sending(options.agreement)
    agreement = without_answers(agreed)
    release = load_settings(options.settings).releasability
    check_limit(options.limit, release)
    ground = open_sector(options.sector, options.layout)
    until_ns = max(sender.now_ns, scenario.until_ns + 1)  # a demonstration may run ahead of the clock
    request = msgspec.structs.replace(
        request_for(sender, ground, agreement, (0, until_ns), release, options.limit),
        store=str((drill.demonstration / "store.db").absolute()),
        made_ns=until_ns,
    )
    # Records of a scenario have the same ids as real ones, and must not have their pseudonyms.
    secret = sha256(b"watchline drill %d " % scenario.moved_ns + sender.secret).digest()
    layers = records_to_share(request, agreement, own=sender.agreements.own, secret=secret)
    by_id = [one | {"name": one["id"]} for one in scenario.incidents]
    score = score_drill(scenario.truth, by_id, scenario.alerts, DrillSettings(limit_s=drill.limit_s))
    names = {one["id"]: pseudonym(secret, sender.partner, one["id"]) for one in scenario.incidents}
    key = answer_key(score, names, set(layers["incidents"]["id"]))
    if not key.answers:
        expected = "incidents about movement in the area and period of the agreement"
        raise BadInput("has no incident to assess", where=str(drill.demonstration), expected=expected)
    incidents = layers["incidents"]
    layers["incidents"] = incidents[incidents["id"].isin(key.answers)].reset_index(drop=True)
    sealed = sealed_key(key, agreed.scorer_key, sender.agreements.own, sender.partner)
    if len(sealed) > MOST_SEALED_BYTES:
        raise BadInput(f"{len(key.answers):,} incidents", where=str(drill.demonstration), expected="a shorter scenario")
    terms = DrillTerms(drill.title, drill.limit_s, sha256(sealed).hexdigest(), len(sealed))
    made = share(sender, agreement, layers, None, (terms, sealed))
    show(screen, "drill-shared", title=drill.title, incidents=len(key.answers), partner=sender.partner)
    return answer_of(made, sender, options.out, screen) | {"incidents": len(key.answers)}


def without_answers(agreement: Agreement) -> Agreement:
    """Return the terms of a drill: records of a simulation need no delay, and no field shows what a shift did.

    BadInput where the agreement has no drills, no key of a scorer, or no incidents.
    """
    if not agreement.drills or not agreement.scorer:
        expected = "`drills = true`, and `scorer`, the partner's key by `watchline drill key`"
        raise BadInput("drills are not agreed", where=agreement.id, expected=expected)
    fields = {
        layer: tuple(name for name in agreement.layers[layer] if name not in ANSWERS)
        for layer in LAYERS
        if layer in agreement.layers
    }
    layers = {layer: names for layer, names in fields.items() if names}
    if "incidents" not in layers:
        expected = f"a layer `incidents` with a field other than {', '.join(ANSWERS)}"
        raise BadInput("has no incidents to show", where=agreement.id, expected=expected)
    return replace(agreement, layers=layers, delay_s=0.0)
