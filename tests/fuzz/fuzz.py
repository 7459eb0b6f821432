"""Coverage-guided fuzzing of every decoder by atheris: ``python tests/fuzz/fuzz.py --seconds 60``.

Each door has its share of the time, beginning from its kept corpus. What breaks the law is written to ``--out`` and
ends with exit code 1. With ``--keep`` inputs that reached new code join the corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LARGEST = 4096
"""Bytes of one input: what is longer is refused by its length alone, which tests state."""


def fuzz_one(door: str, arguments: list[str]) -> None:
    """In a process of its own, as libFuzzer ends it. ``arguments`` are libFuzzer's."""
    import atheris

    with atheris.instrument_imports(include=["ingest", "pyais", "defusedxml", "xml.etree", "stanag4607"]):
        sys.path.insert(0, str(HERE))
        import doors

        for example in doors.corpus(door):
            doors.knock(door, example)  # loads what a decoder loads when it is first asked
    atheris.Setup([sys.argv[0], *arguments], lambda payload: doors.knock(door, payload))
    atheris.Fuzz()


def fuzz(door: str, seconds: int, out: Path, *, keep: bool, seed: int = 0, longest_s: int = 10) -> bool:
    """Whether the door held for so long. ``seed``: of the inputs, 0 for new ones; ``longest_s``: for one input."""
    kept = HERE / "corpus" / door
    with tempfile.TemporaryDirectory() as found:
        command = [
            sys.executable, str(Path(__file__).resolve()), "--one", door, found, str(kept),
            f"-max_total_time={seconds}", f"-max_len={LARGEST}", f"-timeout={longest_s}", f"-seed={seed}",
            "-rss_limit_mb=2048",
            f"-artifact_prefix={out}/{door}-", "-print_final_stats=0", "-verbosity=0",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1])
        new = sorted(Path(found).iterdir())
        print(f"{door}: {'held' if done.returncode == 0 else 'BROKEN'}, {len(new)} new inputs", file=sys.stderr)
        if done.returncode:
            print(done.stderr[-4000:], file=sys.stderr)
        if keep:
            for path in new:
                payload = path.read_bytes()
                (kept / hashlib.sha256(payload).hexdigest()[:16]).write_bytes(payload)
    return done.returncode == 0


def main() -> int:
    if sys.argv[1:2] == ["--one"]:
        fuzz_one(sys.argv[2], sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for all doors together")
    parser.add_argument("--door", action="append", help="only this one; may be repeated")
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"), help="where inputs go that break the law")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs (default 0: new ones)")
    parser.add_argument("--longest-s", type=int, default=10, help="what takes longer breaks the law (default 10)")
    parser.add_argument("--keep", action="store_true", help="inputs that reached new code join the corpus")
    chosen = parser.parse_args()
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: pip install '.[fuzz]'", file=sys.stderr)
        return 2
    doors = chosen.door or sorted(path.name for path in (HERE / "corpus").iterdir())
    out = chosen.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    share = max(1, chosen.seconds // len(doors))
    given = {"keep": chosen.keep, "seed": chosen.seed, "longest_s": chosen.longest_s}
    held = [fuzz(door, share, out, **given) for door in doors]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
