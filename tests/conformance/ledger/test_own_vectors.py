# SPDX-License-Identifier: Apache-2.0
"""The published vectors are what the code makes, and what the specifications say without our code."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.conformance.ledger.vectors import FILE, make
from tests.unit.ledger import model
from wardkeep.ledger import ProofRefused, act_leaf, check_proof
from wardkeep.ledger.cosignature import Cosigner, cosignatures
from wardkeep.ledger.note import Verifier, open_checkpoint, open_note
from wardkeep.ledger.proof_bundle import ProofBundle
from wardkeep.ledger.tree import verify_consistency

SAID: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
LOG = SAID["log"]
ENTRIES = [bytes.fromhex(entry) for entry in LOG["entries"]]
KEY = Verifier.parse(SAID["key"]["vkey"])
ROOTS = {one["size"]: bytes.fromhex(one["root"]) for one in LOG["roots"]}


def test_the_published_vectors_are_what_the_code_makes() -> None:
    assert make() == SAID


def test_the_event_leaves_are_version_and_hash_of_salt_and_row() -> None:
    for one in SAID["events"]:
        salt, row, entry = (bytes.fromhex(one[name]) for name in ("salt", "row", "entry"))
        assert entry == b"\x01" + hashlib.sha256(salt + row).digest()
        assert one["leaf_hash"] == hashlib.sha256(b"\x00" + entry).hexdigest()


def test_the_act_leaves_read_back_as_their_acts_in_canonical_order() -> None:
    for one in SAID["acts"]:
        entry = bytes.fromhex(one["entry"])
        assert json.loads(entry) == one["act"]
        assert list(json.loads(entry)) == sorted(one["act"], key=lambda key: key.encode("utf-16-be"))
        assert one["leaf_hash"] == hashlib.sha256(b"\x00" + entry).hexdigest()


@pytest.mark.parametrize("one", SAID["no_acts"], ids=lambda one: one["why"])
def test_what_is_no_act_is_refused(one: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        act_leaf(json.loads(one["json"]))


def test_the_log_has_the_roots_tiles_and_proofs_of_rfc_6962() -> None:
    for size, root in ROOTS.items():
        assert root == model.mth(ENTRIES[:size])
    files = {path: bytes.fromhex(raw) for path, raw in LOG["files"].items()}
    assert set(files) == {
        "tile/0/000",
        "tile/0/001.p/4",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/4",
    }
    assert files["tile/0/000"] == b"".join(model.tile(0, 0, ENTRIES))
    assert files["tile/0/001.p/4"] == b"".join(model.tile(0, 1, ENTRIES))
    assert files["tile/1/000.p/1"] == b"".join(model.tile(1, 0, ENTRIES))
    bundles = files["tile/entries/000"] + files["tile/entries/001.p/4"]
    assert bundles == b"".join(len(entry).to_bytes(2, "big") + entry for entry in ENTRIES)
    for one in LOG["consistency"]:
        steps = [bytes.fromhex(step) for step in one["proof"]]
        assert steps == model.proof(one["old"], ENTRIES[: one["new"]])
        verify_consistency(
            old=one["old"], new=one["new"], proof=steps, old_root=ROOTS[one["old"]], new_root=ROOTS[one["new"]]
        )
    for one in LOG["proofs"]:
        lines = one["proof"].split("\n\n")[0].split("\n")[2:]
        assert [base64.b64decode(line) for line in lines] == model.path(one["index"], ENTRIES)


def test_the_checkpoint_is_signed_as_the_specification_says() -> None:
    key, note = SAID["key"], LOG["checkpoint"]
    public = bytes.fromhex(key["public"])
    assert Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"])).public_key().public_bytes_raw() == public
    key_id = hashlib.sha256(key["origin"].encode() + b"\n\x01" + public).digest()[:4]
    assert key["vkey"] == f"{key['origin']}+{key_id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"
    text, _, line = note.partition("\n\n")
    assert text == f"{key['origin']}\n260\n{base64.b64encode(ROOTS[260]).decode()}"
    dash, name, encoded = line.rstrip("\n").split(" ")
    raw = base64.b64decode(encoded)
    assert (dash, name, raw[:4]) == ("\u2014", key["origin"], key_id)
    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], (text + "\n").encode())


def test_each_good_proof_is_accepted() -> None:
    for one in LOG["proofs"]:
        index, checkpoint = check_proof(one["proof"], ENTRIES[one["index"]], SAID["key"]["vkey"])
        assert (index, checkpoint.root) == (one["index"], ROOTS[260])


@pytest.mark.parametrize("one", SAID["no_proofs"], ids=lambda one: one["why"])
def test_each_broken_proof_is_refused(one: dict[str, str]) -> None:
    with pytest.raises(ProofRefused):
        check_proof(one["proof"], bytes.fromhex(one["entry"]), one["vkey"])


@pytest.mark.parametrize("one", SAID["no_keys"], ids=lambda one: one["why"])
def test_each_broken_key_is_refused(one: dict[str, str]) -> None:
    with pytest.raises(ProofRefused):
        Verifier.parse(one["vkey"])


def test_each_signed_note_opens() -> None:
    for one in SAID["notes"]:
        assert open_note(one["note"], KEY) == one["note"].rpartition("\n\n")[0] + "\n"


@pytest.mark.parametrize("one", SAID["no_notes"], ids=lambda one: one["why"])
def test_each_broken_note_is_refused(one: dict[str, str]) -> None:
    with pytest.raises(ProofRefused):
        open_note(one["note"], KEY)


def test_the_witness_signed_what_the_specification_says() -> None:
    witness, note = SAID["witness"], SAID["cosigned"]["note"]
    signer = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(witness["seed"]))
    text, _, lines = note.partition("\n\n")
    raw = base64.b64decode(lines.splitlines()[1].rpartition(" ")[2])
    message = f"cosignature/v1\ntime {SAID['cosigned']['at']}\n{text}\n".encode()
    assert raw[4:12] == SAID["cosigned"]["at"].to_bytes(8, "big")
    assert raw[12:] == signer.sign(message)
    public = b"\x04" + signer.public_key().public_bytes_raw()
    assert raw[:4] == hashlib.sha256(witness["name"].encode() + b"\n" + public).digest()[:4]
    (found,) = cosignatures(note, [Cosigner.parse(witness["vkey"])])
    assert (found.cosigner.name, found.at) == (witness["name"], SAID["cosigned"]["at"])
    assert open_checkpoint(note, KEY).root == ROOTS[260]


@pytest.mark.parametrize("one", SAID["no_cosigned"], ids=lambda one: one["why"])
def test_each_broken_cosignature_is_refused(one: dict[str, str]) -> None:
    witness = Cosigner.parse(SAID["witness"]["vkey"])
    if one["why"].startswith("a plain"):
        assert cosignatures(one["note"], [witness]) == []  # of a key of another type, and so of nobody
    else:
        with pytest.raises(ProofRefused):
            cosignatures(one["note"], [witness])


@pytest.mark.parametrize("one", SAID["no_consistency"], ids=lambda one: one["why"])
def test_each_broken_consistency_is_refused(one: dict[str, Any]) -> None:
    old_root, new_root, *steps = (bytes.fromhex(raw) for raw in (one["old_root"], one["new_root"], *one["proof"]))
    with pytest.raises(ProofRefused):
        verify_consistency(old=one["old"], new=one["new"], proof=steps, old_root=old_root, new_root=new_root)


def test_each_bundle_holds_by_itself() -> None:
    found = [ProofBundle.decode(one["file"].encode()) for one in SAID["bundles"]]
    assert [one.check(SAID["key"]["vkey"])[0] for one in found] == [0, 1, 1]
    assert [one.row for one in found] == [None, None, b"row 1"]


@pytest.mark.parametrize("one", SAID["no_bundles"], ids=lambda one: one["why"])
def test_each_broken_bundle_is_refused(one: dict[str, str]) -> None:
    with pytest.raises(ProofRefused):
        ProofBundle.decode(one["file"].encode()).check(SAID["key"]["vkey"])


def test_who_trusts_the_first_key_follows_it_to_the_one_that_signed() -> None:
    said = SAID["handed_over"]
    assert ProofBundle.decode(said["file"].encode()).check(said["vkey"])[0] == 0
    with pytest.raises(ProofRefused):
        ProofBundle.decode(said["file"].encode()).check(SAID["key"]["vkey"].replace("2026+", "2026x+"))


@pytest.mark.parametrize("one", SAID["no_handed_over"], ids=lambda one: one["why"])
def test_each_broken_hand_over_is_refused(one: dict[str, str]) -> None:
    with pytest.raises(ProofRefused):
        ProofBundle.decode(one["file"].encode()).check(SAID["handed_over"]["vkey"])


def test_the_journal_record_reads_as_the_page_says() -> None:
    raw = bytes.fromhex(SAID["journal"]["record"])
    header_size, body_size = int.from_bytes(raw[4:8], "big"), int.from_bytes(raw[8:16], "big")
    assert raw[:4] == b"WKJ1"
    assert len(raw) == 16 + header_size + body_size + 32
    assert raw[-32:] == hashlib.sha256(raw[:-32]).digest() == bytes.fromhex(SAID["journal"]["digest"])
    head, bodies = json.loads(raw[16 : 16 + header_size]), raw[16 + header_size : -32]
    entries = [bytes.fromhex(entry) for entry in SAID["journal"]["entries"]]
    assert bodies == b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
    assert set(head) == {"first", "count", "prev", "batches", "producers", "checkpoint"}
    assert open_checkpoint(head["checkpoint"], Verifier.parse(SAID["key"]["vkey"])).root == model.mth(entries)
    at = 0
    for _, _, first, count, digest in head["batches"]:
        packed = b"".join(len(e).to_bytes(2, "big") + e for e in entries[first : first + count])
        assert (first, digest) == (at, hashlib.sha256(packed).hexdigest())
        at += count
