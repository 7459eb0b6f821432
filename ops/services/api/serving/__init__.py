"""The web server: sockets, TLS, and limits of connections."""
