# SPDX-License-Identifier: Apache-2.0
"""`PullState`: how far the sealed rows of a source go. A small file, replaced whole: a crash leaves the one or the other."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from wardkeep.watch.pull.errors import BadSource, SchemaChanged, StateNotKept
from wardkeep.watch.pull.source import PullSource
from wardkeep.watch.pull.watermark import Kind, Mark, from_text, kind_of, to_text


class PullState(msgspec.Struct, frozen=True, kw_only=True):
    """What the next pull goes on from."""

    view: str
    watermark: str
    kind: Kind
    last: str
    #: The columns that the view had.
    columns: list[str]
    rows: int = 0

    @property
    def mark(self) -> Mark:
        return from_text(self.last, self.kind)

    def checked(self, source: PullSource, path: Path) -> PullState:
        """The state, where it is of this source. Raises SchemaChanged."""
        if (self.view, self.watermark) != (source.view, source.watermark):
            raise SchemaChanged(
                f"{path.name} tells of {self.view} by {self.watermark}, not of {source.view} by {source.watermark}",
                hint="give the source another name, or move the file away to pull from the beginning: nothing is stored twice",
            )
        return self

    def gone(self, *, last: Mark, columns: list[str], rows: int) -> PullState:
        """The state after more rows were sealed."""
        return msgspec.structs.replace(
            self, kind=kind_of(last), last=to_text(last), columns=columns, rows=self.rows + rows
        )


def read_state(path: Path) -> PullState | None:
    """The state, None before the first pull. Raises BadSource."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=PullState)
        _ = state.mark
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, ValueError, RecursionError, BadSource):
        raise BadSource(
            f"{path} cannot be read", hint="move it away to pull from the beginning: nothing is stored twice"
        ) from None
    return state


def write_state(path: Path, state: msgspec.Struct) -> None:
    """Replace the state, durably. Raises StateNotKept."""
    try:
        _write(path, state)
    except OSError as exc:
        raise StateNotKept(
            f"{path} cannot be written: {exc.strerror}", hint="what was read is sealed; the same command again goes on"
        ) from None


def _write(path: Path, state: msgspec.Struct) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with draft.open("wb") as file:
        file.write(msgspec.json.encode(state))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
