"""The stored register graded: counts, reasons kept, permissions, recomputation, explanation."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.cases.models import Case
from xiejian.kernel import packs
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.planning import grading
from xiejian.planning.models import Grade, GradeRun
from xiejian.registry.models import Party, PartyLink

ON = dt.date(2024, 1, 1)


@pytest.fixture
def register(naiman, now):
    """A wholesaler, a key wholesaler, a retailer, a hospital, a retailer of another county."""

    def add(name, office="150525100", *, link="经营", **facts):
        on_party = {
            k: facts.pop(k) for k in ("punished_last_year", "stores_for_others", "status") if k in facts
        }
        party = Party.objects.create(
            name=name, division_code=office, office_code=office, created_at=now, updated_at=now, **on_party
        )
        return PartyLink.objects.create(party=party, link=link, **facts)

    return {
        "wholesaler": add("批发公司", classes="2", mode="批发"),
        "key": add("植入公司", classes="3", mode="批发", tags="|植入|重点监管目录|"),
        "retailer": add("药房", classes="2", mode="零售"),
        "hospital": add("旗医院", "150525", link="使用", unit_kind="二级医院"),
        "elsewhere": add("邻旗药房", "150526", classes="2", mode="零售"),
    }


@pytest.fixture
def graded(register, officer, now):
    def graded(**changes):
        asked = {"on": ON, "pack_id": "national-2022-78", "office_code": "150525", "by": officer, "at": now}
        return grading.grade_register(**{**asked, **changes})

    return graded


class TestGradingTheRegister:
    def test_counts_per_link_and_level(self, graded):
        assert graded().counts == {"经营": {"3": 1, "2": 1, "1": 1}, "使用": {"none": 1}}

    def test_keeps_the_rules_that_spoke(self, graded, register):
        run = graded()
        assert Grade.objects.get(run=run, party_link=register["key"]).rules == "N-D3、N-DF3a、N-DF3b"

    def test_keeps_the_facts_used(self, graded, register):
        facts = Grade.objects.get(run=graded(), party_link=register["key"]).facts
        assert facts["mode"] == "批发" and facts["tags"] == "|植入|重点监管目录|"
        assert "punished_last_year" not in facts

    def test_keeps_pack_and_version(self, graded):
        run = graded()
        assert (run.pack, run.pack_version) == ("national-2022-78", packs.load("national-2022-78").version)

    def test_copies_the_level_to_the_link(self, graded, register):
        graded()
        register["key"].refresh_from_db()
        link = register["key"]
        assert (link.level, link.level_pack, link.level_on) == (3, "national-2022-78", ON)

    def test_leaves_other_offices_alone(self, graded, register):
        graded()
        register["elsewhere"].refresh_from_db()
        assert register["elsewhere"].level_pack == ""

    def test_of_a_past_date_leaves_the_newer_level(self, graded, register):
        graded()
        graded(on=dt.date(2016, 1, 1), pack_id="national-2015-158")
        register["retailer"].refresh_from_db()
        assert register["retailer"].level_pack == "national-2022-78"

    def test_of_the_same_date_again_replaces_the_level(self, graded, register):
        graded()
        graded(pack_id="dushan")
        register["retailer"].refresh_from_db()
        assert register["retailer"].level_pack == "dushan"

    def test_leaves_an_audit_entry(self, graded):
        run = graded()
        assert AuditEntry.objects.get(action="grade_register").subject_key == str(run.pk)
        assert audit.broken_at() is None

    def test_takes_the_same_number_of_queries_for_more_parties(
        self, graded, register, now, django_assert_max_num_queries
    ):
        parties = [
            Party(
                name=f"店{i}",
                division_code="150525100",
                office_code="150525100",
                created_at=now,
                updated_at=now,
            )
            for i in range(300)
        ]
        Party.objects.bulk_create(parties)
        PartyLink.objects.bulk_create(PartyLink(party=p, link="经营", mode="零售") for p in parties)
        with django_assert_max_num_queries(12):
            assert graded().counts["经营"]["1"] == 301

    def test_of_an_empty_register_counts_nothing(self, naiman, officer, now):
        run = grading.grade_register(on=ON, pack_id="dushan", office_code="150525", by=officer, at=now)
        assert run.counts == {}


class TestLastYearsPenalties:
    def decide(self, link, decided_on):
        Case.objects.create(
            number=f"案{decided_on}", party=link.party, link="经营", office_code="150525",
            filed_on=decided_on, decided_on=decided_on,
        )  # fmt: skip

    def level(self, graded, register):
        graded()
        register["retailer"].refresh_from_db()
        return register["retailer"].level

    @pytest.mark.parametrize(
        ("decided_on", "level"),
        [("2022-12-31", 1), ("2023-01-01", 3), ("2023-12-31", 3), ("2024-01-01", 1)],
    )
    def test_count_when_decided_in_the_year_before(self, graded, register, decided_on, level):
        self.decide(register["retailer"], dt.date.fromisoformat(decided_on))
        assert self.level(graded, register) == level

    def test_not_yet_decided_do_not_count(self, graded, register):
        Case.objects.create(
            number="未决", party=register["retailer"].party, link="经营", filed_on=dt.date(2023, 5, 1),
            office_code="150525",
        )  # fmt: skip
        assert self.level(graded, register) == 1

    def test_stated_in_the_register_count_without_a_case(self, graded, register):
        Party.objects.filter(pk=register["retailer"].party_id).update(punished_last_year=True)
        assert self.level(graded, register) == 3


class TestWhoMayGrade:
    def test_an_inspector_may_not(self, graded, inspector):
        with pytest.raises(Refused) as why:
            graded(by=inspector, office_code="150525100")
        assert why.value.first.code == "P101"

    def test_nobody_grades_an_office_above(self, graded):
        with pytest.raises(Refused) as why:
            graded(office_code="150500")
        assert why.value.first.code == "P101"

    def test_an_office_that_does_not_exist_is_refused(self, graded):
        with pytest.raises(Refused) as why:
            graded(office_code="999999", by=SYSTEM)
        assert why.value.first.code == "L202"
        assert not GradeRun.objects.exists()


class TestExplaining:
    def test_repeats_the_stored_grade_with_its_clauses(self, graded, register):
        run = graded()
        register["key"].refresh_from_db()
        found = grading.explain(register["key"])
        assert (found.level, found.stored, found.changed) == (3, run, False)
        assert found.reasons[0].rule == "N-D3" and found.reasons[0].citation
        assert found.unverified

    def test_shows_facts_by_their_headings(self, graded, register):
        graded()
        register["key"].refresh_from_db()
        found = grading.explain(register["key"])
        assert found.facts["品种标签"] == "植入、重点监管目录" and found.facts["经营方式"] == "批发"

    def test_of_another_date_and_pack_is_computed(self, graded, register):
        graded()
        register["key"].refresh_from_db()
        found = grading.explain(register["key"], on=dt.date(2016, 5, 1), pack_id="national-2015-158")
        assert (found.level, found.stored) == (3, None)
        assert [d.rule for d in found.duties] == ["C15-DF3"]

    def test_names_a_pack_that_was_not_in_force(self, graded, register):
        graded()
        register["key"].refresh_from_db()
        assert grading.explain(register["key"], on=dt.date(2020, 1, 1)).notice.code == "K203"

    def test_keeps_a_stored_level_when_the_pack_was_edited_since(self, graded, register):
        run = graded()
        GradeRun.objects.filter(pk=run.pk).update(pack_version="older")
        Grade.objects.filter(run=run, party_link=register["key"]).update(level=4, rules="N-D3、N-DF3a")
        register["key"].refresh_from_db()
        found = grading.explain(register["key"])
        assert (found.level, found.changed) == (4, True)
        assert [d.rule for d in found.duties] == ["N-DF3a"]

    def test_of_a_party_never_graded_is_nothing(self, register):
        assert grading.explain(register["key"]) is None


class TestThePyramid:
    def test_counts_what_the_actor_may_see(self, graded, officer):
        graded()
        assert [(r["link"], r["level"], r["parties"]) for r in grading.pyramid(officer)] == [
            ("经营", 3, 1), ("经营", 2, 1), ("经营", 1, 1), ("使用", None, 1)
        ]  # fmt: skip

    def test_leaves_cancelled_parties_out(self, graded, officer, register):
        graded()
        Party.objects.filter(pk=register["key"].party_id).update(status="注销")
        assert 3 not in [row["level"] for row in grading.pyramid(officer)]

    def test_is_empty_for_nobody(self, graded):
        graded()
        assert grading.pyramid(None) == []

    def test_narrows_to_a_station(self, graded, officer):
        graded()
        assert {row["link"] for row in grading.pyramid(officer, office_code="150525100")} == {"经营"}

    def test_takes_one_query(self, register, django_assert_num_queries):
        with django_assert_num_queries(1):
            grading.pyramid(Actor("x", "某", "150500", "upper_viewer"))
