"""Monte Carlo samples of everything uncertain in a comparison, common to all layouts: each input is sampled once."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from geo.arrays import Floats, Ints
from sensors.equipment.catalogue import Catalogue, Item
from sensors.equipment.quantity import Quantity
from sensors.planning.comparison.settings import CompareSettings

SCALE_PRICE, SCALE_AVAILABILITY = "scale: price", "scale: availability"


@dataclass(frozen=True, slots=True)
class Input:
    """One uncertain number of the comparison: its name, its distribution, and whether it is the fraction of a weather
    state."""

    name: str
    quantity: Quantity
    weather: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Values of every input (sample,), and of the fractions of the weather states (sample, weather)."""

    values: Mapping[str, Floats]
    shares: Floats

    @property
    def count(self) -> int:
        return len(self.shares)

    def __getitem__(self, name: str) -> Floats:
        return self.values[name]

    def of(self, item: Item, key: str) -> Floats:
        """A catalogue item's number (sample,)."""
        return self.values[f"{item.name}: {key}"]

    def get(self, name: str, default: float) -> Floats:
        """A value (sample,) that only some comparisons set."""
        return self.values.get(name, np.full(self.count, default))

    def replaced(self, **values: Floats) -> Draws:
        """The same samples with some values set; names with spaces by ``**{...}``."""
        return Draws({**self.values, **values}, self.shares)

    def part(self, rows: slice | Ints) -> Draws:
        """A subset of the samples."""
        return Draws({name: value[rows] for name, value in self.values.items()}, self.shares[rows])


def inputs_of(items: Iterable[Item], catalogue: Catalogue, settings: CompareSettings) -> list[Input]:
    """Every number, fixed ones included, that a comparison of layouts with these items uses, in a fixed order."""
    inputs = [Input(name, quantity) for name, quantity in settings.assumed.items()]
    staff = catalogue.staff
    inputs += [
        Input("cost_per_person_year", staff.cost_per_person_year),
        Input("people_per_post", staff.people_per_post),
    ]
    for item in sorted(items, key=lambda one: one.name):
        inputs += [Input(f"{item.name}: {key}", quantity) for key, quantity in item.quantities.items()]
    source = "assumption: shares of a year's crossings"
    inputs += [
        Input(f"share of {name}", Quantity(share, share, share, source, "L"), weather=True)
        for name, share in settings.weather.items()
    ]
    return inputs


def draw(inputs: Iterable[Input], settings: CompareSettings, count: int | None = None) -> Draws:
    """Stratified samples of every input, independent of each other; the same seed gives an input the same samples.

    The fractions of the weather states are sampled together: Dirichlet, as if ``weather_years`` seasons had been
    observed.
    """
    number = settings.samples if count is None else count
    return at(
        {uncertain.name: _uniform(uncertain.name, settings.seed, number) for uncertain in inputs}, inputs, settings
    )


def central(inputs: Iterable[Input], count: int = 1) -> Draws:
    """Every input at its central value, ``count`` times."""
    values = {
        uncertain.name: np.full(count, uncertain.quantity.central) for uncertain in inputs if not uncertain.weather
    }
    shares = np.array([uncertain.quantity.central for uncertain in inputs if uncertain.weather])
    return Draws(values, np.tile(shares / shares.sum(), (count, 1)))


def at(places: Mapping[str, Floats], inputs: Iterable[Input], settings: CompareSettings) -> Draws:
    """Inputs at the quantiles ``places`` (sample,) of each, central where a quantile is NaN."""
    values, raw = {}, []
    for uncertain in inputs:
        u = places[uncertain.name]
        if uncertain.weather:
            share = uncertain.quantity.central
            strength = settings.weather_years * share
            quantile = gammaincinv(strength, np.nan_to_num(u, nan=0.5))  # of the gamma distribution
            drawn = quantile / settings.weather_years if share else np.zeros(len(u))
            raw.append(np.where(np.isnan(u), share, drawn))
        else:
            drawn = uncertain.quantity.quantile(np.nan_to_num(u, nan=0.5))
            values[uncertain.name] = np.where(np.isnan(u), uncertain.quantity.central, drawn)
    shares = np.stack(raw, axis=1)
    total = shares.sum(axis=1, keepdims=True)
    fallback = np.array([uncertain.quantity.central for uncertain in inputs if uncertain.weather])
    return Draws(values, np.where(total > 0.0, shares / np.where(total > 0.0, total, 1.0), fallback))


def _uniform(name: str, seed: int, count: int) -> Floats:
    """One number from each of ``count`` equal intervals of 0 to 1, in an order determined by the seed and the name."""
    chance = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return (chance.permutation(count) + chance.random(count)) / count


def with_shares(draws: Draws, shares: Mapping[str, float], weathers: Iterable[str]) -> Draws:
    """The same samples with other, fixed fractions of the weather states; those that are not named are 0."""
    row = np.array([shares.get(name, 0.0) for name in weathers])
    if not math.isclose(row.sum(), 1.0, abs_tol=1e-6):
        row = row / row.sum()
    return Draws(draws.values, np.tile(row, (draws.count, 1)))
