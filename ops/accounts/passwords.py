"""Passwords: argon2id hashes, rules for new ones, and one-time secrets.

A check takes the same time whether the account exists or not: without a hash, that of a fixed password is checked.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import unicodedata
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from geo.errors import BadInput, WatchlineError

LEAST_CHARACTERS: Final = 12
MOST_BYTES: Final = 512
LEAST_DISTINCT: Final = 5
MOST_JUDGED: Final = 72
"""Characters of a password that are compared with lists of common ones."""
LEAST_SCORE: Final = 3
"""zxcvbn's score from 10⁸ guesses on."""
MOST_AT_ONCE: Final = 2
"""Hashes that are computed at the same time, 19 MiB each; more requests wait."""
WAITS_S: Final = 5.0
HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
"""OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, 2 iterations and 1 lane."""
_UNUSED: Final = "$argon2id$v=19$m=19456,t=2,p=1$bm8tYWNjb3VudC1oZXJl$ISEhISEhISEhISEhISEhISEhISEhISEhISEhISEhISE"
"""A hash that fits no password, with the parameters of HASHER."""
_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


class CommonPassword(BadInput):
    """A password that is on lists of common ones, or built of their parts."""


class Busy(WatchlineError):
    """Too many logins at once."""


def hashed(password: str) -> str:
    """The argon2id hash of a password, with its salt and parameters."""
    with _Turn():
        return HASHER.hash(_bytes(password))


def fits(stored: str | None, password: str) -> bool:
    """Whether the password belongs to a hash; False for None, in the same time."""
    given = _bytes(password)
    too_long = len(given) > MOST_BYTES
    with _Turn():
        try:
            return HASHER.verify(stored or _UNUSED, given[:MOST_BYTES]) and stored is not None and not too_long
        except (VerificationError, InvalidHashError, UnicodeError):
            return False


def outdated(stored: str) -> bool:
    """Whether a hash has other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


def check_new(password: str, *, login: str, name: str) -> None:
    """Raise BadInput unless this may become the password: NIST SP 800-63B asks for length, not for kinds of signs."""
    text = unicodedata.normalize("NFKC", password)
    if len(text) < LEAST_CHARACTERS or len(text.encode(errors="replace")) > MOST_BYTES:
        expected = f"{LEAST_CHARACTERS} characters or more, at most {MOST_BYTES} bytes"
        raise BadInput(f"{len(text)} characters", where="password", expected=expected)
    if len(set(text.casefold())) < LEAST_DISTINCT:
        raise BadInput("too uniform", where="password", expected=f"at least {LEAST_DISTINCT} different characters")
    words = [word for word in (login, *name.split(), "watchline") if len(word) >= 4]
    if any(word.casefold() in text.casefold() for word in words):
        raise BadInput("contains a name", where="password", expected="no part of your name and not 'watchline'")
    if _is_common(text, [login, *name.split()]):
        expected = "words and signs that are not on lists of common passwords"
        raise CommonPassword("easy to guess", where="password", expected=expected)


def _is_common(text: str, own: list[str]) -> bool:
    """Whether lists of common passwords, names and words, keyboard rows, dates or repetitions lead to it in fewer than
    10⁸ guesses (Wheeler, zxcvbn, USENIX Security 2016)."""
    from zxcvbn import zxcvbn  # its lists take 10 MB, and passwords are rarely set

    return bool(zxcvbn(text[:MOST_JUDGED], user_inputs=own, max_length=MOST_JUDGED)["score"] < LEAST_SCORE)


def new_secret() -> str:
    """A one-time secret to read out or copy: 25 characters in groups, 123 bits."""
    letters = [secrets.choice(_LETTERS) for _ in range(25)]
    return "-".join("".join(letters[start : start + 5]) for start in range(0, 25, 5))


def secret_hash(secret: str) -> str:
    """SHA-256 of a one-time secret without its hyphens; it is random, so that no slow hash is needed."""
    plain = "".join(sign for sign in secret.upper() if sign not in "- ")
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()


class _Turn:
    def __enter__(self) -> None:
        if not _turns.acquire(timeout=WAITS_S):
            raise Busy("Too many people log in at once; try again in a few seconds.")

    def __exit__(self, *_: object) -> None:
        _turns.release()


def _bytes(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode(errors="replace")
