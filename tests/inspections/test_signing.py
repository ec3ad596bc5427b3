"""签名: names freeze the record, a refusal is witnessed, what is missing goes into a supplement."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from visiting import appoint
from xiejian.inspections import actions, products, signing, site_record
from xiejian.inspections.models import Signature, SiteRecord
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor

STROKES = [[[0.1, 0.1, 0, 0.5], [0.3, 0.2, 40, 0.5]]]


def png(size: tuple[int, int] = (30, 10)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, (0, 0, 0, 255)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def sign(started, inspector, now):
    """Signs the record of the visit under way; a test names only what it is about."""

    def make(**facts):
        row = SiteRecord.objects.filter(visit=started, part=facts.get("part", 0)).first()
        given = {
            "visit": started, "role": "inspector", "name": "王检", "image": png(), "strokes": STROKES,
            "signed_at": now, "digest": row.digest if row else site_record.standing(started).digest,
            "by": inspector, "at": now,
        }  # fmt: skip
        return signing.sign_record(**given | facts)

    return make


@pytest.fixture
def refuse(started, inspector, now):
    def make(**facts):
        given = {
            "visit": started, "name": "白明", "reason": "认为记录有误", "witnesses": ["社区李某"],
            "signed_at": now, "digest": site_record.standing(started).digest, "by": inspector, "at": now,
        }  # fmt: skip
        return signing.refuse_signature(**given | facts)

    return make


def code(refused) -> str:
    return refused.value.first.code


class TestTheText:
    def test_holds_what_was_found(self, started, answer_all):
        answer_all(started, failing=["T-CZ-CL-4"])
        assert "现场未能提供" in site_record.standing(started).text

    def test_is_the_same_when_nothing_has_changed(self, started):
        assert site_record.standing(started) == site_record.standing(started)

    def test_is_another_when_a_finding_has_changed(self, started, answer_all):
        before = site_record.standing(started).digest
        answer_all(started)
        assert site_record.standing(started).digest != before


class TestSigning:
    def test_keeps_picture_and_strokes(self, sign):
        row = sign()
        with row.file.open() as file:
            assert (file.read(), row.strokes) == (png(), STROKES)

    def test_is_bound_to_the_text(self, sign, started):
        assert sign().digest == site_record.digest_of(site_record.standing(started).text)

    def test_names_the_officer_of_the_team(self, sign, team):
        assert sign(name="赵检").officer == team[1]

    def test_by_the_same_person_again_is_one_signature(self, sign):
        assert (sign().pk, Signature.objects.count()) == (sign().pk, 1)

    def test_leaves_both_digests_in_the_audit_chain(self, sign):
        row = sign()
        detail = AuditEntry.objects.get(action="sign_record").detail
        assert (detail["text_sha256"], detail["picture_sha256"]) == (row.digest, row.sha256)

    def test_of_a_text_that_has_changed_since_it_was_shown_is_refused(self, sign, started, answer_all):
        shown = site_record.standing(started).digest
        answer_all(started)
        with pytest.raises(Refused) as refused:
            sign(digest=shown)
        assert (code(refused), SiteRecord.objects.count()) == ("I603", 0)

    def test_of_what_a_device_showed_keeps_its_words(self, sign):
        row = sign(text="设备上的记录", digest=site_record.digest_of("设备上的记录"))
        assert (row.record.text, row.record.from_device) == ("设备上的记录", True)

    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            ({"role": "friend"}, "I602"),
            ({"name": " ", "role": "party"}, "I606"),
            ({"strokes": []}, "I604"),
            ({"strokes": [[1, 2]]}, "I604"),
            ({"image": b"no picture"}, "I604"),
            ({"image": b"x" * 600 * 1024}, "I607"),
            ({"name": "外检"}, "I608"),
            ({"part": 1, "digest": ""}, "I611"),
        ],
        ids=[
            "no such role",
            "no name",
            "nothing drawn",
            "strokes of another shape",
            "no picture",
            "too large",
            "not sent",
            "no such part",
        ],
    )
    def test_that_is_none_is_refused(self, sign, facts, expected):
        with pytest.raises(Refused) as refused:
            sign(**facts)
        assert (code(refused), Signature.objects.count()) == (expected, 0)

    def test_before_the_visit_begins_is_refused(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            signing.sign_record(
                visit=planned, role="party", name="白明", image=png(), strokes=STROKES, signed_at=now,
                digest="", by=inspector, at=now,
            )  # fmt: skip
        assert code(refused) == "I612"

    def test_by_another_office_is_refused(self, sign):
        with pytest.raises(Refused) as refused:
            sign(by=Actor("x", "外人", "522726", "section_officer"))
        assert code(refused) == "P101"


class TestTheSignedRecord:
    def test_takes_no_more_findings(self, sign, started, answer_all):
        sign()
        with pytest.raises(Refused) as refused:
            answer_all(started)
        assert code(refused) == "I601"

    def test_takes_no_more_products(self, sign, started, inspector, now):
        sign()
        with pytest.raises(Refused) as refused:
            products.check_product(visit=started, text="x", by=inspector, at=now)
        assert code(refused) == "I601"

    def test_stays_as_it_was_when_the_visit_is_concluded(self, sign, started, answer_all, inspector, now):
        answer_all(started)
        before = sign().record.text
        actions.conclude_visit(visit=started, by=inspector, at=now)
        assert site_record.standing(started).text == before

    def test_stays_as_it_was_when_the_party_is_renamed(self, sign, started, shop):
        before = sign().record.text
        type(shop).objects.filter(pk=shop.pk).update(name="改了名的店")
        started.refresh_from_db()
        assert site_record.standing(started).text == before


class TestARefusalToSign:
    def test_stands_with_reason_and_witnesses(self, refuse):
        row = refuse()
        assert (row.refused, row.statement, row.witnesses) == (True, "认为记录有误", "社区李某")

    def test_freezes_the_record_like_a_signature(self, refuse, started, answer_all):
        refuse()
        with pytest.raises(Refused) as refused:
            answer_all(started)
        assert code(refused) == "I601"

    @pytest.mark.parametrize(
        ("facts", "expected"), [({"reason": ""}, "I106"), ({"witnesses": [" "]}, "I609")]
    )
    def test_needs_a_reason_and_somebody_who_saw_it(self, refuse, facts, expected):
        with pytest.raises(Refused) as refused:
            refuse(**facts)
        assert code(refused) == expected

    def test_is_not_undone_by_signing_after_all(self, refuse, sign):
        refuse()
        with pytest.raises(Refused) as refused:
            sign(role="party", name="白明")
        assert code(refused) == "I615"

    def test_does_not_follow_a_signature(self, refuse, sign):
        sign(role="party", name="白明")
        with pytest.raises(Refused) as refused:
            refuse()
        assert code(refused) == "I615"


class TestASupplement:
    def write(self, visit, inspector, now, text="漏记库房温度"):
        return signing.supplement_record(visit=visit, text=text, by=inspector, at=now)

    def test_follows_a_signed_record(self, sign, started, inspector, now):
        sign()
        assert [self.write(started, inspector, now).part for _ in range(2)] == [1, 2]

    def test_is_signed_by_itself(self, sign, started, inspector, now):
        sign()
        self.write(started, inspector, now)
        assert sign(part=1, role="party", name="白明").record.part == 1

    def test_of_a_record_that_nobody_has_signed_is_refused(self, started, inspector, now):
        with pytest.raises(Refused) as refused:
            self.write(started, inspector, now)
        assert code(refused) == "I605"

    def test_that_says_nothing_is_refused(self, sign, started, inspector, now):
        sign()
        with pytest.raises(Refused) as refused:
            self.write(started, inspector, now, text=" ")
        assert code(refused) == "I610"


def test_an_inspector_who_came_besides_may_not_sign_as_one_sent(sign, now):
    appoint("extra", "钱检", "150525100", now)
    with pytest.raises(Refused) as refused:
        sign(name="钱检")
    assert code(refused) == "I608"
