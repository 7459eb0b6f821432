"""Requests under the two-person rule: the page, the JSON routes, and what is carried out once they are confirmed."""
