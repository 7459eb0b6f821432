"""The checkpoint of fusion as the store keeps it: whole, or in parts written between two steps."""
