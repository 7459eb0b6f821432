"""The tests. A package with this file, so that a package of the same name among the installed ones does not hide it."""
