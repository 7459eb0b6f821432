"""A PostgreSQL server of the tests' own: a new cluster in a temporary folder, reached by a socket in it, fsync on."""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

FOLDERS = Path("/usr/lib/postgresql")
USER, PASSWORD = "watchline", "correct horse"
_PR_SET_PDEATHSIG = 1


def programs() -> Path:
    """The folder of PostgreSQL 17's programs, or of a newer version."""
    found = sorted((int(path.name), path / "bin") for path in FOLDERS.glob("[0-9]*") if (path / "bin/initdb").exists())
    assert found, "PostgreSQL is not installed: apt-get install postgresql-17 (deploy/system_packages.py)"
    assert found[-1][0] >= 17, f"PostgreSQL {found[-1][0]} is installed; the tests need 17"
    return found[-1][1]


class PostgresServer:
    """A running server. ``stop`` and ``start`` may be called by a test that owns it.

    ``archiving``: it copies each file of its write-ahead log, once it is complete, into ``archive``.
    """

    def __init__(self, *, archiving: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="watchline-pg-"))
        self.archive = self.folder / "archive"
        self._settings: tuple[str, ...] = ()
        if archiving:
            self.archive.mkdir()
            copied = f"test ! -f {self.archive}/%f && cp %p {self.archive}/%f"
            self._settings = ("-c", "archive_mode=on", "-c", f"archive_command={copied}")
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self._give(self.folder, password, *([self.archive] if archiving else []))
        self._run(
            *("initdb", f"--pgdata={self.folder / 'data'}", f"--username={USER}", f"--pwfile={password}", "--no-sync"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
        )
        self.start()

    def start(self) -> None:
        libc = ctypes.CDLL(None)
        self._process = subprocess.Popen(
            [
                *(str(programs() / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)),
                *("-c", "listen_addresses=", "-c", "fsync=on", "-c", "shared_buffers=32MB", "-c", "jit=off"),
                *("-c", "autovacuum=off"),  # it takes locks and space at any time
                *self._settings,
            ],
            stdout=(self.folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT),
            cwd="/",
            **self._as(),
        )
        while True:  # until it answers; pytest limits the time
            assert self._process.poll() is None, (self.folder / "log").read_text()
            try:
                with psycopg.connect(self.address(), connect_timeout=10):
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait()

    def base_backup(self) -> None:
        """Copy the data of the running server, as its administrator does each day, into ``base``."""
        base = self.folder / "base"
        self._run("pg_basebackup", f"--pgdata={base}", f"--dbname={self.address()}", "--checkpoint=fast")

    def archive_all(self) -> None:
        """Complete the current file of the write-ahead log, and return when it is in the archive."""
        ((name,),) = self.execute("SELECT pg_walfile_name(pg_switch_wal())")
        done = f"SELECT last_archived_wal >= '{name}' FROM pg_stat_archiver"
        while self.execute(done) != [(True,)]:  # pytest limits the time
            time.sleep(0.05)

    def restore(self, until: str) -> None:
        """Put the base backup in place of the data of the stopped server, to go on from the restore point ``until``."""
        data, base = self.folder / "data", self.folder / "base"
        shutil.rmtree(data)
        base.rename(data)
        (data / "recovery.signal").touch()
        self._give(data / "recovery.signal")
        self._settings = (
            *(*self._settings, "-c", f"restore_command=cp {self.archive}/%f %p"),
            *("-c", f"recovery_target_name={until}", "-c", "recovery_target_action=promote"),
        )

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def address(self, database: str = "postgres", *, user: str = USER, password: str = PASSWORD) -> str:
        secret = password.replace(" ", "%20")
        return f"postgresql://{user}:{secret}@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            done = connection.execute(statement)  # type: ignore[call-overload]
            return done.fetchall() if done.description else []

    def new_database(self, options: str = "") -> str:
        """Create a database; return its name."""
        name = f"store{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} {options}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, with its sessions; on a busy machine these may take long to end."""
        while True:  # pytest limits the time
            try:
                self.execute(f"DROP DATABASE {name} WITH (FORCE)")
                return
            except psycopg.errors.ObjectInUse:
                time.sleep(0.05)

    def _as(self) -> dict[str, int]:
        return {} if self._account is None else {"user": self._account.pw_uid, "group": self._account.pw_gid}

    def _give(self, *paths: Path) -> None:
        for path in paths:
            if self._account is not None:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(programs() / program), *arguments], capture_output=True, text=True, cwd="/", check=False, **self._as()
        )
        assert done.returncode == 0, done.stderr
