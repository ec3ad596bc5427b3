"""Numbers that packs/inspections/rules.toml sets for evidence and signatures."""

from __future__ import annotations

from xiejian.inspections import checklists

MEGABYTE = 1024 * 1024


def evidence_limit(kind: str) -> int:
    """How large one file of evidence may be: photo, scan, audio, video, document in MB."""
    return int(checklists.rules()["limit"][kind]["value"])


def most_pixels() -> int:
    """How many pixels a photo may have."""
    return int(checklists.rules()["limit"]["pixels"]["value"]) * 1_000_000


def signature_kb() -> int:
    """How large the picture of a signature may be, in KB."""
    return int(checklists.rules()["limit"]["signature"]["value"])


def clock_minutes() -> int:
    """From how many minutes on a device's clock counts as wrong."""
    return int(checklists.rules()["value"]["EV-CLOCK"]["value"])


def witnesses_of_refusal() -> int:
    """How many people must have seen that somebody refused to sign."""
    return int(checklists.rules()["value"]["SG-1"]["value"])


def days_to_head() -> int:
    """From how many days past its date on an open correction is put before the head."""
    return int(checklists.rules()["value"]["CR-HEAD"]["value"])


def link_days() -> int:
    """How many days after the date of the order the firm's link still works."""
    return int(checklists.rules()["value"]["CR-LINK"]["value"])


def answers_in_hour() -> int:
    """How often a firm may send its answer within an hour."""
    return int(checklists.rules()["value"]["CR-RATE"]["value"])


def files_in_answer() -> int:
    """How many files a firm may send with one answer."""
    return int(checklists.rules()["value"]["CR-FILES"]["value"])


def filing_span() -> int:
    """Filings of how many days back the list of visits after a filing holds."""
    return int(checklists.rules()["value"]["FC-SPAN"]["value"])
