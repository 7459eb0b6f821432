"""The web server: HTTP API, event stream, pages and metrics."""
