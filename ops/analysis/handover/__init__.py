"""Handover report and after-action report of a period: what happened, who acted, what is open, as a page and as PDF."""
