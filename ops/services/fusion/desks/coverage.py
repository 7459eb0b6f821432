"""How many border segments meet the requirement on detection: as planned, and with the sensors that work now."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from fusion.situation.coverage_gaps import DetectionLookup


def covered_segments(
    detection: DetectionLookup | None, gone: Collection[str], required: float
) -> dict[str, Any] | None:
    """Count the segments that meet the requirement.

    A segment meets it if the least probability of detecting an inbound crossing there,
    :math:`P_s = 1 - \\exp(-\\min_w \\sum_k h_{swk})` over the stored paths :math:`w` and the sensors :math:`k`, is at
    least ``required``. Planned: with every sensor of the layout at its post; now: with those that work, where they are.

    Parameters
    ----------
    detection : DetectionLookup, optional
        The sector's look-up; None where it could not be computed.
    gone : collection of str
        Sensors that are not detecting.
    required : float
        Required probability, 0 to 1.

    Returns
    -------
    dict or None
        ``segments``: those on which a crossing is possible and coverage is known with every sensor; of these, how many
        meet the requirement as ``planned`` and ``now``; ``unknown``: the others; and ``required``. None without a
        look-up.
    """
    if detection is None:
        return None
    planned, now = detection.at({}).probability(()), detection.probability(gone)
    known = ~np.isnan(planned)
    return {
        "segments": int(known.sum()),
        "planned": int((planned[known] >= required).sum()),
        "now": int((now[known] >= required).sum()),
        "unknown": int((~known).sum()),
        "required": required,
    }
