# SPDX-License-Identifier: Apache-2.0
"""How the ledger stands with its witnesses, for status, doctor and the console: read from files, nobody is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from wardkeep.home import Home, now
from wardkeep.jobs.cosigning import usable_policy
from wardkeep.ledger import LedgerError, LedgerReader
from wardkeep.ledger.cosigned import Cosigned, judge
from wardkeep.ledger.policy import NONE, Policy
from wardkeep.ledger.witness.asking import Outcome
from wardkeep.ledger.witness.memory import Conflict, Memory, Seen

#: A cosigned checkpoint that is older than this is worth a warning.
STALE_AFTER = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Witnessed:
    """One witness, and what it said last."""

    name: str
    url: str | None
    vkey: str
    #: Of the newest log; None where it was never asked.
    seen: Seen | None
    #: Every log of which it saw another history.
    conflicts: dict[str, Conflict]

    @property
    def cosigned_at(self) -> datetime | None:
        return datetime.fromtimestamp(self.seen.cosigned_at, UTC) if self.seen and self.seen.cosigned_at else None

    @property
    def said(self) -> str:
        """What it said last, in words; a conflict outlasts what came after it."""
        for conflict in self.conflicts.values():
            return said(conflict.kind)
        if not self.url:
            return _("no address in the policy: it is not asked")
        return said(self.seen.outcome) if self.seen else _("not asked yet")


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """All witnesses and the newest cosigned checkpoint of the newest log."""

    #: None where no policy is named, or where `problem` says why it cannot be used.
    policy: Policy | None
    problem: str = ""
    witnesses: tuple[Witnessed, ...] = ()
    cosigned: Cosigned | None = None

    @property
    def at(self) -> datetime | None:
        """Since when enough witnesses vouch for the newest cosigned checkpoint."""
        seconds = self.cosigned.at(self.policy) if self.cosigned and self.policy and self.cosigned.enough else None
        return datetime.fromtimestamp(seconds, UTC) if seconds else None

    @property
    def minutes(self) -> int:
        """The age of the newest cosigned checkpoint; 0 where it is younger than a minute, or there is none."""
        return max(0, (now() - self.at) // timedelta(minutes=1)) if self.at else 0

    @property
    def stale(self) -> bool:
        """Whether the newest cosigned checkpoint is older than it should be."""
        return self.at is None or now() - self.at > STALE_AFTER

    @property
    def conflicts(self) -> list[str]:
        """What must be looked into, one sentence each."""
        return [
            conflict_words(witness.name, log, conflict)
            for witness in self.witnesses
            for log, conflict in witness.conflicts.items()
        ]

    @property
    def quorum(self) -> str:
        """How many are enough, in words."""
        if self.policy is None or self.policy.quorum == NONE:
            return _("none required")
        for group in self.policy.groups:
            if group.name == self.policy.quorum:
                return _("%(needed)d of %(members)d") % {"needed": group.needed, "members": len(group.members)}
        return shown(self.policy.quorum)


def standing(home: Home, reader: LedgerReader) -> Standing:
    """Read it. A policy that cannot be used is said, not raised."""
    try:
        policy = usable_policy(home)
    except LedgerError as exc:
        return Standing(policy=None, problem=f"{exc}")
    if policy is None:
        return Standing(policy=None)
    memory, newest = Memory(home.ledger_folder), reader.current
    witnesses = []
    for one in policy.witnesses:
        vkey = one.cosigner.vkey()
        known = memory.all_of(vkey)
        witnesses.append(
            Witnessed(
                name=shown(one.name),
                url=one.url and shown(one.url),
                vkey=vkey,
                seen=known.get(newest),
                conflicts={log: seen.conflict for log, seen in known.items() if seen.conflict and seen.conflict.sure},
            )
        )
    return Standing(policy=policy, witnesses=tuple(witnesses), cosigned=judge(reader.cosigned(newest), policy))


def said(outcome: Outcome) -> str:
    """What a witness said, in words."""
    return {
        Outcome.COSIGNED: _("cosigned"),
        Outcome.UNREACHABLE: _("does not answer"),
        Outcome.UNKNOWN_LOG: _("does not know this log: its operator has to add the public key"),
        Outcome.OTHER_KEY: _("knows this log under another key: its operator has to add ours, with --another-key"),
        Outcome.UNPROVEN: _("not asked: the ledger's own files prove nothing; run `wardkeep ledger verify`"),
        Outcome.ROLLBACK: _("reports a rollback"),
        Outcome.FORK: _("reports another history"),
    }[outcome]


def conflict_words(name: str, log: str, conflict: Conflict) -> str:
    """What a conflict means, in one sentence."""
    values = {"name": name, "log": log, "theirs": conflict.witness_size, "ours": conflict.our_size}
    if conflict.kind == Outcome.ROLLBACK:
        return (
            _(
                "the witness %(name)s saw %(theirs)d entries of log %(log)s, the ledger has %(ours)d: entries were "
                "taken away, or an older copy was put back"
            )
            % values
        )
    return (
        _(
            "the witness %(name)s saw another history of log %(log)s: of its first %(theirs)d entries some are not those "
            "that it saw"
        )
        % values
    )


def shown(octets: str) -> str:
    """A name or an address of a policy, which may be no UTF-8, as it can be printed."""
    return octets.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
