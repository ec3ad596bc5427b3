"""检查: the list, the month, a visit arranged, the checklist filled in, what follows from it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from moment import NOW
from visiting import PHOTO, appoint, enrol
from xiejian.inspections import actions
from xiejian.inspections.checklists import get
from xiejian.inspections.checks import Entry
from xiejian.inspections.models import Correction, Evidence, Finding, Transfer, Visit
from xiejian.people.actions import open_office
from xiejian.people.models import Officer
from xiejian.people.policy import SYSTEM
from xiejian.planning.models import Plan, Task
from xiejian.web import clock

TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    """The pages' clock stands at NOW."""
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


@pytest.fixture
def shop(naiman):
    return enrol("明眸眼镜店", "150525100", NOW, tags="|角膜接触镜|")


@pytest.fixture
def team(naiman):
    return [appoint("wang", "王检", "150525100", NOW), appoint("zhao", "赵检", "150525100", NOW)]


@pytest.fixture
def planned(shop, team) -> Visit:
    return actions.schedule_visit(
        party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=SYSTEM, at=NOW
    )


@pytest.fixture
def started(planned) -> Visit:
    return actions.start_visit(visit=planned, on=TODAY, by=SYSTEM, at=NOW)


@pytest.fixture
def concluded(started) -> Visit:
    points = get(started.checklist).points
    entries = [Entry(p.id, "conform") for p in points[1:]]
    entries.append(Entry(points[0].id, "not_conform", "未能提供进货查验记录"))
    actions.record_findings(visit=started, entries=entries, by=SYSTEM, at=NOW)
    return actions.conclude_visit(visit=started, by=SYSTEM, at=NOW)


def answers(visit: Visit, **changes: str) -> dict[str, str]:
    """A whole checklist answered 符合, with changes by field name (``_`` for ``-``)."""
    given = {f"state-{p.id}": "conform" for p in get(visit.checklist).points}
    return {"do": "record_findings", **given, **changes}


def first_point(visit: Visit) -> str:
    return get(visit.checklist).points[0].id


class TestTheList:
    def test_begins_with_what_is_still_to_do(self, client, planned, concluded):
        other = Visit.objects.get()
        Visit.objects.create(
            number="未办", party=other.party, link="经营", kind="日常检查", office_code="150525100",
            state="planned", planned_on=TODAY,
        )  # fmt: skip
        assert [v.number for v in client.get("/visits/").context["listing"].rows] == ["未办"]

    def test_shows_every_visit_that_a_search_finds(self, client, concluded):
        assert client.get("/visits/?q=明眸").context["listing"].total == 1

    def test_calls_a_visit_late_once_its_planned_day_is_over(self, client, planned):
        Visit.objects.update(planned_on=TODAY - dt.timedelta(days=1))
        assert client.get("/visits/?state=late").context["listing"].total == 1

    def test_does_not_call_a_visit_of_today_late(self, client, planned):
        assert client.get("/visits/?state=late").context["listing"].total == 0

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("period=month", 1), ("period=last_month", 0), ("link=经营", 1), ("link=生产", 0),
            ("kind=日常检查", 1), ("kind=飞行检查", 0), ("office=150525", 1), ("conclusion=限期整改", 1),
            ("conclusion=符合", 0), ("campaign=无", 0), ("day=2024-03-05", 1), ("day=2024-03-06", 0),
            ("day=not-a-day", 1),
        ],
    )  # fmt: skip
    def test_is_narrowed_by(self, client, concluded, query, found):
        assert client.get(f"/visits/?tab=all&{query}").context["listing"].total == found

    def test_asks_the_same_queries_for_many_rows(self, client, planned, django_assert_max_num_queries):
        numbers = ({"number": f"n{i}", "party_id": planned.party_id} for i in range(30))
        Visit.objects.bulk_create(
            Visit(
                **n, link="经营", kind="日常检查", office_code="150525100", state="planned", planned_on=TODAY
            )
            for n in numbers
        )
        with django_assert_max_num_queries(9):
            client.get("/visits/")

    def test_exports_what_is_seen(self, client, concluded):
        answer = client.get("/visits/?tab=all&format=xlsx")
        assert "spreadsheet" in answer["Content-Type"]


class TestTheMonth:
    def test_puts_a_visit_on_its_day(self, client, planned):
        weeks = client.get("/visits/month/?month=2024-03").context["weeks"]
        held = [cell["day"] for week in weeks for cell in week if cell["rows"]]
        assert held == [TODAY]

    def test_without_visits_says_so(self, client, planned):
        assert "本月没有安排检查" in client.get("/visits/month/?month=2024-05").content.decode()

    def test_that_cannot_be_read_is_this_month(self, client, naiman):
        assert client.get("/visits/month/?month=spring").context["month"] == dt.date(2024, 3, 1)

    def test_asks_the_same_queries_for_many_visits(self, client, planned, django_assert_max_num_queries):
        Visit.objects.bulk_create(
            Visit(
                number=f"n{i}", party_id=planned.party_id, link="经营", kind="日常检查",
                office_code="150525100", state="planned", planned_on=TODAY,
            )
            for i in range(40)
        )  # fmt: skip
        with django_assert_max_num_queries(6):
            client.get("/visits/month/?month=2024-03")


class TestArranging:
    def given(self, team, **changes):
        return {
            "link": "经营", "kind": "日常检查", "planned_on": "2024-03-08", "office_code": "150525100",
            "checklist": "contact-lens", "team": [o.pk for o in team], **changes,
        }  # fmt: skip

    def test_begins_with_a_party_found_as_one_types(self, client, ours):
        found = client.get(
            "/visits/new/?q=安康", headers={"HX-Request": "true", "HX-Target": "party-choices"}
        )
        assert [p.pk for p in found.context["parties"]] == [ours.pk]

    def test_never_offers_a_party_of_another_county(self, client, theirs):
        assert list(client.get("/visits/new/?q=独山县外地").context["parties"]) == []

    def test_proposes_the_checklist_that_fits_the_products(self, client, shop):
        form = client.get(f"/visits/new/?party={shop.pk}").context["form"]
        assert form.initial["checklist"] == "contact-lens"

    def test_proposes_another_checklist_when_the_kind_changes(self, client, shop):
        answer = client.get(
            f"/visits/new/?party={shop.pk}&link=经营&kind=全项目检查",
            headers={"HX-Request": "true", "HX-Target": "checklist-choice"},
        )
        assert answer.context["form"].initial["checklist"] == "distribution"

    def test_takes_link_and_kind_from_the_task_that_led_here(self, client, shop):
        plan = Plan.objects.create(
            year=2024, office_code="150525", pack="dushan", pack_version="0", seed="", state="issued",
            made_at=NOW, by_name="x",
        )  # fmt: skip
        task = Task.objects.create(
            plan=plan, party=shop, party_link=shop.links.get(), link="经营", kind="飞行检查", from_on=TODAY,
            due_on=TODAY, office_code="150525100", origin="必查", rules="x", basis="依据",
        )  # fmt: skip
        form = client.get(f"/visits/new/?task={task.pk}").context["form"]
        assert (form.initial["link"], form.initial["kind"]) == ("经营", "飞行检查")

    def test_leads_to_the_new_visit(self, client, shop, team):
        answer = client.post(f"/visits/new/?party={shop.pk}", self.given(team))
        assert answer["Location"] == f"/visits/{Visit.objects.get().pk}/"

    def test_of_one_inspector_is_refused_with_the_clause(self, client, shop, team):
        answer = client.post(f"/visits/new/?party={shop.pk}", self.given(team[:1]))
        assert (answer.status_code, "I101" in answer.content.decode()) == (422, True)

    def test_is_not_open_to_who_may_only_look(self, as_role, shop):
        assert as_role("head").get(f"/visits/new/?party={shop.pk}").status_code == 403


class TestAVisit:
    @pytest.mark.parametrize(
        ("state", "steps"),
        [
            ("planned", {"start_visit", "reschedule_visit", "record_refusal", "cancel_visit"}),
            (
                "started",
                {"conclude_visit", "record_refusal", "order_correction", "transfer_lead", "amend_visits"},
            ),
            ("concluded", {"order_correction", "transfer_lead", "amend_visits"}),
            ("cancelled", set()),
        ],
    )
    def test_offers_only_what_may_be_done_now(self, client, planned, state, steps):
        Visit.objects.update(state=state, visited_on=TODAY)
        shown = client.get(f"/visits/{planned.pk}/").context["steps"]
        assert {item.step.name for item in shown} == steps

    def test_offers_nothing_to_who_may_only_look(self, as_role, planned):
        assert as_role("head").get(f"/visits/{planned.pk}/").context["steps"] == []

    def test_is_not_changed_by_who_may_only_look(self, as_role, planned):
        given = {"do": "start_visit", "on": "2024-03-05", "persons": 2}
        assert as_role("head").post(f"/visits/{planned.pk}/", given).status_code == 403

    def test_is_started(self, client, planned):
        client.post(f"/visits/{planned.pk}/", {"do": "start_visit", "on": "2024-03-05", "persons": 3})
        planned.refresh_from_db()
        assert (planned.state, planned.persons) == ("started", 3)

    def test_started_tomorrow_is_refused_on_the_page(self, client, planned):
        answer = client.post(
            f"/visits/{planned.pk}/", {"do": "start_visit", "on": "2024-03-06", "persons": 2}
        )
        assert (answer.status_code, "I102" in answer.content.decode()) == (422, True)

    def test_is_still_what_it_was_after_a_refusal(self, client, planned):
        answer = client.post(
            f"/visits/{planned.pk}/", {"do": "start_visit", "on": "2024-03-06", "persons": 2}
        )
        assert answer.context["state"][0] == "已安排"

    def test_is_moved_to_another_day(self, client, planned, team):
        given = {
            "do": "reschedule_visit",
            "planned_on": "2024-03-09",
            "team": [o.pk for o in team],
            "reason": "停电",
        }
        client.post(f"/visits/{planned.pk}/", given)
        planned.refresh_from_db()
        assert planned.planned_on == dt.date(2024, 3, 9)

    def test_is_cancelled_with_a_reason(self, client, planned):
        client.post(f"/visits/{planned.pk}/", {"do": "cancel_visit", "reason": "已注销"})
        planned.refresh_from_db()
        assert planned.state == "cancelled"

    def test_that_was_refused_on_the_spot_ends_as_not_conform(self, client, started):
        given = {"do": "record_refusal", "on": "2024-03-05", "act": "RF1", "detail": "锁门离开"}
        client.post(f"/visits/{started.pk}/", given)
        started.refresh_from_db()
        assert (started.state, started.conclusion) == ("refused", "不符合")

    def test_shows_what_the_last_visit_found(self, client, concluded, team):
        again = actions.schedule_visit(
            party=concluded.party,
            link="经营",
            kind="跟踪检查",
            planned_on=TODAY,
            team=team,
            by=SYSTEM,
            at=NOW,
        )
        assert "未能提供进货查验记录" in client.get(f"/visits/{again.pk}/").content.decode()

    def test_asks_the_same_queries_however_long_its_checklist_is(
        self, client, concluded, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(20):
            client.get(f"/visits/{concluded.pk}/")

    def test_is_amended_with_a_reason(self, client, concluded):
        given = {
            "do": "amend_visits",
            "campaign": "naiman-2023",
            "tags": "无菌、植入",
            "persons": 2,
            "reason": "漏登",
        }
        client.post(f"/visits/{concluded.pk}/", given)
        concluded.refresh_from_db()
        assert (concluded.campaign, concluded.tags) == ("naiman-2023", "|无菌|植入|")

    def test_hands_a_lead_on(self, client, concluded):
        client.post(
            f"/visits/{concluded.pk}/",
            {"do": "transfer_lead", "addressee": "公安", "moved_on": "2024-03-05"},
        )
        assert Transfer.objects.get().source_no == concluded.number


class TestTheChecklist:
    def test_is_saved_in_one_go(self, client, started):
        client.post(f"/visits/{started.pk}/", answers(started))
        assert Finding.objects.count() == len(get(started.checklist).points)

    def test_is_not_saved_at_all_when_one_point_is_refused(self, client, started):
        point = first_point(started)
        client.post(f"/visits/{started.pk}/", answers(started, **{f"state-{point}": "not_conform"}))
        assert Finding.objects.count() == 0

    def test_keeps_what_was_entered_when_a_point_is_refused(self, client, started):
        point = first_point(started)
        answer = client.post(f"/visits/{started.pk}/", answers(started, **{f"state-{point}": "not_conform"}))
        rows = [row for _, rows in answer.context["chapters"] for row in rows]
        assert (answer.status_code, [row.id for row in rows if row.problems]) == (422, [point])

    def test_takes_a_problem_outside_its_points(self, client, started):
        extra = {"do": "record_findings", "extra-fact": "库房渗水", "extra-clause": "某办法第三条"}
        client.post(f"/visits/{started.pk}/", extra)
        assert Finding.objects.get().clause == "某办法第三条"

    def test_wants_the_clause_of_a_problem_outside_its_points(self, client, started):
        answer = client.post(f"/visits/{started.pk}/", {"do": "record_findings", "extra-fact": "库房渗水"})
        assert ("I201" in answer.content.decode(), "库房渗水" in answer.content.decode()) == (True, True)

    def test_saves_one_point_as_soon_as_it_is_answered(self, client, started):
        point = first_point(started)
        client.post(f"/visits/{started.pk}/points/{point}/", {f"state-{point}": "conform"})
        assert Finding.objects.get().state == "conform"

    def test_waits_for_the_fact_of_a_point_that_does_not_conform(self, client, started):
        point = first_point(started)
        answer = client.post(f"/visits/{started.pk}/points/{point}/", {f"state-{point}": "not_conform"})
        assert (Finding.objects.count(), "请写明事实" in answer.content.decode()) == (0, True)

    def test_says_how_far_it_is_after_every_point(self, client, started):
        point = first_point(started)
        answer = client.post(
            f"/visits/{started.pk}/points/{point}/",
            {f"state-{point}": "conform"},
            headers={"HX-Request": "true"},
        )
        assert answer.context["progress"]["answered"] == 1

    def test_forgets_the_severe_mark_of_a_point_that_conforms(self, client, started):
        point = first_point(started)
        client.post(
            f"/visits/{started.pk}/points/{point}/", {f"state-{point}": "conform", f"severe-{point}": "on"}
        )
        assert Finding.objects.get().severe is False

    def test_has_no_point_of_another_list(self, client, started):
        assert client.post(f"/visits/{started.pk}/points/Z-1/", {}).status_code == 404

    def test_is_closed_once_the_visit_is(self, client, concluded):
        point = first_point(concluded)
        answer = client.post(f"/visits/{concluded.pk}/points/{point}/", {f"state-{point}": "conform"})
        assert "K101" in answer.content.decode()


class TestTheConclusion:
    def test_is_the_rule_s_own_unless_another_is_chosen(self, client, started):
        client.post(f"/visits/{started.pk}/", answers(started))
        client.post(f"/visits/{started.pk}/", {"do": "conclude_visit"})
        started.refresh_from_db()
        assert started.conclusion == "符合"

    def test_shows_its_rule_and_clause(self, client, concluded):
        judgement = concluded.extra["judgement"]
        page = client.get(f"/visits/{concluded.pk}/").content.decode()
        assert judgement["rule"] in page and judgement["citation"] in page

    def test_other_than_the_rule_s_needs_a_reason(self, client, started):
        client.post(f"/visits/{started.pk}/", answers(started))
        answer = client.post(f"/visits/{started.pk}/", {"do": "conclude_visit", "conclusion": "停产整改"})
        assert (answer.status_code, "I209" in answer.content.decode()) == (422, True)

    def test_waits_for_the_key_points(self, client, started):
        answer = client.post(f"/visits/{started.pk}/", {"do": "conclude_visit"})
        assert "I207" in answer.content.decode()

    def test_that_wants_correction_opens_the_order_first(self, client, concluded):
        first = client.get(f"/visits/{concluded.pk}/").context["steps"][0]
        assert (first.step.name, first.open) == ("order_correction", True)

    def test_puts_what_was_found_into_the_order(self, client, concluded):
        first = client.get(f"/visits/{concluded.pk}/").context["steps"][0]
        assert "未能提供进货查验记录" in first.form.initial["content"]

    def test_leads_to_an_order(self, client, concluded):
        given = {
            "do": "order_correction", "content": "补齐记录",
            "ordered_on": "2024-03-05", "due_on": "2024-03-20",
        }  # fmt: skip
        client.post(f"/visits/{concluded.pk}/", given)
        assert Correction.objects.get().due_on == dt.date(2024, 3, 20)


class TestEvidence:
    def file(self, name="门头.jpg", content=PHOTO):
        return SimpleUploadedFile(name, content)

    def test_is_stored_with_its_digest_on_the_page(self, client, started):
        client.post(f"/visits/{started.pk}/", {"do": "attach_evidence", "files": [self.file()]})
        assert Evidence.objects.get().sha256 in client.get(f"/visits/{started.pk}/").content.decode()

    def test_takes_several_files_at_once(self, client, started):
        files = [self.file(), self.file("库房.jpg", PHOTO + b"2")]
        client.post(f"/visits/{started.pk}/", {"do": "attach_evidence", "files": files})
        assert Evidence.objects.count() == 2

    def test_keeps_the_good_ones_when_one_of_several_is_refused(self, client, started):
        files = [self.file(), self.file("伪装.png", b"MZ")]
        answer = client.post(f"/visits/{started.pk}/", {"do": "attach_evidence", "files": files})
        assert (Evidence.objects.count(), "I404" in answer.content.decode()) == (1, True)

    def test_without_a_file_says_what_is_missing(self, client, started):
        assert client.post(f"/visits/{started.pk}/", {"do": "attach_evidence"}).status_code == 422

    def test_is_shown_in_place_to_who_may_see_the_visit(self, client, started):
        client.post(f"/visits/{started.pk}/", {"do": "attach_evidence", "files": [self.file()]})
        answer = client.get(f"/evidence/{Evidence.objects.get().pk}/")
        assert (b"".join(answer), answer["Content-Type"]) == (PHOTO, "image/jpeg")

    def test_that_a_browser_might_run_is_only_handed_over(self, client, started):
        client.post(
            f"/visits/{started.pk}/",
            {"do": "attach_evidence", "files": [self.file("台账.xlsx", b"PK\x03\x04x")]},
        )
        answer = client.get(f"/evidence/{Evidence.objects.get().pk}/")
        assert answer["Content-Disposition"].startswith("attachment")
        answer.close()


class TestTheRecordOnPaper:
    def test_names_the_points_and_leaves_room_to_sign(self, client, concluded):
        page = client.get(f"/visits/{concluded.pk}/record/").content.decode()
        assert get(concluded.checklist).points[0].text in page and "签名" in page

    def test_keeps_personal_data_from_the_upper_office(self, as_role, concluded):
        concluded.party.head = "白某某"
        concluded.party.save()
        page = as_role("upper_viewer").get(f"/visits/{concluded.pk}/record/").content.decode()
        assert "白某某" not in page


class TestWhoMayBeSent:
    def test_are_inspectors_of_the_station_and_of_its_bureau(self, as_role, shop, team):
        form = as_role("station_inspector").get(f"/visits/new/?party={shop.pk}").context["form"]
        offered = {officer.username for officer in form.fields["team"].queryset}
        assert offered == {"wang", "zhao", "t.station_inspector", "t.section_officer"}

    def test_are_never_those_of_another_station(self, as_role, shop, naiman):
        open_office(code="150525101", name="八仙筒市场监督管理所", by=SYSTEM, at=NOW)
        appoint("far", "远检", "150525101", NOW)
        form = as_role("station_inspector").get(f"/visits/new/?party={shop.pk}").context["form"]
        assert "far" not in {officer.username for officer in form.fields["team"].queryset}

    def test_are_in_post(self, as_role, shop, team):
        Officer.objects.filter(username="wang").update(is_active=False)
        form = as_role("station_inspector").get(f"/visits/new/?party={shop.pk}").context["form"]
        assert "wang" not in {officer.username for officer in form.fields["team"].queryset}
