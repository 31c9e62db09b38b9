# SPDX-License-Identifier: Apache-2.0
"""`wardkeep init`: makes a home."""

from __future__ import annotations

from pathlib import Path

import click

from wardkeep.cli.frame import Frame, empty_folder, speak, standard
from wardkeep.home import now
from wardkeep.settings import Database, Hospital, Keys, Settings, SettingsError, check


@click.command("init")
@click.option("--timezone", default=None, help="The hospital's IANA zone; default Asia/Shanghai.")
@click.option("--name", default=None, help="The hospital's name, as shown on pages.")
@click.option("--shares", type=click.Path(path_type=Path), help="Write the recovery shares to this folder.")
@click.option("--key-provider", default="file", show_default=True, help="Where the root key is: file or passphrase.")
@click.option("--database", default="sqlite", show_default=True, help="sqlite, or postgresql://user@host/name.")
@click.option(
    "--origin",
    default=None,
    help="The ledger's name for outsiders, HOST/PATH without a scheme, such as hospital.example/ledger; it can never change. "
    "Without it the name is made out of the new key.",
)
@standard
def command(
    frame: Frame,
    timezone: str | None,
    name: str | None,
    shares: Path | None,
    key_provider: str,
    database: str,
    origin: str | None,
) -> None:
    """Make a home with keys, ledger and database. Refuses a folder that is not empty."""
    from wardkeep.jobs.install import HomeExists, install  # noqa: PLC0415
    from wardkeep.ledger.origin import is_origin  # noqa: PLC0415

    if origin is not None and not is_origin(origin):
        raise click.UsageError(
            speak(
                "--origin: %r is no name of a ledger; write HOST/PATH without https://, such as hospital.example/ledger"
            )
            % origin
        )
    if frame.home.path.exists() and any(frame.home.path.iterdir()):
        raise HomeExists(frame.home.path)
    if timezone is None:
        timezone = "Asia/Shanghai"
        if frame.interactive:
            timezone = click.prompt(speak("The hospital's time zone"), default=timezone, err=True)
    settings = Settings(
        hospital=Hospital(
            name=name or Hospital().name, timezone=timezone, language="en" if frame.lang == "en" else "zh"
        ),
        database=Database(url=database),
        keys=Keys(provider=key_provider),
    )
    if faults := check(settings):
        raise SettingsError(faults)
    folder = empty_folder(shares, "--shares") if shares else None
    made = install(frame.home, settings, at=now(), origin=origin)
    if folder is not None:
        from wardkeep.jobs.recovering import keep_shares  # noqa: PLC0415

        keep_shares(made.recovery_shares, folder)
    result = {
        "home": str(frame.home.path),
        "timezone": timezone,
        "administrator": made.administrator,
        "link": made.link,
        "link_expires_at": made.link_expires_at,
        "vkey": made.vkey,
        **({"shares_folder": str(folder)} if folder else {"recovery_shares": list(made.recovery_shares)}),
    }
    if frame.json:
        frame.out(result)
        return
    frame.out(_text({**result, "link_expires_at": frame.clock(made.link_expires_at)}))


def _text(result: dict[str, object]) -> str:
    lines = [
        speak("A home was made in %(home)s (time zone %(timezone)s).") % result,
        "",
        speak("Recovery shares: any two open the keys if they are lost. They are shown only now; keep them apart."),
    ]
    shares = result.get("recovery_shares")
    lines += [f"  {share}" for share in shares] if isinstance(shares, list) else [f"  {result['shares_folder']}"]
    lines += [
        "",
        speak("The ledger's public key, for those who check from outside:"),
        f"  {result['vkey']}",
        "",
        speak("The first administrator (%(administrator)s) sets a password here, once, until %(link_expires_at)s:")
        % result,
        f"  {result['link']}",
        "",
        speak("Start with `wardkeep serve`."),
    ]
    return "\n".join(lines)
