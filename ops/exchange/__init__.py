"""Cooperation: what a partner receives and sends by agreement, as signed packages; a product, never the database."""
