"""Builds the demo: three offices and their year, through the same imports and actions that people use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from xiejian.cases.actions import request_court_enforcement
from xiejian.cases.importing import import_cases, import_interviews
from xiejian.cases.models import Case
from xiejian.cli.demo import outputs
from xiejian.cli.demo.accounts import Staffed, moment, staffed_offices
from xiejian.cli.demo.cold_chain import watch_the_cold
from xiejian.cli.demo.cooperation import connect_firms
from xiejian.cli.demo.credit import weigh_credit
from xiejian.cli.demo.deliveries import move_goods
from xiejian.cli.demo.follow_ups import plan_talks, stop_and_resume, tell_results
from xiejian.cli.demo.hospitals import equip_hospital
from xiejian.cli.demo.leads import take_in_leads
from xiejian.cli.demo.liaisons import write_liaisons
from xiejian.cli.demo.living import Lives, live
from xiejian.cli.demo.online import watch_the_net
from xiejian.cli.demo.plan_visits import visits_of_plan
from xiejian.cli.demo.proceedings import handle_cases
from xiejian.cli.demo.quality import open_quality
from xiejian.cli.demo.reading import read_and_check
from xiejian.cli.demo.recalls import recall_a_lot
from xiejian.cli.demo.registers import Register, Row, Unit
from xiejian.cli.demo.risks import consult
from xiejian.cli.demo.sales import open_sales
from xiejian.cli.demo.sampling import Sampled
from xiejian.cli.demo.sanctions import follow_decisions
from xiejian.cli.demo.schedules import arrange_rest_of_year
from xiejian.cli.demo.self_inspections import hand_in_reports
from xiejian.cli.demo.vigilance import take_in_events
from xiejian.cli.demo.year import Visited, Year
from xiejian.inspections.importing import import_visits
from xiejian.inspections.own_points import Draft, add_own_points
from xiejian.inspections.work import record_work
from xiejian.kernel.tabular import write_xlsx
from xiejian.planning import actions as planning
from xiejian.planning import grading
from xiejian.planning.models import Plan
from xiejian.planning.order_actions import apply_order, make_order
from xiejian.registry import actions as registry
from xiejian.registry.importing import import_parties
from xiejian.registry.models import Party, Registration
from xiejian.registry.registrations import import_registrations

ORDERED_BEFORE = timedelta(days=60)

IMPORTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "parties": ("监管对象", import_parties),
    "registrations": ("产品注册证", import_registrations),
    "visits": ("检查记录", import_visits),
    "cases": ("案件", import_cases),
    "interviews": ("责任约谈", import_interviews),
}


@dataclass
class Built:
    """What a build made: by office the counts of each kind, and the files it wrote."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def build(out: Path, say: Callable[[str], None], only: set[str] | None = None, papers: bool = True) -> Built:
    """Build the offices (``only``: some of them by key) into the store and their files into ``out``.

    ``papers`` false leaves out plan workbooks, tables and documents.
    """
    built = Built()
    for staffed in staffed_offices(only):
        say(f"{staffed.data['name']}：{staffed.year}年")
        made = OfficeYear(staffed, out)
        made.run()
        built.counts[staffed.data["name"]] = dict(made.counts)
        built.files += made.files
        if papers:
            built.files += outputs.write(staffed, out)
    return built


class OfficeYear:
    """Loads one office's registers, makes its plan and lives its year, in the order of the year."""

    def __init__(self, staffed: Staffed, out: Path) -> None:
        self.staffed = staffed
        self.folder = out / "导入文件"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.register = Register(staffed.key, staffed.code, staffed.today)
        self.year = Year(staffed, self.register)
        self.counts: Counter[str] = Counter()
        self.files: list[Path] = []

    def run(self) -> None:
        """The whole year: register, plan, campaign, visits, cases, licences, work; graded at the end."""
        opening = date(self.staffed.year, 1, 5)
        self.load("parties", self.register.rows(arrived=False), opening)
        past = [v for v in self.year.visits if v.on.year < self.staffed.year]
        self.load("visits", self._rows(past), opening, "历年")
        plan = self._plan(opening)
        self.load("parties", self.register.rows(arrived=True), self.staffed.today, "新增")
        self.load("registrations", self.year.registration_rows(), self.staffed.today)
        visits = [v for v in self.year.visits if v.on.year == self.staffed.year]
        if "plan" in self.year.data:
            visits += visits_of_plan(self.year, _party_tasks(plan))
        visits = self._in_time(visits)
        stepwise = {i: v for i, v in enumerate(visits) if self.year.living(v, i)}
        entered = [v for i, v in enumerate(visits) if i not in stepwise]
        self.load("visits", self._rows(entered), self.staffed.today)
        self.load("cases", self.year.case_rows(), self.staffed.today)
        self.load("interviews", self.year.interview_rows(), self.staffed.today)
        self._go_to_court()
        self._decide_licences()
        self._check_certificates()
        self._record_work()
        self._sample()
        self._ask_more()
        self._live(list(stepwise.values()))
        self._follow_up()
        self._order_visits()
        self.counts["已排班的检查"] += arrange_rest_of_year(self.staffed)
        read_and_check(self.staffed)
        self._grade()
        self.counts["联系单"] += write_liaisons(self.staffed)
        self.counts["线索步骤"] += take_in_leads(self.staffed.code, self.staffed.today, self.staffed.officer)
        self.counts["网络监测和协查"] += watch_the_net(self.staffed)
        self.counts["不良事件报告"] += take_in_events(self.staffed)
        self.counts["召回"] += recall_a_lot(self.staffed)
        self.counts["年度自查"] += hand_in_reports(self.staffed)
        self.counts["设备和植入"] += equip_hospital(self.staffed)
        self.counts["企业通知送达"] += connect_firms(self.staffed)
        self.counts["冷链异常"] += watch_the_cold(self.staffed)
        self.counts["进销存记录"] += move_goods(self.staffed)
        self.counts["信用评定"] += weigh_credit(self.staffed)
        self.counts["办理中的案件"] += handle_cases(self.staffed)
        self.counts["公示、典型案例、移送和案件文书"] += follow_decisions(self.staffed)
        self.counts["列入清单的风险"] += consult(self.staffed)
        self.counts["企业销售合同"] += open_sales(self.staffed)
        self.counts["企业质量记录"] += open_quality(self.staffed)

    def load(self, kind: str, rows: list[Row], on: date, part: str = "") -> None:
        """Write the rows as a workbook and import it, as an office would; every row must be taken."""
        if not rows:
            return
        title, take_in = IMPORTS[kind]
        path = self.folder / f"{self.staffed.data['short']}{self.staffed.year}年{title}{part}.xlsx"
        headings = list(dict.fromkeys(heading for row in rows for heading in row))
        write_xlsx(path, title, headings, ([row.get(heading) for heading in headings] for row in rows))
        outcome = take_in(path=path, by=self.staffed.officer, at=moment(on))
        if outcome.rejected or outcome.loaded != len(rows):
            raise RuntimeError(f"{path.name}: {outcome.as_json()}")
        self.counts[title] += outcome.loaded
        self.files.append(path)

    def _rows(self, visits: Any) -> list[Row]:
        return [self.year.visit_row(visit, index) for index, visit in enumerate(visits)]

    def _in_time(self, visits: list[Visited]) -> list[Visited]:
        """The visits up to today in the order of their days."""
        ordered = sorted(visits, key=lambda v: (v.on, v.office_code, v.unit.code, v.kind))
        return [v for v in ordered if v.on <= self.staffed.today]

    # ---- plan and campaign --------------------------------------------------------------------------

    def _plan(self, on: date) -> Plan:
        """Grade the register, make the year's plan from the office's own pack, hand it down."""
        pack, staffed = self.staffed.data["packs"][0], self.staffed
        grading.grade_register(
            on=date(staffed.year, 1, 1),
            pack_id=pack,
            office_code=staffed.code,
            by=staffed.officer,
            at=moment(on),
        )
        plan = planning.make_plan(
            year=staffed.year, pack_id=pack, office_code=staffed.code,
            seed=f"{staffed.data['short']}{staffed.year}", by=staffed.officer, at=moment(on, hour=3),
        )  # fmt: skip
        planning.allocate_to_stations(
            plan=plan, reason="按属地下达到所（分局）", by=staffed.officer, at=moment(on, hour=5)
        )
        plan = planning.issue_plan(plan=plan, by=staffed.head, at=moment(on, hour=6))
        self.counts["计划任务"] += plan.tasks.count()
        if "campaign" in staffed.data:
            self._open_campaign(staffed.data["campaign"], staffed.data["campaign_on"])
        return plan

    def _open_campaign(self, key: str, on: date) -> None:
        """Open the campaign on the day of its order and say who leads it."""
        staffed = self.staffed
        campaign = planning.open_campaign(
            key=key, office_code=staffed.code, by=staffed.officer, at=moment(on)
        )
        leaders = [staffed.head.name, *(officer.name for officer in staffed.visitors[staffed.code])]
        named = [m for m in campaign.leading_group if m["role"] not in {"成员", "办公室"}]
        members = [m | {"name": name} for m, name in zip(named, leaders, strict=True)]
        members += [
            {"role": "成员", "name": staffed.visitors[code][0].name, "post": f"{station.name}负责人"}
            for code, station in staffed.stations.items()
        ]
        members += [m for m in campaign.leading_group if m["role"] == "办公室"]
        planning.name_leading_group(
            campaign=campaign, members=members, by=staffed.officer, at=moment(on, hour=2)
        )

    def _grade(self) -> None:
        """The levels as they stand on the office's today."""
        staffed = self.staffed
        run = grading.grade_register(
            on=staffed.today, pack_id=staffed.data["packs"][0], office_code=staffed.code, by=staffed.officer,
            at=moment(staffed.today, hour=9),
        )  # fmt: skip
        self.counts["分级"] += run.grades.count()

    def _order_visits(self) -> None:
        """The order of what was open two months before today, applied by the head."""
        on, staffed = self.staffed.today - ORDERED_BEFORE, self.staffed
        run = make_order(office_code=staffed.code, on=on, by=staffed.officer, at=moment(on, hour=2))
        apply_order(run=run, by=staffed.head, at=moment(on, hour=4))
        self.counts["检查顺序"] += run.tasks.count()

    def _go_to_court(self) -> None:
        """Ask the court to enforce the decisions that the data says were not obeyed."""
        days = self.year.in_court()
        for case in Case.objects.filter(number__in=days).order_by("number"):
            on = days[case.number]
            request_court_enforcement(case=case, on=on, by=self.staffed.officer, at=moment(on))
            self.counts["申请法院强制执行"] += 1

    # ---- licences, certificates, other work ---------------------------------------------------------

    def _parties(self) -> dict[str, Party]:
        return {p.uscc: p for p in Party.objects.filter(office_code__startswith=self.staffed.code) if p.uscc}

    def _decide_licences(self) -> None:
        """Applications decided in the year: those of the data, and the opening of everybody who came."""
        parties = self._parties()
        openings = [
            {"of": unit, "link": unit.rows[0]["环节"], "matter": "开办", "result": "通过", "on": unit.arrived}
            for unit in self.register.units
            if unit.arrived
        ]
        named = [
            entry | ({"of": self.year.unit(entry["unit"])} if "unit" in entry else {})
            for entry in self.year.data.get("matter", [])
        ]
        for entry in sorted(openings + named, key=lambda e: e["on"]):
            unit: Unit | None = entry.get("of")
            registry.record_licence_matter(
                party=parties[unit.code] if unit else None,
                applicant=unit.name if unit else entry["applicant"],
                link=entry["link"],
                matter=entry["matter"],
                result=entry["result"],
                decided_on=entry["on"],
                reason=entry.get("reason", ""),
                office_code=self.staffed.code,
                by=self.staffed.officer,
                at=moment(entry["on"]),
            )
            self.counts["许可备案事项"] += 1

    def _check_certificates(self) -> None:
        """The yearly certificate check: so many certificates with their instructions, some doubtful."""
        check = self.year.data.get("certificate_check")
        if not check:
            return
        rows = Registration.objects.filter(party__office_code__startswith=self.staffed.code)
        doubtful = check["doubtful"]
        suspects = rows.filter(number__contains=f"第2{doubtful['code']}").order_by("number")[
            : doubtful["count"]
        ]
        suspected = {row.pk for row in suspects}
        rest = rows.exclude(pk__in=suspected).order_by("number")[: check["count"] - len(suspected)]
        for index, row in enumerate([*suspects, *rest]):
            on, consistent = check["first"] + timedelta(days=index // 3), row.pk not in suspected
            registry.record_registration_check(
                registration=row, checked_on=on, instructions_checked=True, consistent=consistent,
                problem="" if consistent else doubtful["problem"], campaign=check["campaign"],
                office_code=self.staffed.code, by=self.staffed.officer, at=moment(on),
            )  # fmt: skip
            self.counts["注册证核查"] += 1

    def _record_work(self) -> None:
        """Work that has no room of its own yet: event reports, lead suppliers, meetings."""
        parties = self._parties()
        for entry in self.year.data.get("work", []):
            units = [self.year.unit(place) for place in entry.get("units", [])] or [None]
            days = entry.get("days") or [entry["on"]] * len(units)
            for index, on in enumerate(days):
                unit = units[index % len(units)]
                facts = {key: entry[key] for key in ("category", "quantity", "result") if key in entry}
                record_work(
                    kind=entry["kind"], title=entry["title"], done_on=on, office_code=self.staffed.code,
                    party=parties[unit.code] if unit else None, unit_name=unit.name if unit else "",
                    by=self.staffed.officer, at=moment(on), **facts,
                )  # fmt: skip
                self.counts["工作记录"] += 1

    def _sample(self) -> None:
        """The sampling plans, and every sample as far as it has come."""
        sampled = Sampled(self.year)
        self.counts["抽检计划批次"] += sampled.plans()
        self.counts["抽检步骤"] += live(sampled.lives(), self.staffed.today)

    def _ask_more(self) -> None:
        """The check points that the office adds to the checklists for its own visits."""
        for entry in self.year.data.get("own_point", []):
            facts = {key: value for key, value in entry.items() if key != "on"}
            add_own_points(
                drafts=[Draft(**facts)], office_code=self.staffed.code, from_on=entry["on"],
                by=self.staffed.officer, at=moment(entry["on"]),
            )  # fmt: skip
            self.counts["补充检查点"] += 1

    def _follow_up(self) -> None:
        """What came of the visits, and what rooms above the command line show (settings.DEMO_STEPS)."""
        self.counts["停产整改"] += stop_and_resume(self.staffed)
        self.counts["核查结论"] += tell_results(self.staffed)
        self.counts["约谈安排"] += plan_talks(self.staffed)
        for name in settings.DEMO_STEPS:
            self.counts.update(import_string(name)(self.staffed))

    # ---- visits step by step ------------------------------------------------------------------------

    def _live(self, visits: list[Visited]) -> None:
        lives = Lives(self.year)
        ahead = self.year.upcoming()
        runs = [lives.life(visit, index) for index, visit in enumerate(visits)]
        runs += [lives.upcoming(visit, index) for index, visit in enumerate(ahead)]
        live(runs, self.staffed.today)
        self.counts["逐步办理的检查"] += len(visits)
        self.counts["已安排的检查"] += len(ahead)


def _party_tasks(plan: Plan) -> list[dict[str, Any]]:
    """The plan's tasks that name a party, as ``visits_of_plan`` wants them."""
    rows = plan.tasks.filter(party__isnull=False).values(
        "party__uscc", "link", "kind", "times", "from_on", "due_on", "office_code"
    )
    return [{"uscc": row.pop("party__uscc"), **row} for row in rows]
