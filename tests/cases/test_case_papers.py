"""Papers of a case: what they say, what they need, how they are numbered, that an issued one stays."""

from __future__ import annotations

import datetime as dt

import pytest

from proceeding_walk import Road, Team
from visiting import enrol
from xiejian.cases import paper_facts, paper_forms, papers
from xiejian.cases.models import CasePaper
from xiejian.kernel.problems import Refused

FORMS = list(paper_forms.forms().values())
FULL = {
    "line": "某某", "text": "第一行\n第二行", "date": "2024-03-05", "moment": "2024-03-05T09:30",
    "table": [["甲", "乙", "丙", "1", "盒"]],
}  # fmt: skip


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


class TestATemplate:
    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
    def test_full_or_empty_shows_every_value_and_no_placeholder(self, form):
        values = {field.id: FULL[field.kind] for field in form.fields}
        for given in (values, {}):
            text = paper_forms.as_text(form.title, "", "某局", paper_forms.compose(form, given, "某局"))
            assert "{" not in text and "None" not in text

    @pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
    def test_what_it_needs_it_also_shows(self, form):
        assert set(form.needs) <= {field.id for field in form.fields}

    def test_takes_its_time_limits_from_the_law(self):
        form = paper_forms.forms()["penalty_notice"]
        text = str(paper_forms.compose(form, {}, "某局"))
        assert "收到本告知书之日起5个工作日内提出" in text

    def test_leaves_room_to_write_where_nothing_is_known(self):
        blocks = paper_forms.compose(paper_forms.forms()["scene_record"], {}, "某局")
        assert ["blank", 9] in blocks

    def test_leaves_out_of_a_letter_what_nobody_has_said(self):
        form = paper_forms.forms()["penalty_decision"]
        blocks = paper_forms.compose(form, {"facts_found": "事实"}, "某局", final=True)
        assert ["heading", "证据"] not in blocks and "blank" not in [block[0] for block in blocks]

    def test_hides_persons_from_whoever_may_not_see_them(self):
        form = paper_forms.forms()["inquiry_record"]
        values = {"asked_name": "张三丰", "questions": "问：你是张三丰吗？"}
        shown = paper_forms.masked(form, values, paper_forms.compose(form, values, "某局"))
        assert "张三丰" not in str(shown) and "＊＊＊" in str(shown)


class TestAmountsInFormalCharacters:
    @pytest.mark.parametrize(
        ("fen", "words"),
        [
            (0, "零元整"), (1, "壹分"), (10_00, "壹拾元整"), (105_00, "壹佰零伍元整"),
            (10_010_00, "壹万零壹拾元整"), (100_500_00, "壹拾万伍佰元整".replace("万伍", "万零伍")),
            (1_000_000_00, "壹佰万元整"), (123_456_78, "壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
            (100_000_000_00, "壹亿元整"), (20_000_05, "贰万元零伍分"),
        ],
    )  # fmt: skip
    def test_are_written_as_bills_write_them(self, fen, words):
        assert paper_facts.money_words(fen) == words


@pytest.fixture
def issue(filed, officer, now):
    """Issues a paper of the filed case; a test names what it is about."""

    def make(kind, **facts):
        given = {
            "record": filed, "values": papers.values_of(filed) | facts.pop("values", {}),
            "issued_on": now.date(), "by": officer, "at": now,
        }  # fmt: skip
        return papers.issue_paper(kind=kind, **(given | facts))

    return make


NOTICE = {"began": "2024-03-06T09:00", "place": "执法大队"}


class TestIssuing:
    def test_numbers_by_office_year_and_kind(self, issue):
        numbers = [issue("inquiry_notice", values=NOTICE).number for _ in range(2)]
        assert numbers == ["奈曼旗市监询通〔2024〕1号", "奈曼旗市监询通〔2024〕2号"]

    def test_lists_everything_that_is_missing(self, issue):
        with pytest.raises(Refused) as refused:
            issue("penalty_decision")
        assert [p.where for p in refused.value.problems] == [
            "违法事实", "证据", "法律依据", "处罚内容", "告知送达日期",
        ]  # fmt: skip

    def test_keeps_the_text_with_its_digest(self, issue):
        made = issue("inquiry_notice", values=NOTICE)
        assert "某隐形眼镜店" in made.text and papers.altered([made]) == []

    def test_is_found_out_when_somebody_changes_it_behind_our_back(self, issue):
        made = issue("inquiry_notice", values=NOTICE)
        CasePaper.objects.update(text="别的话", digest=papers.digest_of("别的话"))
        assert papers.faults() == (1, [made])

    def test_gives_one_filing_form_only(self, issue):
        given = {"source": "监督检查", "investigators": "李科、王检"}
        issue("filing_approval", values=given)
        with pytest.raises(Refused) as refused:
            issue("filing_approval", values=given)
        assert codes(refused) == ["C605"]

    def test_never_takes_a_number_that_a_case_bears(self, issue, file_case):
        file_case(number="奈曼旗市监处罚〔2024〕7号")
        values = {
            "facts_found": "事实", "evidence": "证据", "provision": "条例第八十一条", "penalty": "罚款",
            "notice_served_on": "2024-03-05",
        }  # fmt: skip
        # this case's own number is of another pattern: short for 奈曼旗 is not 奈
        made = issue("no_penalty_decision", values=values | {"end_reason": "初次违法"})
        assert made.number == "奈曼旗市监不罚〔2024〕1号"

    @pytest.mark.parametrize("number", ["奈曼旗市监处罚〔2024〕7号", "奈市监械罚〔2024〕3号"])
    def test_gives_the_decision_the_number_of_its_case(self, issue, file_case, number):
        case = file_case(number=number)
        values = {
            "facts_found": "事实", "evidence": "证据", "provision": "条例第八十一条", "penalty": "罚款",
            "notice_served_on": "2024-03-05",
        }  # fmt: skip
        made = issue("penalty_decision", record=case, values=values)
        assert made.number == case.number

    def test_refuses_what_is_no_date_and_what_is_too_long(self, issue):
        with pytest.raises(Refused) as refused:
            issue("inquiry_notice", values={"began": "明天", "place": "所" * 30_000})
        assert codes(refused)[:2] == ["C604", "C603"]

    def test_drops_what_no_printer_knows(self, issue):
        made = issue("inquiry_notice", values=NOTICE | {"place": "所\x00\x0b里<b>"})
        assert made.values["place"] == "所里<b>"


class TestCorrecting:
    def test_makes_a_further_version_with_the_same_number(self, issue):
        first = issue("inquiry_notice", values=NOTICE)
        second = issue("inquiry_notice", values=NOTICE | {"place": "二楼"}, corrects=first, reason="地点写错")
        assert (second.version, second.number, second.series) == (2, first.number, 1)

    def test_leaves_the_first_as_it_was(self, issue):
        first = issue("inquiry_notice", values=NOTICE)
        issue("inquiry_notice", values=NOTICE | {"place": "二楼"}, corrects=first, reason="地点写错")
        assert CasePaper.objects.get(pk=first.pk).text == first.text

    def test_asks_for_a_reason_and_for_the_last_version(self, issue):
        first = issue("inquiry_notice", values=NOTICE)
        with pytest.raises(Refused) as refused:
            issue("inquiry_notice", values=NOTICE, corrects=first)
        assert codes(refused) == ["C107"]
        issue("inquiry_notice", values=NOTICE, corrects=first, reason="一")
        with pytest.raises(Refused) as refused:
            issue("inquiry_notice", values=NOTICE, corrects=first, reason="二")
        assert codes(refused) == ["C606"]

    def test_shows_only_the_last_version_in_the_index_of_the_file(self, issue, filed):
        first = issue("inquiry_notice", values=NOTICE)
        issue("inquiry_notice", values=NOTICE | {"place": "二楼"}, corrects=first, reason="地点写错")
        assert [row[1:] for row in papers.values_of(filed)["papers"]] == [
            ["询问通知书", "奈曼旗市监询通〔2024〕1号", "2024-03-05", "2"]
        ]


class TestThePaperOfAProceeding:
    def test_and_of_its_case_are_filled_in_alike(self, now, naiman):
        found = Road(Team(now), now).to_service(enrol("明眸眼镜店", "150525100", now))
        case, way = papers.values_of(found.case), papers.values_of(found)
        wanted = ("notice_served_on", "facts_found", "evidence", "investigators", "penalty", "provision")
        assert [case[name] for name in wanted] == [way[name] for name in wanted]
        assert all(case[name] for name in wanted)

    def test_belongs_to_the_file_of_its_case(self, issue, filed):
        issue("inquiry_notice", values=NOTICE)
        assert papers.has(filed, "inquiry_notice") and not papers.has(filed, "inquiry_record")


def test_nobody_sees_the_papers_of_another_county(issue, officer):
    made = issue("inquiry_notice", values=NOTICE)
    other = type(officer)("x", "外县", "522726", "section_officer")
    assert papers.paper(other, made.pk) is None


def test_a_day_in_the_future_is_refused(issue, now):
    with pytest.raises(Refused) as refused:
        issue("inquiry_notice", values=NOTICE, issued_on=now.date() + dt.timedelta(days=1))
    assert codes(refused) == ["C102"]
