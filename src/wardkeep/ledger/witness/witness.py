# SPDX-License-Identifier: Apache-2.0
"""What a witness answers to `add-checkpoint`: a cosignature for what extends the last checkpoint, else why not.

The status codes and their order are the standard's. Fails closed: where what we saw last cannot be read, nothing is cosigned.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass

from wardkeep.ledger.cosignature import Cosigner, cosign, cosignatures
from wardkeep.ledger.errors import LedgerDamaged, ProofRefused
from wardkeep.ledger.note import Checkpoint, Signature, read_note, signed_by
from wardkeep.ledger.second import SecondVerifier
from wardkeep.ledger.tree import EMPTY_ROOT, verify_consistency
from wardkeep.ledger.witness.folder import WitnessFolder
from wardkeep.ledger.witness.request import BadRequest, Request, read_request

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: str
    kind: str = TEXT
    #: The origin that was asked about, once it is known to be one of ours.
    origin: str = ""


class Witness:
    """Keeps one checkpoint a log. Safe to use from several threads; the folder's lock keeps other processes out."""

    def __init__(self, folder: WitnessFolder) -> None:
        """Raises LedgerUnavailable, LedgerDamaged where a checkpoint that we cosigned cannot be read any more."""
        self.folder = folder
        self.name, self._signer = folder.signer()
        self.cosigner = Cosigner.of(self.name, self._signer)
        self._second = folder.second()
        #: The public half of its key of the kind ML-DSA-44, None where it has none.
        self.second = SecondVerifier(self.name, self._second.public) if self._second else None
        #: Held from comparing the old size until the new checkpoint is durable: no answer takes another one back.
        self._turn = threading.Lock()
        folder.logs()
        for note in folder.seen():
            self.newest(note.partition("\n")[0])

    def newest(self, origin: str) -> Checkpoint | None:
        """The last checkpoint that we cosigned, None where there is none. Raises LedgerDamaged where it is not ours."""
        return self._last(origin)[0] if self.folder.checkpoint(origin) is not None else None

    def _last(self, origin: str) -> tuple[Checkpoint, int]:
        """The last checkpoint that we cosigned, the empty tree at first, and when. Raises LedgerDamaged."""
        note = self.folder.checkpoint(origin)
        if note is None:
            return Checkpoint(origin, 0, EMPTY_ROOT), 0
        try:
            checkpoint, ours = Checkpoint.parse(read_note(note)[0]), cosignatures(note, [self.cosigner])
            if not ours or checkpoint.origin != origin:
                raise ProofRefused("not cosigned by us")
        except ProofRefused as error:
            raise LedgerDamaged(
                f"the checkpoint of {origin} in {self.folder.path}: {error}",
                hint="restore the file as it was; without it a rollback of the log would not be seen",
            ) from None
        return checkpoint, ours[0].at

    def add_checkpoint(self, body: bytes, *, at: int) -> Answer:
        """Answer a request at the second `at`. Raises LedgerDamaged, OSError: then nothing was cosigned."""
        try:
            request = read_request(body)
            text, signatures = read_note(request.note)
            checkpoint = Checkpoint.parse(text)
        except (BadRequest, ProofRefused) as error:
            return Answer(400, f"{error}\n")
        origin = checkpoint.origin
        log = self.folder.log_of(origin)
        if log is None:
            return Answer(404, "this witness does not know the log\n")
        try:
            signed = signed_by(text, signatures, log.verifiers(origin))
        except ProofRefused as error:
            return Answer(403, f"{error}\n", origin=origin)
        if not signed:
            return Answer(403, "no key of the log signed the checkpoint\n", origin=origin)
        if request.old > checkpoint.size:
            return Answer(400, "the old size is beyond the checkpoint\n", origin=origin)
        with self._turn:
            return self._decide(request, checkpoint, text, [signature for _, signature in signed], at)

    def _decide(
        self, request: Request, checkpoint: Checkpoint, text: str, signatures: list[Signature], at: int
    ) -> Answer:
        origin = checkpoint.origin
        newest, last_at = self._last(origin)
        forked = checkpoint.size == newest.size and checkpoint.root != newest.root
        if forked:  # whatever old size came with it: one key signed two trees of one size
            self._accuse(checkpoint, text, signatures)
        if request.old != newest.size:
            return Answer(409, f"{newest.size}\n", SIZE, origin)
        if forked:
            return Answer(422, "the root of this size is another\n", origin=origin)
        try:
            if request.old == 0:
                _only_without_proof(request)
            else:
                verify_consistency(
                    old=newest.size,
                    new=checkpoint.size,
                    proof=request.proof,
                    old_root=newest.root,
                    new_root=checkpoint.root,
                )
        except ProofRefused as error:
            return Answer(422, f"{error}\n", origin=origin)
        if at < last_at:  # "the largest tree as of then" would contradict what we said of later
            return Answer(503, "the witness's clock is behind its last cosignature\n", origin=origin)
        ours = cosign(text, self.name, self._signer, at=at)
        said = ours.line()
        if self._second:
            with contextlib.suppress(
                ProofRefused
            ):  # of a log whose name is too long for this kind; the first key has no limit
                said += self._second.cosign(text, self.name, at=at).line()
        self.folder.keep(origin, f"{text}\n{''.join(signature.line() for signature in signatures)}{said}")
        return Answer(200, said, origin=origin)

    def _accuse(self, checkpoint: Checkpoint, text: str, signatures: list[Signature]) -> None:
        """Keep the proof that a log signed two trees of one size."""
        lines = "".join(signature.line() for signature in signatures)
        name = f"{checkpoint.size}-{checkpoint.root.hex()[:16]}"
        self.folder.keep_conflict(checkpoint.origin, name, f"{text}\n{lines}")


def _only_without_proof(request: Request) -> None:
    """From nothing everything follows, so a proof has no place. Raises ProofRefused."""
    if request.proof:
        raise ProofRefused("there is no consistency proof from size 0")
