"""Visibility of many sites: workers, stores, footprints and covering sets."""
