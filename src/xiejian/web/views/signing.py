"""签名: the record read on the spot, names drawn under it, a refusal recorded, a supplement written."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from xiejian.inspections import checklists, queries, signing, site_record
from xiejian.inspections.checks import MADE
from xiejian.inspections.models import Signature, SiteRecord, Visit
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may, require, visible
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs

PNG = "data:image/png;base64,"


class SignForm(PageForm):
    role = forms.ChoiceField(label="身份", choices=list(signing.ROLES.items()))
    name = forms.CharField(
        label="姓名", max_length=60, widget=forms.TextInput(attrs={"list": "signers", "autocomplete": "off"})
    )
    statement = forms.CharField(
        label="本人意见", required=False, max_length=300,
        help_text="如：以上记录已看过，属实；或者陈述、申辩的内容",
    )  # fmt: skip


class RefuseForm(PageForm):
    name = forms.CharField(label="拒绝签名的人", max_length=60)
    reason = forms.CharField(
        label="理由", max_length=300, help_text="本人说明的理由；不说明的，写“不说明理由”"
    )
    witnesses = forms.CharField(label="见证人", max_length=200, help_text="几个人用顿号分开；写明姓名和身份")


class SupplementForm(PageForm):
    text = forms.CharField(label="补充或者更正的内容", widget=forms.Textarea(attrs={"rows": 3}))


def _drawn(posted: Any) -> tuple[bytes, list[Any]]:
    """Picture and strokes of a pad as a form sends them; nothing readable is an empty signature."""
    image = posted.get("image", "")
    try:
        picture = base64.b64decode(image.removeprefix(PNG), validate=True) if image.startswith(PNG) else b""
        strokes = json.loads(posted.get("strokes") or "[]")
    except (binascii.Error, ValueError):
        return b"", []
    return picture, strokes if isinstance(strokes, list) else []


def _act(request: HttpRequest, visit: Visit, part: int, form: PageForm) -> str:
    """Do what the form asks for; what to tell afterwards."""
    given, posted = form.cleaned_data, request.POST
    who = {"visit": visit, "by": request.actor, "at": clock.now(request)}
    shown = {"part": part, "digest": posted.get("digest", ""), "signed_at": who["at"]}
    if isinstance(form, SignForm):
        image, strokes = _drawn(posted)
        row = signing.sign_record(**who, **shown, image=image, strokes=strokes, **given)
        return f"{row.name}已签名。"
    if isinstance(form, RefuseForm):
        given["witnesses"] = given["witnesses"].split("、")
        row = signing.refuse_signature(**who, **shown, **given)
        return f"已记录{row.name}拒绝签名。"
    signing.supplement_record(**who, text=given["text"])
    return "已写补充说明，请双方签名。"


FORMS = {"sign": SignForm, "refuse": RefuseForm, "supplement": SupplementForm}


@needs("inspections.visit")
@require_http_methods(["GET", "POST"])
def visit_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """签名: what does the record say, and who still has to sign it?"""
    found = queries.visit(request.actor, pk)
    if found is None:
        raise Http404
    require(request.actor, "inspections.visit", found.office_code)
    asked = request.GET.get("part", "0")
    part = int(asked) if asked.isdigit() else 0
    wrong: list[Problem] = []
    bound: dict[str, PageForm] = {}
    if request.method == "POST" and (do := request.POST.get("do", "")) in FORMS:
        form = bound[do] = FORMS[do](request.POST, prefix=do)
        if form.is_valid():
            try:
                messages.success(request, _act(request, found, part, form))
            except Refused as refused:
                wrong = list(refused.problems)
            else:
                written = SiteRecord.objects.filter(visit=found).count()
                part = written - 1 if do == "supplement" else part
                return redirect(f"{request.path}?part={part}" if part else request.path)
    context = _page(request, found, part, bound) | {"problems": wrong}
    return render(request, "web/visits/sign.html", context, status=422 if bound else 200)


def _page(request: HttpRequest, found: Visit, part: int, bound: dict[str, PageForm]) -> dict[str, Any]:
    records = list(SiteRecord.objects.filter(visit=found).prefetch_related("signatures"))
    row = next((record for record in records if record.part == part), None)
    if row is None and part:
        raise Http404
    text, digest = (row.text, row.digest) if row else _standing(found)
    given = list(row.signatures.all()) if row else []
    missing = max(0, checklists.minimum_inspectors() - sum(s.role == "inspector" for s in given))
    party = any(s.role == "party" for s in given)
    first = {"role": "party" if not party else "inspector"}
    return {
        "visit": found,
        "part": part,
        "records": records,
        "row": row,
        "text": text,
        "digest": digest,
        "given": given,
        "roles": signing.ROLES,
        "missing": missing,
        "party_missing": not party,
        "begun": found.state in MADE,
        "open_points": 0 if row else _unanswered(found),
        "signers": [*found.inspectors.split("、"), found.party.head or found.party.legal_representative],
        "sign": bound.get("sign") or SignForm(prefix="sign", initial=first),
        "refuse": bound.get("refuse") or RefuseForm(prefix="refuse"),
        "supplement": bound.get("supplement") or SupplementForm(prefix="supplement"),
        "opened": next(iter(bound), ""),
    }


def _unanswered(found: Visit) -> int:
    return sum(point.asked and point.finding is None for point in queries.answered_points(found))


def _standing(found: Visit) -> tuple[str, str]:
    now = site_record.standing(found)
    return now.text, now.digest


@needs("inspections.view")
def signature_image(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """A signature as it was drawn; that of a party's person only to whoever may see contacts."""
    rows = Signature.objects.filter(
        record__visit__in=visible(Visit.objects.all(), request.actor), refused=False
    ).select_related("record__visit")
    found = rows.filter(pk=pk).first()
    if found is None or not found.file.storage.exists(found.file.name):
        raise Http404
    office = found.record.visit.office_code
    if found.role != "inspector" and not may(request.actor, "registry.personal", office):
        raise Http404
    return FileResponse(found.file.open("rb"), content_type="image/png")
