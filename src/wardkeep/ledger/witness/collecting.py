# SPDX-License-Identifier: Apache-2.0
"""One round: offer each log's newest checkpoint to every witness at once, and put the cosignatures where readers find them.

The ledger's writer is not involved: this only reads what is published, and writes the files `cosigned` and `witnesses.json`.
A witness that hangs holds up nobody but itself.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from wardkeep.ledger.client import nudge
from wardkeep.ledger.cosignature import AnyCosigner, Cosignature
from wardkeep.ledger.cosigned import carry, gather, judge, keep
from wardkeep.ledger.errors import LedgerError
from wardkeep.ledger.note import Checkpoint, open_checkpoint, read_note
from wardkeep.ledger.policy import Policy, TrustedWitness
from wardkeep.ledger.published import CHECKPOINT
from wardkeep.ledger.reader import LedgerReader
from wardkeep.ledger.tiles import write_durably
from wardkeep.ledger.witness.asking import Asked, Outcome, Told, offer
from wardkeep.ledger.witness.memory import Memory, Seen
from wardkeep.ledger.writer import give_back, take_lock

#: Seconds that a round waits for its witnesses.
PATIENCE = 25.0
#: Seconds after which it looks whether to stop.
LOOK_EVERY = 0.25
#: A checkpoint that stays the newest is cosigned again after this long: then it is known that nothing came after it.
FRESH_FOR = timedelta(hours=1)
#: A log of an earlier year that a witness does not cosign is offered to it again after this long.
OLD_AGAIN = timedelta(hours=1)

Reach = Callable[[TrustedWitness], Asked | None]


@dataclass(frozen=True, slots=True)
class _Offer:
    """A checkpoint of one log, the same for all witnesses of a round."""

    log: str
    note: str
    checkpoint: Checkpoint


Answered = tuple[TrustedWitness, _Offer, Told]


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one offer in this round."""

    witness: TrustedWitness
    log: str
    seen: Seen


@dataclass(slots=True)
class Collector:
    """Asks in rounds. One of them at a time writes for a ledger: whoever makes one holds `witnesses.lock`.

    In its first round it asks everybody, whatever was cosigned before: a ledger that was set back meanwhile is told at once.
    """

    folder: Path
    #: How a witness is reached; None where the policy gives no address.
    reach: Reach
    #: Whether to give up waiting.
    stopped: Callable[[], bool] = lambda: False
    #: By witness and log: the checkpoint's text that it cosigned for us last, and when.
    _heard: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    #: Cosignatures of the newest checkpoint of each log, also while they are not yet enough to be shown.
    _partial: dict[str, tuple[str, dict[AnyCosigner, Cosignature]]] = field(default_factory=dict)
    _busy: dict[str, threading.Thread] = field(default_factory=dict)
    _asked_old: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def round(self, policy: Policy, *, at: datetime, patience: float = PATIENCE) -> list[Heard]:
        """Ask whoever is due. Raises LedgerError, OSError where our own ledger cannot be read or written."""
        reader = LedgerReader(self.folder)
        offers = [_offer(reader, log) for log in reversed(reader.logs())]
        memory = Memory(self.folder)
        answers: queue.SimpleQueue[Answered] = queue.SimpleQueue()
        asked: list[tuple[TrustedWitness, list[_Offer]]] = []
        for witness in policy.witnesses:
            way = self.reach(witness)
            due = [one for one in offers if self._is_due(witness, one, reader.current, at)]
            if way is None or not due:
                continue
            asked.append((witness, due))
            before = self._busy.get(witness.cosigner.vkey())
            if before is None or not before.is_alive():  # one that still hangs is not called a second time
                thread = threading.Thread(
                    target=_ask, args=(self.folder, witness, way, due, memory, answers), daemon=True, name="witness"
                )
                self._busy[witness.cosigner.vkey()] = thread
                thread.start()
        got = self._wait(answers, asked, patience)
        heard = []
        for witness, one, told in got:
            vkey = witness.cosigner.vkey()
            if told.cosignature:
                self._heard[vkey, one.log] = (read_note(one.note)[0], at)
            heard.append(Heard(witness, one.log, memory.take(vkey, one.log, told, our_size=one.checkpoint.size, at=at)))
        if heard:
            memory.write()
        for one in offers:
            new = [told.cosignature for _, offered, told in got if offered is one and told.cosignature]
            if new:
                self._show(reader, policy, one, new)
        return heard

    def _is_due(self, witness: TrustedWitness, one: _Offer, current: str, at: datetime) -> bool:
        """Whether a witness's cosignature of this checkpoint did not come yet, or has grown old."""
        key = (witness.cosigner.vkey(), one.log)
        text, heard_at = self._heard.get(key, ("", at))
        if text == read_note(one.note)[0]:
            return one.log == current and at - heard_at >= FRESH_FOR
        if one.log == current:
            return True
        if key in self._asked_old and at - self._asked_old[key] < OLD_AGAIN:
            return False
        self._asked_old[key] = at
        return True

    def _in_hand(self, reader: LedgerReader, policy: Policy, one: _Offer) -> dict[AnyCosigner, Cosignature]:
        text = read_note(one.note)[0]
        shown = judge(reader.cosigned(one.log), policy)
        found = {c.cosigner: c for c in shown.cosignatures} if shown and read_note(shown.note)[0] == text else {}
        partial = self._partial.get(one.log)
        return found | (partial[1] if partial and partial[0] == text else {})

    def _wait(
        self, answers: queue.SimpleQueue[Answered], asked: list[tuple[TrustedWitness, list[_Offer]]], patience: float
    ) -> list[Answered]:
        """What came in time, in the order of the policy; who said nothing is said to be silent."""
        until = time.monotonic() + patience
        expected = sum(len(due) for _, due in asked)
        got: dict[tuple[str, str], Answered] = {}
        while len(got) < expected and time.monotonic() < until and not self.stopped():
            with contextlib.suppress(queue.Empty):
                answer = answers.get(timeout=min(LOOK_EVERY, max(0.0, until - time.monotonic())))
                got[answer[0].name, answer[1].log] = answer
        if self.stopped():
            return list(got.values())
        silent = Told(Outcome.UNREACHABLE, detail=f"no answer in {patience:g} s")
        return [got.get((witness.name, one.log), (witness, one, silent)) for witness, due in asked for one in due]

    def _show(self, reader: LedgerReader, policy: Policy, one: _Offer, new: Sequence[Cosignature]) -> None:
        """Let readers see the cosignatures, where they are enough or none are shown yet."""
        text = read_note(one.note)[0]
        in_hand = self._in_hand(reader, policy, one) | {c.cosigner: c for c in new}
        self._partial[one.log] = (text, in_hand)
        note = gather(one.note, judge(reader.cosigned(one.log), policy), list(in_hand.values()), policy)
        if note is None:
            return
        keep(self.folder / "logs" / one.log, note)
        show(self.folder, one.log, is_current=one.log == reader.current)


def show(folder: Path, log: str, *, is_current: bool) -> None:
    """Let the published checkpoint carry what `cosigned` has of it. Raises OSError."""
    if not is_current:
        _rewrite(folder / "logs" / log)  # a closed log has no writer any more
    elif not nudge(folder) and (lock := take_lock(folder)) is not None:
        try:
            _rewrite(folder / "logs" / log)
        finally:
            give_back(lock)


def _rewrite(folder: Path) -> None:
    note = (folder / CHECKPOINT).read_text(encoding="utf-8")
    if (carried := carry(folder, note)) != note:
        write_durably(folder / CHECKPOINT, carried.encode())


def _offer(reader: LedgerReader, log: str) -> _Offer:
    """The newest checkpoint of a log under its own signatures alone."""
    text, signatures = read_note(reader.note(log))
    origin = text.partition("\n")[0]
    note = f"{text}\n" + "".join(one.line() for one in signatures if one.name == origin)
    return _Offer(log, note, open_checkpoint(note, reader.description.verifier(log)))


def _ask(
    folder: Path,
    witness: TrustedWitness,
    way: Asked,
    offers: list[_Offer],
    memory: Memory,
    answers: queue.SimpleQueue[Answered],
) -> None:
    """One witness's thread."""
    for one in offers:
        seen = memory.of(witness.cosigner.vkey(), one.log)
        try:
            reader = LedgerReader(folder)
            told = offer(
                reader,
                one.log,
                one.note,
                cosigner=witness.cosigner,
                witness=way,
                known=seen.cosigned_size if seen else 0,
            )
        except (LedgerError, OSError) as error:
            # Our own tree does not hold: nobody is asked to vouch for it.
            told = Told(Outcome.UNPROVEN, detail=str(error))
        except Exception as error:  # the round waits for an answer of each witness, whatever happens
            told = Told(Outcome.UNREACHABLE, detail=type(error).__name__)
        answers.put((witness, one, told))
