"""Schemas of the answers of the API, as OpenAPI describes them."""
