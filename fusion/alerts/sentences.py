"""How urgent an alert is, and the sentence that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, hypot, pi

from fusion.alerts.alert import PRIORITIES
from fusion.situation.facts import OBSERVED, Opening, ResponseInTime, Sighting
from fusion.situation.track_picture import Evidence
from sensors.scan import CLASSES

NOUNS = {"person": "Walker-like", "group": "Group-like", "vehicle": "Vehicle-like", "animal": "Animal-like"}
COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
STANDING_MPS = 0.2  # below this speed a heading is meaningless


def priority_of(
    rule: str, sighting: Sighting, *, animal_probability: float, urgent_s: float, impact_level: str | None = None
) -> str:
    """Priority of a track's behaviour, from impact level × rule × class × direction × time left.

    Inbound, a crossing is high and an approach (also one into dead ground) within ``urgent_s`` medium; an outbound
    crossing is medium. Other approaches, loitering and groups are low. A track initiated inside is medium. In a section
    of high or critical impact all of these are one step more urgent; in one of low impact medium becomes low, except
    for tracks initiated inside. A target that is an animal with at least ``animal_probability`` is low everywhere.
    """
    if sighting.class_probability[CLASSES.index("animal")] >= animal_probability:
        return "low"
    home = sighting.direction > 0
    soon = sighting.time_to_border_s is not None and sighting.time_to_border_s <= urgent_s
    if rule == "crossing":
        priority = "high" if home else "medium"
    elif rule == "appeared_inside":
        priority = "medium"
    else:
        priority = "medium" if home and soon and rule not in ("loitering", "grouping") else "low"
    if impact_level in ("high", "critical"):
        return {"low": "medium", "medium": "high"}.get(priority, priority)
    if impact_level == "low" and priority == "medium" and rule != "appeared_inside":
        return "low"
    return priority


def why_of(rule: str, sighting: Sighting, *, looks: int, impact_level: str | None) -> str:
    """The trigger of the rule and the reasons for the priority, in one line, on request."""
    rate = hypot(sighting.easting_rate, sighting.northing_rate)
    band = "" if sighting.band_m is None else f", beyond the {sighting.band_m:.0f} m within which it is not sure"
    trigger = {
        "crossing": f"{looks} looks in a row on the other side{band}",
        "approaching": f"{looks} looks in a row closing in on the line, at {rate:.1f} m/s",
        "loitering": "it stayed within a small circle near the line, seen all the time",
        "appeared_inside": "its first plots are inside, and every place around them is in some sensor's sight",
        "dead_ground": "on its course no working sensor has a look that would see it",
    }.get(rule, rule.replace("_", " "))
    sensors = list(dict.fromkeys(sensor for sensor, _, _ in sighting.evidence))
    exists = f"it exists with {_certain(sighting.existence)}"
    parts = [trigger, f"plots of {', '.join(sensors)}" if sensors else "", exists]
    label, probability = sighting.most_likely()
    parts.append(f"{label} with {_certain(probability)}")
    if sighting.time_to_border_s is not None:
        parts.append(f"{duration(sighting.time_to_border_s)} left to the line")
    if impact_level is not None:
        parts.append(f"the section's impact level is {impact_level}")
    return "; ".join(part for part in parts if part) + "."


def higher(first: str, second: str) -> str:
    """The more urgent of two priorities."""
    return PRIORITIES[min(PRIORITIES.index(first), PRIORITIES.index(second))]


def crossing_sentence(sighting: Sighting, *, naming_probability: float) -> str:
    """The sentence of a crossing: target, direction, position, speed, confidence, sensors."""
    return f"{_who(sighting, naming_probability)} crossed the border {_heading(sighting)}, {_end(sighting)}"


def approach_sentence(sighting: Sighting, *, naming_probability: float) -> str:
    """The sentence of an approach: as a crossing's, with the distance to the line and the time left."""
    left = sighting.time_to_border_s
    away = f"{abs(sighting.offset_m):.0f} m" + ("" if left is None else f" and {duration(left)}") + " away"
    target = _who(sighting, naming_probability)
    return f"{target} approaches the border {_heading(sighting)}, {away}, {_end(sighting)}"


def sentence_of(rule: str, sighting: Sighting, *, naming_probability: float) -> str:
    """The sentence of any rule about one track."""
    if rule == "crossing":
        return crossing_sentence(sighting, naming_probability=naming_probability)
    if rule == "approaching":
        return approach_sentence(sighting, naming_probability=naming_probability)
    target = _who(sighting, naming_probability)
    away = f"{abs(sighting.offset_m):.0f} m {'inside' if sighting.offset_m > 0 else 'beyond'} the border"
    if rule == "loitering":
        stayed = duration((sighting.observed_ns - sighting.since_ns) * 1e-9)
        return f"{target} has stayed at one place, {away}, for {stayed}, {_end(sighting)}"
    if rule == "dead_ground":
        soon = duration(sighting.hidden_in_s or 0.0)
        return (
            f"{target} heads {_heading(sighting)} into ground that no working sensor sees, in {soon}, {_end(sighting)}"
        )
    return (
        f"{target} appeared {away}, where all the ground around it is watched; nobody saw it cross: look for a gap, "
        f"{_end(sighting)}"
    )


def group_sentence(tracks: Sequence[str], segment: int, chainage_m: float, offset_m: float) -> str:
    """The sentence of several tracks together."""
    side = "inside" if offset_m > 0 else "beyond"
    names = ", ".join(tracks[:6]) + (" and more" if len(tracks) > 6 else "")
    place = f"segment {segment} (km {chainage_m / 1000:.1f})"
    return f"{len(tracks)} tracks are together {abs(offset_m):.0f} m {side} the border at {place}: {names}."


def fault_sentence(sensor: str, fault: str, description: str) -> str:
    """The sentence of a sensor that sends data and has a fault."""
    return f"Sensor {sensor} is {fault.replace('_', ' ')}: {description}."


def response_sentence(response: ResponseInTime) -> str:
    """The one sentence for voice radio: the base that responds, the minutes to spare or missing, and at which speed of
    the target."""
    chance = f"probability of interruption {_share(response.interruption_probability)}"
    if response.response_s is None or response.margin_s is None:
        return f"Nobody from any base can get there; {chance}."
    spare = response.margin_s / 60.0
    margin = f"{spare:.1f} min to spare" if spare >= 0.0 else f"{-spare:.1f} min late"
    pace = "at its observed speed" if response.time_left_by == OBSERVED else "at the fastest the ground allows"
    there = f"there in {response.response_s / 60.0:.1f} min, {margin} {pace}"
    return f"If you leave {response.base} now: {there}; {chance}."


def lost_sentence(sensor: str, segments: Sequence[int], segment_count: int, cause: str = "silent") -> str:
    """The sentence of segments opened since a sensor went offline, or sends data but does not detect (``cause``)."""
    named = ", ".join(_runs(segments))
    many = f"{len(segments)} of {segment_count} segments" if len(segments) > 1 else "One segment"
    verb = "are" if len(segments) > 1 else "is"
    since = "fell silent" if cause == "silent" else f"is {cause.replace('_', ' ')}"
    return f"{many} {verb} watched by no working sensor since {sensor} {since}: {named}."


def opened_sentence(sensor: str, openings: Sequence[Opening], segment_count: int, cause: str, required: float) -> str:
    """The sentence of segments that just opened: the cause, and the worst probability before and after."""
    worst = min(openings, key=lambda one: (one.after, one.segment))
    named = ", ".join(_runs(sorted(one.segment for one in openings)))
    many = f"{len(openings)} of {segment_count} segments have" if len(openings) > 1 else "One segment has"
    since = "fell silent" if cause == "silent" else f"is {cause.replace('_', ' ')}"
    return (
        f"{many} opened since {sensor} {since}: {named}. A crossing is detected with less than {_share(required)}; "
        f"in segment {worst.segment} with {_share(worst.after)}, before {_share(worst.before)}."
    )


def quiet_sentence(segment: int, expected: float) -> str:
    """The sentence of an hour without traffic in a segment where some is always expected."""
    return (
        f"Nobody came near segment {segment} in the last hour, though {expected:.1f} tracks are usual at this hour: "
        "a sensor may be blind, or people may know something."
    )


def distress_sentence(unit: str, note: str, place: str) -> str:
    """The sentence of a unit's distress call."""
    quotation = f' It says: "{note}".' if note else ""
    return f"Distress: unit {unit} reports people in need {place}.{quotation}"


def _runs(numbers: Sequence[int]) -> list[str]:
    """Ascending integers as runs, such as ``4–7``, ``9``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [f"{a}" if a == b else f"{a}–{b}" for a, b in runs]


def silent_sentence(sensor: str, since: str) -> str:
    """The sentence of a sensor that is offline, with the consequence."""
    return f"Sensor {sensor} has been silent since {since}: what it watched is unwatched by it."


def duration(seconds: float) -> str:
    """A duration as text, such as ``45 s`` or ``3 min 5 s``."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")


def _who(sighting: Sighting, naming_probability: float) -> str:
    label, probability = sighting.most_likely()
    noun = NOUNS.get(label, "Unclassified") if probability >= naming_probability else "Unclassified"
    return f"{noun} track {sighting.track}"


def _heading(sighting: Sighting) -> str:
    side = "toward home" if sighting.direction > 0 else "outward"
    if hypot(sighting.easting_rate, sighting.northing_rate) < STANDING_MPS:
        return side
    turn = atan2(sighting.easting_rate, sighting.northing_rate) / (2 * pi)
    return f"{COMPASS[round(turn * 8) % 8]}bound, {side}"


def _end(sighting: Sighting) -> str:
    speed = hypot(sighting.easting_rate, sighting.northing_rate)
    certain = _certain(sighting.existence)
    place = f"at segment {sighting.segment} (km {sighting.chainage_m / 1000:.1f})"
    return f"{place}, moving {speed:.1f} m/s, {certain} certain to exist{_seen_by(sighting.evidence)}."


def _certain(probability: float) -> str:
    """A probability as text, never a full 100 %."""
    return "more than 99 %" if probability > 0.99 else _share(probability)


def _share(share: float) -> str:
    return f"{share * 100:.0f} %"


def _seen_by(evidence: Sequence[Evidence]) -> str:
    sensors = list(dict.fromkeys(sensor for sensor, _, _ in evidence))
    return f"; seen by {', '.join(sensors)}" if sensors else ""
