"""The vault: content by its hash, whole or absent, encrypted by day, and gone after erasure."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.audit.day_keys import ErasedDay
from ops.services.media.vault import Vault, VaultError
from tests.ops.services.media.making import AT_NS

DAY = date(2026, 3, 20)  # AT_NS is 2026-03-20T09:46:40Z
NEXT_NS = AT_NS + 86_400 * 10**9


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=6), st.booleans())
def test_what_is_put_is_got_and_the_same_content_is_one_file(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], encrypted: bool
) -> None:
    vault = Vault(tmp_path_factory.mktemp("vault"), encrypted=encrypted)
    names = [vault.put(data, AT_NS) for data in [*contents, *contents]]
    assert [vault.get(name, AT_NS) for name in names] == [*contents, *contents]
    files = [path for path in vault.folder.rglob("*") if path.is_file()]
    assert len(files) == len(set(contents))


def test_encrypted_files_hold_nothing_of_the_picture_and_are_private(tmp_path: Path) -> None:
    vault = Vault(tmp_path, encrypted=True)
    name = vault.put(b"a face" * 100, AT_NS)
    path = vault.path(name, AT_NS)
    assert b"face" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert Vault(tmp_path).get(name, AT_NS) == b"a face" * 100


def test_a_changed_or_swapped_file_is_noticed(tmp_path: Path) -> None:
    for encrypted in (False, True):
        vault = Vault(tmp_path / str(encrypted), encrypted=encrypted)
        first, second = vault.put(b"first", AT_NS), vault.put(b"second", AT_NS)
        vault.path(first, AT_NS).write_bytes(vault.path(second, AT_NS).read_bytes())
        with pytest.raises(VaultError):
            vault.get(first, AT_NS)


def test_erasing_a_day_leaves_the_others_and_takes_no_new_file_of_it(tmp_path: Path) -> None:
    vault = Vault(tmp_path, encrypted=True)
    name, later = vault.put(b"one", AT_NS), vault.put(b"two", NEXT_NS)
    copy = vault.path(name, AT_NS).read_bytes()
    assert vault.erase(DAY) == 1
    assert vault.get(name, AT_NS) is None
    assert vault.get(later, NEXT_NS) == b"two"
    assert vault.days() == [date(2026, 3, 21)]
    vault.path(name, AT_NS).parent.mkdir(parents=True)
    vault.path(name, AT_NS).write_bytes(copy)  # from a backup
    assert Vault(tmp_path).get(name, AT_NS) is None
    with pytest.raises(ErasedDay):
        Vault(tmp_path, encrypted=True).put(b"late", AT_NS)


def test_a_failed_write_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        vault.put(b"one", AT_NS)
    assert [path for path in vault.folder.rglob("*") if path.is_file()] == []
