# SPDX-License-Identifier: Apache-2.0
"""What each live detection is: its definition, what it needs, what it is held against, whom it serves. Pure data."""

from __future__ import annotations

from dataclasses import dataclass

from wardkeep.watch.live.alert import LiveDetection as L


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveDescribed:
    """One live detection."""

    code: L
    #: In one sentence; the reference page says the same.
    definition: str
    #: Limits that it is held against.
    limits: tuple[str, ...]
    #: What must be known of the hospital: tables, settings, or what is learned.
    needs: tuple[str, ...]
    #: Names of `detect.described.Scene` and `Threat`.
    scenes: tuple[str, ...]
    threats: tuple[str, ...]


def _one(code: L, definition: str, limits: str, needs: str, scenes: str, threats: str) -> LiveDescribed:
    return LiveDescribed(
        code=code, definition=definition, limits=tuple(limits.split()), needs=tuple(needs.split()),
        scenes=tuple(scenes.split()), threats=tuple(threats.split()),
    )  # fmt: skip


_READ = "G_ONLINE G_ALLIANCE S_DOCTOR"
_MASS = "G_ONLINE G_CENTRE G_INSURANCE S_DOCTOR S_SECONDARY S_INSURANCE"
_DEVICE = "G_DEVICE G_CENTRE S_DEVICE"

LIVE: dict[L, LiveDescribed] = {
    d.code: d
    for d in (
        _one(L.HONEY, "an event of any outcome names a decoy patient, and its account is no service account", "",
             "patients", f"{_READ} G_CENTRE", "UNAUTHORISED ABNORMAL"),
        _one(L.SELF_ACCESS, "the holder of an account opened the record under his own patient number, or under one that was "
             "merged with it", "",
             "accounts staff", "G_ONLINE S_DOCTOR S_PATIENT", "UNAUTHORISED"),
        _one(L.BATCH, "an account that is no service account opened so many different patients within batch_minutes",
             "batch_patients batch_minutes batch_peer_factor", "", _MASS, "BATCH ABNORMAL"),
        _one(L.LEAVER, "an account was used after its enabling or its holder's employment ended, or before they began", "",
             "accounts", _READ, "LOGIN UNAUTHORISED"),
        _one(L.SHARED, "one person's account was used in one system at a workstation, at another, and at the first again "
             "within overlap_minutes", "overlap_minutes", "accounts", _READ, "LOGIN IMPERSONATED"),
        _one(L.TRAVEL, "one person's account was used at two sites within travel_minutes", "travel_minutes", "accounts",
             _READ, "LOGIN IMPERSONATED"),
        _one(L.BRUTE_FORCE, "failed_logins sign-ins of one account failed within failed_minutes",
             "failed_logins failed_minutes", "", _READ, "LOGIN"),
        _one(L.SPRAYING, "sign-ins of spray_accounts different accounts failed from one address within spray_minutes",
             "spray_accounts spray_minutes", "", _READ, "LOGIN"),
        _one(L.NEW_PLACE, "a privileged account was used from a workstation or address from which it was not used before",
             "", "privileged", _DEVICE, "LOGIN ABNORMAL"),
        _one(L.MAINTENANCE, "a vendor's account was used while none of its tickets was open, clock_minutes added on both sides",
             "clock_minutes", "accounts staff", _DEVICE, "MAINTENANCE LINK UNAUTHORISED"),
        _one(L.PLAINTEXT, "an event says that it went by a protocol or port of the list of unencrypted ones", "",
             "plain_protocols", "G_ALLIANCE G_RESEARCH G_INSURANCE G_CENTRE S_SECONDARY S_INSURANCE", "PLAINTEXT LINK"),
        _one(L.REMOTE_TOOL, "an event names a program of the list of unapproved remote-control tools", "", "remote_tools",
             _DEVICE, "LINK MAINTENANCE"),
    )
}  # fmt: skip
