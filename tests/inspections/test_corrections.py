"""责令改正: from the order to its closing, and everything that is refused on the way."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest

from visiting import PHOTO, enrol, photo
from xiejian.inspections import actions
from xiejian.inspections.checks import check_evidence_file
from xiejian.inspections.limits import MEGABYTE, evidence_limit
from xiejian.inspections.models import Correction, Evidence, Visit
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor

TODAY = dt.date(2024, 3, 5)
TOMORROW = TODAY + dt.timedelta(days=1)
YESTERDAY = TODAY - dt.timedelta(days=1)
DUE = TODAY + dt.timedelta(days=15)
IN_TEN_DAYS = TODAY + dt.timedelta(days=10)


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


@pytest.fixture
def submitted(ordered, inspector, later):
    return actions.submit_correction(
        correction=ordered, submitted_on=IN_TEN_DAYS, answer="已补齐", by=inspector, at=later
    )


@pytest.fixture
def passed(submitted, inspector, later):
    return actions.pass_recheck(correction=submitted, rechecked_on=IN_TEN_DAYS, by=inspector, at=later)


@pytest.fixture
def failed(submitted, inspector, later):
    return actions.fail_recheck(correction=submitted, rechecked_on=IN_TEN_DAYS, by=inspector, at=later)


class TestOrdering:
    def order(self, visit, inspector, now, **facts):
        given = {
            "visit": visit, "content": "补齐记录", "ordered_on": TODAY, "due_on": DUE, "by": inspector,
            "at": now,
        }  # fmt: skip
        return actions.order_correction(**{**given, **facts})

    def test_the_order_has_an_official_number(self, ordered):
        assert (ordered.state, ordered.number) == ("ordered", "奈曼旗市监责改〔2024〕1号")

    def test_the_short_name_of_the_bureau_is_used_where_it_has_one(self, naiman, concluded, inspector, now):
        naiman.short_name = "奈"
        naiman.save()
        assert self.order(concluded, inspector, now).number == "奈市监责改〔2024〕1号"

    def test_the_visit_knows_its_order(self, ordered):
        visit = Visit.objects.get()
        assert (visit.order_issued, visit.correct_by) == (True, DUE)

    def test_a_visit_may_have_several_orders(self, ordered, concluded, inspector, now):
        assert self.order(concluded, inspector, now).number.endswith("2号")

    def test_due_on_the_day_of_the_order_is_allowed(self, concluded, inspector, now):
        assert self.order(concluded, inspector, now, due_on=TODAY).pk

    def test_due_before_the_order_is_refused_with_the_clause(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            self.order(concluded, inspector, now, due_on=YESTERDAY)
        assert codes(refused) == ["I303"]
        assert "第五十条" in refused.value.first.clause

    def test_an_order_in_the_future_is_refused(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            self.order(concluded, inspector, now, ordered_on=TOMORROW)
        assert codes(refused) == ["I102"]

    def test_an_order_before_the_visit_is_refused(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            self.order(concluded, inspector, now, ordered_on=YESTERDAY)
        assert codes(refused) == ["I109"]

    def test_an_order_without_content_is_refused(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            self.order(concluded, inspector, now, content=" ")
        assert codes(refused) == ["I302"]

    def test_a_visit_that_has_not_begun_orders_nothing(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            self.order(planned, inspector, now)
        assert codes(refused) == ["I301"]

    def test_every_problem_is_told_at_once(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            self.order(concluded, inspector, now, content="", due_on=YESTERDAY)
        assert codes(refused) == ["I302", "I303"]


class TestSubmitting:
    def submit(self, correction, inspector, at, **facts):
        given = {
            "correction": correction, "submitted_on": IN_TEN_DAYS, "answer": "已补齐", "by": inspector,
            "at": at,
        }  # fmt: skip
        return actions.submit_correction(**{**given, **facts})

    def test_the_answer_comes_with_its_files(self, ordered, inspector, later):
        self.submit(ordered, inspector, later, evidence=[photo()])
        stored = Correction.objects.get()
        assert (stored.state, stored.evidence.count()) == ("submitted", 1)

    def test_an_empty_answer_is_refused(self, ordered, inspector, later):
        with pytest.raises(Refused) as refused:
            self.submit(ordered, inspector, later, answer="")
        assert codes(refused) == ["I306"]

    def test_an_answer_in_the_future_is_refused(self, ordered, inspector, now):
        with pytest.raises(Refused) as refused:
            self.submit(ordered, inspector, now)
        assert codes(refused) == ["I102"]

    def test_an_answer_before_the_order_is_refused(self, ordered, inspector, later):
        with pytest.raises(Refused) as refused:
            self.submit(ordered, inspector, later, submitted_on=YESTERDAY)
        assert codes(refused) == ["I109"]

    def test_a_bad_file_takes_the_answer_back(self, ordered, inspector, later):
        with pytest.raises(Refused):
            self.submit(ordered, inspector, later, evidence=[photo("病毒.exe")])
        assert Correction.objects.get().state == "ordered"


class TestRechecking:
    def test_passing_is_written_on_the_visit_too(self, passed):
        visit = Visit.objects.get()
        assert (passed.state, visit.recheck_result, visit.recheck_on) == ("passed", "通过", IN_TEN_DAYS)

    def test_failing_is_written_on_the_visit_too(self, failed):
        assert (failed.state, Visit.objects.get().recheck_result) == ("failed", "未通过")

    def test_a_recheck_before_the_order_is_refused_with_the_clause(self, ordered, inspector, later):
        with pytest.raises(Refused) as refused:
            actions.recheck(correction=ordered, passed=True, rechecked_on=YESTERDAY, by=inspector, at=later)
        assert codes(refused) == ["I304"]
        assert "医疗器械生产监督管理办法第五十五条" in refused.value.first.clause

    def test_a_recheck_on_the_day_of_the_order_is_allowed(self, ordered, inspector, now):
        assert (
            actions.recheck(correction=ordered, passed=True, rechecked_on=TODAY, by=inspector, at=now).state
            == "passed"
        )

    def test_a_recheck_in_the_future_is_refused(self, ordered, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.recheck(correction=ordered, passed=False, rechecked_on=TOMORROW, by=inspector, at=now)
        assert codes(refused) == ["I102"]

    def test_the_follow_up_visit_is_to_the_same_party(self, ordered, schedule, inspector, now, later):
        elsewhere = schedule(party=enrol("别家眼镜店", "150525100", now), kind="跟踪检查")
        with pytest.raises(Refused) as refused:
            actions.pass_recheck(
                correction=ordered, rechecked_on=IN_TEN_DAYS, recheck_visit=elsewhere, by=inspector, at=later
            )
        assert codes(refused) == ["I307"]

    def test_the_follow_up_visit_is_kept(self, ordered, schedule, inspector, later):
        follow_up = schedule(kind="跟踪检查")
        actions.pass_recheck(
            correction=ordered, rechecked_on=IN_TEN_DAYS, recheck_visit=follow_up, by=inspector, at=later
        )
        assert follow_up.rechecked_corrections.get() == ordered

    def test_a_passed_correction_is_not_rechecked_again(self, passed, inspector, later):
        with pytest.raises(Refused) as refused:
            actions.fail_recheck(correction=passed, rechecked_on=IN_TEN_DAYS, by=inspector, at=later)
        assert codes(refused) == ["K101"]


class TestOrderingAgain:
    def again(self, correction, inspector, at, **facts):
        given = {
            "correction": correction, "ordered_on": IN_TEN_DAYS, "due_on": DUE, "reason": "仍缺两月记录",
            "by": inspector, "at": at,
        }  # fmt: skip
        return actions.order_again(**{**given, **facts})

    def test_a_failed_correction_gets_a_new_date(self, failed, inspector, later):
        new = DUE + dt.timedelta(days=10)
        correction = self.again(failed, inspector, later, due_on=new)
        assert (correction.state, correction.due_on) == ("ordered", new)
        assert Visit.objects.get().correct_by == new

    def test_the_old_date_stays_in_the_audit(self, failed, inspector, later):
        self.again(failed, inspector, later, due_on=DUE + dt.timedelta(days=10))
        assert AuditEntry.objects.get(action="order_again").detail["due_on"][0] == str(DUE)

    def test_it_needs_a_reason(self, failed, inspector, later):
        with pytest.raises(Refused) as refused:
            self.again(failed, inspector, later, reason="")
        assert codes(refused) == ["I106"]

    def test_a_date_before_the_new_order_is_refused(self, failed, inspector, later):
        with pytest.raises(Refused) as refused:
            self.again(failed, inspector, later, due_on=TODAY)
        assert codes(refused) == ["I303"]

    def test_an_order_before_the_failed_recheck_is_refused(self, failed, inspector, later):
        with pytest.raises(Refused) as refused:
            self.again(failed, inspector, later, ordered_on=TODAY)
        assert codes(refused) == ["I109"]

    def test_the_firm_may_also_answer_again_at_once(self, failed, inspector, later):
        again = actions.submit_correction(
            correction=failed, submitted_on=IN_TEN_DAYS, answer="全部补齐", by=inspector, at=later
        )
        assert again.state == "submitted"


class TestClosing:
    def test_without_evidence_it_is_refused_with_the_clause(self, passed, inspector, later):
        with pytest.raises(Refused) as refused:
            actions.close_correction(correction=passed, closed_on=IN_TEN_DAYS, by=inspector, at=later)
        assert codes(refused) == ["I305"]
        assert "医疗器械经营监督管理办法第四十九条" in refused.value.first.clause

    def test_evidence_of_the_visit_is_no_evidence_of_the_correction(self, passed, inspector, later):
        actions.attach_evidence(visit=passed.visit, file=photo(), by=inspector, at=later)
        with pytest.raises(Refused) as refused:
            actions.close_correction(correction=passed, closed_on=IN_TEN_DAYS, by=inspector, at=later)
        assert codes(refused) == ["I305"]

    def test_with_evidence_it_is_closed(self, passed, inspector, later):
        actions.attach_evidence(correction=passed, file=photo(), by=inspector, at=later)
        closed = actions.close_correction(correction=passed, closed_on=IN_TEN_DAYS, by=inspector, at=later)
        assert (closed.state, closed.closed_on) == ("closed", IN_TEN_DAYS)

    def test_before_the_recheck_it_is_refused(self, submitted, inspector, later):
        with pytest.raises(Refused) as refused:
            actions.close_correction(correction=submitted, closed_on=IN_TEN_DAYS, by=inspector, at=later)
        assert codes(refused) == ["K101"]

    def test_dated_before_the_recheck_it_is_refused(self, passed, inspector, later):
        actions.attach_evidence(correction=passed, file=photo(), by=inspector, at=later)
        with pytest.raises(Refused) as refused:
            actions.close_correction(correction=passed, closed_on=TODAY, by=inspector, at=later)
        assert codes(refused) == ["I109"]

    def test_in_the_future_it_is_refused(self, passed, inspector, later):
        actions.attach_evidence(correction=passed, file=photo(), by=inspector, at=later)
        with pytest.raises(Refused) as refused:
            actions.close_correction(correction=passed, closed_on=DUE, by=inspector, at=later)
        assert codes(refused) == ["I102"]


class TestEvidence:
    def test_the_file_is_kept_under_its_digest(self, started, inspector, now):
        row = actions.attach_evidence(visit=started, file=photo(), caption="货架", by=inspector, at=now)
        assert row.sha256 == hashlib.sha256(PHOTO).hexdigest()
        assert row.sha256[:32] in row.file.name
        with row.file.open() as stored:
            assert stored.read() == PHOTO
        assert row.file.name.startswith("evidence/2024/03/")

    def test_the_same_file_is_kept_once(self, started, inspector, now):
        for _ in range(2):
            actions.attach_evidence(visit=started, file=photo(), by=inspector, at=now)
        assert Evidence.objects.count() == 1

    def test_a_name_that_climbs_out_of_its_folder_does_no_harm(self, started, inspector, now):
        row = actions.attach_evidence(visit=started, file=photo("../../etc/x.jpg"), by=inspector, at=now)
        assert ".." not in row.file.name

    def test_another_office_attaches_nothing(self, started, now):
        with pytest.raises(Refused) as refused:
            actions.attach_evidence(
                visit=started, file=photo(), at=now, by=Actor("x", "外人", "522726", "section_officer")
            )
        assert codes(refused) == ["P101"]

    @pytest.mark.parametrize(
        ("name", "size", "head", "code"),
        [
            ("空.jpg", 0, b"", "I401"),
            ("大.jpg", (evidence_limit("photo") + 1) * MEGABYTE, PHOTO, "I402"),
            ("录像.mp4", 200 * MEGABYTE, b"\0\0\0\x18ftypisom", "I402"),
            ("苹果.heic", 10, b"\0\0\0\x18ftypheic", "I410"),
            ("程序.exe", 10, b"MZ", "I403"),
            ("无名", 10, b"MZ", "I403"),
            ("假.jpg", 10, b"MZ\x00\x00", "I404"),
        ],
        ids=[
            "empty",
            "too large",
            "a video of 200 MB",
            "a photo we cannot open",
            "a program",
            "no suffix",
            "not what it says",
        ],
    )
    def test_what_is_no_evidence_is_refused(self, name, size, head, code):
        assert [p.code for p in check_evidence_file(name, size, head)] == [code]

    @pytest.mark.parametrize("name", ["a.jpg", "A.JPG"])
    def test_a_photograph_is_accepted(self, name):
        assert check_evidence_file(name, len(PHOTO), PHOTO) == []


def test_the_whole_path_from_plan_to_closing(schedule, answer_all, inspector, now, later):
    """plan → visit → finding → order → answer → failed re-check → answer → re-check → close."""
    visit = schedule()
    actions.start_visit(visit=visit, on=TODAY, by=inspector, at=now)
    answer_all(visit, failing=["T-CZ-CL-4"])
    actions.conclude_visit(visit=visit, by=inspector, at=now)
    correction = actions.order_correction(
        visit=visit, content="补齐购销记录", ordered_on=TODAY, due_on=DUE, by=inspector, at=now
    )
    common = {"correction": correction, "by": inspector, "at": later}
    actions.submit_correction(submitted_on=IN_TEN_DAYS, answer="补了一半", evidence=[photo()], **common)
    actions.recheck(passed=False, rechecked_on=IN_TEN_DAYS, **common)
    actions.submit_correction(submitted_on=IN_TEN_DAYS, answer="全部补齐", **common)
    actions.recheck(passed=True, rechecked_on=IN_TEN_DAYS, **common)
    actions.close_correction(closed_on=IN_TEN_DAYS, **common)
    stored = Correction.objects.get()
    assert (stored.state, stored.visit.state, stored.visit.recheck_result) == ("closed", "concluded", "通过")
