"""xiejian packs check: the rules, their examples and the laws they name."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from xiejian.cli import packs
from xiejian.cli.main import main
from xiejian.kernel import deadline_examples, examples, penalty_examples
from xiejian.numbers import examples as number_examples


def check(*arguments: str):
    return CliRunner().invoke(main, ["packs", "check", *arguments])


@pytest.fixture(scope="module")
def whole():
    return check("--json", "--laws")


class TestCheck:
    def test_all_rules_and_examples_hold(self, whole):
        assert (whole.exit_code, json.loads(whole.stdout)["problems"]) == (0, [])

    @pytest.mark.parametrize("room", [examples, deadline_examples, penalty_examples, number_examples])
    def test_runs_the_examples_of_every_kind(self, room):
        assert room.load_all in [runner.load_all for runner in packs.EXAMPLES]

    def test_counts_the_examples(self, whole):
        assert json.loads(whole.stdout)["examples"] == sum(len(r.load_all()) for r in packs.EXAMPLES)

    def test_names_the_citations_that_name_no_law(self, whole):
        unknown = json.loads(whole.stdout)["unknown_laws"]
        assert all(f"{one['rule']}：{one['citation']}" in whole.stderr for one in unknown)

    def test_few_citations_name_no_law(self, whole):
        assert len(json.loads(whole.stdout)["unknown_laws"]) < 40

    def test_an_example_that_does_not_hold_is_a_fault(self, monkeypatch):
        wrong = packs.Runner(
            number_examples.load_all,
            lambda one: packs._number_problems(one.name, ["x"]),
            lambda _: [],
        )
        monkeypatch.setattr(packs, "EXAMPLES", (wrong,))
        assert check().exit_code == 1
