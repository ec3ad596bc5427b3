"""The walk over every page: who may open it, whose records it shows, how it is written."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, reverse

from moment import NOW
from xiejian.assistance.models import AssistanceRequest
from xiejian.cases.models import (
    Case,
    CasePaper,
    Handover,
    Interview,
    InterviewPlan,
    Proceeding,
    Publication,
    Repair,
    TypicalCase,
)
from xiejian.clocks.actions import set_clock
from xiejian.coldchain.models import Excursion, Logger
from xiejian.credit.models import CreditListEntry, CreditRun, PublicCommitment
from xiejian.figures import forms
from xiejian.figures.models import FiledTable
from xiejian.firms.models import Course, Delivery, ExemplaryFirm, FirmNotice, StatusReport
from xiejian.hospitals.models import ImplantRecord, MedicalDevice, PatientVault
from xiejian.inspections import site_record
from xiejian.inspections.answering import open_answer_link
from xiejian.inspections.models import (
    Correction,
    Evidence,
    Liaison,
    ProductionStop,
    Signature,
    SiteRecord,
    Visit,
)
from xiejian.inspections.own_points import Draft, add_own_points
from xiejian.kernel import rule_book
from xiejian.leads.models import DayReport, Informant, Lead
from xiejian.offline.models import Conflict, Device, FieldEvent
from xiejian.offline.urls import urlpatterns as field_patterns
from xiejian.online.models import Listing, MonitoringList
from xiejian.people import actions
from xiejian.people.models import FirmInvitation, FirmUser, Office, SavedView
from xiejian.people.policy import SYSTEM, Actor, roles
from xiejian.planning import schedule_actions
from xiejian.planning.models import Assignment, Campaign, DrawRun, OrderRun, Plan, Schedule, Task
from xiejian.registry.models import ImportBatch, Licence, Registration
from xiejian.risks.models import RiskEvidence, RiskItem, RiskMeeting
from xiejian.sampling.models import Sample, SamplingPlan
from xiejian.self_inspections.models import FocusListing, SelfInspection
from xiejian.supply.models import Movement
from xiejian.vigilance.models import AdverseEvent, Recall, RecallHolder
from xiejian.web import jobs
from xiejian.web.guard import OPEN, SIGNED_IN
from xiejian.web.urls import urlpatterns

#: what only a phone asks for: answered to its mark, not to a role (tests/offline holds them to that)
PHONE_DOORS = {
    "field_worker", "field_manifest", "field_state", "field_register", "field_unlock", "field_day",
    "field_sync", "field_file",
}  # fmt: skip
PAGES: dict[str, URLPattern] = {
    pattern.name: pattern
    for pattern in (*urlpatterns, *field_patterns)
    if pattern.name and pattern.name not in PHONE_DOORS
}
FORM = forms.form("annual")
RULE = rule_book.entries()[0]
THEIRS = "独山县外地医疗器械公司"


class World:
    """One record of each kind in an office; its name is in every one of them.

    A page whose address names a record takes it from ``arguments``: a new page adds its line there.
    """

    def __init__(self, party, office: Office, officer=None) -> None:
        self.party, self.office = party, office
        self.link = party.links.get()
        self._register()
        self._year()
        self._sampling()
        self._leads()
        self._hospital()
        self._vigilance()
        self._cold_chain()
        self._supply()
        self._credit()
        self._online()
        self._proceedings()
        self._risks()
        self._plan()
        self._people(officer)
        self._phone()
        self._firm_people()
        self._firms()
        self.batch = ImportBatch.objects.create(
            kind="parties", filename=f"{party.name}.xlsx", digest="0", at=NOW, by_name="x",
            office_code=office.code,
        )  # fmt: skip
        self.job = jobs.receive(
            SimpleUploadedFile("名录.csv", "主体名称,环节,行政区划代码\n甲,经营,150525\n".encode()),
            "parties",
            "t.section_officer",
        )

    def _register(self) -> None:
        party = self.party
        self.licence = Licence.objects.create(
            party=party, kind="distribution_licence", number=f"{party.name}证", number_key=f"K{party.pk}"
        )
        self.registration = Registration.objects.create(
            party=party, number=f"{party.name}注册证", number_key=f"R{party.pk}", number_kind="current",
            record_key=f"{party.pk}", registrant=party.name, product_name=f"{party.name}产品",
        )  # fmt: skip

    def _year(self) -> None:
        party, day = self.party, NOW.date()
        common = {"party": party, "office_code": party.office_code}
        self.visit = Visit.objects.create(
            number=f"{party.name}检查", link="经营", kind="日常检查", state="concluded", visited_on=day,
            persons=2, conclusion="限期整改", **common,
        )  # fmt: skip
        self.correction = Correction.objects.create(
            visit=self.visit, number=f"{party.name}责改", content="改正", ordered_on=day, due_on=day,
            state="ordered", office_code=party.office_code,
        )  # fmt: skip
        self.stop = ProductionStop.objects.create(
            visit=self.visit, number=f"{party.name}停产", scope="全部", reason="关键项不符合", ordered_on=day,
            state="ordered", office_code=party.office_code,
        )  # fmt: skip
        self.licence_visit = Visit.objects.create(
            number=f"{party.name}核查", link="经营", kind="许可核查", state="concluded", visited_on=day,
            persons=2, **common,
        )  # fmt: skip
        link, self.answer = open_answer_link(correction=self.correction, by=SYSTEM, at=NOW)
        link.expires_on = link.expires_on.replace(year=2999)  # the pages' day here is the day of the test
        link.save()
        self.liaison = Liaison.objects.create(
            number=f"{party.name}联", party=party, addressee="外单位", to_name="卫生健康局", title="核对",
            content=f"{party.name}核对", wanted_by=day, state="sent", sent_on=day, written_at=NOW,
            by_name="x", office_code=party.office_code,
        )  # fmt: skip
        self.evidence = Evidence.objects.create(
            visit=self.visit, file=ContentFile(b"x", name="a.pdf"), sha256="0", at=NOW, by_name="x",
            thumbnail=ContentFile(b"x", name="a-small.jpg"),
        )  # fmt: skip
        record = SiteRecord.objects.create(
            visit=self.visit, office_code=party.office_code, text=f"{party.name}记录", digest="0",
            written_at=NOW, by_name="x",
            content=site_record.parts(self.visit),
        )  # fmt: skip
        self.signature = Signature.objects.create(
            record=record, role="inspector", name="王检", signed_at=NOW, digest="0", at=NOW, by_name="x",
            file=ContentFile(b"x", name="a.png"),
        )  # fmt: skip
        (self.own_point,) = add_own_points(
            drafts=[Draft("distribution", f"{party.name}补充", "本局文件")], office_code=party.office_code,
            from_on=day, by=SYSTEM, at=NOW,
        )  # fmt: skip
        self.clock = set_clock(
            subject="correction", record=self.correction.pk, name="recheck", rule="IN-9", start=day,
            title=party.name, office_code=party.office_code, by=SYSTEM, at=NOW,
        )  # fmt: skip
        self.case = Case.objects.create(
            number=f"{party.name}案", link="经营", filed_on=day, conduct="未验收", **common
        )
        self.interview = Interview.objects.create(record_key=f"{party.pk}", held_on=day, **common)
        self.promise = self.interview.commitments.create(text=f"{party.name}承诺", due_on=day)
        self.arranged = InterviewPlan.objects.create(
            planned_on=day, reason=f"{party.name}约谈", state="planned", **common
        )
        self._after_the_decision()
        cells = [[0 for _ in FORM.shown] for _ in FORM.rows]
        self.filed = FiledTable.objects.create(
            table="annual", office_code=self.party.office_code, until_on=day, state="已报", filed_at=NOW,
            cells=cells, by_name="x",
        )  # fmt: skip

    def _after_the_decision(self) -> None:
        """The paper, publication, repair, story and handing over of the case."""
        day, name, office = NOW.date(), self.party.name, self.party.office_code
        self.case_paper = CasePaper.objects.create(
            subject="case", record=self.case.pk, kind="inquiry_notice", title="询问通知书",
            number=f"{name}询通", issued_on=day, content=[["addressee", name], ["text", "请到场"]],
            text=name, digest="0", office_code=office, office_name=name, at=NOW, by_name="x",
        )  # fmt: skip
        self.publication = Publication.objects.create(
            case=self.case, state="published", published_on=day, until_on=day, office_code=office,
            proposed_by="x",
        )  # fmt: skip
        self.publication.texts.create(
            version=1, content=[["当事人", name]], drafted_at=NOW, drafted_by="x", approved_at=NOW
        )
        self.repair = Repair.objects.create(
            publication=self.publication, state="applied", applied_on=day, statement=name, office_code=office
        )
        self.typical = TypicalCase.objects.create(
            case=self.case, title=f"{name}案例", story="案情", outcome="已处罚", state="drafted",
            drafted_by="x", office_code=office,
        )  # fmt: skip
        self.handover = Handover.objects.create(
            case=self.case, addressee="公安", unit=f"{name}公安局", reason="涉嫌犯罪", state="sent",
            proposed_on=day, proposed_by="x", sent_on=day, office_code=office,
        )  # fmt: skip

    def _hospital(self) -> None:
        day, party = NOW.date(), self.party
        common = {"party": party, "office_code": party.office_code, "made_at": NOW}
        self.hospital_device = MedicalDevice.objects.create(
            record_key=f"{party.pk}:1", number="1", name=f"{party.name}设备", state="in_use", state_on=day,
            **common,
        )  # fmt: skip
        vault = PatientVault.objects.create(
            party=party, public_key=b"", salt=b"", cost=1, locked_key=b"", made_at=NOW
        )
        self.hospital_implant = ImplantRecord.objects.create(
            number=f"{party.name}植入", token=f"P{party.pk}", vault=vault, sealed=b"", di="1", lot="A1",
            product_name="关节", implanted_on=day, department="骨科", **common,
        )  # fmt: skip

    def _vigilance(self) -> None:
        day = NOW.date()
        self.adverse = AdverseEvent.objects.create(
            number=f"{self.party.name}不良", party=self.party, reporter_kind="使用单位", state="submitted",
            office_code=self.party.office_code, product_name=f"{self.party.name}输液器", lot="A1",
            event_on=day, found_on=day, reported_on=day, harm="其他", injury="无", failure="渗漏",
            term="leak",
        )  # fmt: skip
        self.recall = Recall.objects.create(
            number=f"{self.party.name}召回", office_code=self.party.office_code, kind="主动", level="一级",
            state="decided", holder_name=self.party.name, product_name="输液器", lots=["A1"], reason="渗漏",
            suspected_on=day, decided_on=day, made_at=NOW,
        )  # fmt: skip
        self.recall_holder = RecallHolder.objects.create(
            recall=self.recall, name=self.party.name, office_code=self.party.office_code, quantity=3
        )

    def _leads(self) -> None:
        party, day = self.party, NOW.date()
        self.lead = Lead.objects.create(
            number=f"{party.name}线索", source="热线", kind="投诉", party=party, party_named=party.name,
            text=f"{party.name}不退款", office_code=party.office_code, state="answered", received_on=day,
            made_at=NOW, by_name="x", accepted_on=day, answered_on=day, outcome="属实", answer="已退款",
        )  # fmt: skip
        Informant.objects.create(lead=self.lead, sealed=b"x")
        self.day_report = DayReport.objects.create(
            office_code=self.lead.office_code, on=NOW.date(), digest="0", made_at=NOW, by_name="x",
            content={"received": 0, "answered": 0, "closed": 0, "urgent": [], "overdue": []},
        )  # fmt: skip
        self.lead_photo = self.lead.photos.create(file=ContentFile(b"x", name="a.jpg"), sha256="0", at=NOW)

    def _online(self) -> None:
        party, day = self.party, NOW.date()
        common = {"office_code": party.office_code, "made_at": NOW, "by_name": "x"}
        self.monitoring_list = MonitoringList.objects.create(
            number=f"{party.name}清单", source="上级交办", received_on=day, **common
        )
        self.listing = Listing.objects.create(
            number=f"{party.name}网监", source_list=self.monitoring_list, platform=f"{party.name}平台",
            shop=f"{party.name}店", seller=party, product="口罩", found_on=day, state="listed",
            office_code=party.office_code,
        )  # fmt: skip
        self.assistance = AssistanceRequest.objects.create(
            number=f"{party.name}协查", direction="发出", other_office="外省某局", subject="网售",
            party=party, party_named=party.name, asked="核实", state="drafted", dated_on=day, **common,
        )  # fmt: skip

        self.self_inspection = SelfInspection.objects.create(
            number=f"{party.name}自查", party=party, link="经营", year=2023, office_code=party.office_code,
            form="retail", state="filed", source="导入", filed_on=day,
        )  # fmt: skip
        self.self_focus = FocusListing.objects.create(
            party=party, year=2023, why="未报", office_code=party.office_code, listed_on=day, by_name="x"
        )

    def _proceedings(self) -> None:
        party, day = self.party, NOW.date()
        self.proceeding = Proceeding.objects.create(
            number=f"{party.name}案源", party=party, link="经营", office_code=party.office_code,
            state="investigating", source="监督检查", source_on=day, conduct=f"{party.name}违法",
            filed_on=day, case=Case.objects.filter(party=party).first(), made_at=NOW, by_name="x",
        )  # fmt: skip
        self.measure = self.proceeding.measures.create(
            kind="seizure", state="taken", taken_at=NOW, content=party.name, office_code=party.office_code
        )

    def _risks(self) -> None:
        party, day = self.party, NOW.date()
        self.meeting = RiskMeeting.objects.create(
            office_code=party.office_code, year=day.year, quarter=1, from_on=day, until_on=day,
            state="concluded", prepared_at=NOW, by_name="x", held_on=day, chair=party.name,
        )  # fmt: skip
        self.meeting.readings.create(
            signal="failed_samples", grouping="party", key=str(party.pk), label=party.name, count=1,
            before=0, last_year=0, why="达到起点",
        )  # fmt: skip
        self.risk = RiskItem.objects.create(
            number=f"{party.name}风险", title=f"{party.name}抽检不合格", office_code=party.office_code,
            party=party, meeting=self.meeting, state="asked", found_on=day, made_at=NOW, by_name="x",
            asked_on=day, asked_by="x", level="high",
        )  # fmt: skip
        self.risk.handings.create(
            direction="up", from_office=party.office_code, to_office=self.office.code, content=party.name,
            handed_on=day, by_name="x",
        )  # fmt: skip
        self.risk_file = RiskEvidence.objects.create(
            item=self.risk, file=ContentFile(b"x", name="a.pdf"), name=f"{party.name}.pdf", sha256="0",
            size=1, at=NOW, by_name="x",
        )  # fmt: skip

    def _credit(self) -> None:
        party, day = self.party, NOW.date()
        run = CreditRun.objects.create(
            on=day, from_on=day, until_on=day, office_code=party.office_code, reason=party.name, pack="x",
            pack_version="0", at=NOW, by_username="x", by_name="x",
        )  # fmt: skip
        self.credit_grade = run.grades.create(
            party=party, office_code=party.office_code, grade="B", worse=True, rules="QC-B1",
            facts={"penalties": 1}, state="in_force", notified_on=day, decided_on=day,
            number=f"{party.name}信评",
        )  # fmt: skip
        self.credit_entry = CreditListEntry.objects.create(
            number=f"{party.name}信名", kind="watch", party=party, office_code=party.office_code,
            ground="WL-1", facts=party.name, state="listed", proposed_on=day, proposed_by="x",
            proposer="x", notified_on=day, decided_on=day, ends_on=day,
        )  # fmt: skip
        self.joint_measure = self.credit_entry.measures.create(
            measure="JM-3", department=party.name, sent_on=day, by_name="x"
        )
        self.public_commitment = PublicCommitment.objects.create(
            party=party, office_code=party.office_code, text=f"{party.name}承诺", made_on=day
        )

    def _sampling(self) -> None:
        party, day = self.party, NOW.date()
        self.sampling_plan = SamplingPlan.objects.create(
            title=f"{party.name}抽检", year=day.year, kind="县级抽检", office_code=self.office.code,
            state="issued", made_at=NOW, by_name=party.name,
        )  # fmt: skip
        line = self.sampling_plan.lines.create(
            product=f"{party.name}产品", count=1, due_on=day, office_code=party.office_code
        )
        self.sample = Sample.objects.create(
            number=f"{party.name}样品", line=line, kind="县级抽检", party=party, link="经营",
            state="reported", product_name=f"{party.name}产品", sampled_on=day, result="不符合规定",
            result_on=day, maker=party.name, office_code=party.office_code,
        )  # fmt: skip

    def _plan(self) -> None:
        day = NOW.date()
        self.plan = Plan.objects.create(
            year=day.year, office_code=self.office.code, pack="dushan", pack_version="0", seed="",
            state="issued", made_at=NOW, by_name=self.party.name,
        )  # fmt: skip
        self.task = Task.objects.create(
            plan=self.plan, party=self.party, party_link=self.link, link="经营", kind="日常检查", from_on=day,
            due_on=day, office_code=self.party.office_code, origin="必查", rules="DS-DF2", basis="依据",
        )  # fmt: skip

        self.order = OrderRun.objects.create(
            on=day, office_code=self.office.code, method="points", why_method=self.party.name,
            back_test={"refused": self.party.name}, at=NOW, by_name="x", applied_at=NOW,
        )  # fmt: skip
        self.ordered = self.order.tasks.create(task=self.task, place=1, score=0)

        self.campaign = Campaign.objects.create(
            key="naiman-2023", title=f"{self.party.name}专项", office_code=self.office.code, state="open",
            starts_on=day, ends_on=day,
            scope=[{"id": "a", "title": self.party.name, "links": ["经营"], "tags": []}],
        )  # fmt: skip

        self.schedule = Schedule.objects.create(
            office_code=self.office.code, from_on=day, until_on=day, state="issued", made_at=NOW,
            by_name=self.party.name,
            unmet=[{"task": self.task.pk, "party": self.party.pk, "name": self.party.name, "link": "经营",
                    "kind": "日常检查", "due_on": "2024-03-05", "office": self.office.code,
                    "reason": "no_room", "why": "已排满"}],
        )  # fmt: skip
        self.draw = DrawRun.objects.create(
            title=f"{self.party.name}抽取", office_code=self.party.office_code, state="drawn", source="list",
            candidates=[self.party.name], count=1, drawn=[self.party.name], commitment="0", secret="0",
            committed_at=NOW, drawn_at=NOW, by_name="x",
        )  # fmt: skip
        self.assignment = Assignment.objects.create(
            schedule=self.schedule, task=self.task, key="1", party=self.party, link="经营", kind="日常检查",
            town=self.party.office_code, office_code=self.party.office_code, from_on=day, due_on=day,
            minutes=90, day=day, inspectors="某某",
        )  # fmt: skip

    def _people(self, officer) -> None:
        party = self.party
        self.person = actions.enrol_person(
            by=SYSTEM, at=NOW, kind="informant", name=party.name, office_code=party.office_code
        )
        self.officer = officer or actions.appoint_officer(
            username=f"w{party.pk}", name=party.name, office=self.office, role="head",
            password="long-enough-1", by=SYSTEM, at=NOW,
        )  # fmt: skip
        self.feed = schedule_actions.open_feed(officer=self.officer, by=Actor.of(self.officer), at=NOW)
        self.view = SavedView.objects.create(
            officer=self.officer, page="/parties/", name=party.name, query="", saved_at=NOW
        )

    def _phone(self) -> None:
        party = self.party
        self.device = Device.objects.create(
            officer=self.officer, name=f"{party.name}手机", secret="0", office_code=party.office_code,
            registered_at=NOW,
        )  # fmt: skip
        self.event = FieldEvent.objects.create(
            pk=uuid.uuid4(), device=self.device, visit=self.visit, visit_key=str(self.visit.pk), sequence=1,
            kind="record_findings", payload={"entries": []}, outcome="conflict", captured_at=NOW,
            received_at=NOW, office_code=party.office_code,
        )  # fmt: skip
        Conflict.objects.create(
            event=self.event, visit=self.visit, field="conclusion", given={"conclusion": f"{party.name}合格"},
            office_code=party.office_code,
        )  # fmt: skip

    def _cold_chain(self) -> None:
        party = self.party
        logger = Logger.objects.create(
            firm_uscc=party.uscc or "", firm_name=party.name, office_code=party.office_code, code=party.name,
            place=f"{party.name}冷库", kind="cold_store", low_centi=200, high_centi=800,
            interval_seconds=1800, used_from=NOW.date(),
        )  # fmt: skip
        self.excursion = Excursion.objects.create(
            logger=logger, kind="gap", start=NOW, end=NOW, on=NOW.date(), state="found", found_at=NOW
        )

    def _firm_people(self) -> None:
        party = self.party
        party.uscc = party.uscc or f"W{party.pk:017d}"
        party.save(update_fields=["uscc"])
        self.firm_user = FirmUser.objects.create(
            uscc=party.uscc, firm_name=party.name, username="one", name=party.name, role="firm_admin",
            created_at=NOW,
        )  # fmt: skip
        self.invitation = FirmInvitation.objects.create(
            uscc=party.uscc, firm_name=party.name, role="firm_admin", person=party.name, made_at=NOW,
            token_digest=party.uscc, expires_on=NOW.date(), by_name="x", office_code=party.office_code,
        )  # fmt: skip

    def _firms(self) -> None:
        party, made = self.party, {"office_code": self.party.office_code, "made_at": NOW, "by_name": "x"}
        self.course = Course.objects.create(
            number=f"{party.name}课程", title=party.name, state="open", questions=5, pass_percent=80, **made
        )
        self.notice = FirmNotice.objects.create(
            number=f"{party.name}通知", kind="要求答复", title=party.name, text="请答复", course=self.course,
            state="sent", sent_at=NOW, wanted_by=NOW.date(), **made,
        )  # fmt: skip
        self.delivery = Delivery.objects.create(
            notice=self.notice, party=party, office_code=party.office_code, state="delivered",
            delivered_at=NOW,
        )  # fmt: skip
        self.status_report = StatusReport.objects.create(
            number=f"{party.name}报告", party=party, kind="staff", position="负责人", person_after=party.name,
            happened_on=NOW.date(), state="submitted", office_code=party.office_code, submitted_at=NOW,
        )  # fmt: skip
        self.example = ExemplaryFirm.objects.create(
            number=f"{party.name}示范", party=party, year=NOW.year, text=party.name, state="applied",
            applied_on=NOW.date(), office_code=party.office_code,
        )  # fmt: skip

    def _supply(self) -> None:
        self.movement = Movement.objects.create(
            firm_uscc=self.party.uscc or "", firm_office_code=self.party.office_code, kind="make", di="1",
            lot="A1", quantity=1, on=NOW.date(), product_name=self.party.name, record_no=f"M{self.party.pk}",
            source="form", at=NOW, marks="|expired|",
        )  # fmt: skip

    def arguments(self, name: str) -> dict[str, object]:
        """What the address of a page takes; a page without arguments takes nothing."""
        records = {
            "supply_movement": self.movement, "party": self.party, "party_code": self.party,
            "party_why": self.party,
            "party_amend": self.party, "case_new": self.party, "party_accounts": self.party,
            "party_account_switch": self.party, "party_invitation_revoke": self.party,
            "interview_new": self.party, "link": self.link, "registration": self.registration,
            "person": self.person, "officer_change": self.officer, "import_rejects": self.batch,
            "interview_plan": self.arranged, "interview_plan_new": self.party, "commitment": self.promise,
            "stop": self.stop, "stop_notice": self.stop, "stop_new": self.visit,
            "site_check": self.licence_visit,
            "case": self.case, "interview": self.interview, "interview_minutes": self.interview,
            "visit": self.visit, "visit_record": self.visit,
            "visit_point": self.visit, "correction": self.correction, "correction_notice": self.correction,
            "evidence_file": self.evidence, "plan": self.plan, "plan_file": self.plan,
            "plan_draws": self.plan, "visit_order_run": self.order, "visit_order_apply": self.order,
            "visit_order_check": self.order, "visit_order_why": self.ordered,
            "clock_why": self.clock, "own_point": self.own_point,
            "task_list": self.plan, "task_allocate": self.plan, "task_why": self.task,
            "campaign": self.campaign, "campaign_scope": self.campaign, "campaign_untagged": self.campaign,
            "visit_sign": self.visit, "paper_sign": self.correction, "liaison": self.liaison,
            "liaison_new": self.party,
            "evidence_small": self.evidence, "evidence_view": self.evidence,
            "paper": self.visit, "paper_file": self.visit, "signature_image": self.signature,
            "sample": self.sample, "sample_paper": self.sample, "sampling_plan": self.sampling_plan,
            "risk_meeting": self.meeting, "risk_report": self.meeting, "risk_item": self.risk,
            "risk_evidence": self.risk_file,
            "lead": self.lead, "lead_informant": self.lead, "lead_paper": self.lead,
            "lead_photo": self.lead_photo, "lead_kept_day": self.day_report,
            "credit_party": self.party, "credit_propose": self.party, "credit_grade": self.credit_grade,
            "credit_fact": self.credit_grade, "credit_grade_paper": self.credit_grade,
            "credit_entry": self.credit_entry, "credit_entry_paper": self.credit_entry,
            "credit_letter": self.joint_measure, "credit_commitment": self.public_commitment,
            "recall": self.recall, "recall_holders": self.recall, "recall_paper": self.recall,
            "recall_holder": self.recall_holder,
            "coldchain_excursion": self.excursion, "coldchain_logger": self.excursion.logger,
            "hospital_device": self.hospital_device, "hospital_implant": self.hospital_implant,
            "connected_firm": self.party, "notice": self.notice, "delivery": self.delivery,
            "status_report": self.status_report, "course": self.course, "exemplary_firm": self.example,
            "event": self.adverse, "listing": self.listing, "self_inspection": self.self_inspection,
            "self_inspection_focus_end": self.self_focus, "monitoring_list": self.monitoring_list,
            "monitoring_feedback": self.monitoring_list, "assistance_request": self.assistance,
            "assistance_paper": self.assistance,
            "proceeding": self.proceeding, "proceeding_penalty": self.proceeding,
            "proceeding_new": self.party, "measure": self.measure,
            "case_papers": self.case, "case_paper_new": self.case, "case_paper_draft": self.case,
            "case_paper": self.case_paper, "case_paper_file": self.case_paper,
            "publication": self.publication, "publication_new": self.case, "publication_repair": self.repair,
            "typical": self.typical, "typical_edit": self.typical, "typical_file": self.typical,
            "typical_new": self.case, "handover": self.handover, "handover_new": self.case,
            "device": self.device, "received_event": self.event, "received_file": self.event,
            "schedule": self.schedule, "assignment": self.assignment, "draw_run": self.draw,
            "filed_table": self.filed, "filed_table_return": self.filed, "forget_view": self.view,
        }  # fmt: skip
        more = {
            "import_job": {"token": self.job.token},
            "party_account_switch": {"user": self.firm_user.pk},
            "party_invitation_revoke": {"invitation": self.invitation.pk},
            "schedule_job": {"token": self.job.token},
            "own_calendar": {"token": self.feed},
            "answer": {"token": self.answer},
            "import_template": {"kind": "parties"},
            "pack": {"pack_id": "national-2022-78"},
            "office_new": {"parent": self.office.code},
            "officer_new": {"office": self.office.code},
            "office_packs": {"office": self.office.code},
            "office_public": {"office": self.office.code},
            "place": {"code": self.office.code},
            "visit_point": {"point": "none"},
            "sample_paper": {"kind": "sheet"},
            "lead_paper": {"kind": "answer"},
            "recall_paper": {"kind": "notice"},
            "credit_fact": {"fact": "penalties"},
            "credit_grade_paper": {"kind": "decision"},
            "credit_entry_paper": {"kind": "decision"},
            "online_platform": {"name": f"{self.party.name}平台"},
            "assistance_paper": {"kind": "request"},
            "risk_signal": {"signal_id": "failed_samples"},
            "paper": {"kind": "record"},
            "case_papers": {"subject": "case"},
            "case_paper_new": {"subject": "case", "kind": "inquiry_notice"},
            "case_paper_file": {"form": "docx"},
            "case_paper_draft": {"subject": "case", "kind": "inquiry_notice", "form": "docx"},
            "paper_file": {"kind": "record", "form": "docx"},
            "paper_sign": {"kind": "notice"},
            "checklist": {"checklist_id": "distribution"},
            "checklist_blank": {"checklist_id": "distribution"},
            "campaign_scope": {"item": "a"},
            "table": {"table_id": "annual"},
            "table_file": {"table_id": "annual"},
            "table_cell": {"table_id": "annual", "row": FORM.rows[0].id, "column": FORM.shown[0].id},
            "document": {"kind": "summary"},
            "figure": {"measure_id": "certificates"},
            "law": {"law_id": "条例"},
            "law_read": {"law_id": "条例"},
            "rule_entry": {"slug": RULE.slug},
            "rule_check": {"slug": RULE.slug},
        }.get(name, {})
        return ({"pk": records[name].pk} if name in records else {}) | more

    def address(self, name: str) -> str:
        return reverse(name, kwargs=self.arguments(name))


@pytest.fixture
def world(ours, naiman) -> World:
    return World(ours, naiman)


@pytest.fixture
def elsewhere(theirs, dushan) -> World:
    return World(theirs, dushan)


def expected(permission: str, role: str) -> str:
    if permission in (OPEN, SIGNED_IN) or permission in roles()[role]["permissions"]:
        return "open"
    return "refused"


def ask(client: Client, address: str) -> tuple[int, bytes]:
    """Status and body of the page, or of a bare POST where there is nothing to read."""
    answer = client.get(address)
    if answer.status_code == 405:
        answer = client.post(address)
    body = b"".join(answer) if answer.streaming else answer.content
    return answer.status_code, body


def asked(client: Client, address: str) -> Iterator[tuple[str, bytes]]:
    """The page, and where it is a list or can be taken away as a file, what its search and export answer."""
    body = ask(client, address)[1]
    yield "", body
    if b"listing" in body or b"format=" in body:
        for query in ("?format=xlsx", "?q=独山县外地", "?office=522726"):
            yield query, ask(client, address + query)[1]


#: Allowed, but the record behind the address is made for one officer or holds no file in this world.
OWN_RECORD = {
    "forget_view", "import_job", "import_rejects", "schedule_job", "visit_point", "device", "received_file",
}  # fmt: skip


#: How many pages one test asks: a world of its own for every page would cost more than the pages.
TOGETHER = 20


def portions(names: Iterable[str]) -> list[Any]:
    """The names in alphabetical order, so many to a test, which bears the first and the last of them."""
    known = sorted(names)
    parts = [known[first : first + TOGETHER] for first in range(0, len(known), TOGETHER)]
    return [pytest.param(part, id=f"{part[0]}-{part[-1]}") for part in parts]


@contextmanager
def untouched(client: Client) -> Iterator[None]:
    """What a page does is undone, signing out too: the next one meets all as it was."""
    kept = deepcopy(client.cookies)
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = kept


@pytest.fixture
def clients(as_role) -> dict[str, Client]:
    """A client for each role, signed in already."""
    return {role: as_role(role) for role in roles()}


@pytest.mark.parametrize("names", portions(PAGES))
class TestWhoMayOpen:
    def test_every_role_opens_exactly_what_it_holds(self, names, world, clients):
        wrong = {}
        for name in names:
            permission, address = PAGES[name].callback.permission, world.address(name)
            fine = {200, 302, 405, 422} | ({404} if name in OWN_RECORD else set())
            for role, client in clients.items():
                with untouched(client):
                    status = ask(client, address)[0]
                seen = "refused" if status == 403 else "open" if status in fine else status
                if seen != expected(permission, role):
                    wrong[name, role] = seen
        assert wrong == {}

    def test_another_county_is_never_on_it(self, names, world, elsewhere, clients):
        shown = []
        for name in names:
            address = world.address(name)
            for role, client in clients.items():
                with untouched(client):
                    shown += [
                        (name, role, query)
                        for query, body in asked(client, address)
                        if THEIRS.encode() in body
                    ]
        assert shown == []


#: Addresses that name a form, a pack or a figure, the same for every office; a job is its uploader's alone.
FOR_ALL = {
    "risk_signal",
    "pack", "import_template", "import_job", "table", "table_file", "table_cell", "document", "figure",
    "law", "law_read", "rule_entry", "rule_check", "checklist", "checklist_blank",
    # a job, a calendar and a firm's answer are open to whoever holds their secret address
    "schedule_job", "own_calendar", "answer",
}  # fmt: skip
RECORDS = [name for name, pattern in PAGES.items() if pattern.pattern.converters and name not in FOR_ALL]


@pytest.mark.parametrize("names", portions(RECORDS))
def test_the_record_of_another_county_is_not_found(names, world, elsewhere, clients):
    found = {}
    for name in names:
        address = elsewhere.address(name)
        for role, client in clients.items():
            with untouched(client):
                status = ask(client, address)[0]
            if status not in (403, 404):
                found[name, role] = status
    assert found == {}


class Markup(HTMLParser):
    """Collects what the content security policy and readers of screens would stumble over."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: Counter[str] = Counter()
        self.labelled: set[str] = set()
        self.controls: list[tuple[str, str]] = []
        self.headings = 0
        self._in_label = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self._policy(tag, given)
        self.ids.update([given["id"]] if "id" in given else [])
        self.headings += tag == "h1"
        if tag == "label":
            self._in_label += 1
            self.labelled.add(given.get("for", ""))
        if tag == "img" and "alt" not in given:
            self.faults.append("img without alt")
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            named = self._in_label or given.get("aria-label")
            if not named:
                self.controls.append((tag, given.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        self._in_label -= tag == "label"

    def _policy(self, tag: str, given: dict[str, str]) -> None:
        if tag == "style" or "style" in given:
            self.faults.append(f"inline style on {tag}")
        if tag == "script" and not given.get("src") and given.get("type") != "application/json":
            self.faults.append("inline script")
        self.faults += [f"{name} on {tag}" for name in given if name.startswith("on")]
        outside = [
            v for k, v in given.items() if k in ("src", "href", "action") and v.startswith(("http", "//"))
        ]
        self.faults += [f"other host: {address}" for address in outside]

    @property
    def problems(self) -> list[str]:
        unlabelled = [f"{tag}#{i} without a label" for tag, i in self.controls if i not in self.labelled]
        doubled = [f"id {i} twice" for i, n in self.ids.items() if n > 1]
        return self.faults + unlabelled + doubled + ([] if self.headings == 1 else [f"{self.headings} h1"])


#: Addresses that answer with something else than a page, or lead on to one.
NO_PAGE = {
    "case_paper_draft", "case_paper_file", "typical_file",
    "schedule_job", "received_file", "own_calendar", "office_calendar",
    "sample_paper", "sampling_plan_form", "lead_paper", "lead_photo",
    "credit_grade_paper", "credit_entry_paper", "credit_letter",
    "monitoring_feedback", "assistance_paper", "recall_paper",
    "risk_report", "risk_list_paper", "risk_evidence",
    "login", "logout", "health", "link", "office_setup", "import_rejects", "import_template", "import_job",
    "evidence_file", "evidence_small", "signature_image", "paper_file",
    "plan_file", "table_file", "filed_table_return", "visit_point", "task_allocate",
    "visit_order_apply", "measure",
    "law_read", "rule_check", "saved_views", "forget_view", "number_check", "event_signal_judge",
    "party_account_switch", "party_invitation_revoke", "mock_recall", "supply_events",
}  # fmt: skip


@pytest.mark.parametrize("names", portions(set(PAGES) - NO_PAGE))
def test_the_markup_is_free_of_inline_code_and_labelled_throughout(names, world, clients):
    problems = {}
    for name in names:
        permission = PAGES[name].callback.permission
        holder = next(
            r for r in ("section_officer", "administrator", "head") if expected(permission, r) == "open"
        )
        with untouched(clients[holder]):
            answer = clients[holder].get(world.address(name))
        if found := Markup(answer.content.decode()).problems:
            problems[name] = found
    assert problems == {}
