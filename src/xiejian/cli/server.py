"""init, serve and verify: the store and the running system."""

from __future__ import annotations

import errno
import socket
import sys
from dataclasses import asdict
from pathlib import Path

import click
from django.conf import settings
from django.core.management import call_command
from granian import Granian
from granian.constants import Interfaces

from xiejian.cases import papers as case_papers
from xiejian.cli.output import command, emit, json_option, say, upgrade_store
from xiejian.inspections import custody
from xiejian.kernel.problems import Catalogue, Refused
from xiejian.people import audit

problems = Catalogue(Path(__file__).with_name("problems.toml"))


@click.command(help="建立或升级数据库，可重复执行")
@json_option
@command()
def init(as_json: bool) -> None:
    settings.DATA.mkdir(parents=True, exist_ok=True)
    upgrade_store()
    emit({"data": str(settings.DATA), "ready": True}, as_json, f"数据目录：{settings.DATA}，数据库已就绪")


def check_free(host: str, port: int) -> None:
    """Refused with X503 where something answers there already, with X504 where the address cannot be ours.

    The server would share the port without a word, and every other request would go to the other one's data.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what closed just now is free
        try:
            probe.bind((host, port))
        except OSError as fault:
            taken = fault.errno == errno.EADDRINUSE
            raise Refused(problems("X503" if taken else "X504", f"{host}:{port}", port=port)) from fault


def run_server(host: str, port: int, workers: int) -> None:
    """Collect the static files and serve until stopped; refused as ``check_free`` says."""
    check_free(host, port)
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


@click.command(help="校验审计链、证据和签名文件、案件文书")
@json_option
@command(stored=True)
def verify(as_json: bool) -> None:
    broken = audit.broken_at()
    count, faults = custody.faults()
    papers, changed = case_papers.faults()
    answer = {
        "audit_chain": "whole" if broken is None else "broken", "broken_at": broken,
        "files": count, "file_faults": [asdict(fault) for fault in faults],
        "papers": papers, "paper_faults": [str(paper) for paper in changed],
    }  # fmt: skip
    lines = ["审计链完整" if broken is None else f"审计链在第 {broken} 条断开"]
    outcome = f"{len(faults)} 件有问题：" if faults else "全部与存入时一致"
    lines.append(f"证据、签名和签名的记录 {count} 件，{outcome}")
    lines += [f"  {fault.place} {fault.file}：{custody.STATES[fault.state]}" for fault in faults]
    lines.append(f"案件文书 {papers} 份，{f'{len(changed)} 份有问题：' if changed else '全部与出具时一致'}")
    lines += [f"  {paper}" for paper in changed]
    emit(answer, as_json, "\n".join(lines))
    sys.exit(0 if broken is None and not faults and not changed else 1)


COMMANDS = [init, serve, verify]
