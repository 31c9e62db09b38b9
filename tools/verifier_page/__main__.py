# SPDX-License-Identifier: Apache-2.0
"""Make the page with which anyone checks a proof: one file, from the parts beside this one.

    python -m tools.verifier_page [--check]     the page from its parts; --check only says whether it is up to date
    python -m tools.verifier_page --library     fetch the library anew as pinned (needs npm), then the page

The library is the one piece that others wrote: Ed25519 and SHA-256 by @noble/curves and @noble/hashes. `library.json` pins
their versions and digests, and the SHA-256 of what the bundler makes of them, so that anyone can make `noble.js` again.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PARTS = Path(__file__).parent
PAGE = PARTS.parents[1] / "src" / "wardkeep" / "ledger" / "page" / "verifier.html"
#: The page's digest as `sha256sum --check` reads it, for whoever got the page from somebody else.
SUM = PAGE.with_suffix(".html.sha256")
#: What of the library the page uses.
WANTED = 'export { ed25519 } from "@noble/curves/ed25519.js";\nexport { sha256 } from "@noble/hashes/sha2.js";\n'
OPTIONS = ("--bundle", "--minify", "--format=iife", "--global-name=noble", "--target=chrome67,firefox68,safari14.1")


def part(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


def pins() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(part("library.json"))
    return found


def libraries() -> str:
    """The libraries that the page carries, with their versions."""
    return ", ".join(
        f"{name} {said['version']}" for name, said in pins()["packages"].items() if name.startswith("@noble")
    )


def make() -> str:
    """The page. Its policy names the digest of each of its own blocks, so that no other script runs in it."""
    css = "\n" + part("page.css")
    noble = "\n" + part("noble.js").rstrip("\n") + "\n"
    script = "\n" + "".join(part(f"{name}.js") for name in ("proof", "words", "page"))
    scripts = " ".join(digest(one) for one in (noble, script))
    policy = f"default-src 'none'; script-src {scripts}; style-src {digest(css)}; base-uri 'none'; form-action 'none'"
    filled = {"POLICY": policy, "CSS": css, "LIBRARIES": libraries(), "LICENCE": part("noble-LICENSE").strip()}
    page = part("page.html").replace("\n@NOBLE@\n", noble).replace("\n@SCRIPT@\n", script)
    for name, text in filled.items():
        page = page.replace(f"@{name}@", text)
    return page


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def fetch() -> None:
    """Write noble.js and its licence anew. Raises SystemExit where what was fetched or made is not what is pinned."""
    said = pins()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = {package: one["version"] for package, one in said["packages"].items()}
        (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}))
        (folder / "in.mjs").write_text(WANTED)

        def run(*words: str) -> None:
            subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund")
        lock = json.loads((folder / "package-lock.json").read_text())["packages"]
        for package, one in said["packages"].items():
            if lock[f"node_modules/{package}"]["integrity"] != one["integrity"]:
                raise SystemExit(f"{package} {one['version']} is not the one that library.json pins")
        run("node_modules/.bin/esbuild", "in.mjs", *OPTIONS, "--outfile=noble.js")
        made = (folder / "noble.js").read_bytes()
        if hashlib.sha256(made).hexdigest() != said["sha256"]:
            raise SystemExit(f"the bundle is {hashlib.sha256(made).hexdigest()}, library.json says {said['sha256']}")
        (PARTS / "noble.js").write_bytes(made)
        (PARTS / "noble-LICENSE").write_bytes((folder / "node_modules/@noble/curves/LICENSE").read_bytes())


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.verifier_page", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; status 1 where the page is not what it would be"
    )
    parser.add_argument("--library", action="store_true", help="fetch the pinned library and bundle it anew first")
    chosen = parser.parse_args(words)
    if chosen.library:
        fetch()
    page = make()
    wanted = {PAGE: page, SUM: f"{hashlib.sha256(page.encode()).hexdigest()}  {PAGE.name}\n"}
    if chosen.check:
        return int(any(not path.exists() or path.read_text(encoding="utf-8") != text for path, text in wanted.items()))
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
