# SPDX-License-Identifier: Apache-2.0
"""A forgotten passphrase: the shares bring the root key back, under the passphrase that is handed over now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from wardkeep.home import Home
from wardkeep.jobs.recovering import KeysAreThere, recover_keys
from wardkeep.keys import Keyring, KeysError
from wardkeep.settings import Keys, Settings

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_a_forgotten_passphrase_is_replaced_by_the_one_that_is_handed_over(tmp_path: Path) -> None:
    home = Home(tmp_path)
    ring = Keyring.create(home.keys_folder, provider="passphrase", passphrase=b"forgotten")
    signer = ring.signer("ledger").private_bytes_raw()
    shares = ring.recovery_shares()
    home.adopt(Settings(keys=Keys(provider="passphrase")), b"another one")
    moved = recover_keys(home, shares[1:], at=AT)
    assert sorted(path.name for path in moved) == [
        "provider.json.lost-20260302T040000Z", "root.key.lost-20260302T040000Z"
    ]  # fmt: skip
    opened = Keyring.open(home.keys_folder, passphrase=b"another one")
    assert opened.signer("ledger").private_bytes_raw() == signer
    with pytest.raises(KeysError):
        Keyring.open(home.keys_folder, passphrase=b"forgotten")
    with pytest.raises(KeysAreThere):
        recover_keys(home, shares[1:], at=AT)
