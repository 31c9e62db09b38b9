# SPDX-License-Identifier: Apache-2.0
"""`wardkeep records package`: records sealed with both sides present, signed, opened, and checked by anyone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wardkeep.cli.frame import Frame, speak, standard
from wardkeep.cli.package_check import check
from wardkeep.home import now
from wardkeep.package.law import Ground, Side
from wardkeep.package.part import LONGEST_TEXT, Form, Person

if TYPE_CHECKING:
    from wardkeep.package.step import Step
    from wardkeep.package.story import Story

PACKAGE = click.Path(exists=True, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group("package")
def command() -> None:
    """Records sealed in a dispute: a list with hashes, both sides' signatures, every opening; checked offline."""


command.add_command(check)


def text(value: str) -> str:
    """One printable line that says something."""
    value = value.strip()
    if not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise click.BadParameter(speak("it is no printable text of 1 to %d characters") % LONGEST_TEXT)
    return value


def _present(function: Command) -> Command:
    """Who is there, and where."""
    for option in (
        click.option(
            "--notary", multiple=True, type=text, metavar="NAME[:OFFICE]", help="The notary, where kin refuse."
        ),
        click.option(
            "--family", multiple=True, type=text, metavar="NAME[:RELATION]", help="Patient or kin who is present."
        ),
        click.option(
            "--institution", multiple=True, type=text, metavar="NAME[:OFFICE]", help="Who is present for the hospital."
        ),
        click.option("--place", required=True, type=text, help="Where it happens."),
        click.option("--reason", required=True, type=text, help="Why, in a sentence."),
    ):
        function = option(function)
    return function


def _listed(function: Command) -> Command:
    """What goes on a list."""
    for option in (
        click.option("--hashes-only", is_flag=True, help="Keep only the hashes; the records stay where they are."),
        click.option("--original", is_flag=True, help="They are originals, not copies."),
        click.option("--follows", multiple=True, type=text, metavar="NAME", help="A record that is not complete yet."),
        click.option("--table", type=FILE, default=None, help="CSV with file, name, kind, form, pages of each file."),
        click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)),
    ):
        function = option(function)
    return function


@command.command("make")
@_listed
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A ZIP (NAME.zip), or a folder to be made.")
@click.option("--patient", required=True, type=text, help="The patient's number.")
@click.option("--patient-name", required=True, type=text, help="The patient's name.")
@_present
@standard
def make(frame: Frame, out: Path, **options: Any) -> None:
    """Seal FILES as a new package: their list goes into the ledger by its hash, and can be printed and signed."""
    frame.django()
    from wardkeep.jobs.packages import begin_package  # noqa: PLC0415

    body, inside = _sealing(frame, 1, frame.home.settings.hospital.name, **options)
    with _in_words():
        step = begin_package(frame.home, out, body, inside, package=uuid.uuid4(), at=now(), say=frame.say)
    _say(frame, out, step)


@command.command("supplement")
@click.argument("package", type=PACKAGE)
@_listed
@_present
@standard
def supplement(frame: Frame, package: Path, **options: Any) -> None:
    """Seal records that were completed later, as a list of their own that follows on the first."""
    from wardkeep.package.step import Kind  # noqa: PLC0415

    def body_of(story: Story) -> tuple[Any, Mapping[str, Path]]:
        first = story.first
        return _sealing(
            frame,
            len(story.steps) + 1,
            first.hospital,
            patient=first.patient,
            patient_name=first.patient_name,
            awaited=story.to_follow,
            **options,
        )

    _add(frame, package, Kind.SUPPLEMENT, body_of)


@command.command("sign")
@click.argument("package", type=PACKAGE)
@click.option("--side", required=True, type=click.Choice([str(side) for side in Side]), help="For whom it is signed.")
@click.option("--name", required=True, type=text, help="Who signs.")
@click.option(
    "--list", "number", type=click.IntRange(min=1), default=None, help="The list's step (default: the newest)."
)
@click.option("--by-hand", type=FILE, default=None, help="A picture or PDF of the printed list with the signature.")
@click.option("--signature", type=FILE, default=None, help="A detached signature over the list, made elsewhere.")
@click.option("--key", type=FILE, default=None, help="The public key of --signature, PEM.")
@standard
def sign(
    frame: Frame,
    package: Path,
    side: str,
    name: str,
    number: int | None,
    by_hand: Path | None,
    signature: Path | None,
    key: Path | None,
) -> None:
    """Add the signature of one side under a list: made with a key, or by hand on paper with a picture kept."""
    if (by_hand is None) == (signature is None) or (signature is None) != (key is None):
        raise click.UsageError(speak("give --by-hand, or --signature with --key"))
    from wardkeep.package.signed import by_hand_of, by_key_of  # noqa: PLC0415
    from wardkeep.package.step import Kind  # noqa: PLC0415

    def body_of(story: Story) -> tuple[Any, Mapping[str, Path]]:
        of = story.lists[-1][0].number if number is None else number
        if signature is not None and key is not None:
            return by_key_of(story, of, Side(side), name, signature, key)
        return by_hand_of(story, of, Side(side), name, by_hand or Path())

    _add(frame, package, Kind.SIGNATURE, body_of)


@command.command("open")
@click.argument("package", type=PACKAGE)
@click.option(
    "--ground", required=True, type=click.Choice([str(ground) for ground in Ground]), help="Why it may be opened."
)
@click.option(
    "--document", type=text, default=None, help="The agreement, ruling or letter that shows it; with `settled` needed."
)
@_present
@standard
def open_(
    frame: Frame, package: Path, ground: str, document: str | None, reason: str, place: str, **present: tuple[str, ...]
) -> None:
    """Record that the sealed records are opened. One side alone may do so only where the law allows it."""
    from wardkeep.package.step import Kind, Opening  # noqa: PLC0415

    body = Opening(
        ground=Ground(ground), reason=reason, document=document or "", place=place, present=_people(**present)
    )
    _add(frame, package, Kind.OPENING, lambda _: (body, {}))


@command.command("demand")
@click.argument("package", type=PACKAGE)
@click.option("--by", required=True, type=text, metavar="NAME[:RELATION]", help="Who demands it.")
@click.option("--reason", required=True, type=text, help="What is demanded, in a sentence.")
@standard
def demand(frame: Frame, package: Path, by: str, reason: str) -> None:
    """Record that the patient or kin asked again to settle the dispute: the three years begin anew."""
    from wardkeep.package.step import Demand, Kind  # noqa: PLC0415

    body = Demand(by=_person(Side.FAMILY, by), reason=reason)
    _add(frame, package, Kind.DEMAND, lambda _: (body, {}))


@command.command("resume")
@click.argument("package", type=click.Path(path_type=Path))
@standard
def resume(frame: Frame, package: Path) -> None:
    """Finish a step that was begun while the ledger was away, or by a command that was stopped."""
    frame.django()
    from wardkeep.jobs.packages import resume as finish  # noqa: PLC0415

    done = finish(frame.home, package, say=frame.say)
    frame.out({"finished": done}, speak("finished") if done else speak("nothing waits"))


@command.command("print")
@click.argument("package", type=PACKAGE)
@click.option(
    "--list", "number", type=click.IntRange(min=1), default=None, help="The list's step (default: the newest)."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=None, help="The page to print, HTML.")
@click.option(
    "--to-sign", type=click.Path(dir_okay=False, path_type=Path), default=None, help="The bytes that a key signs."
)
@standard
def print_(frame: Frame, package: Path, number: int | None, out: Path | None, to_sign: Path | None) -> None:
    """Take out the page of a list to print and sign, or its bytes to sign with a key. Nothing is recorded."""
    if out is None and to_sign is None:
        raise click.UsageError(speak("name a file with --out or --to-sign"))
    from wardkeep.package.signed import list_of  # noqa: PLC0415

    found, page, raw = list_of(package, number)
    for path, content in ((out, page), (to_sign, raw)):
        if path is not None:
            path.write_bytes(content)
    frame.out({"list": found, "out": out, "to_sign": to_sign}, speak("list %d taken out") % found)


def _add(frame: Frame, package: Path, kind: Any, body_of: Callable[[Story], tuple[Any, Mapping[str, Path]]]) -> None:
    frame.django()
    from wardkeep.jobs.packages import add_step  # noqa: PLC0415

    with _in_words():
        step = add_step(frame.home, package, kind, body_of, at=now(), say=frame.say)
    _say(frame, package, step)


@contextmanager
def _in_words() -> Iterator[None]:
    """Says what the law does not allow in the language that was asked for."""
    from wardkeep.package import LawRefused  # noqa: PLC0415

    try:
        yield
    except LawRefused as exc:
        exc.args = (_refused(exc.refusal.code),)
        raise


def _refused(code: str) -> str:
    return {
        "no_institution": speak("nobody of the institution is named as present: it takes part and keeps the package"),
        "one_side_seals": speak(
            "records are sealed with both sides present: name the patient or kin, or the notary where they refuse to take part"
        ),
        "one_side_opens": speak(
            "the institution may open by itself only when the dispute is settled, or after three years without a demand"
        ),
        "not_three_years": speak(
            "three years without a demand have not passed since the package was sealed, added to, or a demand was made"
        ),
        "no_document": speak(
            "name the document that shows that the dispute is settled: agreement, ruling or withdrawal (--document)"
        ),
    }[code]


def _say(frame: Frame, path: Path, step: Step) -> None:
    import hashlib  # noqa: PLC0415

    said = {
        "package": str(step.package),
        "step": step.number,
        "kind": str(step.kind),
        "sha256": hashlib.sha256(step.encode()).hexdigest(),
        "at": step.at.isoformat(),
        "out": str(path),
    }
    frame.out(said, speak("step %(step)d of package %(package)s is sealed: %(out)s\nSHA-256 %(sha256)s") % said)


def _sealing(
    frame: Frame, number: int, hospital: str, *, files: tuple[Path, ...], table: Path | None, follows: tuple[str, ...],
    original: bool, hashes_only: bool, patient: str, patient_name: str, reason: str, place: str,
    awaited: Sequence[str] = (), **present: tuple[str, ...],
) -> tuple[Any, Mapping[str, Path]]:  # fmt: skip
    """A list of files, and what of them goes into the package."""
    from wardkeep.package.listing import files_of, parts_of, read_table  # noqa: PLC0415
    from wardkeep.package.step import Sealing  # noqa: PLC0415

    form = Form.ORIGINAL if original else Form.COPY
    rows = {} if table is None else read_table(table, form)
    parts, inside = parts_of(
        number, list(files_of(files)), rows, form=form, follows=follows, kept=not hashes_only, awaited=awaited
    )
    body = Sealing(
        hospital=hospital, patient=patient, patient_name=patient_name, reason=reason, place=place,
        present=_people(**present), parts=parts,
    )  # fmt: skip
    return body, inside


def _people(**present: tuple[str, ...]) -> tuple[Person, ...]:
    people = tuple(_person(Side(side), said) for side in map(str, Side) for said in present.get(side, ()))
    sides: dict[str, Side] = {}
    for one in people:
        if sides.setdefault(one.name.casefold(), one.side) is not one.side:
            raise click.BadParameter(speak("%s is named for two sides: nobody stands for both") % one.name)
    return people


def _person(side: Side, said: str) -> Person:
    """`NAME`, or `NAME:AS WHAT`; the colon may be a full-width one."""
    name, _, role = said.replace("：", ":", 1).partition(":")
    if not name.strip():
        raise click.BadParameter(speak("%r names nobody: write NAME, or NAME:ROLE") % said)
    return Person(side=side, name=name.strip(), role=role.strip())
