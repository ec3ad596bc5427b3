"""What comes from a phone: once, in order, whatever the line and the server do to it on the way."""

from __future__ import annotations

import datetime as dt
import io
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from moment import NOW
from offline_phone import TODAY, digest, picture
from xiejian.inspections import actions as inspections
from xiejian.inspections import checklist_versions
from xiejian.inspections.models import Evidence, Finding, Visit
from xiejian.kernel.problems import Refused
from xiejian.offline import actions, files
from xiejian.offline.models import Conflict, FieldEvent
from xiejian.people import audit
from xiejian.people.models import AuditEntry

pytestmark = pytest.mark.django_db


def outcomes(answers) -> list[str]:
    return [a.outcome for a in answers]


def codes(answer) -> list[str]:
    return [p["code"] for p in answer.problems]


def whole_visit(phone, visit, points) -> list[actions.Given]:
    """A visit from its start to its conclusion: one point fails, one is corrected afterwards, two photos."""
    events = [phone.start(visit)]
    events += [phone.finding(visit, point) for point in points[1:]]
    failed = {"state": "not_conform", "fact": "未见验配记录"}
    events.append(phone.finding(visit, points[0], **failed))
    known = {"state": "conform", "fact": "", "severe": False}
    events.append(phone.finding(visit, points[1], "not_applicable", fact="不经营该类产品", known=known))
    events += [phone.photo(visit, picture(n)) for n in (1, 2)]
    events.append(phone.conclude(visit, "", remark="店长在场"))
    return events


def state_of(visit: Visit) -> dict:
    """Everything of a visit that a sync may change."""
    visit.refresh_from_db()
    return {
        "visit": [
            visit.state,
            visit.visited_on,
            visit.persons,
            visit.conclusion,
            visit.defects,
            visit.remark,
        ],
        "findings": sorted(visit.findings.values_list("point", "state", "fact", "severe")),
        "evidence": sorted(visit.evidence.values_list("sha256", flat=True)),
        "audit": sorted(AuditEntry.objects.filter(subject_key=visit.number).values_list("action", flat=True)),
    }


class TestSync:
    def test_a_whole_visit_is_recorded(self, phone, planned, points):
        answers = phone.send(*whole_visit(phone, planned, points))
        assert (set(outcomes(answers)), state_of(planned)["visit"][0]) == ({"applied"}, "concluded")

    def test_sent_twice_changes_nothing(self, phone, planned, points):
        events = whole_visit(phone, planned, points)
        first = phone.send(*events)
        before = state_of(planned)
        again = phone.send(*events)
        assert (outcomes(again), state_of(planned)) == (outcomes(first), before)

    def test_an_event_whose_turn_has_not_come_waits(self, phone, planned, points):
        start, finding = phone.start(planned), phone.finding(planned, points[0])
        assert outcomes(phone.send(finding)) == ["waiting"]
        assert outcomes(phone.send(start)) == ["applied"]
        assert Finding.objects.get().state == "conform"

    def test_the_same_number_with_another_content_is_not_believed(self, phone, planned, points):
        start = phone.start(planned)
        phone.send(start)
        other = actions.Given(start.id, start.visit_key, 1, "start_visit", {"on": "2024-03-01"}, NOW)
        (answer,) = phone.send(other)
        assert (codes(answer), state_of(planned)["visit"][1]) == (["O207"], TODAY)

    def test_the_audit_chain_stays_whole(self, phone, planned, points):
        phone.send(*whole_visit(phone, planned, points))
        assert audit.broken_at() is None

    def test_what_is_refused_leaves_nothing_behind_and_holds_up_what_follows(self, phone, planned, points):
        events = [
            phone.start(planned),
            phone.finding(planned, points[0], "not_conform"),  # without the fact
            phone.finding(planned, points[1]),
        ]
        answers = phone.send(*events)
        assert (outcomes(answers), codes(answers[1])) == (["applied", "refused", "waiting"], ["I203"])
        assert not Finding.objects.exists()

    def test_an_unknown_kind_is_kept_with_its_problem(self, phone, planned):
        (answer,) = phone.send(phone.event(planned, "teleport"))
        assert (answer.outcome, codes(answer)) == ("refused", ["O201"])

    @pytest.mark.parametrize(
        ("kind", "payload"),
        [
            ("start_visit", {"on": "2024-03-05", "persons": "zwei"}),
            ("start_visit", {"on": 7}),
            ("record_findings", {"entries": 5}),
            ("record_findings", {"entries": [{"point": {}}]}),
            ("sign_record", {"role": [], "name": {}, "strokes": 1}),
        ],
    )
    def test_what_cannot_be_read_is_kept_and_harms_nothing_else(self, kind, payload, phone, planned):
        (answer,) = phone.send(phone.event(planned, kind, **payload))
        assert answer.outcome in ("refused", "waiting")
        assert audit.broken_at() is None

    def test_another_inspector_s_visit_out_of_reach_is_refused_and_kept(self, phone, planned):
        Visit.objects.filter(pk=planned.pk).update(office_code="522726")
        (answer,) = phone.send(phone.start(planned))
        assert (answer.outcome, codes(answer)) == ("refused", ["P101"])

    def test_a_visit_made_on_the_phone_gets_its_number_here(self, phone, shop, team):
        key = "5f0d2d9e-0000-4000-8000-000000000001"
        facts = {"link": "经营", "kind": "有因检查", "planned_on": str(TODAY), "checklist": ""}
        made = phone.event(key, "schedule_visit", party=shop.pk, team=[o.pk for o in team], **facts)
        start = phone.event(key, "start_visit", on=str(TODAY), persons=2)
        answers = phone.send(made, start)
        visit = Visit.objects.get(pk=answers[1].visit)
        assert (outcomes(answers), visit.state) == (["applied", "applied"], "started")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_any_order_any_doubles_and_any_halves_end_the_same(seed, phones, shop, team, db):
    """The one property that everything else hangs on."""
    from_order = _played(phones[0], shop, team, None)
    assert _played(phones[0], shop, team, random.Random(seed)) == from_order


def _played(phone, shop, team, rng: random.Random | None) -> dict:
    """A visit sent in order, or torn into batches that arrive in any order and some of them again."""
    visit = inspections.schedule_visit(
        party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=phone.actor, at=NOW
    )
    checklist_versions.hand_out(visits=[visit], by=phone.actor, at=NOW)
    asked = checklist_versions.of_visit(visit)
    points = [p.id for p in asked.asked(checklist_versions.facts_at(visit))]
    events = whole_visit(phone, visit, points)
    if rng is None:
        phone.send(*events)
    else:
        sent = events + rng.sample(events, len(events) // 2)
        rng.shuffle(sent)
        while sent:
            part = rng.randint(1, 5)
            phone.send(*sent[:part])
            sent = sent[part:]
        phone.send(*events)  # the phone asks until everything is answered
    return state_of(visit)


def test_a_re_check_of_an_earlier_order_is_recorded_with_the_visit(phone, planned, shop, team):
    by, day = phone.actor, TODAY - dt.timedelta(days=10)
    earlier = inspections.schedule_visit(
        party=shop, link="经营", kind="日常检查", planned_on=day, team=team, by=by, at=NOW
    )
    inspections.start_visit(visit=earlier, on=day, by=by, at=NOW)
    due = TODAY + dt.timedelta(days=5)
    order = inspections.order_correction(
        visit=earlier, content="补齐记录", ordered_on=day, due_on=due, by=by, at=NOW
    )
    said = {"correction": order.pk, "passed": True, "rechecked_on": str(TODAY), "note": "已补齐"}
    phone.send(phone.start(planned), phone.event(planned, "recheck_correction", **said))
    order.refresh_from_db()
    assert (order.state, order.recheck_visit) == ("passed", planned)


def test_a_signature_is_kept_with_the_text_that_the_phone_showed(phone, planned, team):
    text = "现场检查记录\n没有发现不符合项"
    out = io.BytesIO()
    Image.new("RGB", (90, 30), "white").save(out, "PNG")
    drawn = out.getvalue()
    files.take_piece(phone.device, digest(drawn), start=0, total=len(drawn), piece=drawn)
    strokes = [[[0.1, 0.1, 0, 0.5], [0.4, 0.2, 90, 0.5]]]
    said = {"role": "inspector", "name": team[0].name, "sha256": digest(drawn), "strokes": strokes}
    said |= {"digest": digest(text.encode()), "text": text, "statement": ""}
    answers = phone.send(phone.start(planned), phone.event(planned, "sign_record", **said))
    assert outcomes(answers) == ["applied", "applied"]
    assert planned.site_records.get().text == text


def test_what_is_signed_is_not_changed_by_a_later_phone(phones, planned, points, team, officer):
    one, other = phones
    test_a_signature_is_kept_with_the_text_that_the_phone_showed(one, planned, team)
    other.send(other.start(planned), other.finding(planned, points[0], "not_conform", fact="积灰"))
    conflict = Conflict.objects.get()
    with pytest.raises(Refused) as refused:
        actions.decide_conflict(conflict=conflict, take=True, reason="复核", by=officer, at=NOW)
    assert (refused.value.first.code, planned.findings.count()) == ("I601", 0)


class TestFiles:
    def test_a_photo_waits_for_its_file_and_is_recorded_when_that_has_come(self, phone, planned):
        content = picture()
        start, photo = phone.start(planned), phone.photo(planned, content, sent=False)
        answers = phone.send(start, photo)
        assert (outcomes(answers), codes(answers[1])) == (["applied", "waiting"], ["O301"])
        files.take_piece(phone.device, digest(content), start=0, total=len(content), piece=content)
        assert outcomes(phone.send(photo)) == ["applied"]
        assert Evidence.objects.get().sha256 == digest(content)

    def test_a_file_goes_on_where_it_broke_off(self, phone):
        content = picture()
        files.take_piece(phone.device, digest(content), start=0, total=len(content), piece=content[:100])
        here = files.received(phone.device, digest(content))
        files.take_piece(phone.device, digest(content), start=here, total=len(content), piece=content[here:])
        assert files.arrived(phone.device, digest(content)).read_bytes() == content

    def test_a_piece_for_another_position_is_refused(self, phone):
        with pytest.raises(Refused) as refused:
            files.take_piece(phone.device, "a" * 64, start=50, total=100, piece=b"x")
        assert refused.value.first.code == "O304"

    def test_a_file_that_changed_on_the_way_is_dropped(self, phone):
        with pytest.raises(Refused) as refused:
            files.take_piece(phone.device, "a" * 64, start=0, total=3, piece=b"abc")
        assert (refused.value.first.code, files.received(phone.device, "a" * 64)) == ("O302", 0)

    def test_a_video_of_200_megabytes_is_refused_before_it_travels(self, phone):
        with pytest.raises(Refused) as refused:
            files.take_piece(phone.device, "a" * 64, start=0, total=200 * 1024 * 1024, piece=b"abc")
        assert refused.value.first.code == "O303"

    def test_a_photo_that_does_not_open_is_kept_with_its_problem_and_the_visit_goes_on(
        self, phone, planned, points
    ):
        broken = b"\xff\xd8\xff\xe0" + b"\0" * 40
        events = [phone.start(planned), phone.photo(planned, broken), phone.finding(planned, points[0])]
        answers = phone.send(*events)
        assert outcomes(answers) == ["applied", "refused", "applied"]
        assert files.arrived(phone.device, digest(broken)) is not None

    def test_the_file_of_a_recorded_photo_is_not_kept_twice(
        self, phone, planned, django_capture_on_commit_callbacks
    ):
        content = picture()
        events = [phone.start(planned), phone.photo(planned, content)]
        with django_capture_on_commit_callbacks(execute=True):
            phone.send(*events)
        assert files.arrived(phone.device, digest(content)) is None


class TestDoubts:
    def test_a_clock_a_day_ahead_is_put_before_an_officer(self, phone, planned):
        ahead = 24 * 3600
        start = phone.start(planned, on=TODAY + dt.timedelta(days=1))
        moved = actions.Given(
            start.id, start.visit_key, start.sequence, start.kind, start.payload, NOW + dt.timedelta(days=1)
        )
        (answer,) = phone.send(moved, offset=ahead)
        assert (answer.outcome, codes(answer)) == ("refused", ["O203"])

    def test_the_officer_may_set_the_date_right(self, phone, planned, officer):
        start = phone.start(planned, on=TODAY + dt.timedelta(days=1))
        moved = actions.Given(
            start.id, start.visit_key, start.sequence, start.kind, start.payload, NOW + dt.timedelta(days=1)
        )
        phone.send(moved, offset=24 * 3600)
        event = actions.record_event(
            event=FieldEvent.objects.get(), on=TODAY, reason="手机日期设错一天", by=officer, at=NOW
        )
        assert (event.outcome, state_of(planned)["visit"][1], event.payload["on"]) == (
            "applied", TODAY, "2024-03-06",
        )  # fmt: skip

    def test_a_clock_a_day_behind_is_put_before_an_officer_too(self, phone, planned):
        start = phone.start(planned, on=TODAY - dt.timedelta(days=1))
        moved = actions.Given(
            start.id, start.visit_key, start.sequence, start.kind, start.payload, NOW - dt.timedelta(days=1)
        )
        assert codes(phone.send(moved, offset=-24 * 3600)[0]) == ["O203"]

    def test_a_visit_to_a_cancelled_party_is_kept_until_an_officer_says_so(
        self, phone, planned, shop, officer
    ):
        shop.status, shop.status_on = "注销", TODAY
        shop.save()
        answers = phone.send(phone.start(planned), phone.finding(planned, "T-CZ-CL-1"))
        assert (outcomes(answers), codes(answers[0])) == (["refused", "waiting"], ["O202"])
        actions.record_event(
            event=FieldEvent.objects.get(sequence=1), reason="注销后仍在营业", by=officer, at=NOW
        )
        assert (planned.findings.count(), state_of(planned)["visit"][0]) == (1, "started")

    def test_a_version_that_nobody_handed_out_is_kept(self, phone, planned):
        (answer,) = phone.send(phone.start(planned, checklist_version="000000000000"))
        assert (answer.outcome, codes(answer)) == ("refused", ["I504"])

    def test_what_is_not_recorded_lets_the_rest_go_on(self, phone, planned, points, officer):
        answers = phone.send(
            phone.start(planned), phone.finding(planned, points[0], "not_conform"),
            phone.finding(planned, points[1]),
        )  # fmt: skip
        held = FieldEvent.objects.get(pk=answers[1].id)
        actions.set_aside_event(event=held, reason="误触", by=officer, at=NOW)
        assert [f.point for f in planned.findings.all()] == [points[1]]

    def test_a_decision_needs_its_reason(self, phone, planned, officer):
        phone.send(phone.event(planned, "teleport"))
        with pytest.raises(Refused) as refused:
            actions.set_aside_event(event=FieldEvent.objects.get(), reason=" ", by=officer, at=NOW)
        assert refused.value.first.code == "O402"


class TestTwoPhones:
    def answered(self, phones, planned, points) -> list[actions.Answer]:
        """The second phone answers the first point otherwise than the first did, the second point alike."""
        one, other = phones
        one.send(one.start(planned), one.finding(planned, points[0]), one.finding(planned, points[1]))
        other.places = {}
        return other.send(
            other.start(planned),
            other.finding(planned, points[0], "not_conform", fact="货架积灰"),
            other.finding(planned, points[1]),
        )

    def test_the_same_answer_is_no_conflict_and_another_is(self, phones, planned, points):
        assert outcomes(self.answered(phones, planned, points)) == ["same", "conflict", "same"]

    def test_both_versions_are_kept(self, phones, planned, points):
        self.answered(phones, planned, points)
        conflict = Conflict.objects.get()
        assert (conflict.stored["state"], conflict.given["state"]) == ("conform", "not_conform")
        assert planned.findings.get(point=points[0]).state == "conform"

    @pytest.mark.parametrize(("take", "state"), [(True, "not_conform"), (False, "conform")])
    def test_an_officer_decides_field_by_field(self, take, state, phones, planned, points, officer):
        self.answered(phones, planned, points)
        actions.decide_conflict(
            conflict=Conflict.objects.get(), take=take, reason="现场复核", by=officer, at=NOW
        )
        assert planned.findings.get(point=points[0]).state == state

    def test_a_conclusion_waits_for_the_decision(self, phones, planned, points, officer):
        one = phones[0]
        self.answered(phones, planned, points)
        rest = [one.finding(planned, point) for point in points[2:]]
        answers = one.send(*rest, one.conclude(planned, ""))
        assert (answers[-1].outcome, codes(answers[-1])) == ("waiting", ["O206"])
        actions.decide_conflict(
            conflict=Conflict.objects.get(), take=False, reason="现场复核", by=officer, at=NOW
        )
        assert state_of(planned)["visit"][0] == "concluded"

    def test_a_point_changed_in_the_office_meanwhile_is_a_conflict(self, phone, planned, points, officer):
        phone.send(phone.start(planned), phone.finding(planned, points[0]))
        stale = {"known": None}
        (answer,) = phone.send(phone.finding(planned, points[0], "not_conform", fact="缺", **stale))
        assert answer.outcome == "conflict"

    def test_what_a_phone_changes_itself_is_no_conflict(self, phone, planned, points):
        known = {"state": "conform", "fact": "", "severe": False}
        answers = phone.send(
            phone.start(planned),
            phone.finding(planned, points[0]),
            phone.finding(planned, points[0], "not_conform", fact="复看时发现", known=known),
        )
        assert outcomes(answers) == ["applied"] * 3

    def test_a_later_word_of_the_same_phone_replaces_its_open_conflict(self, phones, planned, points):
        self.answered(phones, planned, points)
        known = {"state": "not_conform", "fact": "货架积灰", "severe": False}
        (answer,) = phones[1].send(phones[1].finding(planned, points[0], known=known))
        assert (answer.outcome, Conflict.objects.get().state) == ("same", "replaced")

    def test_another_day_of_the_visit_is_a_conflict_and_can_be_taken(self, phones, planned, officer):
        one, other = phones
        one.send(one.start(planned))
        other.send(other.start(planned, on=TODAY - dt.timedelta(days=1)))
        actions.decide_conflict(
            conflict=Conflict.objects.get(field="start"), take=True, reason="前一天到场", by=officer, at=NOW
        )
        assert state_of(planned)["visit"][1] == TODAY - dt.timedelta(days=1)

    def test_either_phone_first_keeps_the_same_two_versions(self, phones, planned, points):
        self.answered(phones[::-1], planned, points)
        conflict = Conflict.objects.get()
        assert {conflict.stored["state"], conflict.given["state"]} == {"conform", "not_conform"}


class TestDevices:
    def test_a_revoked_phone_cannot_sync(self, phone, planned, officer):
        event = phone.start(planned)
        actions.revoke_device(device=phone.device, reason="遗失", by=phone.actor, at=NOW)
        with pytest.raises(Refused) as refused:
            phone.send(event)
        assert (refused.value.first.code, FieldEvent.objects.count()) == ("O101", 0)

    def test_a_phone_of_an_officer_who_left_cannot_sync(self, phone, planned):
        phone.device.officer.is_active = False
        phone.device.officer.save()
        with pytest.raises(Refused) as refused:
            phone.send(phone.start(planned))
        assert refused.value.first.code == "O101"

    def test_another_inspector_may_not_revoke_it(self, phones):
        with pytest.raises(Refused) as refused:
            actions.revoke_device(device=phones[0].device, reason="遗失", by=phones[1].actor, at=NOW)
        assert refused.value.first.code == "P101"

    def test_revoking_needs_a_reason(self, phone):
        with pytest.raises(Refused) as refused:
            actions.revoke_device(device=phone.device, reason="", by=phone.actor, at=NOW)
        assert refused.value.first.code == "O107"
