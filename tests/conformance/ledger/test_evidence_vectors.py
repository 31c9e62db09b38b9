# SPDX-License-Identifier: Apache-2.0
"""The published bundles of evidence: what the code makes and takes, and what JavaScript makes of them with nothing of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.ledger.evidence_vectors import FILE, make
from wardkeep.evidence import BundleRefused, verify_bundle
from wardkeep.ledger.page import NAME as PAGE
from wardkeep.ledger.page import page

SAID: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
NODE = shutil.which("node")


def whole(one: dict[str, Any]) -> dict[str, str]:
    """All files of a bundle; a broken one says where it differs from a good one."""
    if "of" not in one:
        return dict(one["files"])
    files = SAID["bundles"][one["of"]]["files"] | one["files"]
    return {name: content for name, content in files.items() if name not in one["without"]}


def written(one: dict[str, Any], folder: Path) -> Path:
    for name, content in whole(one).items():
        path = folder / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes.fromhex(content))
    (folder / "bundle" / PAGE).write_bytes(page())
    return folder / "bundle"


def test_the_published_bundles_are_what_the_code_makes() -> None:
    assert make() == SAID


@pytest.mark.parametrize("one", SAID["bundles"], ids=lambda one: one["what"])
def test_each_bundle_holds(one: dict[str, Any], tmp_path: Path) -> None:
    said = json.loads(bytes.fromhex(one["files"]["manifest.json"]))
    found = verify_bundle(written(one, tmp_path), SAID["vkey"])
    assert (found.rows, found.complete, found.sha256) == (
        said["result"]["rows"],
        said["complete"],
        said["result"]["sha256"],
    )


@pytest.mark.parametrize("one", SAID["no_bundles"], ids=lambda one: one["why"])
def test_each_broken_bundle_is_refused(one: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BundleRefused):
        verify_bundle(written(one, tmp_path), SAID["vkey"])


@pytest.mark.skipif(NODE is None, reason="runs where Node is installed")
def test_every_bundle_is_judged_alike_in_javascript(tmp_path: Path) -> None:
    program = Path(__file__).with_name("evidence.mjs")

    def run(file: Path) -> subprocess.CompletedProcess[str]:
        words = [str(NODE), str(program), str(file)]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    done = run(FILE)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(SAID["bundles"]) + len(SAID["no_bundles"])
    # And it can say no.
    wrong = SAID | {"bundles": [*SAID["bundles"], {"what": "a lie", "files": whole(SAID["no_bundles"][0])}]}
    (tmp_path / "broken.json").write_text(json.dumps(wrong))
    assert run(tmp_path / "broken.json").returncode != 0
