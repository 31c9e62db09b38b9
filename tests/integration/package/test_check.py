# SPDX-License-Identifier: Apache-2.0
"""What a package shows to somebody who has nothing but the key, and that no change to it passes unnamed."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.package.conftest import files_in
from tests.packages import DOCTOR, HOSPITAL_KEY, KIN, SEALED, Desk, opening, part, pem_of, sealing, whole_desk
from tests.stored import SIGNER
from wardkeep.evidence import BundleRefused
from wardkeep.ledger import Ledger
from wardkeep.ledger.cosignature import Cosigner
from wardkeep.ledger.note import Verifier
from wardkeep.ledger.policy import parse_policy
from wardkeep.package import KeyRefused
from wardkeep.package.beside import look_beside
from wardkeep.package.check import check_package
from wardkeep.package.found import Worth
from wardkeep.package.law import Ground, Side
from wardkeep.package.signed import by_hand_of, by_key_of
from wardkeep.package.step import Demand

OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def put(folder: Path, files: dict[str, bytes]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def named(path: Path, vkey: str) -> set[str]:
    """The files in which a check finds something wrong."""
    try:
        return {one.file for one in check_package(path, vkey).problems}
    except BundleRefused as error:
        return {str(error).split(": ")[0].split(" is missing")[0]}


def test_a_whole_package_holds_for_whoever_has_the_key(desk: Desk) -> None:
    found = check_package(desk.package, desk.vkey)
    assert found.problems == []
    assert found.story == desk.story
    assert [one.worth for one in found.signatures] == [Worth.UNKNOWN_KEY, Worth.BY_HAND]
    assert found.story.to_follow == [] and found.elsewhere == []
    assert found.story.unsigned(4) == [Side.INSTITUTION, Side.FAMILY]
    assert [one.index for _, one in sorted(found.places.items())] == sorted(one.index for one in found.places.values())
    assert len(found.story.openings) == 2


def test_a_zip_says_what_the_folder_says_and_holds_the_same(tmp_path: Path) -> None:
    one, two = whole_desk(tmp_path / "1"), whole_desk(tmp_path / "2", ending=".zip")
    assert check_package(two.package, two.vkey).problems == []
    assert check_package(one.package, one.vkey).story == check_package(two.package, two.vkey).story
    assert two.package.stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_named_verifies_and_another_one_is_named(desk: Desk) -> None:
    found = check_package(desk.package, desk.vkey, keys={Side.INSTITUTION: pem_of(HOSPITAL_KEY)})
    assert found.signatures[0].worth is Worth.VERIFIED
    other = check_package(desk.package, desk.vkey, keys={Side.INSTITUTION: pem_of(OTHER)})
    assert other.signatures[0].worth is Worth.BROKEN
    assert [one.file for one in other.problems] == ["signatures/0002.pem"]
    with pytest.raises(KeyRefused):
        check_package(desk.package, desk.vkey, keys={Side.FAMILY: b"no key"})


def test_a_picture_is_never_called_verified_whatever_key_is_named(desk: Desk) -> None:
    found = check_package(desk.package, desk.vkey, keys={Side.FAMILY: pem_of(OTHER)})
    assert found.signatures[1].worth is Worth.BY_HAND and found.signatures[1].key is None


def test_another_key_of_the_log_shows_nothing(desk: Desk) -> None:
    foreign = Verifier("tests.example/hospital/2026", OTHER.public_key().public_bytes_raw()).vkey()
    assert named(desk.package, foreign) == {f"log/{n:04}.proof.json" for n in range(1, 8)}


def test_a_policy_may_ask_for_the_log_and_for_witnesses(desk: Desk) -> None:
    log = f"log {desk.vkey}\n"
    assert check_package(desk.package, parse_policy(f"{log}quorum none\n".encode())).ok
    witness = Cosigner.of("w.example", OTHER).vkey()
    asked = parse_policy(f"{log}witness w {witness}\nquorum w\n".encode())
    assert {one.file for one in check_package(desk.package, asked).problems} == {
        f"log/{n:04}.proof.json" for n in range(1, 8)
    }


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_a_single_changed_byte_of_any_file_is_named(desk: Desk, files: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    raw = bytearray(files[name])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path = desk.package / name
    try:
        path.write_bytes(raw)
        assert name in named(desk.package, desk.vkey)
    finally:
        path.write_bytes(files[name])


@pytest.mark.soak
def test_ten_thousand_changes_are_each_named(desk: Desk, files: dict[str, bytes]) -> None:
    dice = random.Random(24)
    names = sorted(files)
    for _ in range(10_000):
        name = dice.choice(names)
        raw, path = files[name], desk.package / name
        at, many = dice.randrange(len(raw)), dice.randrange(1, 9)
        changed = dice.choice(
            (
                raw[:at] + bytes([raw[at] ^ dice.randrange(1, 256)]) + raw[at + 1 :],
                raw[:at] + raw[at + many :],
                raw[:at] + dice.randbytes(many) + raw[at:],
                raw[:at],
                files[dice.choice(names)],
            )
        )
        if changed == raw:
            continue
        try:
            path.write_bytes(changed)
            assert name in named(desk.package, desk.vkey), (name, at)
        finally:
            path.write_bytes(raw)


def test_a_file_that_is_missing_or_too_many_is_named(desk: Desk, files: dict[str, bytes], tmp_path: Path) -> None:
    for name in files:
        without = {one: content for one, content in files.items() if one != name}
        expected = name
        if name == "log/0007.json":  # the newest step gone: what belonged to it is too many
            expected = "log/0007.proof.json"
        assert expected in named(put(tmp_path / "p", without), desk.vkey), name
    for name in ("parts/0001/0003.pdf", "signatures/0009.sig", "log/0009.html", "log/0008.proof.json"):
        assert named(put(tmp_path / "p", files | {name: b"x"}), desk.vkey) == {name}


def test_two_records_exchanged_are_both_named(desk: Desk, files: dict[str, bytes], tmp_path: Path) -> None:
    one, two = "parts/0001/0001.txt", "parts/0004/0001.txt"
    changed = files | {one: files[two], two: files[one]}
    assert named(put(tmp_path / "p", changed), desk.vkey) == {one, two}


def test_steps_that_were_cut_off_the_end_are_not_seen_offline_and_the_page_says_so(
    desk: Desk, files: dict[str, bytes], tmp_path: Path
) -> None:
    """What --acts and the home's own check are for."""
    earlier = {name: content for name, content in files.items() if not name.startswith("log/0007")}
    found = check_package(put(tmp_path / "p", earlier), desk.vkey)
    assert found.ok and found.steps == 6


def test_a_step_in_the_middle_cannot_be_taken_out_or_moved(desk: Desk, files: dict[str, bytes], tmp_path: Path) -> None:
    out = {name: content for name, content in files.items() if "/0005" not in name}
    assert named(put(tmp_path / "p", out), desk.vkey) == {"log/0005.json"}
    moved = {}
    for name, content in files.items():
        if "/0005" not in name and name.startswith("log/") and int(name[4:8]) > 5:
            moved[f"log/{int(name[4:8]) - 1:04}{name[8:]}"] = content
        elif not name.startswith("log/") or int(name[4:8]) < 5:
            moved[name] = content
    assert "log/0005.proof.json" in named(put(tmp_path / "p", moved), desk.vkey)


def test_a_step_written_anew_with_its_old_proof_is_named_and_the_others_are_not(
    desk: Desk, files: dict[str, bytes], tmp_path: Path
) -> None:
    said = json.loads(files["log/0005.json"])
    said["says"]["present"].pop()
    raw = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert named(put(tmp_path / "p", files | {"log/0005.json": raw}), desk.vkey) == {"log/0005.json"}


def test_an_opening_that_the_law_does_not_allow_is_named_though_it_was_sealed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.seal({"a.txt": b"a"})
    desk.add(opening(Ground.COPY, DOCTOR), lawful=False)
    found = check_package(desk.package, desk.vkey)
    assert [one.file for one in found.problems] == ["log/0002.json"]
    assert "only when the dispute is settled" in found.problems[0].sentence


def test_a_proof_of_another_package_or_of_an_earlier_place_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.seal({"a.txt": b"a"})
    desk.add(opening(Ground.COPY, DOCTOR, KIN))
    proof = desk.package / "log/0002.proof.json"
    proof.write_bytes(desk.prove(desk.story.steps[1], None, package=str(uuid.UUID(int=7))))
    assert named(desk.package, desk.vkey) == {"log/0002.proof.json"}
    proof.write_bytes(desk.proof("2026", 1))
    assert named(desk.package, desk.vkey) == {"log/0002.proof.json"}
    first = desk.package / "log/0001.proof.json"
    first.write_bytes(desk.prove(desk.story.steps[0], (desk.package / "log/0001.html").read_bytes()))
    assert "log/0002.proof.json" in named(desk.package, desk.vkey)


def test_a_signature_over_other_bytes_is_not_taken(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    raw = HOSPITAL_KEY.sign(desk.seal({"a.txt": b"a"}).encode() + b" ")
    with pytest.raises(KeyRefused):
        by_key_of(
            desk.story, 1, Side.INSTITUTION, "李主任", desk.file("x.sig", raw), desk.file("k", pem_of(HOSPITAL_KEY))
        )


def test_a_file_that_is_no_picture_is_no_signature_by_hand(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.seal({"a.txt": b"a"})
    for name, content in (("scan.exe", b"MZ"), ("scan.jpg", b"")):
        with pytest.raises(KeyRefused):
            by_hand_of(desk.story, 1, Side.FAMILY, "张四", desk.file(name, content))


def test_records_of_which_only_the_hash_is_here_are_found_beside_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.seal({"a.dcm": b"image", "b.dcm": b"other"}, kept=False)
    assert not list(desk.package.glob("parts/**/*"))
    found = check_package(desk.package, desk.vkey)
    assert found.ok and [one.name for one in found.elsewhere] == ["a.dcm", "b.dcm"]
    archive = put(tmp_path / "archive", {"deep/anything": b"image", "b.dcm": b"0ther"})
    look_beside(found, archive)
    assert [one.name for one in found.elsewhere] == ["b.dcm"]


def test_a_package_that_goes_on_after_the_key_was_handed_over_holds_under_the_old_and_the_new_key(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.seal({"a.txt": b"a"})
    old = desk.vkey
    Ledger.rotate(tmp_path / "home" / "ledger", old=SIGNER, new=OTHER, clock=lambda: SEALED)
    desk.signer = OTHER
    desk.add(Demand(by=KIN, reason="调解"))
    assert desk.vkey != old
    for key in (old, desk.vkey):
        assert check_package(desk.package, key).problems == []


def test_three_years_are_counted_from_the_last_demand(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.seal({"a.txt": b"a"})
    desk.add(Demand(by=KIN, reason="调解"), at=SEALED + timedelta(days=300))
    late = SEALED.replace(year=2029, month=3, day=3)
    desk.add(opening(Ground.THREE_YEARS, DOCTOR), at=late, lawful=False)
    assert named(desk.package, desk.vkey) == {"log/0003.json"}


def test_the_signed_bytes_are_the_file_itself(desk: Desk, files: dict[str, bytes]) -> None:
    HOSPITAL_KEY.public_key().verify(files["signatures/0002.sig"], files["log/0001.json"])
    digest = hashlib.sha256(files["log/0001.json"]).hexdigest()
    page = files["log/0001.html"].decode().replace(" ", "")
    assert digest in page
    assert files_in(desk.package) == files


def test_what_a_person_wrote_cannot_become_markup_of_the_page(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.add(sealing(part("<script>a</script>"), reason="<img src=x>", place="a & b", hospital="$digest"))
    page = (desk.package / "log/0001.html").read_text()
    assert "<script" not in page and "<img" not in page and "a &amp; b" in page and "$digest" in page
