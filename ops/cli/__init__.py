"""The command line `watchline`: each command parses its options, calls one function and prints the answer."""

import contextlib
import os
import signal

__all__ = [
    "main",
]


def _end(number: int, _: object) -> None:
    """End a program that has only been importing, with the exit code of a command that the signal ends."""
    os._exit(128 + number)


_before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
with contextlib.suppress(ValueError, TypeError):  # imported by a thread, which a signal does not reach
    for _number in _before:
        signal.signal(_number, _end)
try:
    from ops.cli.app import main
finally:
    with contextlib.suppress(ValueError, TypeError):
        for _number, _handler in _before.items():
            signal.signal(_number, _handler)
