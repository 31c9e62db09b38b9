# SPDX-License-Identifier: Apache-2.0
"""The documentation is true of what is there: links, commands, options, make targets, settings, environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.unit.house.files import ROOT, files, name
from tools import reference
from wardkeep.cli import COMMANDS, group
from wardkeep.govern.identity.role import Role

PAGES = [path for path in files(".md") if "docs" in path.parts or path.parent == ROOT]
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
IMAGE = re.compile(r"<img[^>]+src=\"([^\"]+)\"")
CODE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LEAVES = dict(reference.leaves(group))


def page_id(path: Path) -> str:
    return name(path)


def anchors(text: str) -> set[str]:
    """The anchors that headings of a page get on the usual Git hosts."""
    without_code = CODE.sub("", text)
    heads = re.findall(r"^#{1,6}\s+(.+)$", without_code, flags=re.MULTILINE)
    plain = (re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", r"\1", head).strip().lower() for head in heads)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", head)) for head in plain}


def code(text: str) -> Iterator[str]:
    """Every line of code on a page: of blocks (joined where a backslash ends them) and in running text."""
    for _, block in CODE.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from SPAN.findall(CODE.sub("", text))


def calls(text: str) -> Iterator[list[str]]:
    """The words behind `wardkeep` wherever a page calls it."""
    for line in code(text):
        for call in re.findall(r"(?:^|[\s/&(])wardkeep ([a-z][^|;&#>)]*)", line):
            yield call.split()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_each_link_of_a_page_resolves(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    outside_code = CODE.sub("", text)
    broken = []
    for target in LINK.findall(outside_code) + IMAGE.findall(outside_code):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_each_command_that_a_page_calls_exists_with_its_options(page: Path) -> None:
    unknown = []
    for words in calls(page.read_text(encoding="utf-8")):
        if words[0] not in COMMANDS:
            unknown.append(words[0])
            continue
        command: click.Command = group.get_command(click.Context(group), words[0])  # type: ignore[assignment]
        rest = words[1:]
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            below = command.get_command(click.Context(command), rest[0])
            if below is None:
                unknown.append(f"{words[0]} {rest[0]}")
                break
            command, rest = below, rest[1:]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        for word in rest:
            if word.startswith("--") and word.strip("[]`'\",.").partition("=")[0] not in options:
                unknown.append(f"{words[0]} {word}")
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_each_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = {m for line in code(page.read_text(encoding="utf-8")) for m in re.findall(r"^(?:\$ )?make ([a-z]+)", line)}
    assert named - targets == set()


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_each_command_says_what_it_does(words: tuple[str, ...]) -> None:
    command = LEAVES[words]
    assert command.help and command.help.strip()
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    assert [option.opts[-1] for option in options if not option.help] == []


def test_the_generated_pages_are_what_the_code_says() -> None:
    assert [name(page) for page in reference.stale()] == []


def test_each_variable_of_the_environment_is_documented() -> None:
    read = {
        found
        for path in files(".py", under=("src",))
        for found in re.findall(r"[\"'](WARDKEEP_[A-Z_]+)[\"']", path.read_text(encoding="utf-8"))
    } - {"WARDKEEP_HOME_", "WARDKEEP_IDLE_SECONDS"}
    said = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert {variable for variable in read if variable not in said} == set()


def test_each_role_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "roles.md").read_text(encoding="utf-8")
    assert [role.value for role in Role if f"`{role.value}`" not in page] == []


def test_both_readmes_show_the_same_commands_and_pictures() -> None:
    ours = [(ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "README.zh.md")]
    blocks = [[block for kind, block in CODE.findall(text) if kind == "sh"] for text in ours]
    pictures = [[target for target in LINK.findall(text) if target.endswith(".png")] for text in ours]
    assert blocks[0] == blocks[1]
    assert len(pictures[0]) == len(pictures[1]) > 0
