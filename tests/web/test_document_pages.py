"""Documents in the browser: every number leads to its records, and the Word file says the same."""

from __future__ import annotations

import io

import docx
import pytest
from django.urls import reverse

from moment import NOW
from supervision_year import Year


@pytest.fixture
def year(naiman) -> Year:
    made = Year(NOW)
    pharmacy = made.party("奈曼旗安康大药房", "经营", "无菌", classes="3")
    made.visit(pharmacy, "2023-05-20", kind="日常检查", order_issued=True)
    made.party("奈曼旗人民医院", "使用", unit_kind="二级医院")
    return made


def draft(client, kind="summary", **query):
    return client.get(reverse("document", args=[kind]), {"office": "150525", "year": "2023"} | query)


def pieces(answer):
    return [
        piece
        for _, _, blocks in answer.context["sections"]
        for block in blocks
        for piece in block.get("pieces", [])
    ]


class TestDocument:
    def test_a_number_in_the_text_opens_its_records(self, year, as_role):
        client = as_role("section_officer")
        number = next(p for p in pieces(draft(client)) if p.href)
        records = client.get(number.href)
        assert records.status_code == 200
        assert records.context["records"]

    def test_the_sources_stand_below(self, year, as_role):
        shown = draft(as_role("section_officer"))
        assert all(source.definition for source, _ in shown.context["sources"])

    def test_the_word_file_says_the_same(self, year, as_role):
        client = as_role("section_officer")
        said = "".join(p.text for p in pieces(draft(client)))
        word = docx.Document(io.BytesIO(draft(client, format="docx").content))
        written = "".join(p.text for p in word.paragraphs)
        assert said[:60] in written

    def test_another_countys_document_cannot_be_drafted(self, year, dushan, as_role):
        assert draft(as_role("section_officer"), office="522726").status_code == 403

    def test_a_kind_that_does_not_exist_is_not_found(self, year, as_role):
        assert draft(as_role("section_officer"), kind="poem").status_code == 404


class TestList:
    def test_every_kind_can_be_chosen(self, naiman, as_role):
        shown = as_role("section_officer").get(reverse("document_list"))
        assert [kind for kind, _ in shown.context["kinds"]][:2] == ["summary", "next-plan"]
