"""Moments as a person receives them: without records that are hidden, and without what would reveal some.

The marking of an alert, incident or track is the one that is now in force, also in a picture of the past: a record that
was raised since is no longer shown, and one that was lowered is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from ops.services.api.release import ReleasedView
from ops.store.moment_reader import Moment, Revision
from ops.store.rows import to_json


def released_moment(moment: Moment, view: ReleasedView) -> Moment:
    """The moment without hidden records; without own forces, whose duty and places show where they are sent.

    The journal's row is 0 where rows of hidden sensors count in it. Alerts count as erased only where one of those that
    are shown is.
    """
    revisions = released_revisions(moment.revisions, view)
    if view.everything:
        return replace(moment, revisions=revisions)
    erased = moment.erased if any(one.body is None for one in revisions) else moment.erased - {"alerts"}
    return replace(
        moment,
        cursor=view.cursor(moment.cursor),
        parts={
            part: released_entries(part, entries, view) for part, entries in moment.parts.items() if part != "units"
        },
        revisions=revisions,
        erased=erased - {"unit_positions"},
    )


def released_revisions(revisions: Iterable[Revision], view: ReleasedView) -> list[Revision]:
    """The revisions of records that a person may have, each with its marking."""
    view.refresh()
    return [
        replace(one, body=None if one.body is None else view.stated(one.kind, one.identity, one.body))
        for one in revisions
        if view.shows(one.kind, one.identity)
    ]


def released_entries(part: str, entries: Iterable[bytes], view: ReleasedView) -> list[bytes]:
    """The entries of a part of a picture that a person may have, as JSON."""
    if view.everything:
        return list(entries)
    return [to_json(one, where=part) for one in view.entries(part, map(msgspec.json.decode, entries))]
