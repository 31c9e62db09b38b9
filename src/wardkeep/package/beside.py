# SPDX-License-Identifier: Apache-2.0
"""What is checked beside a package: records of which it has only the hash, and whether the ledger has steps that it lacks."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from wardkeep.evidence import BundleRefused, verify_bundle
from wardkeep.evidence.check import LARGEST_RESULT
from wardkeep.evidence.manifest import RESULT
from wardkeep.evidence.parcel import open_parcel
from wardkeep.ledger.policy import Policy
from wardkeep.package.found import Checked, Problem

QUERY = "acts-of-package"
PIECE = 1 << 20


def look_beside(found: Checked, folder: Path) -> None:
    """Strike off what a folder has unchanged; what it has not stays `elsewhere`."""
    wanted = {part.size for part in found.elsewhere}
    there = {
        _digest(path)
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_size in wanted
    }
    found.elsewhere = [part for part in found.elsewhere if part.sha256 not in there]


def acts_left_out(bundle: Path, trusted: str | Policy, found: Checked) -> list[Problem]:
    """Steps of the ledger that the package lacks, by an evidence bundle of its acts. Raises BundleRefused."""
    shown = verify_bundle(bundle, trusted)
    if shown.query.name != QUERY or shown.values != {"package": str(found.package)} or not shown.complete:
        raise BundleRefused(f"{bundle} does not show all acts of package {found.package}")
    with open_parcel(bundle) as parcel:
        text = parcel.read(RESULT, LARGEST_RESULT)
    if hashlib.sha256(text).hexdigest() != shown.sha256:
        raise BundleRefused(f"{bundle} changed while it was read")
    known = {place.record for place in found.places.values()}
    lines = [json.loads(line) for line in text.splitlines()]
    return [
        Problem(
            "log",
            f"the ledger has a step {one['act']['facts'].get('step')} at {one['index']} that is not in the package",
        )
        for one in lines
        if one["act"]["facts"].get("record") not in known
    ]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
