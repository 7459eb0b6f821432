"""The incidents of a period as sentences for the report."""

from __future__ import annotations

import math

from ops.incidents.outcomes import Delay, IncidentFigures
from ops.runtime.output import catalogue
from ops.words import MessageCatalogue
from sensors.statistics.outcome_rates import BORDER_EFFECTIVENESS, INTERDICTION_EFFECTIVENESS


def incident_sentences(figures: IncidentFigures | None, words: MessageCatalogue | None = None) -> list[str]:
    """State number, dispositions, both effectiveness rates and the times until people acted; empty if not known.

    ``words``: the language; None for that of this process.
    """
    if figures is None:
        return []
    words = words or catalogue()
    say = words.say
    counts = {name.replace("-", "_"): count for name, count in figures.by_disposition.items()}
    unclosed = figures.count - sum(figures.by_disposition.values())
    sentences = [say("shift-incidents", count=figures.count, open=unclosed, system=figures.closed_by_system)]
    if any(counts.values()):
        named = tuple(
            say("shift-incidents-disposition", disposition=name, count=count) for name, count in counts.items() if count
        )
        sentences.append(say("shift-incidents-dispositions", dispositions=named))
    rate = figures.rates[INTERDICTION_EFFECTIVENESS]
    if rate.denominator > 0:
        counted = {"part": int(rate.numerator), "whole": int(rate.denominator)}
        interval = {"value": rate.value, "low": rate.low, "high": rate.high}
        sentences.append(say("shift-incidents-operational", **counted, **interval))
    else:
        sentences.append(say("shift-incidents-no-rate"))
    if math.isnan(figures.rates[BORDER_EFFECTIVENESS].value):
        sentences.append(say("shift-incidents-statutory-unknown"))
    return [
        *sentences,
        *_delay("shift-incidents-acknowledged", figures.acknowledgement, words),
        *_delay("shift-incidents-closed", figures.disposition, words),
    ]


def _delay(message: str, delay: Delay, words: MessageCatalogue) -> list[str]:
    if not delay.count:
        return []
    return [words.say(message, count=delay.count, median=delay.median_s, most=delay.q90_s)]
