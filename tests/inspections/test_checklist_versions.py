"""Old visits keep the version they asked; an office's own points; devices that come back."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from visiting import appoint, enrol
from xiejian.inspections import actions, checklist_versions, checklists, judgements, own_points, queries
from xiejian.inspections.checks import Entry
from xiejian.inspections.models import ChecklistVersion, Visit
from xiejian.inspections.own_points import Draft
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor

TODAY = dt.date(2024, 3, 5)
COUNTY, STATION = "150525", "150525100"


def draft(text="近视防治产品专柜有标识", **changes):
    return Draft(**{"checklist": "contact-lens", "text": text, "citation": "旗局工作提示", **changes})


@pytest.fixture
def add(officer, now):
    def make(*drafts, **changes):
        given = {"drafts": drafts or [draft()], "office_code": COUNTY, "from_on": TODAY, "by": officer}
        return own_points.add_own_points(**{**given, "at": now, **changes})

    return make


@pytest.fixture
def reworded(monkeypatch):
    """The pack changes: the first point of contact-lens gets another wording, and another rule judges."""

    def change():
        old = checklists.get("contact-lens")
        first = dataclasses.replace(old.points[0], text="改写后的内容")
        changed = dataclasses.replace(
            old, points=(first, *old.points[1:]), rule=judgements.judgements()["J-U"]
        )
        new = checklists._with_version(changed)
        known = {**checklists.checklists(), "contact-lens": new}
        monkeypatch.setattr(checklists, "checklists", lambda: known)
        return new

    return change


def texts(visit):
    return [a.point.text for a in queries.answered_points(visit) if a.point]


class TestAVersion:
    def test_is_kept_when_a_visit_begins(self, started):
        kept = ChecklistVersion.objects.get()
        assert (kept.checklist, kept.version) == ("contact-lens", started.checklist_version)

    def test_is_kept_once_however_many_visits_ask_it(self, started, schedule, inspector, now):
        actions.start_visit(visit=schedule(), on=TODAY, by=inspector, at=now)
        assert ChecklistVersion.objects.count() == 1

    def test_is_what_a_visit_shows_after_the_pack_has_changed(self, started, reworded):
        before = texts(started)
        reworded()
        assert texts(Visit.objects.get()) == before

    def test_of_a_visit_that_has_not_begun_is_the_newest(self, planned, reworded):
        reworded()
        assert texts(planned)[0] == "改写后的内容"

    def test_judges_by_its_own_rule(self, started, answer_all, reworded, inspector, now):
        answer_all(started, failing=["T-CZ-CL-4"])
        reworded()
        done = actions.conclude_visit(visit=started, by=inspector, at=now)
        assert done.extra["judgement"]["rule"] == "J-4d"

    def test_of_a_visit_from_before_versions_were_kept_shows_the_present_text(self, concluded):
        ChecklistVersion.objects.all().delete()
        Visit.objects.update(checklist_version="long ago")
        found = checklist_versions.of_visit(Visit.objects.get())
        assert found == checklists.get("contact-lens")

    def test_costs_no_query_while_it_is_the_present_one(self, started, django_assert_num_queries):
        with django_assert_num_queries(0):
            checklist_versions.of_visit(started)


class TestHandingOut:
    @pytest.fixture
    def taken(self, planned, inspector, now):
        return checklist_versions.hand_out(
            visits=list(Visit.objects.select_related("party")), by=inspector, at=now
        )

    def test_gives_each_visit_its_checklist_and_facts(self, taken, planned):
        mine = taken["visits"][planned.number]
        assert mine["checklist"] in taken["checklists"]
        assert mine["facts"]["tags"] == ["角膜接触镜"]

    def test_keeps_what_it_gave(self, taken):
        kept = ChecklistVersion.objects.get()
        assert f"{kept.checklist}@{kept.version}" in taken["checklists"]

    def test_leaves_an_audit_entry(self, taken):
        assert AuditEntry.objects.get(action="hand_out_checklists").detail["visits"] == 1

    def test_gives_the_rule_for_a_visit_without_checklist(self, taken):
        assert taken["rules"]["使用"]["id"] == "J-U"

    def test_asks_the_same_queries_for_many_visits(
        self, planned, schedule, inspector, now, django_assert_max_num_queries
    ):
        for day in range(1, 6):
            schedule(planned_on=TODAY + dt.timedelta(days=day))
        visits = list(Visit.objects.select_related("party"))
        with django_assert_max_num_queries(9):  # links, versions, own points; keep; audit; savepoint
            checklist_versions.hand_out(visits=visits, by=inspector, at=now)

    def test_gives_each_office_its_own_points_and_no_others(self, add, planned, schedule, inspector, now):
        """The station's point is asked by the station, not by the county bureau's visit beside it."""
        add(office_code=STATION)
        county = schedule(office_code=COUNTY, by=SYSTEM)
        visits = list(Visit.objects.select_related("party"))
        taken = checklist_versions.hand_out(visits=visits, by=SYSTEM, at=now)
        points = {
            number: len(taken["checklists"][visit["checklist"]]["points"])
            for number, visit in taken["visits"].items()
        }
        assert points[planned.number] == points[county.number] + 1

    def test_is_refused_for_visits_of_another_office(self, planned, now):
        stranger = Actor("x", "外县", "150522", "station_inspector")
        with pytest.raises(Refused) as refused:
            checklist_versions.hand_out(visits=[planned], by=stranger, at=now)
        assert refused.value.first.code == "P101"


class TestComingBack:
    def test_with_a_version_that_was_handed_out_answers_it(self, planned, inspector, now, reworded):
        visits = list(Visit.objects.select_related("party"))
        checklist_versions.hand_out(visits=visits, by=inspector, at=now)
        old = ChecklistVersion.objects.get().version
        reworded()
        started = actions.start_visit(visit=planned, on=TODAY, by=inspector, at=now, version=old)
        assert (started.checklist_version, "改写后的内容" in texts(started)) == (old, False)

    def test_with_an_unknown_version_is_refused_and_nothing_begins(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.start_visit(visit=planned, on=TODAY, by=inspector, at=now, version="deadbeef0000")
        assert refused.value.first.code == "I504"
        assert Visit.objects.get().state == "planned"


class TestOwnPoints:
    def test_are_asked_by_the_office_and_those_below(self, add, started, schedule, inspector, now):
        (point,) = add()
        visit = actions.start_visit(visit=schedule(), on=TODAY, by=inspector, at=now)
        assert texts(visit)[-1] == point.text

    def test_make_another_version(self, add, started, schedule, inspector, now):
        add()
        visit = actions.start_visit(visit=schedule(), on=TODAY, by=inspector, at=now)
        assert visit.checklist_version != started.checklist_version

    def test_are_not_asked_elsewhere(self, add):
        add()
        checklist = checklists.get("contact-lens")
        assert checklist_versions.asked_by(checklist, "150522", TODAY) == checklist

    def test_of_a_station_are_not_asked_by_the_county(self, add):
        add(office_code=STATION)
        checklist = checklists.get("contact-lens")
        assert checklist_versions.asked_by(checklist, COUNTY, TODAY) == checklist

    @pytest.mark.parametrize(("day", "asked"), [(-1, 0), (0, 1), (9, 1), (10, 0)])
    def test_are_asked_from_their_day_until_withdrawn(self, add, officer, now, day, asked):
        (point,) = add()
        own_points.withdraw_own_point(
            point=point, on=TODAY + dt.timedelta(days=10), reason="已纳入国家检查表", by=officer, at=now
        )
        checklist = checklists.get("contact-lens")
        found = checklist_versions.asked_by(checklist, STATION, TODAY + dt.timedelta(days=day))
        assert len(found.points) - len(checklist.points) == asked

    def test_that_were_withdrawn_stay_with_the_visits_that_asked_them(
        self, add, schedule, inspector, officer, now
    ):
        (point,) = add()
        visit = actions.start_visit(visit=schedule(), on=TODAY, by=inspector, at=now)
        own_points.withdraw_own_point(point=point, on=TODAY, reason="重复", by=officer, at=now)
        assert texts(Visit.objects.get(pk=visit.pk))[-1] == point.text

    def test_that_are_key_must_be_answered(self, add, schedule, inspector, answer_all, now):
        add(draft(key=True))
        visit = actions.start_visit(visit=schedule(), on=TODAY, by=inspector, at=now)
        answer_all(visit)  # the shipped points
        with pytest.raises(Refused) as refused:
            actions.conclude_visit(visit=visit, by=inspector, at=now)
        assert [p.code for p in refused.value.problems] == ["I207"]

    def test_are_numbered_by_office(self, add):
        assert [p.number for p in add(draft("一"), draft("二"))] == ["补150525-1", "补150525-2"]

    def test_leave_an_audit_entry(self, add):
        (point,) = add()
        assert AuditEntry.objects.get(action="add_own_points").subject_key == point.number

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"checklist": "nothing"}, "I502"),
            ({"text": " "}, "I505"),
            ({"text": "长" * 501}, "I505"),
            ({"citation": ""}, "I505"),
            ({"when": {"status": "正常"}}, "I501"),
            ({"when": {"classes": 3}}, "I501"),
        ],
    )
    def test_that_cannot_be_used_are_refused(self, add, changes, code):
        with pytest.raises(Refused) as refused:
            add(draft(**changes))
        assert refused.value.first.code == code

    def test_in_the_same_words_are_refused(self, add):
        add()
        with pytest.raises(Refused) as refused:
            add(office_code=STATION)
        assert refused.value.first.code == "I506"

    def test_are_not_for_every_inspector_to_add(self, add, inspector):
        with pytest.raises(Refused) as refused:
            add(office_code=STATION, by=inspector)
        assert refused.value.first.code == "P101"

    def test_are_withdrawn_once_with_a_reason_and_not_before_they_began(self, add, officer, now):
        (point,) = add()
        with pytest.raises(Refused) as refused:
            own_points.withdraw_own_point(
                point=point, on=TODAY - dt.timedelta(days=1), reason="", by=officer, at=now
            )
        assert [p.code for p in refused.value.problems] == ["I106", "I508"]
        own_points.withdraw_own_point(point=point, on=TODAY, reason="重复", by=officer, at=now)
        with pytest.raises(Refused) as refused:
            own_points.withdraw_own_point(point=point, on=TODAY, reason="重复", by=officer, at=now)
        assert refused.value.first.code == "I507"

    def test_are_seen_by_those_they_bind_and_by_those_above(self, add):
        add()
        for office, seen in (("150500", 1), (COUNTY, 1), (STATION, 1), ("150522", 0)):
            reader = Actor("r", "读者", office, "station_inspector")
            assert own_points.listed(reader).count() == seen

    def test_withdrawn_are_listed_when_asked_for(self, add, officer, now):
        (point,) = add()
        own_points.withdraw_own_point(point=point, on=TODAY, reason="重复", by=officer, at=now)
        assert not own_points.listed(officer).exists()
        assert own_points.listed(officer, withdrawn=True).exists()


class TestApplying:
    """A point with a condition is asked only of parties that the register knows to be such."""

    @pytest.fixture
    def wholesale_only(self, add):
        return add(draft(key=True, when={"mode": "批发"}))[0]

    @pytest.fixture
    def visit_of(self, team, inspector, now):
        def make(mode):
            shop = enrol(f"{mode}店", STATION, now, tags="|角膜接触镜|")
            shop.links.update(mode=mode)
            visit = actions.schedule_visit(
                party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=inspector, at=now
            )
            return actions.start_visit(visit=visit, on=TODAY, by=inspector, at=now)

        return make

    @pytest.mark.parametrize(("mode", "asked"), [("批发", True), ("零售", False), ("", True)])
    def test_goes_by_the_register_and_spares_nobody_it_does_not_know(
        self, wholesale_only, visit_of, mode, asked
    ):
        answered = {a.id: a for a in queries.answered_points(visit_of(mode))}
        assert answered[wholesale_only.number].asked is asked

    def test_a_point_that_does_not_apply_keeps_no_visit_open(
        self, wholesale_only, visit_of, answer_all, inspector, now
    ):
        visit = visit_of("零售")
        answer_all(visit)
        assert actions.conclude_visit(visit=visit, by=inspector, at=now).state == "concluded"

    def test_it_may_be_answered_all_the_same(self, wholesale_only, visit_of, inspector, now):
        visit = visit_of("零售")
        entry = Entry(wholesale_only.number, "not_conform", "实际在做批发")
        assert actions.record_findings(visit=visit, entries=[entry], by=inspector, at=now)

    def test_the_facts_of_the_visit_stay_as_they_were(self, wholesale_only, visit_of):
        visit = visit_of("零售")
        visit.party.links.update(mode="批发")
        answered = {a.id: a for a in queries.answered_points(Visit.objects.get(pk=visit.pk))}
        assert not answered[wholesale_only.number].asked


class TestAMatter:
    def test_is_judged_by_its_own_row(self, naiman, inspector, now):
        maker = enrol("某某器械厂", STATION, now, link="生产")
        team = [appoint("wang", "王检", STATION, now), appoint("zhao", "赵检", STATION, now)]
        visit = actions.schedule_visit(
            party=maker, link="生产", kind="许可核查", planned_on=TODAY, team=team, matter="延续",
            by=inspector, at=now, checklist="production",
        )  # fmt: skip
        visit = actions.start_visit(visit=visit, on=TODAY, by=inspector, at=now)
        entry = Entry("T-CZ-P-1", "not_conform", "无注册证")
        actions.record_findings(visit=visit, entries=[entry], by=inspector, at=now)
        assert queries.standing_proposal(visit)[0].id == "J-1d"

    @pytest.mark.parametrize(("kind", "matter"), [("日常检查", "延续"), ("许可核查", "年检")])
    def test_belongs_to_licence_visits_and_is_a_known_one(self, schedule, kind, matter):
        with pytest.raises(Refused) as refused:
            schedule(kind=kind, matter=matter)
        assert refused.value.first.code == "I111"


class TestTheRecheck:
    """What the rule of the visit says before the inspectors decide."""

    @pytest.fixture
    def licensed(self, naiman, inspector, now):
        """A licence visit of a maker with one general failure, ordered to correct within thirty days."""

        def make(matter):
            maker = enrol(f"{matter}器械厂", STATION, now, link="生产")
            team = [appoint(f"w{matter}", "王检", STATION, now), appoint(f"z{matter}", "赵检", STATION, now)]
            visit = actions.schedule_visit(
                party=maker, link="生产", kind="许可核查", planned_on=TODAY, team=team, matter=matter,
                by=inspector, at=now, checklist="production",
            )  # fmt: skip
            visit = actions.start_visit(visit=visit, on=TODAY, by=inspector, at=now)
            entries = [
                Entry(p.id, "not_conform", "记录缺失") if p.id == "P51-9" else Entry(p.id, "conform")
                for p in checklists.get("production").points
            ]
            actions.record_findings(visit=visit, entries=entries, by=inspector, at=now)
            visit = actions.conclude_visit(visit=visit, by=inspector, at=now)
            return actions.order_correction(
                visit=visit, content="补齐记录", ordered_on=TODAY, due_on=dt.date(2024, 4, 4),
                by=inspector, at=now,
            )  # fmt: skip

        return make

    @pytest.mark.parametrize(
        ("matter", "day", "answers"),
        [
            ("开办", dt.date(2024, 4, 4), [("全部符合", "J-1c-3"), ("仍有不符合", "J-1c-2")]),
            ("开办", dt.date(2024, 4, 5), [("逾期", "J-1c-1")]),
            ("延续", dt.date(2024, 4, 5), [("全部符合", "J-1d-2"), ("仍有不符合", "J-1d-1")]),
        ],
        ids=["in time", "a day late", "a renewal may be late"],
    )
    def test_is_foretold_by_the_day_of_the_report(self, licensed, matter, day, answers):
        found = queries.recheck_rows(licensed(matter), day)
        assert [(what, row.id) for what, row in found] == answers

    def test_says_nothing_where_no_rule_judged(self, licensed):
        correction = licensed("开办")
        correction.visit.extra = {}
        assert queries.recheck_rows(correction, TODAY) == []
