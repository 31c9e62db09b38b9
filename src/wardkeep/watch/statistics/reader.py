# SPDX-License-Identifier: Apache-2.0
"""`Reader`: the verdict on a statement, worked out once for each shape. Pure; holds caches of bounded size.

Whoever has a text asks `verdict`. What it comes to depends on the shape alone, so that a million calls of one statement cost
a million look-ups and one parse.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

from wardkeep.watch.intake.database.coded import code
from wardkeep.watch.intake.database.undress import LONGEST, cut
from wardkeep.watch.statistics.commands import TOOL, copied
from wardkeep.watch.statistics.facts import Facts, judged, united
from wardkeep.watch.statistics.names import column_concepts, is_harmless, table_kind, told
from wardkeep.watch.statistics.normalise import COMMAND, shape, slim
from wardkeep.watch.statistics.parsing import parsed, takes_out
from wardkeep.watch.statistics.pieces import calls, statements
from wardkeep.watch.statistics.reading import Reading
from wardkeep.watch.statistics.schema import EMPTY, Schema, plain
from wardkeep.watch.statistics.verdict import GOODS, ORDINARY, Answer, Concept, How, Verdict, worst
from wardkeep.watch.statistics.words import from_m, from_menu, from_words, is_m

#: Texts and shapes that are remembered.
TEXTS, SHAPES = 65_536, 32_768
#: What the run names in place of a procedure.
TOO_LONG = f"a text of more than {LONGEST} characters"
#: Procedures that call procedures, strings that run strings, views on views: more are not followed.
_DEEPEST = 6
_SQL = re.compile(
    r"\b(?:select|insert|update|delete|merge|create|alter|drop|truncate|exec|execute|call|begin|declare|copy|grant|backup|restore|"
    r"with|table|set|prepare|vacuum|analyze|explain|show|use|commit|rollback)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[^\W\d][\w$#]*")
_RUNS = re.compile(
    r"\b(?:exec|execute|call|begin|dump|expdp|impdp|restore)|dump|\^|##class|\bdo\b|\bbcp\b|template", re.IGNORECASE
)
_FUNCTION_TABLE = re.compile(r"\b(?:from|join|apply|,)\s*(?:table\s*\(\s*)?[\w.\[\]\"$#]+\s*\(", re.IGNORECASE)


class Reader:
    """Judges texts against one imported schema. Not to be shared between threads."""

    def __init__(self, schema: Schema = EMPTY) -> None:
        self.schema = schema
        self._texts: dict[str, tuple[str, Verdict]] = {}
        self._shapes: dict[str, Verdict] = {}
        self._views: dict[str, Facts | None] = {}
        self._words: dict[str, bool] = {}
        self._depth = 0
        self.parses = 0

    def verdict(self, text: str | None) -> Verdict:
        """What a text asks for."""
        return self.told(text)[1]

    def told(self, text: str | None) -> tuple[str, Verdict]:
        """The shape of a text, and what it asks for."""
        if not text:
            return "", ORDINARY
        known = self._texts.get(text)
        if known is not None:
            return known
        short, was_cut = cut(text if len(text) <= LONGEST else slim(text))
        shaped = shape(short)
        verdict = self._known(shaped, whole=not was_cut)
        if "\\'" in short:
            # One database ends the string here and another goes on: judged both ways, so that neither hides anything.
            verdict = worst([verdict, self._known(shape(short, escapes=True), whole=not was_cut)])
        if was_cut and verdict.answer is Answer.ORDINARY:
            verdict = self._of_words(slim(text))
        if len(self._texts) >= TEXTS:
            _forget(self._texts)
        if len(text) <= 4096:
            self._texts[text] = shaped, verdict
        return shaped, verdict

    def _known(self, shaped: str, *, whole: bool) -> Verdict:
        verdict = self._shapes.get(shaped)
        if verdict is None:
            verdict = self._judged(shaped, whole=whole)
            if len(self._shapes) >= SHAPES:
                _forget(self._shapes)
            self._shapes[shaped] = verdict
        return verdict

    def _judged(self, shaped: str, *, whole: bool) -> Verdict:
        if not self._may_matter(shaped):
            return ORDINARY
        found = self._text(shaped)
        return found if whole else replace(found, certain=False)

    def _of_words(self, text: str) -> Verdict:
        """The verdict on a text of which a part was not read: from its words, and never clean where they speak of goods."""
        if not self._may_matter(text):
            return ORDINARY
        found = from_words(text, self.schema)
        return found if found is not ORDINARY else Verdict(answer=Answer.UNKNOWN, unknown=(TOO_LONG,), certain=False)

    def _may_matter(self, shaped: str) -> bool:
        """Whether a word of the text speaks of goods, or something runs. No other text can be a statistic."""
        if _RUNS.search(shaped) or TOOL.search(shaped) or _FUNCTION_TABLE.search(shaped):
            return True
        words = self._words
        for word in _NAME.findall(shaped):
            said = words.get(word)
            if said is None:
                if len(words) >= SHAPES:
                    words.clear()
                said = words[word] = self._speaks(word)
            if said:
                return True
        return False

    def _speaks(self, word: str) -> bool:
        schema, key = self.schema, plain(word)
        if any(key in among for among in (schema.views, schema.synonyms, schema.procedures, schema.labels)):
            return True
        table = schema.tables.get(key)
        kind = table.kind if table else table_kind(word)
        goods = column_concepts(word) & (GOODS | {Concept.ITEM})
        return bool(goods or kind.goods or kind.charges or told(word) & {*GOODS, "prescriptions"})

    def _text(self, text: str) -> Verdict:
        """The verdict on one text with everything in it."""
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                return ORDINARY
            if is_m(text) and "&sql" not in text.lower():
                return worst([from_m(text), *self._called(text), *self._inside(text)])
            command = copied(text, self.schema)
            # What is a command is no SQL; a word of SQL that looks like one hides nothing of the rest.
            if command is not None and (command is not ORDINARY or COMMAND.match(text)):
                return command
            inside = self._inside(text)
            if not _SQL.search(text) and not inside:
                return worst([from_menu(text), *self._called(text)])
            queries = [self._query(one) for one in statements(text)]
            found = worst([*queries, *inside, *self._called(text)])
            if found is ORDINARY and not queries and not re.match(r"\s*\w+\s*\(", text):
                return _menu_beside(text)
            return found
        finally:
            self._depth -= 1

    def _inside(self, text: str) -> list[Verdict]:
        """Verdicts on strings that are run."""
        out = []
        takes = re.search(r"queryout|(?<!\S)-o(?!\S)|\bto\s+'|>\s*\S", text, re.IGNORECASE)
        for one in code(text):
            verdict = self._text(shape(one))
            out.append(replace(verdict, how=How.COPY) if takes and verdict.how is How.LINES else verdict)
        return out

    def _query(self, text: str) -> Verdict:
        tree = parsed(text)
        self.parses += 1
        try:
            reading = Reading(self.schema, self._behind)
            found = worst(judged(facts) for facts in reading.statement(tree)) if tree is not None else None
        except RecursionError:
            # Thousands of conditions in one another: told from its words instead, never called clean for it.
            found = None
        if found is None:
            found = from_words(text, self.schema)
        if takes_out(text) and found.how is How.LINES:
            return replace(found, how=How.COPY)
        return found

    def _called(self, text: str) -> list[Verdict]:
        """Verdicts on the procedures that a text calls."""
        out = []
        for name in calls(text):
            key = self.schema.find(name, self.schema.procedures)
            if is_harmless(name) or self.schema.find(name, dict.fromkeys(self.schema.trusted)):
                continue
            menu = from_menu(name.replace(".", " ").replace("_", " ") + " " + name)
            if key is not None:
                out.append(self._text(shape(_body(self.schema.procedures[key]))))
            elif menu is not ORDINARY:
                out.append(menu)
            else:
                out.append(Verdict(answer=Answer.UNKNOWN, unknown=(name,)))
        return out

    def _behind(self, name: str, function: bool) -> Facts | None:
        """The facts behind a view or a table function, None where no schema has it."""
        among = self.schema.procedures if function else self.schema.views
        key = self.schema.find(name, among)
        if key is None:
            return None
        if key not in self._views:
            # While it is read it stands for nothing: a view that reads itself ends here.
            self._views[key] = Facts(closed=False)
            self._views[key] = self._facts(_body(among[key]))
        return self._views[key]

    def _facts(self, text: str) -> Facts:
        found: list[Facts] = []
        for one in statements(shape(text)):
            tree = parsed(one)
            # A definition too deep to be followed stands for nothing that is known.
            with contextlib.suppress(RecursionError):
                found += Reading(self.schema, self._behind).statement(tree) if tree is not None else []
        kept = [replace(facts, copies=False) for facts in found]
        return united(kept[:1]) if kept else Facts(closed=False)


def _menu_beside(text: str) -> Verdict:
    """A menu line in which a word of SQL occurs by chance."""
    return (
        from_menu(text)
        if not re.search(r"\b(?:from|into|set|table|update|delete)\b", text, re.IGNORECASE)
        else ORDINARY
    )


def _body(text: str) -> str:
    """The definition of a view, function or procedure without its heading."""
    return re.sub(
        r"\A\s*create\s+(?:or\s+(?:replace|alter)\s+)?(?:\w+\s+){0,3}?(?:view|procedure|proc|function)\b.*?\b(?:as|is)\b",
        " ", text, count=1, flags=re.IGNORECASE | re.DOTALL,
    ) if re.match(r"\s*create\b", text, re.IGNORECASE) else text  # fmt: skip


def _forget(cache: dict[str, object] | dict[str, Verdict] | dict[str, tuple[str, Verdict]]) -> None:
    """The older half of a cache."""
    for key in list(cache)[: len(cache) // 2]:
        del cache[key]
