"""What kinds of records there are: how each is found, what is shown of it, which actions are its steps.

Which step is open when is in the workflow table of the room, who may take it in its permissions; here only
stands which function is meant. What a record holds of an informant is in no list of fields.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any

from django.db.models import QuerySet

from xiejian.cases import actions as case_actions
from xiejian.cases import (
    enforcing,
    measures,
    papers,
    procedure,
    proceeding_queries,
    proceedings,
    publishing,
)
from xiejian.cases import queries as cases
from xiejian.cases.models import Measure
from xiejian.coldchain import actions as cold_actions
from xiejian.coldchain import queries as cold
from xiejian.credit import actions as credit_actions
from xiejian.credit import list_actions
from xiejian.credit import queries as credit
from xiejian.firms import notices
from xiejian.firms import queries as firms
from xiejian.firms import reports as firm_reports
from xiejian.inspections import actions as visit_actions
from xiejian.inspections import liaising, liaisons
from xiejian.inspections import queries as inspections
from xiejian.kernel.workflow import Workflow
from xiejian.leads import actions as lead_actions
from xiejian.leads import mediation
from xiejian.leads import queries as leads
from xiejian.online import actions as online_actions
from xiejian.online import queries as online
from xiejian.people.policy import Actor, visible
from xiejian.record_steps import joined
from xiejian.risks import actions as risk_actions
from xiejian.risks import queries as risks
from xiejian.self_inspections import actions as self_inspection_actions
from xiejian.self_inspections import queries as self_inspections
from xiejian.supply import actions as supply_actions
from xiejian.supply import queries as supply
from xiejian.vigilance import actions as event_actions
from xiejian.vigilance import queries as events
from xiejian.vigilance import recall_holders, recall_queries, recalls

Function = Callable[..., Any]
#: The actor's rows of a kind on a day, narrowed by a text to look for and a state.
Rows = Callable[[Actor, dt.date, str, str], QuerySet[Any]]


@dataclass(frozen=True)
class Beside:
    """A step that no workflow table holds: it leaves the state as it is; the action says when it fits."""

    function: Function
    label: str
    permission: str


@dataclass(frozen=True)
class Kind:
    """One kind of record.

    ``takes``: the parameters by which its actions take the record, ``many`` the one that takes several.
    ``brief``: what a list shows; ``more``: what one record shows besides. A dot leads on to another record.
    ``create``: the action that makes one; ``ours``: its parameters that are not asked.
    """

    id: str
    label: str
    view: str
    takes: tuple[str, ...]
    rows: Rows
    flows: tuple[Workflow, ...]
    steps: Mapping[str, Function]
    brief: tuple[str, ...]
    more: tuple[str, ...] = ()
    keys: tuple[str, ...] = ("number",)
    many: str = ""
    beside: Mapping[str, Beside] = field(default_factory=dict)
    create: Function | None = None
    ours: tuple[str, ...] = ()
    flow_of: Callable[[Any], Workflow] | None = None
    state_of: Callable[[Any], str] | None = None
    office_of: Callable[[Any, str], str] | None = None

    def flow(self, record: Any) -> Workflow:
        return self.flow_of(record) if self.flow_of else self.flows[0]

    def state(self, record: Any) -> str:
        return self.state_of(record) if self.state_of else str(record.state)

    def office(self, record: Any, step: str) -> str:
        """The office whose people take the step."""
        return self.office_of(record, step) if self.office_of else str(record.office_code)

    @property
    def states(self) -> dict[str, str]:
        return {name: label for flow in self.flows for name, label in flow.states.items()}

    @property
    def functions(self) -> dict[str, Function]:
        """Every step by name, of the tables and beside them."""
        return {**self.steps, **{name: one.function for name, one in self.beside.items()}}


def steps_of(
    flows: Collection[Workflow], rooms: Collection[ModuleType], **others: Function
) -> dict[str, Function]:
    """The actions of the tables' steps, by name: those named here, else the rooms' functions so called.

    Steps without one are taken by other steps (an evaluation replaces an earlier result).
    """
    names = dict.fromkeys(t.action for flow in flows for t in flow.transitions)
    found: dict[str, Function] = {}
    for name in names:
        room = next((room for room in rooms if hasattr(room, name)), None)
        if name in others or room:
            found[name] = others[name] if name in others else getattr(room, name)
    return found


def _measures(actor: Actor, on: dt.date, search: str, state: str) -> QuerySet[Measure]:
    rows = visible(Measure.objects.select_related("proceeding__party"), actor)
    rows = rows.filter(proceeding__number__icontains=search) if search else rows
    return (rows.filter(state=state) if state else rows).order_by("-taken_at", "-pk")


def _general(record: Any) -> Workflow:
    return procedure.WORKFLOWS[record.procedure]


_PARTY = ("party.name", "party.uscc")
_PROCEEDING_FLOWS = tuple(procedure.WORKFLOWS.values())
_LEAD = Kind(
    "lead", "线索", "leads.view", ("lead",),
    lambda actor, on, search, state: leads.leads(actor, search=search, state=state),
    (lead_actions.WORKFLOW,), steps_of([lead_actions.WORKFLOW], [lead_actions, mediation]),
    ("number", "kind", "topic", "priority", "source", "party.name", "party_named", "link", "product",
     "received_on", "office_code", "due"),
    ("text", "wish", "place", "area", "external_no", "triaged_on", "accepted_on", "refusal", "handed_to",
     "handler.username", "filing", "filing_on", "outcome", "answer", "answered_on", "closed_on",
     "satisfaction", "reopened", "duplicate_of.number", "proposal"),
    create=lead_actions.register_lead, ours=("number",),
)  # fmt: skip
_VISIT = Kind(
    "visit", "检查", "inspections.view", ("visit",),
    lambda actor, on, search, state: inspections.visits(actor, search=search, state=state),
    (visit_actions.VISIT_WORKFLOW,), steps_of([visit_actions.VISIT_WORKFLOW], [visit_actions]),
    ("number", *_PARTY, "link", "kind", "planned_on", "visited_on", "conclusion", "office_code"),
    ("campaign", "persons", "inspectors", "checklist", "checklist_version", "defects", "severe_defects",
     "order_issued", "transfers", "correct_by", "recheck_on", "recheck_result", "remark", "source_kind",
     "source_no", "team.username", "findings.point"),
    create=visit_actions.schedule_visit,
    beside={"transfer_lead": Beside(visit_actions.transfer_lead, "移送线索", "inspections.visit")},
)  # fmt: skip
_CORRECTION = Kind(
    "correction", "责令改正", "inspections.view", ("correction",),
    lambda actor, on, search, state: inspections.corrections(actor, on=on, search=search, state=state),
    (visit_actions.CORRECTION_WORKFLOW,), steps_of([visit_actions.CORRECTION_WORKFLOW], [visit_actions]),
    ("number", "visit.number", "visit.party.name", "ordered_on", "due_on", "closed_on", "office_code"),
    ("content", "submitted_on", "answer", "rechecked_on", "items.defect"),
    create=visit_actions.order_correction,
)  # fmt: skip
_PROCEEDING = Kind(
    "proceeding", "案件办理", "cases.view", ("proceeding", "record"),
    lambda actor, on, search, state: proceeding_queries.proceedings(actor, search=search, state=state),
    _PROCEEDING_FLOWS,
    steps_of(
        _PROCEEDING_FLOWS, [proceedings, enforcing, measures],
        end_remedy=joined.end_remedy, pass_review=partial(proceedings.review_proceeding, passed=True),
        return_for_more=partial(proceedings.review_proceeding, passed=False),
    ),
    ("number", "case.number", *_PARTY, "link", "procedure", "conduct", "source", "source_no", "source_on",
     "office_code", "due"),
    ("conduct_on", "natural_person", "grave", "goods_value_fen", "facts_found", "evidence",
     "investigators.username", "reviewer.username", "approver.username", "provision", "assessment", "step",
     "proposal", "opinion", "similar", "deviation_reason", "filed_on", "reported_on", "review_kind",
     "reviewed_on", "review_opinion", "notice", "notice_served_on", "defence_on", "defence", "waived_on",
     "heard_on", "discussed_on", "decided_on", "decision_served_on", "pay_by", "fulfilled_on", "closed_on",
     "end_reason", "measures.pk"),
    keys=("number", "case__number"), create=joined.register_clue, flow_of=_general,
    ours=("source_kind", "source_record"),
    beside={"issue_paper": Beside(joined.issue_paper, "出具文书", papers.PERMISSION)},
)  # fmt: skip
_MEASURE = Kind(
    "measure", "办案措施", "cases.view", ("measure",), _measures,
    (procedure.MEASURE_WORKFLOW,), steps_of([procedure.MEASURE_WORKFLOW], [measures]),
    ("proceeding.number", "proceeding.party.name", "kind", "taken_at", "approved_at", "ended_on",
     "office_code"),
    ("urgent", "place", "kept_at", "content", "approved_by", "outcome", "items.name"), keys=(),
)  # fmt: skip
_CASE = Kind(
    "case", "案件", "cases.view", ("case", "record"),
    lambda actor, on, search, state: cases.cases(actor, search=search, state=state),
    (case_actions.CASE_WORKFLOW,), steps_of([case_actions.CASE_WORKFLOW], [case_actions]),
    ("number", *_PARTY, "link", "procedure", "conduct", "filed_on", "decided_on", "closed_on", "fine_fen",
     "confiscated_fen", "office_code"),
    ("campaign", "personal_fine_fen", "goods_value_fen", "persons_punished", "business_stopped",
     "licence_revoked", "blacklisted", "court_enforcement", "transfers", "transferred_on"),
    state_of=case_actions.state_of,
    beside={
        "issue_paper": Beside(joined.issue_paper, "出具文书", papers.PERMISSION),
        "propose_exemption": Beside(publishing.propose_exemption, "提出不予公示", "cases.edit"),
    },
)  # fmt: skip
_PUBLICATION = Kind(
    "publication", "处罚公示", "cases.view", ("publication",),
    lambda actor, on, search, state: publishing.publications(actor, on=on, search=search, state=state),
    (publishing.WORKFLOW,),
    steps_of(
        [publishing.WORKFLOW], [publishing], redraft_publication=joined.redraft_publication,
        propose_exemption=joined.propose_exemption,
        correct_publication=joined.correct_publication,
    ),
    ("case.number", "case.party.name", "published_on", "until_on", "ended_on", "office_code"),
    ("early_on", "term", "ground", "note", "effective_on", "proposed_by", "texts.content"),
    keys=("case__number",), create=joined.draft_publication,
)  # fmt: skip
_GRADE = Kind(
    "credit_grade", "信用等级", "credit.view", ("grade",),
    lambda actor, on, search, state: credit.grades(actor, search=search, state=state),
    (credit_actions.WORKFLOW,), steps_of([credit_actions.WORKFLOW], [credit_actions]),
    ("number", *_PARTY, "grade", "before", "worse", "run.on", "run.reason", "decided_on", "office_code"),
    ("rules", "facts", "notified_on", "notified_how", "objected_on", "objection", "answered_on", "answer",
     "decided_by", "reason", "ended_on"),
    many="grades", create=credit_actions.evaluate_party,
)  # fmt: skip
_ENTRY = Kind(
    "credit_entry", "信用名单", "credit.view", ("entry",),
    lambda actor, on, search, state: credit.entries(actor, search=search, state=state),
    (list_actions.WORKFLOW,), steps_of([list_actions.WORKFLOW], [list_actions]),
    ("number", "kind", *_PARTY, "ground", "case.number", "proposed_on", "decided_on", "ends_on",
     "office_code", "due"),
    ("heavy", "facts", "proposed_by", "consent_no", "consent_on", "notified_on", "notified_how", "stated_on",
     "statement", "hearing", "answered_on", "answer", "decided_by", "restricted_until", "published_on",
     "applied_on", "application", "accepted_on", "confirmed", "repair_decided_on", "barred_until",
     "removed_on", "note"),
    create=list_actions.propose_listing,
)  # fmt: skip
_RISK = Kind(
    "risk", "风险", "risks.view", ("item",),
    lambda actor, on, search, state: risks.items(actor, search=search, state=state),
    (risk_actions.WORKFLOW,), steps_of([risk_actions.WORKFLOW], [risk_actions]),
    ("number", "title", "party.name", "level", "owner.username", "found_on", "due_on", "struck_off_on",
     "office_code"),
    ("content", "link", "signal", "grouping", "key", "value", "level_why", "assessed_on", "controlled_on",
     "asked_on", "asked_by_name", "reasons", "struck_off_by", "round", "returned_on", "measures.pk",
     "measures.content"),
    create=risk_actions.list_risk, ours=("number",),
    beside={
        "report_up": Beside(risk_actions.report_up, "上报", "risks.edit"),
        "hand_down": Beside(risk_actions.hand_down, "下发", "risks.edit"),
    },
)  # fmt: skip
_LIAISON = Kind(
    "liaison", "工作联系单", "inspections.view", ("liaison",),
    lambda actor, on, search, state: liaisons.liaisons(actor, on=on, search=search, state=state),
    (liaising.LIAISON_WORKFLOW,), steps_of([liaising.LIAISON_WORKFLOW], [liaising]),
    ("number", "party.name", "addressee", "to_office", "to_name", "title", "wanted_by", "sent_on",
     "answered_on", "office_code"),
    ("content", "received_on", "receiver", "answered_by", "answer", "closed_on", "note", "by_name"),
    create=liaising.draft_liaison, office_of=liaising.office_that_may,
)  # fmt: skip
_LISTING = Kind(
    "listing", "网络监测", "online.view", ("listing",),
    lambda actor, on, search, state: online.listings(actor, search=search, state=state),
    (online_actions.WORKFLOW,), steps_of([online_actions.WORKFLOW], [online_actions]),
    ("number", "platform", "shop", "product", "seller.name", "found_on", "suspect", "outcome", "office_code"),
    ("seller_named", "url", "registration_no", "claim", "price_fen", "handler.username", "marks",
     "checked_on", "finding", "order_no", "ordered_on", "removed_on", "handed_to", "case_no", "disposed_on",
     "returned_why", "reported_on"),
    create=online_actions.find_offer,
)  # fmt: skip
_SELF_INSPECTION = Kind(
    "self_inspection", "年度自查", "self_inspections.view", ("report",),
    lambda actor, on, search, state: self_inspections.reports(actor, search=search, state=state),
    (self_inspection_actions.WORKFLOW,),
    steps_of([self_inspection_actions.WORKFLOW], [self_inspection_actions]),
    ("number", "party.name", "party.uscc", "link", "year", "due_on", "filed_on", "late", "nonconform",
     "office_code"),
    ("form", "form_version", "versions", "filler", "post", "source", "conclusion", "rectified",
     "returned_why", "amend_why", "reviewed_on", "review_note", "facts", "filings.version",
     "filings.filed_at", "filings.answers", "filings.reason"),
)  # fmt: skip
#: an office reads what its firms wrote; the firms' own programs write (supply_kinds)
MOVEMENT = Kind(
    "movement", "进销存记录", "supply.view", ("movement",),
    lambda actor, on, search, state: supply.in_state(actor, state, search),
    (supply_actions.WORKFLOW,), {},
    ("record_no", "kind", "on", "product_name", "di", "lot", "serial", "quantity", "partner_uscc",
     "partner_name", "document_no", "mark_list"),
    ("firm_uscc", "made_on", "expires_on", "registration_no", "place", "source", "reason", "amends.record_no",
     "amended_by.pk", "at", "by_name"),
    keys=("record_no",),
    state_of=lambda record: "voided" if record.voided else supply_actions.WORKFLOW.start,
    office_of=lambda record, step: str(record.firm_office_code),
)  # fmt: skip
_EVENT = Kind(
    "event", "不良事件", "vigilance.view", ("event",),
    lambda actor, on, search, state: events.events(actor, search=search, state=state),
    (event_actions.WORKFLOW,), steps_of([event_actions.WORKFLOW], [event_actions]),
    ("number", *_PARTY, "reporter_kind", "product_name", "registration_no", "lot", "serial", "harm",
     "event_on", "reported_on", "office_code", "due"),
    ("udi", "model_spec", "maker", "found_on", "injury", "failure", "term", "age_band", "sex", "use_place",
     "first_measures", "cause", "event_cause", "association", "evaluated_on", "measures", "alike",
     "duplicate_of.number", "group_no", "closed_on", "reviews.comment"),
    create=event_actions.register_event,
    beside={
        "mark_duplicate": Beside(event_actions.mark_duplicate, "标为重复报告", event_actions.REVIEWING),
        "unmark_duplicate": Beside(event_actions.unmark_duplicate, "取消重复标记", event_actions.REVIEWING),
    },
)  # fmt: skip
_SIGNAL = Kind(
    "event_signal", "信号研判", "vigilance.view", (),
    lambda actor, on, search, state: events.judged(actor, search),
    (Workflow("eventsignal", "judged", {"judged": "已研判"}, ()),), {},
    ("rule", "product_name", "subject", "outcome", "reason", "risk_no", "on", "office_code"), ("value",),
    keys=(), create=event_actions.judge_signal, state_of=lambda record: "judged",
)  # fmt: skip
_RECALL = Kind(
    "recall", "召回", "vigilance.view", ("recall",),
    lambda actor, on, search, state: recall_queries.recalls(actor, search=search, state=state),
    (recalls.WORKFLOW,), steps_of([recalls.WORKFLOW], [recalls]),
    ("number", "kind", "level", "product_name", "registration_no", "di", "lots", "holder_name",
     "holder_uscc", "suspected_on", "decided_on", "units", "answered", "held", "office_code", "due"),
    ("reason", "defect", "source_kind", "source_no", "evaluation", "order_no", "received_on", "range_text",
     "notified_on", "form_on", "plan_on", "made", "sold", "planned", "areas", "treatments", "measures",
     "finish_by", "every_days", "completed_on", "unaccounted", "summary_on", "summary", "reviewed_on",
     "review", "follows.number", "check_seed", "progress.returned", "progress.treated", "demands.kind",
     "holders.name", "holders.state"),
    create=joined.begin_recall,
    beside={
        "receive_order": Beside(recalls.receive_order, "签收责令召回通知书", recalls.SUPERVISING),
        "trace_holders": Beside(recall_holders.trace_holders, "由追溯列出持有单位", recalls.SUPERVISING),
        "add_holder": Beside(recall_holders.add_holder, "添加持有单位", recalls.SUPERVISING),
        "demand_of_recall": Beside(recalls.demand_of_recall, "要求改变召回", recalls.SUPERVISING),
        "report_national": Beside(recalls.report_national, "登记已报告国家局", recalls.SUPERVISING),
        "draw_check": Beside(recall_holders.draw_check, "抽取核实单位", recalls.SUPERVISING),
    },
)  # fmt: skip
_RECALL_HOLDER = Kind(
    "recall_holder", "召回持有单位", "vigilance.view", ("holder",),
    lambda actor, on, search, state: recall_queries.holders(actor, search=search, state=state),
    (recall_holders.HOLDER_WORKFLOW,), steps_of([recall_holders.HOLDER_WORKFLOW], [recall_holders]),
    ("recall.number", "name", "uscc", "quantity", "notified_on", "answered_on", "office_code"),
    ("lots", "notified_how", "stopped", "found", "returned", "treated", "destroyed", "implanted",
     "remaining", "missing", "note", "answered_by", "drawn", "checked_on", "reached", "acted", "check_note"),
    keys=(), office_of=lambda record, step: str(record.office_code or record.recall.office_code),
    beside={
        "check_holder": Beside(recall_holders.check_holder, "核实召回效果", recall_holders.REPORTING)
    },
)  # fmt: skip
#: the same: the firm explains and decides (cold_kinds)
EXCURSION = Kind(
    "excursion", "冷链异常", "coldchain.view", ("excursion",),
    lambda actor, on, search, state: cold.excursions(actor, search=search, state=state),
    (cold_actions.WORKFLOW,), {},
    ("kind", "start", "end", "logger.code", "logger.place", "logger.firm_name", "highest_centi",
     "lowest_centi", "limit_centi", "settled"),
    ("readings", "found_at", "explanation", "explained_by", "outcome", "assessment", "evidence",
     "assessed_by_name", "assessed_at", "decision", "decided_by_name", "decided_at", "lots.di", "lots.lot",
     "lots.serial"),
    keys=(),
)  # fmt: skip
#: what is shown of a notice at a firm, and of a report, to the office and to the firm
DELIVERED = (
    "notice.number", "notice.kind", "notice.title", "notice.wanted_by", "party.name", "party.uscc",
    "delivered_at", "confirmed_at", "answered_at",
)  # fmt: skip
REPORTED = ("number", "kind", "party.name", "party.uscc", "happened_on", "submitted_at", "handled_on")
NOTICE = Kind(
    "notice", "企业通知", "firms.view", ("notice",),
    lambda actor, on, search, state: firms.notices(actor, search=search, state=state),
    (notices.NOTICE_WORKFLOW,), steps_of([notices.NOTICE_WORKFLOW], [notices]),
    ("number", "kind", "title", "wanted_by", "sent_at", "firms", "read", "confirmed", "answered",
     "office_code"),
    ("text", "audience", "course.number", "reminded_at", "ended_on", "reason", "by_name"),
    create=notices.draft_notice,
)  # fmt: skip
DELIVERY = Kind(
    "delivery", "企业通知送达", "firms.view", ("delivery",),
    lambda actor, on, search, state: firms.deliveries(actor, search=search, state=state),
    (notices.DELIVERY_WORKFLOW,), steps_of([notices.DELIVERY_WORKFLOW], [notices]),
    (*DELIVERED, "office_code"),
    ("notice.text", "opened_at", "opened_by", "confirmed_by", "answered_by", "answer", "returned",
     "reminders"), keys=(),
)  # fmt: skip
STATUS_REPORT = Kind(
    "status_report", "状况报告", "firms.view", ("report",),
    lambda actor, on, search, state: firms.reports(actor, search=search, state=state),
    (firm_reports.WORKFLOW,), steps_of([firm_reports.WORKFLOW], [firm_reports]), (*REPORTED, "office_code"),
    ("text", "position", "person_before", "person_after", "address_kind", "address", "verified", "by_name",
     "handled_by", "opinion", "applied"),
)  # fmt: skip
KINDS: dict[str, Kind] = {
    kind.id: kind
    for kind in (
        _LEAD, _VISIT, _CORRECTION, _PROCEEDING, _MEASURE, _CASE, _PUBLICATION, _GRADE, _ENTRY, _RISK,
        _LIAISON, _LISTING, EXCURSION, MOVEMENT, _SELF_INSPECTION, NOTICE, DELIVERY, STATUS_REPORT,
        _EVENT, _SIGNAL, _RECALL, _RECALL_HOLDER,
    )
}  # fmt: skip
