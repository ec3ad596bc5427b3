"""现场文书: what stands on the papers of a visit, for whom, and how they are set."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from docx import Document
from PIL import Image, ImageDraw
from pypdf import PdfReader

from moment import NOW
from visiting import appoint, enrol, photo
from xiejian.cases.models import Interview
from xiejian.documents import papers, pdf
from xiejian.inspections import actions, issuing, products, signing, site_record
from xiejian.inspections.checklists import get
from xiejian.inspections.checks import Entry
from xiejian.inspections.models import Visit
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM, Actor

TODAY = NOW.date()


def drawn(seed: int = 0) -> bytes:
    """A name as somebody might draw it."""
    image = Image.new("RGBA", (360, 120), (255, 255, 255, 0))
    pen = ImageDraw.Draw(image)
    pen.line([(20, 100), (80 + seed, 20), (150, 90), (220, 30 + seed), (330, 80)], fill="black", width=5)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def sign(visit: Visit, role: str, name: str, part: int = 0, **more) -> object:
    record = visit.site_records.filter(part=part).first()
    digest = record.digest if record else site_record.standing(visit).digest
    given = {"image": drawn(len(name)), "strokes": [[[0, 0, 0, 0.5]]], "signed_at": NOW, "digest": digest}
    return signing.sign_record(
        visit=visit, role=role, name=name, part=part, by=SYSTEM, at=NOW, **(given | more)
    )


@pytest.fixture
def shop(naiman):
    return enrol(
        "明眸眼镜店", "150525100", NOW, tags="|角膜接触镜|", head="白明", phone="0475-4210000",
        address="奈曼旗大沁他拉镇诺恩吉雅大街12号", uscc="91150525MA0N1AAA0X",
    )  # fmt: skip


@pytest.fixture
def team(naiman):
    return [appoint("wang", "王检", "150525100", NOW), appoint("zhao", "赵检", "150525100", NOW)]


@pytest.fixture
def started(shop, team) -> Visit:
    visit = actions.schedule_visit(
        party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=SYSTEM, at=NOW
    )
    visit = actions.start_visit(visit=visit, on=TODAY, by=SYSTEM, at=NOW)
    points = get(visit.checklist).points
    entries = [Entry(p.id, "conform") for p in points[2:]]
    entries.append(Entry(points[0].id, "not_conform", "未能提供两批隐形眼镜的进货查验记录"))
    entries.append(Entry(points[1].id, "not_applicable", "没有冷链产品"))
    actions.record_findings(visit=visit, entries=entries, by=SYSTEM, at=NOW)
    actions.attach_evidence(
        visit=visit, file=photo("货架.jpg"), caption="货架上的隐形眼镜", by=SYSTEM, at=NOW
    )
    products.check_product(
        visit=visit, text="(01)06972253600013(17)230900(10)A1", registration_no="国械注准20203220123",
        by=SYSTEM, at=NOW,
    )  # fmt: skip
    return visit


@pytest.fixture
def concluded(started) -> Visit:
    return actions.conclude_visit(visit=started, by=SYSTEM, at=NOW)


@pytest.fixture
def order(concluded):
    return actions.order_correction(
        visit=concluded, content="1. 补齐两批隐形眼镜的进货查验记录\n2. 建立进货查验制度并培训有关人员",
        ordered_on=TODAY, due_on=TODAY + dt.timedelta(days=15), by=SYSTEM, at=NOW,
    )  # fmt: skip


@pytest.fixture
def talk(shop):
    return Interview.objects.create(
        record_key="1", party=shop, held_on=TODAY, link="经营", tags="|角膜接触镜|",
        reason="多次未落实进货查验制度", office_code=shop.office_code,
    )  # fmt: skip


def words(paper, tmp_path) -> str:
    """Everything that stands on the paper as a Word file."""
    path = tmp_path / "paper.docx"
    papers.write(paper, path)
    document = Document(str(path))
    cells = [cell.text for table in document.tables for cell in table._cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


class TestTheSiteRecord:
    def make(self, visit, by=SYSTEM):
        return papers.make("record", visit.pk, by=by, on=TODAY)

    def test_says_first_what_was_found_wanting(self, started, tmp_path):
        said = words(self.make(started), tmp_path)
        assert "一、发现的问题（1项）" in said
        assert said.index("未能提供两批隐形眼镜的进货查验记录") < said.index(
            get(started.checklist).points[2].text
        )

    def test_lists_everything_that_was_looked_at(self, started, tmp_path):
        said = words(self.make(started), tmp_path)
        assert [p.id for p in get(started.checklist).points if p.text not in said] == []

    def test_of_a_visit_still_to_be_made_is_a_form_to_fill_in(self, shop, team, tmp_path):
        visit = actions.schedule_visit(
            party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=SYSTEM, at=NOW
        )
        said = words(self.make(visit), tmp_path)
        assert "□符合 □不符合 □不适用" in said and "没有发现不符合项" not in said

    def test_of_an_imported_visit_says_what_was_counted(self, started, tmp_path):
        started.findings.all().delete()
        Visit.objects.filter(pk=started.pk).update(state="concluded", defects=3)
        assert "登记缺陷3项，没有逐项记录" in words(self.make(started), tmp_path)

    def test_says_why_a_point_did_not_apply(self, started, tmp_path):
        assert "不适用：没有冷链产品" in words(self.make(started), tmp_path)

    def test_numbers_the_evidence_with_its_digests(self, started, tmp_path):
        said = words(self.make(started), tmp_path)
        assert "证1" in said and started.evidence.get().sha256 in said

    def test_tells_of_the_products_that_were_checked(self, started, tmp_path):
        assert "已于 2023-09-30 过期" in words(self.make(started), tmp_path)

    def test_leaves_lines_for_the_party_and_two_inspectors(self, started):
        (signs,) = [block for block in self.make(started).blocks if isinstance(block, papers.Signs)]
        roles = [line.role for line in signs.lines]
        assert (sum("检查人员" in r for r in roles), sum("被检查单位" in r for r in roles)) == (2, 1)

    def test_shows_the_names_as_they_were_drawn(self, started, tmp_path):
        sign(started, "party", "白明", statement="以上属实")
        sign(started, "inspector", "王检")
        path = tmp_path / "paper.docx"
        papers.write(self.make(started), path)
        assert len(Document(str(path)).inline_shapes) == 2

    def test_says_that_the_party_refused_to_sign_and_who_saw_it(self, started, tmp_path):
        signing.refuse_signature(
            visit=started, name="白明", reason="认为记录有误", witnesses=["社区工作人员李某"], signed_at=NOW,
            digest=site_record.standing(started).digest, by=SYSTEM, at=NOW,
        )  # fmt: skip
        said = words(self.make(started), tmp_path)
        assert "拒绝签名" in said and "认为记录有误" in said and "社区工作人员李某" in said

    def test_keeps_what_was_signed_when_the_register_changes(self, started, shop, tmp_path):
        sign(started, "inspector", "王检")
        type(shop).objects.filter(pk=shop.pk).update(name="改了名的店")
        said = words(self.make(started), tmp_path)
        assert "明眸眼镜店" in said and "改了名的店" not in said

    def test_carries_its_supplement_with_names_of_its_own(self, started, tmp_path):
        sign(started, "inspector", "王检")
        signing.supplement_record(visit=started, text="漏记：库房温度为 31 ℃。", by=SYSTEM, at=NOW)
        said = words(self.make(started), tmp_path)
        assert "补充说明（1）" in said and "库房温度为 31 ℃" in said

    def test_hides_names_and_telephones_from_who_may_not_see_them(self, started, tmp_path):
        sign(started, "party", "白明")
        upper = Actor("up", "上级", "150500", "upper_viewer")
        said = words(self.make(started, upper), tmp_path)
        assert "白明" not in said and "0475-4210000" not in said and "明眸眼镜店" in said

    def test_of_another_county_is_not_there(self, started):
        with pytest.raises(Refused) as refused:
            self.make(started, Actor("x", "外人", "522726", "section_officer"))
        assert refused.value.first.code == "D106"


class TestTheOrderToCorrect:
    def test_names_number_date_content_and_clause(self, order, tmp_path):
        said = words(papers.make("notice", order.pk, by=SYSTEM, on=TODAY), tmp_path)
        expected = [order.number, "2024年3月20日前改正", "建立进货查验制度", "奈曼旗市场监督管理局", "印发"]
        assert [part for part in expected if part not in said] == []


class TestTheResult:
    def test_is_not_told_before_there_is_one(self, started):
        with pytest.raises(Refused) as refused:
            papers.make("result", started.pk, by=SYSTEM, on=TODAY)
        assert refused.value.first.code == "D108"

    def test_says_the_conclusion_and_the_way_to_object(self, order, tmp_path):
        said = words(papers.make("result", order.visit_id, by=SYSTEM, on=TODAY), tmp_path)
        assert order.visit.conclusion in said and "陈述、申辩" in said

    def test_gets_its_number_once(self, order):
        given = {
            "kind": "result",
            "record": order.visit,
            "office_code": order.office_code,
            "issued_on": TODAY,
        }
        numbers = {issuing.issue_paper(**given, by=SYSTEM, at=NOW).number for _ in range(2)}
        paper = papers.make("result", order.visit_id, by=SYSTEM, on=TODAY)
        assert numbers == {paper.number} and "〔2024〕1号" in paper.number


class TestTheRecheck:
    def test_names_the_order_and_the_answer(self, order, tmp_path):
        actions.submit_correction(
            correction=order, submitted_on=TODAY, answer="已全部补齐", by=SYSTEM, at=NOW, evidence=[photo()]
        )
        said = words(papers.make("recheck", order.pk, by=SYSTEM, on=TODAY), tmp_path)
        assert order.number in said and "已全部补齐" in said and "证1" in said


class TestTheTalk:
    def test_names_the_reason_and_leaves_room_for_what_is_said(self, talk, tmp_path):
        said = words(papers.make("interview", talk.pk, by=SYSTEM, on=TODAY), tmp_path)
        assert "多次未落实进货查验制度" in said and "被约谈人" in said


class TestWriting:
    def test_another_kind_of_file_is_refused(self, started, tmp_path):
        with pytest.raises(Refused) as refused:
            papers.write(papers.make("record", started.pk, by=SYSTEM, on=TODAY), tmp_path / "a.odt")
        assert refused.value.first.code == "D105"

    def test_an_unknown_paper_is_refused(self):
        with pytest.raises(Refused) as refused:
            papers.make("letter", 1, by=SYSTEM, on=TODAY)
        assert refused.value.first.code == "D107"

    def test_without_libreoffice_the_way_out_is_named(self, started, tmp_path, monkeypatch):
        monkeypatch.setattr(pdf, "program", lambda: None)
        with pytest.raises(Refused) as refused:
            papers.write(papers.make("record", started.pk, by=SYSTEM, on=TODAY), tmp_path / "a.pdf")
        assert (refused.value.first.code, "docx" in refused.value.first.next) == ("D109", True)

    @pytest.mark.skipif(pdf.program() is None, reason="LibreOffice is not on this machine")
    def test_a_pdf_is_a4_and_says_the_same(self, order, tmp_path):
        path = tmp_path / "notice.pdf"
        papers.write(papers.make("notice", order.pk, by=SYSTEM, on=TODAY), path)
        pages = PdfReader(path).pages
        size = [round(float(side) / 72 * 25.4) for side in pages[0].mediabox[2:]]
        assert size == [210, 297] and order.number in pages[0].extract_text().replace(" ", "")


class TestAnOrderWithoutADate:
    @pytest.mark.parametrize("kind", ["notice", "recheck"])
    def test_leaves_it_to_be_filled_in(self, shop, kind):
        visit = Visit.objects.create(
            number="旧检查1号", party=shop, link="经营", kind="日常检查", office_code="150525100",
            state="concluded", visited_on=TODAY, order_issued=True,
        )  # fmt: skip
        order = visit.corrections.create(
            number="旧检查1号（随检查）", content="改正", ordered_on=TODAY, state="ordered",
            office_code="150525100",
        )  # fmt: skip
        assert "____年__月__日" in repr(papers.make(kind, order.pk, by=SYSTEM, on=TODAY))
