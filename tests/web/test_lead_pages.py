"""线索: the inbox, taking a lead in, one lead with its steps, who told us, the report of a day."""

from __future__ import annotations

import io

import pytest
from docx import Document

from moment import NOW
from told import CALLER, TODAY
from visiting import appoint
from xiejian.cases.proceedings import Clue, register_clue
from xiejian.inspections.models import Visit
from xiejian.leads import actions
from xiejian.leads.actions import Entry
from xiejian.leads.models import Lead
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM

SECRET = CALLER.phone.encode()


@pytest.fixture(autouse=True)
def _own_key(settings, tmp_path):
    settings.DATA = tmp_path


@pytest.fixture
def lead(ours, naiman):
    return actions.register_lead(
        entry=Entry(f"{ours.name}卖的血压计不准，不退款，我的电话{CALLER.phone}", TODAY, "热线"),
        office_code=naiman.code, identity=CALLER, by=SYSTEM, at=NOW,
    )  # fmt: skip


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture
def do(officer, lead):
    """Sends a step of the lead; the answer's status."""

    def send(step, **facts):
        return officer.post(f"/leads/{lead.pk}/", {"do": step, **facts}).status_code

    return send


def triaged(ours, naiman, **facts):
    return {
        "kind": "投诉", "topic": "quality", "priority": "一般", "party": ours.pk, "link": "经营",
        "area": "医疗器械", "office_code": naiman.code,
    } | facts  # fmt: skip


class TestTheInbox:
    @pytest.mark.parametrize("tab", ["due", "new", "all"])
    def test_a_new_lead_is_on_its_tabs(self, officer, lead, tab):
        assert lead.number in officer.get(f"/leads/?tab={tab}").content.decode()

    def test_it_is_nobodys_own_before_it_is_assigned(self, officer, lead):
        assert lead.number not in officer.get("/leads/?tab=mine").content.decode()

    def test_a_search_looks_into_the_text(self, officer, lead):
        assert lead.number in officer.get("/leads/?q=血压计").content.decode()

    def test_the_list_asks_as_often_for_many_as_for_one(
        self, officer, lead, naiman, django_assert_max_num_queries
    ):
        for n in range(5):
            actions.register_lead(
                entry=Entry(f"另一件{n}", TODAY, "热线"), office_code=naiman.code, by=SYSTEM, at=NOW
            )
        with django_assert_max_num_queries(12):
            officer.get("/leads/")


class TestTakingIn:
    FORM = {
        "received_on": TODAY.isoformat(), "source": "热线", "area": "医疗器械", "office_code": "150525",
        "text": "举报有人卖过期口罩", "name": "张三丰", "phone": "13800001111",
    }  # fmt: skip

    def test_what_is_sent_becomes_a_lead(self, officer, naiman):
        officer.post("/leads/new/", self.FORM)
        assert (Lead.objects.get().kind, Lead.objects.get().named) == ("举报", True)

    def test_markup_is_refused_in_words(self, officer, naiman):
        answer = officer.post("/leads/new/", {**self.FORM, "text": "<script>x</script>"})
        assert (answer.status_code, "网页代码" in answer.content.decode()) == (422, True)


class TestOneLead:
    def test_the_reasons_of_the_proposal_are_shown(self, officer, lead):
        assert "“不退”" in officer.get(f"/leads/{lead.pk}/").content.decode()

    def test_it_is_taken_from_triage_to_closing(self, do, lead, ours, naiman, officers):
        day = {"on": TODAY.isoformat()}
        statuses = [
            do("triage_lead", **triaged(ours, naiman)),
            do("accept_lead", **day),
            do("assign_lead", handler=officers["section_officer"].pk, **day),
            do("answer_lead", outcome="达成调解", answer="已退款", **day),
            do("close_lead", **day),
        ]
        lead.refresh_from_db()
        assert (statuses, lead.state, lead.party) == ([302] * 5, "closed", ours)

    def test_a_party_may_be_named_instead_of_chosen(self, do, lead, ours, naiman):
        do("triage_lead", **triaged(ours, naiman, party="", party_given=ours.name))
        lead.refresh_from_db()
        assert lead.party == ours

    def test_a_party_that_nobody_knows_is_a_problem(self, do, ours, naiman):
        assert do("triage_lead", **triaged(ours, naiman, party_given="查无此店")) == 422

    def test_its_party_has_it_among_the_open_matters_and_on_the_timeline(
        self, officer, do, lead, ours, naiman
    ):
        do("triage_lead", **triaged(ours, naiman))
        assert officer.get(f"/parties/{ours.pk}/").content.decode().count(lead.number) == 2

    def test_the_page_asks_a_bounded_number_of_times(self, officer, lead, django_assert_max_num_queries):
        with django_assert_max_num_queries(40):
            officer.get(f"/leads/{lead.pk}/")


class TestWhatFollows:
    """A lead that is worked on leads to a visit and to a case, and is answered with what came of them."""

    @pytest.fixture
    def worked_on(self, do, lead, ours, naiman, officers):
        do("triage_lead", **triaged(ours, naiman, kind="举报"))
        do("accept_lead", on=TODAY.isoformat())
        do("assign_lead", handler=officers["section_officer"].pk, on=TODAY.isoformat())
        lead.refresh_from_db()
        return lead

    @pytest.fixture
    def visited(self, worked_on, ours):
        return Visit.objects.create(
            number="检1", party=ours, link="经营", kind="有因检查", office_code=ours.office_code,
            state="concluded", planned_on=TODAY, visited_on=TODAY, conclusion="限期整改",
            source_kind="lead", source_record=worked_on.pk, source_no=worked_on.number,
        )  # fmt: skip

    def page(self, officer, lead):
        return officer.get(f"/leads/{lead.pk}/").content.decode()

    def test_nothing_follows_before_it_is_accepted(self, officer, lead):
        assert "安排有因检查" not in self.page(officer, lead)

    def test_a_visit_is_arranged_in_one_step(self, officer, worked_on, ours, officers):
        first = officer.get(f"/visits/new/?party={ours.pk}&kind=有因检查&from=lead&record={worked_on.pk}")
        team = [officers["section_officer"].pk, appoint("zhao", "赵检", "150525100", NOW).pk]
        sent = {"link": "经营", "kind": "有因检查", "planned_on": TODAY.isoformat(), "team": team}
        sent |= {"party": ours.pk, "office_code": "150525100", "checklist": ""}
        officer.post(f"/visits/new/?party={ours.pk}&from=lead&record={worked_on.pk}", sent)
        visit = Visit.objects.get()
        back = officer.get(f"/visits/{visit.pk}/").content.decode()
        assert (worked_on.number in first.content.decode(), visit.source_no, worked_on.number in back) == (
            True, worked_on.number, True,
        )  # fmt: skip

    def test_a_lead_out_of_reach_is_no_origin(self, officer, ours, worked_on):
        Lead.objects.update(office_code="522726")
        shown = officer.get(f"/visits/new/?party={ours.pk}&from=lead&record={worked_on.pk}")
        assert worked_on.number not in shown.content.decode()

    def test_its_visits_are_on_its_page(self, officer, visited, worked_on):
        assert visited.number in self.page(officer, worked_on)

    def test_the_answer_says_what_the_visit_found(self, officer, do, visited, worked_on):
        do("decide_filing", filing="不予立案", reason="已责令改正", on=TODAY.isoformat())
        assert "进行了检查，结论为限期整改" in self.page(officer, worked_on)

    def test_its_cases_are_on_its_page(self, officer, worked_on, ours):
        clue = Clue("销售过期器械", "投诉举报", TODAY, "lead", worked_on.pk, worked_on.number, link="经营")
        made = register_clue(clue=clue, party=ours, by=SYSTEM, at=NOW)
        assert made.number in self.page(officer, worked_on)


class TestWhoToldUs:
    @pytest.mark.parametrize("address", ["/leads/", "/leads/{pk}/", "/leads/day/", "/leads/?format=xlsx"])
    def test_no_page_says_it(self, officer, lead, address):
        assert SECRET not in officer.get(address.format(pk=lead.pk)).content

    def test_it_is_shown_for_a_reason(self, officer, lead):
        answer = officer.post(f"/leads/{lead.pk}/informant/", {"do": "read", "reason": "回访"})
        assert (SECRET in answer.content, answer["Cache-Control"]) == (True, "no-store")

    def test_the_look_is_logged(self, officer, lead):
        officer.post(f"/leads/{lead.pk}/informant/", {"do": "read", "reason": "回访"})
        assert AuditEntry.objects.filter(action="read_identity").count() == 1

    def test_an_inspector_does_not_get_there(self, as_role, lead):
        address = f"/leads/{lead.pk}/informant/"
        assert as_role("station_inspector").post(address, {"reason": "x"}).status_code == 403

    def test_it_is_deleted_when_the_informant_asks(self, officer, lead):
        officer.post(f"/leads/{lead.pk}/informant/", {"do": "erase", "reason": "本人申请"})
        assert "已删除" in officer.get(f"/leads/{lead.pk}/").content.decode()


class TestPapers:
    def test_the_answer_is_a_letter_without_the_name(self, officer, do, lead, ours, naiman, officers):
        do("triage_lead", **triaged(ours, naiman))
        do("accept_lead", on=TODAY.isoformat())
        content = officer.get(f"/leads/{lead.pk}/papers/accepted/").content
        text = "\n".join(p.text for p in Document(io.BytesIO(content)).paragraphs)
        assert (lead.number in text, CALLER.name in text) == (True, False)

    def test_a_paper_that_does_not_exist_yet_is_not_found(self, officer, lead):
        assert officer.get(f"/leads/{lead.pk}/papers/answer/").status_code == 404

    def test_the_day_is_a_paper_too(self, officer, lead):
        content = officer.get("/leads/day/?format=docx&on=2024-03-05").content
        text = "\n".join(p.text for p in Document(io.BytesIO(content)).paragraphs)
        assert "收到线索 1 件" in text

    def test_a_day_that_is_none_is_today(self, officer, lead):
        assert officer.get("/leads/day/?on=昨天").status_code == 200
