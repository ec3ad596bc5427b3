"""植入记录: from the scanned code to the patient's token, and back for those who may."""

from __future__ import annotations

import datetime as dt
import json
import logging

import pytest
from django.apps import apps
from django.core import serializers
from django.core.management import call_command

from xiejian.hospitals import implanting, queries
from xiejian.hospitals.models import ImplantRecord, PatientVault
from xiejian.hospitals.tables import TABLES
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.supply import actions as supply
from xiejian.supply.models import Movement
from xiejian.supply.trace import asked, trace

TODAY = dt.date(2024, 3, 5)
PASSPHRASE = "西拉木伦 河边 七棵榆树 晨雾"
PATIENT = "ZY20240305001"
DI = "06901234567892"


def refused_with(code):
    return pytest.raises(Refused, check=lambda refused: refused.first.code == code)


@pytest.fixture
def resolve(hospital, archivist, now):
    def ask(*tokens, passphrase=PASSPHRASE, reason="召回：通知患者", by=None, at=now, party=hospital):
        return implanting.resolve_patients(
            party=party, tokens=tokens, passphrase=passphrase, reason=reason, by=by or archivist, at=at
        )

    return ask


class TestEntering:
    def test_the_scanned_code_fills_in_its_parts(self, implanted):
        made = implanted(udi=f"(01){DI}(17)261231(10)L7(21)S9", di="", lot="")
        assert (made.di, made.lot, made.serial, made.expires_on) == (DI, "L7", "S9", dt.date(2026, 12, 31))

    def test_a_code_that_says_otherwise_than_the_form_is_refused(self, implanted):
        with refused_with("HO205"):
            implanted(udi=f"(01){DI}(10)L7", lot="L8")

    def test_a_code_that_nobody_can_read_is_refused(self, implanted):
        with refused_with("HO204"):
            implanted(udi="(01)123")

    def test_without_a_key_nothing_is_entered(self, hospital, clinic, now):
        one = implanting.Implant(
            product_name="髋关节", implanted_on=TODAY, department="骨科", di=DI, lot="L1"
        )
        with refused_with("HO301"):
            implanting.register_implant(party=hospital, implant=one, record_no=PATIENT, by=clinic, at=now)

    def test_a_serial_is_implanted_once(self, implanted):
        implanted(serial="S9")
        with refused_with("HO203"):
            implanted(serial="S9", record_no="ZY2")

    def test_an_expired_one_only_with_the_reason(self, implanted):
        old = TODAY - dt.timedelta(days=1)
        with refused_with("HO202"):
            implanted(expires_on=old)
        made = implanted(expires_on=old, although_expired="术后核对发现")
        assert "expired" in queries.marks_of(queries.implant(SYSTEM, made.pk))

    def test_a_lot_on_hold_is_not_implanted(self, implanted, hospital, now):
        supply.hold_lot(
            firm_uscc=hospital.uscc, di=DI, lot="L1", reason="召回", source_kind="recall", source_record="1",
            by=SYSTEM, at=now,
        )  # fmt: skip
        with refused_with("SU201"):
            implanted()

    def test_the_movement_leads_to_the_token(self, implanted, hospital):
        made = implanted()
        row = Movement.objects.get(kind="implant")
        assert (row.firm_uscc, row.lot, row.patient, row.quantity) == (hospital.uscc, "L1", made.token, 1)

    def test_a_trace_reaches_it(self, implanted, officer):
        made = implanted()
        found = trace(officer, asked("", di=DI, lot="L1", serial="", on=TODAY), on=TODAY)
        assert made.token in json.dumps(found.as_json(), default=str)

    def test_struck_it_counts_no_more_and_neither_does_its_movement(self, implanted, clinic, now):
        made = implanted(serial="S9")
        implanting.void_implant(implant=made, reason="录错医院", by=clinic, at=now)
        assert not queries.implants(clinic).exists() and Movement.objects.get().voided
        assert implanted(serial="S9").pk

    def test_a_purchase_of_the_lot_is_its_source(self, implanted, hospital, now):
        made = implanted()
        assert queries.marks_of(queries.implant(SYSTEM, made.pk)) == ["no_source"]
        bought = supply.Entry(
            hospital.uscc, "receive", DI, 2, TODAY, lot="L1", partner_uscc="91150525MA0N000000"
        )
        supply.record_movement(entry=bought, by=SYSTEM, at=now)
        assert queries.marks_of(queries.implant(SYSTEM, made.pk)) == []

    def test_nobody_elses_people_enter_it(self, hospital, elsewhere, keys, firm_actor, now):
        one = implanting.Implant(
            product_name="髋关节", implanted_on=TODAY, department="骨科", di=DI, lot="L1"
        )
        with refused_with("P101"):
            implanting.register_implant(
                party=hospital,
                implant=one,
                record_no=PATIENT,
                by=firm_actor(elsewhere, "firm_clinic"),
                at=now,
            )


class TestTheWayBack:
    def test_leads_to_the_record_number(self, implanted, resolve):
        made = implanted()
        assert resolve(made.token).record_nos == {made.token: PATIENT}

    @pytest.mark.parametrize("role", ["firm_clinic", "firm_admin", "firm_head"])
    def test_for_records_people_only(self, implanted, resolve, hospital, firm_actor, role):
        with refused_with("P101"):
            resolve(implanted().token, by=firm_actor(hospital, role))

    def test_not_for_those_of_another_hospital(self, implanted, resolve, elsewhere, firm_actor):
        with refused_with("P101"):
            resolve(implanted().token, by=firm_actor(elsewhere, "firm_records"))

    def test_nor_as_a_token_of_their_own(self, implanted, resolve, elsewhere, firm_actor):
        with refused_with("HO306"):
            resolve(implanted().token, party=elsewhere, by=firm_actor(elsewhere, "firm_records"))

    @pytest.mark.parametrize("role", ["section_officer", "city_officer", "admin"])
    def test_nor_for_an_officer(self, implanted, resolve, role):
        with refused_with("P101"):
            resolve(implanted().token, by=Actor("o", "某官", "150500", role))

    def test_nor_for_the_machine_without_the_passphrase(self, implanted, resolve):
        with refused_with("HO304"):
            resolve(implanted().token, by=SYSTEM, passphrase="")

    def test_a_reason_is_asked_for(self, implanted, resolve):
        with refused_with("HO101"):
            resolve(implanted().token, reason=" ")

    def test_a_look_is_in_the_audit_log(self, implanted, resolve):
        made = implanted()
        resolve(made.token)
        detail = AuditEntry.objects.get(action="resolve_patients").detail
        assert detail == {"reason": "召回：通知患者", "tokens": [made.token]}

    def test_a_number_in_the_reason_is_hidden_there(self, implanted, resolve):
        resolve(implanted().token, reason=f"查{PATIENT}")
        assert AuditEntry.objects.get(action="resolve_patients").detail["reason"] == "查［已隐去］"

    def test_a_wrong_passphrase_is_in_the_log_too(self, implanted, resolve):
        made = implanted()
        with refused_with("HO304"):
            resolve(made.token, passphrase="不是这个口令吧")
        assert AuditEntry.objects.filter(action="refuse_passphrase").count() == 1

    def test_after_five_it_waits_and_then_opens_again(self, implanted, resolve, now):
        made = implanted()
        for _ in range(5):
            with refused_with("HO304"):
                resolve(made.token, passphrase="不是这个口令吧")
        with refused_with("HO305"):
            resolve(made.token)
        assert resolve(made.token, at=now + dt.timedelta(minutes=60)).record_nos
        assert PatientVault.objects.get().failures == 0

    def test_a_lot_called_back_leads_to_all_its_patients(self, implanted, resolve, clinic):
        implanted("ZY1"), implanted("ZY2"), implanted("ZY3", lot="L2")
        tokens = [row.token for row in queries.implants(clinic, di=DI, lot="L1")]
        assert sorted(resolve(*tokens).record_nos.values()) == ["ZY1", "ZY2"]

    def test_what_a_patient_carries_is_found_by_the_number(self, implanted, hospital, archivist, now):
        mine, _, other = implanted(), implanted("ZY2"), implanted()
        found = implanting.find_patient(
            party=hospital, record_no=PATIENT, passphrase=PASSPHRASE, reason="本人查询", by=archivist, at=now
        )
        assert {row.pk for row in found} == {mine.pk, other.pk}

    def test_a_new_passphrase_opens_what_was_sealed_before(
        self, implanted, resolve, hospital, archivist, now
    ):
        made, new = implanted(), "科尔沁 草原 五月 牧羊犬"
        implanting.change_passphrase(
            party=hospital, passphrase=PASSPHRASE, new=new, again=new, by=archivist, at=now
        )
        assert resolve(made.token, passphrase=new).record_nos
        with refused_with("HO304"):
            resolve(made.token)

    def test_after_a_lost_one_a_new_key_says_what_stays_closed(
        self, implanted, resolve, hospital, archivist, now
    ):
        old, new = implanted(), "科尔沁 草原 五月 牧羊犬"
        implanting.open_vault(party=hospital, passphrase=new, again=new, by=archivist, at=now)
        fresh = implanted("ZY2")
        found = resolve(old.token, fresh.token, passphrase=new)
        assert (found.record_nos, found.closed) == ({fresh.token: "ZY2"}, [old.token])


class TestNowhereElse:
    """A patient's number is searched for wherever anything could stand."""

    @pytest.fixture
    def everything(self, implanted, resolve, hospital, archivist, clinic, now, caplog):
        """All that is done with a patient's number, right and wrong."""
        caplog.set_level(logging.DEBUG)
        made = implanted(department=f"骨科 {PATIENT}", supplier=f"为{PATIENT}代购")
        resolve(made.token, reason=f"查{PATIENT}")
        with refused_with("HO304"):
            resolve(made.token, passphrase="不是这个口令吧", reason=f"查{PATIENT}")
        implanting.find_patient(
            party=hospital,
            record_no=PATIENT,
            passphrase=PASSPHRASE,
            reason=f"{PATIENT}查询",
            by=archivist,
            at=now,
        )
        with refused_with("HO201"):
            implanted(lot="", product_name=PATIENT)
        return made

    def test_not_in_any_row_of_any_table(self, everything):
        stored = "".join(
            serializers.serialize("json", model.objects.all(), ensure_ascii=False)
            for model in apps.get_models()
        )
        assert PATIENT not in stored

    def test_not_in_the_bytes_of_its_box(self, everything):
        assert PATIENT.encode() not in bytes(ImplantRecord.objects.get().sealed)

    def test_not_in_what_was_logged(self, everything, caplog):
        assert PATIENT not in caplog.text and PASSPHRASE not in caplog.text

    def test_not_in_what_the_database_dumps(self, everything, capsys):
        call_command("dumpdata", "hospitals", "supply", "people", verbosity=0)
        assert PATIENT not in capsys.readouterr().out

    def test_the_passphrase_neither(self, everything):
        stored = "".join(
            serializers.serialize("json", model.objects.all(), ensure_ascii=False)
            for model in apps.get_models()
        )
        assert PASSPHRASE not in stored and PASSPHRASE.split()[0] not in stored

    def test_the_published_tables_have_no_column_for_it_nor_for_the_token(self):
        names = {column.name for table in TABLES for column in table.columns}
        assert not names & {"token", "patient", "sealed", "price_fen", "record_no"}
