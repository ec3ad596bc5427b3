"""Forms of the shell's pages: what is asked, in the field's own words. The rules are the actions' own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from xiejian.people.policy import roles

CONTROL = {
    forms.Select: "form-select",
    forms.CheckboxInput: "form-check-input",
    forms.FileInput: "form-control",
}


def dress(fields: Iterable[forms.Field]) -> None:
    """Give the widgets of fields the design system's classes where they have none."""
    for field in fields:
        kind = next(
            (css for widget, css in CONTROL.items() if isinstance(field.widget, widget)), "form-control"
        )
        field.widget.attrs.setdefault("class", kind)


class PageForm(forms.Form):
    """A form whose widgets carry the design system's classes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self.fields.values())


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def role_choices() -> list[tuple[str, str]]:
    return [(role, str(entry["label"])) for role, entry in roles().items()]


class PublicForm(PageForm):
    """What the public reads about an office."""

    hours = forms.CharField(
        label="办公时间", required=False, max_length=200, help_text="如：周一至周五 8:30–12:00，13:30–17:30"
    )
    address = forms.CharField(label="办公地址", required=False, max_length=200)
    phone = forms.CharField(label="对外电话", required=False, max_length=60, help_text="写单位的电话")
    note = forms.CharField(label="说明", required=False, max_length=300)


class OfficerForm(PageForm):
    username = forms.CharField(label="登录名", max_length=60, help_text="字母、数字、点，登录时使用")
    name = forms.CharField(label="姓名", max_length=60)
    role = forms.ChoiceField(label="角色", choices=role_choices)
    password = forms.CharField(
        label="初始密码",
        min_length=8,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少 8 个字符；本人登录后应修改",
    )
    certificate_no = forms.CharField(label="执法证号", max_length=40, required=False)
    qualification = forms.CharField(label="检查员资格", max_length=60, required=False)
    phone = forms.CharField(label="电话", max_length=30, required=False)


class OfficerChangeForm(PageForm):
    name = forms.CharField(label="姓名", max_length=60)
    role = forms.ChoiceField(label="角色", choices=role_choices)
    certificate_no = forms.CharField(label="执法证号", max_length=40, required=False)
    qualification = forms.CharField(label="检查员资格", max_length=60, required=False)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    is_active = forms.BooleanField(label="在岗（可登录）", required=False)
    reason = forms.CharField(label="变更理由", max_length=200, help_text="写入审计记录")


class OfficeForm(PageForm):
    """An office below the own one; its code is chosen from the division list or typed."""

    name = forms.CharField(label="机构名称", max_length=120)
    short_name = forms.CharField(label="简称", max_length=40, required=False)


class SetUpForm(PageForm):
    """新建单位: the office and its two first accounts."""

    name = forms.CharField(label="单位名称", max_length=120)
    stations = forms.BooleanField(
        label="同时建立各乡镇（街道）监管所", required=False, initial=True,
        help_text="按行政区划建立，之后可在“机构人员”中改名或增减",
    )  # fmt: skip
    officer_username = forms.CharField(label="业务人员登录名", max_length=60)
    officer_name = forms.CharField(label="业务人员姓名", max_length=60)
    officer_password = forms.CharField(
        label="业务人员密码", min_length=8, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    admin_username = forms.CharField(label="系统管理员登录名", max_length=60)
    admin_name = forms.CharField(label="系统管理员姓名", max_length=60)
    admin_password = forms.CharField(
        label="系统管理员密码",
        min_length=8,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("officer_username") and given["officer_username"] == given.get("admin_username"):
            self.add_error("admin_username", "两个账号的登录名不能相同：办业务与管账号须分开")
        return given


class PersonForm(PageForm):
    kind = forms.ChoiceField(label="类别")
    name = forms.CharField(label="姓名", max_length=60)
    office_code = forms.ChoiceField(label="机构")
    unit_name = forms.CharField(label="所在单位", max_length=200, required=False)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    qualification = forms.CharField(label="资格", max_length=100, required=False)
    certificate_no = forms.CharField(label="证件号", max_length=40, required=False)
    valid_until = forms.DateField(label="资格有效期至", required=False, widget=DateInput())


class TrainingForm(PageForm):
    topic = forms.CharField(label="培训内容", max_length=200)
    trained_on = forms.DateField(label="培训日期", widget=DateInput())
    hours = forms.DecimalField(label="学时", max_digits=5, decimal_places=1, min_value=0, initial=0)
    score = forms.IntegerField(label="成绩", min_value=0, max_value=100, required=False)
    passed = forms.TypedChoiceField(
        label="考核结果", required=False, empty_value=None, coerce=lambda v: v == "1",
        choices=[("", "未考核"), ("1", "合格"), ("0", "不合格")],
    )  # fmt: skip
