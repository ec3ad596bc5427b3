"""Publication of penalties: what is withheld, for how long, by whom; correction, withdrawal, early end."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.cases import actions, publishing, repairing
from xiejian.cases import publication_rules as rules
from xiejian.clocks.queries import clocks_of
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor

DAY = dt.date(2024, 4, 1)
NONE = rules.Penalty(
    fine_fen=0, confiscated_fen=0, business_stopped=False, licence_revoked=False, natural_person=False,
    lighter=False,
)  # fmt: skip


def penalty(**facts) -> rules.Penalty:
    return rules.Penalty(**{**vars(NONE), "fine_fen": 50_000_00, **facts})


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


def refused_codes(work) -> list[str]:
    with pytest.raises(Refused) as refused:
        work()
    return codes(refused)


class TestTheTerm:
    @pytest.mark.parametrize(
        ("facts", "rule", "until", "early"),
        [
            ({}, "PB-6", dt.date(2027, 4, 1), dt.date(2025, 4, 1)),
            ({"lighter": True}, "PB-4", dt.date(2024, 7, 1), None),
            ({"lighter": True, "fine_fen": 50_000_01}, "PB-6", dt.date(2027, 4, 1), dt.date(2025, 4, 1)),
            ({"lighter": True, "natural_person": True}, "PB-6", dt.date(2027, 4, 1), dt.date(2025, 4, 1)),
            (
                {"lighter": True, "natural_person": True, "fine_fen": 5_000_00},
                "PB-4", dt.date(2024, 7, 1), None,
            ),
            ({"lighter": True, "confiscated_fen": 1}, "PB-6", dt.date(2027, 4, 1), dt.date(2025, 4, 1)),
            ({"business_stopped": True}, "PB-7", dt.date(2027, 4, 1), dt.date(2025, 4, 1)),
            ({"business_stopped": True, "licence_revoked": True}, "PB-8", dt.date(2027, 4, 1), None),
        ],
    )  # fmt: skip
    def test_follows_from_what_was_decided(self, facts, rule, until, early):
        found = rules.span(penalty(**facts), DAY)
        assert (found.rule, found.until_on, found.early_on) == (rule, until, early)

    def test_lasts_as_long_as_a_restriction_that_is_longer(self):
        end = dt.date(2030, 1, 1)
        found = rules.span(penalty(business_stopped=True), DAY, end)
        assert (found.until_on, found.early_on) == (end, end)

    def test_is_none_for_a_warning_alone(self):
        assert rules.proposed_exemption(NONE) == "warning"
        assert rules.proposed_exemption(penalty()) == ""


class TestWhatIsWithheld:
    @pytest.mark.parametrize(
        "text",
        [
            "身份证号11010519491231002X。", "电话138 1234 5678", "0574-87654321", "6222 0212 3456 7890 123",
            "a.b@example.com", "家住奈曼旗某街3号", "配方〔密〕甲乙丙〔/密〕",
        ],
    )  # fmt: skip
    def test_leaves_nothing_behind(self, text):
        assert rules.personal_in(text) and not rules.personal_in(rules.withhold(text))

    @pytest.mark.parametrize(
        "text",
        ["货值金额12345元", "国械注准20203141234", "2024年3月5日", "奈市监处罚〔2024〕1号", "批号20240305"],
    )
    def test_is_not_what_a_case_is_about(self, text):
        assert rules.withhold(text) == text

    def test_goes_by_the_case_too(self):
        assert rules.withhold("联系1234567", ["1234567"]) == "联系（略）"


ALLOWED = {
    "drafted": {"approve_publication", "return_publication", "propose_exemption"},
    "returned": {"redraft_publication", "propose_exemption"},
    "published": {"correct_publication", "order_withdrawal", "end_publication"},
    "correcting": {"approve_correction", "refuse_correction", "order_withdrawal", "end_publication"},
    "withdrawing": {"withdraw_publication", "refuse_withdrawal"},
    "withdrawn": {"redraft_publication"},
    "exempting": {"approve_exemption", "return_publication"},
    "exempt": set(),
    "ended": set(),
}
REPAIRS = {
    "applied": {"ask_supplement", "accept_repair", "reject_repair"},
    "supplement": {"supplement_repair", "reject_repair"},
    "accepted": {"extend_repair", "grant_repair", "deny_repair"},
    "granted": {"carry_out_repair"},
    "rejected": set(), "denied": set(), "done": set(),
}  # fmt: skip


@pytest.mark.parametrize(("flow", "allowed"), [(publishing.WORKFLOW, ALLOWED), (repairing.WORKFLOW, REPAIRS)])
def test_every_move_from_every_state_is_decided(flow, allowed):
    assert set(flow.states) == set(allowed)
    moves = {t.action for t in flow.transitions}
    for state, may in allowed.items():
        assert {t.action for t in flow.allowed(state)} == may
        for move in moves - may:
            assert refused_codes(lambda: flow.step(state, move)) == ["K101"]  # noqa: B023


# --- with records ------------------------------------------------------------------------------------------


@pytest.fixture
def head(naiman) -> Actor:
    return Actor("zhang", "张局", naiman.code, "head")


@pytest.fixture
def drafted(decide, officer, later):
    case = decide()
    content = publishing.proposed_content(case)
    return publishing.draft_publication(case=case, content=content, by=officer, at=later)


@pytest.fixture
def public(drafted, head, later):
    return publishing.approve_publication(publication=drafted, on=later.date(), by=head, at=later)


def shown(on) -> list[str]:
    return [dict(text.content)["当事人"] for text in publishing.published(on)]


class TestADraft:
    def test_names_party_conduct_penalty_and_office(self, drafted):
        assert dict(drafted.texts.get().content) == {
            "处罚决定书文号": "奈市监处罚〔2024〕1号", "当事人": "某隐形眼镜店",
            "违法行为": "未经许可经营第三类医疗器械",
            "处罚内容": "处以罚款人民币50,000元（大写：伍万元整）",
            "作出决定的机关": "奈曼旗市场监督管理局", "决定日期": "2024-03-15",
        }  # fmt: skip

    def test_is_not_public(self, drafted, later):
        assert shown(later.date()) == []

    def test_is_not_approved_by_whoever_drafted_it(self, drafted, head, officer, later):
        drafted.proposed_by = head.username
        drafted.save()
        work = lambda: publishing.approve_publication(  # noqa: E731
            publication=drafted, on=later.date(), by=head, at=later
        )
        assert refused_codes(work) == ["C701"]

    def test_with_personal_data_is_refused(self, decide, officer, later):
        case = decide()
        work = lambda: publishing.draft_publication(  # noqa: E731
            case=case, content=[["违法行为", "电话13812345678"]], by=officer, at=later
        )
        assert refused_codes(work) == ["C704"]

    def test_of_a_case_without_decision_is_refused(self, filed, officer, now):
        work = lambda: publishing.draft_publication(case=filed, content=[["a", "b"]], by=officer, at=now)  # noqa: E731
        assert refused_codes(work) == ["C109"]


class TestThePublicReads:
    def test_it_from_its_day_to_the_end_of_its_term(self, public):
        before, after = public.published_on - dt.timedelta(1), public.until_on + dt.timedelta(1)
        assert [shown(day) for day in (before, public.published_on, public.until_on, after)] == [
            [], ["某隐形眼镜店"], ["某隐形眼镜店"], [],
        ]  # fmt: skip

    def test_the_old_text_until_a_correction_is_approved(self, public, officer, head, later):
        publishing.correct_publication(
            publication=public, content=[["当事人", "改正后的名称"]], reason="更名", by=officer, at=later
        )
        assert shown(later.date()) == ["某隐形眼镜店"]
        publishing.approve_correction(publication=public, by=head, at=later)
        assert shown(later.date()) == ["改正后的名称"]

    def test_why_it_was_withdrawn(self, public, officer, head, later):
        publishing.order_withdrawal(
            publication=public, ground="revoked", effective_on=later.date(), note="经复议撤销", by=officer,
            at=later,
        )  # fmt: skip
        assert [c.rule for c in clocks_of("publication", [public.pk])[public.pk]] == ["CS-21"]
        publishing.withdraw_publication(publication=public, on=later.date(), by=head, at=later)
        assert shown(later.date()) == []
        assert [row.note for row in publishing.withdrawn(later.date())] == ["经复议撤销"]

    def test_that_it_is_to_be_withdrawn_once_the_decision_falls(self, public, officer, later):
        given = {"reason": "复议撤销", "permission": "cases.edit", "by": officer, "at": later}
        actions.undo_decision(case=public.case, **given)
        public.refresh_from_db()
        assert (public.state, public.ground) == ("withdrawing", "revoked")


class TestTheClock:
    def test_runs_from_the_decision_and_ends_when_it_is_public(self, public):
        clock = next(c for c in clocks_of("case", [public.case_id])[public.case_id] if c.name == "publish")
        assert (clock.rule, clock.state) == ("PB-1", "done")

    def test_ends_when_it_is_not_to_be_published(self, decide, officer, head, later):
        case = decide(fine_fen=0)
        row = publishing.propose_exemption(case=case, ground="warning", note="仅警告", by=officer, at=later)
        publishing.approve_exemption(publication=row, on=later.date(), by=head, at=later)
        clock = next(c for c in clocks_of("case", [case.pk])[case.pk] if c.name == "publish")
        assert clock.state == "dropped"


class TestCreditRepair:
    @pytest.fixture
    def apply(self, public, officer, later):
        def make(on, **facts):
            at = later.replace(year=on.year, month=on.month, day=on.day)
            return repairing.apply_for_repair(
                publication=public, applied_on=on, statement="已整改", by=officer, at=at, **facts
            )

        return make

    def test_is_too_early_before_its_year(self, public, apply):
        assert refused_codes(lambda: apply(public.early_on - dt.timedelta(1))) == ["C705"]

    def test_ends_the_publication_when_all_conditions_are_met(self, public, apply, officer, head, later):
        on = public.early_on
        at = later.replace(year=on.year, month=on.month, day=on.day)
        row = apply(on)
        met = list(rules.conditions())
        repairing.accept_repair(repair=row, on=on, met=met, by=officer, at=at)
        repairing.grant_repair(repair=row, on=on, by=head, at=at)
        repairing.carry_out_repair(repair=row, on=on, by=officer, at=at)
        assert shown(on) == []

    def test_is_not_granted_while_a_condition_is_missing(self, public, apply, officer, head, later):
        on = public.early_on
        at = later.replace(year=on.year, month=on.month, day=on.day)
        row = apply(on)
        repairing.accept_repair(repair=row, on=on, met=["fulfilled"], by=officer, at=at)
        work = lambda: repairing.grant_repair(repair=row, on=on, by=head, at=at)  # noqa: E731
        assert refused_codes(work) == ["C707"] * 3

    def test_is_barred_after_deceit(self, public, apply, officer, head, later):
        on = public.early_on
        at = later.replace(year=on.year, month=on.month, day=on.day)
        row = apply(on)
        repairing.accept_repair(repair=row, on=on, met=[], by=officer, at=at)
        repairing.deny_repair(repair=row, on=on, note="提供虚假材料", deceit=True, by=head, at=at)
        assert refused_codes(lambda: apply(on)) == ["C708"]


def test_the_portal_asks_once_however_many_there_are(public, django_assert_num_queries, later):
    with django_assert_num_queries(1):
        assert [(t.publication.until_on, t.content) for t in publishing.published(later.date())]
