"""系统: offices and officers, people of the network with their training, the audit list, 新建单位."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.kernel import divisions, packs
from xiejian.people import actions
from xiejian.people.models import AuditEntry, NetworkPerson, Office, Officer
from xiejian.people.policy import SYSTEM, Actor, may, require, role_label, visible
from xiejian.web import clock
from xiejian.web.forms import (
    OfficeForm,
    OfficerChangeForm,
    OfficerForm,
    PersonForm,
    PublicForm,
    SetUpForm,
    TrainingForm,
)
from xiejian.web.guard import OPEN, needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.templatetags.xiejian import AUDIT_LABELS

FIRST_BACKEND = "django.contrib.auth.backends.ModelBackend"


# --- 机构人员 ---------------------------------------------------------------------------------------


def office_choices(actor: Actor) -> list[tuple[str, str]]:
    """The own office and those below it as (code, name), for a filter or a form."""
    offices = visible(Office.objects.all(), actor, "code").order_by("code")
    return [(o.code, o.short_name or o.name) for o in offices]


def _tree(offices: list[Office]) -> list[tuple[Office, int]]:
    """Offices in tree order with their depth below the first; a parent outside the list counts as none."""
    depth: dict[int, int] = {}
    for office in sorted(offices, key=lambda o: len(o.stem)):
        depth[office.pk] = depth.get(office.parent_id, -1) + 1
    return [(office, depth[office.pk]) for office in sorted(offices, key=lambda o: o.stem)]


@needs("people.view")
def office_list(request: HttpRequest) -> HttpResponse:
    """机构人员: which offices are there, and who works in the chosen one?"""
    offices = list(
        visible(Office.objects.all(), request.actor, "code").annotate(
            staff=Count("officers", filter=Q(officers__is_active=True))
        )
    )
    asked = request.GET.get("office", request.actor.office_code)
    chosen = next((o for o in offices if o.code == asked), None) or get_object_or_404(
        visible(Office.objects.all(), request.actor, "code"), code=request.actor.office_code
    )
    context = {
        "tree": _tree(offices),
        "chosen": chosen,
        "officers": [(o, role_label(o.role)) for o in chosen.officers.order_by("-is_active", "role", "name")],
        "pack_titles": [(pack_id, _pack_title(pack_id)) for pack_id in chosen.packs],
        "may_manage": bool(may(request.actor, "people.manage", chosen.code)),
        "has_below": bool(divisions.below(chosen.code)),
    }
    return render(request, "web/office_list.html", context)


def _pack_title(pack_id: str) -> str:
    return packs.load(pack_id).title if pack_id in packs.known() else pack_id


@needs("people.manage")
@require_http_methods(["GET", "POST"])
def office_packs(request: HttpRequest, office: str) -> HttpResponse:
    """Which rule packs does this office use?"""
    place = get_object_or_404(visible(Office.objects.all(), request.actor, "code"), code=office)
    if request.method == "POST":
        # grading offers the first of them: the one switched on last, the others as before
        ticked = request.POST.getlist("packs")
        kept = [pack_id for pack_id in place.packs if pack_id in ticked]
        chosen = [pack_id for pack_id in ticked if pack_id not in kept] + kept
        actions.use_packs(office=place, packs=chosen, by=request.actor, at=clock.now(request))
        messages.success(request, "已保存启用的规则包。")
        return redirect(reverse("office_list") + f"?office={place.code}")
    known = [(packs.load(pack_id), pack_id in place.packs) for pack_id in packs.known()]
    context = {"place": place, "packs": known}
    return render(request, "web/office_packs.html", context)


@needs("people.manage")
@require_http_methods(["GET", "POST"])
def office_public(request: HttpRequest, office: str) -> HttpResponse:
    """对外办公信息: when and where is this office open for the public?"""
    place = get_object_or_404(visible(Office.objects.all(), request.actor, "code"), code=office)
    form = PublicForm(request.POST or None, initial=place.settings.get("public", {}))
    if request.method == "POST" and form.is_valid():
        actions.tell_public(office=place, facts=form.cleaned_data, by=request.actor, at=clock.now(request))
        messages.success(request, "已保存对外办公信息。")
        return redirect(reverse("office_list") + f"?office={place.code}")
    context = {"form": form, "place": place}
    return render(request, "web/office_public.html", context, status=422 if form.errors else 200)


@needs("people.manage")
@require_http_methods(["GET", "POST"])
def office_new(request: HttpRequest, parent: str) -> HttpResponse:
    """Open offices below ``parent``: one by name, or every division below it at once."""
    above = get_object_or_404(visible(Office.objects.all(), request.actor, "code"), code=parent)
    existing = set(Office.objects.filter(stem__startswith=above.stem).values_list("code", flat=True))
    open_to = [(code, name) for code, name in divisions.below(above.code) if code not in existing]
    if request.method == "POST":
        codes = [code for code, _ in open_to if code in request.POST.getlist("codes")]
        form = OfficeForm(request.POST) if len(codes) == 1 and request.POST.get("name") else None
        if codes and (form is None or form.is_valid()):
            given = form.cleaned_data if form else {}
            actions.open_offices(
                offices=[
                    (c, given.get("name") or _office_name(c), given.get("short_name", "")) for c in codes
                ],
                by=request.actor,
                at=clock.now(request),
            )
            messages.success(request, f"已建立 {len(codes)} 个机构。")
            return redirect(reverse("office_list") + f"?office={above.code}")
        messages.error(request, "请至少选择一个行政区划。")
    return render(request, "web/office_new.html", {"above": above, "open_to": open_to, "form": OfficeForm()})


def _office_name(code: str) -> str:
    """The usual name of the office of a division: 局 for a county and above, 所 for a town."""
    tail = "市场监督管理所" if divisions.tier(code) == "station" else "市场监督管理局"
    name = divisions.name(code)
    if divisions.tier(code) == "station":
        for suffix in ("街道办事处", "街道", "镇", "乡", "苏木"):
            name = name.removesuffix(suffix) or name
    return name + tail


@needs("people.manage")
@require_http_methods(["GET", "POST"])
def officer_new(request: HttpRequest, office: str) -> HttpResponse:
    place = get_object_or_404(visible(Office.objects.all(), request.actor, "code"), code=office)
    form = OfficerForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _good_password(form, "password"):
        actions.appoint_officer(office=place, by=request.actor, at=clock.now(request), **form.cleaned_data)
        messages.success(request, f"已建立账号 {form.cleaned_data['username']}。")
        return redirect(reverse("office_list") + f"?office={place.code}")
    context = {"form": form, "office_of": place, "heading": "新增人员"}
    return render(request, "web/officer_form.html", context, status=422 if form.errors else 200)


def _good_password(form: Any, field: str) -> bool:
    try:
        validate_password(form.cleaned_data[field])
    except ValidationError as error:
        form.add_error(field, error)
        return False
    return True


@needs("people.manage")
@require_http_methods(["GET", "POST"])
def officer_change(request: HttpRequest, pk: int) -> HttpResponse:
    rows = visible(Officer.objects.select_related("office"), request.actor, "office__code")
    officer = get_object_or_404(rows, pk=pk)
    fields = ("name", "role", "certificate_no", "qualification", "phone", "is_active")
    form = OfficerChangeForm(request.POST or None, initial={f: getattr(officer, f) for f in fields})
    if request.method == "POST" and form.is_valid():
        changed = {f: form.cleaned_data[f] for f in fields if form.cleaned_data[f] != getattr(officer, f)}
        if changed:
            actions.change_officer(
                officer=officer, by=request.actor, at=clock.now(request),
                reason=form.cleaned_data["reason"], **changed,
            )  # fmt: skip
        messages.success(request, "已保存。" if changed else "没有改动。")
        return redirect(reverse("office_list") + f"?office={officer.office.code}")
    context = {
        "form": form,
        "office_of": officer.office,
        "officer": officer,
        "heading": f"变更：{officer.name}",
    }
    return render(request, "web/officer_form.html", context, status=422 if form.errors else 200)


# --- 网络人员与培训 -----------------------------------------------------------------------------------


@needs("people.view")
def network_list(request: HttpRequest) -> HttpResponse:
    """网络人员: the assistants, informants and reporters, and when each was last trained."""
    asked = request.GET
    rows = visible(NetworkPerson.objects.all(), request.actor)
    if search := asked.get("q", "").strip():
        rows = rows.filter(Q(name__icontains=search) | Q(unit_name__icontains=search))
    if asked.get("kind"):
        rows = rows.filter(kind=asked["kind"])
    if asked.get("office"):
        rows = rows.filter(office_code__startswith=divisions.stem(asked["office"]))
    names = dict(office_choices(request.actor))
    personal = bool(may(request.actor, "registry.personal"))
    columns = [
        Column("name", "姓名", lambda p: p.name, ("name",), href=lambda p: reverse("person", args=[p.pk])),
        Column("kind", "类别", lambda p: p.get_kind_display(), ("kind",)),
        Column("office", "机构", lambda p: names.get(p.office_code, p.office_code), ("office_code",)),
        Column("unit", "所在单位", lambda p: p.unit_name, ("unit_name",)),
        Column("trained", "最近培训", lambda p: p.last_trained, ("last_trained",), nullable=True),
        Column("count", "培训次数", lambda p: p.times_trained, ("times_trained",), numeric=True),
        Column("valid", "资格有效期至", lambda p: p.valid_until, ("valid_until",), nullable=True),
        Column("active", "在岗", lambda p: p.is_active, ("is_active",)),
        *([Column("phone", "电话", lambda p: p.phone, shown=False)] if personal else []),
    ]
    listing = Listing(
        request, "网络人员", columns,
        rows.annotate(last_trained=Max("trainings__trained_on"), times_trained=Count("trainings")),
        "name",
        filters=[
            Filter("kind", "类别", list(NetworkPerson.KINDS.items()), asked.get("kind", "")),
            Filter("office", "机构", office_choices(request.actor), asked.get("office", "")),
        ],
        search_label="搜索姓名、所在单位",
        empty="还没有登记协管员、信息员或监测员",
        empty_next="点“新增”登记第一位。",
    )  # fmt: skip
    return show(listing, "web/network_list.html", {"may_edit": bool(may(request.actor, "registry.edit"))})


def _person_form(request: HttpRequest) -> PersonForm:
    form = PersonForm(request.POST or None, initial={"office_code": request.actor.office_code})
    form.fields["kind"].choices = list(NetworkPerson.KINDS.items())
    form.fields["office_code"].choices = office_choices(request.actor)
    return form


@needs("registry.edit")
@require_http_methods(["GET", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    form = _person_form(request)
    if request.method == "POST" and form.is_valid():
        person = actions.enrol_person(by=request.actor, at=clock.now(request), **form.cleaned_data)
        messages.success(request, f"已登记 {person.name}。")
        return redirect("person", pk=person.pk)
    return render(request, "web/person_new.html", {"form": form}, status=422 if form.errors else 200)


@needs("people.view")
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person of the network: particulars and every training; a training is added here."""
    who = get_object_or_404(visible(NetworkPerson.objects.all(), request.actor), pk=pk)
    form = TrainingForm(request.POST or None, initial={"trained_on": clock.today(request)})
    if request.method == "POST":
        require(request.actor, "registry.edit", who.office_code)
        if form.is_valid():
            actions.record_training(
                person=who, office_code=who.office_code, by=request.actor, at=clock.now(request),
                **form.cleaned_data,
            )  # fmt: skip
            messages.success(request, "已记录培训。")
            return redirect("person", pk=who.pk)
    context = {
        "who": who,
        "trainings": who.trainings.all(),
        "form": form,
        "may_edit": bool(may(request.actor, "registry.edit", who.office_code)),
        "personal": bool(may(request.actor, "registry.personal")),
        "office_name": dict(office_choices(request.actor)).get(who.office_code, who.office_code),
    }
    return render(request, "web/person.html", context, status=422 if form.errors else 200)


# --- 审计 ------------------------------------------------------------------------------------------


def _detail_words(entry: AuditEntry) -> str:
    """The detail on one line: changes as before → after."""
    words = []
    for key, value in entry.detail.items():
        if isinstance(value, list) and len(value) == 2:
            words.append(f"{key}：{value[0]} → {value[1]}")
        elif value not in (None, "", [], {}):
            words.append(f"{key}：{value}")
    return "；".join(words)[:300]


def _audit_rows(actor: Actor, asked: Any) -> QuerySet[AuditEntry]:
    rows = visible(AuditEntry.objects.all(), actor)
    if search := asked.get("q", "").strip():
        rows = rows.filter(
            Q(by_name__icontains=search) | Q(by_username__icontains=search) | Q(subject_key__icontains=search)
        )
    if asked.get("action"):
        rows = rows.filter(action=asked["action"])
    if asked.get("from"):
        rows = rows.filter(at__date__gte=asked["from"])
    return rows


@needs("audit.view")
def audit_list(request: HttpRequest) -> HttpResponse:
    """审计: who changed what, when? The chain itself is checked by xiejian verify."""
    columns = [
        Column("sequence", "序号", lambda e: e.sequence, ("sequence",), numeric=True),
        Column("at", "时间", lambda e: e.at, ("at", "sequence")),
        Column("by", "操作人", lambda e: f"{e.by_name}（{e.by_username}）", ("by_username",)),
        Column("office", "机构代码", lambda e: e.office_code, ("office_code",), shown=False),
        Column("action", "操作", lambda e: AUDIT_LABELS["actions"].get(e.action, e.action), ("action",)),
        Column("subject", "对象", lambda e: AUDIT_LABELS["subjects"].get(e.subject, e.subject), ("subject",)),
        Column("key", "编号", lambda e: e.subject_key, ("subject_key",)),
        Column("detail", "内容", _detail_words),
        Column("digest", "摘要", lambda e: e.digest[:12], shown=False),
    ]
    names = (
        visible(AuditEntry.objects.all(), request.actor).order_by("action").values_list("action", flat=True)
    )
    choices = [(a, AUDIT_LABELS["actions"].get(a, a)) for a in names.distinct()]
    listing = Listing(
        request, "审计记录", columns, _audit_rows(request.actor, request.GET), "-sequence",
        filters=[Filter("action", "操作", choices, request.GET.get("action", ""))],
        search_label="搜索操作人、编号", empty="还没有审计记录",
    )  # fmt: skip
    return show(listing, "web/audit_list.html")


# --- 新建单位 ---------------------------------------------------------------------------------------


def _may_set_up(request: HttpRequest) -> bool:
    """On an empty system and in the demo; otherwise nobody, an administrator opens the offices below."""
    return clock.demo() or not Officer.objects.exists()


def _division_steps(chosen: str) -> list[tuple[str, list[tuple[str, str]], str]]:
    """The choices from province downwards to one tier below ``chosen``: (label, choices, chosen code)."""
    steps, above = [], divisions.NATION
    for tier in ("province", "city", "county"):
        choices = divisions.below(above)
        if not choices:
            break
        code = divisions.at_tier(chosen, tier) if chosen else ""
        known = code if divisions.tier(code or "000000") == tier else ""
        steps.append((divisions.TIER_LABELS[tier], choices, known))
        if not known:
            break
        above = known
    return steps


def _deepest(asked: Any) -> str:
    """The deepest division chosen; a choice that no longer lies in the one above it is dropped.

    The choices come in any order: htmx names the one just made first, before those above it.
    """
    deepest = ""
    for code in sorted(filter(None, asked.getlist("division")), key=lambda c: len(divisions.stem(c))):
        if code in (c for c, _ in divisions.below(deepest or divisions.NATION)):
            deepest = code
        else:
            break
    return deepest


def _usual_packs() -> list[str]:
    """The national pack that came last: what a new office starts from unless it chooses otherwise."""
    national = [p for p in map(packs.load, packs.known()) if p.id.startswith("national-") and p.from_on]
    return [max(national, key=lambda p: p.from_on).id] if national else []


def _pack_choices() -> list[tuple[str, str]]:
    return [(pack_id, packs.load(pack_id).title) for pack_id in packs.known()]


@needs(OPEN)
@require_http_methods(["GET", "POST"])
def office_setup(request: HttpRequest) -> HttpResponse:
    """新建单位: division, packs, two accounts; then the officer is signed in and imports the list."""
    if not _may_set_up(request):
        return redirect("login")
    asked = request.POST if request.method == "POST" else request.GET
    code = _deepest(asked)
    name = _office_name(code) if code else ""
    form = SetUpForm(request.POST if request.method == "POST" else None, initial={"name": name})
    context = {
        "steps": _division_steps(code), "code": code, "form": form, "suggested": name,
        "packs": _pack_choices(), "chosen_packs": asked.getlist("packs") or _usual_packs(),
    }  # fmt: skip
    if getattr(request, "htmx", False):
        return render(request, "web/office_setup_division.html", context)
    good = request.method == "POST" and code and form.is_valid()
    if good and _good_password(form, "officer_password") and _good_password(form, "admin_password"):
        given = form.cleaned_data
        below = divisions.below(code) if given["stations"] else []
        known = packs.known()
        officer = actions.set_up_office(
            code=code, name=given["name"], packs=[p for p in asked.getlist("packs") if p in known],
            stations=[(c, _office_name(c)) for c, _ in below],
            officer=(given["officer_username"], given["officer_name"], given["officer_password"]),
            administrator=(given["admin_username"], given["admin_name"], given["admin_password"]),
            by=SYSTEM, at=clock.now(request),
        )  # fmt: skip
        login(request, officer, backend=FIRST_BACKEND)
        messages.success(request, f"{given['name']}已建立。下一步：导入本单位现有的名录。")
        return redirect("party_import")
    return render(request, "web/office_setup.html", context, status=422 if request.method == "POST" else 200)
