"""The store: tracks, alerts and track history as fusion has committed them."""
