# SPDX-License-Identifier: Apache-2.0
"""Where a step was sealed: the proof of its act, checked under a key from elsewhere, and what the act says of the step."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from wardkeep.evidence import BundleRefused
from wardkeep.evidence.record import act_of
from wardkeep.ledger import ProofRefused
from wardkeep.ledger.handover import follow
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint, read_note
from wardkeep.ledger.policy import Policy
from wardkeep.ledger.proof import read_proof, write_proof
from wardkeep.ledger.proof_bundle import ProofBundle
from wardkeep.ledger.tree import leaf_hash, verify_inclusion

LARGEST_PROOF = 4 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """The act of one step: where it lies, under which checkpoint, and the hashes that it seals."""

    package: uuid.UUID
    log: str
    index: int
    checkpoint: Checkpoint
    act: str
    #: Microseconds of our clock, as the act has them.
    at: int
    record: str
    page: str | None


class Places:
    """Checks the proofs of one package: a key that was handed over is followed by what any of them knows of it."""

    def __init__(self, trusted: str | Policy, proofs: Sequence[bytes]) -> None:
        self._trusted = trusted
        known: dict[tuple[bytes, ...], None] = {}
        for raw in proofs:
            try:
                known[ProofBundle.decode(raw).handovers] = None
            except ProofRefused:
                continue
        self._known = sorted(known, key=len, reverse=True)[:3]

    def place(self, raw: bytes, number: int) -> Place:
        """The place that a proof shows for a step. Raises BundleRefused."""
        try:
            proof = ProofBundle.decode(raw)
            if proof.encode() != raw or proof.row is not None:
                raise ProofRefused("it is not in its one form")
            index, path, note = read_proof(proof.proof)
            if write_proof(index, path, note) != proof.proof:
                raise ProofRefused("it is not in its one form")
            tree = self._open(proof, note)
            verify_inclusion(leaf=leaf_hash(proof.entry), index=index, size=tree.size, proof=path, root=tree.root)
        except ProofRefused as error:
            raise BundleRefused(str(error)) from None
        return _read(tree, index, proof.entry, number)

    def _open(self, proof: ProofBundle, note: str) -> Checkpoint:
        """The checkpoint of a proof under what is trusted. Raises ProofRefused."""
        refused = ProofRefused("no key is trusted")
        for handovers in dict.fromkeys((proof.handovers, *self._known)):
            try:
                return self._under(proof.vkey, note, handovers)
            except ProofRefused as error:
                refused = error
        raise refused

    def _under(self, vkey: str, note: str, handovers: Sequence[bytes]) -> Checkpoint:
        origin = Checkpoint.parse(read_note(note)[0]).origin
        if isinstance(self._trusted, Policy):
            rules = self._trusted.following(handovers) if handovers else self._trusted
            named = [one.verifier for one in rules.logs if one.verifier.name == origin]
            tree = rules.open(note)[0]
        else:
            named = [follow(self._trusted, handovers).verifier(origin.rpartition("/")[2])]
            tree = open_checkpoint(note, named[0])
        self._same(vkey, named, handovers)
        return tree

    @staticmethod
    def _same(vkey: str, named: Sequence[Verifier], handovers: Sequence[bytes]) -> None:
        """The proof names a key of the log: whoever reads it by itself must not be led to another."""
        keys = {one.vkey() for one in named}
        if vkey not in keys and not (handovers and _is_earlier(vkey, named, handovers)):
            raise ProofRefused("the key that it names is not the log's")


def _read(tree: Checkpoint, index: int, entry: bytes, number: int) -> Place:
    """What a proven act says of a step. Raises BundleRefused."""
    act = act_of(entry)
    facts = act.get("facts") if act is not None else None
    if act is None or not isinstance(facts, dict) or type(facts.get("step")) is not int or facts["step"] != number:
        raise BundleRefused("it proves an entry that is not of this step")
    record, page, name, at = facts.get("record"), facts.get("page"), act.get("act"), act.get("at")
    try:
        package = uuid.UUID(facts["package"])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BundleRefused("it proves an entry that is of no package") from None
    if not (isinstance(record, str) and isinstance(name, str) and type(at) is int and isinstance(page, str | None)):
        raise BundleRefused("its act says nothing of a record")
    return Place(package, tree.origin.rpartition("/")[2], index, tree, name, at, record, page)


def _is_earlier(vkey: str, named: Sequence[Verifier], handovers: Sequence[bytes]) -> bool:
    """Whether the key is one that the log had before it was handed over."""
    try:
        follow(vkey, handovers)
    except ProofRefused:
        return False
    return any(Verifier.parse(vkey).name == one.name for one in named)
