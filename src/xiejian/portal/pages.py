"""The citizen's pages: tell us something with photographs, and see behind a receipt code what came of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Problem, Refused
from xiejian.leads import actions, queries
from xiejian.leads.actions import Entry
from xiejian.leads.identity import Identity
from xiejian.leads.models import Lead
from xiejian.people.models import Office
from xiejian.people.policy import Actor
from xiejian.portal import flood
from xiejian.web.forms import PageForm
from xiejian.web.guard import OPEN, needs

#: what the public is told of a state: who works on it stays inside
STAGES = {
    "received": "已收到，待处理", "triaged": "已收到，待处理", "accepted": "已受理", "handling": "办理中",
    "reopened": "办理中", "not_accepted": "不予受理", "handed_on": "已转其他单位处理", "answered": "已答复",
    "closed": "已办结", "merged": "与同一事项的其他反映合并办理",
}  # fmt: skip
_BUREAU = 6  # digits of a county bureau: citizens choose among bureaus, not stations
_TOLD = ("answered", "closed")


class Photos(forms.ClearableFileInput):
    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Any number of files; how many and what they may be is the action's to say."""

    widget = Photos

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(PhotosField, self).clean(one, initial) for one in data or [] if one]


class TellForm(PageForm):
    """What a citizen says. ``website`` is no field for people: who fills it in is none."""

    office_code = forms.ChoiceField(label="向哪里反映")
    kind = forms.ChoiceField(
        label="您要", choices=[("投诉", "投诉：要求退款、赔偿等，解决纠纷"), ("举报", "举报：反映违法行为")]
    )
    party_named = forms.CharField(label="哪家单位", required=False, max_length=200)
    place = forms.CharField(label="在哪里", required=False, max_length=200)
    product = forms.CharField(label="什么产品", required=False, max_length=200)
    text = forms.CharField(label="发生了什么", widget=forms.Textarea(attrs={"rows": 5}))
    wish = forms.CharField(label="您的要求", required=False, max_length=300)
    photos = PhotosField(
        label="照片", required=False, help_text="JPEG、PNG、WebP；拍摄地点等附带信息会自动去掉",
        widget=Photos(attrs={"accept": "image/*"}),
    )  # fmt: skip
    name = forms.CharField(label="您的姓名", required=False, max_length=60, help_text="匿名的可不填")
    phone = forms.CharField(label="您的电话", required=False, max_length=60, help_text="加密保存，只用于回访")
    # nothing ticked keeps the secret
    disclosed = forms.BooleanField(
        label="调解时可以向对方说明我是谁", required=False,
        help_text="不勾选即为要求保密；要求保密的投诉可能无法调解",
    )  # fmt: skip
    website = forms.CharField(label="网址（请勿填写）", required=False)
    shown_at = forms.CharField(widget=forms.HiddenInput)


def _bureaus() -> list[tuple[str, str]]:
    rows = Office.objects.order_by("code").values_list("code", "name")
    return [(code, name) for code, name in rows if len(stem(code)) == _BUREAU]


def _public(office_code: str) -> Actor:
    """The public's hand: writes for one bureau, sees nothing beyond it."""
    return Actor("public", "公众", office_code, "system")


def _take_in(request: HttpRequest, given: dict[str, Any]) -> str:
    """Store what was sent; the receipt code. Refused with E4xx before anything is stored."""
    flood.check(request, given.pop("shown_at"), given.pop("website"), timezone.now())
    told = Identity(name=given.pop("name"), phone=given.pop("phone"))
    office, photos, disclosed = (given.pop(name) for name in ("office_code", "photos", "disclosed"))
    now = timezone.now()
    _, code = actions.file_public_lead(
        entry=Entry(received_on=timezone.localdate(now), source="网站", **given), office_code=office,
        identity=told, photos=[(one.name, one.size, one.read) for one in photos], confidential=not disclosed,
        by=_public(office), at=now,
    )  # fmt: skip
    return code


@needs(OPEN)
@never_cache
@require_http_methods(["GET", "POST"])
def tell(request: HttpRequest) -> HttpResponse:
    """我要投诉举报: one form; the answer is a receipt code."""
    sent = request.method == "POST"
    form = TellForm(
        request.POST if sent else None, request.FILES if sent else None, initial={"shown_at": flood.stamp()}
    )
    form.fields["office_code"].choices = _bureaus()
    wrong: list[Problem] = []
    if sent and form.is_valid():
        try:
            code = _take_in(request, dict(form.cleaned_data))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            return render(request, "portal/receipt.html", {"code": code})
    context = {"form": form, "problems": wrong}
    return render(request, "portal/tell.html", context, status=422 if sent else 200)


@needs(OPEN)
@never_cache
@require_http_methods(["GET", "POST"])
def progress(request: HttpRequest) -> HttpResponse:
    """办理进度: by the receipt code alone; nothing of who told us or who works on it."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            flood.count(request, "progress", timezone.now())
            found: Lead | None = queries.lead_by_receipt(request.POST.get("code", ""))
        except Refused as refused:
            return render(request, "portal/progress.html", {"problems": refused.problems}, status=422)
        context = {"asked": True, "found": found}
        if found:
            context |= {"stage": STAGES[found.state], "answer": found.answer if found.state in _TOLD else ""}
    return render(request, "portal/progress.html", context)
