"""What an office sampled in its year: its plans, and each sample taken as far as the data says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.core.files.base import ContentFile

from xiejian.cli.demo.accounts import moment
from xiejian.cli.demo.invention import years_later
from xiejian.cli.demo.living import Life, later, picture
from xiejian.cli.demo.year import Year
from xiejian.inspections.actions import attach_evidence
from xiejian.inspections.places import Place
from xiejian.people.models import Officer
from xiejian.people.policy import Actor
from xiejian.registry.models import Party
from xiejian.sampling import actions
from xiejian.sampling.checks import FAILED, PASSED, LineEntry, Sheet
from xiejian.sampling.models import Sample, SamplingLine

#: days from one step to the next
_SENT, _ARRIVED, _REPORTED, _SERVED, _TOLD, _FINAL, _HANDLED, _CLOSED = 1, 3, 24, 3, 0, 12, 30, 3
_SHELF_YEARS = 2


class Sampled:
    """Makes the plans of one office and the lives of its samples."""

    def __init__(self, year: Year) -> None:
        self.year, self.staffed = year, year.staffed
        self.parties = {
            party.uscc: party for party in Party.objects.filter(office_code__startswith=year.staffed.code)
        }
        self.lines: list[SamplingLine] = []

    def plans(self) -> int:
        """Write and hand down the plans; how many lots they ask for."""
        staffed = self.staffed
        for entry in self.year.data.get("sampling_plan", []):
            lines = [
                LineEntry(
                    line["product"], line["count"], line["due"], staffed.code, link=line["link"],
                    items=line.get("items", ""), standard=line.get("standard", ""),
                )
                for line in entry["line"]
            ]  # fmt: skip
            plan = actions.make_sampling_plan(
                title=entry["title"], year=staffed.year, kind=entry["kind"], office_code=staffed.code,
                basis=entry["basis"], laboratory=entry["laboratory"], lines=lines, by=staffed.officer,
                at=moment(entry["issued"]),
            )  # fmt: skip
            actions.issue_sampling_plan(
                plan=plan, on=entry["issued"], by=staffed.officer, at=moment(entry["issued"], hour=3)
            )
            self.lines += plan.lines.all()
        return sum(line.count for line in self.lines)

    def lives(self) -> Iterator[Life]:
        """One life per sample of the data."""
        for index, entry in enumerate(self.year.data.get("sample", [])):
            yield self._life(entry, index)

    def _line(self, entry: dict[str, Any]) -> SamplingLine | None:
        return self.lines[entry["line"]] if "line" in entry else None

    def _life(self, entry: dict[str, Any], index: int) -> Life:
        party = self.parties[self.year.unit(entry["unit"]).code]
        team = self.staffed.team(self.staffed.code, index)
        by = Actor.of(team[0])
        if "planned" in entry:
            day = later(entry["planned"], -7)
            yield day
            actions.plan_sample(
                line=self._line(entry), party=party, link=entry["link"], planned_on=entry["planned"], by=by,
                at=moment(day),
            )  # fmt: skip
            return
        yield entry["on"]
        sample = self._draw(entry, party, team, by, index)
        for day, step in _Steps(sample, entry, by, index).until(entry["reach"]):
            yield day
            step()

    def _draw(
        self, entry: dict[str, Any], party: Party, team: list[Officer], by: Actor, index: int
    ) -> Sample:
        made, line, quantity = entry["made"], self._line(entry), entry.get("quantity", 50)
        place = "成品库" if entry["link"] == "生产" else "营业场所"
        sheet = Sheet(
            product_name=entry["product"], sampled_on=entry["on"], quantity=quantity,
            reserved=quantity // 2, unit="件", seals=f"F{entry['on']:%m%d}{index:02d}",
            lot=entry["lot"], maker=entry.get("maker", party.name), made_on=made,
            expires_on=years_later(made, _SHELF_YEARS), place=place, storage="常温",
        )  # fmt: skip
        sample = actions.draw_sample(
            sheet=sheet, party=party, link=entry["link"], kind=entry.get("kind", ""), line=line, team=team,
            office_code=self.staffed.code, by=by, at=moment(entry["on"], hour=6),
        )  # fmt: skip
        attach_evidence(
            place=Place.of(sample, actions.PERMISSION), caption=f"封签：{sheet.seals}", by=by,
            file=ContentFile(picture(sample.number), name="封签.png"), at=moment(entry["on"], hour=6),
        )  # fmt: skip
        return sample


class _Steps:
    """The steps of one sample after its sheet, each with its day."""

    def __init__(self, sample: Sample, entry: dict[str, Any], by: Actor, index: int) -> None:
        self.sample, self.entry, self.by, self.index = sample, entry, by, index
        self.day: date = entry["on"]

    def _do(self, action: Any, day: date, **facts: Any) -> Any:
        on = facts.pop("day_is", "on")
        return lambda: action(sample=self.sample, by=self.by, at=moment(day, hour=7), **{on: day, **facts})

    def _after(self, days: int) -> date:
        self.day = later(self.day, days)
        return self.day

    def until(self, reach: str) -> Iterator[tuple[date, Any]]:
        """The steps up to and with the one that brings the sample into the state ``reach``."""
        for state, steps in self._all():
            yield from steps
            if state == reach:
                return

    def _all(self) -> Iterator[tuple[str, list[tuple[date, Any]]]]:
        entry, failed = self.entry, self.entry.get("failed", "")
        laboratory = entry.get("laboratory") or self.sample.laboratory
        yield (
            "handed_over",
            [self._step(_SENT, actions.hand_over_sample, laboratory=laboratory, carrier="专人送达")],
        )
        yield "received", [self._step(_ARRIVED, actions.receive_sample)]
        result = FAILED if failed else PASSED
        yield "reported", [
            self._step(
                _REPORTED, actions.record_result, day_is="result_on", result=result, failed_items=failed,
                items=entry.get("items", ""), report_no=f"QX{entry['on']:%Y}-{self.index + 1:03d}",
            )
        ]  # fmt: skip
        served = self._step(_SERVED, actions.notify_result)
        if not failed:
            yield "notified", [served]
            yield "closed", [self._step(_CLOSED, actions.close_sample)]
            return
        reported = self.day
        told = self._step(_TOLD, actions.notify_maker, letter_no="")
        early, late = self._measures(reported)
        yield "notified", sorted([served, told, *early], key=lambda step: step[0])
        yield "final", [self._step(_FINAL, actions.confirm_result), *late]
        yield "disposed", [self._step(_HANDLED, actions.complete_disposal)]
        yield "closed", [self._step(_CLOSED, actions.close_sample)]

    def _step(self, days: int, action: Any, **facts: Any) -> tuple[date, Any]:
        day = self._after(days)
        return day, self._do(action, day, **facts)

    def _measures(self, reported: date) -> tuple[list[tuple[date, Any]], list[tuple[date, Any]]]:
        """The measures of the data: those taken until the result is final, and those after it."""
        found = []
        for entry in self.entry.get("measures", []):
            facts = {k: v for k, v in entry.items() if k != "after"}
            day = later(reported, entry["after"])
            found.append((day, self._do(actions.record_disposal, day, day_is="done_on", **facts)))
        final = reported + timedelta(days=_FINAL)
        return [f for f in found if f[0] < final], [f for f in found if f[0] >= final]
