"""Problems, not error strings: what happened, where, what to do next.

Each room keeps its own numbered catalogue in ``problems.toml`` beside its code.
The web shows a problem, the command line prints it and takes its exit code from
it. Nothing reads a problem's text to decide; code compares ``problem.code``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: what a problem over HTTP is sent as (RFC 9457)
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    ``code`` is the stable number in the catalogue, ``message`` says what happened,
    ``where`` names the record, sheet, row or field, ``next`` says what to do, and
    ``clause`` cites the rule where the law is the reason.
    """

    code: str
    message: str
    where: str = ""
    next: str = ""
    clause: str = ""

    def as_json(self) -> dict[str, str]:
        """The problem object of the contract; ``clause`` only where there is one."""
        return {k: v for k, v in asdict(self).items() if v or k != "clause"}

    def as_details(self, status: int) -> dict[str, str | int]:
        """The same over HTTP: the members of RFC 9457 first, then ours."""
        of_rfc: dict[str, str | int] = {
            "type": f"urn:xiejian:problem:{self.code}",
            "title": self.message,
            "status": status,
            "detail": str(self),
        }
        ours = {key: value for key, value in self.as_json().items() if key != "message"}
        return {**of_rfc, **ours}

    def __str__(self) -> str:
        parts = [self.message]
        if self.where:
            parts.append(f"位置：{self.where}")
        if self.clause:
            parts.append(f"依据：{self.clause}")
        if self.next:
            parts.append(f"处理：{self.next}")
        return "；".join(parts)


class Refused(Exception):
    """Raised when something cannot be done; carries every problem found, never none."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        if not self.problems:
            raise ValueError("Refused needs at least one problem")
        super().__init__("；".join(str(p) for p in self.problems))

    @property
    def first(self) -> Problem:
        return self.problems[0]


class Catalogue:
    """The numbered problems of one room, read from a TOML file.

    Calling it makes a problem: ``problems("R201", where="第3行", name="甲")``.
    An unknown number raises KeyError: a typing mistake of ours, not of the user.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.entries: dict[str, dict[str, str]] = tomllib.load(file)
        for code, entry in self.entries.items():
            if not entry.get("message") or not entry.get("next"):
                raise ValueError(f"{path.name}: {code} needs a message and a next step")

    def __call__(self, code: str, /, where: str = "", **facts: Any) -> Problem:
        entry = self.entries[code]
        return Problem(
            code=code,
            message=entry["message"].format(**facts),
            where=where,
            next=entry["next"].format(**facts),
            clause=entry.get("clause", ""),
        )
