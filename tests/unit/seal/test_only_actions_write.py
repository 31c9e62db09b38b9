# SPDX-License-Identifier: Apache-2.0
"""Rows are written by actions alone; this reads the source so that a new writer elsewhere is seen."""

from __future__ import annotations

import ast
from pathlib import Path

import wardkeep

ROOT = Path(wardkeep.__file__).parent
WRITES = {"save", "delete", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
#: The seal's own tables; the unsealed note of how far touches were fed; second factors, which are another package's rows.
ALLOWED = {
    "seal/models.py",
    "seal/outbox.py",
    "seal/act.py",
    "seal/restore.py",
    "jobs/feeding.py",
    "web/signin/enrolling.py",
}


def writes(tree: ast.AST) -> list[int]:
    """Lines that call an ORM write: `x.save()`, `X.objects.create()`, `X.objects.filter().update()`."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        chain = ast.unparse(node.func.value)
        name = node.func.attr
        if (name in {"save", "delete"} and not node.args and "session" not in chain) or (
            name in WRITES | {"update"} and ".objects" in chain
        ):
            found.append(node.lineno)
    return found


def test_no_file_but_an_actions_file_writes_rows() -> None:
    offenders = []
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name in ALLOWED or path.name.endswith("actions.py") or "/migrations/" in name:
            continue
        offenders += [f"{name}:{line}" for line in writes(ast.parse(path.read_text(encoding="utf-8")))]
    assert offenders == []


def test_the_reader_of_source_sees_each_kind_of_write() -> None:
    lines = ["a.save()", "A.objects.create(x=1)", "A.objects.filter(x=1).update(x=2)", "d.update({})", "session.save()"]
    source = "\n".join(lines)
    assert writes(ast.parse(source)) == [1, 2, 3]
