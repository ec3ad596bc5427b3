"""What goes in and what comes out, for the OpenAPI document: the keys that callers may rely on.

Answers hold further keys beside these (why, trail, labels); those may grow.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Span = list[int | float]


class Question(BaseModel):
    """A question's body; a key that is not known is refused rather than overlooked."""

    model_config = ConfigDict(extra="forbid")


class NumberQuestion(Question):
    value: str = Field(description="编号，照证件写")
    kind: str = Field("", description="只按这一类读；空：自动识别")


class UdiQuestion(Question):
    value: str = Field(description="带括号的文字，或者扫码枪送出的内容")


class DueQuestion(Question):
    rule: str = Field(description="时限编号，见 /api/due/rules", examples=["CP-1"])
    start: str = Field(alias="from", description="起算日；按小时的期限为时刻", examples=["2024-03-05"])
    facts: dict[str, Any] | None = Field(None, description="extensions、stops、received_on")


class PenaltyQuestion(Question):
    key: str = Field(description="规则编号，见 /api/penalty/rules", examples=["P81-1"])
    on: str = Field(description="违法行为的日期", examples=["2024-05-01"])
    facts: dict[str, Any] = Field({}, description="案件事实，金额以元为单位的文字")


class GradeQuestion(Question):
    pack: str = Field(description="规则包标识", examples=["national-2022-78"])
    on: str = Field(description="定级日期", examples=["2024-03-05"])
    parties: list[dict[str, Any]] = Field(description="监管对象，键为名录的中文栏目")


class Answer(BaseModel):
    model_config = ConfigDict(extra="allow")


class ProblemDetails(Answer):
    """RFC 9457, with what our problems say besides."""

    type: str = Field(description="urn:xiejian:problem:编号")
    title: str
    status: int
    detail: str
    code: str = Field(description="问题编号，程序据此判断")
    where: str = Field(description="哪一项")
    next: str = Field(description="下一步怎么办")


class NumberAnswer(Answer):
    kind: str | None
    valid: bool
    fields: dict[str, Any]
    problem: dict[str, Any] | None
    normalised: str
    citation: str | None
    unverified: bool


class UdiAnswer(Answer):
    valid: bool
    agency: str | None
    di: str | None
    lot: str | None
    serial: str | None
    made_on: str | None
    expires_on: str | None
    problem: dict[str, Any] | None


class DueAnswer(Answer):
    rule: str
    due_strict: str | None
    due_legal: str | None
    day_kind: str
    provisional: bool
    citation: str
    unverified: bool
    trail: list[dict[str, Any]]


class DueRule(Answer):
    rule: str
    meaning: str
    citation: str
    unverified: bool


class PenaltyAnswer(Answer):
    rule: str
    fine: Span
    bands: dict[str, Span]
    also: list[str]
    persons: dict[str, Any]
    citation: str
    reasons: list[dict[str, Any]]
    unverified: bool


class PenaltyRule(Answer):
    rule: str
    kind: str
    meaning: str
    citation: str
    unverified: bool


class Circumstance(Answer):
    id: str
    meaning: str
    steps: list[str]
    citation: str
    unverified: bool


class GradeAnswer(Answer):
    pack: str
    pack_version: str
    on: str
    parties: list[dict[str, Any]]
    refused: list[dict[str, Any]]


class Fact(Answer):
    name: str
    type: str
    required: bool


class RecordKind(Answer):
    kind: str
    label: str
    states: dict[str, str]
    create: list[Fact] | None = Field(description="登记时的字段；空：不在这里登记")
    steps: dict[str, list[Fact]]


class RecordRow(Answer):
    """One line of a list; its other fields are those of its kind."""

    id: int
    state: str
    state_label: str


class RecordList(Answer):
    kind: str
    total: int
    page: int
    pages: int
    records: list[RecordRow]


class NextStep(Answer):
    step: str
    label: str
    permission: str
    parameters: list[Fact]


class Record(Answer):
    """One record; its other fields are those of its kind."""

    kind: str
    id: int | None
    next: list[NextStep] = Field(description="现在可以由本人办理的步骤")
