"""植入登记: scan what was implanted; who the patients are, for the records people alone.

A patient's record number comes in by these forms only. No answer, message, log or address repeats it, apart
from the one page that the records people asked for; that page is kept nowhere.
"""

from __future__ import annotations

from typing import Any

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from xiejian.hospitals import checks, implanting, queries, rules
from xiejian.hospitals.implanting import Implant
from xiejian.hospitals.models import ImplantRecord
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.device_lists import implant_columns, implant_context, implant_filters
from xiejian.web.forms import PageForm
from xiejian.web.listing import Listing, show
from xiejian.web.steps import Step, StepForm, day, shown, take
from xiejian.workspace.guard import needs_firm

SECRETS = ("record_no", "passphrase", "again", "new")


@needs_firm("firm.hospital")
def implant_list(request: HttpRequest) -> HttpResponse:
    """植入登记: what did we implant, and is anything missing in its record? Patients are tokens."""
    asked = request.GET
    given = {name: asked.get(name, "") for name in ("mark", "di", "lot")}
    listing = Listing(
        request, "植入登记", implant_columns("firm_implant"),
        queries.implants(request.actor, search=asked.get("q", ""), **given), "-on",
        filters=implant_filters(request), search_label="搜索编号、产品、批号，或者完整的患者代号",
        hidden=[(name, given[name]) for name in ("di", "lot") if given[name]],
        empty="还没有植入记录", empty_next="点“登记植入”，扫产品标签上的码。",
    )  # fmt: skip
    ready = queries.has_vault(queries.party_of(request.actor))
    return show(listing, "workspace/hospital/implants.html", {"ready": ready})


class ImplantForm(PageForm):
    """What was implanted in whom; the code fills in what is left out."""

    udi = forms.CharField(label="唯一标识（UDI）", required=False, max_length=200)
    record_no = forms.CharField(
        label="病案号",
        max_length=checks.MOST_RECORD_NO,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="登记后立即加密，只有病案管理人员凭口令能还原；不要填姓名、身份证号",
    )  # fmt: skip
    product_name = forms.CharField(label="产品名称", max_length=200)
    implanted_on = day("手术日期")
    department = forms.CharField(label="科室", max_length=80)
    surgeon_role = forms.CharField(
        label="手术者职务", max_length=40, required=False, help_text="如：主任医师"
    )
    di = forms.CharField(label="产品标识", max_length=60, required=False, help_text="扫了码的不填")
    lot = forms.CharField(label="批号", max_length=60, required=False, help_text="扫了码的不填")
    serial = forms.CharField(label="序列号", max_length=60, required=False, help_text="扫了码的不填")
    expires_on = day("有效期至", required=False)
    registration_no = forms.CharField(label="注册证编号", required=False, max_length=120)
    supplier = forms.CharField(label="供货者", max_length=200, required=False)
    supplier_uscc = forms.CharField(label="供货者信用代码", required=False, max_length=18)
    in_patient_record = forms.BooleanField(label="产品信息已记入病历", required=False, initial=True)
    documents_kept = forms.BooleanField(
        label="原始资料（合格证明、标签）已留存", required=False, initial=True
    )
    although_expired = forms.CharField(
        label="过期仍植入的说明", max_length=200, required=False, help_text="只在产品已过期而已经植入时填写"
    )


@needs_firm("firm.hospital")
@never_cache
@sensitive_post_parameters(*SECRETS)
@sensitive_variables("form", "given")
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # the camera's reader is WebAssembly
@require_http_methods(["GET", "POST"])
def implant_new(request: HttpRequest) -> HttpResponse:
    """登记植入: scan, and say in which patient."""
    form = ImplantForm(request.POST or None, initial={"implanted_on": clock.today(request)})
    party = queries.party_of(request.actor)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        record_no = given.pop("record_no")
        try:
            made = implanting.register_implant(
                party=party, implant=Implant(**given), record_no=record_no, by=request.actor,
                at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记植入：{made.number}，患者代号 {made.token}。")
            return redirect("firm_implant", pk=made.pk)
    context = {"form": form, "problems": wrong, "ready": queries.has_vault(party)}
    status = 422 if wrong or form.errors else 200
    return render(request, "workspace/hospital/implant_new.html", context, status=status)


class VoidForm(StepForm):
    reason = forms.CharField(label="作废理由", max_length=200, help_text="不要写患者的信息")


def _void(record: ImplantRecord, given: dict[str, Any], by: Any, at: Any) -> object:
    return implanting.void_implant(implant=record, by=by, at=at, **given)


STEPS = {"void_implant": Step("void_implant", "作废", VoidForm, _void, ask="作废后不能恢复，确定？")}


@needs_firm("firm.hospital")
@require_http_methods(["GET", "POST"])
def implant(request: HttpRequest, pk: int) -> HttpResponse:
    """One implant, without the patient."""
    found, actor = queries.implant(request.actor, pk), request.actor
    if found is None:
        raise Http404
    taken = take(request, STEPS, found)
    if taken.done:
        messages.success(request, "已作废。")
        return redirect("firm_implant", pk=pk)
    names = [] if found.voided else list(STEPS)
    context = implant_context(found) | {
        "problems": taken.problems,
        "steps": shown(STEPS, names, taken, found, actor, {}),
        "may_resolve": bool(may(actor, implanting.RESOLVING)),
    }
    return render(request, "workspace/hospital/implant.html", context, status=taken.status)


# --- who the patients are --------------------------------------------------------------------------------


def _secret(label: str, hint: str = "", new: bool = False) -> forms.CharField:
    kind = "new-password" if new else "off"
    widget = forms.PasswordInput(attrs={"autocomplete": kind})
    return forms.CharField(label=label, widget=widget, max_length=200, help_text=hint)


class OpenForm(PageForm):
    passphrase = _secret("口令", "由病案管理人员保管，系统不保存，丢失无法找回", new=True)
    again = _secret("再输一次", new=True)


class ChangeForm(PageForm):
    passphrase = _secret("现在的口令")
    new = _secret("新口令", new=True)
    again = _secret("再输一次", new=True)


class ResolveForm(PageForm):
    tokens = forms.CharField(
        label="患者代号", required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="一行一个"
    )
    di = forms.CharField(label="或者产品标识", required=False, max_length=60)
    lot = forms.CharField(label="和批号", required=False, max_length=60, help_text="还原该批次的全部患者")
    reason = forms.CharField(label="事由", max_length=200, help_text="写入审计记录")
    passphrase = _secret("口令")


class FindForm(PageForm):
    record_no = forms.CharField(
        label="病案号",
        max_length=checks.MOST_RECORD_NO,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(label="事由", max_length=200, help_text="写入审计记录")
    passphrase = _secret("口令")


@sensitive_variables()
def _resolve(request: HttpRequest, party: Party, given: dict[str, Any]) -> dict[str, Any]:
    tokens = given["tokens"].split()
    if given["di"] and given["lot"]:
        rows = queries.implants(request.actor, di=given["di"].strip(), lot=given["lot"].strip())
        tokens += rows.values_list("token", flat=True)
    found = implanting.resolve_patients(
        party=party, tokens=tokens, passphrase=given["passphrase"], reason=given["reason"], by=request.actor,
        at=clock.now(request),
    )  # fmt: skip
    rows = queries.implants(request.actor, voided=True).filter(token__in=found.record_nos)
    return {"resolved": [(row, found.record_nos[row.token]) for row in rows], "closed": found.closed}


@sensitive_variables()
def _find(request: HttpRequest, party: Party, given: dict[str, Any]) -> dict[str, Any]:
    found = implanting.find_patient(party=party, by=request.actor, at=clock.now(request), **given)
    return {"carried": found, "looked": True}


@sensitive_variables()
def _open(request: HttpRequest, party: Party, given: dict[str, Any]) -> dict[str, Any]:
    implanting.open_vault(party=party, by=request.actor, at=clock.now(request), **given)
    return {"done": "病案密钥已启用，可以登记植入。请把口令交专人保管：系统不保存，丢失无法找回。"}


@sensitive_variables()
def _change(request: HttpRequest, party: Party, given: dict[str, Any]) -> dict[str, Any]:
    implanting.change_passphrase(party=party, by=request.actor, at=clock.now(request), **given)
    return {"done": "口令已更换，原口令不再有效。"}


FORMS: dict[str, tuple[type[PageForm], Any]] = {
    "resolve": (ResolveForm, _resolve), "find": (FindForm, _find),
    "change": (ChangeForm, _change), "open": (OpenForm, _open),
}  # fmt: skip


@needs_firm("firm.patients")
@never_cache
@sensitive_post_parameters(*SECRETS)
@sensitive_variables()
@require_http_methods(["GET", "POST"])
def patients(request: HttpRequest) -> HttpResponse:
    """病案还原: whose tokens are these, and what does a patient carry? Each look is in the audit log."""
    party = queries.party_of(request.actor)
    asked = request.POST.get("do", "")
    sent = {name: form(request.POST if name == asked else None, auto_id=f"id-{name}-%s")
            for name, (form, _) in FORMS.items()}  # fmt: skip
    context: dict[str, Any] = {"problems": []}
    if request.method == "POST" and asked in FORMS and sent[asked].is_valid():
        try:
            context |= FORMS[asked][1](request, party, dict(sent[asked].cleaned_data))
        except Refused as refused:
            context["problems"] = list(refused.problems)
    wrong = context["problems"] or any(form.errors for form in sent.values())
    context |= {
        "forms": sent, "asked": asked, "ready": queries.has_vault(party), "least": rules.passphrase_length(),
        "pause": (rules.most_failures(), rules.pause_minutes()),
    }  # fmt: skip
    return render(request, "workspace/hospital/patients.html", context, status=422 if wrong else 200)
