"""How a server describes itself: metrics, probes, schemas of its answers, and the page of its API."""
