"""The source text of Watchline: its modules, their docstrings and the definitions of public names."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("ops", "fusion", "ingest", "sensors", "geo")
"""The layers of the software from the top; fusion and ingest are on the same level."""

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@cache
def modules() -> dict[str, Path]:
    """Return the file of every module and package, by dotted name."""
    files = (file for layer in LAYERS for file in (ROOT / layer).rglob("*.py"))
    kept = (file.relative_to(ROOT) for file in files if "node_modules" not in file.parts)
    return {
        ".".join(file.parent.parts if file.name == "__init__.py" else file.with_suffix("").parts): ROOT / file
        for file in sorted(kept)
    }


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def is_package(module: str) -> bool:
    return modules()[module].name == "__init__.py"


def first_sentence(docstring: str | None) -> str:
    """Return the docstring up to its first blank line, on one line."""
    return " ".join((docstring or "").strip().split("\n\n", 1)[0].split())


def exported(module: str) -> list[str]:
    """Return the names in ``__all__``, sorted; empty when the module has none."""
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return sorted(ast.literal_eval(node.value), key=str.casefold)
    return []


def definition(module: str, name: str) -> tuple[str, Definition]:
    """Return the module that defines a name, and its definition there; imports are followed."""
    node_found: Definition | None = None
    for node in tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            node_found = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if name in [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]:
                node_found = node
        elif isinstance(node, ast.ImportFrom) and node.module in modules():
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return definition(node.module, alias.name)
    if node_found is None:
        raise SystemExit(f"{module} exports {name!r}, which it neither defines nor imports from one of our modules.")
    return module, node_found
