"""冷链: our loggers, their curves, what went wrong, and what is made of it; files of readings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.coldchain import actions, queries
from xiejian.coldchain.models import KINDS, Excursion, Logger
from xiejian.coldchain.reading_files import READING_COLUMNS
from xiejian.inspections.queries import evidence_of
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may
from xiejian.web import clock, cold_words, jobs
from xiejian.web.forms import PageForm
from xiejian.web.listing import Listing, show
from xiejian.web.steps import shown, take
from xiejian.workspace.cold_steps import (
    EXCURSION_STEPS,
    LOGGER_STEPS,
    LoggerForm,
    excursion_moves,
    initial,
    logger_moves,
)
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

TABS = (("open", "未办结"), ("all", "全部"))
JOB = "cold_readings"


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: excursions to explain, to assess, to decide; for whoever may take the next step."""
    rows = [
        row for row in queries.open_excursions(actor).order_by("start", "pk") if excursion_moves(row, actor)
    ]
    return [
        Item(
            "冷链", f"{row.logger.place} {KINDS[row.kind]} {cold_words.peak(row)}".strip(),
            reverse("firm_excursion", args=[row.pk]),
            detail=f"{cold_words.STATES[row.state]}；{cold_words.moment(row.start)} 起，"
            f"受影响 {row.lot_count} 批",
        )
        for row in rows
    ]  # fmt: skip


# --- excursions ------------------------------------------------------------------------------------------


@needs_firm("firm.view")
def excursion_list(request: HttpRequest) -> HttpResponse:
    """冷链异常: what went wrong, what have we to do about it?"""
    asked = request.GET
    tab = "all" if asked.get("tab") == "all" or asked.get("state") else "open"
    given = {key: asked.get(key, "") for key in ("state", "kind")}
    rows = queries.excursions(request.actor, search=asked.get("q", ""), **given)
    if tab == "open":
        rows = rows.filter(state__in=queries.OPEN)
    listing = Listing(
        request, "冷链异常", cold_words.excursion_columns("firm_excursion", firm=False), rows, "-start",
        filters=cold_words.excursion_filters(asked), search_label="搜索库房、记录仪、批号",
        empty="没有未办结的异常" if tab == "open" else "没有冷链异常",
        empty_next="登记温度记录仪、送来读数后，超温、低温、缺测会自动列在这里。", hidden=[("tab", tab)],
    )  # fmt: skip
    context = {"tab": tab, "tabs": TABS, "may_record": may(request.actor, actions.RECORDING)}
    return show(listing, "workspace/coldchain/list.html", context)


def _excursion(request: HttpRequest, pk: int) -> Excursion:
    found = queries.excursion(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def excursion(request: HttpRequest, pk: int) -> HttpResponse:
    """One excursion: how far, how long, which lots; explaining, assessing, letting go."""
    found, actor = _excursion(request, pk), request.actor
    taken = take(request, EXCURSION_STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("firm_excursion", pk=pk)
    names = excursion_moves(found, actor)
    context = cold_words.excursion_facts(found) | {
        "chart": cold_words.around(found, clock.now(request)), "files": evidence_of("excursion", pk),
        "waits": found.state == "assessed" and not names, "problems": taken.problems,
        "steps": shown(
            EXCURSION_STEPS, names, taken, found, actor, initial(clock.now(request)), first_open=True
        ),
    }  # fmt: skip
    return render(request, "workspace/coldchain/excursion.html", context, status=taken.status)


# --- loggers ---------------------------------------------------------------------------------------------


@needs_firm("firm.view")
def logger_list(request: HttpRequest) -> HttpResponse:
    """温度记录仪: which do we have, is each of them sending?"""
    asked = request.GET
    rows = queries.loggers(
        request.actor, search=asked.get("q", ""), kind=asked.get("kind", ""), retired=True
    )  # fmt: skip
    listing = Listing(
        request, "温度记录仪", cold_words.logger_columns("firm_logger", clock.now(request), firm=False), rows,
        "code", filters=[cold_words.kind_filter(asked)], search_label="搜索编号、库房",
        empty="还没有温度记录仪", empty_next="点“登记记录仪”，写明库房、上下限和记录间隔。",
    )  # fmt: skip
    context = {"may_record": may(request.actor, actions.RECORDING)}
    return show(listing, "workspace/coldchain/loggers.html", context)


@needs_firm("firm.coldchain")
@require_http_methods(["GET", "POST"])
def logger_new(request: HttpRequest) -> HttpResponse:
    """登记记录仪."""
    form = LoggerForm(request.POST or None, initial={"used_from": clock.today(request)})
    wrong: list[Problem] = []
    if form.is_bound and form.is_valid():
        try:
            made = actions.register_logger(
                firm_uscc=request.actor.firm, firm_name=request.firm_user.firm_name, entry=form.entry(),
                by=request.actor, at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记记录仪：{made.code}。")
            return redirect("firm_logger", pk=made.pk)
    context = {"form": form, "problems": wrong}
    return render(
        request, "workspace/coldchain/logger_new.html", context, status=422 if form.is_bound else 200
    )


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def logger(request: HttpRequest, pk: int) -> HttpResponse:
    """One logger: its curve, what lies beside it, what was wrong."""
    found, actor, at = queries.logger(request.actor, pk), request.actor, clock.now(request)
    if found is None:
        raise Http404
    taken = take(request, LOGGER_STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("firm_logger", pk=pk)
    context = cold_words.logger_facts(found, at) | {
        "chart": cold_words.newest_curve(found, at), "excursions": cold_words.newest(actor, found),
        "placements": queries.placements(actor, found)[:50],
        "problems": taken.problems, "may_record": may(actor, actions.RECORDING),
        "steps": shown(LOGGER_STEPS, logger_moves(found, actor), taken, found, actor, initial(at)),
    }  # fmt: skip
    return render(request, "workspace/coldchain/logger.html", context, status=taken.status)


# --- files of readings -----------------------------------------------------------------------------------


class UploadForm(PageForm):
    logger = forms.ModelChoiceField(
        label="记录仪", queryset=Logger.objects.none(), required=False, empty_label="文件中有记录仪编号",
    )  # fmt: skip
    file = forms.FileField(label="文件", help_text="记录仪软件导出的 csv（UTF-8、GB18030）或 xlsx")
    order = forms.ChoiceField(
        label="01/06/2026 这种写法", required=False,
        choices=[("", "照文件中其他行判断"), ("day", "日在前"), ("month", "月在前")],
    )  # fmt: skip
    fahrenheit = forms.BooleanField(label="没有写单位的按华氏度", required=False)


@needs_firm("firm.coldchain")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """上传读数: the export of a logger; the same file twice changes nothing."""
    form = UploadForm(request.POST or None, request.FILES or None, initial=request.GET.dict())
    form.fields["logger"].queryset = queries.loggers(request.actor)
    if request.method == "POST" and form.is_valid():
        return redirect("firm_cold_job", token=_load(request, form.cleaned_data).token)
    context = {"form": form, "columns": READING_COLUMNS}
    return render(request, "workspace/coldchain/upload.html", context, status=422 if form.errors else 200)


def _load(request: HttpRequest, given: dict[str, Any]) -> jobs.Job:
    job = jobs.receive(given["file"], JOB, request.actor.username)
    by, at = request.actor, clock.now(request)
    days_first = {"day": True, "month": False}.get(given["order"])

    def work(progress: jobs.Progress) -> dict[str, Any]:
        done = actions.import_readings(
            path=job.source, firm_uscc=by.firm, code=given["logger"].code if given["logger"] else "",
            days_first=days_first, fahrenheit=given["fahrenheit"], filename=job.filename, progress=progress,
            by=by, at=at,
        )  # fmt: skip
        return done.as_json()

    jobs.run(job, work)
    return job


def _job(request: HttpRequest, token: str) -> jobs.Job:
    found = jobs.find(token, request.actor.username)
    if found is None or found.kind != JOB:
        raise Http404
    return found


@needs_firm("firm.coldchain")
def upload_job(request: HttpRequest, token: str) -> HttpResponse:
    """What became of an uploaded file; only its uploader sees it."""
    found = _job(request, token)
    keys = found.state.get("excursions", [])
    context = {
        "job": found, "state": found.state,
        "excursions": queries.excursions(request.actor).filter(pk__in=keys).order_by("start", "pk"),
    }  # fmt: skip
    part = bool(getattr(request, "htmx", False))
    return render(request, f"workspace/coldchain/{'upload_state' if part else 'upload_job'}.html", context)


@needs_firm("firm.coldchain")
def upload_rejects(request: HttpRequest, token: str) -> FileResponse:
    """The workbook of returned rows, ready to mend and load again."""
    found = _job(request, token)
    path = Path(found.state.get("rejects_file") or "")
    if not path.is_file():
        raise Http404
    name = f"退回-{Path(found.filename).stem}.xlsx"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)
