# SPDX-License-Identifier: Apache-2.0
"""The cells of one record to an event, as a mapping says. Everything that does not depend on the record is worked out once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from wardkeep.watch.event import Kind
from wardkeep.watch.intake.cases import Cases, read_by
from wardkeep.watch.intake.database.statement import arranges, does, graver
from wardkeep.watch.intake.headings import zone_of
from wardkeep.watch.intake.lasting import milliseconds, until
from wardkeep.watch.intake.mapping import ANY, JOINED, STATEMENT, VOCABULARIES, Mapping, Place, glob
from wardkeep.watch.intake.outcomes import REMEMBERED, SHORT, SUCCESS, Ending
from wardkeep.watch.intake.row import RESERVED, Row, reserved, to_json
from wardkeep.watch.intake.timeformat import parser
from wardkeep.watch.intake.times import BadTime, Zone

ACCESS, OTHER = str(Kind.ACCESS), str(Kind.OTHER)
#: What an event that is no access is called in the column `action`.
NO_ACTION = "query"
#: Names of systems that are remembered.
SYSTEMS = 1000
#: Targets that are text, in the order in which `make` takes them.
TEXTS = (
    "event_id", "account", "patient_id", "resource", "purpose", "system", "workstation", "ip", "site", "session_id", "query",
)  # fmt: skip
_INSIDE = re.compile(r".*[(（]([^()（）]*[^()（）\s])\s*[)）]", re.DOTALL)
_strip, _new = str.strip, tuple.__new__


class BadRow(ValueError):
    """Why a row is no event; never with a value of it."""


class RowMaker:
    """Cells to events, for one file."""

    def __init__(self, mapping: Mapping, names: Sequence[str] | None, width: int, form: str) -> None:
        """`names` are the header's, None without one. Raises ValueError where a column is missing."""
        self._form = form
        self._width = width
        self._given = names
        self._names = [name.strip() for name in names or ()]
        self._mapping = mapping
        places = {target: self._place(target) for target in mapping.columns}
        self._times = places["time"]
        self._when = parser(mapping.formats, self._zone(self._times))
        #: Where it says when the act ended, which tells how long it lasted.
        self._ends = [at for at in places.get("end_time", []) if at < width]
        self._until = parser(mapping.formats, self._zone(self._ends)) if self._ends else self._when
        #: The one column of the time, or -1 where it is made of several.
        self._time = self._times[0] if len(self._times) == 1 else -1
        #: What goes to `extra` under a name, and where it stands; what is not there is left out.
        self._named_extra = [
            (name, at, _inner if name in mapping.inside else str)
            for name, place in mapping.extra.items()
            if (at := self._at_place(place)) < width
        ]
        used = {i for found in places.values() for i in found} | {at for _, at, _ in self._named_extra}
        self._unknown = [(i, (self._names[i] if names else "") or str(i + 1)) for i in range(width) if i not in used]
        self._empty = frozenset(mapping.empty)
        self._several = mapping.lists.get("patient_id")
        self._ending, self._endings = self._told()
        self._words = {target: _words(mapping, target) for target in ("action", "breakglass")}
        self._folded = {target: _folded(mapping.values.get(target, words)) for target, words in self._words.items()}
        self._globs = {target: _globs(mapping, target) for target in mapping.values}
        self._closed = (
            (places.get("action", [width])[0], self._words["action"]),
            (places.get("outcome", [width])[0], self._ending.known),
            (places.get("breakglass", [width])[0], self._words["breakglass"]),
        )
        #: Beginnings of statements that no word of the mapping is for: most of what a log of statements holds.
        self._heads = frozenset(
            head
            for head in ("select", "insert", "update", "delete")
            if self._words["action"].get(ANY) == STATEMENT
            and not any(one.match(head) for one, _ in self._globs["action"])
        )
        #: Whether the action is told by a word of the statement itself, which is no more than its first.
        self._sql = places.get("action", [width])[0] == places.get("query", [width + 1])[0]
        #: The parts that make the name of an event; none where one column has it.
        self._parts = named if len(named := places.get("event_id", [])) > 1 else []
        #: Cells that a value map makes of others, behind the one that stands for what is absent.
        self._derived: list[tuple[int, Callable[[str], str]]] = []
        self._at = tuple(self._text(target, places.get(target, [width])[0]) for target in TEXTS)
        self._numbers = tuple(self._text(target, places.get(target, [width])[0]) for target in ("count", "duration_s"))
        #: Rows that are read otherwise are others' work.
        self._cases = Cases(mapping, self._at_place) if mapping.cases else None
        self._makers: dict[tuple[int, ...], RowMaker] = {}
        self._count = int(mapping.constants.get("count", 1))
        self._system = mapping.system or ""
        #: Names of systems that may be used.
        self._systems = set[str]()

    def _place(self, target: str) -> list[int]:
        found = []
        for place in self._mapping.places(target):
            at = self._at_place(place)
            if at == self._width and target not in self._mapping.optional:
                raise ValueError(f"column {place!r}, which is to become {target}, is not there")
            found.append(at)
        return found

    def _zone(self, columns: Sequence[int]) -> Zone | None:
        """That of these times: what the mapping says of their column, else what its name says, else that of the file."""
        if self._mapping.offset_required:
            return None
        zones = {column.casefold(): zone for column, zone in self._mapping.zones.items()}
        for at in columns:
            name = self._names[at] if at < len(self._names) else ""
            told = zones.get(name.casefold()) or zones.get(str(at + 1))
            if found := Zone(told) if told else zone_of(name):
                return found
        return Zone(self._mapping.zone) if self._mapping.zone else None

    def _told(self) -> tuple[Ending, list[tuple[int, Ending]]]:
        """What the column of outcomes says, and what others say of it that are there."""
        constant = self._mapping.constants.get("outcome")
        first = Ending(self._mapping.values.get("outcome", {}), SUCCESS if constant is None else str(constant))
        placed = [(self._at_place(told.column), told.values) for told in self._mapping.outcomes]
        return first, [(at, Ending(words, "")) for at, words in placed if at < self._width]

    def _at_place(self, place: Place) -> int:
        """Where a column stands; behind the last one where there is none."""
        i = (place - 1 if place <= self._width else -1) if isinstance(place, int) else self._named(place)
        return i if i >= 0 else self._width

    def _named(self, place: str) -> int:
        """The column of that name, or of the first of several (`A|B`); as written, else whatever its case. -1: none."""
        folded = [name.casefold() for name in self._names]
        for one in (place, *map(str.strip, place.split("|"))):
            if one in self._names:
                return self._names.index(one)
            if one.casefold() in folded:
                return folded.index(one.casefold())
        return -1

    def _text(self, target: str, at: int) -> int:
        """Where the text of a target stands when the derived cells are there."""
        words, constant = self._mapping.values.get(target, {}), self._mapping.constants.get(target)
        default = "" if constant is None else str(constant)
        take = _inner if target in self._mapping.inside else str
        if not words and not default and take is str:
            return at
        rest, globs, folded = words.get(ANY), _globs(self._mapping, target), _folded(words)

        def derive(cell: str) -> str:
            cell = take(cell)
            word = words.get(cell)
            if word is None:
                word = _fitting(globs, cell)
            if word is None:
                word = folded.get(cell.casefold(), cell if rest is None else rest)
            return word or default

        self._derived.append((at, derive))
        return self._width + len(self._derived)

    def make(self, cells: list[str], digest: bytes, position: str) -> Row:
        """The event of a record of the right number of cells. Raises BadRow."""
        cells = [*map(_strip, cells), ""]  # the last one is what an absent column holds
        if self._empty:
            cells = ["" if cell in self._empty else cell for cell in cells]
        if self._cases is not None and (fitting := self._cases.fitting(cells)):
            return self._maker(fitting).make(cells[: self._width], digest, position)
        if self._derived:
            cells += [derive(cells[i]) for i, derive in self._derived]
        try:
            moment, quality = self._when(
                cells[self._time] if self._time >= 0 else " ".join(cells[i] for i in self._times)
            )
        except BadTime as exc:
            raise BadRow(f"bad-time: {exc}") from None
        (i, actions), (j, outcomes), (k, glasses) = self._closed
        action = actions.get(cells[i]) or (
            STATEMENT if cells[i][:6].lower() in self._heads else self._word("action", cells[i])
        )
        if self._sql or action == STATEMENT:
            action = _said(action, cells[i], cells[self._at[-1]])
        outcome = (None if self._endings else outcomes.get(cells[j])) or self._ended(cells, j)
        glass = glasses.get(cells[k]) or self._word("breakglass", cells[k])
        event, account, patient, resource, purpose, system, station, ip, site, session, query = self._at
        if (named := cells[system] or self._system) not in self._systems:
            self._allow(named)
        at_count, at_seconds = self._numbers
        count, seconds = cells[at_count], cells[at_seconds]
        extra = None
        if self._unknown or self._named_extra:
            kept = {name: cells[i] for i, name in self._unknown if cells[i]}
            more: dict[str, object] = {name: take(cells[i]) for name, i, take in self._named_extra if cells[i]}
            extra = to_json(more | {"columns": kept} if kept else more)
        return _new(Row, (
            self._name(cells) if self._parts else cells[event] or None, moment, quality, cells[account] or None,
            self._patients(cells[patient]),
            NO_ACTION if action == OTHER else action, cells[resource] or None, _whole(count) if count else self._count,
            cells[purpose] or None, glass == "1", outcome, named, cells[station] or None,
            cells[ip] or None, cells[site] or None, cells[session] or None, cells[query] or None,
            self._lasted(cells, seconds, moment) if seconds or self._ends else None,
            OTHER if action == OTHER else ACCESS, self._form, position, digest,
            extra,
        ))  # fmt: skip

    def _allow(self, system: str) -> None:
        if reserved(system):
            raise BadRow(RESERVED)
        if len(self._systems) < SYSTEMS:
            self._systems.add(system)

    def _maker(self, fitting: tuple[int, ...]) -> RowMaker:
        """What reads the rows to which these cases fit."""
        maker = self._makers.get(fitting)
        if maker is None:
            mapping = read_by(self._mapping, fitting)
            maker = self._makers[fitting] = RowMaker(mapping, self._given, self._width, self._form)
        return maker

    def _name(self, cells: list[str]) -> str | None:
        """The name of an event that several columns make; None where one of them says nothing."""
        parts = [cells[at] for at in self._parts]
        return JOINED["event_id"].join(parts) if all(parts) else None

    def _lasted(self, cells: list[str], seconds: str, begin_us: int) -> int | None:
        """How long it lasted: until the end that is told, else the duration that is."""
        end = " ".join(filter(None, (cells[at] for at in self._ends)))
        if not end:
            return _milliseconds(seconds) if seconds else None
        try:
            lasted = until(end, self._until, begin_us)
        except BadTime as exc:
            raise BadRow(f"bad-time: end_time: {exc}") from None
        if lasted is None:
            raise BadRow("bad-time: end_time is before time")
        return lasted

    def _ended(self, cells: list[str], at: int) -> str:
        """How the act ended: the first that is no success, of all columns that tell it."""
        told = [self._ending.of(cells[at]), *(ending.of(cells[i]) for i, ending in self._endings)]
        refusal = next((one for one in told if one and one != SUCCESS), None)
        if refusal is None and None in told:
            raise BadRow("unmapped-outcome: a value that neither the vocabulary nor the mapping knows")
        return refusal or SUCCESS

    def _patients(self, cell: str) -> tuple[str, ...]:
        if not cell:
            return ()
        if not self._several:
            return (cell,)
        return tuple(dict.fromkeys(one for one in map(_strip, cell.split(self._several)) if one))

    def _word(self, target: str, cell: str) -> str:
        """A word of a closed vocabulary that is not written as the mapping or the vocabulary writes it."""
        known = self._words[target]
        word = None
        if cell:
            globs = self._globs.get(target, ())
            word = _fitting(globs, cell) or self._folded[target].get(cell.casefold())
            if word is not None and len(known) < REMEMBERED and len(cell) < SHORT:
                known[cell] = word
        word = word or known.get(ANY)
        if word and cell:
            return word
        if not cell:
            raise BadRow(f"no-{target}: the cell is empty")
        raise BadRow(f"unmapped-{target}: a value that neither the vocabulary nor values.{target} knows")


def _said(action: str, cell: str, statement: str) -> str:
    """The action of a row with a statement, where the mapping asks for it, or knows no more than its first word."""
    if action == STATEMENT:
        if not statement or statement == cell:
            return does(cell)
        # A word of SQL in the column of the operation counts too, a word of a language does not.
        return graver(does(statement), does(cell)) if cell.isascii() and cell else does(statement)
    if action == NO_ACTION or (action == OTHER and arranges(statement)):
        return graver(action, does(statement))
    return action


def _words(mapping: Mapping, target: str) -> dict[str, str]:
    """Every word of a closed vocabulary, and what it means."""
    known = {word: word for word in VOCABULARIES[target]} | {
        word: meant for word, meant in mapping.values.get(target, {}).items() if word == ANY or ANY not in word
    }
    constant = mapping.constants.get(target)
    if constant is not None:
        known.setdefault("", str(int(constant)) if isinstance(constant, bool) else str(constant))
    known.setdefault("", "0" if target == "breakglass" else known.get(ANY, ""))
    return known


def _folded(words: dict[str, str]) -> dict[str, str]:
    """The words of a map in small letters; of two that differ in case the first."""
    return {word.casefold(): meant for word, meant in reversed(words.items()) if ANY not in word}


def _fitting(globs: Sequence[tuple[re.Pattern[str], str]], cell: str) -> str | None:
    """What the first pattern that fits a cell says."""
    return next((word for glob, word in globs if glob.fullmatch(cell)), None)


def _globs(mapping: Mapping, target: str) -> list[tuple[re.Pattern[str], str]]:
    """The words of a value map that hold a `*`, the one that says most first."""
    found = [word for word in mapping.values.get(target, {}) if ANY in word and word != ANY]
    return [(glob(word), mapping.values[target][word]) for word in sorted(found, key=lambda word: (-len(word), word))]


def _inner(cell: str) -> str:
    """What stands in brackets at the end of a cell (`张三(li4)`); the cell where none do."""
    found = _INSIDE.fullmatch(cell)
    return found[1].strip() if found else cell


def _whole(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit()) or len(cell) > 18:
        raise BadRow("bad-number: count is no whole number")
    return int(cell)


def _milliseconds(cell: str) -> int:
    lasted = milliseconds(cell)
    if lasted is None:
        raise BadRow("bad-number: duration_s is no number of seconds, and no 1:02:03")
    return lasted
