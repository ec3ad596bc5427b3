"""监督抽检: the board, the list, the sheet, one sample with its steps, clocks and papers."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from moment import NOW
from sampled import SHEET, Walk
from xiejian.cases.models import Case
from xiejian.inspections.models import Visit
from xiejian.kernel.tabular import write_xlsx
from xiejian.people.policy import SYSTEM
from xiejian.sampling import actions
from xiejian.sampling.checks import LineEntry
from xiejian.sampling.models import Sample, SamplingPlan

TODAY = NOW.date()


@pytest.fixture
def team(officers):
    return [officers["station_inspector"], officers["section_officer"]]


@pytest.fixture
def drawn(ours, team):
    return actions.draw_sample(
        sheet=SHEET, party=ours, link="经营", kind="县级抽检", team=team, by=SYSTEM, at=NOW
    )  # fmt: skip


@pytest.fixture
def walk():
    return Walk(SYSTEM, NOW)


@pytest.fixture
def final(drawn, walk, settings):
    """A failed sample with its conclusion final; the pages' clock stands a while later."""
    return walk.confirm(walk.notify(walk.to_result(drawn, "不符合规定")))


@pytest.fixture
def line(naiman):
    plan = actions.make_sampling_plan(
        title="2024年监督抽检", year=2024, kind="省级抽检", office_code=naiman.code,
        lines=[LineEntry("医用口罩", 3, dt.date(2024, 6, 30), "150525100")], by=SYSTEM, at=NOW,
    )  # fmt: skip
    return actions.issue_sampling_plan(plan=plan, on=TODAY, by=SYSTEM, at=NOW).lines.get()


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture(autouse=True)
def _later(monkeypatch):
    """The doors' clock: the tests' samples go on for two months."""
    monkeypatch.setattr("xiejian.web.clock.now", lambda request: NOW + dt.timedelta(days=60))
    monkeypatch.setattr("xiejian.web.clock.today", lambda request: TODAY + dt.timedelta(days=60))


def sheet(team, **given):
    base = {
        "kind": "县级抽检", "link": "经营", "area": "医疗器械", "product_name": "医用口罩", "lot": "A1",
        "sampled_on": "2024-03-05", "method": "现场抽样", "quantity": "50", "seals": "F1",
        "team": [officer.pk for officer in team],
    }  # fmt: skip
    return {**base, **given}


class TestTheSheet:
    def test_it_is_filled_in_on_one_page(self, officer, ours, team):
        answer = officer.post(f"/samples/new/?party={ours.pk}", sheet(team))
        sample = Sample.objects.get()
        assert (answer.status_code, answer.url, sample.state) == (302, f"/samples/{sample.pk}/", "drawn")

    def test_of_a_line_it_takes_kind_and_laboratory(self, officer, ours, team, line):
        officer.post(f"/samples/new/?party={ours.pk}", sheet(team, kind="", line=line.pk))
        assert (Sample.objects.get().kind, Sample.objects.get().line) == ("省级抽检", line)

    def test_the_device_code_fills_in_lot_and_dates(self, officer, ours, team):
        code = "(01)06972253600013(11)240105(17)260104(10)B77"
        officer.post(f"/samples/new/?party={ours.pk}", sheet(team, lot="", udi=code))
        sample = Sample.objects.get()
        assert (sample.lot, sample.made_on, sample.expires_on) == (
            "B77", dt.date(2024, 1, 5), dt.date(2026, 1, 4),
        )  # fmt: skip

    def test_what_is_refused_is_shown_with_what_was_typed(self, officer, ours, team):
        answer = officer.post(f"/samples/new/?party={ours.pk}", sheet(team[:1], product_name="某某口罩"))
        page = answer.content.decode()
        assert (answer.status_code, "不得少于 2 人" in page, "某某口罩" in page) == (422, True, True)

    def test_without_a_plan_the_kind_is_asked_for(self, officer, ours, team):
        answer = officer.post(f"/samples/new/?party={ours.pk}", sheet(team, kind=""))
        assert (answer.status_code, Sample.objects.count()) == (422, 0)

    def test_a_party_is_found_while_typing(self, officer, ours):
        answer = officer.get(
            "/samples/new/?q=安康", headers={"hx-request": "true", "hx-target": "party-choices"}
        )
        assert f"?party={ours.pk}" in answer.content.decode()


class TestOneSample:
    def step(self, client, sample, name, **given):
        return client.post(f"/samples/{sample.pk}/", {"do": name, **given})

    def test_each_step_is_a_form_on_its_page(self, officer, drawn):
        given = {"on": "2024-03-06", "laboratory": "省医疗器械检验所"}
        answer = self.step(officer, drawn, "hand_over_sample", **given)
        drawn.refresh_from_db()
        assert (answer.status_code, drawn.state) == (302, "handed_over")

    def test_one_that_conforms_is_offered_no_step_of_a_failure(self, officer, drawn, walk):
        walk.notify(walk.to_result(drawn, "符合规定"))
        page = officer.get(f"/samples/{drawn.pk}/").content.decode()
        assert 'value="close_sample"' in page and 'value="record_disposal"' not in page

    def test_a_refusal_is_shown_in_the_form(self, officer, drawn):
        given = {"on": "2024-03-04", "laboratory": "省医疗器械检验所"}
        answer = self.step(officer, drawn, "hand_over_sample", **given)
        assert (answer.status_code, "早于抽样日期" in answer.content.decode()) == (422, True)

    def test_it_shows_its_clocks(self, officer, drawn, walk):
        walk.notify(walk.to_result(drawn, "不符合规定"))
        page = officer.get(f"/samples/{drawn.pk}/").content.decode()
        assert "申请复检的期限" in page and "2024-03-26" in page

    def test_it_says_what_the_handling_still_needs(self, officer, final):
        assert "核查处置还缺：停止销售使用" in officer.get(f"/samples/{final.pk}/").content.decode()

    def test_a_case_is_filed_from_it(self, officer, final):
        given = {
            "number": "奈市监处罚〔2024〕9号", "filed_on": "2024-04-20", "procedure": "普通",
            "conduct": "经营不符合强制性标准的医疗器械",
        }  # fmt: skip
        self.step(officer, final, "file_case_of_sample", **given)
        page = officer.get(f"/samples/{final.pk}/").content.decode()
        assert f'href="/cases/{Case.objects.get().pk}/"' in page

    def test_a_follow_up_visit_is_arranged_from_it(self, officer, final, team):
        given = {"planned_on": "2024-05-20", "on": "2024-04-20", "team": [o.pk for o in team]}
        self.step(officer, final, "schedule_follow_up_of_sample", **given)
        page = officer.get(f"/samples/{final.pk}/").content.decode()
        assert f'href="/visits/{Visit.objects.get().pk}/"' in page

    def test_whoever_only_looks_has_no_forms(self, as_role, drawn):
        assert 'name="do"' not in as_role("head").get(f"/samples/{drawn.pk}/").content.decode()

    def test_nor_may_send_one(self, as_role, drawn):
        answer = self.step(as_role("head"), drawn, "cancel_sample", reason="不抽了")
        assert answer.status_code == 403

    @pytest.mark.parametrize("kind", ["sheet", "result", "letter"])
    def test_its_papers_are_word_documents(self, officer, final, kind):
        answer = officer.get(f"/samples/{final.pk}/papers/{kind}/")
        assert (answer.status_code, answer.content[:2]) == (200, b"PK")

    def test_a_paper_that_is_not_due_is_not_there(self, officer, drawn):
        assert officer.get(f"/samples/{drawn.pk}/papers/letter/").status_code == 404

    def test_the_page_takes_few_queries(self, officer, final, walk, django_assert_max_num_queries):
        walk.measures(final, "stop", "trace", "no_case", "follow_up")
        with django_assert_max_num_queries(22):
            officer.get(f"/samples/{final.pk}/")


class TestTheList:
    def test_the_tabs_hold_what_they_say(self, officer, final, drawn):
        def shown(tab):
            return final.number in officer.get(f"/samples/?tab={tab}").content.decode()

        assert [shown(tab) for tab in ("due", "failed", "all")] == [True, True, True]

    def test_its_queries_do_not_grow_with_the_rows(self, officer, ours, team, django_assert_max_num_queries):
        for _ in range(8):
            actions.draw_sample(
                sheet=SHEET, party=ours, link="经营", kind="县级抽检", team=team, by=SYSTEM, at=NOW
            )
        with django_assert_max_num_queries(14):
            officer.get("/samples/?tab=all")

    def test_it_is_exported_as_seen(self, officer, drawn):
        answer = officer.get("/samples/?tab=all&format=xlsx")
        assert answer["Content-Type"].endswith("sheet")


class TestThePlans:
    def test_the_board_shows_how_far_each_line_is(self, officer, line, drawn):
        Sample.objects.update(line=line)
        page = officer.get("/samples/plans/").content.decode()
        assert "1/3" in page and "2024年监督抽检" in page

    def test_a_plan_is_written_line_by_line(self, officer, naiman):
        given = {
            "title": "县级抽检", "year": 2024, "kind": "县级抽检", "line-TOTAL_FORMS": 2,
            "line-INITIAL_FORMS": 2,
            "line-0-product": "血糖试纸", "line-0-count": 2, "line-0-due_on": "2024-09-30",
            "line-0-office_code": naiman.code, "line-1-office_code": naiman.code,
        }  # fmt: skip
        answer = officer.post("/samples/plans/new/", given)
        plan = SamplingPlan.objects.get()
        assert (answer.status_code, plan.state, plan.lines.get().count) == (302, "draft", 2)

    def test_or_from_a_workbook(self, officer):
        stream = io.BytesIO()
        write_xlsx(stream, "任务", ["品种", "批次", "完成期限"], [["口罩", 5, "2024-06-30"]])
        given = {
            "title": "县级抽检", "year": 2024, "kind": "县级抽检", "line-TOTAL_FORMS": 0,
            "line-INITIAL_FORMS": 0, "file": SimpleUploadedFile("任务.xlsx", stream.getvalue()),
        }  # fmt: skip
        officer.post("/samples/plans/new/", given)
        assert SamplingPlan.objects.get().lines.get().count == 5

    def test_a_plan_without_lines_is_refused_on_the_page(self, officer):
        given = {
            "title": "空", "year": 2024, "kind": "县级抽检", "line-TOTAL_FORMS": 0, "line-INITIAL_FORMS": 0,
        }  # fmt: skip
        answer = officer.post("/samples/plans/new/", given)
        assert (answer.status_code, "没有任务" in answer.content.decode()) == (422, True)

    def test_it_is_handed_down_and_changed(self, officer, line):
        plan = line.plan
        given = {"do": "amend_line", "line": line.pk, "count": 6, "reason": "追加"}
        officer.post(f"/samples/plans/{plan.pk}/", given)
        line.refresh_from_db()
        assert line.count == 6

    def test_a_station_sees_its_own_line_and_may_sample(self, as_role, line):
        page = as_role("station_inspector").get(f"/samples/plans/{line.plan_id}/").content.decode()
        assert f"/samples/new/?line={line.pk}" in page


class TestElsewhere:
    def test_a_lot_is_arranged_at_a_party_from_the_plan(self, as_role, line, ours):
        given = {"do": "plan_sample", "line": line.pk, "party": ours.name, "planned_on": "2024-05-20"}
        answer = as_role("station_inspector").post(f"/samples/plans/{line.plan_id}/", given)
        assert (answer.status_code, Sample.objects.get().state) == (302, "planned")

    def test_the_sheet_of_an_arranged_lot_asks_only_for_what_is_open(self, officer, line, ours, team):
        planned = actions.plan_sample(
            line=line, party=ours, link="经营", planned_on=TODAY, by=SYSTEM, at=NOW
        )  # fmt: skip
        given = {k: v for k, v in sheet(team).items() if k not in ("kind", "link", "area")}
        answer = officer.post(f"/samples/new/?sample={planned.pk}", given)
        planned.refresh_from_db()
        assert (answer.status_code, planned.state) == (302, "drawn")

    def test_a_case_leads_back_to_its_sample(self, officer, final):
        given = {"number": "案1", "filed_on": "2024-04-20", "procedure": "普通", "conduct": "违法"}
        officer.post(f"/samples/{final.pk}/", {"do": "file_case_of_sample", **given})
        page = officer.get(f"/cases/{Case.objects.get().pk}/").content.decode()
        assert f'href="/samples/{final.pk}/"' in page

    def test_a_visit_shows_what_was_sampled_during_it(self, officer, drawn, ours):
        visit = Visit.objects.create(
            number="V1", party=ours, link="经营", kind="日常检查", state="started", visited_on=TODAY,
            persons=2, office_code=ours.office_code,
        )  # fmt: skip
        Sample.objects.update(visit_no="V1")
        page = officer.get(f"/visits/{visit.pk}/").content.decode()
        assert f'href="/samples/{drawn.pk}/"' in page and "&amp;visit=V1" in page

    def test_a_slip_of_the_pen_is_corrected_on_the_page(self, officer, drawn):
        given = {"product_name": drawn.product_name, "lot": "B9", "reason": "笔误"}
        officer.post(f"/samples/{drawn.pk}/", {"do": "amend_sample", **given})
        drawn.refresh_from_db()
        assert drawn.lot == "B9"

    def test_the_first_page_names_what_is_due(self, officer, drawn, walk, line):
        walk.notify(walk.to_result(drawn, "不符合规定"))
        page = officer.get("/").content.decode()
        assert "不合格未处置完 1 批" in page and "一次性使用医用口罩" in page

    def test_the_archive_tells_of_it(self, officer, drawn, ours):
        page = officer.get(f"/parties/{ours.pk}/").content.decode()
        assert f'href="/samples/{drawn.pk}/"' in page
