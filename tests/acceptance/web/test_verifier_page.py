# SPDX-License-Identifier: Apache-2.0
"""The page with which anyone checks a proof, in the distribution's Chromium: opened as a file, without any network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.acceptance.web.browser import CHROMIUM, WIDTHS, chromium
from tests.conformance.ledger.chances import Chance, mutations, pairs
from tests.conformance.ledger.test_own_vectors import ENTRIES, LOG, SAID
from tests.unit.house.files import ROOT
from tests.unit.ledger import model
from wardkeep.ledger import act_leaf, event_leaf
from wardkeep.ledger.note import Checkpoint, Signature, Verifier, write_vkey
from wardkeep.ledger.page import FILE, page, policy
from wardkeep.ledger.proof import write_proof
from wardkeep.ledger.proof_bundle import ProofBundle
from wardkeep.ledger.second import SecondKey
from wardkeep.watch.store.canonical import FIELDS, render

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
AT_ONCE = 500

SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(3, 35)))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(4, 36)))
ORIGIN = "hospital.example/ledger/2026"
VKEY = Verifier.of(ORIGIN, SIGNER).vkey()
ROW = render(
    {
        **{"event_id": "HIS-2026-0042", "part": 0, "time_us": 1_772_330_645_000_000, "time_quality": "exact"},
        **{"account": "lina", "patient_id": "P000777", "action": "read", "resource": "门诊病历", "count": 1},
        **{"purpose": None, "breakglass": False, "outcome": "success", "system": "HIS", "workstation": "WS-0421"},
        **{"ip": "10.20.30.40", "site": None, "session_id": None, "query": None, "duration_ms": None, "kind": "access"},
        **{"format": "delimited:his", "source": "his_access_202603.txt", "position": "43", "raw_sha256": bytes(32)},
        **{"extra": None, "occurrence": None, "received_us": 1_772_334_245_000_000, "amends": None},
    }
)
SALT = bytes(range(16))
ACT = act_leaf({"act": "case:outcome:set", "at": 1_772_500_000_000_000, "facts": {"outcome": "misuse"}, "v": 1})
BODIES = [ACT, event_leaf(SALT, ROW), *(event_leaf(n.to_bytes(16, "big"), b"") for n in range(40))]


def cosigned(note: str, name: str, moment: int) -> tuple[str, str]:
    """A note with the signature of a witness more (c2sp.org/tlog-cosignature), and the witness's key."""
    public = b"\x04" + WITNESS.public_key().public_bytes_raw()
    key_id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    text = note.partition("\n\n")[0] + "\n"
    raw = key_id + moment.to_bytes(8, "big") + WITNESS.sign(f"cosignature/v1\ntime {moment}\n{text}".encode())
    return (
        f"{note}\u2014 {name} {base64.b64encode(raw).decode()}\n",
        f"{name}+{key_id.hex()}+{base64.b64encode(public).decode()}",
    )


NOTE, WITNESS_KEY = cosigned(
    Checkpoint(ORIGIN, len(BODIES), model.mth(BODIES)).sign(SIGNER), "witness.example/health", 1_772_600_000
)


def bundle(index: int, **more: Any) -> bytes:
    proof = write_proof(index, model.path(index, BODIES), NOTE)
    return ProofBundle(proof=proof, entry=BODIES[index], vkey=VKEY, **more).encode()


# -- the file ------------------------------------------------------------------------------------------------------------


def test_the_page_is_what_its_parts_make() -> None:
    done = subprocess.run([sys.executable, "-m", "tools.verifier_page", "--check"], cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 0, "run: python -m tools.verifier_page"


def test_the_library_in_the_page_is_the_one_that_is_pinned_and_brings_its_licence() -> None:
    parts = ROOT / "tools" / "verifier_page"
    pins = json.loads((parts / "library.json").read_text(encoding="utf-8"))
    noble = (parts / "noble.js").read_bytes()
    assert hashlib.sha256(noble).hexdigest() == pins["sha256"]
    assert noble.rstrip() in page()
    assert (parts / "noble-LICENSE").read_bytes().strip() in page()
    for name in ("@noble/curves", "@noble/hashes"):
        assert f"{name} {pins['packages'][name]['version']}".encode() in page()


def test_the_page_runs_its_own_blocks_and_names_no_other_place() -> None:
    text = page().decode()
    blocks = [
        *re.findall(r"<script>(.*?)</script>", text, re.DOTALL),
        *re.findall(r"<style>(.*?)</style>", text, re.DOTALL),
    ]
    assert len(blocks) == 3
    for block in blocks:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()}'" in policy()
    assert policy().startswith("default-src 'none';")
    assert "unsafe" not in policy()
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|WebSocket|sendBeacon|importScripts)\b|<(link|img|iframe)\b|src=", text
    )


def test_the_page_knows_the_fields_of_a_row_in_their_order() -> None:
    said = (ROOT / "tools" / "verifier_page" / "proof.js").read_text(encoding="utf-8")
    found = re.search(r"const FIELDS = \((.*?)\)\.split", said, re.DOTALL)
    assert found is not None
    assert "".join(re.findall(r'"([^"]*)"', found.group(1))).split() == [field.name for field in FIELDS[1]]


def test_every_answer_and_every_label_has_its_words_in_both_languages() -> None:
    parts = {
        name: (ROOT / "tools" / "verifier_page" / f"{name}.js").read_text(encoding="utf-8")
        for name in ("proof", "page", "words")
    }
    words = dict(re.findall(r"^  (\w+): (\[.*?\]),$", parts["words"], re.MULTILINE | re.DOTALL))
    used = set(re.findall(r'Refused\("(\w+)"', parts["proof"] + parts["page"])) - {"row"}  # which readRow takes up
    used |= set(re.findall(r'(?:base64|number)\(.*?, "(\w+)"\)', parts["proof"])) | set(
        re.findall(r'say\("(\w+)"[,)]', parts["page"])
    )
    used |= set(re.findall(r'data-say="(\w+)"', page().decode())) | {field.name for field in FIELDS[1]}
    assert used - set(words) == set()
    for said in words.values():
        english, chinese = json.loads(re.sub(r",\s*\]", "]", said))
        assert not re.search(r"[\u4e00-\u9fff]", english)
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese))


@pytest.mark.soak
def test_the_library_is_made_again_byte_for_byte() -> None:
    """Needs npm and its registry."""
    subprocess.run([sys.executable, "-m", "tools.verifier_page", "--library"], cwd=ROOT, check=True, timeout=300)
    done = subprocess.run(["git", "diff", "--quiet", "--", "tools/verifier_page"], cwd=ROOT, check=False)
    assert done.returncode == 0


# -- in the browser --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def opened(browser: Any, width: str = "wide", language: str = "en") -> tuple[Any, list[str]]:
    """The page in a context without network, and what went wrong in it."""
    size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
    context = browser.new_context(viewport=size, locale=LANGUAGES[language], offline=True)
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    tab.on("request", lambda asked: wrong.append(asked.url) if asked.url != FILE.as_uri() else None)
    tab.goto(FILE.as_uri())
    return tab, wrong


VERDICTS = """cases => cases.map(({ proof, entry, vkey }) => {
  try {
    proofs.check({ proof, entry: Uint8Array.from(entry.match(/../g) || [], (pair) => parseInt(pair, 16)), keys: [vkey] });
    return true;
  } catch (error) {
    if (error instanceof proofs.Refused) return false;
    throw error;
  }
})"""


def otherwise(tab: Any, chosen: list[Chance], wanted: bool) -> Counter[str]:
    """What the page answers otherwise, by kind."""
    found: Counter[str] = Counter()
    for start in range(0, len(chosen), AT_ONCE):
        part = chosen[start : start + AT_ONCE]
        answers = tab.evaluate(VERDICTS, [json.loads(one.line()) for one in part])
        assert len(answers) == len(part)
        found.update(one.why for one, answer in zip(part, answers, strict=True) if answer is not wanted)
    return found


@needs_chromium
def test_the_page_refuses_no_good_proof_of_any_size_and_index(browser: Any) -> None:
    tab, wrong = opened(browser)
    assert otherwise(tab, pairs(), True) == {}
    assert wrong == []


@needs_chromium
def test_the_page_accepts_no_mutation(browser: Any) -> None:
    tab, wrong = opened(browser)
    assert otherwise(tab, mutations(), False) == {}
    assert wrong == []


@needs_chromium
def test_the_page_holds_our_vectors_good_and_broken(browser: Any) -> None:
    tab, _ = opened(browser)
    good = [Chance("good", one["proof"], ENTRIES[one["index"]], SAID["key"]["vkey"]) for one in LOG["proofs"]]
    broken = [Chance(one["why"], one["proof"], bytes.fromhex(one["entry"]), one["vkey"]) for one in SAID["no_proofs"]]
    assert otherwise(tab, good, True) == {}
    assert otherwise(tab, broken, False) == {}
    vkey, witness = SAID["key"]["vkey"], SAID["witness"]["vkey"]
    assert tab.evaluate(BUNDLES, [[one["file"] for one in SAID["bundles"]], [vkey]]) == [True] * 3
    found = tab.evaluate(BUNDLES, [[one["file"] for one in SAID["no_bundles"]], [vkey]])
    assert [one["why"] for one, answer in zip(SAID["no_bundles"], found, strict=True) if answer] == []
    first = SAID["handed_over"]["vkey"]
    assert tab.evaluate(BUNDLES, [[SAID["handed_over"]["file"]], [first]]) == [True]
    assert not any(tab.evaluate(BUNDLES, [[one["file"] for one in SAID["no_handed_over"]], [first]]))
    plain = json.loads(SAID["bundles"][0]["file"])
    for note, accepted in [(SAID["cosigned"]["note"], True), *((one["note"], False) for one in SAID["no_cosigned"])]:
        said = plain | {"proof": plain["proof"].replace(LOG["checkpoint"], note)}
        (cosigned,) = tab.evaluate(
            BUNDLES.replace("return true", "return found.cosigned.length === 1"), [[json.dumps(said)], [vkey, witness]]
        )
        assert cosigned is accepted
    for one in SAID["no_keys"]:
        assert tab.evaluate(BUNDLES, [[json.dumps(plain)], [vkey, one["vkey"]]]) == [False], one["why"]


BUNDLES = """([files, keys]) => files.map((file) => {
  try {
    const found = proofs.check(Object.assign(proofs.parseBundle(file), { keys }));
    return true;
  } catch (error) {
    if (error instanceof proofs.Refused) return false;
    throw error;
  }
})"""
DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, bytes] of files) transfer.items.add(new File([Uint8Array.from(bytes)], name));
  const drop = document.getElementById("drop");
  drop.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  drop.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def drop(tab: Any, *files: tuple[str, bytes]) -> None:
    """Let files fall onto the page, as from a folder's window."""
    tab.evaluate(DROP, [[name, list(raw)] for name, raw in files])
    tab.wait_for_selector(".verdict")


def verdict(tab: Any) -> tuple[str, str]:
    return tab.get_attribute(".verdict", "class").split("-")[-1], tab.inner_text(".verdict h2")


SAYS = {
    "zh": ("证明成立", "证明不成立", "它不能证明什么", "公钥属于谁", "访问记录", "门诊病历"),
    "en": (
        "The proof holds",
        "The proof does not hold",
        "What it does not prove",
        "Whose key that is",
        "The access",
        "门诊病历",
    ),
}


@needs_chromium
@pytest.mark.parametrize("width", list(WIDTHS))
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_dropped_file_says_what_it_proves_and_what_not(
    language: str, width: str, browser: Any, tmp_path: Path
) -> None:
    holds, holds_not, not_title, whose, title, resource = SAYS[language]
    tab, wrong = opened(browser, width, language)
    assert not tab.is_visible("#old")
    drop(tab, ("2026-1.proof.json", bundle(1, salt=SALT, row=ROW)))
    assert verdict(tab) == ("file", holds)
    text = tab.inner_text("#answer")
    for words in (not_title, whose, title, resource, "P000777", ORIGIN, "2026-03-01 02:04:05", NOTE.split("\n")[2]):
        assert words in text
    assert tab.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    tab.screenshot(path=tmp_path / f"file-{language}-{width}.png", full_page=True)
    tab.fill("#keys", f"{VKEY}\n{WITNESS_KEY}")
    assert verdict(tab) == ("good", holds)
    assert whose not in tab.inner_text("#answer")
    assert "witness.example/health" in tab.inner_text(".proves")
    assert "2026-03-04 04:53:20" in tab.inner_text(".proves")
    tab.screenshot(path=tmp_path / f"good-{language}-{width}.png", full_page=True)
    broken = bundle(1, salt=SALT, row=ROW.replace(b"P000777", b"P000778"))
    drop(tab, ("2026-1.proof.json", broken))
    assert verdict(tab) == ("bad", holds_not)
    tab.screenshot(path=tmp_path / f"bad-{language}-{width}.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    assert wrong == []


@needs_chromium
def test_proof_entry_and_key_may_come_one_by_one_and_by_the_file_chooser(browser: Any) -> None:
    tab, wrong = opened(browser)
    said = ProofBundle.decode(bundle(0))
    drop(tab, ("0.entry", said.entry))
    assert verdict(tab) == ("waiting", "Still missing: the proof (.tlog-proof), the public key of the log")
    tab.set_input_files("#files", [{"name": "0.tlog-proof", "mimeType": "", "buffer": said.proof.encode()}])
    tab.wait_for_selector(".verdict h2:text-is('Still missing: the public key of the log')")
    drop(tab, ("hospital.vkey", f"{VKEY}\n".encode()))
    assert verdict(tab) == ("file", "The proof holds")
    assert '"outcome": "misuse"' in tab.inner_text("#answer")
    assert "witness.example/health" in tab.inner_text(".proves-not")
    tab.click("[data-language=zh]")
    assert verdict(tab) == ("file", "证明成立")
    tab.click("#clear")
    assert tab.locator(".verdict").count() == 0
    assert wrong == []


@needs_chromium
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said: said | {"entry": BODIES[2].hex()}, "not at that place"),
        (lambda said: said | {"vkey": Verifier.of(ORIGIN, WITNESS).vkey()}, "not signed by the key"),
        (lambda said: said | {"vkey": VKEY[:-2]}, "not readable"),
        (lambda said: said | {"proof": said["proof"].replace("\n42\n", "\n43\n")}, "signature"),
        (lambda said: said | {"proof": said["proof"].replace("index 1", "index 01")}, "tlog-proof@v1"),
        (lambda said: said | {"entry": ""}, "no bytes"),
        (lambda said: said | {"entry": "xy"}, "not a proof file"),
        (lambda said: said | {"format": "wardkeep-proof/2"}, "not a proof file"),
        (lambda said: said | {"salt": "00" * 16, "row": "00"}, "another access"),
    ],
)
def test_a_changed_file_is_refused_with_its_reason(change: Any, why: str, browser: Any) -> None:
    tab, wrong = opened(browser)
    drop(tab, ("changed.proof.json", json.dumps(change(json.loads(bundle(1)))).encode()))
    assert verdict(tab) == ("bad", "The proof does not hold")
    assert why in tab.inner_text(".verdict p")
    assert wrong == []


@needs_chromium
def test_a_false_signature_of_a_known_witness_is_refused(browser: Any) -> None:
    tab, _ = opened(browser)
    _, other = cosigned("a\n\n", "witness.example/health", 1)
    assert other == WITNESS_KEY
    later = json.loads(bundle(1))
    moment = base64.b64decode(later["proof"].rstrip("\n").rpartition(" ")[2])
    false = moment[:11] + bytes([moment[11] ^ 1]) + moment[12:]
    later["proof"] = later["proof"].replace(base64.b64encode(moment).decode(), base64.b64encode(false).decode())
    tab.fill("#keys", WITNESS_KEY)
    drop(tab, ("1.proof.json", json.dumps(later).encode()))
    assert verdict(tab)[0] == "bad"
    assert "witness.example/health" in tab.inner_text(".verdict p")


@needs_chromium
def test_a_key_of_a_kind_that_the_page_does_not_know_says_nothing_and_spoils_nothing(browser: Any) -> None:
    tab, wrong = opened(browser)
    of_ml_dsa = write_vkey("witness.example/health", b"\x06", bytes(1312))
    tab.fill("#keys", f"{VKEY}\n{of_ml_dsa}")
    drop(tab, ("1.proof.json", bundle(1)))
    assert verdict(tab) == ("good", "The proof holds")
    assert "the ML-DSA-44 key of witness.example/health that you gave" in tab.inner_text(".proves-not")
    tab.fill("#keys", f"{VKEY}\n{write_vkey('witness.example/later', bytes([0x30]), bytes(32))}")
    assert verdict(tab) == ("good", "The proof holds")
    tab.fill("#keys", VKEY[:-3])
    assert verdict(tab) == ("bad", "The proof does not hold")
    assert wrong == []


@needs_chromium
@pytest.mark.parametrize("language", LANGUAGES)
def test_signatures_with_ml_dsa_are_said_not_to_have_been_checked(language: str, browser: Any) -> None:
    """True ones and false ones alike: what the page says of them must not depend on what it cannot check."""
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa", reason="no ML-DSA in this cryptography")
    true = SecondKey(bytes(32)).sign(NOTE)
    false = NOTE + Signature(ORIGIN, b"\1\2\3\4", bytes(2428)).line()
    for note in (true, false):
        tab, wrong = opened(browser, language=language)
        proof = write_proof(1, model.path(1, BODIES), note)
        tab.fill("#keys", f"{VKEY}\n{WITNESS_KEY}")
        drop(tab, ("1.proof.json", ProofBundle(proof=proof, entry=BODIES[1], vkey=VKEY).encode()))
        assert verdict(tab)[0] == "good"
        said = tab.inner_text(".proves-not li:first-child")
        assert ORIGIN in said and ("DID NOT CHECK" if language == "en" else "未核验") in said
        assert "ML-DSA" not in tab.inner_text(".proves")
        assert wrong == []
    tab, _ = opened(browser, language=language)
    drop(tab, ("1.proof.json", bundle(1)))
    assert "ML-DSA" not in tab.inner_text("#answer")  # where there is none, there is nothing to say


@needs_chromium
def test_what_an_entry_says_is_shown_as_text_and_never_run(browser: Any) -> None:
    tab, wrong = opened(browser)
    hostile = act_leaf({"act": "<img src=x onerror=alert(1)><script>alert(2)</script>"})
    note = Checkpoint(ORIGIN, 1, model.mth([hostile])).sign(SIGNER)
    file = ProofBundle(proof=write_proof(0, [], note), entry=hostile, vkey=VKEY).encode()
    drop(tab, ('<img src=x onerror="alert(3)">.json', file))
    assert "<script>alert(2)</script>" in tab.inner_text("#answer")
    assert tab.locator("img").count() == 0
    assert wrong == []


@needs_chromium
def test_a_browser_without_what_the_page_needs_says_so_in_both_languages(browser: Any) -> None:
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(FILE.as_uri())
    assert "此浏览器过旧" in tab.inner_text("#old")
    assert "too old" in tab.inner_text("#old")
