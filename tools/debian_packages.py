# SPDX-License-Identifier: Apache-2.0
"""Install the Debian packages that tests need, as root or through sudo; say what is missing where neither is there.

Exit status 0 where the tests can run: with everything, or with the named ones skipped. 3 where installing failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Need(NamedTuple):
    package: str
    #: Any one of these proves that it is there, whoever installed it.
    proofs: tuple[str, ...]
    #: What is skipped without it.
    serves: str


_VERSION = Path("/etc/debian_version")
#: A package of PostgreSQL's is named by the server's version, and that by Debian's.
DEBIAN = _VERSION.read_text().partition(".")[0].strip() if _VERSION.is_file() else ""

NEEDS = (
    Need("postgresql", ("/usr/lib/postgresql/*/bin/initdb",), "the tests of rows on PostgreSQL (SQLite ones run)"),
    Need("mariadb-server", ("/usr/sbin/mariadbd",), "the tests that read and pull from MariaDB"),
    Need(
        f"postgresql-{15 if DEBIAN == '12' else 17}-pgaudit",
        ("/usr/lib/postgresql/*/lib/pgaudit.so",),
        "the test of PostgreSQL's audit lines",
    ),
    Need("chromium", ("/usr/bin/chromium",), "the tests that look at pages in a browser"),
    Need("libatomic1", ("/usr/lib/*/libatomic.so.1", "/lib/*/libatomic.so.1"), "what drives the browser"),
    Need(
        "fonts-wqy-zenhei",
        ("/usr/share/fonts/truetype/wqy/*", "/usr/share/fonts/opentype/noto/*CJK*", "/usr/share/fonts/**/*CJK*"),
        "nothing, but Chinese pages show empty boxes in pictures",
    ),
    Need("golang-go", ("/usr/bin/go", "/usr/local/go/bin/go"), "the test that Go's own verifier accepts our proofs"),
    Need("golang-golang-x-mod-dev", ("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog",), "the same test"),
    Need("gettext", ("/usr/bin/xgettext",), "the test that finds untranslated text"),
    Need("gcc", ("/usr/bin/cc", "/usr/bin/gcc"), "the tests of a ledger on a disk that stalls or fails"),
    Need("libc6-dev", ("/usr/include/dlfcn.h",), "the same tests"),
    Need("openssl", ("/usr/bin/openssl",), "the tests of time stamps, whose authority it is"),
    Need("rsyslog", ("/usr/sbin/rsyslogd",), "the test that rsyslog delivers live"),
    Need("rsyslog-openssl", ("/usr/lib/*/rsyslog/lmnsd_ossl.so",), "the same test"),
    Need("bsdutils", ("/usr/bin/logger",), "the same test"),
    Need("orthanc", ("/usr/sbin/Orthanc",), "the tests that read studies from an archive by DICOMweb"),
    Need("orthanc-dicomweb", ("/usr/share/orthanc/plugins/libOrthancDicomWeb.so*",), "the same tests"),
    Need("git", ("/usr/bin/git", "/usr/local/bin/git"), "the tests that read the list of tracked files"),
)


def say(text: str) -> None:
    print(f"packages: {text}", file=sys.stderr, flush=True)


def missing() -> list[Need]:
    return [need for need in NEEDS if not any(any(Path("/").glob(proof[1:])) for proof in need.proofs)]


def authority() -> list[str] | None:
    """What to write before a command that needs root: nothing, sudo, or None where there is no way."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def install(needs: list[Need], before: list[str]) -> bool:
    names = [need.package for need in needs]
    say(f"installing from Debian what the tests need: {' '.join(names)}")
    environment = [*before, "env", "DEBIAN_FRONTEND=noninteractive"]
    quietly = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    # Lists that cannot be renewed may still do: the next command tells.
    subprocess.run([*environment, "apt-get", "-qq", "update"], check=False, **quietly)
    done = subprocess.run(
        [*environment, "apt-get", "-qq", "install", "--yes", "--no-install-recommends", *names], check=False, **quietly
    )
    return done.returncode == 0


def main() -> int:
    needs = missing()
    if not needs or os.environ.get("SKIP_DEBIAN") == "1":
        return 0
    before = authority()
    if before is not None and shutil.which("apt-get"):
        if not install(needs, before):
            say("apt-get could not install them; mend that, or `make test SKIP_DEBIAN=1` runs without")
            return 3
        needs = missing()
    if needs:
        why = (
            "this is no Debian"
            if not shutil.which("apt-get")
            else "you are not root, and there is no sudo without a password"
        )
        say(f"not installed, since {why}; so these are skipped:")
        for need in needs:
            say(f"  without {need.package}: {need.serves}")
        say(f"to have them all: apt-get install --no-install-recommends {' '.join(need.package for need in needs)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
