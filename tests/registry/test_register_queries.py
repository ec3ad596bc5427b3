"""Lists, search, expiry and the archive of the register."""

import datetime as dt

import pytest

from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry import actions, queries
from xiejian.registry.models import Party, PartyLink, Registration
from xiejian.registry.search import grams

CODE = "91350200MA2YJ1XR9G"


def names(rows):
    return [row.name for row in rows]


@pytest.fixture
def register(load):
    load(
        {
            "主体名称": "奈曼旗平安大药房",
            "统一社会信用代码": CODE,
            "证号": "蒙通辽药监械经营许20230015号",
            "发证日期": "2023-05-06",
            "有效期至": "2024-04-01",
            "品种标签": "无菌",
            "管理类别": "Ⅲ",
        },
        {
            "主体名称": "奈曼旗人民医院",
            "环节": "使用",
            "机构类型": "二级医院",
            "行政区划代码": "150525",
            "状态": "停产",
        },
        {
            "主体名称": "独山县百姓药店",
            "行政区划代码": "522726",
            "产品门类": "药品",
            "有效期至": "2025-01-01",
        },
    )
    PartyLink.objects.filter(party__name="奈曼旗平安大药房").update(level=3)


class TestASearch:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("奈曼", ["奈曼旗人民医院", "奈曼旗平安大药房"]),
            ("药", ["奈曼旗平安大药房", "独山县百姓药店"]),
            ("大药房", ["奈曼旗平安大药房"]),
            ("药大房", []),
            ("奈曼 药房", ["奈曼旗平安大药房"]),
            ("MA2YJ1", ["奈曼旗平安大药房"]),
            (CODE.lower(), ["奈曼旗平安大药房"]),
            ("经营许20230015", ["奈曼旗平安大药房"]),
            ("２０２３００１５", ["奈曼旗平安大药房"]),
            ("平安-大药房", ["奈曼旗平安大药房"]),
            ("没有的", []),
            ("%", []),
            ("_", []),
        ],
    )
    def test_finds_part_of_a_name_code_or_number(self, register, asked, found):
        assert sorted(names(queries.parties(SYSTEM, search=asked))) == sorted(found)

    def test_of_nothing_finds_all(self, register):
        assert queries.count(queries.parties(SYSTEM, search=" ")) == 3

    def test_finds_the_party_of_a_product(self, register):
        party = Party.objects.get(name="奈曼旗人民医院")
        text = grams(["定制式固定义齿"])
        Registration.objects.create(
            number="x",
            number_key="x",
            number_kind="current",
            record_key="x",
            party=party,
            registrant="x",
            product_name="定制式固定义齿",
            search_grams=text,
        )
        assert names(queries.parties(SYSTEM, search="义齿")) == ["奈曼旗人民医院"]

    def test_does_not_run_from_one_text_into_the_next(self):
        assert "乙丙" not in grams(["甲乙", "丙丁"])


class TestAFilter:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"link": "使用"}, ["奈曼旗人民医院"]),
            ({"level": "3"}, ["奈曼旗平安大药房"]),
            ({"level": "3", "link": "使用"}, []),
            ({"level": "none"}, ["奈曼旗人民医院", "独山县百姓药店"]),
            ({"office": "150525"}, ["奈曼旗人民医院", "奈曼旗平安大药房"]),
            ({"office": "150525100"}, ["奈曼旗平安大药房"]),
            ({"status": "停产"}, ["奈曼旗人民医院"]),
            ({"area": "药品"}, ["独山县百姓药店"]),
            ({"tag": "无菌"}, ["奈曼旗平安大药房"]),
        ],
    )
    def test_keeps_what_fits(self, register, asked, found):
        assert sorted(names(queries.parties(SYSTEM, **asked))) == sorted(found)

    def test_counts_a_party_of_two_links_once(self, load):
        load({"环节": "经营、网络销售"})
        PartyLink.objects.update(level=2)
        assert queries.count(queries.parties(SYSTEM, level=2)) == 1


class TestAnOrder:
    @pytest.mark.parametrize("sort", sorted(queries.PARTY_SORTS))
    def test_can_be_turned_round(self, register, sort):
        rising = names(queries.parties(SYSTEM, sort=sort))
        assert sorted(rising) == sorted(names(queries.parties(SYSTEM, sort=f"-{sort}")))

    def test_puts_empty_ones_last_either_way(self, register):
        for sort in ("level", "-level"):
            assert names(queries.parties(SYSTEM, sort=sort))[0] == "奈曼旗平安大药房"


class TestWhoMaySee:
    def test_an_office_sees_itself_and_below(self, register):
        county = Actor("a", "某", "150525", "section_officer")
        assert queries.count(queries.parties(county)) == 2

    def test_a_station_does_not_see_the_county(self, register):
        station = Actor("a", "某", "150525100", "station_inspector")
        assert names(queries.parties(station)) == ["奈曼旗平安大药房"]

    def test_nobody_sees_nothing(self, register):
        assert queries.count(queries.parties(None)) == 0
        assert queries.count(queries.licences(None)) == 0
        assert queries.count(queries.registrations(None)) == 0

    def test_another_offices_archive_is_not_there(self, register):
        party = Party.objects.get(name="独山县百姓药店")
        assert queries.archive(Actor("a", "某", "150525", "section_officer"), party.pk) is None

    def test_licences_go_by_the_office_of_their_party(self, register):
        assert queries.count(queries.licences(Actor("a", "某", "522726", "section_officer"))) == 0


class TestExpiry:
    ON = dt.date(2024, 3, 5)

    def test_soon_is_within_the_days(self, register):
        assert queries.count(queries.expiring(SYSTEM, 27, self.ON)) == 1
        assert queries.count(queries.expiring(SYSTEM, 26, self.ON)) == 0

    def test_on_its_last_day_is_soon_and_the_day_after_past(self, register):
        last = dt.date(2024, 4, 1)
        assert (queries.expiring(SYSTEM, 0, last).count(), queries.expired(SYSTEM, last).count()) == (1, 0)
        after = last + dt.timedelta(1)
        assert (queries.expiring(SYSTEM, 90, after).count(), queries.expired(SYSTEM, after).count()) == (0, 1)

    def test_of_a_cancelled_party_is_nobodys_matter(self, register):
        Party.objects.update(status="注销")
        assert queries.count(queries.expiring(SYSTEM, 90, self.ON)) == 0

    def test_uses_the_days_of_the_pack_where_none_are_given(self, register):
        assert queries.count(queries.licences(SYSTEM, tab="expiring", on=self.ON)) == 1
        assert queries.expiring_days() > 0

    @pytest.mark.parametrize("asked", ["20230015", "平安", "MA2YJ"])
    def test_licences_are_found_by_number_name_and_code(self, register, asked):
        assert queries.count(queries.licences(SYSTEM, search=asked)) == 1


class TestAnArchive:
    def test_tells_everything_in_one_timeline_newest_first(self, register, now):
        party = Party.objects.get(name="奈曼旗平安大药房")
        actions.change_status(
            party=party, status="停产", on=dt.date(2024, 2, 1), reason="歇业", by=SYSTEM, at=now
        )
        events = queries.timeline(SYSTEM, party)
        assert [(e.on, e.kind) for e in events] == [
            (dt.date(2024, 2, 1), "状态"),
            (dt.date(2023, 5, 6), "证照"),
        ]
        assert events[0].detail == "状态：正常 → 停产"

    def test_takes_eight_queries(self, register, django_assert_num_queries):
        party = Party.objects.get(name="奈曼旗平安大药房")
        with django_assert_num_queries(8):
            queries.archive(SYSTEM, party.pk)


class TestCounts:
    def test_leave_out_cancelled_parties_by_link(self, register):
        Party.objects.filter(name="独山县百姓药店").update(status="注销")
        found = queries.counts(SYSTEM)
        assert found.parties == 3
        assert found.by_link == {"使用": 1, "经营": 1}

    def test_take_three_queries(self, register, django_assert_num_queries):
        with django_assert_num_queries(3):
            queries.counts(SYSTEM)


class TestTheLinkFilter:
    """It reads Party.link_names, which every writer of a link keeps."""

    def found(self, link):
        return names(queries.parties(SYSTEM, link=link))

    def test_finds_what_an_import_wrote(self, register):
        assert self.found("使用") == ["奈曼旗人民医院"]

    def test_finds_a_link_that_a_later_import_adds(self, register, load):
        load({"主体名称": "奈曼旗平安大药房", "统一社会信用代码": CODE, "环节": "网络销售"})
        assert self.found("网络销售") == self.found("经营")[:1] == ["奈曼旗平安大药房"]

    def test_finds_a_link_that_an_officer_adds(self, register, now):
        hospital = Party.objects.get(name="奈曼旗人民医院")
        actions.amend_party(
            party=hospital, row={"经营方式": "零售"}, link="经营", reason="新开药店", by=SYSTEM, at=now
        )
        assert "奈曼旗人民医院" in self.found("经营") and "奈曼旗人民医院" in self.found("使用")

    def test_finds_links_written_in_bulk(self, register):
        PartyLink.objects.bulk_create([PartyLink(party=p, link="生产") for p in Party.objects.all()])
        assert len(self.found("生产")) == 3


class TestAPage:
    @pytest.fixture
    def many(self, load):
        load(*({"主体名称": f"店{i:02d}"} for i in range(25)))

    @pytest.mark.parametrize("probe", [10, 5000])
    def test_has_its_rows_in_order_and_the_right_total(self, many, monkeypatch, probe):
        monkeypatch.setattr(queries, "PROBE", probe)
        page = queries.page(queries.parties(SYSTEM, sort="-name"), number=2, size=10)
        assert (page.total, names(page.items)) == (25, [f"店{i:02d}" for i in range(14, 4, -1)])

    def test_beyond_the_end_is_empty(self, many):
        page = queries.page(queries.parties(SYSTEM), number=9, size=10)
        assert (page.total, page.items) == (25, [])

    def test_takes_four_queries_with_links_however_many_rows(self, many, django_assert_num_queries):
        with django_assert_num_queries(4):  # products of the name, keys, rows, links
            rows = queries.parties(SYSTEM, search="店", link="经营", sort="-level")
            queries.page(queries.with_links(rows))
