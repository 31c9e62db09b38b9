# SPDX-License-Identifier: Apache-2.0
"""Full verification: every entry against the signed root, every tile and journal record, and each log against the one before.

Needs no key but the public one. Each damage is named by the smallest unit that can be read. A body that was removed under
an `expunge` act is counted as expunged; one that is gone without an act is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from wardkeep.ledger.cosigned import COSIGNED
from wardkeep.ledger.damage import Problem, Report
from wardkeep.ledger.entry import format_index, is_act
from wardkeep.ledger.errors import LedgerError, LedgerUnavailable, ProofRefused
from wardkeep.ledger.expunged import EXPUNGE, Expunged
from wardkeep.ledger.filecheck import DRAFT, check_files, files_below
from wardkeep.ledger.handover import Chain
from wardkeep.ledger.handovercheck import check_handovers
from wardkeep.ledger.journal import files
from wardkeep.ledger.journalcheck import JournalCheck, last_signed
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint, read_note, signed_by
from wardkeep.ledger.published import CHECKPOINT, SETTLED
from wardkeep.ledger.reader import DESCRIPTION, LedgerReader, logs_in
from wardkeep.ledger.second import FILE as SECOND
from wardkeep.ledger.sidecarcheck import check_sidecars
from wardkeep.ledger.tree import EMPTY_ROOT
from wardkeep.ledger.treecheck import TreeCheck
from wardkeep.ledger.writer import BEGUN, CLOSED

__all__ = ["Problem", "Report", "verify_ledger"]

#: Called with how many entries were read so far, and how many there are in this log.
Progress = Callable[[int, int], None]


def verify_ledger(folder: Path, *, vkey: str | None = None, progress: Progress | None = None) -> Report:
    """Verify every log of a ledger. `vkey` (of any of its years) is what is trusted; without it, what the ledger names."""
    report = Report()
    try:
        reader = LedgerReader(folder)
        names = logs_in(folder)
        keys = trusted_keys(reader, vkey)
    except ProofRefused as error:
        report.say("key", DESCRIPTION, str(error))
        return report
    except LedgerError as error:
        report.say("description", DESCRIPTION, str(error))
        return report
    if not names:
        report.say("missing", "logs", "the ledger has no log")
    checks: list[_LogCheck] = []
    for name in names:
        check = _LogCheck(folder, name, keys.verifier(name), report, newest=name == names[-1])
        check.run(progress or (lambda done, size: None))
        if checks and not check.unpublished:
            _check_link(checks[-1], check, report)
        checks.append(check)
    journals = sorted((folder / "journal").glob("*"))
    for path in journals:
        if path.name not in logs_in(folder):  # asked anew: a year may have begun meanwhile
            report.say("missing", f"logs/{path.name}", "its journal is there")
    expunged = Expunged(body for check in checks for body in check.tree.marked)
    for check in checks:
        for n in check.tree.gone:
            if expunged.allows(check.name, n):
                report.expunged += 1
            else:
                report.say("missing", format_index(check.name, n), "the entry has no body, and no act removes it")
    _check_second(reader, [check.name for check in checks], report)
    check_sidecars(reader, [check.name for check in checks], report)
    check_handovers(keys, reader, {check.name: check.tree.size for check in checks}, report)
    if checks:
        _check_ends(folder, names, report)
    return report


def trusted_keys(reader: LedgerReader, vkey: str | None) -> Chain:
    """The keys to trust: those that the ledger names, where one of them is the trusted one. Raises ProofRefused else."""
    chain = reader.description.chain
    return chain if vkey is None else chain.trusting(vkey)


class _LogCheck:
    """One log."""

    def __init__(self, folder: Path, name: str, verifier: Verifier, report: Report, *, newest: bool) -> None:
        self.name, self._verifier, self._report = name, verifier, report
        self._folder, self._journal = folder / "logs" / name, folder / "journal" / name
        #: A log that was begun a moment ago, or just before a crash: what there is of it is in the journal alone.
        self.unpublished = newest and not any(not DRAFT.fullmatch(path.name) for path in files_below(self._folder))
        checkpoint = None if self.unpublished else self._checkpoint(CHECKPOINT)
        if checkpoint is None and not self.unpublished:
            # The journal holds signed checkpoints too: the newest of them says what the log should be.
            checkpoint = last_signed(self._journal, verifier)
        root = checkpoint.root if checkpoint else None
        self.tree = TreeCheck(self._folder, name, checkpoint.size if checkpoint else 0, root, report)

    def run(self, progress: Progress) -> None:
        cosigned = self._checkpoint(COSIGNED)  # first: the journal that is read later reaches it
        self.tree.run(EXPUNGE.encode(), lambda done: progress(done, self.tree.size))
        # The ledger may grow meanwhile. What a file holds was in the journal before, so the files are listed first.
        paths = files_below(self._folder)
        journal = JournalCheck(self._journal, self._verifier, self.tree, self._report)
        journal.run()
        self._check_settled(journal)
        self._check_cosigned(cosigned, journal)
        check_files(self._folder, paths, self.tree, journal.end, self._report)
        self._report.size += journal.end
        if journal.end > self.tree.size:
            behind = journal.end - self.tree.size
            self._report.notes.append(f"log {self.name}: {behind} entries are in the journal and not yet published")

    def body(self, n: int) -> dict[str, object]:
        """An act of this log; empty where it is none, or unreadable."""
        reader = LedgerReader(self._folder.parents[1])
        try:
            body = reader.body(self.name, n)
            said = json.loads(body) if is_act(body) else {}
        except (LedgerError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def _checkpoint(self, name: str) -> Checkpoint | None:
        where = f"logs/{self.name}/{name}"
        try:
            return open_checkpoint((self._folder / name).read_bytes().decode(), self._verifier)
        except FileNotFoundError:
            if name == CHECKPOINT and files(self._journal):
                self._report.say("missing", where)
        except UnicodeDecodeError:
            self._report.say("checkpoint", where, "it is no text")
        except ProofRefused as error:
            self._report.say("checkpoint", where, str(error))
        return None

    def _check_settled(self, journal: JournalCheck) -> None:
        """The file `settled` is an older checkpoint of this log, and the journal reaches back to it."""
        settled = self._checkpoint(SETTLED)
        where = f"logs/{self.name}/{SETTLED}"
        if settled and settled.size <= self.tree.size and settled.root != self._root_at(settled.size):
            self._report.say("root", where, f"the root of size {settled.size} is not that of the tiles")
        if journal.first and journal.first > (settled.size if settled else 0):
            self._report.say(
                "journal", f"journal/{self.name}", f"it begins with entry {journal.first}, later than {where}"
            )

    def _check_cosigned(self, cosigned: Checkpoint | None, journal: JournalCheck) -> None:
        """What witnesses vouched for is a part of this log."""
        where = f"logs/{self.name}/{COSIGNED}"
        if cosigned and cosigned.size > max(self.tree.size, journal.end):
            self._report.say("root", where, f"witnesses saw {cosigned.size} entries, the log has {self.tree.size}")
        elif cosigned and cosigned.size <= self.tree.size and cosigned.root != self._root_at(cosigned.size):
            self._report.say("root", where, f"the root of size {cosigned.size} is not that of the tiles")

    def _root_at(self, size: int) -> bytes:
        return self.tree.root_at(size) if size else EMPTY_ROOT


def _check_second(reader: LedgerReader, names: list[str], report: Report) -> None:
    """A second signature may be missing, as where it was turned off; one that is there must hold."""
    try:
        keys = {name: key for name in names if (key := reader.second(name)) is not None}
    except LedgerError as error:
        report.say("description", SECOND, str(error))
        return
    for name, second in keys.items():
        try:
            text, signatures = read_note(reader.note(name))
            signed_by(text, signatures, (second,))
        except ProofRefused as error:
            report.say("checkpoint", f"logs/{name}/{CHECKPOINT}", f"second signature: {error}")
        except LedgerUnavailable as error:
            report.notes.append(f"log {name}: the second signature was not checked: {error}")
        except LedgerError:
            continue  # a checkpoint that is not there was named


def _check_link(before: _LogCheck, after: _LogCheck, report: Report) -> None:
    """A log's first entry names the one before, with its size and root."""
    said = after.body(0).get("previous")
    if not isinstance(said, dict):
        report.say("root", format_index(after.name, 0), f"it does not name the log before it, {before.name}")
    elif said.get("log") != before.name:
        report.say("missing", f"logs/{said.get('log')}", f"log {after.name} follows it")
    elif said.get("size") != before.tree.size or said.get("root") != before.tree.root_at(before.tree.size).hex():
        report.say("root", f"logs/{before.name}/{CHECKPOINT}", f"it is not the end that log {after.name} names")


def _check_ends(folder: Path, names: list[str], report: Report) -> None:
    """Whether a log is missing at the beginning or at the end."""
    reader = LedgerReader(folder)
    for name, n, act, key in ((names[0], 0, BEGUN, "previous"), (names[-1], -1, CLOSED, "next")):
        try:
            body = reader.body(name, n if n >= 0 else reader.size(name) - 1)
            said = json.loads(body) if is_act(body) else {}
        except (LedgerError, ValueError):
            continue
        if said.get("act") != act or not said.get(key):
            continue
        if key == "previous":
            report.say("missing", f"logs/{said[key].get('log')}", f"log {name} follows it")
        else:
            report.notes.append(f"log {name} is closed and {said[key]} not yet begun; the next start begins it")
