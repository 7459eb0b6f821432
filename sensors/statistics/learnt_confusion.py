"""The confusion matrix of a camera, learned from pictures that people assessed.

A person's statement ``person`` means one or more people, so that persons and groups are one class here: people,
vehicle, animal and other. Of each true class the fractions of these reports have a Dirichlet prior, worth PRIOR_LOOKS
pictures, whose mean is the matrix of the layout, or for a camera without one PRIOR_RIGHT on its own class. The
posterior mean is used once LEAST_LOOKS pictures of the class were assessed. Persons and groups share what was learned
of people in the proportions of the layout. No fraction is below LEAST before the row is scaled to sum 1, so that what
was learned never rules a class out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from geo.arrays import Floats
from sensors.layout import AnySensor, Layout
from sensors.scan import CLASSES
from sensors.sensor import Confusion

PRIOR_LOOKS: Final = 20.0
"""Number of assessed pictures that the matrix of the layout is worth (assumption)."""
LEAST_LOOKS: Final = 10
"""Number of assessed pictures of a class from which its row is learned (assumption)."""
PRIOR_RIGHT: Final = 0.7
"""Fraction of right reports of a camera whose layout states no matrix (assumption)."""
LEAST: Final = 0.01
"""Least fraction of a learned row."""
GROUPS: Final = (("person", "group"), ("vehicle",), ("animal",), ("other",))
"""Classes that one statement does not tell apart."""
STATED: Final[Mapping[str, tuple[str, ...]]] = {one[0]: one for one in GROUPS[:-1]}
"""The classes whose row a statement is about. A picture of nothing is about none."""
SeenByReport = Mapping[str, Mapping[str, int]]
"""Number of assessed pictures of one camera by what people saw, and by the class that the camera reported."""


def learnt_confusion(stated: Confusion | None, counts: SeenByReport) -> Confusion | None:
    """Combine the confusion matrix of a layout with assessed pictures.

    Parameters
    ----------
    stated : tuple of tuple of float, shape (5, 5), or None
        ``[i][j]``: probability of reporting class j when class i is present (order of sensors.scan.CLASSES).
    counts : mapping of str to mapping of str to int
        Pictures by what people saw and by the reported class; other names are ignored.

    Returns
    -------
    tuple of tuple of float, shape (5, 5), or None
        The matrix to be used: ``stated`` itself while no class has LEAST_LOOKS pictures.
    """
    prior = _without_a_matrix() if stated is None else np.array(stated)
    rows, learned = prior.copy(), False
    for shown, present in STATED.items():
        reports = counts.get(shown, {})
        seen = np.array([sum(reports.get(name, 0) for name in names) for names in GROUPS], dtype=np.float64)
        if seen.sum() < LEAST_LOOKS:
            continue
        learned = True
        for name in present:
            row = CLASSES.index(name)
            rows[row] = _posterior(prior[row], seen)
    return tuple(tuple(float(part) for part in row) for row in rows) if learned else stated


def with_learnt_confusion(layout: Layout, counts: Mapping[str, SeenByReport]) -> Layout:
    """Return a layout whose sensors have the learned matrices; ``layout`` itself where none was learned.

    Parameters
    ----------
    layout : Layout
        The layout.
    counts : mapping of str to mapping
        Assessed pictures by sensor, as for ``learnt_confusion``.

    Returns
    -------
    Layout
        The layout.
    """
    learnt: dict[str, AnySensor] = {}
    for sensor in layout:
        matrix = learnt_confusion(sensor.confusion, counts.get(sensor.id, {}))
        if matrix is not sensor.confusion:
            learnt[sensor.id] = replace(sensor, confusion=matrix)
    if not learnt:
        return layout
    return Layout(layout.name, layout.frame, tuple(learnt.get(one.id, one) for one in layout), layout.relays)


def _posterior(prior: Floats, seen: Floats) -> Floats:
    """Posterior mean of one row (class,) after ``seen`` (group,) reports, each group split as in the prior."""
    columns = [[CLASSES.index(name) for name in names] for names in GROUPS]
    of_group = np.array([prior[one].sum() for one in columns])
    fraction = (PRIOR_LOOKS * of_group + seen) / (PRIOR_LOOKS + seen.sum())
    row = np.zeros(len(CLASSES))
    for one, total, before in zip(columns, fraction, of_group, strict=True):
        row[one] = total * (prior[one] / before if before > 0.0 else 1.0 / len(one))
    row = np.maximum(row, LEAST)
    return np.asarray(row / row.sum())


def _without_a_matrix() -> Floats:
    size = len(CLASSES)
    return np.where(np.eye(size, dtype=np.bool_), PRIOR_RIGHT, (1.0 - PRIOR_RIGHT) / (size - 1))
