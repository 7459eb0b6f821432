"""Output of commands: texts in the language of the user, and files that are checked first and written atomically."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from geo.errors import BadInput
from geo.unfinished import register_unfinished, remove_unfinished
from ingest.errors import IdentityError
from ops.runtime.account import give_to_owner

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from geo.message import Message
    from ops.words import MessageCatalogue

LANGUAGE: Final = "WATCHLINE_LANGUAGE"
"""Environment variable with the language of everything that a command prints and draws; child processes inherit it."""
UNITS: Final = "WATCHLINE_UNITS"
"""Environment variable with the units of the same: ``metric``, ``nautical`` or ``imperial``."""

_SPOKEN: ContextVar[MessageCatalogue | None] = ContextVar("watchline_spoken", default=None)

SUMMARY: Final = "summary.json"
"""The file that records, under ``made_by``, which command filled a folder."""
UNFINISHED: Final = "unfinished.json"
"""The same, from the first file of a command until its summary is written: its next run goes on in the folder."""


def catalogue() -> MessageCatalogue:
    """The message catalogue of ``speaking``, else that of this process: in the language of LANGUAGE and units of UNITS.

    Without them English and metric. Raises BadInput for a language or units that Watchline does not have.
    """
    if (spoken := _SPOKEN.get()) is not None:
        return spoken
    from ops.words import SOURCE_LANGUAGE, UNIT_SYSTEMS, MessageCatalogue  # Babel is slow to import

    units = os.environ.get(UNITS) or UNIT_SYSTEMS[0]
    if units not in UNIT_SYSTEMS:
        raise BadInput(f"unknown units {units!r}", where="units", expected=" or ".join(UNIT_SYSTEMS))
    return MessageCatalogue.of(os.environ.get(LANGUAGE) or SOURCE_LANGUAGE, units)


@contextmanager
def speaking(words: MessageCatalogue) -> Iterator[None]:
    """Let this thread or task use a catalogue in place of that of the process: a server answers in many languages."""
    former = _SPOKEN.set(words)
    try:
        yield
    finally:
        _SPOKEN.reset(former)


def say(message: Message | str, **parameters: Any) -> str:
    """The sentence of a message in the language of this process; see ``MessageCatalogue.say``."""
    return catalogue().say(message, **parameters)


def clauses(texts: Iterable[str]) -> str:
    """Join texts with the language's semicolons; empty without texts."""
    joined = ""
    for text in texts:
        joined = say("clauses", before=joined, next=text) if joined else text
    return joined


def say_in_english(message: Message | str, **parameters: Any) -> str:
    """The English sentence of a message, for JSON and other files that must not depend on the language."""
    from ops.words import MessageCatalogue

    return MessageCatalogue.of().say(message, **parameters)


def column(name: str) -> str:
    """The heading of a table's column, in the language of this process; an unknown name as it is."""
    return say("console-column", name=name)


def show(screen: Console, message: Message | str, **parameters: Any) -> None:
    """Print the sentence of a message in the language of this process, without interpreting it as markup."""
    screen.print(say(message, **parameters), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def even_if_quiet(screen: Console) -> Iterator[None]:
    """Print what cannot be read anywhere else, such as a one-time secret, despite ``--quiet``."""
    quiet, screen.quiet = screen.quiet, False
    try:
        yield
    finally:
        screen.quiet = quiet


@contextmanager
def atomic_write(path: Path, *, private: bool = False, concurrent: bool = False) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; the file replaces ``path`` on success and is removed on an error.

    ``private`` creates the file first, readable by this user only. ``concurrent`` uses a unique name per process, for
    files that two processes may write at the same time.
    """
    owner = f".{os.getpid()}" if concurrent else ""
    partial = path.with_name(f"{path.name}{owner}.partial")
    with register_unfinished(partial):
        try:
            if private:
                partial.unlink(missing_ok=True)
                os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            yield partial
            partial.replace(path)
        except BaseException:
            remove_unfinished(partial)
            raise


def prepare_folder(out: Path, names: Sequence[str], *, made_by: str) -> None:
    """Create the folder, or check that it is writable and that only files of this command would be replaced."""
    if out.exists() and not out.is_dir():
        raise BadInput("is a file", where=str(out), expected="a folder or a new name")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"cannot be created ({error.strerror})", where=str(out), expected="a folder to write in"
        ) from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise BadInput("cannot be written", where=str(out), expected="a folder to write in")
    own = any(_is_made_by(out / record, made_by) for record in (SUMMARY, UNFINISHED))
    foreign = [] if own else [name for name in names if (out / name).exists()]
    if foreign:
        raise BadInput(
            f"holds a file {foreign[0]!r} that this command did not write", where=str(out), expected="another folder"
        )
    with atomic_write(out / UNFINISHED) as partial:
        partial.write_text(json.dumps({"made_by": made_by}) + "\n", encoding="utf-8")


def checked_out(out: Path, folder: Path, option: str = "--out") -> None:
    """Raise BadInput for a file of the data folder, such as the store, its keys or the audit log, that exists."""
    if out.exists() and out.resolve().is_relative_to(folder.resolve()):
        expected = "a new name, or a file outside of the data folder"
        raise BadInput("is a file of the data folder", where=f"{option} {out.name}", expected=expected)


def move_to_new(path: Path, out: Path) -> None:
    """Rename ``path``; FileExistsError where ``out`` has been created in the meantime."""
    try:
        os.link(path, out)  # unlike a renaming, this never replaces a file
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        path.rename(out)


def write_summary(path: Path, summary: dict[str, Any]) -> None:
    """Write the summary atomically, as the last file of a command; it must contain ``made_by``."""
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
    path.with_name(UNFINISHED).unlink(missing_ok=True)


def _is_made_by(summary: Path, made_by: str) -> bool:
    try:
        content = json.loads(summary.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("made_by") == made_by


def write_private(path: Path, content: bytes, *, to_owner: bool = False) -> None:
    """Write a file atomically, readable by this user only. IdentityError when it cannot be written.

    ``to_owner``: the file is in a folder within a data folder, and both are given to its owner (``give_to_owner``).
    """
    try:
        missing = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with atomic_write(path, private=True, concurrent=True) as partial, partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if to_owner:  # before it is seen
                give_to_owner(*reversed(missing), path.parent, partial)
    except OSError as error:
        raise IdentityError(
            f"cannot be written ({error.strerror})", where=str(path), expected="a folder to write in"
        ) from None


def progress_bar(screen: Console) -> Progress:
    """The progress bar that every long command shows, on stderr."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=screen, transient=True)
