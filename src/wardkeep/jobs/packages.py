# SPDX-License-Identifier: Apache-2.0
"""Sealed record packages of a home: each step becomes an act, and goes into the package with the act's proof.

A step is first written beside the package, then its act is committed and carried into the ledger, then package and proof come
together. A command that was stopped between leaves the step there, and the next one finishes or removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from wardkeep.jobs.draining import drain_here
from wardkeep.ledger import LedgerUnavailable
from wardkeep.ledger.note import Verifier
from wardkeep.ledger.page import page as verifier_page
from wardkeep.ledger.proof_bundle import ProofBundle
from wardkeep.package import PackageUnwritable, StalePackage, StepWaits, layout, pack
from wardkeep.package.act import ACTS, facts_of
from wardkeep.package.check import check_package
from wardkeep.package.found import Checked
from wardkeep.package.listing import measure
from wardkeep.package.page import page_of
from wardkeep.package.step import SALT, Demand, Kind, Opening, Sealing, Signature, Step
from wardkeep.package.story import NOTHING, Story

if TYPE_CHECKING:
    from wardkeep.home import Home

Say = Callable[[str], None]


class PackageAltered(PackageUnwritable):
    """The package does not hold: nothing is added to it."""

    exit_status = 1
    hint = "`wardkeep records package check` names all that was altered"


def begin_package(
    home: Home, out: Path, body: Sealing, inside: Mapping[str, Path], *, package: UUID, at: datetime, say: Say
) -> Step:
    """Seal a list as a new package. Django must be set up. Raises PackageError, LedgerError, OSError."""
    with _alone(out):
        if _finish_or_remove(home, out, say=say):
            raise PackageUnwritable(f"{out} is there now: what was begun before is finished", hint="check it first")
        if out.exists():
            raise PackageUnwritable(f"{out} is there already", hint="name another place, or remove it")
        return _append(home, out, NOTHING, None, Kind.LIST, body, inside, package=package, at=at, say=say)


def add_step(
    home: Home,
    package: Path,
    kind: Kind,
    body_of: Callable[[Story], tuple[Sealing | Signature | Opening | Demand, Mapping[str, Path]]],
    *,
    at: datetime,
    say: Say,
) -> Step:
    """Add a step to a package: `body_of` gives it, and its files, out of the story so far. Raises as `begin_package`."""
    with _alone(package):
        _finish_or_remove(home, package, say=say)
        found = checked_here(home, package)
        if not found.ok:
            raise PackageAltered(f"{found.problems[0].file}: {found.problems[0].sentence}")
        body, files = body_of(found.story)
        before = found.places[len(found.story.steps)].record
        return _append(home, package, found.story, before, kind, body, files, package=found.package, at=at, say=say)


def checked_here(home: Home, package: Path, **more: Any) -> Checked:
    """The package, checked under our own keys and held against our ledger. Raises StalePackage and what the check raises."""
    found = check_package(package, own_key(home), **more)
    known = _acts(found.package).count()
    if known > found.steps:
        raise StalePackage(f"the ledger has {known} steps of this package, this copy has {found.steps}")
    return found


def own_key(home: Home) -> str:
    """The first key of our ledger: proofs of any time are followed from there."""
    description = home.ledger_reader().description
    return Verifier(description.origin_of("0"), description.chain.keys()[0]).vkey()


def resume(home: Home, package: Path, *, say: Say) -> bool:
    """Finish a step that was begun; whether there was one. Raises StepWaits."""
    with _alone(package):
        return _finish_or_remove(home, package, say=say)


def _append(
    home: Home, path: Path, story: Story, before: str | None, kind: Kind, body: Any, files: Mapping[str, Path], *,
    package: UUID, at: datetime, say: Say,
) -> Step:  # fmt: skip
    from wardkeep.seal.act import action  # noqa: PLC0415 - needs Django

    local = at.astimezone(ZoneInfo(home.settings.hospital.timezone)).replace(microsecond=0)
    step = Step(
        package=package, number=len(story.steps) + 1, before=before, kind=kind, at=local,
        salt=secrets.token_bytes(SALT), body=body,
    )  # fmt: skip
    first = story.then(step).first
    raw = step.encode()
    Step.decode(raw, layout.step_name(step.number))
    texts = {layout.page_name(step.number): page_of(step, body)} if isinstance(body, Sealing) else {}
    if not story.steps:
        texts[layout.VERIFIER] = verifier_page()
    _keep(_pending(path), files, _digests(body), texts | {layout.step_name(step.number): raw})
    with action(ACTS[kind], actor="cli", at=at, patients=[first.patient]) as act:
        for name, value in facts_of(step, texts.get(layout.page_name(step.number))).items():
            act.fact(name, value)
    _finish_or_remove(home, path, say=say)
    return step


def _digests(body: Any) -> dict[str | None, str | None]:
    """What a step says of its files."""
    match body:
        case Sealing(parts=parts):
            return {part.file: part.sha256 for part in parts}
        case Signature(file=file, sha256=sha256, key=key, key_sha256=key_sha256):
            return {file: sha256, key: key_sha256}
    return {}


def _keep(
    pending: Path, files: Mapping[str, Path], digests: Mapping[str | None, str | None], texts: Mapping[str, bytes]
) -> None:
    """Put everything of a step beside the package; the step itself last, so that what has one is whole."""
    pending.mkdir(mode=0o700)
    try:
        pack.lay(pending, files)
        for name, path in files.items():
            if measure(pending / name)[1] != digests[name]:
                raise PackageUnwritable(f"{path} changed while it was read", hint="try again when nobody writes to it")
        for name, content in texts.items():
            draft = pending / "draft"
            draft.write_bytes(content)
            pack.lay(pending, {name: draft})
            draft.unlink()
    except BaseException:
        shutil.rmtree(pending)
        raise


def _finish_or_remove(home: Home, path: Path, *, say: Say) -> bool:
    """Finish the step that waits beside a package, or remove it where its act was never committed."""
    from wardkeep.seal.outbox import waiting  # noqa: PLC0415 - needs Django

    pending = _pending(path)
    if not pending.is_dir():
        return False
    names = sorted(one.relative_to(pending).as_posix() for one in pending.rglob("*") if one.is_file())
    steps = [name for name in names if layout.STEP.fullmatch(name)]
    if steps:
        raw = (pending / steps[0]).read_bytes()
        step = Step.decode(raw, steps[0])
        if waiting():
            drain_here(home, say=say)
        place = _place(home, step, hashlib.sha256(raw).hexdigest())
        if place is None and (waiting() or _acts(step.package).count() >= step.number):
            raise StepWaits(f"step {step.number} is kept in {pending}")
        if place is not None:
            _complete(home, path, pending, [name for name in names if name != steps[0]], step, place)
            shutil.rmtree(pending)
            return True
    shutil.rmtree(pending)
    return False


def _complete(home: Home, path: Path, pending: Path, names: list[str], step: Step, place: tuple[str, int]) -> None:
    """The step, its files and the proof of its act go into the package."""
    proof = pending / layout.proof_name(step.number)
    proof.parent.mkdir(mode=0o700, exist_ok=True)
    proof.write_bytes(_proof(home, *place))
    order = [*names, layout.proof_name(step.number), layout.step_name(step.number)]
    files = {name: pending / name for name in dict.fromkeys(order)}
    there = _steps_in(path) if path.exists() else 0
    if step.number > there + 1:
        raise StalePackage(f"step {step.number} waits beside {path}, which has {there}")
    if step.number == there + 1:
        (pack.add if there else pack.begin)(path, files)


def _steps_in(path: Path) -> int:
    from wardkeep.evidence.parcel import open_parcel  # noqa: PLC0415

    with open_parcel(path, layout.NAMES) as parcel:
        return sum(bool(layout.STEP.fullmatch(name)) for name in parcel.names)


def _place(home: Home, step: Step, record: str) -> tuple[str, int] | None:
    """Where the act of a step lies in the ledger; None where it is not there."""
    from wardkeep.seal.places import Acts  # noqa: PLC0415 - needs Django

    with contextlib.suppress(LedgerUnavailable), home.connect_ledger() as ledger:
        ledger.publish()  # what was acknowledged may not be readable for a moment
    acts = Acts(home.ledger_reader())
    for placed in _acts(step.package).order_by("-id"):
        act = acts.read(placed)
        if act is not None and act["facts"]["record"] == record:
            return placed.log, placed.index
    return None


def _acts(package: UUID) -> Any:
    from wardkeep.seal.models import Placed  # noqa: PLC0415 - needs Django

    return Placed.objects.filter(about=str(package), act__in=ACTS.values())


def _proof(home: Home, log: str, n: int) -> bytes:
    reader = home.ledger_reader()
    made = ProofBundle(
        proof=reader.proof(log, n), entry=reader.body(log, n), vkey=reader.vkey(log),
        handovers=tuple(one.body() for one in reader.description.handovers),
    )  # fmt: skip
    made.check(reader.vkey(log))
    return made.encode()


def _pending(path: Path) -> Path:
    return path.with_name(f".{path.name}.pending")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One command at a time in the folder of a package."""
    descriptor = os.open(path.absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
