"""Indicators that sensors do not provide: catalogue of definitions, import of tables, history of what was recorded."""
