# SPDX-License-Identifier: Apache-2.0
"""Our vectors, run in another language with nothing of ours: JavaScript, where Node is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance.ledger.vectors import FILE

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="runs where Node is installed")
def test_every_vector_holds_in_javascript(tmp_path: Path) -> None:
    program = Path(__file__).with_name("vectors.mjs")

    def run(file: Path) -> subprocess.CompletedProcess[str]:
        words = [str(NODE), str(program), str(file)]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    done = run(FILE)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 170
    # And it can say no.
    text = FILE.read_text(encoding="utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text(text.replace('"index": 128', '"index": 129', 1), encoding="utf-8")
    assert run(broken).returncode != 0
