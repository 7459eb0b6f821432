"""Patrol games: randomised patrol routes and schedules against a crosser who observes them."""

from sensors.errors import GameError
from sensors.patrols.border_sweeps import Sweeps
from sensors.patrols.game import Commitment, Game, Listed, Shift, Solution, commitment, roster, solve_game
from sensors.patrols.rounds_from_bases import FromBases

__all__ = [
    "Commitment",
    "FromBases",
    "Game",
    "GameError",
    "Listed",
    "Shift",
    "Solution",
    "Sweeps",
    "commitment",
    "roster",
    "solve_game",
]
