"""Cases and interviews: what is recorded, and everything that is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.cases import actions
from xiejian.cases.importing import import_interviews
from xiejian.cases.models import Case, Interview
from xiejian.clocks.queries import clocks_of
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import AuditEntry

TODAY = dt.date(2024, 3, 5)
TOMORROW = TODAY + dt.timedelta(days=1)
YESTERDAY = TODAY - dt.timedelta(days=1)
DECIDED = TODAY + dt.timedelta(days=10)


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


class TestFiling:
    def test_a_case_belongs_to_the_office_of_its_party(self, filed):
        assert (filed.office_code, filed.tags, actions.state_of(filed)) == (
            "150525100", "|角膜接触镜|", "filed",
        )  # fmt: skip

    def test_an_inspector_of_the_station_files_none(self, file_case, inspector):
        with pytest.raises(Refused) as refused:
            file_case(by=inspector)
        assert codes(refused) == ["P101"]

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"filed_on": TOMORROW}, "C102"),
            ({"goods_value_fen": -1}, "C104"),
            ({"procedure": "快速"}, "C106"),
            ({"link": "路边"}, "C108"),
            ({"number": " "}, "C107"),
            ({"conduct": ""}, "C107"),
        ],
        ids=["future", "negative goods", "procedure", "link", "no number", "no conduct"],
    )
    def test_what_does_not_fit_is_refused(self, file_case, facts, code):
        with pytest.raises(Refused) as refused:
            file_case(**facts)
        assert codes(refused) == [code]
        assert not Case.objects.exists()

    def test_the_time_for_the_decision_begins(self, filed):
        (clock,) = clocks_of("case", [filed.pk])[filed.pk]
        assert (clock.applied, clock.due_strict) == ("CS-11", filed.filed_on + dt.timedelta(days=90))

    def test_a_summary_case_has_no_time_for_its_decision(self, file_case):
        assert clocks_of("case", [file_case(procedure="简易").pk]) == {}

    def test_a_number_is_used_once(self, filed, file_case):
        with pytest.raises(Refused) as refused:
            file_case()
        assert codes(refused) == ["C101"]


class TestDeciding:
    def test_the_decision_is_kept_in_fen(self, decide):
        case = decide(personal_fine_fen=100, persons_punished=1, confiscated_fen=33)
        assert (case.fine_fen, case.personal_fine_fen, case.confiscated_fen) == (5_000_000, 100, 33)
        assert actions.state_of(case) == "decided"

    def test_on_the_day_of_filing_is_allowed(self, decide):
        assert decide(decided_on=TODAY).decided_on == TODAY

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"decided_on": YESTERDAY}, "C103"),
            ({"decided_on": TODAY + dt.timedelta(days=31)}, "C102"),
            ({"fine_fen": -1}, "C104"),
            ({"confiscated_fen": -1}, "C104"),
            ({"personal_fine_fen": -1}, "C104"),
            ({"persons_punished": -1}, "C104"),
            ({"personal_fine_fen": 100}, "C105"),
        ],
        ids=str,
    )
    def test_what_does_not_fit_is_refused(self, decide, facts, code):
        with pytest.raises(Refused) as refused:
            decide(**facts)
        assert codes(refused) == [code]
        assert Case.objects.get().decided_on is None

    def test_a_case_is_decided_once(self, decide):
        decide()
        with pytest.raises(Refused) as refused:
            decide()
        assert codes(refused) == ["K101"]


class TestClosing:
    def close(self, case, officer, at, **facts):
        given = {"case": case, "closed_on": DECIDED, "by": officer, "at": at}
        return actions.close_case(**{**given, **facts})

    def test_a_decided_case_is_closed(self, decide, officer, later):
        assert actions.state_of(self.close(decide(), officer, later)) == "closed"

    def test_a_case_without_decision_needs_a_reason(self, filed, officer, later):
        with pytest.raises(Refused) as refused:
            self.close(filed, officer, later)
        assert codes(refused) == ["C112"]

    def test_a_case_without_decision_closes_with_its_reason(self, filed, officer, later):
        case = self.close(filed, officer, later, reason="违法事实不成立，撤销立案")
        assert case.extra["结案理由"] == "违法事实不成立，撤销立案"

    def test_before_the_decision_it_is_refused(self, decide, officer, later):
        with pytest.raises(Refused) as refused:
            self.close(decide(), officer, later, closed_on=TODAY)
        assert codes(refused) == ["C103"]

    def test_in_the_future_it_is_refused(self, decide, officer, later):
        with pytest.raises(Refused) as refused:
            self.close(decide(), officer, later, closed_on=TODAY + dt.timedelta(days=31))
        assert codes(refused) == ["C102"]

    def test_a_closed_case_is_not_decided(self, filed, officer, later, decide):
        self.close(filed, officer, later, reason="撤销立案")
        with pytest.raises(Refused) as refused:
            decide()
        assert codes(refused) == ["K101"]


class TestCourtEnforcement:
    def test_it_follows_a_decision(self, decide, officer, later):
        case = actions.request_court_enforcement(case=decide(), on=DECIDED, by=officer, at=later)
        assert case.court_enforcement

    def test_without_decision_it_is_refused(self, filed, officer, later):
        with pytest.raises(Refused) as refused:
            actions.request_court_enforcement(case=filed, on=DECIDED, by=officer, at=later)
        assert codes(refused) == ["C109"]


class TestTransferring:
    def transfer(self, case, officer, at, **facts):
        given = {"case": case, "addressee": "公安", "moved_on": TODAY, "by": officer, "at": at}
        return actions.transfer_case(**{**given, **facts})

    def test_the_case_names_its_addressees(self, filed, officer, now):
        self.transfer(filed, officer, now)
        self.transfer(filed, officer, now, addressee="纪检")
        case = Case.objects.get()
        assert (case.transfers, case.transferred_on) == ("公安、纪检", TODAY)

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"addressee": "邻居"}, "C110"),
            ({"moved_on": YESTERDAY}, "C103"),
            ({"moved_on": TOMORROW}, "C102"),
        ],
        ids=str,
    )
    def test_what_does_not_fit_is_refused(self, filed, officer, now, facts, code):
        with pytest.raises(Refused) as refused:
            self.transfer(filed, officer, now, **facts)
        assert codes(refused) == [code]

    def test_once_per_addressee(self, filed, officer, now):
        self.transfer(filed, officer, now)
        with pytest.raises(Refused) as refused:
            self.transfer(filed, officer, now)
        assert codes(refused) == ["C111"]


class TestAmending:
    def test_a_campaign_is_added_with_a_reason(self, filed, officer, now):
        actions.amend_cases(
            cases=[filed], changes={"campaign": "naiman-2023"}, reason="补记", by=officer, at=now
        )
        assert Case.objects.get().campaign == "naiman-2023"

    def test_before_and_after_stay_in_the_audit(self, filed, officer, now):
        actions.amend_cases(cases=[filed], changes={"tags": ["冷链"]}, reason="补记", by=officer, at=now)
        assert AuditEntry.objects.get(action="amend_cases").detail["tags"] == ["|角膜接触镜|", "|冷链|"]

    @pytest.mark.parametrize(
        ("changes", "reason", "code"),
        [
            ({"campaign": "x"}, "", "C107"),
            ({"fine_fen": 1}, "x", "C113"),
            ({"link": "路边"}, "x", "C108"),
        ],
        ids=["no reason", "an amount", "an unknown link"],
    )
    def test_what_does_not_fit_is_refused(self, filed, officer, now, changes, reason, code):
        with pytest.raises(Refused) as refused:
            actions.amend_cases(cases=[filed], changes=changes, reason=reason, by=officer, at=now)
        assert codes(refused) == [code]


class TestInterviewing:
    def record(self, shop, officer, now, **facts):
        given = {"party": shop, "held_on": TODAY, "reason": "屡次未整改", "by": officer, "at": now}
        return actions.record_interview(**{**given, **facts})

    def test_an_interview_is_kept_with_its_commitments(self, shop, officer, now):
        interview = self.record(shop, officer, now, commitments="一周内停售")
        assert (interview.office_code, interview.extra) == ("150525100", {"承诺": "一周内停售"})

    @pytest.mark.parametrize(
        ("facts", "code"),
        [({"held_on": TOMORROW}, "C102"), ({"reason": " "}, "C107"), ({"link": "路边"}, "C108")],
        ids=str,
    )
    def test_what_does_not_fit_is_refused(self, shop, officer, now, facts, code):
        with pytest.raises(Refused) as refused:
            self.record(shop, officer, now, **facts)
        assert codes(refused) == [code]

    def test_the_same_interview_again_is_refused(self, shop, officer, now):
        self.record(shop, officer, now)
        with pytest.raises(Refused) as refused:
            self.record(shop, officer, now)
        assert codes(refused) == ["C201"]

    def test_an_imported_row_says_the_same_interview(self, shop, officer, now, tmp_path):
        self.record(shop, officer, now)
        path = tmp_path / "约谈.csv"
        path.write_text("主体名称,约谈日期,事由\n某隐形眼镜店,2024-03-05,屡次未整改\n", encoding="utf-8")
        outcome = import_interviews(path=path, by=officer, at=now)
        assert (outcome.loaded, Interview.objects.count()) == (0, 1)

    def test_another_reason_is_another_interview(self, shop, officer, now):
        self.record(shop, officer, now)
        self.record(shop, officer, now, reason="抽检不合格")
        assert Interview.objects.count() == 2


def test_every_write_is_in_the_audit_chain(decide, officer, later):
    actions.close_case(case=decide(), closed_on=DECIDED, by=officer, at=later)
    written = list(AuditEntry.objects.filter(subject="case").values_list("action", flat=True))
    assert written == ["close_case", "decide_case", "file_case"]
    assert audit.broken_at() is None
