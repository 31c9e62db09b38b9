# SPDX-License-Identifier: Apache-2.0
"""What the console asks. Each function fills one page's value from rows, the last run and the sealed store.

No function here writes, and none asks for permission: a view does both around it (`permission(actor, act, case)`, and
`actions.touch(...)` for whatever shows patients or staff). Lists leave out what the actor may not see.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wardkeep.watch.cases.models import Case
from wardkeep.watch.cases.pages import AccessPage, AccountPage, CaseList, CasePage, PatientPage, Precision, Today

#: Accesses that one page shows; it says how many there are in all.
EVENTS_SHOWN = 500


class NotFound(Exception):
    """There is no such case, access, patient or account."""

    exit_status = 2


def today(actor: Any, *, now: datetime) -> Today:
    """The first page for `actor` at `now`."""
    raise NotImplementedError


def case_list(
    actor: Any, *, state: str = "open", mine: bool = False, detection: str = "", page: int = 1, per: int = 50
) -> CaseList:
    """Cases in reading order. state: `open`, `decided`, `explained` or `all`; never those that still wait."""
    raise NotImplementedError


def find_case(key: str) -> Case:
    """The row, for `permission` and for actions. Raises NotFound."""
    raise NotImplementedError


def case_page(case: Case, actor: Any) -> CasePage:
    """A case whole."""
    raise NotImplementedError


def access_page(event_id: str) -> AccessPage:
    """One access and its reason. Raises NotFound."""
    raise NotImplementedError


def patient_page(
    patient_id: str, actor: Any, *, from_at: datetime | None = None, to_at: datetime | None = None
) -> PatientPage:
    """Who opened this record and why. Raises NotFound."""
    raise NotImplementedError


def account_page(
    account: str, actor: Any, *, from_at: datetime | None = None, to_at: datetime | None = None
) -> AccountPage:
    """What this account did, beside its peers. Raises NotFound."""
    raise NotImplementedError


def patient_names(patient_ids: list[str]) -> dict[str, str]:
    """Names from the patient table, for patients whose reveal was just sealed."""
    raise NotImplementedError


def staff_name(account: str) -> str | None:
    """The name of the person behind an account, None where the account is nobody's alone."""
    raise NotImplementedError


def source_row(table: str, source_id: str) -> dict[str, Any]:
    """One row of the hospital's tables, as stored. Raises NotFound."""
    raise NotImplementedError


def proof(entry: str) -> str:
    """The .tlog-proof text of an entry `2026:123`."""
    raise NotImplementedError


def precision() -> Precision:
    """Unbiased precision, from reviewed random cases alone."""
    raise NotImplementedError


def search(text: str, actor: Any) -> list[tuple[str, str]]:
    """Where a search box leads: [(`case`|`account`|`patient`|`access`, key), ...]; exact keys and numbers only."""
    raise NotImplementedError
