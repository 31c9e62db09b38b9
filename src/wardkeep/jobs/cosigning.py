# SPDX-License-Identifier: Apache-2.0
"""Asking the witnesses: by the supervisor's own process again and again, or once by a command.

Nothing is sent where no policy is named. A policy that cannot be used stops nothing else: it is said, and read again later.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator

from wardkeep.home import Home, now
from wardkeep.ledger import LedgerError, LedgerUnavailable
from wardkeep.ledger.policy import Policy, TrustedWitness
from wardkeep.ledger.witness.client import HttpWitness
from wardkeep.ledger.witness.collecting import Collector, Heard

LOG = logging.getLogger("wardkeep.jobs")
LOCK = "witnesses.lock"
#: Seconds that a command waits for the round of another process.
LOCK_PATIENCE = 60.0


def reach(home: Home, witness: TrustedWitness) -> HttpWitness | None:
    """The way to a witness, None where the policy gives no address. Raises PolicyError."""
    return HttpWitness(witness.url, home.settings.ledger.plain_http) if witness.url else None


def usable_policy(home: Home) -> Policy | None:
    """The policy, every address in it looked at. Raises PolicyError, LedgerUnavailable."""
    policy = home.witness_policy()
    for witness in policy.witnesses if policy else ():
        reach(home, witness)
    return policy


def collector(home: Home, stop: threading.Event | None = None) -> Collector:
    """What asks for this home."""
    return Collector(home.ledger_folder, lambda witness: reach(home, witness), (stop or threading.Event()).is_set)


def ask_once(home: Home, asking: Collector, *, wait: float = LOCK_PATIENCE) -> list[Heard]:
    """One round. Raises PolicyError, LedgerError, OSError."""
    policy = usable_policy(home)
    if policy is None:
        return []
    with _alone(home, wait):
        return asking.round(policy, at=now())


def ask_until(home: Home, stop: threading.Event) -> None:
    """Round after round until `stop` is set."""
    asking = collector(home, stop)
    told: set[str] = set()
    while True:
        problems = set()
        try:
            heard = ask_once(home, asking)
            problems = {
                f"witness {one.witness.name!r} reports a {one.seen.conflict.kind} of log {one.log}"
                for one in heard
                if one.seen.conflict and one.seen.conflict.sure
            }
        except (LedgerError, OSError) as exc:
            # Fails open, said aloud: the ledger goes on without witnesses, and the console shows how old the last one is.
            problems = {f"witnesses: {exc}"}
        for problem in sorted(problems - told):
            LOG.error("%s", problem)
        told = problems
        if stop.wait(home.settings.ledger.ask_every):
            return


@contextlib.contextmanager
def _alone(home: Home, wait: float) -> Iterator[None]:
    """Hold the right to write what witnesses say. Raises LedgerUnavailable where another process does not let go."""
    descriptor = os.open(home.ledger_folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise LedgerUnavailable("the witnesses are being asked by another process") from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)
