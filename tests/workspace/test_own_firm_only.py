"""A firm sees nothing of another firm and nothing of the office, at any address there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest
from django.db import transaction
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


def test_nobody_opens_a_firms_page_without_a_firms_account(db, client):
    opened = {}
    for name in CLOSED:
        answer = client.get(reverse(name, kwargs=filled(FIRM_PAGES[name])))
        where = answer.headers.get("Location", "").partition("?")[0]
        if (answer.status_code, where) != (302, "/firm/login/"):
            opened[name] = answer.status_code
    assert opened == {}


@contextmanager
def untouched(client: Client) -> Iterator[None]:
    """What a page does is undone, signing out too: the next one meets all as it was."""
    kept = deepcopy(client.cookies)
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    client.cookies = kept


def asked(client: Client, method: str, address: str) -> tuple[int, str]:
    """Status and text of an answer; a file that nobody reads would stay open, some are workbooks."""
    with untouched(client):
        answer = getattr(client, method)(address)
        body = b"".join(answer)
    return answer.status_code, body.decode(errors="replace")


@pytest.mark.parametrize("role", firm_roles())
def test_another_firms_record_is_not_there(firm_client, ours, theirs, role):
    client, seen = firm_client(ours, role), {}
    for name in OF_RECORDS:
        address = reverse(name, kwargs=ARGUMENTS[name](theirs))
        for method in ("get", "post"):
            status, text = asked(client, method, address)
            if status not in (403, 404, 405) or theirs.name in text:
                seen[name, method] = status
    assert seen == {}


def test_the_firm_itself_reaches_each_of_these_records(firm_client, ours):
    """Else the test above would hold for addresses that open for nobody."""
    clients = [firm_client(ours, role) for role in firm_roles()]
    shut = []
    for name in OF_RECORDS:
        address = reverse(name, kwargs=ARGUMENTS[name](ours))
        ways = ((client, method) for client in clients for method in ("get", "post"))
        if not any(asked(client, method, address)[0] in (200, 302, 422) for client, method in ways):
            shut.append(name)
    assert shut == []


@pytest.mark.parametrize("role", firm_roles())
def test_no_list_names_another_firm(firm_client, ours, theirs, role):
    for make in ARGUMENTS.values():
        make(theirs)
    client, wrong = firm_client(ours, role), {}
    for name in set(CLOSED) - set(OF_RECORDS):
        status, text = asked(client, "get", reverse(name))
        if status not in (200, 302, 403, 405) or theirs.name in text or theirs.uscc in text:
            wrong[name] = status
    assert wrong == {}


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
