# SPDX-License-Identifier: Apache-2.0
"""What firewalls, operating systems and antivirus write of protocols, ports and programs, and what only looks like it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.unit.live.heard import event, said
from wardkeep.alerts import Live as Settings
from wardkeep.watch.live.programs import listed, program_of

TOOLS = frozenset(map(program_of, Settings().remote_tools))


@pytest.mark.parametrize("extra", [
    {"protocol": "HTTP/1.1"}, {"protocol": "HTTP/1.1", "port": 80}, {"protocol": "ftp-data"}, {"service": "FTP-CONTROL"},
    {"protocol": "TCP/IP", "port": "21"}, {"protocol": "ipv4", "port": 21}, {"protocol": "unknown", "port": 23},
    {"service": "EMR", "port": "80"}, {"port": "21/tcp"}, {"port": "TCP/21"}, {"service": "tcp/21"}, {"dport": "21"},
    {"proto": "6", "dstport": "23"}, {"protocol": "tcp", "service": "telnet"}, {"protocol": "http", "port": 8080},
])  # fmt: skip
def test_a_protocol_or_port_is_known_however_it_is_written(extra: dict[str, Any]) -> None:
    assert said([event(0, "nurse2", extra=extra)]) == ["plaintext_transfer"]


@pytest.mark.parametrize("extra, resource", [
    ({"protocol": "HTTP/1.1", "port": 443}, None),                # what came by https is the same to a server
    ({"protocol": "HTTP/1.1", "port": "443/tcp"}, None),
    ({"protocol": "HTTP/1.1"}, "https://emr.hospital.local/"),
    ({"protocol": "HTTP/2", "transport": "TLSv1.3"}, None),
    ({"protocol": "HTTP/1.1", "service": "https"}, None),
    ({"protocol": "ssl/http", "port": 443}, None),
    ({"protocol": "ftp over tls", "port": 21}, None),
    ({"protocol": "https", "port": "80/tcp"}, None),
    ({"service": "syslog", "protocol": "udp", "port": 514}, None),
    ({"protocol": "17", "service": "dns", "port": 53}, None),
    ({"service": "EMR", "port": 8021}, None),
    ({"service": "tcp/2121"}, None),
    ({"service": "21"}, None),                                     # a number alone may be that of a protocol
    ({"port": True}, None),
])  # fmt: skip
def test_what_only_looks_like_an_unencrypted_one_is_none(extra: dict[str, Any], resource: str | None) -> None:
    assert said([event(0, "nurse2", extra=extra, resource=resource)]) == []


@pytest.mark.parametrize("written", [
    "C:\\x\\AnyDesk (1).exe", "anydesk-8.0.9.exe", "ToDesk_4.7.2.exe", "SunloginClient_15.2_x64.exe",
    "TeamViewer_Setup_x64.exe", "TeamViewerQS.exe", "ScreenConnect.WindowsClient.exe", "向日葵远程控制.exe",
    "rustdesk-1.2.3-x86_64.exe", "AnyDesk - 副本.exe",
    '"C:\\Program Files\\TeamViewer\\TeamViewer.exe" --x', "C:\\Program Files\\TeamViewer\\TeamViewer.exe --x",
    "anydesk --get-id", "UltraVNC/winvnc.exe", "/usr/bin/anydesk", "RustDesk",
])  # fmt: skip
def test_a_tool_is_known_by_its_name_as_its_makers_and_browsers_write_it(written: str) -> None:
    assert listed(written, TOOLS)


@pytest.mark.parametrize("written", [
    "cmd /c start anydesk.exe", 'cmd.exe /c start "" "C:\\x\\AnyDesk.exe"', "cd c:\\x && anydesk.exe",
    "msiexec /i AnyDesk.msi /qn",
    'powershell -w hidden -c "Start-Process anydesk"', "powershell.exe -Command Start-Process -FilePath C:\\x\\AnyDesk.exe",
    'C:\\Windows\\System32\\cmd.exe /c "C:\\x\\AnyDesk.exe"', "sudo -u root anydesk", 'runas /user:admin "anydesk.exe --x"',
    "psexec \\\\host -u a -p b anydesk.exe",
])  # fmt: skip
def test_a_tool_that_a_command_line_starts_is_known(written: str) -> None:
    assert listed(written, TOOLS, command=True)
    assert said([event(0, "nurse2", extra={"command_line": written})]) == ["remote_tool"]


@pytest.mark.parametrize("written", [
    "taskkill /im anydesk.exe /f", "cmd /c taskkill /im anydesk.exe", "cmd /c del anydesk.exe", "del C:\\x\\AnyDesk.exe",
    "findstr anydesk log.txt", "notepad.exe C:\\x\\anydesk.txt", "C:\\tools\\sdelete C:\\x\\AnyDesk.exe", "sc stop teamviewer",
    "scan.exe C:\\Users\\x\\AnyDesk.exe", "grep -r anydesk /var/log", "net stop teamviewer && echo done",
    '"C:\\av\\scan.exe" "C:\\x\\AnyDesk.exe"', 'powershell -c "Stop-Process -Name anydesk"',
])  # fmt: skip
def test_a_command_that_looks_for_a_tool_or_removes_it_is_none(written: str) -> None:
    assert listed(written, TOOLS, command=True) == ""
    assert said([event(0, "nurse2", extra={"command_line": written})]) == []


@pytest.mark.parametrize("written", [
    "AnyDeskViewerOfOurs", "anydesk.exe.bak", "C:\\docs\\AnyDesk.txt", "AnyDesk removal tool", "AnyDesk Removal.exe",
    "anydesk.com",
    "anydeskblocker.exe", "C:\\AnyDesk\\uninstall.exe", "todesk_report_2026.xlsx", "select 'anydesk' from x",
])  # fmt: skip
def test_a_name_that_only_holds_a_tools_name_is_none(written: str) -> None:
    assert listed(written, TOOLS) == ""


@pytest.mark.parametrize("piece", ["- ", "-", '"', "'", "& ", " /c", "(1)", "cmd /c ", "a=", "anydesk"])
def test_a_text_that_never_ends_costs_no_more_than_its_length(piece: str) -> None:
    began = time.process_time()
    listed("anydesk" + piece * 200_000, TOOLS, command=True)
    listed(piece * 200_000 + "anydesk", TOOLS, command=True)
    assert time.process_time() - began < 2
