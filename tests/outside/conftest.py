"""What the cases share: the command line, called in this process as a shell would call it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops import cli

Answer = tuple[int, str, str]


@pytest.fixture
def watchline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Runs one command; returns its exit status, what it wrote to stdout and what to stderr."""

    def run(*arguments: str | Path) -> Answer:
        monkeypatch.setattr(signal, "signal", lambda *_: None)  # the handlers of this process stay
        monkeypatch.setattr(sys, "argv", ["watchline", *map(str, arguments)])
        capsys.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        out, err = capsys.readouterr()
        return (code if isinstance(code, int) else 1), out, err

    return run
