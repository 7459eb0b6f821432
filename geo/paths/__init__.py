"""Least-cost paths over the ground: the search, fastest and minimum-detection crossings, response times from bases."""
