"""Read receipts for laws, and the office's own check of a rule against its source."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from moment import NOW
from xiejian.kernel import laws, rule_book
from xiejian.kernel.problems import Refused
from xiejian.people import actions, queries
from xiejian.people.models import AuditEntry, Office, Officer, ReadReceipt, RuleCheck
from xiejian.people.policy import SYSTEM, Actor, handed_down

LAW, OTHER = laws.law("条例"), laws.law("53号令")
AMENDED = dataclasses.replace(LAW, amended=(*LAW.amended, laws.Amendment(dt.date(2030, 1, 1), "x")))
ENTRY = next(e for e in rule_book.entries() if e.id == "CP-1")
CHANGED = dataclasses.replace(ENTRY, value="8 个工作日")
DAY = NOW.date()


def appoint(username: str, office: str, role: str) -> Actor:
    person = actions.appoint_officer(
        username=username, name=username, office=Office.objects.get(code=office), role=role, password="",
        password_hash="!", by=SYSTEM, at=NOW,
    )  # fmt: skip
    return Actor.of(person)


@pytest.fixture
def head(naiman) -> Actor:
    return appoint("head", "150525", "head")


@pytest.fixture
def section(naiman) -> Actor:
    return appoint("section", "150525", "section_officer")


@pytest.fixture
def at_station(naiman) -> Actor:
    return appoint("station", "150525100", "station_inspector")


@pytest.fixture
def city(naiman) -> Actor:
    return appoint("city", "150500", "section_officer")


def check(by: Actor, outcome: str = "true", note: str = "", entry=ENTRY) -> RuleCheck:
    return actions.check_rule(entry=entry, outcome=outcome, note=note, on=DAY, by=by, at=NOW)


def refused(work, *given, **more) -> str:
    with pytest.raises(Refused) as problem:
        work(*given, **more)
    return problem.value.first.code


class TestReceipt:
    def test_is_given_once_for_an_edition(self, head):
        receipts = [actions.acknowledge_law(law=LAW, by=head, at=NOW) for _ in range(2)]
        assert receipts[0] == receipts[1]

    def test_leaves_one_audit_entry(self, head):
        for _ in range(2):
            actions.acknowledge_law(law=LAW, by=head, at=NOW)
        assert AuditEntry.objects.filter(action="acknowledge_law", subject_key="条例").count() == 1

    def test_is_given_anew_after_an_amendment(self, head):
        for edition in (LAW, AMENDED):
            actions.acknowledge_law(law=edition, by=head, at=NOW)
        assert ReadReceipt.objects.count() == 2

    def test_needs_the_permission(self, naiman):
        watcher = appoint("w", "150500", "upper_viewer")
        assert refused(actions.acknowledge_law, law=LAW, by=watcher, at=NOW) == "P101"

    def test_needs_a_person(self, naiman):
        assert refused(actions.acknowledge_law, law=LAW, by=SYSTEM, at=NOW) == "P121"


class TestReading:
    def test_of_the_head_holds_own_office_and_stations(self, head, section, at_station, city):
        (found,) = queries.reading(head, [LAW])
        assert [reader.officer.username for reader in found.readers] == ["head", "section", "station"]

    def test_tells_read_from_unread(self, head, section):
        actions.acknowledge_law(law=LAW, by=section, at=NOW)
        (found,) = queries.reading(head, [LAW])
        assert (found.read, [person.username for person in found.unread]) == (1, ["head"])

    def test_an_earlier_edition_is_unread_but_its_receipt_stays(self, head, section):
        actions.acknowledge_law(law=LAW, by=section, at=NOW)
        (found,) = queries.reading(head, [AMENDED])
        kept = next(reader for reader in found.readers if reader.officer.username == "section")
        assert (kept.current, kept.receipt is not None) == (False, True)

    def test_those_off_duty_are_not_asked(self, head, section):
        Officer.objects.filter(username="section").update(is_active=False)
        (found,) = queries.reading(head, [LAW])
        assert len(found.readers) == 1

    def test_takes_two_queries_however_many_laws(self, head, section, at_station, django_assert_num_queries):
        with django_assert_num_queries(2):
            queries.reading(head, laws.load().laws.values())

    def test_unread_are_those_without_a_receipt_for_this_edition(self, head):
        actions.acknowledge_law(law=LAW, by=head, at=NOW)
        assert queries.unread(head, [LAW, OTHER]) == [OTHER]

    def test_unread_again_after_an_amendment(self, head):
        actions.acknowledge_law(law=LAW, by=head, at=NOW)
        assert queries.unread(head, [AMENDED]) == [AMENDED]


class TestCheck:
    def test_keeps_name_day_and_the_words_that_were_checked(self, section):
        made = check(section)
        assert (made.checker.username, made.checked_on, made.digest) == ("section", DAY, ENTRY.digest)

    def test_second_thoughts_amend_and_leave_the_first(self, section, head):
        first = check(section)
        second = check(head, "doubt", "原文为十个工作日")
        assert (second.amends, RuleCheck.objects.count()) == (first, 2)

    def test_only_the_last_word_stands(self, section, head):
        check(section)
        second = check(head, "doubt", "原文为十个工作日")
        assert queries.rule_checks(section)[ENTRY.slug] == [second]

    @pytest.mark.parametrize(("outcome", "note"), [("doubt", ""), ("doubt", "  ")])
    def test_a_doubt_says_why(self, section, outcome, note):
        assert refused(check, section, outcome, note) == "P123"

    def test_taking_a_doubt_back_says_why(self, section):
        check(section, "doubt", "不同")
        assert refused(check, section, "true") == "P123"

    def test_the_same_again_is_refused(self, section):
        check(section)
        assert refused(check, section) == "P124"

    def test_the_same_of_changed_words_is_a_new_check(self, section):
        check(section)
        assert check(section, entry=CHANGED).digest == CHANGED.digest

    def test_an_unknown_outcome_is_refused(self, section):
        assert refused(check, section, "maybe") == "P122"

    def test_needs_the_permission(self, at_station):
        assert refused(check, at_station) == "P101"

    def test_leaves_an_audit_entry(self, section):
        check(section)
        found = AuditEntry.objects.get(action="check_rule")
        assert found.detail["outcome"] == ["", "true"]


class TestHandedDown:
    def test_a_station_reads_what_its_county_and_city_found(self, section, city, at_station):
        mine, above = check(section), check(city)
        assert queries.rule_checks(at_station)[ENTRY.slug] == [mine, above]

    def test_an_office_does_not_read_what_one_below_found(self, section, city):
        check(section)
        assert queries.rule_checks(city) == {}

    def test_an_office_does_not_read_what_one_beside_found(self, section, naiman):
        actions.open_office(code="522726", name="独山县局", by=SYSTEM, at=NOW)
        check(section)
        assert queries.rule_checks(appoint("d", "522726", "head")) == {}

    def test_nobody_reads_nothing(self, section):
        check(section)
        assert not handed_down(RuleCheck.objects.all(), None).exists()
