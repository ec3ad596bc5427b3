"""xiejian trace: the answer of the contract."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from traced import DI, LOT, OTHER, TODAY, lot_on_its_way
from xiejian.cli.main import main


def run(*arguments):
    result = CliRunner().invoke(main, ["trace", *arguments, "--on", TODAY.isoformat(), "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def on_its_way(db):
    lot_on_its_way()


class TestTrace:
    @pytest.mark.parametrize("asked", [["--di", DI, "--lot", LOT], ["--udi", f"(01){DI}(10){LOT}"]])
    def test_answers_nodes_edges_holders_and_unaccounted(self, on_its_way, asked):
        code, answer = run(*asked)
        counted = [len(answer[key]) for key in ("nodes", "edges", "holders")]
        assert (code, counted, answer["unaccounted"]) == (0, [5, 4, 4], 2)

    def test_takes_a_party(self, on_its_way):
        assert len(run("--di", DI, "--lot", LOT, "--party", OTHER)[1]["nodes"]) == 3

    def test_says_in_words_who_has_it_and_what_is_missing(self, on_its_way):
        shown = (
            CliRunner().invoke(main, ["trace", "--di", DI, "--lot", LOT, "--on", TODAY.isoformat()]).stdout
        )
        assert (
            "奈曼医院\t27" in shown and "奈曼经销 → 奈曼医院：发出 30，登记收到 28，2 没有收货记录" in shown
        )

    def test_of_an_unknown_lot_is_refused(self, on_its_way):
        code, answer = run("--di", DI, "--lot", "none")
        assert (code, answer["code"]) == (2, "SU502")
