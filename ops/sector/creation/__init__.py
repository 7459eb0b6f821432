"""New sectors: what is refused early, the sector file with its comments, and example layouts and bases."""
