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
        assert client.get(send(client, LIST)).context["extra"] == [("传真", ["0475"])]

    def test_rows_that_would_come_back_are_counted(self, client):
        assert client.get(send(client, LIST)).context["tried"]["back"] == 1

    def test_a_file_without_known_headings_says_what_to_do(self, client):
        assert "K404" in client.get(send(client, "一,二\n1,2\n")).content.decode()

    def test_a_file_of_another_type_is_refused(self, client):
        assert client.get(send(client, "not a table", "名录.pdf")).status_code == 422

    def test_a_missing_file_is_said_on_the_form(self, client):
        assert client.post("/parties/import/", {"kind": "parties"}).status_code == 422


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
        address = send(client, "主体名称,主体名称,环节,行政区划代码\n甲,乙,经营,150525\n")
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
