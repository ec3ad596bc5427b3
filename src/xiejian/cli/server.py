"""init, serve and verify: the store and the running system."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from django.conf import settings
from django.core.management import call_command
from granian import Granian
from granian.constants import Interfaces

from xiejian.cli.output import command, emit, json_option, say, upgrade_store
from xiejian.inspections import custody
from xiejian.people import audit


@click.command(help="建立或升级数据库，可重复执行")
@json_option
@command()
def init(as_json: bool) -> None:
    settings.DATA.mkdir(parents=True, exist_ok=True)
    upgrade_store()
    emit({"data": str(settings.DATA), "ready": True}, as_json, f"数据目录：{settings.DATA}，数据库已就绪")


def run_server(host: str, port: int, workers: int) -> None:
    """Collect the static files and serve until stopped."""
    call_command("collectstatic", verbosity=0, interactive=False)
    say(f"请在浏览器打开 http://{host}:{port}")
    Granian(
        "xiejian.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        log_access=False,
    ).serve()


@click.command(help="启动网页服务")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help="进程数")
@json_option
@command(stored=True)
def serve(host: str, port: int, workers: int, as_json: bool) -> None:
    run_server(host, port, workers)


@click.command(help="校验审计链、证据和签名文件")
@json_option
@command(stored=True)
def verify(as_json: bool) -> None:
    broken = audit.broken_at()
    count, faults = custody.faults()
    answer = {
        "audit_chain": "whole" if broken is None else "broken", "broken_at": broken,
        "files": count, "file_faults": [asdict(fault) for fault in faults],
    }  # fmt: skip
    lines = ["审计链完整" if broken is None else f"审计链在第 {broken} 条断开"]
    outcome = f"{len(faults)} 件有问题：" if faults else "全部与存入时一致"
    lines.append(f"证据、签名和签名的记录 {count} 件，{outcome}")
    lines += [f"  {fault.place} {fault.file}：{custody.STATES[fault.state]}" for fault in faults]
    emit(answer, as_json, "\n".join(lines))
    sys.exit(0 if broken is None and not faults else 1)


COMMANDS = [init, serve, verify]
