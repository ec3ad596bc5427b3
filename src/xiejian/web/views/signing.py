"""签名: a paper read on the spot, names drawn under it, a refusal recorded, a supplement written."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.documents import papers, sample_papers, signed_papers
from xiejian.inspections import checklists, queries, signing, site_record
from xiejian.inspections.checks import MADE
from xiejian.inspections.models import Signature, SiteRecord, Visit
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may, require, visible
from xiejian.sampling import queries as sampling
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
    part = int(asked) if asked.isdecimal() else 0
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


# --- any other paper -----------------------------------------------------------------------------------


@needs("inspections.visit")  # and what the paper itself asks for: cases.edit, sampling.sample
@require_http_methods(["GET", "POST"])
def paper_sign(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """签名: what does this paper say, who signs it or will not take it?"""
    how, found = signed_papers.signable(kind), _to_sign(request, kind, pk)
    if how is None or found is None:
        raise Http404
    record, paper = found
    require(request.actor, how.permission, record.office_code)
    wrong: list[Problem] = []
    bound: dict[str, PageForm] = {}
    if request.method == "POST" and (do := request.POST.get("do", "")) in ("sign", "refuse"):
        form = bound[do] = FORMS[do](request.POST, prefix=do)
        if form.is_valid():
            try:
                messages.success(request, _act_on_paper(request, paper, form))
            except Refused as refused:
                wrong = list(refused.problems)
            else:
                return redirect(request.get_full_path())
    context = _paper_page(request, how, paper, bound) | {"kind": kind, "pk": pk, "problems": wrong}
    context["back"] = _back(kind, pk)
    return render(request, "web/papers/sign.html", context, status=422 if bound else 200)


def _to_sign(request: HttpRequest, kind: str, pk: int) -> tuple[Any, signing.Wording] | None:
    """The record of a paper and its words, where the actor may see it and there is something to sign."""
    if kind == "sheet":
        sample = sampling.sample(request.actor, pk) if may(request.actor, "sampling.view") else None
        return (sample, sample_papers.sheet_to_sign(sample)) if sample and sample.sampled_on else None
    if kind not in papers.KINDS or (kind == "interview" and not may(request.actor, "cases.view")):
        return None
    return papers.to_sign(kind, pk, by=request.actor, on=clock.today(request))


def _back(kind: str, pk: int) -> str:
    return reverse("sample", args=[pk]) if kind == "sheet" else reverse("paper", args=[kind, pk])


def _act_on_paper(request: HttpRequest, paper: signing.Wording, form: PageForm) -> str:
    given, at = form.cleaned_data, clock.now(request)
    shown = {"paper": paper, "digest": request.POST.get("digest", ""), "by": request.actor, "at": at}
    if isinstance(form, SignForm):
        image, strokes = _drawn(request.POST)
        name = signing.Name(
            given["role"], given["name"].strip(), image, strokes, at, given["statement"]
        )  # fmt: skip
        return f"{signing.sign_paper(**shown, given=name).name}已签名。"
    row = signing.refuse_paper(
        **shown, name=given["name"], reason=given["reason"], witnesses=given["witnesses"].split("、"),
        signed_at=at,
    )  # fmt: skip
    return f"已记录{row.name}拒绝签名。"


def _paper_page(
    request: HttpRequest, how: signed_papers.Signable, paper: signing.Wording, bound: dict[str, PageForm]
) -> dict[str, Any]:
    rows = signing.wordings(paper.place, paper.kind)
    digest = site_record.digest_of(paper.text)
    present = next((row for row in rows if row.digest == digest), None)
    asked = request.GET.get("part", "")
    row = next((row for row in rows if str(row.part) == asked), present)
    given = list(row.signatures.all()) if row else []
    party = any(one.role == "party" for one in given)
    sign = bound.get("sign") or SignForm(prefix="sign", initial={"role": "inspector" if party else "party"})
    sign.fields["role"].choices = list(how.roles.items())
    return {
        "title": signing.PAPERS[paper.kind],
        "place": paper.place,
        "text": row.text if row else paper.text,
        "digest": row.digest if row else digest,
        "row": row,
        "earlier": rows,
        "changed": bool(rows) and present is None,
        "given": given,
        "roles": how.roles,
        "party_missing": not party,
        "missing": max(0, how.officials - sum(one.role == "inspector" for one in given)),
        "signers": sorted(signing.officials(paper)),
        "sign": sign,
        "refuse": bound.get("refuse") or RefuseForm(prefix="refuse"),
        "opened": next(iter(bound), ""),
    }


#: Besides inspections.view, what somebody needs who looks at a signature of these records.
VIEW = {"interview": "cases.view", "sample": "sampling.view"}


@needs("inspections.view")
def signature_image(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """A signature as it was drawn; that of a party's person only to whoever may see contacts."""
    rows = Signature.objects.filter(
        record__in=visible(SiteRecord.objects.order_by(), request.actor), refused=False
    ).select_related("record")
    found = rows.filter(pk=pk).first()
    if found is None or not found.file.storage.exists(found.file.name):
        raise Http404
    needed = VIEW.get(found.record.subject)
    if needed and not may(request.actor, needed):
        raise Http404
    if found.role != "inspector" and not may(request.actor, "registry.personal", found.record.office_code):
        raise Http404
    return FileResponse(found.file.open("rb"), content_type="image/png")
