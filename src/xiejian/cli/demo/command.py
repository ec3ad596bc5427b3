"""demo: a whole office's year on realistic input, then the web pages."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import click
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from xiejian.cli.demo.accounts import PASSWORD_VARIABLE, password
from xiejian.cli.demo.build import Built, build
from xiejian.cli.demo.invention import read
from xiejian.cli.output import command as stored_command
from xiejian.cli.output import emit, json_option, say, upgrade_store
from xiejian.cli.server import check_free, run_server
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people.models import Office

problems = Catalogue(Path(__file__).parents[1] / "problems.toml")


def marker() -> Path:
    """Beside the store: says that the demo made it, and whether it was finished."""
    return settings.DATA / "demo.json"


def state() -> str:
    """ "empty", "demo" (built), "broken" (a build that stopped) or "own" (somebody's work)."""
    if marker().exists():
        return "demo" if json.loads(marker().read_text(encoding="utf-8")).get("built") else "broken"
    return "own" if Office.objects.exists() else "empty"


def clear_store() -> None:
    """Take away what an earlier demo made: rows, uploaded files, its marker."""
    call_command("flush", verbosity=0, interactive=False)
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    marker().unlink(missing_ok=True)


def make(out: Path) -> Built:
    """Build into the empty store; the marker says "built" only at the very end."""
    settings.DATA.mkdir(parents=True, exist_ok=True)
    marker().write_text(json.dumps({"built": False}), encoding="utf-8")
    started = time.monotonic()
    built = build(out, say)
    report = {"built": True, "seconds": round(time.monotonic() - started, 1), "offices": built.counts}
    marker().write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
    return built


def accounts() -> list[str]:
    """The accounts to try first, one line per office."""
    roles = "officer（科室）、inspector（检查员）、head（负责人）、city（上级）、admin（管理员）"
    return [f"  {o['name']}：{o['key']}.officer" for o in read("offices")["office"]] + [f"  角色：{roles}"]


def text(built: Built, out: Path) -> str:
    """What was made and where, for people."""
    lines = ["演示数据已建立（单位、人员、编号均为虚构）："]
    for office, counts in built.counts.items():
        lines.append(f"  {office}：" + "，".join(f"{kind} {count}" for kind, count in counts.items()))
    lines.append(f"文件：{out.resolve()}（{len(built.files)} 个）")
    lines += [f"  {path.relative_to(out)}" for path in built.files if path.parent == out]
    shown = f"环境变量 {PASSWORD_VARIABLE} 所设" if os.environ.get(PASSWORD_VARIABLE) else password()
    return "\n".join([*lines, f"登录口令：{shown}", *accounts()])


@click.command(help="演示：三个机构真实规模的一年，然后打开网页")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--build-only", is_flag=True, help="只建立数据，不启动网页")
@click.option("--fresh", is_flag=True, help="重建：先清除原有演示数据")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("out"), show_default=True,
    help="计划、报表、文书写到的文件夹",
)  # fmt: skip
@json_option
@stored_command()
def demo(host: str, port: int, build_only: bool, fresh: bool, out: Path, as_json: bool) -> None:
    if not build_only:
        check_free(host, port)  # before the half minute of building
    settings.DATA.mkdir(parents=True, exist_ok=True)
    upgrade_store()
    found = state()
    if found == "own":
        raise Refused(problems("X501", str(settings.DATA)))
    if found == "broken" or (fresh and found == "demo"):
        clear_store()
    if found == "demo" and not fresh:
        answer = json.loads(marker().read_text(encoding="utf-8"))
        emit(
            answer | {"existing": True}, as_json, f"演示数据已在 {settings.DATA}，不再重建（--fresh 可重建）"
        )
    else:
        built = make(out)
        files = [str(path) for path in built.files]
        emit({"offices": built.counts, "files": files, "existing": False}, as_json, text(built, out))
    if build_only:
        return
    os.environ["XIEJIAN_DEMO"] = "1"
    connection.close()
    run_server(host, port, workers=1)


COMMANDS = [demo]
