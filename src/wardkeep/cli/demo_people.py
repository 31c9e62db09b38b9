# SPDX-License-Identifier: Apache-2.0
"""Who may enter the demo's console, and how: a fresh password at each start, and one-use codes as the second factor."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from wardkeep.cli.frame import Frame, speak
from wardkeep.home import now

#: name -> (role, full name in English, in Chinese). Invented.
PEOPLE = {
    "director": ("security_director", "Anna Berg", "王敏"),
    "reviewer": ("security_specialist", "Li Lei", "李雷"),
    "auditor": ("auditor", "Zhao Yun", "赵芸"),
}
#: Codes that are printed; the others of an account stay unseen.
CODES = 3
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aeiou"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One way in."""

    name: str
    role: str
    password: str
    #: Each opens the second step once; an authenticator app is not needed.
    codes: tuple[str, ...]


def enrol_all(frame: Frame) -> None:
    """Make the accounts, each with a second factor. Nobody can enter before `sign_in` gave a password."""
    from allauth.mfa.totp.internal.auth import generate_totp_secret  # noqa: PLC0415

    from wardkeep.govern.identity.actions import create_user  # noqa: PLC0415
    from wardkeep.web.signin.enrolling import enrol  # noqa: PLC0415

    language = frame.home.settings.hospital.language
    for name, (role, english, chinese) in PEOPLE.items():
        full_name = chinese if language == "zh" else english
        user = create_user(name, role=role, by="cli", at=now(), full_name=full_name, language=language)
        enrol(user, generate_totp_secret())


def sign_in(frame: Frame) -> list[Person]:
    """A new password and new codes for each; those of earlier starts stop working."""
    from wardkeep.govern.identity.actions import set_password  # noqa: PLC0415
    from wardkeep.govern.identity.models import User  # noqa: PLC0415
    from wardkeep.jobs.draining import drain_here  # noqa: PLC0415
    from wardkeep.web.signin.enrolling import codes_once, renew_codes  # noqa: PLC0415

    found = []
    for user in User.objects.filter(name__in=PEOPLE).order_by("pk"):
        password = _password()
        set_password(user, password, by="cli", at=now())
        renew_codes(user)
        codes = codes_once(user) or []
        found.append(Person(name=user.name, role=user.role, password=password, codes=tuple(codes[:CODES])))
    drain_here(frame.home, say=frame.say)
    return sorted(found, key=lambda person: list(PEOPLE).index(person.name))


def text(people: list[Person], address: str | None) -> str:
    """Address and sign-in for people."""
    lines = [speak("The console is at %s") % address] if address else []
    lines.append(speak("Sign in with a name, its password, and any one of its codes (each works once):"))
    lines += [f"  {p.name:10} {p.password}    {'  '.join(p.codes)}" for p in people]
    if address:
        lines.append(speak("Ctrl-C ends the demo; the same command takes it up again."))
    return "\n".join(lines)


def _password() -> str:
    """Eight syllables in four words: easy to type, 50 bits."""
    words = ["".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(2)) for _ in range(4)]
    return "-".join(words)
