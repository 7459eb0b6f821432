"""The report opens without network, draws its map, reads well, and lets no sensor write markup into it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString

from fusion.alerts import RULES, alert_workload
from geo.border import Border
from geo.errors import BadInput
from geo.frame import LocalFrame
from ops.analysis.night_report import text as report_page
from ops.analysis.night_report.dead_ground_fraction import DeadGroundFraction, dead_ground_fraction
from ops.analysis.night_report.report import ReportInput, _alerts_by_segment, write_report
from ops.drawing import figures
from ops.drawing.figures import POINTS_SHOWN, along_the_border, gospa_over_time, latency_histogram
from ops.drawing.map_images import hillshade_png
from ops.drawing.pages.map_input import hidden_colour
from ops.runtime.output import say
from ops.words import MessageCatalogue
from sensors.layout import Layout, place
from tests.ops.words.pseudo_texts import plain_texts
from tests.web.chromium import chromium, launch_options
from tests.web.patience import patient

START = datetime(2025, 11, 24, 2, 0, tzinfo=UTC)
FRAME = LocalFrame.around(-84.25, 36.6)
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "'\"><svg onload=alert(3)>",
    "{{7*7}}${7*7}`x`",
    "javascript:alert(4)",
    "<!--<script>",
    "a\u202eb\x00c\ud800d",
    "$\\frac{1}{0}$",
)


def terrain_of(elevation=None, cell_m=100.0):
    rows, columns = 40, 80
    axis_n = (np.arange(rows)[::-1] - rows / 2 + 0.5) * cell_m
    axis_e = (np.arange(columns) - columns / 2 + 0.5) * cell_m
    if elevation is None:
        elevation = 300 + 80 * np.sin(axis_e[None, :] / 700) + 60 * np.cos(axis_n[:, None] / 500)
    data = {"elevation": (("northing", "easting"), np.asarray(elevation, dtype=np.float32), {"units": "m"})}
    attrs = {"crs": FRAME.wkt, "datum": "made up", "cell_m": cell_m}
    return xr.Dataset(data, coords={"northing": axis_n, "easting": axis_e}, attrs=attrs)


BORDER = Border(FRAME, LineString([(-3499, 0), (0, 60), (3499, 0)]), segment_length_m=500, home_side="right")


def layout_of(*ids):
    kinds = ("radar", "camera", "ground_sensor")
    sensors = [
        place(FRAME, -2000.0 + 1500 * (i // 2), -400.0, id=name, kind=kinds[i % 3], max_range_m=900.0, azimuth_deg=10,
              field_of_view_deg=120.0 if i % 2 else 360.0, period_s=None if i % 3 == 2 else 2.0)
        for i, name in enumerate(ids)
    ]  # fmt: skip
    return Layout("kit", FRAME, tuple(sensors))


def history_of(name, labels, of_class=None):
    steps = np.arange(0, 120, 5)
    times = np.datetime64("2025-11-24T02:00:00", "ns") + np.tile(steps, len(labels)) * np.timedelta64(1, "s")
    east = np.repeat(np.linspace(-3000, 3000, len(labels)), len(steps))
    north = np.tile(600 - 8.0 * steps, len(labels))
    columns = {
        name: np.repeat(np.array(labels, dtype=object), len(steps)),
        "time": times,
        "easting": east + 20 * np.sin(north / 60),
        "northing": north,
        "status": np.full(len(times), "confirmed"),
    }
    if of_class is not None:
        columns["class"] = np.repeat(np.array(of_class, dtype=object), len(steps))
    return xr.Dataset({key: ("estimate", values) for key, values in columns.items()})


def gospa_of(instants=60):
    chance = np.random.default_rng(1)
    parts = {name: chance.uniform(1, 60, instants) for name in ("localisation", "missed", "false")}
    parts["gospa"] = np.sqrt(sum(part**2 for part in parts.values()))
    time = np.datetime64("2025-11-24T02:00:00", "ns") + np.arange(instants) * np.timedelta64(1, "s")
    data = {name: ("time", values) for name, values in parts.items()}
    return xr.Dataset(data, coords={"time": time}, attrs={"cutoff_m": 50.0, "order": 2.0})


def alert_of(number, **more):
    return {
        "id": f"A{number}",
        "revision": 0,
        "rule": "crossing",
        "priority": "high",
        "status": "active",
        "sentence": f"A person crossed the line toward home in segment {number}.",
        "raised_at": (START + timedelta(seconds=20 * number)).isoformat(),
        "track": f"T{number}",
        "segment": number,
        "class_label": "person",
        "easting": -3000.0 + 400 * number,
        "northing": 0.0,
    } | more


def counts_of(*sensors):
    row = {"published": 60, "received": 64, "journaled": 58, "duplicate": 3, "dead_lettered": 3, "shed": 0}
    return {sensor: row | {"dead_lettered_unique": 2, "shed_unique": 0} for sensor in sensors}


def hidden_of():
    share = np.linspace(0, 1, BORDER.segments)
    share[2] = np.nan
    terrain = terrain_of()
    cells = xr.zeros_like(terrain["elevation"], dtype=np.uint8)
    cells[15:25, 50:] = 1
    return DeadGroundFraction(share, 0.42, 0.01, 1000.0, cells)


def made_up(**more):
    sensors = ("radar-1", "camera-1", "trail-1")
    labels = ["T0", "T1", "T2", "T3", "T4"]
    return ReportInput(
        **{
            "title": "Made-up night",
            "started": START,
            "ended": START + timedelta(minutes=2),
            "terrain": terrain_of(),
            "border": BORDER,
            "layout": layout_of(*sensors),
            "tracks": history_of("track", labels, ["person", "group", "vehicle", "animal", "other"]),
            "truth": history_of("target", ["t0", "t1"]),
            "alerts": [alert_of(number) for number in range(4)],
            "counts": counts_of(*sensors),
            "gospa": gospa_of(),
            "latencies_ms": np.random.default_rng(2).lognormal(5, 0.5, 400),
            "hidden": hidden_of(),
            "bases": {"North base": (-84.25, 36.59)},
            "time_zone": "America/New_York",
            "demo": True,
            "notices": ("This is an exercise line.",),
        }
        | more
    )


def hostile():
    """Every text that a sensor, a unit or a file may set, hostile; one string a field, in turn."""
    wicked = list(HOSTILE)
    allowed = [text for text in wicked if text.isprintable() and not set(text) & set("+#/")]
    alerts = [
        alert_of(n, sentence=text, track=text, status=text, priority=text, rule=text, class_label=text, id=text)
        for n, text in enumerate(wicked)
    ]
    return made_up(
        title=" ".join(wicked),
        layout=layout_of(*allowed),
        tracks=history_of("track", wicked[:6], wicked[:6]),
        truth=history_of("target", wicked[:6]),
        alerts=alerts,
        counts=counts_of(*wicked),
        bases=dict.fromkeys(wicked, (-84.25, 36.59)),
        latency_meaning=wicked[0],
        notices=tuple(wicked),
    )


class Page(HTMLParser):
    """What a browser would fetch or run: addresses, handlers, scripts, styles; and the page's text."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.handlers, self.scripts, self.styles, self.tags, self.policy = [], [], [], [], [], ""
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        fetched = {"src", "href", "srcset", "data", "action", "poster", "xlink:href", "formaction", "background"}
        self.addresses += [value for name, value in attrs if name in fetched]
        self.handlers += [name for name in found if name.startswith("on")]
        self.styles += [value for name, value in attrs if name == "style"]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]

    def handle_data(self, data):
        if self.tags[-1:] == ["script"] and self.cdata_elem == "script":
            self.scripts.append(data)
        elif self.cdata_elem == "style":
            self.styles.append(data)
        else:
            self.words += data


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, made_up())
    return path


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "hostile.html"
    write_report(path, hostile())
    return path


@pytest.fixture(params=["written", "attacked"])
def either(request):
    return request.getfixturevalue(request.param)


def test_nothing_in_the_file_is_fetched(either):
    page = Page(either.read_text(encoding="utf-8"))
    assert page.addresses, "the page has an icon and figures with references"
    assert all(address.startswith(("data:", "#")) for address in page.addresses), page.addresses
    for style in page.styles:
        assert "@import" not in style
        for address in re.findall(r"url\(\s*['\"]?([^)'\"]*)", style):
            assert address.startswith(("data:", "#")), address
    assert not {"iframe", "object", "embed", "base", "form", "audio", "video"} & set(page.tags)


def test_the_policy_allows_these_two_scripts_and_no_other(either):
    page = Page(either.read_text(encoding="utf-8"))
    assert page.tags.count("script") == len(page.scripts) == 3
    json.loads(page.scripts[0])  # the map's texts: data, which no browser runs
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in page.scripts[1:]]
    assert "default-src 'none'" in page.policy
    (sources,) = re.findall(r"script-src ([^;]*)", page.policy)
    assert sources.split() == [f"'sha256-{digest}'" for digest in digests]
    assert not page.handlers


def test_hostile_text_is_shown_as_text(attacked):
    page = Page(attacked.read_text(encoding="utf-8"))
    for text in HOSTILE[:-2]:
        assert page.words.count(text) >= 4, text
    assert "a\ufffdb\ufffdc\ufffdd" in page.words  # control characters and lone surrogates are shown as replaced
    assert page.tags.count("img") == 1, "the map for print, and no picture of a sensor's making"


def test_no_text_of_a_sensor_is_read_as_a_template(attacked):
    """folium renders its output a second time as a template: {{7*7}} would become 49, and worse would run here."""
    texts, _, script = Page(attacked.read_text(encoding="utf-8")).scripts
    said = [entry["title"] for entry in json.loads(texts)]
    assert "{{7*7}}${7*7}`x`" in said
    assert not any("49" in title for title in said)
    assert "7*7" not in script


def test_popups_are_made_of_text_nodes(written):
    popup = Page(written.read_text(encoding="utf-8")).scripts[2]
    assert "textContent" in popup
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\$\(", popup)


def test_the_same_input_gives_the_same_bytes(written, tmp_path):
    write_report(tmp_path / "again.html", made_up())
    assert (tmp_path / "again.html").read_bytes() == written.read_bytes()
    assert list(tmp_path.iterdir()) == [tmp_path / "again.html"]


def test_headlines_say_the_figures(written):
    words = Page(written.read_text(encoding="utf-8")).words
    for expected in (
        "192 received = 174 journaled + 9 duplicate + 9 dead-lettered + 0 dropped",
        "180 published = 174 journaled + 6 dead-lettered + 0 dropped",
        "42% of the area within 1 km",
        "02:00:20 UTC",
        "21:00:20 EST",
        "A person crossed the line toward home in segment 3.",
        "This is an exercise line.",
        "Demonstration: sensors and targets are simulated.",
        "5 confirmed tracks",
        "all messages of the sensors are accounted for.",
        "At least 42% of the area within 1 km of the border is dead ground: what happened there could not be seen.",
    ):
        assert expected in words, expected
    assert "Not balanced" not in words


def test_every_text_of_the_report_is_in_the_catalogue(tmp_path, monkeypatch):
    """In the pseudo-language, and from right to left, where the isolates around parameters stay what they are."""
    names = ("Made-up night", "This is an exercise line.", "UTC", "EST", "radar-1", "camera-1", "trail-1", "North base")
    names += tuple(f"{letter}{number}" for letter in "tT" for number in range(6))  # tracks and targets
    message = {"id": "alert-rule", "parameters": {"rule": "crossing"}}
    for language, direction in (("en-XA", "ltr"), ("ar-XB", "rtl")):
        monkeypatch.setenv("WATCHLINE_LANGUAGE", language)
        write_report(tmp_path / "r.html", made_up(alerts=[alert_of(1, message=message)]))
        page = (tmp_path / "r.html").read_text(encoding="utf-8")
        assert f'<html lang="{language}" dir="{direction}">' in page
        assert plain_texts(page, names) == []
        assert "\N{REPLACEMENT CHARACTER}" not in Page(page).words


def test_the_report_in_french_is_complete(written, tmp_path, monkeypatch):
    message = {"id": "alert-rule", "parameters": {"rule": "crossing"}}
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    write_report(tmp_path / "r.html", made_up(alerts=[alert_of(1, message=message)]))
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<html lang="fr" dir="ltr">' in text
    words = Page(text).words
    assert "Franchissement" in words, "an alert with a message is in the language of the report"
    assert "42\N{NO-BREAK SPACE}% de la surface" in words or "42\u202f% de la surface" in words
    assert "\N{REPLACEMENT CHARACTER}" not in words
    assert MessageCatalogue.of("fr").missing.total() == 0
    headings = re.findall(r"<h2[^>]*>([^<]+)", written.read_text(encoding="utf-8"))
    assert len(headings) == 5
    assert not [heading for heading in headings if f">{heading}</h2>" in text]


def test_figures_have_words_for_those_who_do_not_see_them(written):
    text = written.read_text(encoding="utf-8")
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', text)
    assert len(labels) == text.count("<figure>") == 4
    assert any("99th percentile" in label for label in labels)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_a_broken_law_is_said_in_plain_words(tmp_path):
    counts = counts_of("radar-1", "camera-1")
    counts["camera-1"] = counts["camera-1"] | {"journaled": 57}
    write_report(tmp_path / "r.html", made_up(counts=counts))
    words = Page((tmp_path / "r.html").read_text(encoding="utf-8")).words
    assert words.count("Not balanced.") == 2
    assert "not all" in words


def test_what_is_not_known_is_said_not_left_out(tmp_path):
    nothing = history_of("track", [])
    bare = made_up(
        tracks=nothing, truth=None, alerts=[], counts={}, gospa=None, latencies_ms=np.empty(0), hidden=None, bases={},
        layout=Layout("none", FRAME, ()), demo=False, notices=(),
    )  # fmt: skip
    write_report(tmp_path / "r.html", bare)
    words = Page((tmp_path / "r.html").read_text(encoding="utf-8")).words
    for expected in (
        "No alert was raised.",
        "How much of the area could not be seen is unknown.",
        "This does not mean that there is none.",
        "Without ground truth",
        "No samples.",
        "Not computed",
        "no message",
    ):
        assert expected in words, expected


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"started": datetime(2025, 1, 1)}, "started: .* is not a time"),  # noqa: DTZ001
        ({"ended": START - timedelta(seconds=1)}, "the end is before the start"),
        ({"time_zone": "Mars/Olympus"}, "'Mars/Olympus' is unknown"),
        ({"alerts": [{"id": "A", "raised_at": START}]}, "no sentence"),
        ({"alerts": [alert_of(1, raised_at="yesterday")]}, "'yesterday' is not a time"),
        ({"alerts": [alert_of(1), alert_of(1)]}, "an id occurs twice"),
        ({"counts": {"radar-1": {"received": 1}}}, "no 'journaled'"),
        ({"hidden": DeadGroundFraction(np.zeros(3), 0.0, 0.0, 1000.0)}, "3 segments; expected 14"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_no_file(tmp_path, change, says):
    with pytest.raises(BadInput, match=says):
        write_report(tmp_path / "r.html", made_up(**change))
    assert not list(tmp_path.iterdir())


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 5), max_size=4))
def test_the_verdicts_are_the_laws(rows):
    """Receipts: received = journaled + duplicate + dead-lettered + shed. Messages: published = what of it is unique."""
    names = ("published", *report_page.RECEIPTS[1:])
    counts = {f"s{i}": dict(zip(names, row, strict=True)) | {"received": sum(row[1:])} for i, row in enumerate(rows)}
    receipts, messages = report_page.identities(counts)
    assert receipts.holds is True
    unique = sum(row[1] + row[3] + row[4] for row in rows)
    assert messages.holds is ((sum(row[0] for row in rows) == unique) if rows else None)


def test_without_the_senders_count_the_second_law_is_not_claimed():
    row = {"received": 3, "journaled": 2, "duplicate": 1, "dead_lettered": 0, "shed": 0}
    receipts, messages = report_page.identities({"a": row, "b": row | {"published": 2}})
    assert receipts.holds is True
    assert messages.holds is None
    assert "not known" in messages.sentence


# --- what nobody can see ---------------------------------------------------------------------------------------------


def masks_of(*masks):
    terrain = terrain_of()
    return xr.DataArray(
        np.array(masks, dtype=np.uint8).reshape(-1, *terrain["elevation"].shape),
        dims=("sensor", "northing", "easting"),
        coords={"northing": terrain["northing"], "easting": terrain["easting"]},
    )


def test_dead_ground_fraction_by_hand():
    """A straight line through the middle, belt of 4 rows a side, 10 segments of 8 columns; sensor sees 2 columns."""
    border = Border(FRAME, LineString([(-4000, 0), (4000, 0)]), segment_length_m=800, home_side="right")
    mask = np.zeros((40, 80))
    mask[:, 0:2] = 1
    mask[:, 8:16] = 255
    result = dead_ground_fraction(masks_of(mask), border, belt_m=400.0)
    assert result.per_segment[0] == pytest.approx(0.75)  # 6 of 8 columns
    assert np.isnan(result.per_segment[1])  # nothing known
    assert result.per_segment[2:] == pytest.approx(1.0)
    assert result.overall == pytest.approx((6 + 8 * 8) / (8 * 9))
    assert result.unknown == pytest.approx(0.1)
    assert int(result.cells.sum()) == 8 * (6 + 64)  # eight rows of the belt


def test_another_sensor_never_hides_ground():
    chance = np.random.default_rng(3)
    first, second = (chance.random((2, 40, 80)) < 0.3).astype(np.uint8)
    one = dead_ground_fraction(masks_of(first), BORDER, belt_m=600.0)
    both = dead_ground_fraction(masks_of(first, second), BORDER, belt_m=600.0)
    assert (both.per_segment <= one.per_segment).all()
    assert both.overall < one.overall


def test_a_layout_without_sensors_hides_all():
    result = dead_ground_fraction(masks_of(), BORDER, belt_m=600.0)
    assert result.overall == 1.0
    assert (result.per_segment == 1.0).all()


def test_dead_ground_fraction_refuses_a_belt_without_cells_and_other_dims():
    with pytest.raises(BadInput, match="no cell of the terrain"):
        dead_ground_fraction(masks_of(), BORDER, belt_m=0.001)
    with pytest.raises(BadInput, match="expected sensor, northing, easting"):
        dead_ground_fraction(masks_of(np.zeros((40, 80)))[0], BORDER, belt_m=600.0)


def test_colours_of_segments_darken_with_the_dead_ground_fraction():
    shares = (0.1, 0.3, 0.6, 0.9)
    light = [int(hidden_colour(share)[1:3], 16) for share in shares]
    assert light == sorted(light, reverse=True)
    assert hidden_colour(1.0) == hidden_colour(0.9)
    assert hidden_colour(float("nan")) not in {hidden_colour(share) for share in shares}


# --- pictures --------------------------------------------------------------------------------------------------------


def relief_of(terrain):
    import io

    from PIL import Image

    uri, bounds = hillshade_png(terrain)
    image = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))
    return np.asarray(image.convert("RGBA")).astype(float), bounds


def test_relief_covers_the_terrain_and_leaves_voids_clear():
    terrain = terrain_of()
    terrain["elevation"][:10, :20] = np.nan
    pixels, ((south, west), (north, east)) = relief_of(terrain)
    lon, lat = FRAME.to_lonlat(np.array([-4000.0, 4000.0]), np.array([-2000.0, 2000.0]))
    assert (west, south, east, north) == pytest.approx((lon[0], lat[0], lon[1], lat[1]), abs=2e-4)
    assert pixels[10, 10, 3] == 0
    assert pixels[-10, -10, 3] == 255


def test_relief_is_lit_from_the_north_west():
    rise = np.add.outer(np.arange(40.0), np.arange(80.0))  # grid rows run south: this surface rises to the south-east
    facing_north_west, _ = relief_of(terrain_of(30 * rise))
    facing_south_east, _ = relief_of(terrain_of(-30 * rise))
    middle = (slice(50, 70), slice(100, 140), slice(0, 3))
    assert facing_north_west[middle].mean() > facing_south_east[middle].mean() + 20


def test_a_long_night_is_thinned_and_says_so():
    picture = gospa_over_time(gospa_of(3 * POINTS_SHOWN + 1))
    assert "power mean of 4 instants" in picture.caption
    assert "power mean" not in gospa_over_time(gospa_of(POINTS_SHOWN)).caption


def test_the_words_of_a_long_night_are_of_all_its_instants():
    """As the tile of the page, not of the means that are drawn."""
    gospa = gospa_of(3 * POINTS_SHOWN + 1)
    gospa["gospa"][-1] = 500.0  # of the last block, which is not whole
    values = gospa["gospa"].to_numpy()
    stated = say("shift-figure-gospa-alt", mean=float(values.mean()), low=float(values.min()), high=500.0)
    assert gospa_over_time(gospa).words == stated


def test_alerts_along_the_border_are_those_of_every_rule(monkeypatch: pytest.MonkeyPatch):
    """Six rules have colours; distress is always one of them, however late it came."""
    alerts = [{"rule": rule, "segment": number % 4} for number, rule in enumerate(reversed(RULES))]
    counted = _alerts_by_segment(SimpleNamespace(alerts=alerts, border=SimpleNamespace(segments=4)))  # type: ignore[arg-type]
    drawn: list[Any] = []
    monkeypatch.setattr(figures, "_svg", lambda figure, _: drawn.append(figure) or "")
    spans = np.column_stack([np.arange(4.0), np.arange(1.0, 5.0)])
    for first in (6, len(RULES)):
        along_the_border(dict(list(counted.items())[:first]), None, spans)
        axes = drawn.pop().axes[0]
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        assert sum(bar.get_height() for bar in axes.patches) == first
        assert names[0] == "Distress"
        assert len(names) == 6
        assert (names[-1] == "other") == (first > 6)


def test_minutes_of_a_short_period_are_labelled_with_their_values():
    """A tick every half minute: a label of whole minutes would stand twice (1.5 and 2 both as 2)."""
    labels = re.findall(r">(\d+(?:\.\d+)?)</text>", gospa_over_time(gospa_of(151)).svg)
    minutes = labels[: labels.index("2.5") + 1]
    assert minutes == ["0", "0.5", "1", "1.5", "2", "2.5"]


def test_latency_words_are_the_percentiles():
    picture = latency_histogram(np.array([*range(1, 101)], dtype=float))
    assert "median 50 ms" in picture.words or "median 51 ms" in picture.words
    assert "99th percentile 99 ms" in picture.words


# --- in a browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, patient():
        running = playwright.chromium.launch(executable_path=chromium(), args=launch_options())
        yield running
        running.close()


def opened(browser, path, *, width=1200, scheme="light"):
    """The page, opened with the network cut; and what went wrong on it."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector(".leaflet-overlay-pane path", state="attached")
    return page, wrong


def test_leaflet_draws_every_layer_without_network(browser, written):
    page, wrong = opened(browser, written)
    assert page.locator(".leaflet-image-layer").count() == 2  # relief, hidden ground
    lines = 2 * BORDER.segments + 2 * 5 + 2  # border and tracks with their casings, two targets
    assert page.locator(".leaflet-overlay-pane path").count() == lines
    assert page.locator(".mark-alert.leaflet-marker-icon").count() == 4
    assert page.locator(".leaflet-marker-icon").count() == 4 + 3 + 1
    drawn = "() => [...document.querySelectorAll('.leaflet-image-layer')].every((one) => one.naturalWidth > 50)"
    page.wait_for_function(drawn)
    page.locator(".leaflet-control-layers").hover()
    names = page.locator(".leaflet-control-layers-overlays label").all_inner_texts()
    assert [name.strip() for name in names] == [
        say(f"map-layer-{layer}")
        for layer in ("dead-ground", "fields", "border", "truth", "tracks", "bases", "sensors", "alerts")
    ]
    assert wrong == []


def test_a_click_on_an_alert_tells_it(browser, written):
    page, wrong = opened(browser, written)
    page.locator(".mark-alert.leaflet-marker-icon").nth(2).click()
    assert page.locator(".popup strong").inner_text() == "A person crossed the line toward home in segment 2."
    assert "02:00:40 UTC (21:00:40 EST)" in page.locator(".popup").inner_text()
    assert wrong == []


def test_hostile_text_runs_nowhere(browser, attacked):
    page, wrong = opened(browser, attacked)
    for number in range(len(HOSTILE)):
        page.locator(".mark-alert.leaflet-marker-icon").nth(number).dispatch_event("click")
        said = page.locator(".popup strong").last
        assert said.evaluate("node => node.textContent") == report_page.clean(HOSTILE[number])
        assert page.locator(".popup img, .popup svg, .popup script").count() == 0
    assert wrong == []


FONT_SIZES = """() => [...document.querySelectorAll('body *')].flatMap(node => {
  const text = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
  if (!text || node.closest('script, style, noscript') || !node.getClientRects().length) return [];
  const size = parseFloat(getComputedStyle(node).fontSize);
  const scale = node.ownerSVGElement ? Math.abs(node.getScreenCTM().a) || Math.abs(node.getScreenCTM().b) : 1;
  return [[Math.round(size * scale * 100) / 100, node.textContent.trim().slice(0, 40)]];
})"""

CONTRASTS = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')].flatMap(node => {
    const text = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (!text || node.closest('script, style, noscript') || !node.getClientRects().length) return [];
    const style = getComputedStyle(node);
    const ink = parse(node.ownerSVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return [[Math.round(ratio * 100) / 100, node.textContent.trim().slice(0, 40)]];
  });
}"""


def test_it_reads_well_on_a_phone(browser, either):
    page, _ = opened(browser, either, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.evaluate(FONT_SIZES)
    assert len(sizes) > 60
    assert min(sizes)[0] >= 12, min(sizes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser, written, scheme):
    page, _ = opened(browser, written, scheme=scheme)
    ratios = page.evaluate(CONTRASTS)
    assert len(ratios) > 60
    assert min(ratios)[0] >= 4.5, min(ratios)


def test_it_prints(browser, written):
    page, wrong = opened(browser, written)
    assert page.pdf(format="A4").startswith(b"%PDF-")
    assert wrong == []


def test_the_alert_workload_is_stated_and_unknown_without_one(written, tmp_path):
    write_report(tmp_path / "r.html", made_up(workload=alert_workload([], hours=2.0)))
    load = "Alert workload of one operator: 0 alerts in 2 h, "
    assert load in (tmp_path / "r.html").read_text(encoding="utf-8")
    text = written.read_text(encoding="utf-8")
    assert load not in text
    assert "The alert workload is not known." in text


def test_one_alert_needs_no_truth_to_be_drawn(tmp_path):
    lonely = replace(made_up(), truth=None, gospa=None, alerts=[alert_of(7, easting=None, segment=None, track=None)])
    write_report(tmp_path / "r.html", lonely)
    assert "segment 7." in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("zone", "at", "words"),
    [
        # Summer time ends on 26 October 2025 at 01:00 UTC, when 03:00 CEST becomes 02:00 CET (tz database).
        ("Europe/Andorra", (2025, 10, 26, 0, 30), "02:30:00 CEST (UTC+02:00)–02:30:00 CET (UTC+01:00)"),
        ("Europe/Andorra", (2025, 7, 1, 12, 0), "14:00:00 CEST (UTC+02:00)–15:00:00 CEST (UTC+02:00)"),
        ("Asia/Tbilisi", (2025, 7, 1, 12, 0), "16:00:00 UTC+04:00–17:00:00 UTC+04:00"),
        ("Asia/Nicosia", (2025, 7, 1, 20, 30), "23:30:00 EEST (UTC+03:00)–2 July 00:30:00 EEST (UTC+03:00)"),
    ],
)
def test_local_times_of_the_period_cannot_be_misread(zone: str, at: tuple[int, ...], words: str) -> None:
    start = datetime(*at, tzinfo=UTC)
    found = report_page.period_words(start, start + timedelta(hours=1), report_page.zone_of(zone))
    assert f"; local time {words}; duration 1 h" in found
    assert f"{start:%H:%M:%S}–{start + timedelta(hours=1):%H:%M:%S} UTC" in found


def test_a_sector_without_a_zone_of_its_own_states_its_times_once() -> None:
    start = datetime(2025, 7, 1, 12, tzinfo=UTC)
    found = report_page.period_words(start, start + timedelta(hours=1), report_page.zone_of("UTC"))
    assert found == "Tuesday, 1 July 2025, 12:00:00–13:00:00 UTC; duration 1 h"
