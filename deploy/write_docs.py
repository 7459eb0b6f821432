"""Write the generated documentation: pages of the API, packages, commands and settings, a diagram, and docs/schema.

The pages come from the source text: the names in ``__all__``, the first sentence of each docstring, and the imports.
The commands come from the command line, the settings from the docstrings of their records, and the JSON Schemas from
the message types of ``ingest.wire`` and the records that read files, so the project's Python runs this.
``tests/test_documented.py`` fails while a generated file is outdated.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("ops", "fusion", "ingest", "sensors", "geo")
"""The layers of the software from the top; fusion and ingest are on the same level."""
LIBRARY = ("geo", "sensors", "ingest", "fusion")
"""The layers that have a public API; ops is an application."""
BELOW = (("ops", "fusion"), ("ops", "ingest"), ("fusion", "sensors"), ("ingest", "sensors"), ("sensors", "geo"))
LONGEST_VALUE = 40

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True, slots=True)
class PublicName:
    """One name of an ``__all__``: the module to import it from, and the module that defines it."""

    module: str
    name: str
    kind: str
    described: str
    value: str
    defined_in: str

    @property
    def summary(self) -> str:
        """Return its entry in the index: for a constant its value, if short, then its description."""
        return " ".join(part for part in (self.value, self.described) if part)


# --- the source text


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


# --- the index of the public API


def is_exception(module: str, node: ast.ClassDef) -> bool:
    for base in node.bases:
        name = ast.unparse(base)
        if name in ("Exception", "ValueError", "RuntimeError", "OSError", "LookupError"):
            return True
        try:
            home, parent = definition(module, name)
        except SystemExit:
            continue
        if isinstance(parent, ast.ClassDef) and is_exception(home, parent):
            return True
    return False


def kind_of(module: str, node: Definition) -> str:
    if isinstance(node, ast.FunctionDef):
        return "function"
    if isinstance(node, ast.ClassDef):
        return "exception" if is_exception(module, node) else "class"
    if isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation):
        return "type"
    return "constant"


def described(module: str, node: Definition) -> str:
    """Return the first sentence of the docstring; for a constant, of the string below it."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return first_sentence(ast.get_docstring(node))
    body = tree(module).body
    after = body[body.index(node) + 1 : body.index(node) + 2]
    if after and isinstance(after[0], ast.Expr) and isinstance(after[0].value, ast.Constant):
        return first_sentence(str(after[0].value.value))
    return ""


def value_of(name: str, node: Definition) -> str:
    """Return the value of a constant as Markdown code; empty when it is long, or when node is not a constant."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return ""
    value = node.value
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        value = value.elts[[ast.unparse(part) for part in target.elts].index(name)]
    text = ast.unparse(value)
    return f"`{text}`" if len(text) <= LONGEST_VALUE else ""


def public_names() -> Iterator[PublicName]:
    """Yield every name of every ``__all__`` of the library, by layer and module."""
    for layer in LIBRARY:
        for module in modules():
            if module.partition(".")[0] == layer:
                for name in exported(module):
                    home, node = definition(module, name)
                    yield PublicName(
                        module, name, kind_of(home, node), described(home, node), value_of(name, node), home
                    )


def api_page() -> str:
    """Return the text of docs/api.md."""
    lines = [
        "# Public API",
        "",
        "Generated by `deploy/write_docs.py`. These names are public. Each is in the `__all__` of the package or",
        "module under which it is listed, and is imported from there: `from geo.visibility import viewshed`. All",
        "other names are private and may change without notice. `help(name)` shows parameters, shapes and units.",
    ]
    listed = ""
    for public in public_names():
        if public.module != listed:
            listed = public.module
            lines += ["", f"## {listed}", "", first_sentence(ast.get_docstring(tree(listed))), ""]
            lines += ["| name | kind | summary | defined in |", "|---|---|---|---|"]
        summary = public.summary.replace("|", "\\|").replace("``", "`")
        lines.append(f"| `{public.name}` | {public.kind} | {summary} | `{public.defined_in}` |")
    return "\n".join(lines) + "\n"


# --- the packages


def packages_page() -> str:
    """Return the text of docs/packages.md: every package with the first sentence of its ``__init__``."""
    lines = ["# Packages", "", "Generated by `deploy/write_docs.py`, from the first sentence of each package."]
    for layer in LAYERS:
        lines += ["", f"## {layer}", "", first_sentence(ast.get_docstring(tree(layer))), ""]
        lines += ["| package | what it holds |", "|---|---|"]
        for module in modules():
            if module.startswith(f"{layer}.") and is_package(module):
                holds = first_sentence(ast.get_docstring(tree(module))).replace("|", "\\|").replace("``", "`")
                lines.append(f"| `{module}` | {holds} |")
    return "\n".join(lines) + "\n"


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield every statement below a node; expressions are skipped, because they contain no imports."""
    for block in ("body", "handlers", "cases", "orelse", "finalbody"):
        for child in getattr(node, block, ()):
            if isinstance(child, ast.stmt):
                yield child
            yield from statements(child)


@cache
def imported(module: str) -> frozenset[str]:
    """Return the Watchline modules that a module imports, anywhere in its text."""
    names: set[str] = set()
    for node in statements(tree(module)):
        if isinstance(node, ast.ImportFrom) and node.module:
            full = (f"{node.module}.{alias.name}" for alias in node.names)
            names.update(name if name in modules() else node.module for name in full)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return frozenset(names & modules().keys())


def package_of(module: str) -> str:
    """Return layer and package of a module: ``geo.visibility`` for all below it, the layer itself for its own files."""
    parts = module.split(".")
    return ".".join((parts if is_package(module) else parts[:-1])[:2])


def boxes(layer: str) -> dict[str, list[str]]:
    """Return the modules in each box of a layer's diagram: one box per package, and boxes for the layer's own files.

    Own files share a box when they depend on the same packages of the layer, so that no two boxes depend on each other.
    """
    members: dict[str, list[str]] = {}
    for module in modules():
        if module.partition(".")[0] == layer and module != layer:
            package = package_of(module)
            needs = " ".join(sorted(_packages_below(module, layer))) if package == layer else ""
            members.setdefault(f"{package} {needs}".rstrip() if package == layer else package, []).append(module)
    return members


def _packages_below(module: str, layer: str) -> set[str]:
    """Return the packages of the layer that a module imports, directly or indirectly."""
    seen, waiting = {module}, [module]
    while waiting:
        neighbours = {name for name in imported(waiting.pop()) if name.startswith(f"{layer}.")} - seen
        seen |= neighbours
        waiting += neighbours
    return {package_of(name) for name in seen} - {layer}


def arrows(layer: str) -> list[tuple[str, str]]:
    """Return which box of a layer imports which, without arrows implied by others."""
    members = boxes(layer)
    box_of = {module: box for box, names in members.items() for module in names}
    below = {
        box: {box_of[name] for module in names for name in imported(module) if name in box_of} - {box}
        for box, names in members.items()
    }

    TopologicalSorter(below).prepare()  # raises CycleError: packages that import each other cannot be drawn

    def reach(box: str) -> set[str]:
        return {box}.union(*(reach(lower) for lower in below[box]))

    return [
        (box, lower)
        for box in sorted(below)
        for lower in sorted(below[box])
        if not any(lower in reach(other) for other in below[box] - {lower})
    ]


def packages_diagram() -> str:
    """Return Mermaid text of the layers, their packages and the imports between them."""
    lines = ["flowchart TB", "  accTitle: Layers and packages", "  accDescr: Which package imports which."]
    for layer in LAYERS:
        title = first_sentence(ast.get_docstring(tree(layer))).rstrip(".")
        lines += [f'  subgraph {layer}["{layer} · {title}"]', "    direction TB"]
        members = boxes(layer)
        node = {box: f"box_{names[0].replace('.', '_')}" for box, names in members.items()}
        for box, names in members.items():
            is_layer_file = box.partition(" ")[0] == layer
            label = _wrapped(", ".join(name.removeprefix(f"{layer}.") for name in names))
            lines.append(
                f'    {node[box]}(["{label}"])'
                if is_layer_file
                else f'    {node[box]}["{box.removeprefix(layer + ".")}"]'
            )
        lines += [f"    {node[upper]} --> {node[lower]}" for upper, lower in arrows(layer)]
        lines.append("  end")
    lines += [f"  {upper} ==> {lower}" for upper, lower in BELOW]
    return "\n".join(lines) + "\n"


def _wrapped(label: str, width: int = 30) -> str:
    lines = [""]
    for part in label.split(" "):
        if len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {part}".strip()
    return "<br/>".join(lines)


# --- the commands


def commands_page() -> str:
    """Return the text of docs/commands.md: every command with its arguments, options and examples."""
    import typer.main

    from ops.cli.app import app
    from ops.cli.command_tree import GROUPS

    root = typer.main.get_command(app)
    lines = [
        "# Commands",
        "",
        "Generated by `deploy/write_docs.py` from the command line; `watchline COMMAND --help` shows the same.",
        "",
        "`SECTOR` is a sector file (TOML), its folder, or the name of a sample. It is always the first argument.",
        "`--json` prints one object on one line, last on stdout; everything else goes to stderr. An error is one",
        "sentence and a non-zero exit code: 2 for a wrong command line, 1 for anything else, 130 after Ctrl-C, 143",
        "after SIGTERM. Where a limit of memory is too low for a command, it is refused before it begins: its section",
        "states the least, which is the peak with the sample sector on two cores. A larger sector needs more.",
        "",
        "`--language en|fr` and `--units metric|nautical|imperial` precede the command, as in",
        "`watchline --language fr demo`, or are set by `WATCHLINE_LANGUAGE` and `WATCHLINE_UNITS`.",
        "`watchline completion` prints a completion script for bash, zsh or fish.",
    ]
    with typer.Context(root, info_name="watchline") as context:  # type: ignore[arg-type]
        for title, names in GROUPS.items():
            known = [name for name in names if name in root.commands]  # type: ignore[attr-defined]
            lines += ["", f"## {title}", "", "| command | what it does |", "|---|---|"]
            lines += [f"| [`watchline {name}`](#watchline-{name}) | {_summary(root, name)} |" for name in known]
            for name in known:
                lines += _command_lines(root.commands[name], context, name, level=3)  # type: ignore[attr-defined]
    return "\n".join(lines) + "\n"


def _summary(root: Any, name: str) -> str:
    """Return a command's summary and, for a group, its subcommands."""
    command = root.commands[name]
    children = ", ".join(f"`{child}`" for child in getattr(command, "commands", {}))
    return f"{first_sentence(command.help)}{f' {children}' if children else ''}"


def _command_lines(command: Any, parent: Any, name: str, *, level: int) -> list[str]:
    """Return the section of a command, and of its subcommands below it."""
    from ops.cli.needs import need_of

    with type(parent)(command, info_name=name, parent=parent) as context:
        lines = ["", f"{'#' * level} {context.command_path}", ""]
        children = getattr(command, "commands", {})
        if children:
            lines.append(command.help)
            for child, subcommand in children.items():
                lines += _command_lines(subcommand, context, child, level=level + 1)
            return lines
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        lines += [command.help, "", "```text", usage, "```", ""]
        lines += [f"Memory: {need_of(context.command_path)}.", "", "| argument or option | meaning |", "|---|---|"]
        for parameter in command.params:
            record = parameter.get_help_record(context)
            if record is not None and "--help" not in parameter.opts:
                shown, meaning = record[0].partition(" <")[0], " ".join(record[1].split())
                lines.append(f"| `{_cell(shown)}` | {_cell(meaning)} |")
        return [
            *lines,
            "",
            "```console",
            *[f"$ {line}" if line[0] != " " else line for line in command.examples.splitlines() if line],
            "```",
        ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# --- the settings


def settings_page() -> str:
    """Return the text of docs/settings.md: every key of a settings file, from the records that read it."""
    from fusion.alerts.settings import AlertSettings
    from fusion.models.settings import TrackerSettings
    from ops.accounts.settings import AccountSettings, OidcSettings
    from ops.forces.settings import ForceSettings
    from ops.incidents.settings import IncidentSettings
    from ops.releasability.settings import ReleasabilitySettings
    from ops.sector.setting_tables.cot import CotServer
    from ops.sector.setting_tables.cue import CueSettings
    from ops.sector.setting_tables.data import AuditSettings, Hold, RetentionSettings
    from ops.sector.setting_tables.exchange import ExchangeSettings
    from ops.sector.setting_tables.feeds import FEED_TABLES, FeedsSettings, UnitFeedSettings
    from ops.sector.setting_tables.goods import GoodsSettings
    from ops.sector.setting_tables.media import MediaSettings
    from ops.sector.setting_tables.onvif import OnvifCamera
    from ops.sector.setting_tables.push import PushReceiver
    from ops.sector.setting_tables.reports import ReportSettings
    from ops.sector.settings import Maintenance, Settings

    lines = [
        "# Settings",
        "",
        "Generated by `deploy/write_docs.py` from the records that read the file.",
        "",
        "A settings file is TOML; `watchline run`, `replay` and other commands read it with `--settings FILE`.",
        "Every key may be omitted. An unknown key, a wrong type or a value out of range is an error, and all errors",
        "are listed at once. `watchline sector check SECTOR --settings FILE` lists them without running anything.",
        "Editors that read JSON Schema use [settings.schema.json](schema/settings.schema.json).",
        "",
        "```toml",
        'units = ["ops-centre", "patrol-1"]',
        'weather = "night,fog"',
        "",
        "[tracker]",
        "coast_limit_s = 300",
        "",
        "[alerts]",
        "required_probability = 0.5",
        "",
        "[[maintenance]]",
        'sensor = "radar-west"',
        "start = 2026-03-14T22:00:00Z",
        "until = 2026-03-14T23:30:00Z",
        "```",
    ]
    for title, record in (
        ("Top level", Settings),
        ("`[[maintenance]]`", Maintenance),
        ("`[tracker]`", TrackerSettings),
        ("`[alerts]`", AlertSettings),
        ("`[incidents]`", IncidentSettings),
        ("`[forces]`", ForceSettings),
        ("`[audit]`", AuditSettings),
        ("`[retention]`", RetentionSettings),
        ("`[[hold]]`", Hold),
        ("`[releasability]`", ReleasabilitySettings),
        ("`[reports]`", ReportSettings),
        ("`[exchange]`", ExchangeSettings),
        ("`[cue]`", CueSettings),
        ("`[cue.onvif.NAME]`", OnvifCamera),
        ("`[media]`", MediaSettings),
        ("`[goods]`", GoodsSettings),
        ("`[feeds]`", FeedsSettings),
        ("`[feeds.units.UNIT]`", UnitFeedSettings),
        *((f"`[feeds.{name}]`", record) for name, record in FEED_TABLES.items()),
        ("`[feeds.cap.receivers.NAME]` and `[feeds.web_hook.receivers.NAME]`", PushReceiver),
        ("`[[feeds.cot.servers]]`", CotServer),
        ("`[accounts]`", AccountSettings),
        ("`[accounts.oidc]`", OidcSettings),
    ):
        lines += ["", f"## {title}", "", "| key | meaning | unit | default | range |", "|---|---|---|---|---|"]
        lines += [f"| `{key}` | {' | '.join(cells)} |" for key, cells in _settings_of(record)]
    return "\n".join(lines) + "\n"


def _settings_of(record: type) -> Iterator[tuple[str, tuple[str, str, str, str]]]:
    from dataclasses import MISSING, fields

    from ops.sector.schemas import limits_of, parameters_of

    described = parameters_of(record)
    is_free = all(field.default is not MISSING or field.default_factory is not MISSING for field in fields(record))
    for field in fields(record):
        kind, meaning = described[field.name]
        _, _, unit = re.sub(r"\{.*?\}", "", kind).partition(", ")
        is_number = isinstance(field.default, int | float) and not isinstance(field.default, bool)
        default = "required" if field.default is MISSING and field.default_factory is MISSING else "empty"
        if field.default is not MISSING:
            default = f"`{json.dumps(field.default)}`" if field.name != "modes" else "in `fusion.models.motion`"
        limits = _limits_in_words(limits_of(record, field.name)) if is_number and is_free else ""
        if is_number and isinstance(field.default, int):
            limits = f"whole number {limits}".strip()
        yield field.name, (meaning.replace("|", "\\|").replace("``", "`"), unit, default, limits)


def _limits_in_words(limits: dict[str, float]) -> str:
    words = {"minimum": "from {}", "exclusiveMinimum": "above {}", "maximum": "to {}", "exclusiveMaximum": "below {}"}
    return ", ".join(words[key].format(f"{value:g}") for key, value in limits.items())


# --- the metrics


def metrics_page() -> str:
    """Return the text of docs/metrics.md: every metric of the web server."""
    from ops.services.api.observability.metrics import METRICS
    from ops.services.fusion.latency import BOUNDS_S

    lines = [
        "# Metrics",
        "",
        "Generated by `deploy/write_docs.py` from `ops.services.api.observability.metrics`.",
        "",
        "`GET /metrics` answers in the text format of Prometheus 0.0.4, or as OpenMetrics where the header `Accept`",
        "asks for it. With accounts it needs a [token](accounts.md#programs). [Go live](how-to/go-live.md) has an",
        "example of a scrape configuration. Durations are in seconds of wall time.",
        "",
        "Counters and histograms are read from the journal and the store. They continue after a restart of any process",
        "and never decrease while the data folder is kept. Labels are bounded: `sensor` takes the names of the layout,",
        "and `(others)` for all other senders together; an empty `sensor` stands for messages on a topic without one.",
        "",
        f"Upper bounds of the classes of histograms [s]: {', '.join(f'{bound:g}' for bound in BOUNDS_S)}, +Inf.",
        "",
        "| metric | type | label | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{metric.name}` | {metric.kind} | {f'`{metric.label}`' if metric.label else ''} | {metric.meaning} |"
        for metric in METRICS
    ]
    return "\n".join(lines) + "\n"


# --- the attributes of EUROSUR reports


def eurosur_page() -> str:
    """Return the text of docs/eurosur.md: the subjects of reports and their attributes, with where each is from."""
    from ops.eurosur.shape import subject_rows

    lines = [
        "# Subjects of EUROSUR reports",
        "",
        "Generated by `deploy/write_docs.py` from `ops/eurosur/attributes.toml`;",
        "`watchline eurosur subjects` prints the same.",
        "R is Implementing Regulation (EU) 2021/581, F Regulation (EU) 2019/1896, E the repealed Regulation (EU)",
        "No 1052/2013, S Regulation (EU) No 656/2014. “Ours” marks names that are Watchline's own: of Annex 1 of R,",
        "points 1 and 2 were at hand, of Annex 2, point 1 up to the means of transport. All attributes are optional,",
        "unless they are marked as required.",
        "[How to report](how-to/partners.md#eurosur-reports).",
    ]
    for row in subject_rows():
        if not row["attribute"]:
            lines += ["", f"## {row['layer']}: {row['subject']}", "", f"From {row['origin']}", ""]
            continue
        if not lines[-1].startswith("|"):
            lines += ["| attribute | kind | values | from |", "|---|---|---|---|"]
        unit = f" [{row['unit']}]" if row["unit"] else ""
        kind = row["kind"] + unit + (", required" if row["required"] else "")
        values = ", ".join(f"`{value}`" for value in row["values"])
        lines.append(f"| `{row['attribute']}` | {kind} | {values} | {row['origin']} |")
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


def eurosur_schema() -> dict[Path, str]:
    """Return the text of the XML schema of EUROSUR reports, with its attributes."""
    from ops.eurosur.files import SCHEMA
    from ops.eurosur.shape import with_attributes

    return {SCHEMA: with_attributes(SCHEMA.read_text(encoding="utf-8"))}


# --- the JSON Schemas of messages and files


def schemas() -> dict[Path, str]:
    """Return the text of each JSON Schema in docs/schema: messages for integrators, and the files that people write."""
    from ingest.unit_messages import Position, Reply, ResendRequest, SectionOrder
    from ingest.wire import MESSAGES, json_schema, schema_of
    from ops.sector.schemas import NAMES, file_schema
    from ops.services.feeds.tracks import TracksMessage
    from ops.services.feeds.unit_messages import UnitUpdate, with_number
    from ops.services.fusion.live_picture import alert_schema

    found = {message: json_schema(message) for message in MESSAGES}
    found |= {"position": schema_of(Position, "position"), "reply": schema_of(Reply, "reply")}
    found |= {"update": schema_of(UnitUpdate, "update"), "resend": schema_of(ResendRequest, "resend")}
    found |= {"section-order": schema_of(SectionOrder, "section-order")}
    found |= {"alert": with_number(alert_schema()), "tracks": schema_of(TracksMessage, "tracks")}
    found |= {name: file_schema(name) for name in NAMES}
    return {
        ROOT / "docs" / "schema" / f"{message}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for message, schema in found.items()
    }


# --- files


def generated() -> dict[Path, str]:
    """Return the text that each generated file should have."""
    return {
        ROOT / "docs" / "api.md": api_page(),
        ROOT / "docs" / "packages.md": packages_page(),
        ROOT / "docs" / "settings.md": settings_page(),
        ROOT / "docs" / "commands.md": commands_page(),
        ROOT / "docs" / "metrics.md": metrics_page(),
        ROOT / "docs" / "eurosur.md": eurosur_page(),
        **eurosur_schema(),
        ROOT / "docs" / "diagrams" / "packages.mmd": packages_diagram(),
        **schemas(),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
