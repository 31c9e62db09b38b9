# SPDX-License-Identifier: Apache-2.0
"""Write the reference pages that follow from the code: commands from click's own help, settings from the typed ones.

    python -m tools.reference [--check]

With --check nothing is written, and the exit status is 1 where a page is not what it would be.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from wardkeep.cli import COMMANDS, group
from wardkeep.django import configure_language
from wardkeep.listeners import Intake, Listener
from wardkeep.settings import Settings, render
from wardkeep.watch.live.limits import Limits
from wardkeep.watch.thresholds import Thresholds

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
WIDTH = 100
MADE = "<!-- Written by `make docs` from the code: change the code, not this page. -->\n"


def leaves(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that call it."""
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=" ".join(("wardkeep", *words)))
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is None:
                raise LookupError(f"{name} is listed but cannot be had")
            yield from leaves(below, (*words, name))
    else:
        yield words, command


def help_of(words: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(
        command, info_name=" ".join(("wardkeep", *words)), terminal_width=WIDTH, max_content_width=WIDTH
    )
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def commands_page() -> str:
    configure_language("en")
    parts = [
        MADE,
        "# Commands\n",
        "Every command takes `--home`, `--json` and `--lang`. Data goes to stdout, talk and progress to stderr. Exit status:",
        "0 done · 1 the answer is no (a verification failed, something was set aside under `--strict`) · 2 the call or its",
        "input cannot be used · 3 something it needs is not available. No command asks a question when stdin is no terminal.\n",
        "| command | does |",
        "|---|---|",
    ]
    found = list(leaves(group))
    for words, command in found:
        name = " ".join(("wardkeep", *words))
        anchor = "-".join(("wardkeep", *words))
        parts.append(f"| [`{name}`](#{anchor}) | {command.get_short_help_str(limit=200)} |")
    for words, command in found:
        parts += [f"\n## wardkeep {' '.join(words)}\n", "```text", help_of(words, command), "```"]
    return "\n".join(parts) + "\n"


def documented(kind: type) -> dict[str, str]:
    """What the `#:` lines above (or the comment behind) each field of a dataclass say."""
    module = sys.modules[kind.__module__]
    lines = Path(str(module.__file__)).read_text(encoding="utf-8").splitlines()
    tree = ast.parse("\n".join(lines))
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == kind.__name__).body
    said = {}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            words: list[str] = []
            at = node.lineno - 2
            while at >= 0 and (above := lines[at].strip()).startswith("#:"):
                words.insert(0, above.removeprefix("#:").strip())
                at -= 1
            said[node.target.id] = " ".join(words)
    return said


def shown(value: object) -> str:
    text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    if isinstance(text, dict) or text == ():
        return "none"
    return f"`{text}`"


def kind_of(annotation: object) -> str:
    text = re.sub(r"\b(typing|collections\.abc)\.", "", str(annotation))
    if choice := re.fullmatch(r"Literal\[(.*)\]", text):
        return " or ".join(f"`{part.strip()[1:-1]}`" for part in choice[1].split(","))
    named = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}
    if "Mapping[str, Listener" in text:
        return "tables"
    return named.get(
        text,
        "list of numbers"
        if text.startswith("tuple[int")
        else "list of texts"
        if text.startswith("tuple[")
        else "table",
    )


def rows_of(kind: type, prefix: str) -> Iterator[str]:
    said = documented(kind)
    for item in dataclasses.fields(kind):
        has = item.default is not dataclasses.MISSING
        if not has and item.default_factory is dataclasses.MISSING:
            default = "required"
        else:
            default = shown(item.default if has else item.default_factory())  # type: ignore[misc]
        yield f"| `{prefix}{item.name}` | {kind_of(item.type)} | {default} | {said[item.name] or 'see the key above'} |"


def settings_page() -> str:
    parts = [
        MADE,
        "# Settings\n",
        "`config.toml` in the home folder, one table per heading. `wardkeep init` writes it with every key; a key left out",
        "has its default. All settings are checked together at every start: an unknown key, a wrong type, a value out of",
        "range or two settings that contradict each other stop the start with exit status 2, each named with its value and",
        "the next step.\n",
    ]
    head = ["| key | is | default | meaning |", "|---|---|---|---|"]
    for table in dataclasses.fields(Settings):
        kind = type(table.default)
        parts += [f"\n## [{table.name}]\n", f"{kind.__doc__}\n", *head, *rows_of(kind, "")]
        if kind is Intake:
            parts += ["\n### [intake.listeners.NAME]\n", f"{Listener.__doc__}\n", *head, *rows_of(Listener, "")]
    parts += [
        "\n## [judging.thresholds]\n",
        "The thresholds of reasons and detections, by name; those not named keep their default.\n",
        *head,
        *rows_of(Thresholds, ""),
        "\n## [live.limits]\n",
        "What live detections are held against, by name; those not named keep their default.\n",
        *head,
        *rows_of(Limits, ""),
        "\n## What `wardkeep init` writes\n",
        "```toml",
        render(Settings()).strip(),
        "```",
    ]
    return "\n".join(parts) + "\n"


PAGES = {"commands.md": commands_page, "settings.md": settings_page}


def stale() -> list[Path]:
    """The pages that are not what the code says."""
    wanted = {REFERENCE / name: make() for name, make in PAGES.items()}
    return [p for p, text in wanted.items() if not p.is_file() or p.read_text(encoding="utf-8") != text]


def main(words: list[str]) -> int:
    if words == ["--check"]:
        for page in (old := stale()):
            print(f"{page.relative_to(ROOT)} is not what the code says: run `make docs`", file=sys.stderr)
        return 1 if old else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")
    print(f"{len(COMMANDS)} commands, {len(dataclasses.fields(Settings))} tables of settings written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
