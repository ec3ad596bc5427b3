"""The rule book: nothing of a pack is left out, every mark is carried, changes between two dates."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.kernel import deadline_rules, packs, penalty_rules, rule_book
from xiejian.kernel.rule_book import Entry

ENTRIES = rule_book.entries()


def ids(kind: str) -> set[str]:
    return {entry.id for entry in ENTRIES if entry.kind == kind}


def entry(name: str, **facts: object) -> Entry:
    given = {
        "kind": "grading", "pack": "p", "meaning": "m", "value": "v", "citation": "c", "checked": "x",
        "unverified": False, "design": "", "from_on": None, "until_on": None, "source": "a/b.toml",
    }  # fmt: skip
    return Entry(id=name, **{**given, **facts})


class TestEntries:
    def test_hold_every_time_limit(self):
        assert set(deadline_rules.load().rules) <= ids("deadlines")

    def test_hold_every_penalty(self):
        assert set(penalty_rules.load().rules) <= ids("penalties")

    @pytest.mark.parametrize("pack_id", packs.known())
    def test_hold_every_row_of_a_grading_pack(self, pack_id):
        assert {row.id for row in packs.rules(packs.load(pack_id))} <= ids("grading")

    @pytest.mark.parametrize(
        "kind", ["checklists", "numbers", "udi", "tables", "measures", "tags", "campaign"]
    )
    def test_hold_the_other_packs(self, kind):
        assert ids(kind)

    def test_say_what_they_mean(self):
        assert [e.id for e in ENTRIES if not e.meaning.strip()] == []

    def test_name_their_file(self):
        assert [e.id for e in ENTRIES if not (packs.root() / e.source).is_file()] == []

    def test_stand_on_a_citation_or_are_called_our_own(self):
        bare = [(e.kind, e.id) for e in ENTRIES if not e.citation and "design" not in e.statuses]
        assert [one for one in bare if not one[1].startswith(("CF-", "M-9"))] == []

    def test_carry_every_mark_of_a_time_limit(self):
        marked = {e.id for e in ENTRIES if e.kind == "deadlines" and e.unverified}
        assert marked == {r.id for r in deadline_rules.load().rules.values() if r.unverified}

    def test_carry_every_mark_of_a_penalty(self):
        rules = {r.id for versions in penalty_rules.load().rules.values() for r in versions if r.unverified}
        assert rules <= {e.id for e in ENTRIES if e.kind == "penalties" and e.unverified}

    def test_say_a_range_in_words(self):
        words = next(e.value for e in ENTRIES if e.id == "P81-3")
        assert words == "货值金额不足 10,000 元：50,000 至 150,000 元；货值金额 10,000 元以上：15 至 30 倍"

    def test_say_a_period_in_words(self):
        words = next(e.value for e in ENTRIES if e.id == "CP-4")
        assert words == "发现线索之日：15 个工作日；可延长 15 个工作日（经负责人批准）"


class TestName:
    def test_is_different_for_every_entry(self):
        assert len({e.slug for e in ENTRIES}) == len(ENTRIES)

    def test_leads_back_to_its_entry(self):
        assert rule_book.by_slug()[ENTRIES[7].slug] is ENTRIES[7]

    @pytest.mark.parametrize("said", ["meaning", "value", "citation"])
    def test_stays_when_the_words_change_and_the_digest_does_not(self, said):
        before, after = entry("A", slug="s"), entry("A", slug="s", **{said: "other"})
        assert (before.slug == after.slug, before.digest == after.digest) == (True, False)

    def test_the_digest_tells_nothing_of_marks(self):
        assert entry("A").digest == entry("A", checked="", unverified=True).digest


class TestVersions:
    OLD = entry("A-O", until_on=dt.date(2026, 4, 14))
    NEW = entry("A", from_on=dt.date(2026, 4, 15), replaces="A-O")

    @pytest.mark.parametrize("one", [OLD, NEW], ids=["old", "new"])
    def test_stand_together_by_date_whichever_is_asked(self, one):
        assert rule_book.versions(one, [self.NEW, entry("B"), self.OLD]) == [self.OLD, self.NEW]

    def test_of_another_pack_are_another_rule(self):
        other = entry("A", pack="q")
        assert rule_book.versions(entry("A"), [entry("A"), other]) == [entry("A")]


class TestStatus:
    def test_what_was_read_may_hold_a_setting_of_ours(self):
        assert entry("A", design="日数").statuses == ("checked", "design")

    def test_what_nobody_read_is_unverified(self):
        assert entry("A", checked="", unverified=True).statuses == ("unverified",)

    def test_what_stands_on_nothing_is_our_own(self):
        assert entry("A", checked="").statuses == ("design",)


class TestSearch:
    def test_takes_every_word(self):
        found = rule_book.search([entry("A", meaning="甲 乙"), entry("B", meaning="甲")], words="乙 甲")
        assert [e.id for e in found] == ["A"]

    def test_by_status(self):
        both = [entry("A"), entry("B", checked="", unverified=True)]
        assert [e.id for e in rule_book.search(both, status="unverified")] == ["B"]

    @pytest.mark.parametrize(("day", "found"), [(14, False), (15, True), (20, True), (21, False)])
    def test_by_a_day_in_force(self, day, found):
        one = entry("A", from_on=dt.date(2026, 4, 15), until_on=dt.date(2026, 4, 20))
        assert bool(rule_book.search([one], on=dt.date(2026, 4, day))) is found


class TestChanges:
    OLD = entry("A", value="1", until_on=dt.date(2026, 4, 14))
    NEW = entry("A", value="2", from_on=dt.date(2026, 4, 15))

    @pytest.mark.parametrize(
        ("first", "second", "seen"), [(14, 15, True), (13, 30, True), (15, 30, False), (1, 14, False)]
    )
    def test_lie_after_the_first_day_and_up_to_the_second(self, first, second, seen):
        found = rule_book.changes([self.OLD, self.NEW], dt.date(2026, 4, first), dt.date(2026, 4, second))
        assert bool(found) is seen

    def test_put_both_versions_side_by_side(self):
        (one,) = rule_book.changes([self.OLD, self.NEW], dt.date(2026, 4, 1), dt.date(2026, 5, 1))
        assert (one.what, one.before, one.after) == ("改变", (self.OLD,), (self.NEW,))

    def test_what_begins_and_what_ends(self):
        found = rule_book.changes(
            [entry("B", from_on=dt.date(2026, 4, 2)), entry("C", until_on=dt.date(2026, 4, 2))],
            dt.date(2026, 4, 1), dt.date(2026, 5, 1),
        )  # fmt: skip
        assert [(c.id, c.what, c.on.day) for c in found] == [("B", "新施行", 2), ("C", "停止施行", 3)]

    def test_a_row_of_a_new_order_stands_beside_the_one_it_replaced(self):
        found = rule_book.changes(ENTRIES, dt.date(2026, 4, 14), dt.date(2026, 4, 15))
        assert ("CP-1", ["CP-O1"]) in [(c.id, [e.id for e in c.before]) for c in found]
