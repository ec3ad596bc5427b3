"""xiejian record: the same walk and the same refusals as over HTTP."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.utils import timezone

from moment import NOW
from proceeding_walk import Team
from sanction_walk import SECRET, SHOP, walk
from visiting import enrol
from xiejian.cli.main import main


@pytest.fixture
def run(tmp_path, naiman):
    Team(NOW)

    def go(*words: str, facts: dict | None = None, by: str = "bing"):
        file = tmp_path / "facts.json"
        file.write_text(json.dumps(facts or {}))
        more = [] if facts is None else ["--facts", str(file)]
        answer = CliRunner().invoke(main, ["record", *words, *more, "--by", by, "--json"])
        return answer.exit_code, json.loads(answer.stdout)

    return go


class TestRecord:
    def test_leads_from_a_complaint_to_a_lower_credit_grade(self, run):
        shop = enrol(SHOP, "150525100", NOW, uscc="91150525MA0N000012", credit_grade="A")

        def door(by: str, kind: str, key: str, step: str, facts: dict):
            words = ["create", kind] if step == "create" else ["step", kind, key, step]
            code, answer = run(*words, facts=facts, by=by)
            assert code == 0, (kind, step, answer)
            return answer

        last = walk(door, timezone.localdate())
        shop.refresh_from_db()
        assert (last["publication"]["state"], shop.credit_grade > "A") == ("published", True)
        assert SECRET not in json.dumps(last, ensure_ascii=False)

    def test_is_listed(self, run):
        assert run("list", "lead")[1]["total"] == 0

    @pytest.mark.parametrize(
        ("words", "by", "code"),
        [
            (["show", "dream", "1"], "bing", "Y101"),
            (["show", "lead", "无"], "bing", "Y102"),
            (["list", "lead"], "nobody", "X003"),
        ],
    )
    def test_that_is_not_there_says_so(self, run, words, by, code):
        assert (2, code) == (lambda found: (found[0], found[1]["code"]))(run(*words, by=by))
