"""Who told us: sealed, read only with the permission and a trace, in no other place."""

from __future__ import annotations

import json
import stat

import pytest
from django.apps import apps
from django.core import serializers

from told import CALLER
from xiejian.kernel.problems import Refused
from xiejian.leads import actions, queries
from xiejian.leads.identity import VARIABLE, Identity, seal, unseal, without
from xiejian.leads.models import Informant, Lead
from xiejian.leads.tables import COMPLAINTS
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor

SECRETS = ("张三丰", "13800001111", "150525199001011234", "奈曼旗新镇一号楼")
TEXT = "我是张三丰，电话13800001111，住奈曼旗新镇一号楼，血压计不准，要求退款"


def code(refused) -> str:
    return refused.value.first.code


@pytest.fixture
def lead(receive):
    return receive(TEXT, identity=CALLER)


class TestTheSeal:
    def test_the_box_opens_to_what_was_put_in(self):
        assert unseal(seal(CALLER, "1"), "1") == CALLER

    def test_it_opens_for_its_own_lead_only(self):
        with pytest.raises(Refused) as refused:
            unseal(seal(CALLER, "1"), "2")
        assert code(refused) == "E303"

    def test_it_does_not_open_under_another_key(self, monkeypatch):
        box = seal(CALLER, "1")
        monkeypatch.setenv(VARIABLE, "A" * 43 + "=")
        with pytest.raises(Refused) as refused:
            unseal(box, "1")
        assert code(refused) == "E303"

    @pytest.mark.parametrize("key", ["kein Schlüssel", "QUJD"])
    def test_a_key_that_is_none_is_refused(self, monkeypatch, key):
        monkeypatch.setenv(VARIABLE, key)
        with pytest.raises(Refused) as refused:
            seal(CALLER, "1")
        assert code(refused) == "E303"

    def test_the_key_file_is_its_owners_alone(self, settings):
        seal(CALLER, "1")
        assert stat.S_IMODE((settings.DATA / "identity_key").stat().st_mode) == 0o600

    def test_two_boxes_of_one_identity_differ(self):
        assert seal(CALLER, "1") != seal(CALLER, "1")

    def test_one_letter_is_not_hidden_everywhere(self):
        assert without("张店的货", Identity(name="张")) == "张店的货"


class TestReading:
    def test_who_holds_the_permission_reads_it(self, lead, officer, now):
        assert actions.read_identity(lead=lead, reason="回访", by=officer, at=now) == CALLER

    def test_a_look_is_in_the_audit_log_and_what_was_seen_is_not(self, lead, officer, now):
        actions.read_identity(lead=lead, reason="回访", by=officer, at=now)
        entry = AuditEntry.objects.get(action="read_identity")
        assert (entry.by_username, entry.detail) == ("li", {"reason": "回访"})

    def test_the_case_team_does_not_read_it(self, lead, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.read_identity(lead=lead, reason="办案", by=inspector, at=now)
        assert code(refused) == "P101"

    def test_another_countys_officer_does_not(self, lead, now):
        stranger = Actor("x", "外人", "522726", "section_officer")
        with pytest.raises(Refused) as refused:
            actions.read_identity(lead=lead, reason="看看", by=stranger, at=now)
        assert code(refused) == "P101"

    def test_a_reason_is_asked_for(self, lead, officer, now):
        with pytest.raises(Refused) as refused:
            actions.read_identity(lead=lead, reason=" ", by=officer, at=now)
        assert code(refused) == "E101"

    def test_of_an_anonymous_lead_there_is_nothing_to_read(self, receive, officer, now):
        with pytest.raises(Refused) as refused:
            actions.read_identity(lead=receive(), reason="回访", by=officer, at=now)
        assert code(refused) == "E301"


class TestErasing:
    def test_what_is_erased_is_gone(self, lead, officer, now):
        actions.erase_identity(lead=lead, reason="本人申请", by=officer, at=now)
        box = Informant.objects.get()
        assert (bytes(box.sealed), box.person_key) == (b"", "")

    def test_it_cannot_be_read_any_more(self, lead, officer, now):
        actions.erase_identity(lead=lead, reason="本人申请", by=officer, at=now)
        with pytest.raises(Refused) as refused:
            actions.read_identity(lead=lead, reason="回访", by=officer, at=now)
        assert code(refused) == "E302"

    def test_the_lead_itself_stays(self, lead, officer, now):
        actions.erase_identity(lead=lead, reason="本人申请", by=officer, at=now)
        assert Lead.objects.filter(pk=lead.pk).exists()


class TestNowhereElse:
    def test_no_row_of_any_table_holds_it(self, lead, walk, officer, now):
        walk.close(lead)
        actions.reopen_lead(lead=lead, on=lead.closed_on, reason="再查", by=officer, at=now)
        stored = "".join(
            serializers.serialize("json", model.objects.all(), ensure_ascii=False)
            for model in apps.get_models()
        )
        assert [secret for secret in SECRETS if secret in stored] == []

    def test_the_fact_table_has_no_column_for_it(self):
        columns = COMPLAINTS.columns
        assert [c.name for c in columns if c.classification == "personal"] == []

    def test_the_list_the_timeline_and_the_day_do_not_say_it(self, lead, shop, walk, officer):
        lead = walk.answer(lead, party=shop)
        row = queries.lead(officer, lead.pk)
        told = json.dumps(
            [
                vars(row),
                [vars(event) for event in queries.timeline(officer, shop)],
                vars(queries.day(officer, lead.received_on)),
            ],
            default=str, ensure_ascii=False,
        )  # fmt: skip
        assert [secret for secret in SECRETS if secret in told] == []
