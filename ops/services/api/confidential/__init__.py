"""The page on which anyone writes a confidential report."""
