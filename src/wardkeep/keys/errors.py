# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with keys.

KeysError
├── ProviderError   the root key cannot be had: wrong provider, missing file, wrong passphrase
├── SealedError     a sealed file is not what was written: named by file and chunk
└── ShareError      recovery shares do not give back a key
"""

from __future__ import annotations


class KeysError(Exception):
    """A key cannot be had or used."""

    exit_status = 3
    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class ProviderError(KeysError):
    """The root key cannot be had."""


class SealedError(KeysError):
    """A sealed file is damaged, cut short, or belongs to another place."""

    exit_status = 1

    def __init__(self, path: object, what: str, *, chunk: int | None = None) -> None:
        where = "" if chunk is None else f", chunk {chunk}"
        super().__init__(f"sealed file {path}{where}: {what}", hint="restore this file from a backup")
        #: The chunk's number from 0, None where the header is at fault.
        self.chunk = chunk


class ShareError(KeysError):
    """Recovery shares are damaged, too few, or of different sets."""

    exit_status = 2
