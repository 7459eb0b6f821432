"""The pins of ``constraints.txt``: the version of each package, and the SHA-256 of each file that may be installed.

``python deploy/pins.py NAME==VERSION …`` changes or adds pins, with the hashes that the package index states now, and
adds the hashes of pins that have none. The hashes of all other pins stay as they are. Read the difference before it is
committed: from then on, these files and no others are installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

FILE = "constraints.txt"
HEADER = "# Changed with: python deploy/pins.py NAME==VERSION ...\n"
OLDEST_PYTHON = "3.11.0"
"""Every pin must be for this version too: ``requires-python`` in ``pyproject.toml``."""
PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+]+)(?P<hashes>( --hash=sha256:[0-9a-f]{64})*)")


class BadPin(Exception):
    """A pin is missing or incomplete; the message is one sentence."""


def canonical(name: str) -> str:
    """Return the one form of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(text: str, file: str = FILE, *, hashed: bool = True) -> dict[str, str]:
    """Return a requirement ``name==version --hash=…`` by the canonical name of each package.

    Raises BadPin for a line that is not a pin, a package that is pinned twice and, if ``hashed``, a pin without a hash.
    """
    pins: dict[str, str] = {}
    for joined in re.split(r"(?<!\\)\n", text):  # a backslash at its end continues a line
        line = " ".join(joined.replace("\\\n", " ").split())
        if not line or line.startswith("#"):
            continue
        pin = PIN.fullmatch(line)
        if pin is None:
            raise BadPin(f"{file}: '{line[:80]}' is not a pin; expected NAME==VERSION --hash=sha256:….")
        if hashed and not pin["hashes"]:
            raise BadPin(f"{file}: {line} has no hash; expected one, as 'python deploy/pins.py' adds it.")
        name = canonical(pin["name"])
        if name in pins:
            raise BadPin(f"{file}: {name} is pinned a second time; expected one version.")
        pins[name] = line
    return pins


def read(file: Path) -> dict[str, str]:
    """Return the pins of a file as ``parse`` does. Raises BadPin, also if it cannot be read."""
    try:
        return parse(file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadPin(f"{file}: {error}; expected the pins of all packages.") from None


def versions(pins: Mapping[str, str]) -> str:
    """Return the pins without their hashes, one a line, for a program that only resolves."""
    return "".join(f"{pin.split()[0]}\n" for pin in pins.values())


def selected(pins: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the pins of some packages, one a line. Raises BadPin for one that is not pinned."""
    lines = []
    for name in sorted(map(canonical, names)):
        if name not in pins:
            raise BadPin(
                f"{FILE}: {name} is needed and not pinned; expected a pin, as 'python deploy/pins.py' adds it."
            )
        lines.append(f"{pins[name]}\n")
    return "".join(lines)


def written(pins: Mapping[str, str]) -> str:
    """Return the text of the file: packages by name, one hash a line."""
    return HEADER + "".join(pins[name].replace(" --hash", " \\\n    --hash") + "\n" for name in sorted(pins))


def with_hashes(bare: Mapping[str, str]) -> dict[str, str]:
    """Return pins with the hashes of all their files, of every platform, as the package index states them. BadPin."""
    uv = Path(sys.executable).with_name("uv")
    compiling = [str(uv), "pip", "compile", "--quiet", "--no-deps", "--generate-hashes", "--no-header", "--no-annotate"]
    try:
        done = subprocess.run(
            [*compiling, "--python-version", OLDEST_PYTHON, "-"],
            input=versions(bare), capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError as error:
        raise BadPin(
            f"uv cannot be run ({error.strerror}); expected it beside this Python, as 'make' installs it."
        ) from None
    if done.returncode != 0:
        raise BadPin(f"The hashes of {', '.join(bare)} were not found: {done.stderr.strip()}")
    return parse(done.stdout, "uv's answer")


def main(arguments: list[str]) -> int:
    """Change the pins that the arguments state; 1 with one sentence, and nothing written, if that is not possible."""
    file = Path(FILE)
    try:
        pins = parse(file.read_text(encoding="utf-8"), hashed=False)
        pins |= parse("\n".join(arguments), "arguments", hashed=False)
        bare = {name: pin for name, pin in pins.items() if "--hash" not in pin}
        found = with_hashes(bare) if bare else {}
    except (BadPin, OSError) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    file.write_text(written(pins | found), encoding="utf-8")
    print(f"{FILE}: {len(pins)} pins; hashes added: {', '.join(sorted(found)) or 'none, all had theirs'}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
