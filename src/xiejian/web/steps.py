"""The steps of a record: what may be done with it now, each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest

from xiejian.kernel.problems import Problem, Refused
from xiejian.kernel.workflow import Workflow
from xiejian.people.policy import Actor, may
from xiejian.web import clock
from xiejian.web.forms import DateInput, PageForm

#: The record, what the form gives, who, when.
Work = Callable[[Any, dict[str, Any], Actor, dt.datetime], object]


def day(label: str, required: bool = True, hint: str = "") -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=DateInput(), help_text=hint)


def text(label: str, required: bool = True, rows: int = 3, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=required, help_text=hint, widget=forms.Textarea(attrs={"rows": rows})
    )


class StepForm(PageForm):
    """The form of a step; ``fit`` narrows its choices to the record and to whoever asks."""

    def __init__(self, *args: Any, record: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fit(record, actor)

    def fit(self, record: Any, actor: Actor) -> None:
        """Nothing to narrow unless a form says otherwise."""


@dataclass(frozen=True)
class Step:
    """One step by its action's name. ``hint`` says in a sentence what follows from it; ``ask`` asks first."""

    name: str
    label: str
    form: type[StepForm]
    work: Work
    hint: str = ""
    ask: str = ""


@dataclass
class Taken:
    """What a POST asked for: the step, its form as sent, what was refused."""

    step: Step | None = None
    form: PageForm | None = None
    problems: list[Problem] = field(default_factory=list)
    done: bool = False

    @property
    def status(self) -> int:
        return 422 if self.step and not self.done else 200


@dataclass(frozen=True)
class Shown:
    """A step on the page: its form, empty or as sent; ``open`` when it is unfolded."""

    step: Step
    form: PageForm
    open: bool


def _ids(step: Step) -> str:
    """Several forms stand on one page: each names its fields after its step."""
    return f"id-{step.name}-%s"


def moves(flow: Workflow, state: str, actor: Actor, office_code: str) -> list[str]:
    """The names of the steps that a workflow table allows from a state and that the actor may take."""
    return [t.action for t in flow.allowed(state) if may(actor, t.permission, office_code)]


def take(request: HttpRequest, steps: Mapping[str, Step], record: Any) -> Taken:
    """Take the step that a POST names in ``do``; a GET, or a name that is no step, takes none.

    Refusals come back in ``problems`` for the page to show.
    """
    step = steps.get(request.POST.get("do", "")) if request.method == "POST" else None
    if step is None:
        return Taken()
    form = step.form(request.POST, request.FILES, record=record, actor=request.actor, auto_id=_ids(step))
    if not form.is_valid():
        return Taken(step, form)
    try:
        step.work(record, dict(form.cleaned_data), request.actor, clock.now(request))
    except Refused as refused:
        return Taken(step, form, list(refused.problems))
    return Taken(step, form, done=True)


def shown(
    steps: Mapping[str, Step],
    names: Iterable[str],
    taken: Taken,
    record: Any,
    actor: Actor,
    initial: dict[str, Any],
    first_open: bool = False,
) -> list[Shown]:
    """The forms of the named steps; the one just refused is open with what was sent."""
    rows = []
    for name in names:
        step = steps[name]
        sent = taken.form if taken.step is step and not taken.done else None
        form = sent or step.form(initial=initial, record=record, actor=actor, auto_id=_ids(step))
        rows.append(Shown(step, form, sent is not None or (first_open and not rows and not taken.step)))
    return rows
