"""Random samples that anyone can repeat."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiejian.kernel.problems import Refused
from xiejian.planning import draws

LISTS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=40, unique=True)


class TestADraw:
    def test_takes_the_entries_with_the_smallest_digests(self):
        def by_hand(entry: str) -> str:
            return hashlib.sha256(b"2024\x00" + entry.encode("utf-8")).hexdigest()

        entries = ["甲", "乙", "丙", "丁", "戊"]
        assert list(draws.draw(entries, 2, "2024").drawn) == sorted(entries, key=by_hand)[:2]

    @given(LISTS, st.text(min_size=1, max_size=5), st.randoms())
    def test_does_not_depend_on_the_order_of_the_list(self, entries, seed, chance):
        shuffled = list(entries)
        chance.shuffle(shuffled)
        assert draws.draw(entries, len(entries) // 2, seed) == draws.draw(shuffled, len(entries) // 2, seed)

    @given(LISTS, st.text(min_size=1, max_size=5))
    def test_moves_nobody_when_another_entry_leaves_the_list(self, entries, seed):
        everyone = draws.draw(entries, len(entries), seed).drawn
        if len(entries) > 1:
            fewer = draws.draw([e for e in entries if e != everyone[0]], len(entries) - 1, seed).drawn
            assert fewer == everyone[1:]

    def test_changes_with_the_seed(self):
        entries = [f"企业{n}" for n in range(200)]
        assert draws.draw(entries, 20, "a").drawn != draws.draw(entries, 20, "b").drawn

    def test_gives_an_entry_that_is_there_twice_one_chance_and_names_it(self):
        done = draws.draw(["甲", "乙", "甲"], 2, "s")
        assert (done.size, done.duplicates, set(done.drawn)) == (2, ("甲",), {"甲", "乙"})

    def test_carries_the_digest_of_the_sorted_list(self):
        digest = hashlib.sha256("丙\n乙\n甲".encode()).hexdigest()
        assert draws.draw(["甲", "乙", "丙"], 1, "s").digest == digest

    def test_may_draw_nobody(self):
        assert draws.draw(["甲"], 0, "s").drawn == ()

    def test_gives_everyone_about_the_same_chance(self):
        entries = [f"企业{n}" for n in range(20)]
        times = dict.fromkeys(entries, 0)
        for seed in range(500):
            for entry in draws.draw(entries, 5, str(seed)).drawn:
                times[entry] += 1
        # 500 draws of 5 out of 20: 125 each on average, standard deviation just under 10
        assert all(75 < n < 175 for n in times.values())


@pytest.mark.parametrize(
    ("entries", "count", "seed", "code"),
    [
        ([], 0, "s", "L101"),
        (["甲", "乙"], 3, "s", "L102"),
        (["甲"], -1, "s", "L103"),
        (["甲"], 1, "", "L104"),
    ],
)
def test_what_cannot_be_drawn_is_refused(entries, count, seed, code):
    with pytest.raises(Refused) as refused:
        draws.draw(entries, count, seed)
    assert refused.value.first.code == code


PEOPLE = ["张", "王", "李", "赵", "钱"]


class TestTeams:
    @given(LISTS, st.text(min_size=1, max_size=5), st.randoms())
    def test_do_not_depend_on_the_order_of_the_inspectors(self, entries, seed, chance):
        shuffled = list(PEOPLE)
        chance.shuffle(shuffled)
        assert draws.draw_teams(entries, PEOPLE, seed, size=2) == draws.draw_teams(
            entries, shuffled, seed, size=2
        )

    @given(LISTS, st.sets(st.tuples(st.integers(0, 39), st.integers(0, 4)), max_size=20))
    def test_never_hold_somebody_who_avoids_the_entry(self, entries, pairs):
        few = {n: [p for e, p in pairs if e == n] for n, _ in pairs}
        avoid = {(entries[n], PEOPLE[p]) for n, ps in few.items() for p in ps[:3] if n < len(entries)}
        teams = draws.draw_teams(entries, PEOPLE, "s", size=2, avoid=avoid)
        assert not any((team.entry, person) in avoid for team in teams for person in team.inspectors)

    @given(LISTS)
    def test_share_the_work_as_equally_as_can_be(self, entries):
        teams = draws.draw_teams(entries, PEOPLE, "s", size=2)
        times = [sum(person in team.inspectors for team in teams) for person in PEOPLE]
        assert max(times) - min(times) <= 1

    def test_are_not_those_of_last_time(self):
        first = draws.draw_teams(["甲"], PEOPLE, "s", size=2)[0]
        again = draws.draw_teams(["甲"], PEOPLE, "s", size=2, last={"甲": first.inspectors})[0]
        assert (again.rotated, again.inspectors[0], again.inspectors != first.inspectors) == (
            True, first.inspectors[0], True,
        )  # fmt: skip

    def test_are_those_of_last_time_where_there_is_nobody_else(self):
        team = draws.draw_teams(["甲"], PEOPLE[:2], "s", size=2, last={"甲": PEOPLE[:2]})[0]
        assert (set(team.inspectors), team.rotated) == (set(PEOPLE[:2]), False)

    def test_take_the_smallest_digests_first(self):
        def by_hand(person: str) -> str:
            return hashlib.sha256("s\0甲\0".encode() + person.encode()).hexdigest()

        assert (
            list(draws.draw_teams(["甲"], PEOPLE, "s", size=2)[0].inspectors)
            == sorted(PEOPLE, key=by_hand)[:2]
        )

    def test_are_refused_where_too_few_are_left(self):
        with pytest.raises(Refused) as refused:
            draws.draw_teams(["甲"], PEOPLE[:2], "s", size=2, avoid={("甲", "张")})
        assert refused.value.first.code == "L611"
