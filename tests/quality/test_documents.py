"""Documents: two persons, what held on which day, nothing overwritten."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.quality import documents, queries
from xiejian.quality.models import DocumentVersion

TODAY = NOW.date()
TEXT = "一、目的\n二、范围"


def later(days: int) -> dt.date:
    return TODAY + dt.timedelta(days=days)


def refusal(call, **facts) -> str:
    with pytest.raises(Refused) as refused:
        call(**facts)
    return refused.value.first.code


@pytest.fixture
def drafted(acts):
    return documents.draft_document(
        number="QP-01", title="文件控制程序", kind="procedure", text=TEXT, **acts()
    )


@pytest.fixture
def approve(acts):
    """approve(version, day): handed in and approved by the head."""

    def make(version: DocumentVersion, day: dt.date) -> DocumentVersion:
        version = documents.hand_in_version(version=version, **acts())
        return documents.approve_version(version=version, effective_on=day, **acts("firm_head"))

    return make


@pytest.fixture
def second(drafted, approve, acts):
    """The first version from today, the second one from in ten days."""
    first = approve(drafted, TODAY)
    made = documents.draft_version(version=first, text=TEXT + "\n三、职责", change="加职责", **acts())
    return approve(made, later(10))


class TestTwoPersons:
    def test_the_writer_does_not_approve(self, drafted, acts, person):
        DocumentVersion.objects.update(writer=person("firm_head").username, state="handed_in")
        facts = {"version": drafted, "effective_on": TODAY, **acts("firm_head")}
        assert refusal(documents.approve_version, **facts) == "QU107"

    def test_who_writes_holds_no_permission_to_approve(self, drafted, acts):
        handed = documents.hand_in_version(version=drafted, **acts())
        facts = {"version": handed, "effective_on": TODAY, **acts("firm_quality", "b")}
        assert refusal(documents.approve_version, **facts) == "P101"

    def test_who_changed_the_draft_last_is_its_writer(self, drafted, acts, person):
        facts = acts("firm_admin")
        changed = documents.change_version(version=drafted, text="改", change="改", **facts)
        assert changed.writer == person("firm_admin").username


class TestWhatHeldOnADay:
    @pytest.mark.parametrize(("days", "version"), [(-1, None), (0, 1), (9, 1), (10, 2), (400, 2)])
    def test_the_version_before_holds_until_the_next_one_does(self, second, days, version):
        found = queries.version_on(second.document, later(days))
        assert (found and found.version) == version

    def test_a_version_that_comes_earlier_takes_the_place_of_one_not_yet_in_force(
        self, second, approve, acts
    ):
        third = documents.draft_version(version=second, text="新", change="提前", **acts())
        approve(third, later(5))
        held = [queries.version_on(second.document, later(days)).version for days in (4, 5, 10)]
        assert held == [1, 3, 3]

    def test_a_withdrawn_one_still_held_before(self, drafted, approve, acts):
        version = approve(drafted, TODAY)
        documents.withdraw_version(version=version, on=later(3), reason="不再需要", **acts("firm_head"))
        found = [queries.version_on(version.document, later(days)) for days in (2, 3)]
        assert [one and one.version for one in found] == [1, None]

    def test_none_is_withdrawn_for_days_that_have_passed(self, drafted, approve, acts):
        facts = {"version": approve(drafted, TODAY), "on": later(-1), "reason": "x", **acts("firm_head")}
        assert refusal(documents.withdraw_version, **facts) == "QU104"

    def test_none_holds_before_it_is_approved(self, drafted, acts):
        handed = documents.hand_in_version(version=drafted, **acts())
        facts = {"version": handed, "effective_on": later(-1), **acts("firm_head")}
        assert refusal(documents.approve_version, **facts) == "QU112"


class TestVersions:
    def test_an_approved_text_stays_when_the_next_is_written(self, second):
        texts = DocumentVersion.objects.order_by("version").values_list("text", flat=True)
        assert list(texts) == [TEXT, TEXT + "\n三、职责"]

    def test_one_version_waits_at_a_time(self, drafted, acts):
        facts = {"version": drafted, "text": "x", "change": "x", **acts()}
        assert refusal(documents.draft_version, **facts) == "QU106"

    def test_a_number_is_given_once(self, drafted, acts):
        facts = {"number": " QP-01 ", "title": "x", "kind": "form", "text": "x", **acts()}
        assert refusal(documents.draft_document, **facts) == "QU105"

    def test_the_review_is_a_year_after_it_holds_and_again_after_a_review(self, drafted, approve, acts):
        version = approve(drafted, dt.date(2024, 6, 1))
        version.document.refresh_from_db()
        first = version.document.review_on
        documents.review_document(version=version, on=TODAY, **acts("firm_head"))
        version.document.refresh_from_db()
        assert (first, version.document.review_on) == (
            dt.date(2025, 6, 1), TODAY.replace(year=TODAY.year + 1),
        )  # fmt: skip


class TestReceipts:
    def test_who_has_not_read_is_named_and_the_first_reading_counts(self, drafted, approve, acts, person):
        version, store = approve(drafted, TODAY), person("firm_store")
        assert queries.to_read(store, TODAY).get() == version
        for _ in range(2):
            documents.read_version(version=version, by=store, at=NOW)
        assert (version.readings.count(), queries.to_read(store, TODAY).count()) == (1, 0)
        assert store.name not in queries.unread(version) and "firm_head某" in queries.unread(version)

    def test_a_draft_is_not_signed_for(self, drafted, acts):
        assert refusal(documents.read_version, version=drafted, **acts()) == "QU111"


def test_the_audit_names_the_version_and_nothing_of_its_text(drafted):
    entry = AuditEntry.objects.get(subject="quality_documentversion")
    assert (entry.subject_key, entry.office_code) == ("QP-01-V1", "150525100")
    assert "目的" not in str(entry.detail)
