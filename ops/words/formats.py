"""Numbers, units, durations, times and lists as a language writes them.

``ops/web/src/words/formats.ts`` holds the same rules for the page; ``tests/ops/words/format_cases.json`` holds both to
the same results.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

from babel.core import Locale
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from geo.errors import BadInput

MISSING = "–"
MINUS = "−"
"""Before a negative number: as long as the plus sign, which the hyphen of CLDR is not, and no line ends after it."""
NO_BREAK = "\u00a0"
UNIT_SYSTEMS = ("metric", "nautical", "imperial")
"""``nautical``: nautical miles, metres below one, knots; ``imperial``: miles, feet below one, miles per hour."""
METRES_PER_NAUTICAL_MILE = 1852.0
METRES_PER_MILE = 1609.344
METRES_PER_FOOT = 0.3048
KMH_PER_MPS = 3.6
KNOTS_PER_MPS = 3600.0 / METRES_PER_NAUTICAL_MILE
MPH_PER_MPS = 3600.0 / METRES_PER_MILE


class Formats:
    """Formats of one language and one system of units.

    Parameters
    ----------
    language : str
        Tag such as ``en`` or ``fr``, as CLDR knows it.
    units : str
        One of UNIT_SYSTEMS.
    """

    def __init__(self, language: str, units: str = "metric") -> None:
        if units not in UNIT_SYSTEMS:
            raise BadInput(f"unknown system of units {units!r}", where="units", expected=" or ".join(UNIT_SYSTEMS))
        self.locale = Locale.parse("en-GB" if language == "en" else language, sep="-")
        self.units = units
        french = self.locale.language == "fr"
        self._space = NO_BREAK if french else " "
        """Between a number and its unit: a line must not end there (in French, as the typographers' rule)."""
        self._after_sign = NO_BREAK if french else ""

    def number(self, value: float | None, digits: int = 0, sign: int = 0) -> str:
        """A number with ``digits`` decimal places, rounded half away from zero; a dash for a missing one.

        A negative number has the minus sign; with ``sign`` 1 a positive one has a plus sign.
        """
        if value is None or not isfinite(value):
            return MISSING
        rounded = _rounded(value, digits)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        plus = "+" if sign and rounded > 0 else ""
        return plus + _with_minus(format_decimal(rounded, format=pattern, locale=self.locale))

    def percent(self, fraction: float | None, digits: int = 0) -> str:
        """A fraction as a percentage."""
        if fraction is None or not isfinite(fraction):
            return MISSING
        rounded = _rounded(fraction, digits + 2)
        pattern = self.locale.percent_formats[None].pattern.replace(
            "#,##0", "#,##0" + ("." + "0" * digits if digits else "")
        )
        return _with_minus(format_percent(rounded, format=pattern, locale=self.locale))

    def probability(self, value: float | None) -> str:
        """A probability as a percentage, which is never shown as certain or impossible."""
        if value is None or not isfinite(value):
            return MISSING
        if value > 0.99:
            return f">{self._after_sign}{self.percent(0.99)}"
        return f"<{self._after_sign}{self.percent(0.01)}" if value < 0.01 else self.percent(value)

    def distance(self, metres: float | None, digits: int = 0) -> str:
        """A distance: metres (``digits`` decimals) if they round to less than 10 km, else kilometres with one decimal.

        Whole kilometres below 10 km are written as such (``2 km``).
        ``nautical``: metres below one nautical mile; ``imperial``: feet below one mile.
        """
        if metres is None or not isfinite(metres):
            return MISSING
        if self.units == "nautical" and abs(metres) >= METRES_PER_NAUTICAL_MILE:
            return self._unit(self.number(metres / METRES_PER_NAUTICAL_MILE, 1), "NM")
        if self.units == "imperial":
            if abs(metres) >= METRES_PER_MILE:
                return self._unit(self.number(metres / METRES_PER_MILE, 1), "mi")
            return self._unit(self.number(metres / METRES_PER_FOOT), "ft")
        if self.units == "metric" and metres and metres % 1000 == 0 and abs(metres) < 10_000:
            return self._unit(self.number(metres / 1000), "km")
        if abs(_rounded(metres, digits)) >= 10_000:
            return self._unit(self.number(metres / 1000, 1), "km")
        return self._unit(self.number(metres, digits), "m")

    def _unit(self, number: str, symbol: str) -> str:
        return f"{number}{self._space}{symbol}"

    def height(self, metres: float | None, digits: int = 0) -> str:
        """A height above ground or sea level: metres (``digits`` decimals), ``imperial``: whole feet."""
        if metres is None or not isfinite(metres):
            return MISSING
        if self.units == "imperial":
            return self._unit(self.number(metres / METRES_PER_FOOT), "ft")
        return self._unit(self.number(metres, digits), "m")

    def speed(self, metres_per_second: float | None) -> str:
        """A speed in km/h, knots or miles per hour; below 10 with one decimal."""
        if metres_per_second is None or not isfinite(metres_per_second):
            return MISSING
        factor, symbol = {
            "metric": (KMH_PER_MPS, "km/h"),
            "nautical": (KNOTS_PER_MPS, "kn"),
            "imperial": (MPH_PER_MPS, "mph"),
        }[self.units]
        value = metres_per_second * factor
        return self._unit(self.number(value, 0 if abs(value) >= 9.95 else 1), symbol)

    def duration(self, seconds: float | None) -> str:
        """A duration in its two largest units: ``45 s``, ``3 min 5 s``, ``2 h 4 min``, ``3 d 2 h``.

        Rounded to seconds; what is smaller than the second unit is dropped. A negative duration is ``0 s``.
        """
        if seconds is None or not isfinite(seconds):
            return MISSING
        whole = max(0, int(seconds + 0.5))
        day = "j" if self.locale.language == "fr" else "d"
        units = ((86_400, day), (3600, "h"), (60, "min"), (1, "s"))
        first = next((index for index, (size, _) in enumerate(units) if whole >= size), 3)
        parts: list[str] = []
        rest = whole
        for size, symbol in units[first : first + 2]:
            many, rest = divmod(rest, size)
            if many or not parts:
                parts.append(self._unit(self.number(many), symbol))
        return " ".join(parts)

    def bearing(self, degrees: float | None) -> str:
        """An azimuth in three digits, such as ``045°``."""
        return MISSING if degrees is None or not isfinite(degrees) else f"{int(degrees % 360 + 0.5) % 360:03d}°"

    def chainage(self, metres: float | None) -> str:
        """A position along the border, such as ``km 4.1``."""
        return MISSING if metres is None or not isfinite(metres) else self._unit("km", self.number(metres / 1000, 1))

    def time(self, instant: str | datetime | None) -> str:
        """A time of day in UTC, such as ``00:12 UTC``."""
        return MISSING if instant is None else f"{_utc(instant):%H:%M} UTC"

    def date_time(self, instant: str | datetime | None) -> str:
        """A date and time in UTC, such as ``2026-11-26 00:12:00 UTC``: the same in every language."""
        return MISSING if instant is None else f"{_utc(instant):%Y-%m-%d %H:%M:%S} UTC"

    def names(self, names: Sequence[str]) -> str:
        """A list of names, joined as the language does it."""
        return format_list(list(names), locale=self.locale) if names else MISSING

    def runs(self, numbers: Sequence[int]) -> str:
        """Integers as runs: ``4–7, 9``."""
        runs: list[list[int]] = []
        for number in sorted(set(numbers)):
            if runs and number == runs[-1][1] + 1:
                runs[-1][1] = number
            else:
                runs.append([number, number])
        return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in runs) or MISSING


def _rounded(value: float, digits: int) -> Decimal:
    """``value`` to ``digits`` decimal places, half away from zero; never a negative zero."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP) + 0


def _with_minus(number: str) -> str:
    return number.replace("-", MINUS)


def _utc(instant: str | datetime) -> datetime:
    parsed = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
