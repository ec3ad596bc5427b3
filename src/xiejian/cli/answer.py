"""One-off answers: JSON alone on standard output, problems with their exit code, nothing stored.

No Django here: these commands start in a fraction of the time of those that open the store.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

json_option = click.option("--json", "as_json", is_flag=True, help="标准输出只给一份 JSON")
batch_option = click.option(
    "--batch", type=click.Path(path_type=Path), help="一份 JSON 列表，逐项回答，顺序不变"
)


def emit(answer: Any, as_json: bool, text: str = "") -> None:
    """Print the answer: the JSON document alone, or ``text`` for people."""
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, default=str))
    else:
        click.echo(text or json.dumps(answer, ensure_ascii=False, indent=2, default=str))


def say(message: str) -> None:
    """A message or progress, on standard error."""
    click.echo(message, err=True)


def unusable(problem: Problem, as_json: bool) -> None:
    """Print the problem and leave with exit code 2: the input cannot be used."""
    if as_json:
        click.echo(json.dumps(problem.as_json(), ensure_ascii=False))
    else:
        say(f"[{problem.code}] {problem}")
    sys.exit(2)


def answering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command function that takes ``as_json``: Refused becomes exit 2."""

    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except Refused as refused:
            unusable(refused.first, bool(options.get("as_json")))

    return run


def read_json(path: Path, expected: type) -> Any:
    """The JSON document in a file; Refused X001 when it cannot be read, X002 when it is of another kind."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(problems("X001", str(path), why=str(error)[:200])) from error
    if not isinstance(found, expected):
        raise Refused(problems("X002", str(path), wanted="列表" if expected is list else "对象"))
    return found
