"""The report of a challenge for people: its page, tables, words and pictures."""
