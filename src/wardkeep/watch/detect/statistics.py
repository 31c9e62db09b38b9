# SPDX-License-Identifier: Apache-2.0
"""Statistics of medicines by prescriber (统方), told from the text of a query: a careful list of words, no parser. Pure.

A text counts where it names medicines or consumables, names prescribers (or, weaker, departments), and either adds up in
groups, or takes the single lines of prescriptions without being narrowed to one prescription or patient, or calls a report
by such a name. Comments, case, full-width letters and spacing make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    #: Sums or counts in groups.
    SUMS = "sums"
    #: The lines themselves, to be added up elsewhere.
    LINES = "lines"
    #: A report or menu function by that name.
    REPORT = "report"


class By(StrEnum):
    PRESCRIBER = "prescriber"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class Verdict:
    how: How
    by: By


#: Words are parts of identifiers (split at `_`, digits and case), or Chinese words anywhere in the text. Pinyin initials as
#: HIS tables use them: yp 药品, cf 处方, hc 耗材, ys 医生, ks 科室.
_DRUG = re.compile(
    r"drugs?|rx|medicines?|medication|meds?|pharm\w*|presc\w*|ypmc|ypdm|ypbm|yp|yaopin|cf|cfmx|chufang|hc|hcmc|haocai|"
    r"consumables?|atc"
)
_DRUG_ZH = re.compile(r"药|耗材|处方")
_WHO = re.compile(r"doctors?|docs?|dr|physicians?|prescribers?|ysxm|ysdm|ysgh|ys|yisheng|kdys|kfys")
_WHO_ZH = re.compile(r"医生|医师|开单人|开方人|开嘱")
_DEPARTMENT = re.compile(r"dept|departments?|wards?|ks|ksmc|ksdm|keshi|bq|bqdm")
_DEPARTMENT_ZH = re.compile(r"科室|病区")
_SUMS = re.compile(r"\b(?:sum|count|avg|total)\s*\(|合计|汇总|用量|统计")
_GROUPS = re.compile(r"\bgroup\s+by\b|\bpartition\s+by\b|\brollup\b|\bcube\b|\bpivot\b|排名|排行|按")
_READS = re.compile(r"\bselect\b|\$o(?:rder)?\(")
_ONE = re.compile(
    r"\b(?:\w+\.)?(?:rx_?no|presc\w*_?(?:no|id)|cf_?(?:no|id|hm)|patient_?(?:no|id)|visit_?(?:no|id)|mrn|inp_?no|处方号|病历号)\s*="
)
_REPORT = re.compile(r"\b(?:exec|execute|call|report|rpt|menu|begin)\b|报表|菜单|统计|排名|排行|汇总|用量")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LINE_COMMENT = re.compile(r"(?:--|//|#)[^\n]*")
_STRING = re.compile(r"'(?:[^']|'')*'")
_WORD = re.compile(r"[a-z]+")


def verdict(text: str | None) -> Verdict | None:
    """What kind of statistics a text asks for, None where it asks for none."""
    if not text:
        return None
    plain = _COMMENT.sub(" ", unicodedata.normalize("NFKC", _split_case(text)).lower())
    code = _STRING.sub(" '' ", _LINE_COMMENT.sub(" ", plain))
    reads = bool(_READS.search(code))
    named = code if reads else plain
    words = set(_WORD.findall(named))
    by = _by(named, words)
    if by is None or not (_has(_DRUG, words) or _DRUG_ZH.search(named)):
        return None
    how = _how(code, by) if reads else (How.REPORT if _REPORT.search(named.replace("_", " ")) else None)
    return Verdict(how, by) if how else None


def _by(named: str, words: set[str]) -> By | None:
    if _has(_WHO, words) or _WHO_ZH.search(named):
        return By.PRESCRIBER
    return By.DEPARTMENT if _has(_DEPARTMENT, words) or _DEPARTMENT_ZH.search(named) else None


def _how(code: str, by: By) -> How | None:
    sums = bool(_SUMS.search(code))
    if sums and _GROUPS.search(code):
        return How.SUMS
    return How.LINES if by is By.PRESCRIBER and not sums and not _ONE.search(code) else None


def _has(pattern: re.Pattern[str], words: set[str]) -> bool:
    return any(pattern.fullmatch(word) for word in words)


def _split_case(text: str) -> str:
    """`DoctorCode` as `Doctor Code`, so that its parts are words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
