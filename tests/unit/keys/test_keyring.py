# SPDX-License-Identifier: Apache-2.0
"""Keyrings: made once, opened by their provider, and nothing else."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from wardkeep.keys import Keyring, KeysError, ProviderError, ShareError, providers


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "COST", {"n": 1 << 10, "r": 8, "p": 1})


def test_an_opened_keyring_derives_what_the_made_one_did(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path / "keys")
    opened = Keyring.open(tmp_path / "keys")
    assert opened.derive("store", tenant="a") == made.derive("store", tenant="a")
    assert opened.signer("ledger").private_bytes_raw() == made.signer("ledger").private_bytes_raw()


def test_every_part_of_what_a_key_is_for_changes_it(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path)
    keys = {
        ring.derive("store", "a", tenant="t"),
        ring.derive("store", "b", tenant="t"),
        ring.derive("store", "a", tenant="u"),
        ring.derive("stor", "ea", tenant="t"),  # lengths keep the parts apart
        ring.derive("store", tenant="t"),
        ring.derive("store", "a", "", tenant="t"),
        Keyring.create(tmp_path / "other").derive("store", "a", tenant="t"),
    }
    assert len(keys) == 7
    assert ring.derive("x", tenant="t", length=64)[:32] == ring.derive("x", tenant="t")


@pytest.mark.parametrize(("purpose", "tenant"), [("", "t"), ("x", "")])
def test_a_key_without_purpose_or_tenant_is_refused(tmp_path: Path, purpose: str, tenant: str) -> None:
    with pytest.raises(ValueError, match="tenant and a purpose"):
        Keyring.create(tmp_path).derive(purpose, tenant=tenant)


def test_keys_are_never_made_over_others(tmp_path: Path) -> None:
    Keyring.create(tmp_path)
    before = (tmp_path / "root.key").read_bytes()
    with pytest.raises(ProviderError, match="already there"):
        Keyring.create(tmp_path)
    (tmp_path / "provider.json").unlink()
    with pytest.raises(ProviderError, match="already there"):
        Keyring.create(tmp_path)
    assert (tmp_path / "root.key").read_bytes() == before


def test_every_file_of_a_keyring_is_its_owners_alone(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path / "keys")
    ring.signer("ledger")
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_bare_root_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Keyring.create(tmp_path)
    (tmp_path / "root.key").chmod(0o640)
    with pytest.raises(ProviderError, match="read by others") as refused:
        Keyring.open(tmp_path)
    assert "chmod 600" in refused.value.hint


def test_an_unknown_provider_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="'pkcs11' is not known") as refused:
        Keyring.create(tmp_path, provider="pkcs11")
    assert "file, passphrase" in refused.value.hint
    Keyring.create(tmp_path / "b")
    (tmp_path / "b" / "provider.json").write_text('{"provider": "openbao"}')
    with pytest.raises(ProviderError, match="'openbao' is not known"):
        Keyring.open(tmp_path / "b")


def test_the_passphrase_opens_and_another_or_none_does_not(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path, provider="passphrase", passphrase=b"correct horse")
    assert Keyring.open(tmp_path, passphrase=b"correct horse").derive("x", tenant="t") == made.derive("x", tenant="t")
    for wrong, said in ((b"correct horsf", "wrong"), (None, "no passphrase"), (b"", "no passphrase")):
        with pytest.raises(ProviderError, match=said):
            Keyring.open(tmp_path, passphrase=wrong)
    assert made._root not in (tmp_path / "root.key").read_bytes()


@pytest.mark.parametrize("change", [{"n": 1 << 40}, {"r": 4096}, {"salt": "zz"}, {"n": "many"}, {"p": 0}])
def test_an_edited_description_neither_opens_nor_exhausts_the_machine(
    tmp_path: Path, change: dict[str, object]
) -> None:
    Keyring.create(tmp_path, provider="passphrase", passphrase=b"p")
    description = json.loads((tmp_path / "provider.json").read_text())
    (tmp_path / "provider.json").write_text(json.dumps(description | change))
    with pytest.raises(ProviderError, match="not readable"):
        Keyring.open(tmp_path, passphrase=b"p")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("root.key", None, "is missing"),
        ("provider.json", None, "is missing"),
        ("provider.json", b"{", "not readable"),
        ("provider.json", b"[]", "None is not known"),
        ("root.key", b"short", "holds 5 bytes"),
    ],
)
def test_a_damaged_keys_folder_says_which_file(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    Keyring.create(tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ProviderError, match=said):
        Keyring.open(tmp_path)


def test_a_kept_key_is_made_once_and_never_lies_bare(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path)
    key = ring.kept("query-2026-03")
    assert Keyring.open(tmp_path).kept("query-2026-03") == key
    assert key not in (tmp_path / "query-2026-03.key").read_bytes()
    assert ring.kept("query-2026-04") != key


def test_a_kept_key_that_was_changed_or_renamed_is_refused(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path)
    ring.kept("a")
    (tmp_path / "a.key").rename(tmp_path / "b.key")
    for content in (None, b"", bytes(60)):
        if content is not None:
            (tmp_path / "b.key").write_bytes(content)
        with pytest.raises(KeysError, match=r"b\.key was changed"):
            ring.kept("b")


def test_a_destroyed_key_is_gone_and_its_name_makes_another(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path)
    key = ring.kept("query-2026-03")
    ring.destroy("query-2026-03")
    ring.destroy("query-2026-03")  # twice is no error: what was asked for is so
    assert not ring.has("query-2026-03")
    assert ring.kept("query-2026-03") != key


@pytest.mark.parametrize("name", ["root", "../root", "", "a/b", ".x", "a\nb"])
def test_a_name_that_could_reach_another_file_is_refused(tmp_path: Path, name: str) -> None:
    ring = Keyring.create(tmp_path)
    for use in (ring.kept, ring.has, ring.destroy):
        with pytest.raises(KeysError, match="no name of a key"):
            use(name)
    assert (tmp_path / "root.key").exists()


def test_two_shares_bring_back_a_lost_root_key_and_all_it_wraps(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path, provider="passphrase", passphrase=b"forgotten")
    signer = ring.signer("ledger").private_bytes_raw()
    shares = ring.recovery_shares()
    with pytest.raises(ProviderError, match="already there"):
        Keyring.recover(tmp_path, shares[:2])
    for name in ("root.key", "provider.json"):
        (tmp_path / name).unlink()
    Keyring.recover(tmp_path, [shares[2], shares[0]])
    assert Keyring.open(tmp_path).signer("ledger").private_bytes_raw() == signer


def test_shares_of_other_keys_are_not_put_beside_these(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path / "ours")
    ring.signer("ledger")
    others = Keyring.create(tmp_path / "theirs").recovery_shares()
    for name in ("root.key", "provider.json"):
        (tmp_path / "ours" / name).unlink()
    with pytest.raises(ShareError, match="of other keys"):
        Keyring.recover(tmp_path / "ours", others[:2])
    assert not (tmp_path / "ours" / "root.key").exists()
