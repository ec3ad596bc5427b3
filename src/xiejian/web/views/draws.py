"""双随机: who is drawn, and was it fair? From a list, the register or the inspectors, to be repeated."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, may, require, roles, visible
from xiejian.planning import draws
from xiejian.planning.lists import lines_of, read_list
from xiejian.registry import queries as registry
from xiejian.registry.models import LINKS, Party
from xiejian.web import clock
from xiejian.web.export import attachment, download
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.views.people import office_choices
from xiejian.web.views.plan import LEVEL_CHOICES, draw_command

SOURCES = [("list", "粘贴或上传的名单"), ("register", "名录中的监管对象"), ("officers", "执法人员")]
#: what each source asks besides count, seed and exclusions
FIELDS = {"list": ("names", "file"), "register": ("office", "link", "level"), "officers": ("office",)}
GONE = "注销"
DIGITS = 16  # of a digest of 64: enough to compare by eye


class DrawForm(PageForm):
    """How many, the seed, and what the source needs: a list, or which part of the register or the staff."""

    source = forms.CharField(widget=forms.HiddenInput)
    names = forms.CharField(
        label="名单", required=False, strip=False, widget=forms.Textarea(attrs={"rows": 8}),
        help_text="每行一个",
    )  # fmt: skip
    file = forms.FileField(
        label="或上传名单", required=False, help_text=".txt（每行一个）、.csv 或 .xlsx，同 xiejian draw"
    )
    office = forms.ChoiceField(label="机构", required=False)
    link = forms.ChoiceField(label="环节", required=False)
    level = forms.ChoiceField(label="级别", required=False)
    count = forms.IntegerField(label="抽取数量", min_value=0)
    seed = forms.CharField(
        label="随机种子", max_length=120, help_text="抽取前当众产生的一串数字；同一名单、同一种子总是同一结果"
    )
    excluded = forms.CharField(
        label="不参加抽取的", required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="每行一个，须与名单中的写法相同；例如今年已检查的、应当回避的",
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, source: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = [("", "本机构及下级"), *office_choices(actor)]
        self.fields["link"].choices = [("", "全部环节"), *((v, v) for v in LINKS)]
        self.fields["level"].choices = [("", "全部级别"), *LEVEL_CHOICES]
        self.fields["source"].initial = source
        for name in ("names", "file", "office", "link", "level"):
            if name not in FIELDS[source]:
                del self.fields[name]


def _parties(actor: Actor, given: dict[str, Any]) -> list[str]:
    """Parties in business as the entries of a draw: name and credit code, so that equal names stay apart."""
    rows: QuerySet[Party] = registry.parties(
        actor, link=given["link"], level=given["level"] or None, office=given["office"]
    )
    found = rows.exclude(status=GONE).values_list("name", "uscc")
    return [f"{name} {uscc or ''}".strip() for name, uscc in found.iterator()]


def _officers(actor: Actor, given: dict[str, Any]) -> list[str]:
    """Officers in post who may carry out inspections: name and login name."""
    require(actor, "people.view")
    rows = visible(Officer.objects.filter(is_active=True), actor, "office__code")
    if given["office"]:
        rows = rows.filter(office__code=given["office"])
    sent = [role for role, held in roles().items() if "inspections.visit" in held["permissions"]]  # type: ignore[operator]
    return [
        f"{name} {username}" for name, username in rows.filter(role__in=sent).values_list("name", "username")
    ]


def _candidates(actor: Actor, given: dict[str, Any]) -> list[str]:
    if given["source"] == "register":
        return _parties(actor, given)
    if given["source"] == "officers":
        return _officers(actor, given)
    if given["file"] is not None:
        return read_list(given["file"].name, given["file"].read())[0]
    return lines_of(given["names"])


def _result(actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
    """The draw with everything that lets somebody else repeat it."""
    left_out = set(lines_of(given["excluded"]))
    entries = _candidates(actor, given)
    remaining = [entry for entry in entries if entry not in left_out]
    done = draws.draw(remaining, given["count"], given["seed"])
    return {
        "done": done,
        "drawn": [(entry, draws.rank(done.seed, entry)[:DIGITS]) for entry in done.drawn],
        "excluded": sorted(left_out & set(entries)),
        "unknown": sorted(left_out - set(entries)),
        "listed": "\n".join(sorted(set(remaining))),
        "command": draw_command("候选名单.txt", given["count"], given["seed"]),
    }


def _file(result: dict[str, Any], wanted: str) -> HttpResponse:
    """The result as a workbook, or the list of candidates as the text file that the command reads."""
    done = result["done"]
    if wanted == "txt":
        text = result["listed"] + "\n"
        return attachment(HttpResponse(text, content_type="text/plain; charset=utf-8"), "候选名单.txt")
    rows = [
        (place, entry, done.seed, done.digest, rank)
        for place, (entry, rank) in enumerate(result["drawn"], start=1)
    ]
    return download("随机抽取结果", ["序号", "抽中", "种子", "名单摘要", "抽取摘要"], rows)


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def draw(request: HttpRequest) -> HttpResponse:
    """Draw at random, so that anyone can repeat it. Nothing is stored: the list and the seed are the draw."""
    sent, actor = request.method == "POST", request.actor
    open_to = [s for s in SOURCES if s[0] != "officers" or may(actor, "people.view")]
    asked = (request.POST if sent else request.GET).get("source", "")
    source = asked if asked in dict(open_to) else open_to[0][0]
    form = DrawForm(
        request.POST if sent else None, request.FILES if sent else None, actor=actor, source=source,
        initial={"count": 1},
    )  # fmt: skip
    wrong: list[Problem] = []
    result: dict[str, Any] | None = None
    if sent and form.is_valid():
        try:
            result = _result(actor, form.cleaned_data | {"source": source})
        except Refused as refused:
            wrong = refused.problems
    if result is not None and request.POST.get("format") in ("xlsx", "txt"):
        return _file(result, request.POST["format"])
    context = {
        "form": form,
        "sources": open_to,
        "source": source,
        "problems": wrong,
        "result": result,
        "at": clock.now(request),
    }
    return render(request, "web/draws/draw.html", context, status=422 if wrong or form.errors else 200)
