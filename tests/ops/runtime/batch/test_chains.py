"""Chains on every scheduler: the same results, on one worker each, whatever fails or ends on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, get_worker

from geo.errors import BadInput, WatchlineError
from ops.runtime.batch.chains import RETRIES, Failed, run_chains
from ops.runtime.batch.scheduler import HERE, Scheduler
from ops.runtime.output import UNITS, catalogue
from tests.dask_workers import dask_workers
from tests.patience import PATIENT_S


@pytest.fixture(scope="module")
def two_workers() -> Iterator[str]:
    """The address of a scheduler with two workers in this process."""
    with dask_workers(2) as address:
        yield address


@pytest.fixture(params=["here", "cluster"])
def scheduler(request: pytest.FixtureRequest) -> Scheduler:
    """This process, and a scheduler with two workers."""
    return Scheduler(HERE) if request.param == "here" else Scheduler(request.getfixturevalue("two_workers"))


def append(letter: str, before: Any) -> str:
    return f"{before or ''}{letter}"


def refuse(before: Any) -> Any:
    raise BadInput(f"{before}", where="sector.toml", expected="another")


def fail_first(file: Path, times: int, before: Any) -> str:
    """An error of the disk so many times."""
    failed = len(file.read_text()) if file.exists() else 0
    if failed < times:
        file.write_text("x" * (failed + 1))
        raise OSError(28, "No space left on device", "/data/part")
    return f"{before} after {failed}"


def test_links_continue_from_each_other_and_results_are_in_the_order_of_the_chains(scheduler: Scheduler):
    chains = {name: [partial(append, f"{name}{n}") for n in range(3)] for name in "bca"}
    told: list[str] = []
    results = run_chains(chains, scheduler, done=told.append)
    assert list(results.items()) == [("b", "b0b1b2"), ("c", "c0c1c2"), ("a", "a0a1a2")]
    assert sorted(told) == sorted("bca" * 3)


def test_a_chain_that_fails_says_why_and_the_others_go_on(scheduler: Scheduler):
    chains = {"bad": [partial(append, "x"), refuse, partial(append, "never")], "good": [partial(append, "y")]}
    assert run_chains(chains, scheduler) == {"bad": Failed("sector.toml: x; expected another."), "good": "y"}


def test_an_error_of_the_disk_is_tried_again_and_then_said(scheduler: Scheduler, tmp_path: Path):
    chains = {
        "passes": [partial(append, "x"), partial(fail_first, tmp_path / "a", RETRIES)],
        "stays": [partial(fail_first, tmp_path / "b", RETRIES + 1)],
    }
    results = run_chains(chains, scheduler)
    assert results["passes"] == f"x after {RETRIES}"
    assert results["stays"] == Failed("/data/part: No space left on device.")


def test_an_error_of_the_program_is_raised(scheduler: Scheduler):
    with pytest.raises(TypeError):
        run_chains({"a": [partial(append, "x"), len, partial(append, "y")]} | {"b": [len]}, scheduler)


def where(before: Any) -> list[str]:
    return [*(before or []), str(get_worker().address)]


def test_all_links_of_a_chain_are_on_one_worker(two_workers: str):
    chains = {f"{n}": [where] * 4 for n in range(6)}
    results = run_chains(chains, Scheduler(two_workers))
    assert all(len(set(addresses)) == 1 for addresses in results.values())


def spoken(_: Any) -> tuple[str, str]:
    return catalogue().language, catalogue().formats.units


def test_a_worker_writes_in_the_language_and_units_of_the_command(two_workers: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(UNITS, "nautical")
    monkeypatch.setenv("WATCHLINE_LANGUAGE", "fr")
    assert run_chains({"a": [spoken]}, Scheduler(two_workers)) == {"a": ("fr", "nautical")}


def test_a_worker_of_another_version_is_refused(two_workers: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ops.runtime.batch.chains._spoken", lambda: ("en", "metric", "99.0"))
    found = run_chains({"a": [spoken]}, Scheduler(two_workers))["a"]
    assert isinstance(found, Failed)
    assert "expected 99.0" in found.why


def end_once(file: Path, before: Any) -> str:
    """End the worker at the first time, as a lost machine does."""
    if not file.exists():
        file.write_text(f"{os.getpid()}")
        os._exit(9)
    return f"{before}, and {os.getpid() != int(file.read_text())}"


def test_the_work_of_a_lost_worker_is_done_by_another(tmp_path: Path):
    chains = {"lost": [partial(append, "x"), partial(end_once, tmp_path / "ended")], "other": [partial(append, "y")]}
    assert run_chains(chains, Scheduler("processes", 2)) == {"lost": "x, and True", "other": "y"}


def test_the_work_of_the_only_worker_is_done_by_the_one_that_replaces_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """dask keeps such work for the address of the lost worker, which no other has."""
    monkeypatch.setattr("ops.runtime.batch.chains.LOOK_EVERY_S", 0.5)
    chains = {"lost": [partial(append, "x"), partial(end_once, tmp_path / "ended")]}
    assert run_chains(chains, Scheduler("processes", 1)) == {"lost": "x, and True"}


def note(file: Path, before: Any) -> str:
    """Note which processes executed this."""
    with file.open("a") as noted:
        noted.write(f"{os.getpid()}\n")
    return f"{before}y"


def test_a_result_that_its_only_worker_took_along_is_computed_by_the_one_that_replaces_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The worker ends when the scheduler has heard of the result, and before it is fetched."""
    monkeypatch.setattr("ops.runtime.batch.chains.LOOK_EVERY_S", 0.5)
    gather: Any = Client._gather
    file, killed = tmp_path / "done", list[int]()

    async def gather_late(client: Client, futures: list[Any], *more: Any, **options: Any) -> Any:
        if file.exists() and not killed:
            killed.append(int(file.read_text()))
            os.kill(killed[0], signal.SIGKILL)
            while futures[0].status == "finished":  # pytest limits the time
                await asyncio.sleep(0.05)
        return await gather(client, futures, *more, **options)

    monkeypatch.setattr(Client, "_gather", gather_late)
    chains = {"lost": [partial(append, "x"), partial(note, file), partial(append, "z")]}
    assert run_chains(chains, Scheduler("processes", 1)) == {"lost": "xyz"}
    first, second = map(int, file.read_text().split())
    assert [first] == killed != [second]


def wait_for(file: Path, before: Any) -> bool:
    until_s = time.monotonic() + PATIENT_S
    while not file.exists() and time.monotonic() < until_s:
        time.sleep(0.05)
    return file.exists()


def test_a_look_that_the_scheduler_does_not_answer_is_done_again_later(
    two_workers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ops.runtime.batch.chains.LOOK_EVERY_S", 0.1)
    looks = list[Client]()

    def unanswered(client: Client) -> None:
        looks.append(client)
        if len(looks) == 3:
            (tmp_path / "looked").touch()
        raise OSError("Timed out trying to connect")

    monkeypatch.setattr(Client, "processing", unanswered)
    assert run_chains({"a": [partial(wait_for, tmp_path / "looked")]}, Scheduler(two_workers)) == {"a": True}


def meet(folder: Path, name: str, other: str) -> bool:
    """Wait for the work that is done at the same time on another worker."""
    (folder / name).touch()
    until_s = time.monotonic() + PATIENT_S
    while not (folder / other).exists() and time.monotonic() < until_s:
        time.sleep(0.05)
    return (folder / other).exists()


def memory_of(dask_worker: Any) -> tuple[bool, bool]:
    """Whether a worker has a limit of memory, and writes results to disk before it reaches it."""
    memory = dask_worker.memory_manager
    return bool(memory.memory_limit), 0.0 < memory.memory_spill_fraction < 1.0


def test_processes_are_as_many_as_there_is_work_for_and_spill(tmp_path: Path):
    """One is left while nothing is to be done; two come for work of which each part needs the other."""
    with Scheduler("processes", 2).client() as client:
        until_s = time.monotonic() + PATIENT_S
        while len(client.nthreads()) != 1:
            assert time.monotonic() < until_s
            time.sleep(0.1)
        assert list(client.run(memory_of).values()) == [(True, True)]
        pairs = (("a", "b"), ("b", "a"))
        futures = [client.submit(meet, tmp_path, *pair, pure=False) for pair in pairs]
        assert client.gather(futures) == [True, True]


def test_a_scheduler_that_does_not_answer_is_refused():
    with pytest.raises(BadInput, match="no dask scheduler answers"):
        run_chains({"a": [spoken]}, Scheduler("nowhere://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scheduler": "cloud"}, "--scheduler"),
        ({"workers": 0}, "--workers"),
        ({"tls_ca": Path("ca.pem")}, "--scheduler: threads"),
        ({"scheduler": "tls://host:1", "tls_ca": Path("no such file")}, "--tls-ca"),
    ],
)
def test_options_that_cannot_be_used_are_named(options: dict[str, Any], said: str):
    with pytest.raises(WatchlineError, match=said):
        Scheduler(**options)
