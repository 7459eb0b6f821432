"""The sentences of every alert rule and sensor fault, in both languages, with 0, 1 and 2 of what is counted."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from fusion.alerts.alert import RULES
from fusion.alerts.messages import (
    AlertText,
    below_baseline_text,
    cleared,
    coverage_lost_text,
    distress_text,
    fault_text,
    group_text,
    response_message,
    silence_text,
    split_message,
    track_text,
)
from fusion.alerts.settings import AlertSettings
from fusion.alerts.state import DistressCall
from fusion.situation.facts import CoverageGap, ResponseAssumptions, ResponseInTime, Sighting
from geo.message import Message
from ops.words import LANGUAGES, MessageCatalogue

SETTINGS = AlertSettings()
AT_NS = 1_780_000_000_000_000_000  # 2026-05-28 20:26:40 UTC
WALKER = Sighting(
    track="T5a2", observed_ns=AT_NS, easting=0.0, northing=0.0, easting_rate=-1.9, northing_rate=-1.9, offset_m=312.4,
    segment=12, chainage_m=6020.0, direction=1, time_to_border_s=40.2, existence=0.995,
    class_probability=(0.87, 0.05, 0.02, 0.01, 0.05), evidence=(("radar-west", 1, 2), ("cam-2", 1, 3)),
    since_ns=AT_NS - 720 * 10**9, hidden_in_s=40.0, band_m=29.0,
)  # fmt: skip
RESPONSE = ResponseInTime(
    "Fork base", "on_foot", 396.0, 342.0, -54.0, 0.35, 30.0, "observed_speed",
    ResponseAssumptions("vehicle_then_on_foot", 9.0, 0.6, 0.0, 60.0, 1, 0.3, 0.95),
)  # fmt: skip
CALL = DistressCall(
    "alpha-2", AT_NS, 0.0, 0.0, "45.00000, 10.00000", "two injured", segment=12, chainage_m=6020.0, offset_m=300.0
)
N, F = "\u00a0", "\u202f"  # what French puts before : and %, and before ; ? !


def track(rule: str, **changes: object) -> AlertText:
    return track_text(rule, replace(WALKER, **changes), SETTINGS, impact_level="high", response=RESPONSE)


def gap(segments: tuple[int, ...], total: int, cause: str = "offline") -> AlertText:
    gaps = tuple(CoverageGap(segment, 0.88, 0.12) for segment in segments)
    return coverage_lost_text("radar-west", cause, gaps, segments, total, 0.5)


def lost(segments: tuple[int, ...], total: int, cause: str = "offline") -> AlertText:
    return coverage_lost_text("radar-west", cause, (), segments, total, 0.5)


HEADLINES: dict[str, tuple[AlertText, str, str]] = {
    "crossing": (
        track("crossing"),
        "Probable person on foot, track T5a2, crossed inbound at segment 12",
        f"Personne à pied probable, piste T5a2{N}: franchissement entrant, segment 12",
    ),
    "crossing outbound": (
        track("crossing", direction=-1, class_probability=(0.2, 0.2, 0.2, 0.2, 0.2), segment=1234),
        "Unclassified target, track T5a2, crossed outbound at segment 1234",
        f"Cible non classée, piste T5a2{N}: franchissement sortant, segment 1234",
    ),
    "approaching": (
        track("approaching"),
        "Probable person on foot, track T5a2, approaching inbound, border in 40 s",
        f"Personne à pied probable, piste T5a2, approche (sens entrant){N}: frontière dans 40\u00a0s",
    ),
    "approaching without time": (
        track("approaching", time_to_border_s=None),
        "Probable person on foot, track T5a2, approaching inbound, 312 m from border",
        "Personne à pied probable, piste T5a2, approche (sens entrant), frontière à 312\u00a0m",
    ),
    "track_initiated_inside": (
        track("track_initiated_inside"),
        "Track T5a2 initiated 312 m inside the border; no crossing detected",
        "Piste T5a2 initiée à 312\u00a0m à l’intérieur, aucun franchissement détecté",
    ),
    "entering_dead_ground": (
        track("entering_dead_ground"),
        "Probable person on foot, track T5a2, entering dead ground in 40 s",
        f"Personne à pied probable, piste T5a2{N}: angle mort dans 40\u00a0s",
    ),
    "loitering": (
        track("loitering"),
        "Probable person on foot, track T5a2, loitering for 12 min, segment 12",
        "Personne à pied probable, piste T5a2, sur place depuis 12\u00a0min, segment 12",
    ),
    "group_formed 0": (
        group_text([], 12, 6020.0, -120.0, SETTINGS),
        "Group of 0 tracks 120 m beyond the border, segment 12",
        "Groupe de 0 piste, 120\u00a0m au-delà de la frontière, segment 12",
    ),
    "group_formed 1": (
        group_text(["T1"], 12, 6020.0, -120.0, SETTINGS),
        "Group of 1 track 120 m beyond the border, segment 12",
        "Groupe de 1 piste, 120\u00a0m au-delà de la frontière, segment 12",
    ),
    "group_formed 2": (
        group_text(["T1", "T2"], 12, 6020.0, 120.0, SETTINGS),
        "Group of 2 tracks 120 m inside the border, segment 12",
        "Groupe de 2 pistes, 120\u00a0m en deçà de la frontière, segment 12",
    ),
    "coverage_lost 0": (
        lost((), 0),
        "Coverage lost on 0 of 0 segments (–): radar-west offline",
        f"Couverture perdue, 0 segment sur 0 (–){N}: radar-west hors ligne",
    ),
    "coverage_lost 1": (
        lost((7,), 1),
        "Coverage lost on 1 of 1 segment (7): radar-west offline",
        f"Couverture perdue, 1 segment sur 1 (7){N}: radar-west hors ligne",
    ),
    "coverage_lost 2": (
        lost((7, 9), 59, "obscured"),
        "Coverage lost on 2 of 59 segments (7, 9): radar-west not detecting",
        f"Couverture perdue, 2 segments sur 59 (7, 9){N}: radar-west ne détecte plus",
    ),
    "coverage_lost many": (
        lost((4, 5, 6, 7, 9, 11), 59),
        "Coverage lost on 6 of 59 segments: radar-west offline",
        f"Couverture perdue, 6 segments sur 59{N}: radar-west hors ligne",
    ),
    "coverage_lost gap 1": (
        gap((7,), 59, "frozen_data"),
        "Coverage gap on 1 of 59 segments (7): radar-west data frozen",
        f"Lacune de couverture, 1 segment sur 59 (7){N}: radar-west figé",
    ),
    "coverage_lost gap 2": (
        gap((4, 5, 6, 7, 9), 59),
        "Coverage gap on 5 of 59 segments (4–7, 9): radar-west offline",
        f"Lacune de couverture, 5 segments sur 59 (4–7, 9){N}: radar-west hors ligne",
    ),
    "coverage_lost gap many": (
        gap((1, 3, 5, 7, 9), 59),
        "Coverage gap on 5 of 59 segments: radar-west offline",
        f"Lacune de couverture, 5 segments sur 59{N}: radar-west hors ligne",
    ),
    "activity_below_baseline": (
        below_baseline_text(7, 3.2),
        "No traffic on segment 7 in the last hour; 3.2 tracks expected",
        f"Segment 7{N}: aucun trafic depuis une heure, 3,2 pistes attendues",
    ),
    "sensor_offline": (
        silence_text("radar-west", "offline", AT_NS),
        "Sensor radar-west offline: no data since 20:26 UTC",
        f"Capteur radar-west hors ligne{N}: aucune donnée depuis 20:26 UTC",
    ),
    "sensor_fault": (
        fault_text(
            "radar-west", "clock_offset", Message("sensor-clock-ahead", {"offset_s": 1.0, "time_source": "free"})
        ),
        "Sensor radar-west: clock offset",
        f"Capteur radar-west{N}: décalage d’horloge",
    ),
    "distress": (
        distress_text(CALL),
        "Distress: unit alpha-2 reports people in need at segment 12",
        f"Détresse{N}: l’unité alpha-2 signale des personnes en danger, segment 12",
    ),
    "distress off the border": (
        distress_text(replace(CALL, note="", segment=None, chainage_m=None, offset_m=None)),
        "Distress: unit alpha-2 reports people in need",
        f"Détresse{N}: l’unité alpha-2 signale des personnes en danger",
    ),
}
OTHERS: dict[str, tuple[Message, str, str]] = {
    "response in time": (
        response_message(replace(RESPONSE, margin_s=120.0, interruption_probability=0.6)),
        "Fork base: ETA 6 min 36 s, 2 min to spare; P(interruption) 60%",
        f"Fork base{N}: arrivée dans 6\u00a0min 36\u00a0s, 2\u00a0min de marge{F}; P(interruption) 60{N}%",
    ),
    "response late": (
        response_message(RESPONSE),
        "Fork base: ETA 6 min 36 s, 54 s too late to intercept; P(interruption) 35%",
        f"Fork base{N}: arrivée dans 6{N}min 36{N}s, 54{N}s trop tard pour intercepter{F}; P(interruption) 35{N}%",
    ),
    "response from no base": (
        response_message(replace(RESPONSE, base="", response_s=None, margin_s=None, interruption_probability=0.0)),
        "Not reachable from any base; P(interruption) <1%",
        f"Hors d’atteinte de toutes les bases{F}; P(interruption) <\u00a01{N}%",
    ),
    "assumptions": (
        track("crossing").details[-1],
        "Response estimate assumes responders by vehicle (32 km/h off road on level ground), then on foot; target on "
        "foot at its observed speed; remaining path in 1 strip",
        f"Hypothèses d’intervention{N}: équipe en véhicule (32{N}km/h hors route en terrain plat), puis à pied{F}; "
        f"cible à pied, à sa vitesse observée{F}; trajet restant en 1 bande",
    ),
    "motion": (track("crossing").details[0], "Heading SW, inbound, 9.7 km/h", "Cap SO, sens entrant, 9,7\u00a0km/h"),
    "standing": (track("crossing", easting_rate=0.0, northing_rate=0.0).details[0], "Stationary", "Immobile"),
    "position": (
        track("crossing", offset_m=-20_312.0).details[1],
        "20.3 km beyond the border, segment 12 (km 6.0)",
        "20,3\u00a0km au-delà de la frontière, segment 12 (km\u00a06,0)",
    ),
    "confidence": (track("crossing").details[3], "Track confidence >99%", f"Confiance dans la piste{N}: >{N}99{N}%"),
    "crossing looks": (
        track("crossing").why[0],
        "2 consecutive detections past the border, beyond the 29 m position uncertainty",
        "2 détections consécutives au-delà de la frontière, hors de l’incertitude de position de 29\u00a0m",
    ),
    "worst gap": (
        gap((7,), 59).details[0],
        "Crossing Pd below the 50% requirement; worst: segment 7, 88% → 12%",
        f"Pd de franchissement inférieure à l’exigence de 50{N}%{F}; minimum{N}: segment 7, 88{N}% → 12{N}%",
    ),
    "tracks 8": (
        group_text([f"T{i}" for i in range(8)], 1, 0.0, 1.0, SETTINGS).details[0],
        "Tracks: T0, T1, T2, T3, T4 and T5 (2 more)",
        f"Pistes{N}: T0, T1, T2, T3, T4 et T5 (et 2 autres)",
    ),
    "split 0": (
        split_message(0, 150.0), "Split into 0 parts, 150 m apart", f"Scission en 0 partie, à 150{N}m l’une de l’autre"
    ),
    "split 1": (
        split_message(1, 150.0), "Split into 1 part, 150 m apart", "Scission en 1 partie, à 150\u00a0m l’une de l’autre"
    ),
    "split 2": (
        split_message(2, 150.0), "Split into 2 parts, 150 m apart", f"Scission en 2 parties, à 150{N}m l’une de l’autre"
    ),
    "cleared": (
        cleared("no_action"), "Auto-cleared: no operator action", f"Levée automatique{N}: aucune action d’opérateur"
    ),
    "frozen 1": (
        Message("sensor-frozen-data", {"count": 1}),
        "Frozen data: identical detections in 1 scan",
        f"Données figées{N}: détections identiques sur 1 balayage",
    ),
    "frozen 5": (
        Message("sensor-frozen-data", {"count": 5}),
        "Frozen data: identical detections in 5 consecutive scans",
        f"Données figées{N}: détections identiques sur 5 balayages consécutifs",
    ),
    "message rate": (
        Message("sensor-excessive-message-rate", {"count": 97, "window_s": 60.0, "expected": 24}),
        "Excessive message rate: 97 scans in 1 min (expected 24)",
        f"Débit de messages excessif{N}: 97 balayages en 1\u00a0min (24 attendus)",
    ),
    "azimuth bias": (
        Message("sensor-azimuth-bias", {"bias_deg": 1.2, "survey": "none", "north_sd_deg": None, "surveyed_on": None}),
        "Azimuth bias +1.20° (north alignment not surveyed); correction applied",
        f"Biais d’azimut +1,20° (orientation au nord non relevée){F}; correction appliquée",
    ),
    "low power": (
        Message("sensor-low-power", {"fraction": 0.1}),
        "Low power: 10% remaining",
        f"Alimentation faible{N}: 10{N}% restants",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HEADLINES)
def test_headlines(case: str) -> None:
    text, english, french = HEADLINES[case]
    assert MessageCatalogue.of("en").say(text.message) == english
    assert MessageCatalogue.of("fr").say(text.message) == french


@pytest.mark.parametrize("case", OTHERS)
def test_details_reasons_responses_and_faults(case: str) -> None:
    message, english, french = OTHERS[case]
    assert MessageCatalogue.of("en").say(message) == english
    assert MessageCatalogue.of("fr").say(message) == french


def test_every_rule_has_a_headline_here() -> None:
    assert {case.split()[0] for case in HEADLINES} == set(RULES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_messages_of_an_alert_are_in_the_catalogue_with_their_parameters(language: str) -> None:
    words = MessageCatalogue(language, "metric")
    texts = [text for text, *_ in HEADLINES.values()]
    said = [words.say(one) for text in texts for one in (text.message, *text.details, *text.why)]
    said += [words.say(text.response) for text in texts if text.response is not None]
    assert len(said) > 100
    assert not words.missing
    assert not words.incomplete


def words_in(headline: str) -> int:
    """Words of a headline; a number counts as one with its unit, and a duration is one number."""
    unit = r"\d[\d.,\u202f\u00a0]* ?(?:km/h|km|min|m|s|h|d|j|UTC|%)\b"
    joined = re.sub(rf"{unit}(?: {unit})*", "N", headline)
    return sum(re.search(r"\w", word) is not None for word in joined.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_headline_has_at_most_twelve_words(language: str) -> None:
    words, longest = MessageCatalogue.of(language), ""
    rules = ("crossing", "approaching", "track_initiated_inside", "entering_dead_ground", "loitering")
    classes = [tuple(0.9 if i == chosen else 0.025 for i in range(5)) for chosen in range(5)]
    texts = [
        track(rule, class_probability=likely, direction=direction, time_to_border_s=left, hidden_in_s=left)
        for rule, likely, direction, left in product(rules, classes, (1, -1), (40.0, 185.0))
    ]
    texts += [text for text, *_ in HEADLINES.values()]
    for text in texts:
        headline = words.say(text.message)
        assert words_in(headline) <= 12, headline
        longest = max(longest, headline, key=words_in)
    assert words_in(longest) == 12  # the count does not leave everything out
