# SPDX-License-Identifier: Apache-2.0
"""Policy files: what the standard allows is read, what it forbids is refused by its line, and a quorum is counted as drawn."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from wardkeep.ledger.cosignature import Cosigner, cosign
from wardkeep.ledger.errors import PolicyError, ProofRefused
from wardkeep.ledger.handover import HandOver
from wardkeep.ledger.note import Checkpoint, Verifier
from wardkeep.ledger.policy import Group, parse_policy

LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "hospital.example/ledger/2026"
LOG_KEY = Verifier.of(ORIGIN, LOG).vkey()
SIGNERS = {name: Ed25519PrivateKey.from_private_bytes(bytes([n + 1]) * 32) for n, name in enumerate("ABCDEF")}
COSIGNERS = {name: Cosigner.of(f"{name.lower()}.example", signer) for name, signer in SIGNERS.items()}
KEYS = {name: cosigner.vkey() for name, cosigner in COSIGNERS.items()}
CHECKPOINT = Checkpoint(ORIGIN, 5, bytes(32))

EXAMPLE = f"""
log {LOG_KEY}

witness A {KEYS["A"]}
witness B {KEYS["B"]}
witness C {KEYS["C"]}
group X-witnesses 2 A B C

witness D {KEYS["D"]}
witness E {KEYS["E"]}
witness F {KEYS["F"]}
group Y-witnesses any D E F

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
""".encode()


def note_of(names: str) -> str:
    lines = [cosign(CHECKPOINT.text(), COSIGNERS[n].name, SIGNERS[n], at=9).line() for n in names]
    return CHECKPOINT.sign(LOG) + "".join(lines)


def test_the_example_of_the_standard_counts_two_levels_of_groups() -> None:
    policy = parse_policy(EXAMPLE)
    for length in range(7):
        for names in itertools.combinations("ABCDEF", length):
            enough = len(set(names) & set("ABC")) >= 2 and bool(set(names) & set("DEF"))
            assert policy.is_enough({COSIGNERS[n] for n in names}) == enough, names


def test_a_note_is_opened_where_log_and_quorum_signed_and_not_with_one_less() -> None:
    policy = parse_policy(EXAMPLE)
    checkpoint, found = policy.open(note_of("ABD"))
    assert checkpoint == CHECKPOINT and len(found) == 3
    with pytest.raises(ProofRefused, match="quorum"):
        policy.open(note_of("ABC"))
    with pytest.raises(ProofRefused, match="names no log"):
        parse_policy(b"quorum none\n").open(note_of("ABD"))
    forged = Checkpoint(ORIGIN, 5, bytes(32)).sign(SIGNERS["A"])
    with pytest.raises(ProofRefused, match="not signed by"):
        policy.open(forged + "".join(note_of("ABD").splitlines(keepends=True)[-3:]))


def test_a_policy_that_lists_an_earlier_key_is_led_to_the_one_that_signed_and_to_no_other() -> None:
    new, stranger = SIGNERS["A"], SIGNERS["B"]
    over = HandOver.make(ORIGIN[:-5], log="2026", index=7, old=LOG, new=new, at=datetime(2026, 3, 2, tzinfo=UTC))
    listed = parse_policy(
        f"log {LOG_KEY}\nlog {Verifier.of('elsewhere.example/2026', stranger).vkey()}\nquorum none\n".encode()
    )
    followed = listed.following([over.body()])
    before, behind = Checkpoint(ORIGIN, 7, bytes(32)), Checkpoint(ORIGIN, 8, bytes(32))
    assert followed.open(before.sign(LOG))[0] == before and followed.open(behind.sign(new))[0] == behind
    for wrong in (before.sign(new), behind.sign(LOG), behind.sign(stranger)):
        with pytest.raises(ProofRefused):
            followed.open(wrong)
    with pytest.raises(ProofRefused):
        listed.open(behind.sign(new))
    assert listed.following([b"{}"]) == listed  # what is no hand-over leads nowhere


def test_one_witness_counts_once_however_often_it_signed() -> None:
    policy = parse_policy(EXAMPLE)
    with pytest.raises(ProofRefused, match="quorum"):
        policy.open(note_of("AAAD"))


@pytest.mark.parametrize(
    "text",
    [
        b"quorum none\n",
        b"\n# a comment\n   # another\n \t \nquorum none\n",
        b"quorum  \t none \t\n",
        f"witness A {KEYS['A']} https://a.example\nquorum A\n".encode(),
        f"quorum none\nwitness A {KEYS['A']}\nlog {LOG_KEY} https://log.example\n".encode(),
        f"witness \u533b\u9662 {KEYS['A']}\nquorum \u533b\u9662\n".encode(),
        f"witness \xff {KEYS['A']}\nquorum \xff\n".encode("latin-1"),
        f"witness all {KEYS['A']}\ngroup any all all\nquorum any\n".encode(),
        f"witness A {KEYS['A']}\nwitness B {KEYS['B']}\ngroup G 2 A B\nquorum A\n".encode(),
    ],
)
def test_what_the_standard_allows_is_read(text: bytes) -> None:
    parse_policy(text)


A, B = f"witness A {KEYS['A']}\n", f"witness B {KEYS['B']}\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no quorum line"),
        (A, "no quorum line"),
        ("quorum none", "cut short"),
        ("quorum none\r\n", "control character 0x0d"),
        ("quorum none\n\x7f\n", "line 2.*0x7f"),
        ("quorum none\nquorum none\n", "line 2.*two quorum"),
        ("quorum\n", "reads: quorum NAME"),
        ("quorum a b\n", "reads: quorum NAME"),
        ("quorum A\n" + A, "line 1.*not defined before"),
        ("Quorum none\n", "defines nothing"),
        (A + A.replace(" A ", " B ") + "quorum none\n", "twice"),
        (A + B.replace(" B ", " A ") + "quorum none\n", "taken"),
        (A.replace(" A ", " none ") + "quorum none\n", "taken"),
        (A + "group none all A\nquorum none\n", "taken"),
        (A + "group A all A\nquorum A\n", "taken"),
        (A + "group G all A B\nquorum G\n", "'B' is not defined"),
        (A + "group G all G\nquorum G\n", "'G' is not defined"),
        (A + "group G all none\nquorum G\n", "'none' is not defined"),
        (A + "group G 1 A A\nquorum G\n", "member twice"),
        (A + B + "group G 1 A\ngroup H 1 A B\nquorum H\n", "member twice"),
        (A + "group G 0 A\nquorum G\n", "no number from 1 to 1"),
        (A + "group G 2 A\nquorum G\n", "no number from 1 to 1"),
        (A + "group G -1 A\nquorum G\n", "no number"),
        (A + "group G 01 A\nquorum G\n", "no number"),
        (A + "group G \u0661 A\nquorum G\n", "no number"),
        (A + "group G most A\nquorum G\n", "no number"),
        (A + "group G any\nquorum G\n", "reads: group"),
        ("log\nquorum none\n", "reads: log"),
        (f"log {LOG_KEY} a b\nquorum none\n", "reads: log"),
        (f"log {LOG_KEY}\nlog {LOG_KEY}\nquorum none\n", "twice"),
        (f"log {KEYS['A']}\nquorum none\n", "not of type Ed25519"),
        (f"witness A {LOG_KEY}\nquorum none\n", "type 04"),
        (f"witness A {KEYS['A'][:-4]}\nquorum none\n", "verifier key"),
        ("witness A\nquorum none\n", "reads: witness"),
        (f"witness\u2003A {KEYS['A']}\nquorum none\n", "defines nothing"),
    ],
)
def test_what_the_standard_forbids_is_refused_and_named(text: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        parse_policy(text.encode())


def test_one_key_under_two_names_of_a_log_is_one_log() -> None:
    other_year = Verifier.of("hospital.example/ledger/2027", LOG).vkey()
    with pytest.raises(PolicyError, match="twice"):
        parse_policy(f"log {LOG_KEY}\nlog {other_year}\nquorum none\n".encode())


def test_names_that_look_alike_are_not_the_same() -> None:
    with pytest.raises(PolicyError, match="not defined"):
        parse_policy(f"witness K {KEYS['A']}\nquorum \u212a\n".encode())


LINES = st.lists(
    st.sampled_from(
        [A, B, f"log {LOG_KEY}\n", "quorum none\n", "quorum G\n", "group G any A\n", "group H 2 G B\n", "# x\n", "\n"]
    )
    | st.text(max_size=40),
    max_size=12,
)


@given(LINES.map("".join).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=200))
def test_any_octets_are_a_policy_or_refused(raw: bytes) -> None:
    try:
        policy = parse_policy(raw)
    except PolicyError as error:
        assert str(error)
        return
    assert policy.is_enough(COSIGNERS.values()) or policy.quorum != "none"


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=6),
    st.sets(st.sampled_from("ABCDEF")),
    st.integers(1, 6),
)
def test_a_quorum_over_random_groups_is_the_count_of_its_members(
    sizes: list[int], cosigned: set[str], needed: int
) -> None:
    names = list("ABCDEF")
    lines = [f"witness {name} {KEYS[name]}\n" for name in names]
    groups: list[tuple[str, int, list[str]]] = []
    for number, size in enumerate(sizes):
        members, names = names[:size], names[size:]
        if members:
            groups.append((f"g{number}", min(needed, len(members)), members))
    top = min(needed, len(groups))
    lines += [f"group {name} {k} {' '.join(members)}\n" for name, k, members in groups]
    lines += [f"group top {top} {' '.join(name for name, _, _ in groups)}\n", "quorum top\n"]
    policy = parse_policy("".join(lines).encode())
    assert policy.groups[0] == Group(groups[0][0], groups[0][1], tuple(groups[0][2]))
    fulfilled = sum(len(cosigned & set(members)) >= k for _, k, members in groups)
    assert policy.is_enough({COSIGNERS[n] for n in cosigned}) == (fulfilled >= top)
