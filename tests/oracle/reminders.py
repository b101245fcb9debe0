#!/usr/bin/env python3
"""Which reminders a journal owed, and which it sent: `reminders.py journal.jsonl`.

Reads the export of a journal (`jiantong journal export`) and holidays.txt beside this file, and nothing else: neither the product nor its
catalog. Counts every limit by walking the calendar a day at a time. Prints one JSON object; fails when owed and sent are not the same set.

What the law says, as it is written down here anew:
- a limit in working days does not count the day that starts it, nor days off (行政许可法 82); its last day is the n-th day that counts;
- five working days after receipt, silence is acceptance, as of the day of receipt (32(4)); a supplement begins them anew;
- a decision is due so many working days after acceptance, or after receipt where the matter's own law says so (42);
- the days of a hearing, a test, an expert review are no part of the limit (45), whole days, both ends; an extension adds to it, once (42(1));
- a hearing is held within twenty working days of being asked for (47(1)). While it is outstanding it is the limit that is watched.

What the province's rules of time limits say (the words of limits.toml): the light is yellow while the time left is at most a fifth of the
limit, or one working day; red from the first working day past due. Yellow reminds whoever handles the case and the head of division; red the
deputy director too. A clock that stands still reminds nobody. Whoever handles it holds an open task; a task that nobody holds is handled by
all who may take it. While another department's opinion is out, its head is reminded with the head of division. A decision's deadline that moved is another deadline, and is reminded of anew.

A reminder is owed when it is owed as a day ends: so long the node had for it. Days without any entry were quiet when all of them are days off;
else the node was off, or its clock jumped over them, and what became owed on them and is moot when it comes back it could tell nobody. No
reminder may be sent unless it is owed at that moment. An acceptance check that has ended in silence is over by law, whether or not an entry says
so yet.
"""

import json
import pathlib
import sys
from datetime import date, datetime, timedelta, timezone

DAY = timedelta(days=1)
BEIJING = timezone(timedelta(hours=8))

# Matter: what its decision counts from, the days that its law allows, the days that are promised. From the laws and the lists of matters
# (实施清单) as they stand in 2026; working days.
MATTERS = {
    "construction-permit": ("acceptance", 7, 3),        # 建筑法 8
    "completion-filing": ("receipt", 15, 1),            # 实施清单
    "drawing-review-filing": ("receipt", 5, 3),         # 审查管理办法 13; 实施清单
    "drainage-permit": ("acceptance", 15, 7),           # 城镇污水排入排水管网许可管理办法 6(1), since 2023
    "presale-permit": ("receipt", 10, 5),               # 城市房地产开发经营管理条例 24
    "gas-business-licence": ("acceptance", 20, 20),     # 行政许可法 42(1); nothing shorter is promised
    "road-excavation": ("acceptance", 45, 5),           # 行政许可法 42(2): the traffic police give their opinion in the same case
    "works-planning-permit": ("acceptance", 20, 7),     # 行政许可法 42(1)
}
ACCEPTANCE, HEARING = 5, 20
HEAD, DEPUTY, JOINT_HEAD = "division-head", "deputy-director", "joint-head"


class Days:
    """Which days are worked."""

    def __init__(self):
        self.version = 0
        self.own, self.loaded, self.known = {}, {}, {}
        for line in (pathlib.Path(__file__).parent / "holidays.txt").read_text("utf-8").splitlines():
            if line[:1] in "+-":
                ends = [datetime.strptime(end, "%Y/%m/%d").date() for end in line[2:].split(" .. ")]
                day = ends[0]
                while day <= ends[-1]:
                    self.own[day] = line[0] == "+"
                    day += DAY

    def load(self, body):
        self.loaded[body["year"]] = {date.fromisoformat(day["on"]): day["working"] for day in body["days"]}
        self.version += 1
        self.known = {}

    def worked(self, day):
        if day not in self.known:
            named = [days[day] for days in (self.own, *self.loaded.values()) if day in days]
            self.known[day] = named[-1] if named else day.isoweekday() <= 5
        return self.known[day]

    def counts(self, day, pauses):
        return self.worked(day) and not any(first <= day <= last for first, last in pauses)

    def limit(self, start, length, pauses=()):
        """The last day, the first yellow and the first red day of a limit."""
        counted, day = [], start
        while len(counted) < length:
            day += DAY
            if self.counts(day, pauses):
                counted.append(day)
        yellow = start
        while True:
            left = sum(1 for other in counted if other > yellow)
            if left <= 1 or left * 5 <= length:
                break
            yellow += DAY
        red = counted[-1] + DAY
        while not self.worked(red):
            red += DAY
        return counted[-1], yellow, red


class Posts:
    """Who holds which post, by bureau and kind."""

    def __init__(self):
        self.places, self.by_id, self.disabled = {}, {}, set()

    def assigned(self, body):
        post = body["post"]
        until = post.get("valid_until")
        held = [body["account"], date.fromisoformat(post["valid_from"]), until and date.fromisoformat(until)]
        self.by_id[post["id"]] = held
        self.places.setdefault((post["organisation"], post["kind"]), []).append(held)

    def ended(self, body):
        self.by_id[body["post"]][2] = date.fromisoformat(body["on"])

    def holders(self, bureau, kind, day):
        held = self.places.get((bureau, kind), ())
        held = {account for account, first, last in held if first <= day and (last is None or day <= last)}
        return held - self.disabled


class Case:
    """One case as its entries tell it."""

    def __init__(self, body):
        self.matter, self.bureau = body["matter"], body["organisation"]
        self.stage, self.round, self.moves = "submitted", 1, 0
        self.received = date.fromisoformat(body["received_on"])
        self.counted = self.accepted = self.hearing = None
        self.pauses, self.extra, self.tasks = [], 0, {}
        self.said = {"accept_by": body["accept_by"]}
        self.changes = 0
        self.clocks = None
        self.must, self.sent = set(), set()

    def apply(self, kind, body):
        """Answers whether the entry says something of the case that is kept."""
        self.changes += 1
        if kind == "flow-advanced":
            for task in body.get("closed", ()):
                self.tasks.pop(task, None)
            for task, opened in body.get("opened", ()):
                holder = (opened.get("claimed_by") or {}).get("account")
                self.tasks[task] = [opened["post_kind"], holder, opened.get("organisation")]
        elif kind == "task-claimed":
            self.tasks[body["task"]][1] = body["by"]["account"]
        elif kind == "task-assigned":
            self.tasks[body["task"]][1] = body["to"]["account"]
        elif kind == "task-released":
            self.tasks[body["task"]][1] = None
        elif kind == "task-completed":
            self.tasks.pop(body["task"])
        elif kind == "supplement-requested":
            self.stage = "asked"
        elif kind == "case-supplemented":
            self.stage, self.round = "submitted", self.round + 1
            self.received = date.fromisoformat(body["received_on"])
            self.said["accept_by"] = body["accept_by"]
        elif kind == "case-accepted":
            self.stage = "accepted"
            self.accepted = self.received if body["deemed"] else date.fromisoformat(body["accepted_on"])
            self.counted = self.received if MATTERS[self.matter][0] == "receipt" else self.accepted
            self.said.update(statutory=body["statutory"], promised=body["promised"])
        elif kind == "clock-paused":
            self.pauses.append([date.fromisoformat(body["pause"]["from"]), None])
        elif kind == "clock-resumed":
            self.pauses[-1][1] = date.fromisoformat(body["until"])
            self.moved(body)
        elif kind == "clock-extended":
            self.extra = body["extension"]["limit"]["wd"]
            self.moved(body)
        elif kind == "due-rederived":
            self.said["accept_by"] = body["accept_by"]
            if body.get("hearing"):
                self.said["hearing"] = body["hearing"]
            self.moved(body)
        elif kind == "hearing-requested":
            self.hearing, self.said["hearing"] = date.fromisoformat(body["on"]), body["hold_by"]
        elif kind in ("hearing-held", "hearing-declined"):
            self.hearing = None
        elif kind in ("case-withdrawn", "case-not-accepted", "decision-made"):
            self.stage = "over"

    def moved(self, body):
        self.moves += 1
        self.said.update(statutory=body["statutory"], promised=body["promised"])

    def watched(self, days):
        """The clock that is watched: rule, ordinal, last day, first yellow and first red day; and whether what was announced is right."""
        if self.clocks and self.clocks[0] == (self.changes, days.version):
            return self.clocks[1]
        found = None
        if self.stage == "submitted":
            found = ("acceptance", self.round, *days.limit(self.received, ACCEPTANCE), ("accept_by",))
        elif self.stage == "accepted" and self.hearing:
            found = ("hearing", 1, *days.limit(self.hearing, HEARING), ("hearing",))
        elif self.stage == "accepted" and not self.stands():
            _, by_law, promised = MATTERS[self.matter]
            law = days.limit(self.counted, by_law + self.extra, self.pauses)[0]
            found = ("decision", 1 + self.moves, *days.limit(self.counted, promised + self.extra, self.pauses), ("promised",))
            if self.said["statutory"]["on"] != law.isoformat():
                found = (*found[:5], ("statutory", "promised"))
        if found:
            said = [self.said[name]["on"] for name in found[5]]
            found = (*found[:5], all(on == found[2].isoformat() for on in said))
        self.clocks = ((self.changes, days.version), found)
        return found

    def stands(self):
        return any(last is None for _, last in self.pauses)

    def owed(self, day, days, posts):
        clock = self.watched(days)
        if clock is None or day < clock[3] or (clock[0] == "acceptance" and day > clock[2]):
            return ()
        rule, n, _, _, red, _ = clock
        to = set(posts.holders(self.bureau, HEAD, day))
        for kind, holder, department in self.tasks.values():
            to |= {holder} if holder else posts.holders(department or self.bureau, kind, day)
            if department:
                to |= posts.holders(department, JOINT_HEAD, day)
        owed = {(rule, "yellow", account, n) for account in to}
        if day >= red:
            to |= posts.holders(self.bureau, DEPUTY, day)
            owed |= {(rule, "red", account, n) for account in to}
        return owed


class Oracle:
    def __init__(self):
        self.days, self.posts, self.cases, self.open = Days(), Posts(), {}, {}
        self.today = None
        self.count = dict.fromkeys(
            ("entries", "cases", "days", "owed", "sent", "missing", "double", "extra", "late", "dates"), 0
        )
        self.examples = []

    def wrong(self, what, *about):
        self.count[what] += 1
        if len(self.examples) < 12:
            self.examples.append(" ".join(map(str, (what, *about))))

    def entry(self, entry):
        self.count["entries"] += 1
        day = datetime.fromtimestamp(entry["at"] // 1_000_000, BEIJING).date()
        if self.today and day < self.today:
            raise SystemExit(f"entry {entry['sequence']}: the journal goes back to {day}")
        if self.today is None:
            self.today = day
        elif self.today < day:
            self.go_on(day)
        family, _, rest = entry["stream"].partition("/")
        kind, _, form = entry["kind"].partition("@")
        body = entry["body"]
        if family in ("case", "reminders") and form != "1":
            raise SystemExit(f"entry {entry['sequence']}: {entry['kind']} is not known here")
        if kind == "case-submitted":
            self.count["cases"] += 1
            self.cases[rest] = self.open[rest] = Case(body)
        elif family == "case":
            case = self.open.get(rest)
            if case:
                case.apply(kind, body)
                if case.stage == "over":
                    del self.open[rest]
        elif kind == "reminder-sent":
            self.sent(rest, body)
        elif kind == "calendar-loaded":
            self.days.load(body)
        elif kind == "post-assigned":
            self.posts.assigned(body)
        elif kind == "post-ended":
            self.posts.ended(body)
        elif kind == "account-disabled":
            self.posts.disabled.add(body["account"])

    def go_on(self, day):
        self.end_of_day()
        between = [self.today + DAY * n for n in range(1, (day - self.today).days)]
        for self.today in between:
            if not any(map(self.days.worked, between)):
                self.end_of_day()
        self.today = day

    def sent(self, name, body):
        self.count["sent"] += 1
        reminder = body["reminder"]
        identity = (reminder["rule"], reminder["stage"], reminder["recipient"], reminder["n"])
        case = self.cases[name]
        if identity in case.sent:
            return self.wrong("double", self.today, name, *identity)
        case.sent.add(identity)
        if name not in self.open or identity not in case.owed(self.today, self.days, self.posts):
            return self.wrong("extra", self.today, name, *identity)
        case.must.add(identity)
        clock, said = case.watched(self.days), date.fromisoformat(body["owed_on"])
        day = clock[4 if identity[1] == "red" else 3]
        # Days that are not counted lie between two that have the same time left: any of them is the day.
        pauses = case.pauses if identity[0] == "decision" else ()
        while day < said and not self.days.counts(day + DAY, pauses):
            day += DAY
        if said != day:
            self.wrong("dates", self.today, name, *identity, "owed on", said, "not", day)
        return None

    def end_of_day(self):
        self.count["days"] += 1
        for name, case in self.open.items():
            clock = case.watched(self.days)
            if clock and not clock[5]:
                self.wrong("dates", self.today, name, case.said, "is", clock[2])
            owed = case.owed(self.today, self.days, self.posts)
            if owed:
                case.must |= owed
                if not owed <= case.sent:
                    self.wrong("late", self.today, name, *sorted(owed - case.sent)[0])

    def close(self):
        self.end_of_day()
        for name, case in self.cases.items():
            self.count["owed"] += len(case.must)
            for identity in sorted(case.must - case.sent):
                self.wrong("missing", name, *identity)
        return {**self.count, "examples": self.examples}


def main():
    oracle = Oracle()
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            oracle.entry(json.loads(line))
    said = oracle.close()
    print(json.dumps(said, ensure_ascii=False, indent=1))
    return any(said[what] for what in ("missing", "double", "extra", "late", "dates"))


if __name__ == "__main__":
    sys.exit(main())
