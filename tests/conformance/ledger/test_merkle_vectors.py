# SPDX-License-Identifier: Apache-2.0
"""The proofs of RFC 6962 by transparency-dev/merkle: each good one is accepted, each mangled one refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.shared import SHARED, needs_shared
from wardkeep.ledger.errors import ProofRefused
from wardkeep.ledger.tree import verify_consistency, verify_inclusion

pytestmark = needs_shared
FOLDER = SHARED / "vectors" / "merkle"


def cases(kind: str) -> list[Path]:
    return sorted((FOLDER / kind).rglob("*.json"))


def case_id(path: Path) -> str:
    return path.relative_to(FOLDER).with_suffix("").as_posix()


def read(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return said


def raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def expect(said: dict[str, Any], verify: Any, **arguments: Any) -> None:
    proof = [raw(step) for step in said["proof"] or []]
    if said["wantErr"]:
        with pytest.raises(ProofRefused):
            verify(**arguments, proof=proof)
    else:
        verify(**arguments, proof=proof)


@pytest.mark.parametrize("path", cases("inclusion"), ids=case_id)
def test_inclusion(path: Path) -> None:
    said = read(path)
    expect(
        said,
        verify_inclusion,
        leaf=raw(said["leafHash"]),
        index=said["leafIdx"],
        size=said["treeSize"],
        root=raw(said["root"]),
    )


@pytest.mark.parametrize("path", cases("consistency"), ids=case_id)
def test_consistency(path: Path) -> None:
    said = read(path)
    expect(
        said,
        verify_consistency,
        old=said["size1"],
        new=said["size2"],
        old_root=raw(said["root1"]),
        new_root=raw(said["root2"]),
    )


def test_all_vectors_are_there_and_each_kind_says_yes_and_no() -> None:
    for kind in ("inclusion", "consistency"):
        answers = [read(path)["wantErr"] for path in cases(kind)]
        assert len(answers) == 98
        assert 4 < answers.count(False) < 40
