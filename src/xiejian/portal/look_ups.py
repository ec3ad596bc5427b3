"""The public's look-ups: certificates and products, penalties, typical cases, lists, notices, offices."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from xiejian.kernel.problems import Refused
from xiejian.leads import rules
from xiejian.portal import flood, public
from xiejian.portal.public import PAGE, Entries
from xiejian.web.guard import OPEN, needs

#: an answer of HTTP for who asks too often
_TOO_MANY = 429
#: nobody types more into a search field
_LONGEST_QUESTION = 200
_MOST_PAGES = 1000
View = Callable[[HttpRequest], HttpResponse]


def _look_up(view: View) -> View:
    """A page of the public: counted per address, kept by browsers and proxies for a while, not indexed."""

    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        try:
            flood.count(request, "look-up", timezone.now(), rules.portal("look_ups_per_hour"))
            found = view(request)
            patch_cache_control(found, public=True, max_age=rules.portal("cache_seconds"))
        except Refused as refused:
            context = {"problems": refused.problems, "heading": "请稍后再查"}
            found = render(request, "portal/entries.html", context, status=_TOO_MANY)
        found["X-Robots-Tag"] = "noindex, nofollow"
        return found

    return needs(OPEN)(require_safe(answer))


def _question(request: HttpRequest) -> tuple[str, int]:
    number = request.GET.get("page", "")
    return request.GET.get("q", "").strip()[:_LONGEST_QUESTION], (
        min(int(number), _MOST_PAGES) if number.isascii() and number.isdigit() and int(number) else 1
    )


def _list(request: HttpRequest, heading: str, found: Entries, page: int, **more: Any) -> HttpResponse:
    pages = Paginator(range(found.total), PAGE)
    context = {
        "heading": heading, "rows": found.rows, "total": found.total, "q": request.GET.get("q", ""),
        "page": pages.get_page(page), **more,
    }  # fmt: skip
    return render(request, "portal/entries.html", context)


@_look_up
def certificates(request: HttpRequest) -> HttpResponse:
    """证照产品查询: a certificate, a filing, a product by number, device code or name."""
    text, _ = _question(request)
    rows = public.look_up(text, timezone.localdate())
    return _list(
        request, "证照与产品查询", Entries(rows, len(rows)), 1, scan=True, asked=bool(text),
        hint="许可证、备案、注册证编号，统一社会信用代码，包装上的条码，或者名称（4个字以上）",
        nothing="没有查到。请核对编号；名录中没有的，不等于没有批准，可以向当地监管部门询问。",
    )  # fmt: skip


def _dated(
    heading: str, find: Callable[[dt.date, str, int], Entries], hint: str, nothing: str, about: str
) -> View:
    """A list that is public on the day."""

    def view(request: HttpRequest) -> HttpResponse:
        text, page = _question(request)
        found = find(timezone.localdate(), text, page)
        return _list(request, heading, found, page, hint=hint, nothing=nothing, about=about, asked=True)

    view.__doc__ = f"{heading}: {about}"
    return _look_up(view)


penalties = _dated(
    "处罚公示", public.penalties, "单位名称、统一社会信用代码、案件编号", "没有公示中的处罚决定。",
    "公示期内的行政处罚决定；期满或者依法撤下的不再显示。",
)  # fmt: skip
typical = _dated(
    "典型案例", public.typical_cases, "标题、案情", "还没有发布典型案例。", "已隐去单位和个人信息。"
)
dishonest = _dated(
    "失信名单", public.dishonest, "单位名称、统一社会信用代码", "没有公布中的名单。",
    "依法公布、在期限之内的名单；移出的不再显示。",
)  # fmt: skip
notices = _dated(
    "质量公告", public.notices, "产品、企业、注册证编号、批号", "没有不符合规定的产品公告。",
    "监督抽检中结论已定的不符合规定产品；仅代表所抽批次。",
)  # fmt: skip
recalls = _dated(
    "产品召回", public.recalls, "产品、企业、注册证编号、批号", "没有召回信息。",
    "已决定的医疗器械召回；手中有所列批次的，请停止使用并联系召回单位。",
)  # fmt: skip
offices = _dated(
    "办公时间", lambda _, search, page: public.offices(search, page), "机构名称", "还没有公布办公时间。",
    "各局、所的办公时间与地址。",
)  # fmt: skip
