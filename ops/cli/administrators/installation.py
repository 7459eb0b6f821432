"""``watchline doctor`` and ``completion`` on the command line."""

from __future__ import annotations

import sys
from typing import Annotated, Final, Literal

import typer

from ops.cli.options import BrokerOption, IdentityOption, JsonOption, answer, broker_url, screen

COMPLETION_VARIABLE: Final = "_WATCHLINE_COMPLETE"


def doctor(
    broker: BrokerOption = None,
    identity: IdentityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation and its requirements.

    Lists components that are installed, reachable or missing, with a remedy
    for each fault. With --identity, also lists keys and certificates that
    expire soon. The exit code is 1 if a required component is missing.

    Examples
    --------
    watchline doctor
    watchline doctor --broker mqtts://broker.example --identity broker
    """
    from ops.admin.doctor import examine, show

    if broker is not None:
        broker_url(broker)
    findings = examine(broker, identity)
    show(findings, screen)
    answer(
        {"ok": all(f.ok or not f.needed for f in findings), "findings": [f.as_dict() for f in findings]},
        as_json=as_json,
    )
    if any(f.needed and not f.ok for f in findings):
        raise typer.Exit(1)


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="Your shell: bash, zsh or fish.")
    ],
) -> None:
    """Print a shell completion script.

    Examples
    --------
    eval "$(watchline completion bash)"
    watchline completion fish > ~/.config/fish/completions/watchline.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    script = get_completion_script(prog_name="watchline", complete_var=COMPLETION_VARIABLE, shell=shell)
    sys.stdout.write(script + "\n")
