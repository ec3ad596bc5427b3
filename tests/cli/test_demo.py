"""The demo: three offices' years with the counts that their own papers publish, the same every time."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from django.core.management import call_command
from django.db.models import Q
from django.test import override_settings
from stdnum.cn import uscc

from xiejian.cases.models import Case, InterviewPlan
from xiejian.cli.demo.build import Built, build
from xiejian.inspections.models import (
    Correction,
    Finding,
    ProductionStop,
    SiteCheck,
    Transfer,
    Visit,
    WorkRecord,
)
from xiejian.kernel import workdays
from xiejian.offline.models import Conflict, Device, FieldEvent
from xiejian.people import audit
from xiejian.people.models import NetworkPerson, Office, Officer
from xiejian.planning.models import Assignment, Campaign, Plan, Task
from xiejian.registry.models import (
    ImportBatch,
    LicenceMatter,
    Party,
    PartyLink,
    Registration,
    RegistrationCheck,
)
from xiejian.risks.models import RiskMeeting
from xiejian.sampling.models import Sample

BEILUN, DUSHAN, NAIMAN = "330206", "522726", "150525"


def in_office(model, code, field="office_code"):
    return model.objects.filter(**{f"{field}__startswith": code})


def digest(code):
    """The columns by which two builds of one office are compared, none of them a row's own number."""
    ordered = {
        "links": in_office(PartyLink, code, "party__office_code").values_list(
            "party__uscc", "party__name", "link", "level", "tags", "expires_on"
        ),
        "visits": in_office(Visit, code).values_list("number", "party__uscc", "visited_on", "conclusion"),
        "findings": in_office(Finding, code, "visit__office_code").values_list(
            "visit__number", "point", "state"
        ),
        "orders": in_office(Correction, code).values_list("number", "state", "due_on", "closed_on"),
        "cases": in_office(Case, code).values_list("number", "party__uscc", "fine_fen"),
        "tasks": in_office(Task, code).values_list("party__uscc", "link", "kind", "times", "due_on"),
        "samples": in_office(Sample, code).values_list(
            "number", "product_name", "state", "report_no", "seals"
        ),
        "people": in_office(Officer, code, "office__code").values_list("username", "name"),
    }
    return {name: sorted(map(str, rows)) for name, rows in ordered.items()}


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    """The whole demo, built once for this module."""
    folder = tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder / "files"):
        yield build(folder / "out", lambda line: None)
        call_command("flush", verbosity=0, interactive=False)


@pytest.mark.django_db
class TestBeilun2009:
    """Every count that the office's published summary states."""

    @pytest.fixture(autouse=True)
    def _built(self, demo: Built) -> None:
        self.links = PartyLink.objects.filter(
            party__office_code__startswith=BEILUN, party__area__contains="医疗器械"
        ).exclude(party__status="注销")

    @pytest.mark.parametrize(("classes", "count"), [("3", 3), ("2", 5), ("1", 2), ("", 1)])
    def test_makers_by_class(self, classes, count):
        assert self.links.filter(link="生产", classes=classes).count() == count

    def test_makers_in_all(self):
        assert self.links.filter(link="生产").count() == 11

    @pytest.mark.parametrize(("level", "count"), [("3", 15), ("2", 46), ("1", 3)])
    def test_product_certificates_by_class(self, level, count):
        rows = Registration.objects.filter(party__office_code__startswith=BEILUN)
        assert rows.filter(management_class=level).count() == count

    def test_only_the_intraocular_lens_is_a_new_class_three_certificate(self):
        rows = Registration.objects.filter(management_class="3", approved_on__year=2009)
        assert [row.product_name for row in rows] == ["后房型人工晶体"]

    def test_distributors(self):
        sellers = self.links.filter(link="经营")
        three = sellers.filter(classes="3")
        counts = sellers.count(), three.count(), three.filter(tags__contains="|角膜接触镜|").count()
        assert (*counts, sellers.filter(classes="2").count()) == (46, 37, 18, 9)

    def test_visits_to_makers(self):
        rows = in_office(Visit, BEILUN).filter(link="生产", visited_on__year=2009)
        assert Counter(rows.values_list("kind", flat=True)) == {"体系核查": 6, "日常检查": 7}

    def test_visits_to_users_of_high_risk_devices(self):
        risky = Q(tags__contains="|植入|") | Q(tags__contains="|无菌|")
        assert in_office(Visit, BEILUN).filter(risky, link="使用", visited_on__year=2009).count() == 4

    @pytest.mark.parametrize(
        ("link", "matter", "result", "count"),
        [
            ("生产", "注册体系核查", "整改后通过", 1),
            ("生产", "注册证到期检查", "通过", 1),
            ("生产", "生产许可到期检查", "通过", 1),
            ("生产", "注册核查", "存疑上报", 1),
            ("生产", "开办", "通过", 1),
            ("经营", "开办", "通过", 5),
            ("经营", "开办", "驳回", 2),
        ],
    )
    def test_licence_matters(self, link, matter, result, count):
        rows = in_office(LicenceMatter, BEILUN).filter(link=link, matter=matter, result=result)
        assert rows.count() == count

    def test_the_refused_are_a_lens_shop_and_an_orthopaedic_dealer(self):
        refused = in_office(LicenceMatter, BEILUN).filter(result="驳回")
        assert {word for row in refused for word in ("角膜接触镜", "骨科") if word in row.reason} == {
            "角膜接触镜",
            "骨科",
        }

    def test_certificates_checked_with_their_instructions(self):
        rows = in_office(RegistrationCheck, BEILUN).filter(instructions_checked=True)
        assert rows.values("registration").distinct().count() == rows.count() == 47

    def test_the_doubtful_instructions_are_of_diagnostic_reagents(self):
        doubtful = in_office(RegistrationCheck, BEILUN).filter(consistent=False)
        assert doubtful and all("试剂盒" in row.registration.product_name for row in doubtful)

    def test_cases(self):
        rows = in_office(Case, BEILUN)
        lens = rows.filter(conduct="无证经营医疗器械", tags__contains="|角膜接触镜|")
        other = rows.filter(conduct="无证经营医疗器械").exclude(tags__contains="|角膜接触镜|")
        clinic = rows.filter(conduct="从非法渠道购进医疗器械", link="使用")
        assert (lens.count(), other.count(), clinic.count(), rows.count()) == (2, 2, 1, 5)

    def test_both_lens_cases_go_to_court(self):
        in_court = in_office(Case, BEILUN).filter(court_enforcement=True)
        assert in_court.count() == in_court.filter(tags__contains="|角膜接触镜|").count() == 2

    @pytest.mark.parametrize(
        ("facts", "count"),
        [
            ({"kind": "不良事件监测任务", "quantity": 5}, 2),
            ({"kind": "不良事件报告"}, 3),
            ({"kind": "主导供应商", "category": "药品批发企业"}, 5),
            ({"kind": "主导供应商", "category": "街道卫生院"}, 2),
        ],
    )
    def test_work_without_a_room(self, facts, count):
        assert in_office(WorkRecord, BEILUN).filter(**facts).count() == count

    def test_the_first_lots_of_the_lens_were_sampled_and_conform(self):
        (sample,) = in_office(Sample, BEILUN)
        assert (sample.product_name, sample.outcome, sample.state) == ("后房型人工晶体", "符合规定", "closed")


@pytest.mark.django_db
class TestDushan2022:
    """独山: stations, three levels, visits that follow from the plan."""

    @pytest.fixture(autouse=True)
    def _built(self, demo: Built) -> None:
        self.plan = Plan.objects.get(office_code=DUSHAN, year=2022)

    def test_the_plan_is_handed_down(self):
        assert self.plan.state == "issued"

    def test_sellers_are_of_all_three_levels(self):
        levels = in_office(PartyLink, DUSHAN, "party__office_code").filter(link="经营", level__isnull=False)
        assert set(levels.values_list("level", flat=True)) == {1, 2, 3}

    def test_most_planned_parties_were_visited_and_some_were_missed(self):
        planned = set(self.plan.tasks.filter(party__isnull=False).values_list("party_id", flat=True))
        rows = in_office(Visit, DUSHAN).filter(visited_on__year=2022, state="concluded")
        visited = planned & set(rows.values_list("party_id", flat=True))
        assert 0.85 <= len(visited) / len(planned) < 1

    def test_visits_look_back_two_years(self):
        years = set(in_office(Visit, DUSHAN).values_list("visited_on__year", flat=True))
        assert {2020, 2021, 2022} <= years


@pytest.mark.django_db
class TestNaiman2023:
    """奈曼旗: stations of the order, no maker, thirty-one online sellers, the campaign."""

    @pytest.fixture(autouse=True)
    def _built(self, demo: Built) -> None:
        self.links = in_office(PartyLink, NAIMAN, "party__office_code")

    def test_nine_stations(self):
        assert Office.objects.filter(parent__code=NAIMAN).count() == 9

    def test_no_maker(self):
        assert not self.links.filter(link="生产").exists()

    def test_online_sellers_by_station(self):
        sellers = self.links.filter(link="网络销售").values_list("party__office_code", flat=True)
        assert Counter(sellers) == {"150525401": 30, "150525105": 1}

    def test_the_campaign_is_open_since_its_order(self):
        assert Campaign.objects.get(office_code=NAIMAN).starts_on == date(2023, 5, 16)

    def test_no_visit_of_the_campaign_before_it(self):
        rows = in_office(Visit, NAIMAN).filter(campaign="naiman-2023", visited_on__lt=date(2023, 5, 16))
        assert not rows.exists()

    def test_some_visits_fit_the_campaign_and_are_not_marked(self):
        rows = in_office(Visit, NAIMAN).filter(campaign="", visited_on__gte=date(2023, 7, 1))
        assert rows.exists()

    def test_leads_went_to_police_health_and_customs(self):
        found = set(in_office(Transfer, NAIMAN).values_list("addressee", flat=True))
        assert found == {"公安", "卫健", "海关"}


@pytest.mark.django_db
class TestWholeDemo:
    def test_no_import_returned_a_row(self, demo):
        assert not ImportBatch.objects.filter(rejected__gt=0).exists()

    def test_the_audit_chain_is_whole(self, demo):
        assert audit.broken_at() is None

    def test_nothing_is_dated_after_the_office_s_today(self, demo):
        for office in Office.objects.exclude(settings={}):
            rows = in_office(Visit, office.code).filter(visited_on__gt=office.settings["today"])
            assert not rows.exists(), office

    def test_nobody_inspects_on_a_holiday(self, demo):
        days = Visit.objects.filter(visited_on__isnull=False).values_list("visited_on", flat=True).distinct()
        calendar = workdays.build()
        assert [day for day in days if not calendar.is_working_day(day)] == []

    def test_orders_are_in_every_state_of_their_life(self, demo):
        assert {"ordered", "submitted", "closed"} <= set(Correction.objects.values_list("state", flat=True))

    def test_samples_are_in_many_states_of_their_life(self, demo):
        states = set(Sample.objects.values_list("state", flat=True))
        assert {"planned", "handed_over", "received", "notified", "final", "closed"} <= states

    def test_two_phones_sent_two_visits_and_disagree_on_one_point(self, demo):
        per_office = Counter(
            Conflict.objects.filter(state="open").values_list("visit__office_code", flat=True)
        )
        assert (sorted(per_office.values()), Device.objects.count()) == ([1, 1], 4)

    def test_what_phones_sent_is_recorded_but_for_the_disagreement(self, demo):
        assert not FieldEvent.objects.filter(outcome__in=("refused", "waiting")).exists()

    def test_a_maker_was_stopped_and_resumed(self, demo):
        (stop,) = in_office(ProductionStop, DUSHAN)
        assert (stop.state, stop.resumed_on, stop.visit.party.status) == (
            "resumed",
            date(2022, 9, 26),
            "正常",
        )

    def test_results_of_site_visits_agree_with_the_applications_they_belong_to(self, demo):
        rows = SiteCheck.objects.filter(matter__isnull=False)
        assert rows and {row.result for row in rows if row.result != row.matter.result} == set()

    def test_talks_are_arranged_and_announced_in_every_office(self, demo):
        for code in (BEILUN, DUSHAN, NAIMAN):
            states = set(in_office(InterviewPlan, code).values_list("state", flat=True))
            assert states == {"planned", "invited"}, code

    def test_schedules_know_the_order_of_visits(self, demo):
        assert Assignment.objects.filter(place__isnull=False).exists()

    def test_every_office_talked_about_its_risks_and_struck_one_off(self, demo):
        for code in (BEILUN, DUSHAN, NAIMAN):
            held = in_office(RiskMeeting, code).filter(state="concluded").get()
            assert held.items.filter(state__in=("struck_off", "returned")).exists()

    def test_closed_orders_have_evidence(self, demo):
        # an order that came with an imported visit is closed by what the book says
        worked_on = Correction.objects.filter(state="closed", follows_visit=False)
        assert not worked_on.filter(evidence__isnull=True).exists()

    def test_every_credit_code_is_valid_and_marked_as_invented(self, demo):
        codes = Party.objects.values_list("uscc", flat=True)
        assert all(uscc.is_valid(code) and "MAXJ" in code for code in codes)

    def test_every_office_has_its_roles(self, demo):
        for key in ("beilun", "dushan", "naiman"):
            roles = set(Officer.objects.filter(username__startswith=f"{key}.").values_list("role", flat=True))
            assert len(roles) == 5, key

    def test_the_network_is_trained(self, demo):
        kinds = NetworkPerson.objects.filter(trainings__isnull=False).values_list("kind", flat=True)
        assert set(kinds) == {"assistant", "informant", "reporter"}

    def test_every_file_it_names_was_written(self, demo):
        assert demo.files and all(path.stat().st_size > 0 for path in demo.files)

    @pytest.mark.parametrize("ending", [".xlsx", ".docx"])
    def test_each_office_gets_plans_tables_and_papers(self, demo, ending):
        names = [path.name for path in demo.files if path.suffix == ending and path.parent.name == "out"]
        assert {name[:2] for name in names} == {"北仑", "独山", "奈曼"}


@pytest.mark.django_db
class TestTwice:
    def test_a_second_build_is_the_same(self, demo, tmp_path):
        first = digest(DUSHAN)
        call_command("flush", verbosity=0, interactive=False)
        build(tmp_path / "out", lambda line: None, only={"dushan"}, papers=False)
        assert digest(DUSHAN) == first
