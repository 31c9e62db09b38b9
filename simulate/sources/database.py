# SPDX-License-Identifier: Apache-2.0
"""The database audit: statements under the applications' accounts, with where they came from and not who was behind them."""

from __future__ import annotations

import numpy as np

from simulate.draw import Array, Bools, Ints, stable
from simulate.house import House
from simulate.openings import CREATE, DBA, EMR, HIS, LOGIN, LOGOUT, QUERY, SEARCH, UPDATE
from simulate.parameters import DAY, HOUR, Parameters
from simulate.seats import SEATS
from simulate.sources import bastion
from simulate.sources.bastion import Visit
from simulate.sources.identities import EMR_APP, HIS_APP, Identities
from simulate.sources.noise import BOUND, THREE_TIERS
from simulate.sources.statements import CHANGES, EDIT, FINDS, LISTS, READS, REPORTS, SIGN_IN, UPLOAD, WRITES
from simulate.sources.trace import Trace
from simulate.tables import ids, workplaces

HIS_SERVER, EMR_SERVER = "10.10.200.21", "10.10.200.31"
#: The HIS clients of a ward, of a counter and of the pharmacy, and the program that application servers run.
CLIENTS = {"clinical": "his_nurse.exe", "diagnostic": "his_med.exe", "support": "his_pharm.exe"}
COUNTER, SERVER, EDITOR = "his_fee.exe", "w3wp.exe", "emr.exe"
#: A list drawn anew follows so many of a person's acts.
REFRESHED = 0.25
DOCUMENT = 2  # of the EMR's resources


class Audit:
    """What every kind of statement needs: the lines, their true times, where each was done."""

    def __init__(
        self, trace: Trace, p: Parameters, h: House, i: Identities, lines: dict[str, Array], t: Ints, windows: Array,
        lease: Ints, rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self.trace, self.p, self.h, self.i, self.lines, self.t, self.rng = trace, p, h, i, lines, t, rng
        names, addresses = (np.array(x, dtype=object) for x in workplaces(h))
        where = np.where(
            lines["remote"], len(h.d_code) * SEATS + lease, lines["dept"] * SEATS + np.maximum(lines["station"], 0)
        )
        self.workstation, self.ip, self.windows = names[where], addresses[where], windows
        self.site = np.where(lines["remote"], "remote", np.array(h.d_site, dtype=object)[lines["dept"]])
        self.client = np.array([CLIENTS.get(kind, COUNTER) for kind in h.d_kind], dtype=object)[lines["dept"]]
        self.session = np.array([f"{300 + s % 900},{1000 + s}" for s in lines["session"].tolist()], dtype=object)
        self.user = np.array(h.a_name, dtype=object)
        depts = np.arange(len(h.d_code))
        # The counters and the pharmacy have clients of their own: a queue cannot wait for a browser.
        direct = np.r_[h.of("PHAR"), h.of("INFO"), h.of("REGI")]
        behind = (stable(depts, p.seed, 84) < THREE_TIERS) & ~np.isin(depts, direct)
        self.behind: Bools = behind[lines["dept"]]

    def add(self, rows: Ints, t: Ints, text: list[str], **more: object) -> None:
        """Statements that lines caused, from where these were done."""
        rows = np.asarray(rows)
        far = self.behind[rows]
        number = rows % 2
        said: dict[str, object] = {
            "system": "DBA", "account": HIS_APP, "how": "application", "action": "query", "resource": "HIS",
            "person": self.lines["actor"][rows], "case": self.lines["case"][rows], "session": self.session[rows],
            "workstation": np.where(far, np.array(["HISAPP01", "HISAPP02"], dtype=object)[number], self.workstation[rows]),
            "ip": np.where(far, np.array(["10.10.200.11", "10.10.200.12"], dtype=object)[number], self.ip[rows]),
            "program": np.where(far, SERVER, self.client[rows]), "os_user": np.where(far, "HISAPP$", self.windows[rows]),
            "site": np.where(far, "main", self.site[rows]), "server": HIS_SERVER, "patient": self.lines["patient"][rows],
        }  # fmt: skip
        self.trace.add(t=t, query=np.array(text, dtype=object), **{**said, **more})

    def fill(self, rows: Ints, pool: list[str]) -> list[str]:
        """The statements with patient, ward, user and invented codes of each line."""
        ev, h = self.lines, self.h
        patients = ids("P", ev["patient"][rows], 7).to_pylist()
        bound = (self.rng.random(len(rows)) < BOUND) & (ev["case"][rows] < 0)
        codes = self.rng.integers(1000, 9999, len(rows))
        return [
            text.format(
                p=":pat_id" if b or p is None else f"'{p}'", w=h.d_code[d], u=self.user[a], n=f"{r:09d}", c=f"D{c}",
                b=f"{c % 60 + 1:02d}", d="RECORD",
            )
            for text, p, b, d, a, r, c in zip(
                pool, patients, bound.tolist(), ev["dept"][rows].tolist(), ev["account"][rows].tolist(), rows.tolist(),
                codes.tolist(), strict=True,
            )
        ]  # fmt: skip

    def his(self) -> None:
        """What the HIS clients say when somebody signs in, looks for, opens or changes something."""
        ev = self.lines
        done = (ev["system"] == HIS) & (ev["actor"] >= 0) & ~np.isin(ev["action"], [LOGOUT, QUERY])
        rows = np.flatnonzero(done & (ev["outcome"] == 0))
        pick = self.rng.integers(0, 60, len(rows))
        pool = []
        for action, resource, u in zip(ev["action"][rows].tolist(), ev["resource"][rows].tolist(), pick, strict=True):
            if action == LOGIN:
                pool.append(SIGN_IN)
            elif action == SEARCH:
                pool.append(FINDS[u % len(FINDS)])
            elif action == CREATE:
                pool.append(WRITES[u % len(WRITES)])
            elif action == UPDATE:
                pool.append(CHANGES[u % len(CHANGES)])
            else:
                pool.append(READS[resource % len(READS)])
        write = np.select([ev["action"][rows] == CREATE, ev["action"][rows] == UPDATE], ["create", "update"], "query")
        self.add(rows, self.t[rows] + self.rng.integers(0, 2, len(rows)), self.fill(rows, pool), action=write,
                 count=np.maximum(ev["count"][rows], 1))  # fmt: skip
        again = rows[self.rng.random(len(rows)) < REFRESHED]
        lists = [LISTS[x] for x in self.rng.integers(0, len(LISTS), len(again)).tolist()]
        self.add(again, self.t[again] + self.rng.integers(4, 90, len(again)), self.fill(again, lists), patient=-1,
                 count=self.rng.integers(0, 60, len(again)))  # fmt: skip

    def emr(self) -> None:
        """Changes of documents: the one table of the EMR that the appliance watches."""
        ev = self.lines
        rows = np.flatnonzero(
            (ev["system"] == EMR) & (ev["action"] == UPDATE) & (ev["resource"] % 6 == DOCUMENT) & (ev["actor"] >= 0)
        )
        self.add(rows, self.t[rows] + 1, self.fill(rows, [EDIT] * len(rows)), action="update", account=EMR_APP, resource="EMR",
                 program=np.where(self.behind[rows], SERVER, EDITOR), server=EMR_SERVER)  # fmt: skip

    def reports(self, tickets: Ints) -> None:
        """The report menu of the pharmacy; `tickets`: of each line the ticket under which it was asked, or -1."""
        ev = self.lines
        rows = np.flatnonzero((ev["system"] == HIS) & (ev["action"] == QUERY))
        text = [_days(self.p, REPORTS[i % len(REPORTS)], int(t)) for i, t in enumerate(self.t[rows].tolist())]
        self.add(rows, self.t[rows] + 1, text, ticket=tickets[rows], count=self.rng.integers(200, 900, len(rows)))

    def own_accounts(self, texts: list[str], tickets: Ints, through: Bools, as_application: Bools) -> None:
        """People's own accounts on the database; some of those who steal use the application's instead.

        `through`: said in a session on the bastion, and written there.
        """
        ev = self.lines
        rows = np.flatnonzero((ev["system"] == DBA) & (ev["action"] == QUERY) & ~through)
        app = as_application[rows]
        own = np.where(ev["actor"][rows] >= 0, "own", "service")
        self.add(
            rows, self.t[rows], [texts[x] for x in ev["text"][rows].tolist()], ticket=tickets[rows],
            account=np.where(app, HIS_APP, self.user[ev["account"][rows]]), how=np.where(app, "application", own),
            workstation=self.workstation[rows], ip=self.ip[rows], os_user=self.windows[rows], site=self.site[rows],
            program="plsqldev.exe", count=ev["count"][rows],
        )  # fmt: skip

    def visits(self, visits: list[Visit]) -> None:
        """What was said in sessions on the bastion: the database sees the bastion's address."""
        for n, visit in enumerate(visits):
            if not visit.statements:
                continue
            after, text = zip(*visit.statements, strict=True)
            his = visit.asset == bastion.HIS_DATABASE
            self.trace.add(
                t=visit.start + np.array(after), query=np.array(text, dtype=object), system="DBA", account=visit.target,
                how="application", person=visit.person, case=visit.case, ticket=visit.ticket, action=_actions(text),
                session=f"{1200 + n % 300},{n + 100}", workstation=bastion.HOST, ip=bastion.ADDRESS, program=bastion.CLIENT,
                os_user="jumpserver", server=HIS_SERVER if his else EMR_SERVER, site="main", resource="HIS" if his else "EMR",
                count=self.rng.integers(1, 40, len(text)) if visit.case < 0 else self.rng.integers(300, 4000, len(text)),
            )  # fmt: skip

    def services(self) -> None:
        """Applications without anybody behind them."""
        day = np.arange(self.p.days)
        self.trace.add(
            t=day * DAY + int(23.2 * HOUR) + self.rng.integers(0, 90, len(day)), system="DBA", account=HIS_APP, how="service",
            action="query", query=UPLOAD, session=np.array([f"77,{900 + d}" for d in day.tolist()], dtype=object),
            workstation="MEDIUP01", ip="10.10.200.15", program="MediUpload.exe", os_user="SYSTEM", server=HIS_SERVER,
            site="main", resource="HIS", count=self.rng.integers(50, 400, len(day)),
        )  # fmt: skip


def _actions(texts: tuple[str, ...]) -> Array:
    """What the appliance's column says of a statement, in the common words."""
    verbs = {"update": "update", "insert": "create", "delete": "delete"}
    return np.array([verbs.get(text.split(maxsplit=1)[0].lower(), "query") for text in texts], dtype=object)


def _days(p: Parameters, text: str, t: int) -> str:
    """The month before."""
    today = p.first_day.toordinal() + t // DAY
    return text.format(a=p.first_day.fromordinal(today - 31), b=p.first_day.fromordinal(today - 1))
