"""The command line `watchline`: each command parses its options, calls one function and prints the answer."""

from ops.cli.app import main

__all__ = [
    "main",
]
