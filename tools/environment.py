# SPDX-License-Identifier: Apache-2.0
"""Make `.venv` from a lock with hashes, or do nothing when it is already so.

    python3 tools/environment.py requirements/run.txt

Standard library only: it runs before anything is installed. pip's own configuration is honoured, so a machine without
internet names its package folder there. Where python3 comes without ensurepip and without pip, Debian's package
`python3-pip-whl` is fetched into `.cache/` and run from there; nothing is installed on the machine and no root needed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
CACHE = ROOT / ".cache" / "bootstrap"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "made-from"
DEBIAN_WHEELS = Path("/usr/share/python-wheels")
LOCKS = {name: ROOT / "requirements" / f"{name}.txt" for name in ("run", "dev")}


class Stop(Exception):
    """The environment cannot be made; the message ends with the next step."""


def say(text: str) -> None:
    print(f"environment: {text}", file=sys.stderr, flush=True)


def made_from(lock: Path) -> str:
    """What identifies an environment: the lock, the project's own description, the interpreter and the place."""
    digest = hashlib.sha256()
    for part in (lock.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), bytes(ENVIRONMENT)):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def is_made(lock: Path) -> bool:
    """True where `.venv` holds what `lock` names. dev.txt holds all of run.txt, so its environment serves both."""
    if not STAMP.is_file() or not PYTHON.exists():
        return False
    accepted = {made_from(lock), made_from(LOCKS["dev"])}
    return STAMP.read_text(encoding="ascii").strip() in accepted


def call(*command: str | Path, quiet: bool = False) -> None:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, capture_output=quiet, text=True, check=False)
    if done.returncode != 0:
        said = f"\n{done.stdout}{done.stderr}".rstrip() if quiet else ""
        raise Stop(f"`{' '.join(words)}` ended with {done.returncode}{said}")


def has_ensurepip() -> bool:
    """Debian takes ensurepip out of python3, and may leave its shell behind: ask for the wheels too."""
    if importlib.util.find_spec("ensurepip") is None:
        return False
    import ensurepip  # noqa: PLC0415

    try:
        return bool(ensurepip.version())
    except Exception:
        return False  # a shell without its wheels: go on with the next way


def has_pip() -> bool:
    """True where this interpreter's own pip can install into another environment (pip 22.3 and newer)."""
    done = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return False
    try:
        return tuple(int(n) for n in done.stdout.split()[1].split(".")[:2]) >= (22, 3)
    except (IndexError, ValueError):
        return False


def fetch_pip_wheel() -> Path:
    """Debian's pip wheel, unpacked below `.cache/`; apt checks its signature. Needs no root."""
    unpacked = CACHE / "python3-pip-whl"
    if found := sorted(unpacked.glob("usr/share/python-wheels/pip-*.whl")):
        return found[-1]
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Stop("python3 has no pip and no ensurepip: install your system's python3-venv or python3-pip, and again")
    say("python3 has neither ensurepip nor pip: fetching Debian's python3-pip-whl into .cache (nothing is installed)")
    for folder in ("lists/partial", "archives/partial"):
        (CACHE / "apt" / folder).mkdir(parents=True, exist_ok=True)
    own = ["-o", f"Dir::State::Lists={CACHE}/apt/lists", "-o", f"Dir::Cache={CACHE}/apt", "-o", "APT::Sandbox::User="]
    try:
        call("apt-get", *own, "-qq", "update", quiet=True)
        done = subprocess.run(
            ["apt-get", *own, "-qq", "download", "python3-pip-whl"],
            cwd=CACHE,
            capture_output=True,
            text=True,
            check=False,
        )
        packages = sorted(CACHE.glob("python3-pip-whl_*.deb"))
        if done.returncode != 0 or not packages:
            raise Stop(f"apt-get download python3-pip-whl failed\n{done.stderr}".rstrip())
        call("dpkg-deb", "-x", packages[-1], unpacked, quiet=True)
    except Stop as exc:
        raise Stop(f"{exc}\nnext: `apt-get install python3-venv` as root, and again") from exc
    shutil.rmtree(CACHE / "apt")
    return sorted(unpacked.glob("usr/share/python-wheels/pip-*.whl"))[-1]


def make() -> list[str]:
    """An empty `.venv`, and the command that runs a pip for it."""
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    if has_ensurepip():
        call(sys.executable, "-m", "venv", ENVIRONMENT, quiet=True)
        return [str(PYTHON), "-m", "pip"]
    call(sys.executable, "-m", "venv", "--without-pip", ENVIRONMENT, quiet=True)
    if has_pip():
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    wheels = sorted(DEBIAN_WHEELS.glob("pip-*.whl"))
    return [str(PYTHON), f"{wheels[-1] if wheels else fetch_pip_wheel()}/pip"]


def usable_pip() -> list[str] | None:
    """The pip of the present `.venv`, or None where it has none that runs, is of another Python, or was moved here."""
    if not PYTHON.exists():
        return None
    ask = "import pip, sys; print(sys.prefix, *sys.version_info[:2])"
    done = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True, check=False)
    expected = f"{ENVIRONMENT} {sys.version_info[0]} {sys.version_info[1]}"
    return [str(PYTHON), "-m", "pip"] if done.returncode == 0 and done.stdout.strip() == expected else None


def install(lock: Path) -> None:
    pip = usable_pip()
    if pip is None:
        say(f"making {ENVIRONMENT.name} with Python {sys.version.split()[0]}")
        pip = make()
    STAMP.unlink(missing_ok=True)
    say(f"installing what {lock.relative_to(ROOT)} names (each file checked against its hash)")
    try:
        call(*pip, "install", "-qq", "--no-input", "--disable-pip-version-check", "--require-hashes", "-r", lock)
    except Stop as exc:
        raise Stop(
            f"{exc}\nnext: see that pip reaches a package index (`pip config list`; PIP_INDEX_URL or PIP_FIND_LINKS name"
            " another), and again"
        ) from exc
    # Its dependencies are there already, checked; the build back end too, so nothing more is fetched.
    call(*pip, "install", "-qq", "--no-input", "--disable-pip-version-check", "--no-index", "--no-deps",
         "--no-build-isolation", "--editable", ROOT)  # fmt: skip
    STAMP.write_text(made_from(lock) + "\n", encoding="ascii")


def main(words: list[str]) -> int:
    if len(words) != 1 or (lock := ROOT / words[0]) not in LOCKS.values():
        print(f"call: python3 {Path(__file__).name} requirements/run.txt | requirements/dev.txt", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - it may be run by an old one
        say(f"Python {sys.version.split()[0]} is too old: 3.11 or newer is needed; name one with `make PYTHON=...`")
        return 3
    if is_made(lock):
        return 0
    os.environ.pop("PYTHONPATH", None)
    try:
        install(lock)
    except Stop as exc:
        say(str(exc))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
