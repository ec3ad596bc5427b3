"""What the office has read of the new laws, and which rules it held against their source."""

from __future__ import annotations

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.kernel import laws, rule_book
from xiejian.kernel.rule_book import Entry
from xiejian.people.actions import acknowledge_law, check_rule
from xiejian.people.policy import Actor

CHECKED = 3  # rules of its own plan that the section officer found to be as written
AGREES = "与本局存档的计划原文逐条核对一致"
DOUBT = "计划原文没有写明这一条，待向上级核实"


def read_and_check(staffed: Staffed) -> None:
    """The section and half of the visitors have read what is new; some own rules are checked."""
    visitors = [person for people in staffed.visitors.values() for person in people]
    readers = {person.username: Actor.of(person) for person in visitors[::2]}
    readers[staffed.officer.username] = staffed.officer
    at = moment(staffed.today, 9)
    for law in laws.load().to_read(staffed.today):
        for reader in readers.values():
            acknowledge_law(law=law, by=reader, at=at)
    own = [entry for entry in rule_book.entries() if entry.source.startswith(f"{staffed.key}/grading")]
    read = [entry for entry in own if not entry.unverified][:CHECKED]
    unsure = [entry for entry in own if entry.unverified][:1]
    for entry in read:
        _check(staffed, entry, staffed.officer, "true", AGREES)
    for entry in unsure:
        _check(staffed, entry, staffed.head, "doubt", DOUBT)


def _check(staffed: Staffed, entry: Entry, by: Actor, outcome: str, note: str) -> None:
    check_rule(entry=entry, outcome=outcome, note=note, on=staffed.today, by=by, at=moment(staffed.today, 10))
