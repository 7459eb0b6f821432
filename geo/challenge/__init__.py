"""Geography challenge: how hard the ground is to cross, to watch and to reach, by border segment."""

from geo.challenge.assessment import challenge, challenge_by_stretches, scores_of
from geo.challenge.rasters import challenge_rasters
from geo.challenge.scores import ChallengeError, Composite, ReferenceTable, composite, percentiles
from geo.challenge.settings import ChallengeSettings, DemError
from geo.terrain.ruggedness import terrain_ruggedness_index, vector_ruggedness

__all__ = [
    "ChallengeError",
    "ChallengeSettings",
    "Composite",
    "DemError",
    "ReferenceTable",
    "challenge",
    "challenge_by_stretches",
    "challenge_rasters",
    "composite",
    "percentiles",
    "scores_of",
    "terrain_ruggedness_index",
    "vector_ruggedness",
]
