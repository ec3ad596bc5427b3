"""The walk over every page: who may open it, whose records it shows, how it is written."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, reverse

from moment import NOW
from xiejian.cases.models import Case, Interview
from xiejian.people import actions
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM, roles
from xiejian.registry.models import ImportBatch, Licence, Registration
from xiejian.web import jobs
from xiejian.web.guard import OPEN, SIGNED_IN
from xiejian.web.urls import urlpatterns

PAGES: dict[str, URLPattern] = {pattern.name: pattern for pattern in urlpatterns if pattern.name}
THEIRS = "独山县外地医疗器械公司"


class World:
    """One record of each kind in an office; its name is in every one of them."""

    def __init__(self, party, office: Office, officer=None) -> None:
        self.party, self.office = party, office
        self.link = party.links.get()
        self.licence = Licence.objects.create(
            party=party, kind="distribution_licence", number=f"{party.name}证", number_key=f"K{party.pk}"
        )
        self.registration = Registration.objects.create(
            party=party, number=f"{party.name}注册证", number_key=f"R{party.pk}", number_kind="current",
            record_key=f"{party.pk}", registrant=party.name, product_name=f"{party.name}产品",
        )  # fmt: skip
        self.case = Case.objects.create(
            number=f"{party.name}案", party=party, link="经营", filed_on=NOW.date(), conduct="未验收",
            office_code=party.office_code,
        )  # fmt: skip
        self.interview = Interview.objects.create(
            record_key=f"{party.pk}", party=party, held_on=NOW.date(), office_code=party.office_code
        )
        self.person = actions.enrol_person(
            by=SYSTEM, at=NOW, kind="informant", name=party.name, office_code=party.office_code
        )
        self.officer = officer or actions.appoint_officer(
            username=f"w{party.pk}", name=party.name, office=office, role="head", password="long-enough-1",
            by=SYSTEM, at=NOW,
        )  # fmt: skip
        self.batch = ImportBatch.objects.create(
            kind="parties", filename=f"{party.name}.xlsx", digest="0", at=NOW, by_name="x",
            office_code=office.code,
        )  # fmt: skip
        self.job = jobs.receive(
            SimpleUploadedFile("名录.csv", "主体名称,环节,行政区划代码\n甲,经营,150525\n".encode()),
            "parties",
            "t.section_officer",
        )

    def arguments(self, name: str) -> dict[str, object]:
        """What the address of a page takes; a page without arguments takes nothing."""
        by_subject = {
            "case": self.case.pk,
            "interview": self.interview.pk,
            "case_new": self.party.pk,
            "interview_new": self.party.pk,
            "party": self.party.pk, "party_why": self.party.pk, "party_amend": self.party.pk,
            "link": self.link.pk, "registration": self.registration.pk, "person": self.person.pk,
            "officer_change": self.officer.pk, "import_rejects": self.batch.pk,
        }  # fmt: skip
        if name in by_subject:
            return {"pk": by_subject[name]}
        return {
            "import_job": {"token": self.job.token},
            "import_template": {"kind": "parties"},
            "pack": {"pack_id": "national-2022-78"},
            "office_new": {"parent": self.office.code},
            "officer_new": {"office": self.office.code},
        }.get(name, {})

    def address(self, name: str) -> str:
        return reverse(name, kwargs=self.arguments(name))


@pytest.fixture
def world(ours, naiman) -> World:
    return World(ours, naiman)


@pytest.fixture
def elsewhere(theirs, dushan) -> World:
    return World(theirs, dushan)


def expected(permission: str, role: str) -> str:
    if permission in (OPEN, SIGNED_IN) or permission in roles()[role]["permissions"]:
        return "open"
    return "refused"


#: Allowed, but the record behind the address is made for one officer or holds no file in this world.
OWN_RECORD = {"import_job", "import_rejects"}


@pytest.mark.parametrize("name", sorted(PAGES))
class TestWhoMayOpen:
    def test_every_role_opens_exactly_what_it_holds(self, name, world, as_role):
        permission = PAGES[name].callback.permission
        answers = {role: as_role(role).get(world.address(name)).status_code for role in roles()}
        fine = {200, 302, 405} | ({404} if name in OWN_RECORD else set())
        seen = {
            role: "refused" if status == 403 else "open" if status in fine else status
            for role, status in answers.items()
        }
        assert seen == {role: expected(permission, role) for role in roles()}

    def test_another_county_is_never_on_it(self, name, world, elsewhere, as_role):
        shown = [
            (role, query)
            for role in roles()
            for query in ("", "?format=xlsx", "?q=独山县外地")
            if THEIRS.encode() in as_role(role).get(world.address(name) + query).content
        ]
        assert shown == []


#: Pages whose address names one record of an office; a job is its uploader's alone (see test_import).
RECORDS = [
    n for n, p in PAGES.items() if p.pattern.converters and n not in ("pack", "import_template", "import_job")
]


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_the_record_of_another_county_is_not_found(name, world, elsewhere, as_role):
    statuses = {as_role(role).get(elsewhere.address(name)).status_code for role in roles()}
    assert statuses <= {403, 404}


class Markup(HTMLParser):
    """Collects what the content security policy and readers of screens would stumble over."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: Counter[str] = Counter()
        self.labelled: set[str] = set()
        self.controls: list[tuple[str, str]] = []
        self.headings = 0
        self._in_label = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self._policy(tag, given)
        self.ids.update([given["id"]] if "id" in given else [])
        self.headings += tag == "h1"
        if tag == "label":
            self._in_label += 1
            self.labelled.add(given.get("for", ""))
        if tag == "img" and "alt" not in given:
            self.faults.append("img without alt")
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            named = self._in_label or given.get("aria-label")
            if not named:
                self.controls.append((tag, given.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        self._in_label -= tag == "label"

    def _policy(self, tag: str, given: dict[str, str]) -> None:
        if tag == "style" or "style" in given:
            self.faults.append(f"inline style on {tag}")
        if tag == "script" and not given.get("src") and given.get("type") != "application/json":
            self.faults.append("inline script")
        self.faults += [f"{name} on {tag}" for name in given if name.startswith("on")]
        outside = [
            v for k, v in given.items() if k in ("src", "href", "action") and v.startswith(("http", "//"))
        ]
        self.faults += [f"other host: {address}" for address in outside]

    @property
    def problems(self) -> list[str]:
        unlabelled = [f"{tag}#{i} without a label" for tag, i in self.controls if i not in self.labelled]
        doubled = [f"id {i} twice" for i, n in self.ids.items() if n > 1]
        return self.faults + unlabelled + doubled + ([] if self.headings == 1 else [f"{self.headings} h1"])


#: Addresses that answer with something else than a page, or lead on to one.
NO_PAGE = {
    "login",
    "logout",
    "health",
    "link",
    "office_setup",
    "import_rejects",
    "import_template",
    "import_job",
}


@pytest.mark.parametrize("name", sorted(set(PAGES) - NO_PAGE))
def test_the_markup_is_free_of_inline_code_and_labelled_throughout(name, world, as_role):
    permission = PAGES[name].callback.permission
    holder = next(
        r for r in ("section_officer", "administrator", "head") if expected(permission, r) == "open"
    )
    answer = as_role(holder).get(world.address(name))
    assert Markup(answer.content.decode()).problems == []
