"""Every non-trivial read of the firms room. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from xiejian.firms import rules
from xiejian.firms.audience import firms, has_account
from xiejian.firms.models import Attendance, Course, Delivery, ExemplaryFirm, FirmNotice, StatusReport
from xiejian.firms.notices import owing
from xiejian.kernel.conditions import earliest
from xiejian.kernel.divisions import stem
from xiejian.people.models import FirmInvitation, FirmUser
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.registry.search import matching

#: somebody of the firm has had it before the eyes
DONE = ("opened", "confirmed", "answered", "returned")


# --- the office --------------------------------------------------------------------------------------------


def connected(
    actor: Actor | None, *, on: dt.date, search: str = "", office: str = "", tab: str = ""
) -> QuerySet[Party]:
    """The firms of the actor's area with ``accounts``, ``last_in``, ``invited``, ``owed`` notices and
    ``staff_changes``. ``tab``: on (have an account), invited (asked, none yet), off, changing (often).
    """
    users = FirmUser.objects.filter(uscc=OuterRef("uscc"), is_active=True).order_by().values("uscc")
    waiting = FirmInvitation.objects.filter(
        uscc=OuterRef("uscc"), used_at=None, revoked_at=None, expires_on__gte=on
    )
    owed = Delivery.objects.filter(owing(), party=OuterRef("pk"), notice__state="sent").order_by()
    rows = firms(actor).annotate(
        accounts=_number(users.annotate(n=Count("pk")).values("n")),
        last_in=Subquery(users.annotate(at=Max("last_login")).values("at")),
        invited=Exists(waiting),
        owed=_number(owed.values("party").annotate(n=Count("pk")).values("n")),
        staff_changes=_number(
            _changes(on).filter(party=OuterRef("pk")).values("party").annotate(n=Count("pk")).values("n")
        ),
    )
    rows = matching(rows, search) if search.strip() else rows
    rows = rows.filter(office_code__startswith=stem(office)) if office else rows
    return {
        "on": rows.filter(has_account()),
        "invited": rows.filter(Exists(waiting)).exclude(has_account()),
        "off": rows.exclude(has_account()),
        "changing": rows.filter(staff_changes__gte=rules.value("FI-4")),
    }.get(tab, rows)


def _number(counted: QuerySet[FirmUser] | QuerySet[Delivery] | QuerySet[StatusReport]) -> Coalesce:
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def firm(actor: Actor | None, party_id: int, on: dt.date) -> Party | None:
    """One firm of the actor's area with what ``connected`` knows of it."""
    return connected(actor, on=on).filter(pk=party_id).first()


def accounts_of(party: Party) -> QuerySet[FirmUser]:
    """The people of a firm who may sign in, or could; whoever sees the firm may see them."""
    return FirmUser.objects.filter(uscc=party.uscc or "-").order_by("username")


def notices(
    actor: Actor | None, *, search: str = "", state: str = "", kind: str = ""
) -> QuerySet[FirmNotice]:
    """Notices of the actor's offices with how many firms have it, read, confirmed, answered it, and owe."""
    counted = {
        "firms": Count("deliveries"),
        "read": Count("deliveries", filter=Q(deliveries__state__in=DONE)),
        "confirmed": Count("deliveries", filter=Q(deliveries__confirmed_at__isnull=False)),
        "answered": Count("deliveries", filter=Q(deliveries__state="answered")),
    }
    rows = visible(FirmNotice.objects.select_related("course"), actor).annotate(**counted)
    rows = rows.filter(**{name: value for name, value in (("state", state), ("kind", kind)) if value})
    if text := search.strip():
        rows = rows.filter(Q(number__icontains=text) | Q(title__icontains=text) | Q(text__icontains=text))
    return rows


def deliveries(
    actor: Actor | None, *, notice: FirmNotice | None = None, search: str = "", state: str = ""
) -> QuerySet[Delivery]:
    """Deliveries in reach with ``connected``; a firm sees its own. ``state`` owing: still due."""
    rows = visible(Delivery.objects.all(), actor, "office_code", firm="party__uscc")
    rows = rows.select_related("notice__course", "party")
    if notice is not None:
        rows = rows.filter(notice=notice)
    if state == "owing":
        rows = rows.filter(owing())
    elif state:
        rows = rows.filter(state=state)
    if text := search.strip():
        rows = rows.filter(
            Q(party__name__icontains=text) | Q(party__uscc__icontains=text)
            | Q(notice__number__icontains=text) | Q(notice__title__icontains=text)
        )  # fmt: skip
    users = FirmUser.objects.filter(uscc=OuterRef("party__uscc"), is_active=True)
    return rows.annotate(connected=Exists(users))


def reports(
    actor: Actor | None, *, search: str = "", state: str = "", kind: str = "", office: str = ""
) -> QuerySet[StatusReport]:
    """Status reports in reach; a firm sees its own. Newest first."""
    rows = visible(StatusReport.objects.select_related("party"), actor, "office_code", firm="party__uscc")
    rows = rows.filter(**{name: value for name, value in (("state", state), ("kind", kind)) if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        rows = rows.filter(
            Q(number__icontains=text) | Q(party__name__icontains=text) | Q(party__uscc__icontains=text)
            | Q(text__icontains=text) | Q(person_after__icontains=text) | Q(person_before__icontains=text)
        )  # fmt: skip
    return rows


def _changes(on: dt.date) -> QuerySet[StatusReport]:
    """The changes of key staff that count on a day: of the last months of FI-3, not withdrawn."""
    since = earliest(on, rules.value("FI-3"))
    rows = StatusReport.objects.filter(happened_on__gt=since, happened_on__lte=on).order_by()
    return rows.exclude(position="").exclude(state="withdrawn")


def staff_changes(party: Party, on: dt.date) -> int:
    """How often key staff changed within the last months of FI-3; from FI-4 on it is often."""
    return _changes(on).filter(party=party).count()


def changes_often(count: int) -> bool:
    return count >= rules.value("FI-4")


def key_staff(party: Party) -> list[StatusReport]:
    """Who holds each key position by the newest report that stands; whoever left has nobody after him."""
    rows = StatusReport.objects.filter(party=party).exclude(position="").exclude(state="withdrawn")
    newest: dict[str, StatusReport] = {}
    for row in rows.order_by("happened_on", "pk"):
        newest[row.position] = row
    return [newest[name] for name in rules.positions() if name in newest]


# --- training ----------------------------------------------------------------------------------------------


def courses(actor: Actor | None, *, search: str = "", state: str = "") -> QuerySet[Course]:
    """Courses of the actor's offices with ``people`` who studied, ``passed`` and ``firms`` they belong to."""
    rows = visible(Course.objects.all(), actor).annotate(
        people=Count("attendances", distinct=True),
        passed=Count("attendances", filter=Q(attendances__passed_on__isnull=False), distinct=True),
        firms=Count("attendances__party", distinct=True),
    )
    rows = rows.filter(state=state) if state else rows
    text = search.strip()
    return rows.filter(Q(number__icontains=text) | Q(title__icontains=text)) if text else rows


def attendances(
    actor: Actor | None, *, course: Course | None = None, party: Party | None = None, search: str = ""
) -> QuerySet[Attendance]:
    """Who studied and passed what; a firm sees its own people."""
    rows = visible(Attendance.objects.all(), actor, "office_code", firm="party__uscc")
    rows = rows.select_related("course", "user", "party")
    rows = rows.filter(course=course) if course else rows
    rows = rows.filter(party=party) if party else rows
    if text := search.strip():
        rows = rows.filter(
            Q(party__name__icontains=text) | Q(user__name__icontains=text)
            | Q(certificate_no__icontains=text)
        )  # fmt: skip
    return rows


def absent(actor: Actor | None, course: Course) -> QuerySet[Party]:
    """The firms in reach to which a course was given and none of whose people has studied it."""
    given = Delivery.objects.filter(notice__course=course, notice__state="sent").values("party")
    came = Attendance.objects.filter(course=course).values("party")
    return firms(actor).filter(pk__in=given).exclude(pk__in=came)


def courses_given(actor: Actor) -> QuerySet[Course]:
    """The courses that notices gave to a firm's people: open ones, and closed ones that they studied."""
    given = Delivery.objects.filter(party__uscc=actor.firm, notice__state="sent").values("notice__course")
    studied = Attendance.objects.filter(party__uscc=actor.firm).values("course")
    return Course.objects.filter(Q(state="open", pk__in=given) | Q(pk__in=studied))


def attendance_of(actor: Actor, course: Course) -> Attendance | None:
    """What the person who signed in has reached in a course."""
    rows = visible(Attendance.objects.filter(course=course), actor, firm="party__uscc")
    return rows.filter(user__username=actor.username.partition(":")[2]).select_related("party").first()


# --- exemplary firms ---------------------------------------------------------------------------------------


def exemplary(
    actor: Actor | None, *, search: str = "", state: str = "", year: str = ""
) -> QuerySet[ExemplaryFirm]:
    """Applications in reach; a firm sees its own."""
    rows = visible(ExemplaryFirm.objects.select_related("party"), actor, "office_code", firm="party__uscc")
    rows = rows.filter(state=state) if state else rows
    rows = rows.filter(year=int(year)) if year.isdecimal() and len(year) == len("2000") else rows
    text = search.strip()
    return rows.filter(Q(party__name__icontains=text) | Q(number__icontains=text)) if text else rows


# --- counts ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """What stands at the head of the office's page."""

    firms: int
    connected: int
    owed: int
    reports: int


def counts(actor: Actor | None) -> Counts:
    """Firms, those with an account, deliveries that are owed, reports that wait."""
    reach = firms(actor)
    return Counts(
        reach.count(),
        reach.filter(has_account()).count(),
        deliveries(actor, state="owing").filter(notice__state="sent").count(),
        reports(actor, state="submitted").count(),
    )


@dataclass(frozen=True)
class Owed:
    """What a firm's people still have to do."""

    deliveries: list[Delivery]
    reports: list[StatusReport]


def owed(actor: Actor) -> Owed:
    """Notices to confirm or answer and reports that came back, of the firm that somebody belongs to."""
    return Owed(
        list(
            deliveries(actor, state="owing").filter(notice__state="sent").order_by("notice__wanted_by", "pk")
        ),
        list(reports(actor, state="returned").order_by("handled_on", "pk")),
    )


def own_party(actor: Actor) -> Party | None:
    """The firm in the register that somebody belongs to."""
    return visible(Party.objects.all(), actor, firm="uscc").first()
