"""The web server: HTTP API, event stream, pages, access log and metrics."""
