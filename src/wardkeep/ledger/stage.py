# SPDX-License-Identifier: Apache-2.0
"""A group of batches made ready for one durable write: what each gets for an answer, and the record that holds the new ones.

Nothing here touches the disk or changes a log, so that a group that cannot be written has never happened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wardkeep.ledger.entry import MAX_ENTRY, Receipt
from wardkeep.ledger.errors import EntryTooLarge, KeyConflict, LedgerError, OutOfOrder
from wardkeep.ledger.journal import Batch, Producer
from wardkeep.ledger.tiles import pack_bundle
from wardkeep.ledger.tree import Edge, leaf_hashes

#: Bytes of one batch, bodies and their lengths.
MAX_BATCH = 128 << 20

Key = tuple[str, int]
#: Where a batch went, and the hash of its bodies.
Known = tuple[Receipt, str]


class Request(NamedTuple):
    """A batch that a producer wants appended. `raw` is its bodies as they came over the wire, packed."""

    producer: str
    seq: int
    bodies: Sequence[bytes]
    raw: bytes | None = None


@dataclass(slots=True)
class Group:
    """Batches in order, and what a log would be behind them."""

    answers: list[Receipt | LedgerError]
    batches: list[Batch]
    producers: dict[str, Producer]
    fresh: dict[Key, Known]
    bodies: list[bytes]
    packed: list[bytes]
    edge: Edge
    full: list[tuple[int, int, list[bytes]]]


def gather(
    requests: Sequence[Request], *, log: str, edge: Edge, producers: Mapping[str, Producer], recent: Mapping[Key, Known]
) -> Group:
    """Tell new batches from repetitions and from what must be refused, and grow a copy of the tree by the new ones."""
    group = Group([], [], dict(producers), {}, [], [], edge, [])
    first = edge.size
    for request in requests:
        producer, seq, bodies = request.producer, request.seq, request.bodies
        try:
            # One entry that came over the wire, the most frequent batch, has only to have any bytes.
            raw = request.raw if request.raw and len(bodies) == 1 and bodies[0] else pack_batch(bodies)
            digest = hashlib.sha256(raw).hexdigest()
            key, last = (producer, seq), group.producers.get(producer)
            known = group.fresh.get(key) or recent.get(key)
            receipt = None
            if known is not None or last is None or seq != last[1] + 1:
                receipt = _known(request, digest, known, last)
            if receipt is None:
                end = first + len(bodies) - 1
                receipt = Receipt(log, first, end)
                group.bodies.extend(bodies)
                group.packed.append(raw)
                group.batches.append((producer, seq, first, len(bodies), digest))
                group.producers[producer] = (log, seq, first, end, digest)
                group.fresh[key] = (receipt, digest)
                first = end + 1
            group.answers.append(receipt)
        except LedgerError as error:
            group.answers.append(error)
    if group.bodies:
        group.edge = edge.copy()
        group.full = group.edge.extend(leaf_hashes(group.bodies))
    return group


def pack_batch(bodies: Sequence[bytes]) -> bytes:
    """The bodies of a batch as they go into the journal. Raises EntryTooLarge."""
    if not bodies:
        raise EntryTooLarge("a batch without entries", hint="send at least one")
    sizes = set(map(len, bodies))
    if max(sizes) > MAX_ENTRY:
        raise EntryTooLarge(f"an entry of {max(sizes):,} bytes is over {MAX_ENTRY:,}", hint="put in its hash")
    if 0 in sizes:
        raise EntryTooLarge("an entry without bytes", hint="an empty body stands for one that was expunged")
    raw = pack_bundle(bodies)
    if len(raw) > MAX_BATCH:
        raise EntryTooLarge(f"a batch of {len(raw):,} bytes is over {MAX_BATCH:,}", hint="split it")
    return raw


def _known(request: Request, digest: str, known: Known | None, last: Producer | None) -> Receipt | None:
    """The receipt that this batch got before, None where it is new. Raises KeyConflict, OutOfOrder."""
    if known is None and last is not None and request.seq == last[1]:
        known = (Receipt(last[0], last[2], last[3]), last[4])
    if known is not None:
        if known[1] != digest:
            raise KeyConflict(f"batch {request.seq} of {request.producer} is known with another content")
        return known[0]
    if not request.producer or request.seq < 0:
        raise OutOfOrder(
            f"batch {request.seq} of {request.producer!r}: a producer has a name and counts from 0 or 1 on"
        )
    if last is not None and request.seq <= last[1]:
        raise OutOfOrder(f"batch {request.seq} of {request.producer} is older than the journal remembers")
    if last is not None:
        raise OutOfOrder(f"batch {request.seq} of {request.producer} does not follow {last[1]}")
    return None
