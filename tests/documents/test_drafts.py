"""Drafts: every number in the text is a figure, and the Beilun summary states what its year holds."""

from __future__ import annotations

import datetime as dt

import pytest

from beilun import CODE, YEAR_END
from xiejian.documents import drafts
from xiejian.figures import definitions, measures
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM, Actor

#: what the printed summary of 2009 says, in the order in which it says it
STATED = {
    "makers": 11, "makers_3": 3, "makers_2": 5, "makers_1": 2, "makers_unclassified": 1,
    "certificates": 64, "certificates_3": 15, "certificates_2": 46, "certificates_1": 3,
    "distributors": 46, "distributors_3": 37, "distributors_contact_lens": 18, "distributors_2": 9,
    "registration_qms_checks": 1, "registration_qms_rectified": 1, "certificate_renewal_checks": 1,
    "licence_renewal_checks": 1, "certificates_3_new": 1, "samples": 1, "samples_conforming": 1,
    "opening_acceptances_makers": 1, "openings_makers": 1, "openings_distributors": 5, "openings_refused": 2,
    "openings_refused_contact_lens": 1, "openings_refused_orthopaedic": 1,
    "visits_makers": 13, "visits_makers_system": 6, "visits_makers_daily": 7, "visits_use_high_risk": 4,
    "ae_hospitals": 2, "ae_quota_each": 5, "ae_quota": 10, "ae_reports": 3, "ae_gap": 7,
    "certificates_checked": 47, "instructions_checked": 47,
    "registration_verifications": 1, "registration_verifications_doubtful": 1,
    "cases_unlicensed": 2, "cases_unlicensed_trial": 1, "cases_contact_lens": 2,
    "cases_contact_lens_court": 2, "cases_clinic": 1,
    "lead_suppliers_wholesale": 5, "lead_suppliers_health_centre": 2, "suppliers_per_town": 3,
}  # fmt: skip


@pytest.fixture
def summary(head):
    return drafts.make(kind="summary", year=2009, office_code=CODE, by=head, at=YEAR_END)


class TestBeilunSummary:
    def test_states_every_figure_of_the_printed_one(self, summary):
        assert {figure: int(summary.figures[figure].value) for figure in STATED} == STATED

    def test_shows_each_stated_figure_in_its_text(self, summary):
        shown = {run.figure for section in summary.sections for run in section.runs() if run.figure}
        assert set(STATED) <= shown

    def test_has_no_digit_that_is_neither_a_figure_nor_a_date(self, summary):
        plain = "".join(run.text for p in summary.paragraphs() for run in p.runs if not run.figure)
        for date in ("2009年12月31日", "2009年", "2010年"):
            plain = plain.replace(date, "")
        assert not [char for char in plain if char.isdigit()]

    def test_gives_the_count_of_records_behind_each_computed_figure(self, summary):
        behind = measures.records(
            "distributors_contact_lens", from_on=summary.from_on, until=summary.until_on, office_code=CODE
        )
        assert summary.figures["distributors_contact_lens"].records == len(behind) == 18

    def test_names_the_source_of_a_value_that_nobody_counts(self, summary):
        assert summary.figures["suppliers_per_town"].records is None
        assert summary.figures["suppliers_per_town"].definition

    def test_reads_as_official_prose_with_numbered_headings(self, summary):
        assert "\n一、严把准入关\n" in summary.text
        assert summary.title == "宁波市药品监督管理局北仑分局2009年医疗器械监管工作总结"

    def test_says_that_there_was_no_plan_where_there_was_none(self, summary):
        assert "2009年度本级没有在系统中编制检查计划" in summary.text

    def test_ends_at_the_day_of_drafting_while_the_year_runs(self, head):
        june = dt.datetime(2009, 6, 30, 1, tzinfo=dt.UTC)
        draft = drafts.make(kind="summary", year=2009, office_code=CODE, by=head, at=june)
        assert (draft.until_on, draft.signed_on) == (dt.date(2009, 6, 30), dt.date(2009, 6, 30))


class TestNextPlan:
    @pytest.fixture
    def plan(self, head):
        return drafts.make(kind="next-plan", year=2009, office_code=CODE, by=head, at=YEAR_END)

    def test_is_the_plan_of_the_year_after(self, plan):
        assert plan.title.endswith("2010年医疗器械监管工作计划")

    def test_takes_frequencies_from_the_pack_with_their_clause(self, plan):
        assert "200%" in plan.text
        assert "依据：" in plan.text

    def test_lists_punished_parties_as_its_focus(self, plan):
        grids = [block for s in plan.sections if s.heading == "重点监管对象" for block in s.blocks]
        assert "被立案查处" in "".join(run.text for row in grids[-1].rows for run in row)


class TestAskingForADraft:
    def test_is_refused_for_another_county(self, beilun):
        stranger = Actor("x", "外人", "150525", "head")
        with pytest.raises(Refused) as refused:
            drafts.make(kind="summary", year=2009, office_code=CODE, by=stranger, at=YEAR_END)
        assert refused.value.first.code == "P101"

    def test_names_the_kinds_there_are_when_a_kind_is_unknown(self, head):
        with pytest.raises(Refused) as refused:
            drafts.make(kind="poem", year=2009, office_code=CODE, by=head, at=YEAR_END)
        assert (refused.value.first.code, "summary" in refused.value.first.next) == ("D101", True)

    def test_refuses_a_year_that_has_not_begun(self, head):
        with pytest.raises(Refused) as refused:
            drafts.make(kind="summary", year=2010, office_code=CODE, by=head, at=YEAR_END)
        assert refused.value.first.code == "D103"

    def test_signs_for_a_division_that_has_no_office_yet(self, db):
        draft = drafts.make(kind="summary", year=2009, office_code="522726", by=SYSTEM, at=YEAR_END)
        assert draft.office_name == "独山县市场监督管理局"

    def test_counts_nothing_of_another_county(self, beilun):
        draft = drafts.make(kind="summary", year=2009, office_code="522726", by=SYSTEM, at=YEAR_END)
        assert "makers" not in draft.figures


@pytest.mark.parametrize("template", drafts.templates.known(), ids=lambda template: template.id)
class TestTemplate:
    def test_names_only_figures_that_are_defined(self, template):
        assert set(template.figures) <= set(definitions.measures())

    def test_names_only_parts_that_can_be_computed(self, template):
        assert {section.content for section in template.sections} <= {"", *drafts.PARTS}

    def test_is_of_a_kind_that_can_be_asked_for(self, template):
        assert template.kind in drafts.KINDS
