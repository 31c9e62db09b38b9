# SPDX-License-Identifier: Apache-2.0
"""The list as one page in Chinese and English, to be printed twice and signed. What counts is the list itself."""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from pathlib import Path
from string import Template

from wardkeep.package.law import Side
from wardkeep.package.layout import step_name
from wardkeep.package.listing import RECORD
from wardkeep.package.part import Form, Part, Person
from wardkeep.package.step import Kind, Sealing, Step

LARGEST_PAGE = 16 << 20
TITLES = {
    Kind.LIST: ("病历封存清单", "List of sealed records"),
    Kind.SUPPLEMENT: ("病历补充封存清单", "Supplementary list of sealed records"),
}
SIDES = {
    Side.INSTITUTION: "医疗机构 institution",
    Side.FAMILY: "患者或近亲属 patient or kin",
    Side.NOTARY: "公证机构 notary",
}
FORMS = {Form.ORIGINAL: "原件<small>original</small>", Form.COPY: "复制件<small>copy</small>"}


@cache
def _template() -> Template:
    return Template(Path(__file__).with_name("list.html").read_text(encoding="utf-8"))


def page_of(step: Step, body: Sealing) -> bytes:
    """The page of a list: the same bytes for the same step."""
    digest = hashlib.sha256(step.encode()).hexdigest()
    zh, en = TITLES[step.kind]
    follow = sum(part.follows for part in body.parts)
    said = {
        "title_zh": zh, "title_en": en, "hospital": escape(body.hospital), "patient": escape(body.patient),
        "patient_name": escape(body.patient_name), "package": str(step.package), "number": str(step.number),
        "at": step.at.isoformat(sep=" ", timespec="seconds"), "place": escape(body.place),
        "reason": escape(body.reason), "present": "<br>".join(_person(one) for one in body.present),
        "rows": "\n".join(_row(n, part) for n, part in enumerate(body.parts, 1)), "count": str(len(body.parts)),
        "sealed": str(len(body.parts) - follow), "follow": str(follow), "file": step_name(step.number),
        "digest": " ".join(digest[i : i + 8] for i in range(0, 64, 8)),
    }  # fmt: skip
    return _template().substitute(said).encode()


def _person(one: Person) -> str:
    role = f"（{escape(one.role)}）" if one.role else ""
    return f"{SIDES[one.side]}：{escape(one.name)}{role}"


def _kind(kind: str) -> str:
    return "病历<small>record</small>" if kind == RECORD else escape(kind)


def _row(number: int, part: Part) -> str:
    pages = "—" if part.pages is None else str(part.pages)
    if part.sha256 is None:
        content = "待完成后补充封存<small>to follow</small>"
    else:
        kept = "" if part.file else "<small>仅存摘要，内容不在包内 · hash only, kept elsewhere</small>"
        content = f"{part.size:,}<br><code>{part.sha256}</code>{kept}"
    cells = (f'<td class="n">{number}</td>', f"<td>{escape(part.name)}</td>", f'<td class="k">{_kind(part.kind)}</td>',
             f"<td>{FORMS[part.form]}</td>", f'<td class="n">{pages}</td>', f"<td>{content}</td>")  # fmt: skip
    return f"<tr>{''.join(cells)}</tr>"
