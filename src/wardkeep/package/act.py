# SPDX-License-Identifier: Apache-2.0
"""What the ledger says of a step, in the clear: hashes, counts and codes; no person, no name of a record."""

from __future__ import annotations

import hashlib
from typing import Any

from wardkeep.package.step import Kind, Opening, Sealing, Signature, Step

#: The name of the act of each kind of step.
ACTS = {
    Kind.LIST: "package:list:sealed",
    Kind.SUPPLEMENT: "package:list:supplemented",
    Kind.SIGNATURE: "package:list:signed",
    Kind.OPENING: "package:records:opened",
    Kind.DEMAND: "package:dispute:demanded",
}


def facts_of(step: Step, page: bytes | None) -> dict[str, Any]:
    """The facts of the act of a step. `page` is the page of a list."""
    said: dict[str, Any] = {
        "package": str(step.package),
        "step": step.number,
        "record": hashlib.sha256(step.encode()).hexdigest(),
    }
    if page is not None:
        said["page"] = hashlib.sha256(page).hexdigest()
    match step.body:
        case Sealing(parts=parts, present=present):
            said |= {"parts": sum(not one.follows for one in parts), "to_follow": sum(one.follows for one in parts)}
            said["present"] = sorted({str(one.side) for one in present})
        case Signature(of=of, side=side, how=how):
            said |= {"of": of, "side": str(side), "how": str(how)}
        case Opening(ground=ground, present=present):
            said |= {"ground": str(ground), "present": sorted({str(one.side) for one in present})}
    return said
