# SPDX-License-Identifier: Apache-2.0
"""An Orthanc of our own for a test run, with its DICOMweb: from the Debian packages, on a free port, gone afterwards."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ports import free_port

USER, PASSWORD = "auditor", "geheim-7"
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


class NoOrthanc(Exception):
    """No Orthanc with DICOMweb is installed here: `apt-get install orthanc orthanc-dicomweb`."""


@dataclass(frozen=True)
class Archive:
    """A running server; only this machine reaches it."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/dicom-web"

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """Its own interface, behind the back of DICOMweb."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        account = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        try:
            connection.request(method, path, body, {"Authorization": f"Basic {account}"})
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, (method, path, answer.status, raw[:300])
        return json.loads(raw) if raw.strip() else None

    def store(self, *files: bytes) -> None:
        for data in files:
            assert self.ask("POST", "/instances", data)["Status"] == "Success"

    def remove(self, level: str, **named: str) -> None:
        """Delete what is found by its own names, such as StudyInstanceUID."""
        asked = json.dumps({"Level": level, "Query": named}).encode()
        found = self.ask("POST", "/tools/find", asked)
        assert len(found) == 1, found
        self.ask("DELETE", f"/{'studies' if level == 'Study' else 'instances'}/{found[0]}")

    def clear(self) -> None:
        for one in self.ask("GET", "/studies"):
            self.ask("DELETE", f"/studies/{one}")


@contextmanager
def an_archive() -> Iterator[Archive]:
    """Run a server without a study."""
    program = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    if not Path(program).exists() or not PLUGIN.exists():
        raise NoOrthanc(NoOrthanc.__doc__)
    folder = Path(tempfile.mkdtemp(prefix="wardkeep-pacs-"))
    try:
        port, name = free_port(), secrets.token_hex(8)
        settings = {
            "Name": name, "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
            "HttpPort": port, "RemoteAccessAllowed": False, "DicomServerEnabled": False,
            "AuthenticationEnabled": True, "RegisteredUsers": {USER: PASSWORD}, "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, "SyncStorageArea": False, "OverwriteInstances": False,
        }  # fmt: skip
        (folder / "orthanc.json").write_text(json.dumps(settings))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log, cwd=folder)
        try:
            archive = Archive(port, folder, process)
            _answers(archive, name)
            yield archive
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(archive: Archive, name: str) -> None:
    """Wait until it answers, and see that it is this one and not another on its port."""
    deadline = time.monotonic() + 120
    while True:
        try:
            found = archive.ask("GET", "/system")["Name"]
        except (OSError, http.client.HTTPException):
            if archive.process.poll() is not None or time.monotonic() > deadline:
                said = (archive.folder / "log").read_text("utf-8", "replace")[-2000:]
                raise AssertionError(f"Orthanc does not start: {said}") from None
            time.sleep(0.1)
            continue
        assert found == name, f"another server answers on port {archive.port}"
        return
