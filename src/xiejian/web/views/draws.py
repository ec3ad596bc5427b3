"""双随机: who is drawn, and was it fair? Draws that are kept and published, and draws made on the spot."""

from __future__ import annotations

import csv
import io
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may
from xiejian.planning import draw_actions as actions
from xiejian.planning import draws
from xiejian.planning.lists import lines_of, read_list
from xiejian.planning.models import DrawRun
from xiejian.registry.models import LINKS
from xiejian.web import clock
from xiejian.web.export import attachment, download
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.views.people import office_choices
from xiejian.web.views.plan import LEVEL_CHOICES, draw_command

SOURCES = [("list", "粘贴或上传的名单"), ("register", "名录中的监管对象"), ("officers", "执法人员")]
#: what each source asks besides count, seed and exclusions
FIELDS = {"list": ("names", "file"), "register": ("office", "link", "level"), "officers": ("office",)}
LISTED = 100
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


def _registered(actor: Actor, given: dict[str, Any]) -> list[actions.Listed]:
    return actions.parties_to_draw(actor, link=given["link"], level=given["level"], office=given["office"])


def _candidates(actor: Actor, given: dict[str, Any]) -> list[str]:
    if given["source"] == "register":
        return [row.entry for row in _registered(actor, given)]
    if given["source"] == "officers":
        return [row.entry for row in actions.inspectors_to_draw(actor, given["office"])]
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
def draw_once(request: HttpRequest) -> HttpResponse:
    """即时抽取: draw by a seed at hand. Nothing is stored: the list and the seed are the draw."""
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


# --- draws that are kept ----------------------------------------------------------------------------------


@needs("planning.view")
def draw_list(request: HttpRequest) -> HttpResponse:
    """双随机抽取记录: which draws were announced, which are drawn?"""
    runs = actions.draw_runs(request.actor)[:LISTED]
    context = {
        "rows": [(run, actions.DRAW_FLOW.states[run.state]) for run in runs],
        "may_draw": bool(may(request.actor, "planning.schedule")),
    }
    return render(request, "web/draws/list.html", context)


class CommitForm(DrawForm):
    """As a draw at once, without a seed: that is made by the system and bound by its digest."""

    title = forms.CharField(label="名称", max_length=120, help_text="例如：2024年第二季度经营企业双随机抽查")
    teams = forms.BooleanField(
        label="同时抽检查人员", required=False, initial=True,
        help_text="每个对象抽两人；声明回避的不派，与上次相同的轮换",
    )  # fmt: skip
    team_office = forms.ChoiceField(label="检查人员来自", required=False)

    def __init__(self, *args: Any, actor: Actor, source: str, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, source=source, **kwargs)
        del self.fields["seed"]
        self.fields["team_office"].choices = [("", "本机构及下级"), *office_choices(actor)]


@needs("planning.schedule")
@require_http_methods(["GET", "POST"])
def draw_new(request: HttpRequest) -> HttpResponse:
    """登记一次抽取: fix the lists and the seed before anybody knows the outcome."""
    actor, sent = request.actor, request.method == "POST"
    asked = (request.POST if sent else request.GET).get("source", "")
    source = asked if asked in ("list", "register") else "register"
    form = CommitForm(
        request.POST if sent else None, request.FILES if sent else None, actor=actor, source=source,
        initial={"count": 1},
    )  # fmt: skip
    wrong: list[Problem] = []
    if sent and form.is_valid():
        try:
            run = _commit(request, form.cleaned_data | {"source": source})
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已登记。种子的摘要已公布，抽取后公布种子。")
            return redirect("draw_run", pk=run.pk)
    context = {"form": form, "source": source, "problems": wrong, "sources": SOURCES[:2]}
    return render(request, "web/draws/new.html", context, status=422 if sent else 200)


def _commit(request: HttpRequest, given: dict[str, Any]) -> DrawRun:
    """The lists as they are now, with the conflicts and the last teams of their people."""
    actor = request.actor
    if given["source"] == "register":
        parties = _registered(actor, given)
    else:
        parties = [actions.Listed(entry) for entry in _candidates(actor, given)]
    people = actions.inspectors_to_draw(actor, given["team_office"]) if given["teams"] else []
    return actions.commit_draw(
        title=given["title"], office_code=actor.office_code, source=given["source"],
        candidates=[p.entry for p in parties], excluded=lines_of(given["excluded"]), count=given["count"],
        inspectors=[p.entry for p in people], avoid=actions.conflicts(parties, people),
        last=actions.last_teams(parties, people, clock.today(request)), by=actor, at=clock.now(request),
    )  # fmt: skip


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def draw_run(request: HttpRequest, pk: int) -> HttpResponse:
    """一次抽取: what was announced, who was drawn, does it hold?"""
    run = get_object_or_404(actions.draw_runs(request.actor), pk=pk)
    if request.method == "POST":
        actions.reveal_draw(
            run=run, public=request.POST.get("public", ""), by=request.actor, at=clock.now(request)
        )
        messages.success(request, "已抽取，种子已公布。")
        return redirect("draw_run", pk=pk)
    wanted = request.GET.get("format", "")
    if wanted in LISTS:
        return _list_file(run, wanted)
    drawn = run.state != actions.DRAW_FLOW.start
    if wanted == "xlsx" and drawn:
        return _run_file(run)
    context = {
        "run": run, "state": actions.DRAW_FLOW.states[run.state], "is_drawn": drawn,
        "seed": draws.seed_of(run.secret, run.public) if drawn else "",
        "rows": _run_rows(run), "claims": actions.verify(run) if drawn and "check" in request.GET else [],
        "command": _command(run) if drawn else "",
        "may_draw": bool(may(request.actor, "planning.schedule", run.office_code)),
    }  # fmt: skip
    return render(request, "web/draws/run.html", context)


def _run_rows(run: DrawRun) -> list[tuple[str, str, str]]:
    """Drawn entry, inspectors, a word where the team of last time gave way."""
    teams = {pair["party"]: pair for pair in run.pairs}
    rows = []
    for entry in run.drawn:
        pair = teams.get(entry, {})
        rows.append((entry, "、".join(pair.get("inspectors", [])), "轮换" if pair.get("rotated") else ""))
    return rows


def _run_file(run: DrawRun) -> HttpResponse:
    seed = draws.seed_of(run.secret, run.public)
    rows = [
        (n, entry, people, word, seed, run.digest, run.commitment)
        for n, (entry, people, word) in enumerate(_run_rows(run), start=1)
    ]
    headings = ["序号", "检查对象", "检查人员", "备注", "种子", "名单摘要", "种子承诺"]
    return download(f"{run.title}抽取结果", headings, rows)


#: the files that repeat a draw: which field of the run, under which name
LISTS = {
    "candidates": ("candidates", "候选名单.txt"),
    "inspectors": ("inspectors", "检查人员.txt"),
    "avoid": ("avoid", "回避.csv"),
    "last": ("last", "上次.csv"),
}


def _list_file(run: DrawRun, wanted: str) -> HttpResponse:
    """A list as the command reads it; of a recusal the two names, its reason stays in the office."""
    field, filename = LISTS[wanted]
    rows = getattr(run, field)
    if wanted == "avoid":
        rows = [row[:2] for row in rows]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([row] if isinstance(row, str) else row for row in rows)
    text = "\n".join(rows) + "\n" if wanted in ("candidates", "inspectors") else stream.getvalue()
    return attachment(HttpResponse(text, content_type="text/plain; charset=utf-8"), filename)


def _command(run: DrawRun) -> str:
    """The command that repeats the draw from the published lists."""
    command = draw_command("候选名单.txt", run.count, draws.seed_of(run.secret, run.public))
    if run.inspectors:
        command += " --inspectors 检查人员.txt"
        command += " --avoid 回避.csv" if run.avoid else ""
        command += " --last 上次.csv" if run.last else ""
    return command
