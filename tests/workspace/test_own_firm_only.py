"""A firm sees nothing of another firm and nothing of the office, at any address there is."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from firm_records import ARGUMENTS
from xiejian.offline.urls import urlpatterns as field_pages
from xiejian.people.models import Officer
from xiejian.people.policy import firm_roles
from xiejian.web.guard import OPEN as OPEN_TO_ALL
from xiejian.web.urls import urlpatterns as office_pages
from xiejian.workspace.guard import OPEN
from xiejian.workspace.urls import urlpatterns as firm_pages

FIRM_PAGES = {page.name: page for page in firm_pages}
CLOSED = [name for name, page in FIRM_PAGES.items() if page.callback.permission != OPEN]
OF_RECORDS = [name for name in CLOSED if FIRM_PAGES[name].pattern.converters]
OFFICE = [
    page.name for page in (*office_pages, *field_pages)
    if page.name and getattr(page.callback, "permission", "") != OPEN_TO_ALL
]  # fmt: skip
#: what each converter takes, for addresses that must not open anyway
FILLER = {"IntConverter": 1, "UUIDConverter": "00000000-0000-0000-0000-000000000000"}


def filled(page) -> dict[str, object]:
    return {name: FILLER.get(type(one).__name__, "x") for name, one in page.pattern.converters.items()}


def test_every_page_of_the_firms_stands_below_the_one_lock():
    assert [page.name for page in firm_pages if not str(page.pattern).startswith("firm/")] == []


@pytest.mark.parametrize("name", CLOSED)
def test_nobody_opens_a_firms_page_without_a_firms_account(db, client, name):
    answer = client.get(reverse(name, kwargs=filled(FIRM_PAGES[name])))
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/firm/login/")


@pytest.mark.parametrize("name", OF_RECORDS)
def test_another_firms_record_is_not_there(firm_client, ours, theirs, name):
    kwargs = ARGUMENTS[name](theirs)
    for role in firm_roles():
        client = firm_client(ours, role)
        for method in (client.get, client.post):
            answer = method(reverse(name, kwargs=kwargs))
            assert answer.status_code in (403, 404, 405), (role, answer.status_code)
            assert theirs.name not in answer.content.decode()


@pytest.mark.parametrize("name", OF_RECORDS)
def test_the_firm_itself_reaches_that_record(firm_client, ours, name):
    """Else the test above would hold for an address that opens for nobody."""
    address = reverse(name, kwargs=ARGUMENTS[name](ours))
    codes = set()
    for role in firm_roles():
        client = firm_client(ours, role)
        for method in (client.get, client.post):
            answer = method(address)
            codes.add(answer.status_code)
            b"".join(answer)  # a file that nobody reads stays open
    assert codes & {200, 302, 422}, codes


@pytest.mark.parametrize("name", [name for name in CLOSED if name not in OF_RECORDS])
def test_a_list_names_no_other_firm(firm_client, ours, theirs, name):
    for make in ARGUMENTS.values():
        make(theirs)
    for role in firm_roles():
        answer = firm_client(ours, role).get(reverse(name))
        assert answer.status_code in (200, 302, 403, 405)
        text = answer.content.decode(errors="replace")  # some are workbooks
        assert theirs.name not in text and theirs.uscc not in text


def test_no_page_of_the_office_opens_for_a_firm(firm_client, ours):
    client = firm_client(ours)
    opened = []
    for page in (*office_pages, *field_pages):
        if page.name not in OFFICE:
            continue
        answer = client.get(reverse(page.name, kwargs=filled(page)))
        shut = answer.status_code in (302, 401, 405) or (answer.status_code == 204 and not answer.content)
        opened += [] if shut else [(page.name, answer.status_code)]
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/login/"), page.name
    assert opened == []


def test_a_firms_session_asks_nothing_of_the_offices_interface(firm_client, ours):
    assert firm_client(ours).get("/api/records/lead").status_code == 401


def test_an_officer_is_nobody_at_the_firms_entrance(naiman, officer):
    person = Officer.objects.create(
        username="o", name="o", office=naiman, role="section_officer", created_at="2024-01-01T00:00Z"
    )
    client = Client()
    client.force_login(person)
    assert client.get("/firm/").headers["Location"].startswith("/firm/login/")
