# SPDX-License-Identifier: Apache-2.0
"""Keys of one installation: where the root key comes from, what is derived from it, and the sealed file."""

from wardkeep.keys.errors import KeysError, ProviderError, SealedError, ShareError
from wardkeep.keys.keyring import Keyring
from wardkeep.keys.sealed import read_sealed, sealed_memfd, write_sealed

__all__ = [
    "Keyring",
    "KeysError",
    "ProviderError",
    "SealedError",
    "ShareError",
    "read_sealed",
    "sealed_memfd",
    "write_sealed",
]
