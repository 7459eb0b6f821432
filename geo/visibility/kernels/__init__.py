"""Compiled arithmetic of visibility over bare arrays: no labels, no files, no checks of arguments."""
