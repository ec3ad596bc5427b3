"""双随机: what the page draws is what the command draws, from whatever list."""

from __future__ import annotations

import io
import json
import re

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from moment import NOW
from visiting import appoint
from xiejian.cli.main import main
from xiejian.planning import draws
from xiejian.planning.models import DrawRun, Recusal

pytestmark = pytest.mark.django_db
ONCE = "/draws/once/"
NAMES = ["甲药房", "乙诊所", "丙医院", "丁药店"]
GIVEN = {"source": "list", "names": "\n".join(NAMES), "count": 2, "seed": "20240305"}


def drawn(answer) -> list[str]:
    return [entry for entry, _ in answer.context["result"]["drawn"]]


class TestADraw:
    def test_gives_what_the_command_gives(self, as_role):
        answer = as_role("head").post(ONCE, GIVEN)
        assert drawn(answer) == list(draws.draw(NAMES, 2, "20240305").drawn)

    def test_from_an_uploaded_list_is_the_same(self, as_role):
        file = SimpleUploadedFile("名单.txt", "\n".join(NAMES).encode("gb18030"))
        answer = as_role("head").post(ONCE, GIVEN | {"names": "", "file": file})
        assert drawn(answer) == list(draws.draw(NAMES, 2, "20240305").drawn)

    def test_leaves_out_who_is_excluded_and_says_so(self, as_role):
        result = as_role("head").post(ONCE, GIVEN | {"excluded": "甲药房", "count": 3}).context["result"]
        assert (result["excluded"], {e for e, _ in result["drawn"]}) == (["甲药房"], set(NAMES[1:]))

    def test_names_an_exclusion_that_is_not_on_the_list(self, as_role):
        assert as_role("head").post(ONCE, GIVEN | {"excluded": "戊"}).context["result"]["unknown"] == ["戊"]

    @pytest.mark.parametrize(
        ("change", "code"), [({"count": 5}, "L102"), ({"names": ""}, "L101"), ({"names": " \n"}, "L101")]
    )
    def test_that_cannot_be_made_says_what_to_do(self, as_role, change, code):
        answer = as_role("head").post(ONCE, GIVEN | change)
        assert (answer.status_code, [p.code for p in answer.context["problems"]]) == (422, [code])

    def test_without_a_seed_is_asked_for_one(self, as_role):
        answer = as_role("head").post(ONCE, GIVEN | {"seed": ""})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["seed"])

    def test_shows_seed_digest_and_a_command_that_can_be_copied(self, as_role):
        page = as_role("head").post(ONCE, GIVEN | {"seed": "摇号 7"}).content.decode()
        wanted = (draws.digest_of(NAMES), "--count 2", "--seed &#x27;摇号 7&#x27;")
        assert [text for text in wanted if text not in page] == []

    def test_writes_no_name_as_markup(self, as_role):
        page = as_role("head").post(ONCE, GIVEN | {"names": "<b>甲</b>", "count": 1}).content.decode()
        assert "<b>甲</b>" not in page


class TestFromTheRegister:
    GIVEN = {"source": "register", "count": 1, "seed": "1"}

    def test_draws_among_the_parties_in_the_actors_reach(self, as_role, ours, theirs):
        assert drawn(as_role("head").post(ONCE, self.GIVEN)) == [ours.name]

    def test_keeps_to_the_chosen_link(self, as_role, ours, make_party):
        hospital = make_party("奈曼旗医院", "150525100", link="使用")
        assert drawn(as_role("head").post(ONCE, self.GIVEN | {"link": "使用"})) == [hospital.name]

    def test_leaves_out_who_has_gone(self, as_role, ours, make_party):
        make_party("已注销药房", "150525100", status="注销")
        assert as_role("head").post(ONCE, self.GIVEN).context["result"]["done"].size == 1


class TestAmongInspectors:
    GIVEN = {"source": "officers", "count": 2, "seed": "1"}

    def test_draws_only_who_may_inspect(self, as_role):
        found = drawn(as_role("head").post(ONCE, self.GIVEN))
        assert {name.split()[1] for name in found} == {"t.station_inspector", "t.section_officer"}

    def test_is_not_offered_to_who_may_not_see_the_staff(self, as_role):
        assert "officers" not in dict(as_role("upper_viewer").get(ONCE).context["sources"])


class TestTakingItAway:
    def test_the_result_is_a_workbook_in_the_order_of_the_draw(self, as_role):
        answer = as_role("head").post(ONCE, GIVEN | {"format": "xlsx"})
        rows = load_workbook(io.BytesIO(answer.content)).active.iter_rows(min_row=2, values_only=True)
        assert [row[1] for row in rows] == list(draws.draw(NAMES, 2, "20240305").drawn)

    def test_the_candidates_are_the_list_that_the_command_reads(self, as_role):
        text = as_role("head").post(ONCE, GIVEN | {"format": "txt"}).content.decode()
        assert draws.digest_of(text.splitlines()) == draws.digest_of(NAMES)

    def test_the_page_of_a_draw_carries_its_candidates_to_the_download(self, as_role):
        page = as_role("head").post(ONCE, GIVEN).content.decode()
        kept = re.search(r'<textarea name="names" hidden[^>]*>([^<]*)</textarea>', page)
        assert kept and draws.digest_of(kept[1].split()) == draws.digest_of(NAMES)


class TestADrawThatIsKept:
    GIVEN = {
        "source": "list", "title": "第一季度抽查", "names": "\n".join(NAMES), "count": 2, "teams": "on",
    }  # fmt: skip

    def commit(self, client, **change):
        client.post("/draws/new/", self.GIVEN | change)
        return DrawRun.objects.get()

    def test_shows_the_digest_of_its_seed_and_not_the_seed(self, as_role):
        run = self.commit(as_role("section_officer"))
        page = as_role("section_officer").get(f"/draws/{run.pk}/").content.decode()
        assert (run.commitment in page, run.secret in page) == (True, False)

    def test_publishes_the_seed_with_the_result(self, as_role):
        run = self.commit(as_role("section_officer"))
        as_role("section_officer").post(f"/draws/{run.pk}/", {"public": "03 11 25"})
        page = as_role("section_officer").get(f"/draws/{run.pk}/").content.decode()
        assert f"{run.secret}|03 11 25" in page

    def test_can_be_repeated_by_the_command_from_what_is_published(self, as_role, tmp_path):
        me = as_role("section_officer")
        run = self.commit(me)
        me.post(f"/draws/{run.pk}/", {"public": ""})
        run.refresh_from_db()
        for name in ("candidates", "inspectors"):
            (tmp_path / f"{name}.txt").write_bytes(me.get(f"/draws/{run.pk}/?format={name}").content)
        answer = CliRunner().invoke(
            main,
            ["draw", str(tmp_path / "candidates.txt"), "--count", "2", "--seed", run.secret,
             "--inspectors", str(tmp_path / "inspectors.txt"), "--json"],
        )  # fmt: skip
        assert json.loads(answer.stdout)["pairs"] == run.pairs

    def test_holds_when_it_is_counted_again(self, as_role):
        me = as_role("section_officer")
        run = self.commit(me)
        me.post(f"/draws/{run.pk}/", {})
        assert {holds for _, holds in me.get(f"/draws/{run.pk}/?check=1").context["claims"]} == {True}

    def test_is_a_workbook_with_its_teams(self, as_role):
        me = as_role("section_officer")
        run = self.commit(me)
        me.post(f"/draws/{run.pk}/", {})
        run.refresh_from_db()
        file = io.BytesIO(me.get(f"/draws/{run.pk}/?format=xlsx").content)
        rows = list(load_workbook(file).active.iter_rows(min_row=2, values_only=True))
        assert [(row[1], row[2]) for row in rows] == [
            (p["party"], "、".join(p["inspectors"])) for p in run.pairs
        ]

    def test_is_refused_with_more_than_there_are(self, as_role):
        answer = as_role("section_officer").post("/draws/new/", self.GIVEN | {"count": 9})
        assert (answer.status_code, [p.code for p in answer.context["problems"]]) == (422, ["L102"])

    def test_is_not_an_inspectors_to_draw(self, as_role):
        run = self.commit(as_role("section_officer"))
        assert as_role("station_inspector").post(f"/draws/{run.pk}/", {}).status_code in (403, 404)

    def test_from_the_register_keeps_recusals_out(self, as_role, officers, ours):
        for name in ("a", "b"):
            appoint(name, f"检查员{name}", "150525", NOW)
        Recusal.objects.create(
            officer=officers["section_officer"], party=ours, reason="亲属", declared_on=NOW.date()
        )
        given = {"source": "register", "names": "", "count": 1}
        run = self.commit(as_role("section_officer"), **given)
        as_role("section_officer").post(f"/draws/{run.pk}/", {})
        run.refresh_from_db()
        assert not any("t.section_officer" in name for name in run.pairs[0]["inspectors"])
