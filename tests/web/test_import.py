"""导入: what is shown before loading, what is loaded, what comes back, whose upload it is."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from xiejian.registry.models import ImportBatch, Party
from xiejian.web import jobs

LIST = "主体名称,环节,行政区划代码,管理类别,传真\n甲药房,经营,150525100,二类,0475\n乙诊所,使用,999999,,\n"


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


def send(client, text: str, name: str = "名录.csv", kind: str = "parties") -> str:
    """Upload and give the address of the page that follows."""
    file = SimpleUploadedFile(name, text.encode())
    return client.post("/parties/import/", {"kind": kind, "file": file})["Location"]


class TestBeforeLoading:
    def test_nothing_is_loaded_yet(self, client):
        send(client, LIST)
        assert not Party.objects.exists()

    def test_the_recognised_columns_are_shown_with_their_values(self, client):
        shown = client.get(send(client, LIST)).context["recognised"]
        assert ("主体名称", ["甲药房", "乙诊所"]) in [(column.heading, values) for column, values in shown]

    def test_a_column_that_the_form_does_not_know_is_pointed_out(self, client):
        assert client.get(send(client, LIST)).context["extra"] == [(4, "传真", ["0475"], "")]

    def test_rows_that_would_come_back_are_counted(self, client):
        assert client.get(send(client, LIST)).context["tried"]["back"] == 1

    def test_a_file_without_known_headings_says_what_to_do(self, client):
        assert "K404" in client.get(send(client, "一,二\n1,2\n")).content.decode()

    def test_a_file_of_another_type_is_refused(self, client):
        assert client.get(send(client, "not a table", "名录.pdf")).status_code == 422

    def test_a_missing_file_is_said_on_the_form(self, client):
        assert client.post("/parties/import/", {"kind": "parties"}).status_code == 422


OWN_LIST = "单位全称,地址,电话,社会信用\n甲大药房,新华路1号,0475-4211234,91150525MA0N12345X\n"


class TestOwnHeadings:
    def test_a_name_column_is_recognised_by_what_is_in_it(self, client):
        extra = client.get(send(client, OWN_LIST)).context["extra"]
        assert ("单位全称", "主体名称") in [(heading, guess) for _, heading, _, guess in extra]

    def test_the_missing_division_is_offered_as_the_own_one(self, client):
        fill = client.get(send(client, OWN_LIST)).context["fill"]
        assert ("行政区划代码", "150525") in [(column.heading, value) for column, value in fill]

    def test_a_second_matching_keeps_the_first(self, client):
        address = send(client, OWN_LIST)
        client.post(address, {"do": "map", "map-0": "主体名称"})
        client.post(address, {"do": "map", "all-环节": "经营"})
        assert {column.heading for column in client.get(address).context["needed"]} == {"行政区划代码"}

    def test_what_is_matched_and_filled_loads(self, client):
        address = send(client, OWN_LIST)
        client.post(
            address,
            {
                "do": "map",
                "map-0": "主体名称",
                "map-3": "统一社会信用代码",
                "all-行政区划代码": "150525100",
                "all-环节": "经营",
            },
        )
        client.post(address, {"do": "load"})
        found = Party.objects.get()
        assert (found.name, found.office_code, found.uscc) == ("甲大药房", "150525100", "91150525MA0N12345X")

    def test_a_column_that_is_not_on_the_form_cannot_be_named(self, client):
        address = send(client, OWN_LIST)
        client.post(address, {"do": "map", "map-0": "password"})
        assert client.get(address).context["mapped"] is False


class TestLoading:
    def test_loads_what_is_right(self, client):
        client.post(send(client, LIST))
        assert Party.objects.get().name == "甲药房"

    def test_keeps_the_column_that_the_form_does_not_know(self, client):
        client.post(send(client, LIST))
        assert Party.objects.get().extra == {"传真": "0475"}

    def test_shows_how_many_were_loaded_and_returned(self, client):
        address = send(client, LIST)
        client.post(address)
        state = client.get(address).context["state"]
        assert (state["loaded"], state["rejected"]) == (1, 1)

    def test_the_returned_rows_come_as_a_workbook_with_their_reason(self, client):
        client.post(send(client, LIST))
        answer = client.get(f"/parties/import/rejects/{ImportBatch.objects.get().pk}/")
        rows = list(load_workbook(io.BytesIO(b"".join(answer))).active.iter_rows(values_only=True))
        assert (rows[0][-1], rows[1][0]) == ("退回原因", "乙诊所")

    def test_sent_twice_it_loads_once(self, client):
        address = send(client, LIST)
        client.post(address)
        client.post(address)
        assert ImportBatch.objects.count() == 1

    def test_a_refused_file_loads_nothing_and_says_why(self, client):
        address = send(client, "主体名称,地址\n甲,乙\n")
        client.post(address)
        assert client.get(address).context["state"]["state"] == "refused"

    def test_a_row_of_another_county_comes_back(self, client, dushan):
        client.post(send(client, "主体名称,环节,行政区划代码\n独山药房,经营,522726\n"))
        assert (Party.objects.count(), ImportBatch.objects.get().rejected) == (0, 1)


class TestWhoseUpload:
    def test_another_officer_does_not_see_it(self, client, as_role, officers):
        job = jobs.receive(SimpleUploadedFile("a.csv", b"x"), "parties", "somebody.else")
        assert client.get(f"/parties/import/{job.token}/").status_code == 404

    @pytest.mark.parametrize("token", ["0" * 32, "..%2F..", "x" * 400])
    def test_a_token_that_was_not_given_is_not_found(self, client, token):
        assert client.get(f"/parties/import/{token}/").status_code == 404

    @pytest.mark.parametrize("name", ["../../etc/passwd.csv", "..\\a.csv", ".hidden.csv", "a/b.csv"])
    def test_the_name_of_a_file_never_leaves_its_folder(self, settings, name):
        job = jobs.receive(SimpleUploadedFile(name, b"x"), "parties", "x")
        assert job.path.resolve().parent == job.folder.resolve()


class TestTemplate:
    def test_stars_what_is_required(self, client):
        rows = load_workbook(io.BytesIO(client.get("/parties/import/template/parties/").content)).active
        assert rows["A1"].value == "主体名称*"

    def test_of_an_unknown_kind_is_not_found(self, client):
        assert client.get("/parties/import/template/secrets/").status_code == 404
