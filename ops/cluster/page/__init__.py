"""The national page: every sector of a cluster at one address, and the way into each sector's own operations centre."""
