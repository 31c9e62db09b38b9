# SPDX-License-Identifier: Apache-2.0
"""Policy files (c2sp.org/tlog-policy): which logs and witnesses are trusted, and how many witnesses are enough.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>...
    quorum <name>|none

The file is octets: names that look alike are not the same. Octets that are no UTF-8 are kept as Python's surrogates.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from wardkeep.ledger.cosignature import AnyCosigner, Cosignature, cosignatures, parse_cosigner
from wardkeep.ledger.errors import PolicyError, ProofRefused
from wardkeep.ledger.handover import follow
from wardkeep.ledger.note import Checkpoint, Verifier, open_checkpoint, read_note, signed_by

NONE = "none"
#: Bytes of a file, and lines that define something; the format asks for 32 logs, witnesses and groups at least.
MOST_BYTES = 1 << 20
MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log whose checkpoints are accepted; its origin is the key's name."""

    verifier: Verifier
    url: str | None


@dataclass(frozen=True, slots=True)
class TrustedWitness:
    """A witness, by its name in this file."""

    name: str
    cosigner: AnyCosigner
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group has witnessed a checkpoint where at least `needed` of its members have."""

    name: str
    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What a verifier trusts."""

    logs: tuple[TrustedLog, ...]
    witnesses: tuple[TrustedWitness, ...]
    #: In the order of the file, so that a group's members stand before it.
    groups: tuple[Group, ...]
    #: A witness, a group or `none`.
    quorum: str

    def is_enough(self, cosigners: Collection[AnyCosigner]) -> bool:
        """Whether a checkpoint that these witnesses cosigned fulfils the quorum."""
        if self.quorum == NONE:
            return True
        witnessed = {one.name for one in self.witnesses if one.cosigner in cosigners}
        for group in self.groups:
            if sum(member in witnessed for member in group.members) >= group.needed:
                witnessed.add(group.name)
        return self.quorum in witnessed

    def cosignatures(self, note: str) -> list[Cosignature]:
        """Who of the witnesses cosigned a checkpoint. Raises ProofRefused where a cosignature of theirs fails."""
        return cosignatures(note, [one.cosigner for one in self.witnesses])

    def signer(self, note: str) -> Verifier:
        """The key of the listed log that signed a checkpoint. Raises ProofRefused."""
        text, signatures = read_note(note)
        origin = Checkpoint.parse(text).origin
        keys = [one.verifier.for_note(text) for one in self.logs if one.verifier.name == origin]
        if not keys:
            raise ProofRefused(f"the policy names no log {origin}")
        signed = signed_by(text, signatures, keys)
        if not signed:
            raise ProofRefused(f"the note is not signed by {origin}")
        return signed[0][0]

    def following(self, bodies: Sequence[bytes]) -> Policy:
        """The same, each listed log under all keys to which hand-overs lead from the listed one, each for its own sizes.

        A log that they are not of keeps its one key.
        """
        return replace(self, logs=tuple(TrustedLog(_follow(one.verifier, bodies), one.url) for one in self.logs))

    def open(self, note: str) -> tuple[Checkpoint, list[Cosignature]]:
        """The checkpoint in a note that a listed log signed and enough witnesses cosigned. Raises ProofRefused."""
        checkpoint = open_checkpoint(note, self.signer(note))
        found = self.cosignatures(note)
        if not self.is_enough([one.cosigner for one in found]):
            raise ProofRefused(f"the {len(found)} cosignatures of known witnesses are not the quorum {self.quorum!r}")
        return checkpoint, found


def _follow(listed: Verifier, bodies: Sequence[bytes]) -> Verifier:
    try:
        return follow(listed.vkey(), bodies).verifier(listed.name.rpartition("/")[2])
    except ProofRefused:
        return listed


def parse_policy(raw: bytes) -> Policy:
    """Read a policy file. Raises PolicyError naming the line."""
    if len(raw) > MOST_BYTES:
        raise PolicyError(f"the policy has more than {MOST_BYTES:,} bytes")
    for at, octet in enumerate(raw):
        if (octet < 0x20 and octet not in b"\t\n") or octet == 0x7F:
            number = raw.count(b"\n", 0, at) + 1
            raise PolicyError(f"line {number} of the policy has the control character 0x{octet:02x}", hint=_HINT_PLAIN)
    if raw and not raw.endswith(b"\n"):
        raise PolicyError("the last line of the policy does not end: the file was cut short, perhaps")
    reading = _Reading()
    for number, line in enumerate(raw.split(b"\n"), 1):
        words = [word.decode("utf-8", "surrogateescape") for word in line.replace(b"\t", b" ").split(b" ") if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reading.take(words[0], words[1:])
        except (PolicyError, ProofRefused) as error:
            raise PolicyError(f"line {number} of the policy: {error}", hint=error.hint) from None
    return reading.done()


_HINT_PLAIN = "write it with plain line ends (LF), spaces and tabs"


class _Reading:
    """A policy as far as it was read."""

    def __init__(self) -> None:
        self.logs: list[TrustedLog] = []
        self.witnesses: list[TrustedWitness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._names: set[str] = set()
        self._placed: set[str] = set()
        self._lines = 0

    def take(self, word: str, rest: list[str]) -> None:
        """One line. Raises PolicyError, ProofRefused."""
        self._lines += 1
        if self._lines > MOST_LINES:
            raise PolicyError(f"more than {MOST_LINES:,} definitions")
        takers = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        if word not in takers:
            raise PolicyError(f"{word!r} defines nothing", hint="lines begin with log, witness, group or quorum")
        takers[word](rest)

    def done(self) -> Policy:
        if self.quorum is None:
            raise PolicyError("the policy has no quorum line", hint="end it with `quorum NAME`, or with `quorum none`")
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), self.quorum)

    def _log(self, rest: list[str]) -> None:
        if not 1 <= len(rest) <= 2:
            raise PolicyError("a log line reads: log VKEY [URL]")
        verifier = Verifier.parse(rest[0])
        if any(one.verifier.public == verifier.public for one in self.logs):
            raise PolicyError(f"the key of {verifier.name} is there twice")
        self.logs.append(TrustedLog(verifier, rest[1] if len(rest) > 1 else None))

    def _witness(self, rest: list[str]) -> None:
        if not 2 <= len(rest) <= 3:
            raise PolicyError("a witness line reads: witness NAME VKEY [URL]")
        cosigner = parse_cosigner(rest[1])
        if any(one.cosigner.public == cosigner.public for one in self.witnesses):
            raise PolicyError(f"the key of {cosigner.name} is there twice")
        self._define(rest[0])
        self.witnesses.append(TrustedWitness(rest[0], cosigner, rest[2] if len(rest) > 2 else None))

    def _group(self, rest: list[str]) -> None:
        if len(rest) < 3:
            raise PolicyError("a group line reads: group NAME all|any|NUMBER MEMBER...")
        name, how, *members = rest
        for member in members:
            if member not in self._names:
                raise PolicyError(f"{member!r} is not defined before it")
            if member in self._placed:
                raise PolicyError(f"{member!r} is a member twice")
            self._placed.add(member)
        self._define(name)
        self.groups.append(Group(name, _threshold(how, len(members)), tuple(members)))

    def _quorum(self, rest: list[str]) -> None:
        if len(rest) != 1:
            raise PolicyError("a quorum line reads: quorum NAME")
        if self.quorum is not None:
            raise PolicyError("there are two quorum lines")
        if rest[0] != NONE and rest[0] not in self._names:
            raise PolicyError(f"{rest[0]!r} is not defined before it")
        self.quorum = rest[0]

    def _define(self, name: str) -> None:
        if name == NONE or name in self._names:
            raise PolicyError(f"the name {name!r} is taken")
        self._names.add(name)


def _threshold(how: str, members: int) -> int:
    if how in ("all", "any"):
        return members if how == "all" else 1
    if not (how.isascii() and how.isdigit()) or how.startswith("0") or len(how) > 6 or int(how) > members:
        raise PolicyError(f"{how!r} is no number from 1 to {members}")
    return int(how)
