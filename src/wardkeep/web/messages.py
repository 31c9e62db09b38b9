# SPDX-License-Identifier: Apache-2.0
"""`python -m wardkeep.web.messages`: gathers what is marked for translation, merges it into the catalogue, compiles it.

Pure Python, so that it gives the same bytes on every machine: the compiled file is committed, and a test makes it again.
Marked is: in Python `_("…")`, `gettext`, `gettext_lazy`, `speak`, `ngettext` with literal texts; in templates what Django's
own tags mark; of the command line also docstrings of commands, `help=` texts and the summaries of COMMANDS.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
CATALOGUE = PACKAGE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
SINGLE = frozenset({"_", "_g", "gettext", "gettext_lazy", "gettext_noop", "speak"})
PLURAL = frozenset({"ngettext", "ngettext_lazy"})
HEADER = (
    "Project-Id-Version: wardkeep\nLanguage: zh_Hans\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\nPlural-Forms: nplurals=1; plural=0;\n"
)
MAGIC = 0x950412DE


@dataclass
class Message:
    """One text to be translated; `plural` where there are two forms of it."""

    msgid: str
    plural: str | None = None
    msgstr: str = ""
    places: list[str] = field(default_factory=list)


def gathered(package: Path = PACKAGE) -> dict[str, Message]:
    """Every marked text of the package, in the order of files and lines."""
    found: dict[str, Message] = {}
    files = [*sorted(package.rglob("*.py")), *sorted(package.rglob("*.html"))]
    for path in files:
        texts = _of_template(path) if path.suffix == ".html" else _of_python(path)
        for text, plural in texts:
            message = found.setdefault(text, Message(text))
            message.plural = message.plural or plural
            place = path.relative_to(package).as_posix()
            if place not in message.places:
                message.places.append(place)
    return found


def _of_python(path: Path) -> Iterator[tuple[str, str | None]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _calls(tree)
    if "cli" in path.parts:
        yield from _of_command(tree)


def _calls(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name in SINGLE and texts and node.args[0] is not None and isinstance(node.args[0], ast.Constant):
            yield texts[0], None
        elif name in PLURAL and len(texts) >= 2:
            yield texts[0], texts[1]


def _of_command(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """Docstrings of commands, help texts of options, summaries of COMMANDS."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(_makes_command(d) for d in node.decorator_list):
            if text := ast.get_docstring(node):
                yield text, None
        elif isinstance(node, ast.keyword) and node.arg == "help":
            yield from _text(node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "COMMANDS":
            for pair in ast.walk(node):
                if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
                    yield from _text(pair.elts[1])


def _makes_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).endswith(("command", "group"))


def _text(node: ast.expr) -> Iterator[tuple[str, str | None]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, None


def _of_template(path: Path) -> Iterator[tuple[str, str | None]]:
    """What Django's own extractor makes of a template: calls of gettext and ngettext in otherwise blank text."""
    from django.utils.translation.template import templatize  # noqa: PLC0415

    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for match in _CALL.finditer(source):
        texts = [ast.literal_eval(text) for text in re.findall(_LITERAL, match[2])]
        if texts:
            yield texts[0], texts[1] if match[1] == "ngettext" and len(texts) > 1 else None


_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(ngettext|gettext|_)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})?)", re.DOTALL)


def read_catalogue(text: str) -> dict[str, Message]:
    """Messages of a .po file as this module writes it. Raises ValueError on what it does not know."""
    found: dict[str, Message] = {}
    for block in re.split(r"\n\s*\n", text.strip()):
        parts: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            head, quote, rest = line.partition('"')
            if head.strip():
                name = head.strip()
                parts[name] = ""
            if not quote:
                raise ValueError(f"no catalogue line: {line!r}")
            parts[name] += ast.literal_eval('"' + rest)
        if parts.get("msgid"):
            message = Message(parts["msgid"], parts.get("msgid_plural"))
            message.msgstr = parts.get("msgstr[0]", parts.get("msgstr", ""))
            found[message.msgid] = message
    return found


def written(messages: dict[str, Message]) -> str:
    """The text of a .po file, sorted, so that a merge touches few lines."""
    blocks = ['msgid ""\nmsgstr ""\n' + "\n".join(_quoted(line + "\n") for line in HEADER.splitlines())]
    for message in sorted(messages.values(), key=lambda m: m.msgid.casefold()):
        lines = [f"#: {' '.join(message.places)}"] if message.places else []
        lines.append(f"msgid {_quoted(message.msgid)}")
        if message.plural is not None:
            lines.append(f"msgid_plural {_quoted(message.plural)}")
        lines.append(f"{'msgstr[0]' if message.plural is not None else 'msgstr'} {_quoted(message.msgstr)}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def compiled(messages: dict[str, Message]) -> bytes:
    """The bytes of a .mo file: translated messages only, sorted by msgid, without a hash table."""
    pairs = [(b"", HEADER.encode())]
    for message in messages.values():
        if message.msgstr:
            key = message.msgid if message.plural is None else f"{message.msgid}\0{message.plural}"
            pairs.append((key.encode(), message.msgstr.encode()))
    pairs.sort()
    start = 28
    offset = start + 16 * len(pairs)
    tables: list[list[int]] = [[], []]
    blobs = []
    for side in (0, 1):
        for pair in pairs:
            tables[side] += [len(pair[side]), offset]
            blobs.append(pair[side] + b"\0")
            offset += len(pair[side]) + 1
    head = struct.pack("<7I", MAGIC, 0, len(pairs), start, start + 8 * len(pairs), 0, 0)
    return head + struct.pack(f"<{4 * len(pairs)}I", *tables[0], *tables[1]) + b"".join(blobs)


def merged(found: dict[str, Message], known: dict[str, Message]) -> dict[str, Message]:
    """What is marked now, with the translations that are there."""
    for msgid, message in found.items():
        if msgid in known:
            message.msgstr = known[msgid].msgstr
    return found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def main() -> int:
    """Merge and compile; 1 where a text has no translation."""
    known = read_catalogue(CATALOGUE.read_text(encoding="utf-8")) if CATALOGUE.exists() else {}
    messages = merged(gathered(), known)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text(written(messages), encoding="utf-8")
    CATALOGUE.with_suffix(".mo").write_bytes(compiled(messages))
    missing = [m.msgid for m in messages.values() if not m.msgstr]
    sys.stderr.write(f"{len(messages)} texts, {len(missing)} without a translation\n")
    for text in missing:
        sys.stdout.write(f"{text!r}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
