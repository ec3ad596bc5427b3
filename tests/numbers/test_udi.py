"""Device codes: five agencies, every writing, one answer."""

import datetime as dt
import json

import pytest
from biip.checksums import gs1_standard_check_digit
from biip.gs1_messages import GS1Message
from hypothesis import given
from hypothesis import strategies as st

from xiejian.numbers import udi
from xiejian.numbers.udi_dates import date, full_year
from xiejian.numbers.udi_hibcc import check_character
from xiejian.numbers.udi_record import book

ON = dt.date(2026, 1, 1)
GS = "\x1d"


def read(text, on=ON):
    return udi.read(text, on=on)


def code_of(text):
    problem = read(text).problem
    return problem.code if problem else ""


class TestAPrintedGs1Code:
    def test_is_taken_apart(self):
        found = read("(01)06901234567892(11)141231(17)150707(10)A213B1(21)1234")
        assert found.valid
        assert (found.agency, found.di, found.lot, found.serial) == (
            "GS1",
            "06901234567892",
            "A213B1",
            "1234",
        )
        assert (found.made_on, found.expires_on) == (dt.date(2014, 12, 31), dt.date(2015, 7, 7))

    @pytest.mark.parametrize(
        "text",
        [
            "（０１）06901234567892（10）A1",
            " (01) 0690 1234 567892 (10) A1 ",
            "(01)06901234567892\n(10)A1",
            "(01)06901234567892<GS>(10)A1",
        ],
    )
    def test_may_be_full_width_spaced_or_separated(self, text):
        found = read(text)
        assert (found.valid, found.di, found.lot) == (True, "06901234567892", "A1")

    def test_says_that_full_width_was_put_right(self):
        assert "全角字符已改为半角" in read("（01）06901234567892").notes

    def test_may_hold_escaped_brackets(self):
        assert read(r"(01)06901234567892(10)A\(1\)").lot == "A(1)"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("(01)06901234567892(10)A(1", "N212"),
            ("(01)06901234567892(1A)5", "N212"),
            ("(01)0690123456789", "N207"),
            ("(01)06901234567892(10)123456789012345678901", "N207"),
            ("(01)06901234567892(10)A 批", "N203"),
            ("(01)06901234567892(05)1", "N206"),
            ("(01)06901234567892(10)A(10)B", "N211"),
        ],
    )
    def test_that_does_not_hold_says_why(self, text, code):
        found = read(text)
        assert (found.valid, found.problem.code) == (False, code)

    def test_with_a_wrong_check_digit_still_shows_its_fields(self):
        found = read("(01)06901234567893(10)A1")
        assert (found.valid, found.problem.code, found.di, found.lot) == (
            False,
            "N208",
            "06901234567893",
            "A1",
        )
        assert "应为 2" in found.problem.message

    def test_of_production_data_alone_is_valid_but_names_no_device(self):
        found = read("(17)260923(10)A1")
        assert (found.valid, found.di, found.lot) == (True, None, "A1")
        assert "没有产品标识" in found.notes[0]


class TestAScannedGs1Code:
    PLAIN = "0106901234567892111412311715070710A213B1{}211234"

    @pytest.mark.parametrize("separator", [GS, "␝", "<GS>", "{FNC1}", "^", "|", r"\x1d", r"\u001d"])
    def test_is_read_whatever_stands_for_the_separator(self, separator):
        found = read(self.PLAIN.format(separator))
        assert (found.valid, found.lot, found.serial) == (True, "A213B1", "1234")

    @pytest.mark.parametrize("prefix", ["", "]d2", "]C1", "]Q3", "]e0", "]J1", GS, "^", "]d2" + GS])
    def test_is_read_with_and_without_what_scanners_put_in_front(self, prefix):
        found = read(prefix + self.PLAIN.format(GS))
        assert (found.valid, found.di, found.serial) == (True, "06901234567892", "1234")

    def test_whose_separator_got_lost_keeps_everything_in_the_lot(self):
        assert read("010703206980498810032915210526").lot == "032915210526"

    def test_that_goes_on_where_a_separator_is_due_says_so(self):
        assert code_of("0106901234567892" + "10" + "A" * 21) == "N210"

    def test_with_wrong_content_of_known_length_is_read_to_its_end(self):
        found = read("]d220BL0103574661451947" + "10A1")
        assert (found.valid, found.di, found.lot, found.problem.code) == (
            False,
            "03574661451947",
            "A1",
            "N207",
        )

    @pytest.mark.parametrize("text", ["]d2", "]C1", "]Q3" + GS, "]e0", "^", GS])
    def test_without_content_is_none(self, text):
        assert code_of(text) == "N201"

    @pytest.mark.parametrize("text", ["]", "]X", "](1", "]E0123456789012"])
    def test_with_an_impossible_prefix_is_refused(self, text):
        assert code_of(text) == "N205"

    @pytest.mark.parametrize(
        "text", ["06972253600013", "6972253600013", "]E06972253600013", "]I106972253600013"]
    )
    def test_that_is_a_bare_gtin_gives_the_device(self, text):
        found = read(text)
        assert (found.valid, found.di) == (True, "06972253600013")

    @pytest.mark.parametrize(
        "text",
        ["10A1", "211234", "13812345678", "110101199003071234", "2026", "hello|world", "99TESTING", "10kg"],
    )
    def test_is_not_guessed_from_any_text(self, text):
        assert code_of(text) == "N204"

    def test_that_is_a_bare_gtin_is_not_taken_for_an_element(self):
        assert read("01690123456786").di == "01690123456786"

    def test_of_production_data_only_is_recognised_by_its_dates(self):
        found = read("17260923102024092401")
        assert (found.valid, found.di, found.lot) == (True, None, "2024092401")


class TestADateOfTwoDigitYear:
    @pytest.mark.parametrize(
        ("two", "on", "year"),
        [
            (76, 2026, 2076),
            (77, 2026, 1977),
            (26, 2026, 2026),
            (99, 2026, 1999),
            (40, 2090, 2140),
            (41, 2090, 2041),
        ],
    )
    def test_lies_at_most_fifty_years_ahead(self, two, on, year):
        assert full_year(two, dt.date(on, 6, 1), book().gs1["years_ahead"]) == year

    @given(st.integers(0, 99), st.dates(dt.date(1949, 1, 1), dt.date(2100, 12, 31)))
    def test_ends_in_its_digits_and_lies_in_the_window(self, two, on):
        year = full_year(two, on, 50)
        assert year % 100 == two
        assert -49 <= year - on.year <= 50

    def test_is_read_as_on_the_given_day(self):
        text = "(01)06901234567892(17)800101"
        assert read(text, on=dt.date(2026, 1, 1)).expires_on == dt.date(1980, 1, 1)
        assert read(text, on=dt.date(2031, 1, 1)).expires_on == dt.date(2080, 1, 1)


class TestDayZero:
    @pytest.mark.parametrize(
        ("digits", "last"), [("260200", (2026, 2, 28)), ("280200", (2028, 2, 29)), ("260900", (2026, 9, 30))]
    )
    def test_is_the_last_day_of_the_month(self, digits, last):
        found = read(f"(01)06901234567892(17){digits}")
        assert (found.valid, found.expires_on) == (True, dt.date(*last))

    def test_is_told(self):
        assert "最后一日" in read("(01)06901234567892(17)260900").notes[0]

    @pytest.mark.parametrize("digits", ["260229", "260931", "261301", "260001", "000000"])
    def test_and_no_other_impossible_day_is_accepted(self, digits):
        assert read(f"(01)06901234567892(17){digits}").problem.code in {"N207", "N209"}

    def test_is_not_accepted_where_gs1_wants_a_day(self):
        assert code_of("(01)06901234567892(7006)260900") == "N209"


class TestADigitalLink:
    @pytest.mark.parametrize(
        "text",
        [
            "https://id.gs1.org/01/06901234567892/10/A1?17=260923",
            "HTTPS://example.cn/udi/01/6901234567892/10/A1?17=260923&source=app",
            "https://example.cn/gtin/06901234567892/lot/A1?17=260923#top",
            "]Q1https://id.gs1.org/01/06901234567892/10/A1?17=260923",
        ],
    )
    def test_is_read_like_the_other_writings(self, text):
        found = read(text)
        assert (found.valid, found.di, found.lot) == (True, "06901234567892", "A1")
        assert found.expires_on == dt.date(2026, 9, 23)

    def test_may_hold_encoded_characters(self):
        assert read("https://a/01/06901234567892/10/A%2F1").lot == "A/1"

    @pytest.mark.parametrize(
        "text",
        [
            "https://a/01/06901234567892?10=A1",
            "https://a/01/06901234567892?99=A&99=A",
            "https://a/01/06901234567892?99=",
            "https://a/01/06901234567892?999=A",
            "https://a/01/06901234567892/21/5/10/A",
            "https://a/01/06901234567892/10/",
            "https://[a/01/06901234567892",
            "https://www.nmpa.gov.cn/",
        ],
    )
    def test_of_wrong_make_is_refused(self, text):
        assert code_of(text) == "N213"


def hibcc(body):
    return body + check_character(body)


class TestAHibccCode:
    def test_gives_device_lot_and_dates(self):
        found = read(hibcc("+H123PARTNO1234567890120/$$420020216LOT123456789012345/16D20130202/SXYZ4567"))
        assert found.valid
        assert (found.agency, found.di) == ("HIBCC", "H123PARTNO1234567890120")
        assert (found.lot, found.serial) == ("LOT123456789012345", "XYZ4567")
        assert (found.expires_on, found.made_on) == (dt.date(2020, 2, 2), dt.date(2013, 2, 2))
        assert found.unverified

    @pytest.mark.parametrize(
        ("data", "expires", "lot", "serial", "quantity"),
        [
            ("20015L1", (2020, 1, 15), "L1", None, None),
            ("$L1", None, "L1", None, None),
            ("$+S1", None, None, "S1", None),
            ("$$0928L1", (2028, 9, 30), "L1", None, None),
            ("$$2093028L1", (2028, 9, 30), "L1", None, None),
            ("$$3280930L1", (2028, 9, 30), "L1", None, None),
            ("$$428093012L1", (2028, 9, 30), "L1", None, None),
            ("$$528366L1", (2028, 12, 31), "L1", None, None),
            ("$$62836623L1", (2028, 12, 31), "L1", None, None),
            ("$$7L1", None, "L1", None, None),
            ("$$+3280930S1", (2028, 9, 30), None, "S1", None),
            ("$$8053280930L1", (2028, 9, 30), "L1", None, "5"),
            ("$$900100", None, None, None, "100"),
        ],
    )
    def test_carries_its_secondary_data_in_every_layout(self, data, expires, lot, serial, quantity):
        for text in (hibcc(f"+A123BJC5D6E71/{data}"), hibcc(f"+{data}G")):
            found = read(text)
            assert found.valid, (text, found.problem)
            assert (found.lot, found.serial, found.fields.get("quantity")) == (lot, serial, quantity)
            assert found.expires_on == (dt.date(*expires) if expires else None)

    def test_of_two_barcodes_is_joined_by_the_link_character(self):
        primary = hibcc("+A123BJC5D6E71")
        assert read(primary + hibcc("+$$3280930L1" + primary[-1])).valid
        assert code_of(primary + hibcc("+$$3280930L1X")) == "N224"

    def test_has_one_right_check_character_or_a_lost_blank(self):
        body = "+A123BJC5D6E71/$L1"
        accepted = {symbol for symbol in book().hibcc["symbols"] if read(body + symbol).valid}
        assert accepted == {check_character(body), "7"}
        assert "空格" in read(body + "7").notes[0]

    def test_keeps_a_blank_as_check_character_even_when_it_got_lost(self):
        body = next(b for n in range(99) if check_character(b := f"+A123B{n:02d}1") == " ")
        assert [read(text).valid for text in (body + " ", body, body + "_", f"*{body} *")] == [True] * 4

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ("+A123BJC5D6E71/$$3280931L1", "N223"),
            ("+A123BJC5D6E71/$$528367", "N223"),
            ("+A123BJC5D6E71/$$527366", "N223"),
            ("+A123BJC5D6E71/$$428093024L1", "N223"),
            ("+A123BJC5D6E71/16D20280230", "N223"),
            ("+A123BJC5D6E71/ZZZ", "N221"),
            ("+A12", "N221"),
            ("+A123BJC5D6E71/$" + "L" * 19, "N221"),
            ("+$", "N221"),
        ],
    )
    def test_of_wrong_make_says_why(self, body, code):
        assert code_of(hibcc(body)) == code

    def test_in_lower_case_is_refused(self):
        assert code_of("+a123bjc5d6e71g") == "N221"


class TestAnIsbt128Code:
    def test_gives_every_data_structure(self):
        found = read("=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123")
        assert found.valid
        assert (found.agency, found.di) == ("ICCBBA", "A9999XYZ100T0944")
        assert (found.serial, found.lot) == ("000025", "000000000000XYZ123")
        assert (found.made_on, found.expires_on) == (dt.date(2013, 2, 1), dt.date(2014, 2, 1))
        assert found.fields["donation"] == "A99971312345600"

    @pytest.mark.parametrize(("digits", "year"), [("014032", 2014), ("999032", 1999), ("101032", 2101)])
    def test_writes_the_century_in_one_digit(self, digits, year):
        assert read(f"=>{digits}").expires_on == dt.date(year, 2, 1)

    def test_may_belong_to_a_container(self):
        found = read("=)1TE123456A&)RZ12345678")
        assert (found.valid, found.di, found.lot) == (True, "1TE123456A", "RZ12345678")

    @pytest.mark.parametrize(
        ("text", "code"),
        [("=/A9999", "N231"), ("=>014400", "N232"), ("==", "N231"), ("=,000025=,000026", "N231")],
    )
    def test_of_wrong_make_says_why(self, text, code):
        assert code_of(text) == code


class TestAnMaCode:
    DI = "MA.156.M0.100001.10000011"

    def test_gives_device_and_production(self):
        found = read(f"{self.DI}.LA1.S77.M20250102.V20260923.D9")
        assert (found.valid, found.agency, found.di) == (True, "MA", self.DI)
        assert (found.lot, found.serial) == ("A1", "77")
        assert (found.made_on, found.expires_on) == (dt.date(2025, 1, 2), dt.date(2026, 9, 23))
        assert found.fields["sterilisation_lot"] == "9"

    def test_says_that_its_check_character_was_not_checked(self):
        assert "校验位" in read(self.DI).notes[0]

    def test_may_stand_in_a_link(self):
        assert read(f"https://s.example.cn/?m={self.DI}.E260923").expires_on == dt.date(2026, 9, 23)

    def test_may_have_a_full_stop_in_its_lot(self):
        assert read(f"{self.DI}.LA.1.2").lot == "A.1.2"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("MA.156.100001.1000001", "N241"),
            (DI + "0", "N241"),
            (DI + ".X1", "N242"),
            (DI + ".L", "N242"),
            (DI + ".L1.L2", "N242"),
            (DI + ".E20260931", "N243"),
            (DI + ".E2026", "N243"),
        ],
    )
    def test_of_wrong_make_says_why(self, text, code):
        assert code_of(text) == code


class TestAnAhmCode:
    @pytest.mark.parametrize(
        "text",
        [
            "AHM8812345600017(BN)A1(SN)77(MD)20250102(ED)20260923",
            f"AHM.8812345600017{GS}BNA1;SN:77;MD250102;ED260923",
        ],
    )
    def test_whose_parts_are_set_off_is_taken_apart(self, text):
        found = read(text)
        assert (found.valid, found.agency, found.di) == (True, "AHM", "8812345600017")
        assert (found.lot, found.serial, found.expires_on) == ("A1", "77", dt.date(2026, 9, 23))

    def test_without_separators_is_never_guessed(self):
        assert read("AHM8812345600017BNA1").lot is None

    def test_is_marked_as_not_verified(self):
        assert read("AHM8812345600017").unverified

    @pytest.mark.parametrize(
        ("text", "code"),
        [("AHM", "N251"), ("AHM(BN)1", "N251"), ("AHM88(QQ)1", "N242"), ("AHM88(ED)1", "N243")],
    )
    def test_of_wrong_make_says_why(self, text, code):
        assert code_of(text) == code


STARTS = (
    "]d2 ]Q1 ]E0 (01) 01 +A123 +$$ =/ = & MA.156.M0. AHM https://a/01/ https://[ (390 (3929) 8008 (7007) (02)"
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.text("()[]{}+=&$/*.^|\\ \x1d0123456789ABDEHJLMNQSTabhpst:?%#", max_size=120),
    st.tuples(st.sampled_from(STARTS.split()), st.text("()0123456789ABMLSE.\x1d/=+$? %", max_size=80)).map(
        "".join
    ),
)


class TestAnyText:
    @given(TEXTS)
    def test_has_an_answer_and_never_a_trace(self, text):
        found = read(text)
        assert found.valid == (found.problem is None)
        if not found.valid:
            assert found.problem.code.startswith("N2")
            assert found.problem.message and found.problem.next
        json.dumps(found.as_json(), ensure_ascii=False).encode("utf-8")

    @pytest.mark.parametrize(
        "piece",
        [
            "9",
            "(10)A",
            "2011",
            GS,
            "+",
            "=",
            "A/",
            "/Q1",
            ".L1",
            "(",
            "\\",
            "�",
            "\ud800",
            "㎉",
            "]d2",
            "٣",
            "https://",
        ],
    )
    @pytest.mark.parametrize(
        "start",
        ["", "(01)", "]C1", "+A123", "+$$9", "=/", "MA.156.M0.100001.10000011", "AHM1", "https://a/01/"],
    )
    def test_of_ten_kilobytes_is_answered(self, start, piece):
        limit = book().text_limit
        text = (start + piece * limit)[:limit]
        assert read(text).problem or read(text).valid

    def test_with_half_a_character_is_answered_in_characters_that_can_be_printed(self):
        json.dumps(read("\ud800").as_json(), ensure_ascii=False).encode("utf-8")

    def test_longer_than_the_limit_is_not_read(self):
        assert code_of("9" * (book().text_limit + 1)) == "N202"

    @pytest.mark.parametrize("text", ["", " ", "\n", "\x00"])
    def test_that_is_empty_says_so(self, text):
        assert code_of(text) == "N201"


CSET = st.text("ABCxyz0123456789-./", min_size=1, max_size=20)


@st.composite
def gs1_parts(draw):
    body = f"{draw(st.integers(0, 10**13 - 1)):013d}"
    day = draw(st.dates(dt.date(2000, 1, 1), dt.date(2075, 12, 31)))
    return body + str(gs1_standard_check_digit(body)), day, draw(CSET), draw(CSET)


class TestEveryWritingOfOneCode:
    @given(gs1_parts())
    def test_reads_back_what_was_written(self, parts):
        di, day, lot, serial = parts
        digits = day.strftime("%y%m%d")
        for text in (
            f"(01){di}(17){digits}(10){lot}(21){serial}",
            f"]d201{di}17{digits}10{lot}{GS}21{serial}",
            f"01{di}17{digits}10{lot}^21{serial}",
            f"https://a/01/{di}/10/{lot.replace('/', '%2F')}/21/{serial.replace('/', '%2F')}?17={digits}",
        ):
            found = read(text)
            assert (found.di, found.lot, found.serial, found.expires_on) == (di, lot, serial, day), text
            assert found.valid

    @given(gs1_parts())
    def test_agrees_with_the_library(self, parts):
        di, day, lot, serial = parts
        text = f"01{di}17{day:%y%m%d}10{lot}{GS}21{serial}"
        theirs = {e.ai.ai: e.value for e in GS1Message.parse(text).element_strings}
        assert dict(read("]d2" + text).fields) == theirs


@given(
    st.dates(dt.date(2000, 1, 1), dt.date(2049, 12, 31)),
    st.sampled_from(["YYMMDD", "MMDDYY", "YYYYMMDD", "YYJJJ"]),
)
def test_every_layout_of_a_date_reads_back(day, layout):
    written = layout.replace("YYYY", f"{day:%Y}").replace("YY", f"{day:%y}").replace("MM", f"{day:%m}")
    written = written.replace("DD", f"{day:%d}").replace("JJJ", f"{day:%j}")
    assert date(written, layout, on=dt.date(2020, 1, 1), years_ahead=50) == day


def test_every_rule_that_was_not_read_at_its_source_is_marked():
    unverified = {agency.id for agency in book().agencies.values() if agency.unverified}
    assert unverified == {"HIBCC", "ICCBBA", "MA", "AHM"}


#: the texts that we judge or date otherwise, argued in udi-differences.md
NO_DEVICE_CODE = (
    "]Q1 ]Q1TESTING ]Q1^TESTING ]Q1\\^TESTING ]d1 ]d1^TESTING ]J0TESTING ]J0^TESTING ]J0\\^TESTING"
)
LETTERS_FOR_A_VARIANT = f"]d220BL0103574661451947301{GS}9915489{GS}9815647{GS}24040600199T{GS}71025862471"
DIFFERENCES = {
    "valid": {*NO_DEVICE_CODE.split(), LETTERS_FOR_A_VARIANT},
    "expiry": {"+J123AQ3451/$$1125BC34567/S4012L", "+J123AQ3451/$$0125BC34567/S4012K"},
}


@pytest.fixture
def vectors(shared):
    lines = (shared / "udi-barcode-vectors" / "vectors.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.shared
class TestTheCollectedVectors:
    def test_are_judged_as_published_but_for_the_argued(self, vectors):
        differing = {v["input"] for v in vectors if read(v["input"]).valid != v["valid"]}
        assert len(vectors) == 177
        assert differing == DIFFERENCES["valid"]

    def test_give_every_expected_field_but_the_argued(self, vectors):
        differing = set()
        for vector in vectors:
            found = read(vector["input"])
            known = {
                **found.fields,
                "lot": found.lot,
                "serial": found.serial,
                "expiry": found.expires_on,
                "manufactured": found.made_on,
                "product_code": found.fields.get("product_code", found.di),
                "additional_id": found.fields.get("240"),
                "customer_part_number": found.fields.get("241"),
            }
            expected = vector.get("fields", vector.get("fields_if_lenient", {}))
            differing |= {
                (name, vector["input"])
                for name, value in expected.items()
                if not name.endswith(("_raw", "_format")) and str(known.get(name)) != str(value)
            }
        assert differing == {("expiry", text) for text in DIFFERENCES["expiry"]}

    def test_give_every_element_of_the_published_normal_form(self, vectors):
        wrong = []
        for vector in vectors:
            published = vector.get("normalised") or ""
            if published.startswith("^") and vector["input"] not in DIFFERENCES["valid"]:
                ours = "".join(ai + value for ai, value in read(vector["input"]).fields.items())
                if ours != published.replace("^", ""):
                    wrong.append((vector["input"], ours))
        assert wrong == []

    def test_name_the_agency(self, vectors):
        names = {"GS1": "GS1", "HIBC": "HIBCC", "ICCBBA": "ICCBBA", "MA": "MA"}
        valid = [v for v in vectors if v["valid"] and v["input"] not in DIFFERENCES["valid"]]
        assert [v["input"] for v in valid if read(v["input"]).agency != names[v["standard"]]] == []


@pytest.mark.shared
def test_real_device_identifiers_are_recognised(shared):
    lines = (
        (shared / "udi-nmpa-layout" / "observed_identifiers.csv").read_text(encoding="utf-8").splitlines()[1:]
    )
    known = [line.split(",")[0] for line in lines]
    assert [read(di).di for di in known] == known
