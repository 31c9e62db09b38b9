# SPDX-License-Identifier: Apache-2.0
"""Which kind of export a folder holds, told by its file names, and the reader for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wardkeep.watch.event import Rejected
from wardkeep.watch.hospital.context import Context, FolderError
from wardkeep.watch.hospital.fhir.bulk import bulk_files, read_bulk, reread_resource
from wardkeep.watch.hospital.folder import read_folder, read_table, reread_row
from wardkeep.watch.hospital.omop import OMOP, REQUIRED
from wardkeep.watch.hospital.sheet import NoHeader, open_sheet
from wardkeep.watch.hospital.sources import asked, read_model, reread_model
from wardkeep.watch.hospital.synthea import SIGNS, SYNTHEA
from wardkeep.watch.hospital.tables import REQUIRED_TABLES, TABLES

_MODELS = {model.name: model for model in (SYNTHEA, OMOP)}
_HINT = "name a folder of staff.csv, accounts.csv and patients.csv, or of a FHIR bulk, Synthea or OMOP export"


def read_context(path: Path, *, zone: str) -> Iterator[Context]:
    """The tables of a folder, or of one file named for its table. Raises FolderError before anything is yielded."""
    if path.is_file() and path.suffix == ".csv" and path.stem in TABLES:
        yield read_table(path, zone=zone)
        return
    if not path.is_dir():
        raise FolderError(f"{path.name} is no folder of context", hint=_HINT)
    found = _kinds(path)
    if not found:
        raise FolderError(f"{path.name} holds no table of context", hint=_HINT)
    if len(found) > 1:
        raise FolderError(
            f"{path.name} holds exports of several kinds: {', '.join(found)}", hint="give each its own folder"
        )
    [(kind, files)] = found.items()
    if kind == "hospital":
        yield from read_folder(path, zone=zone)
    elif kind == "fhir-bulk":
        yield from read_bulk(sorted(files), zone=zone)
    else:
        model = _MODELS[kind]
        yield from read_model(model, {_stem(f): f for f in sorted(files) if _stem(f) in model.sources}, zone=zone)


def context_files(folder: Path) -> set[Path]:
    """The files of a folder that `read_context` claims; the others are logs. Empty where it is no folder of context."""
    return {file for files in _kinds(folder).values() for file in files}


def reread(piece: Rejected, *, zone: str) -> Iterator[Context]:
    """A row or resource that was set aside, read again under the rules of today.

    Its good rows come in contexts that are not `full`: the store keeps the others as they are. What is still broken comes
    back in `rejected`. Raises FolderError where the piece is none of ours.
    """
    kind, _, name = piece.format.partition(":")
    if kind == "hospital" and name in TABLES:
        yield from reread_row(piece, zone=zone)
    elif kind == "fhir-bulk":
        yield from reread_resource(piece, zone=zone)
    elif kind in _MODELS and name in _MODELS[kind].sources:
        yield from reread_model(_MODELS[kind], piece, zone=zone)
    else:
        raise FolderError(f"a piece of format {piece.format} is no row of context", hint="read it as a log")


def _kinds(folder: Path) -> dict[str, set[Path]]:
    """Kind -> the files that belong to it."""
    files = [path for path in folder.iterdir() if path.is_file()]
    tables = {path for path in files if path.suffix == ".csv"}
    stems = {_stem(path) for path in tables}
    found: dict[str, set[Path]] = {}
    if resources := bulk_files(files):
        found["fhir-bulk"] = resources
    if set(REQUIRED) <= stems:
        found["omop"] = {path for path in tables if _stem(path) in _OMOP_FILES}
    # patients.csv and encounters.csv are names of both: what is beside them tells.
    if (
        "patients" in stems
        and not stems & (set(REQUIRED_TABLES) - {"patients"})
        and (stems & SIGNS or _is_synthea(tables))
    ):
        found["synthea"] = {path for path in tables if _stem(path) in _SYNTHEA_FILES}
    elif own := {path for path in tables if path.stem in TABLES}:
        found["hospital"] = own
    return found


def _is_synthea(tables: set[Path]) -> bool:
    """Where names do not tell, the header of patients.csv does."""
    try:
        open_sheet(next(path for path in tables if _stem(path) == "patients"), asked(SYNTHEA, "patients"))
    except NoHeader:
        return False
    return True


def _stem(path: Path) -> str:
    """A file's table; some write `synthea_encounters.csv`."""
    return path.stem.lower().removeprefix("synthea_")


#: All that Synthea writes, and all tables of the CDM: none of them is a log.
_OTHER_SYNTHEA = """
    allergies claims claims_transactions conditions devices immunizations payer_transitions payers supplies
"""
_SYNTHEA_FILES = frozenset(SYNTHEA.sources) | frozenset(_OTHER_SYNTHEA.split())
_OTHER_OMOP = """
    attribute_definition cdm_source cohort cohort_definition concept concept_ancestor concept_class concept_relationship
    concept_synonym condition_era condition_occurrence cost device_exposure domain dose_era drug_era drug_strength episode
    episode_event fact_relationship metadata note note_nlp observation observation_period payer_plan_period relationship
    source_to_concept_map specimen vocabulary
"""
_OMOP_FILES = frozenset(OMOP.sources) | frozenset(_OTHER_OMOP.split())
