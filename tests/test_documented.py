"""Every command is in the README, and every public name below ops says what it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from ops.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(file for package in ("geo", "sensors", "ingest", "fusion") for file in (ROOT / package).rglob("*.py"))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Functions and classes of a module that other modules may use; of an overloaded one, its body."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            if not node.name.startswith("_") and "overload" not in decorators:
                yield node


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_public_name_has_a_docstring(file: Path):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the file says what its topic is"
    bare = [node.name for node in public(tree) if not ast.get_docstring(node)]
    assert bare == []


@pytest.mark.parametrize("command", sorted(typer.main.get_command(app).commands))
def test_every_command_is_in_the_readme_and_helps(command: str):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `watchline {command}` \| \S", readme, flags=re.MULTILINE)
    assert typer.main.get_command(app).commands[command].help


def test_the_readme_names_no_command_that_is_not_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`watchline ([a-z-]+)", readme))
    assert named <= set(typer.main.get_command(app).commands)


def test_the_readmes_links_lead_somewhere():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", readme) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
