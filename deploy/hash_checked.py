"""Installs pinned packages by pip or uv: wheels only, each compared with its SHA-256 in ``constraints.txt``.

The installer states which packages are needed, their pins are selected, and these alone are installed, without
dependencies and with hashes required: a package that has no pin, or a file with another hash, ends it. The programs
that build Watchline itself are installed in the same manner, in a folder of their own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from deploy import pins

WHEELS_ONLY = ("--only-binary", ":all:")
WRONG = (
    re.compile(r"^ +(?P<package>\S+==\S+) from .*\n(?:\s+Expected .*\n)+\s+Got +(?P<got>[0-9a-f]{64})", re.MULTILINE),
    re.compile(r"Hash mismatch for `(?P<package>[^`]+)`(?:.*\n)+?\s*Computed:\s+sha256:(?P<got>[0-9a-f]{64})"),
)
"""How pip and uv report a file with another hash."""


class Failed(Exception):
    """A step of an installer failed; the message names it, and the output of the step was shown."""


class WrongHash(Exception):
    """A file is not one of those that were pinned, and was not installed; the message is one sentence."""


def needed(project: Path, extras: Sequence[str] = ()) -> list[str]:
    """Return the requirements of a project and of its extras, as ``pyproject.toml`` states them. Raises BadPin."""
    stated = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = stated.get("optional-dependencies", {})
    if unknown := [extra for extra in extras if extra not in optional]:
        raise pins.BadPin(f"pyproject.toml: no extra '{unknown[0]}'; expected one of {', '.join(sorted(optional))}.")
    return [*stated["dependencies"], *(line for extra in extras for line in optional[extra])]


def needed_to_build(project: Path) -> list[str]:
    """Return the requirements of what builds a project."""
    stated = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    requirements: list[str] = stated["build-system"]["requires"]
    return requirements


def install_project(python: Path, project: Path, extras: Sequence[str], scratch: Path) -> None:
    """Install a project, editable, in the environment of ``python``: by uv, by pip where uv fails.

    A file with another hash than its pin ends it, so pip never gets what uv refused. Raises BadPin, WrongHash or
    Failed.
    """
    pinned = pins.read(project / pins.FILE)
    pip = Pip(python, pinned, scratch)
    try:
        pip.install(["uv"])
        uv = Uv(python, pinned, scratch)
        uv.install(uv.names(needed(project, extras)), "--compile-bytecode")
        uv.build(project, "install", "--editable")
    except Failed as failure:
        print(f"uv did not manage ({failure}); going on with pip.", file=sys.stderr)
        pip.install(pip.names(needed(project, extras)))
        pip.build(project, "install", "--editable")


class Pip:
    """pip of an environment, with the pins. ``scratch`` is a folder for files that it reads."""

    def __init__(self, python: Path, pinned: Mapping[str, str], scratch: Path) -> None:
        self.python = python
        self.pinned = pinned
        self.scratch = scratch

    def names(self, wanted: Iterable[str]) -> list[str]:
        """Return the packages that requirements need, themselves included. Nothing is installed. Raises Failed."""
        requirements, options = self._requirements(wanted)
        resolving = ["install", "--dry-run", "--ignore-installed", "--report", "-", "--requirement", requirements]
        report = json.loads(self._run([*resolving, *options]))
        return [one["metadata"]["name"] for one in report["install"]]

    def install(self, names: Iterable[str], *options: str) -> None:
        """Install packages, without dependencies. Raises WrongHash, Failed, or BadPin for one that is not pinned."""
        self.fetch("install", names, *options)

    def fetch(self, command: str, names: Iterable[str], *options: str) -> None:
        """Run a command that fetches packages, as ``install`` does."""
        selection = self.scratch / "selection.txt"
        selection.write_text(pins.selected(self.pinned, names), encoding="utf-8")
        self._run([command, "--no-deps", "--require-hashes", *WHEELS_ONLY, "--requirement", str(selection), *options])

    def build(self, project: Path, *command: str) -> None:
        """Run a command that builds a project, with build requirements that were installed by their hashes."""
        folder = self.scratch / "building"
        self.install(self.names(needed_to_build(project)), "--target", str(folder))
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        self._run([*command, str(project), "--no-deps", "--no-build-isolation"], environment)

    def _requirements(self, wanted: Iterable[str]) -> tuple[str, list[str]]:
        """Write requirements to a file; return it, and the options for the pinned versions, without their hashes.

        pip accepts a constraint with hashes only for what is required by one exact version.
        """
        requirements, versions = self.scratch / "requirements.txt", self.scratch / "versions.txt"
        requirements.write_text("".join(f"{line}\n" for line in wanted), encoding="utf-8")
        versions.write_text(pins.versions(self.pinned), encoding="utf-8")
        return str(requirements), [*WHEELS_ONLY, "--constraint", str(versions)]

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [str(self.python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]

    def _run(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
        """Run the installer; return what it printed. Raises WrongHash or Failed."""
        command = self._command(arguments)
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, errors="replace", check=False
            )
        except OSError as error:
            raise Failed(f"{command[0]} cannot be run: {error.strerror}") from None
        if done.returncode == 0:
            return done.stdout
        for form in WRONG:
            if found := form.search(done.stderr):
                raise WrongHash(self._wrong(found["package"], found["got"]))
        print(done.stdout + done.stderr, end="", file=sys.stderr)
        raise Failed(f"'{' '.join(arguments[:2])}' ended with {done.returncode}; the output is above.")

    def _wrong(self, package: str, got: str) -> str:
        expected = re.findall(r"sha256:(\w+)", self.pinned[pins.canonical(package.partition("==")[0])])
        which = expected[0] if len(expected) == 1 else f"one of the {len(expected)} hashes of this pin"
        return (
            f"{package}: the file that the package index gave has the SHA-256 {got}; expected {which} in {pins.FILE};"
            " it was not installed."
        )


class Uv(Pip):
    """uv of an environment, which is faster."""

    def names(self, wanted: Iterable[str]) -> list[str]:
        """Return the packages that requirements need, as Pip does."""
        requirements, options = self._requirements(wanted)
        lines = self._run(["compile", "--no-header", "--no-annotate", requirements, *options]).splitlines()
        return [line.partition("==")[0] for line in lines]

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [str(self.python.with_name("uv")), "pip", "--quiet", *arguments, "--python", str(self.python)]
