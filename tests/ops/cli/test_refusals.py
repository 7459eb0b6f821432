"""What does not exist is refused before the libraries of the work are imported."""

from __future__ import annotations

import json
import subprocess
import sys

REFUSE = """
import contextlib, io, json, sys
from ops.cli.app import main
for words in json.loads(sys.argv[1]):
    sys.argv, said, code = ["watchline", *words], io.StringIO(), None
    with contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, sorted({"numpy", "pandas", "xarray", "numba", "rasterio"} & set(sys.modules))]))
"""
NO_SECTOR = (
    "coverage nowhere --out new",
    "challenge nowhere --out new",
    "compare nowhere basic hightech",
    "plan nowhere --budget 1",
    "simulate nowhere --out new",
    "score nowhere",
    "sector preview nowhere --out new.html",
)
NO_LAYOUT = (
    "coverage cumberland --layout none --out new",
    "challenge cumberland --layout none --out new",
    "compare cumberland basic none",
    "plan cumberland --budget 1 --start none",
    "demo --layout none --out new",
)


def test_a_name_that_does_not_exist_is_refused_before_the_work_is_imported() -> None:
    commands = [command.split() for command in (*NO_SECTOR, *NO_LAYOUT)]
    asked = [sys.executable, "-c", REFUSE, json.dumps(commands)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [*zip(commands, answers, strict=True)] == [(command, [2, []]) for command in commands]
