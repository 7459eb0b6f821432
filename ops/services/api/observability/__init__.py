"""Self-description of a server: metrics, probes, schemas of its answers, and the page of its API."""
