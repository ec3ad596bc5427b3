"""Long work that a page starts and may leave: its state is a file, so that any process can show it.

The store itself cannot say how far an import is: until it ends, its transaction is invisible (and
on SQLite nobody else can write). So progress goes to ``files/uploads/<token>/state.json``.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection

from xiejian.kernel.problems import Refused

#: A file above this size is loaded beside the request, with progress; a smaller one within it.
BESIDE_BYTES = 1_500_000
#: A running job that has not said anything for so long was cut off (the server was restarted).
SILENT_SECONDS = 600
_TOKEN = re.compile(r"[0-9a-f]{32}")
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Job:
    """One uploaded file and what became of it. ``owner`` is the login name of who uploaded it."""

    token: str
    kind: str
    owner: str
    filename: str

    @property
    def folder(self) -> Path:
        return _folder(self.token)

    @property
    def path(self) -> Path:
        return self.folder / self.filename

    @property
    def mapped(self) -> Path:
        """The file under the form's headings, once the officer has said which column is which."""
        return self.folder / "mapped.xlsx"

    @property
    def source(self) -> Path:
        """What is read and loaded: the mapped file where there is one."""
        return self.mapped if self.mapped.exists() else self.path

    @property
    def state(self) -> dict[str, Any]:
        """{"state": uploaded|running|done|refused|broken, "read": rows so far, …}."""
        found = _read(self.folder / "state.json") or {"state": "uploaded"}
        if found["state"] == "running" and time.time() - found.get("beat", 0) > SILENT_SECONDS:
            return {**found, "state": "broken"}
        return found

    def say(self, state: str, **more: Any) -> None:
        """Replace the state in one step, so that a reader never sees half of it."""
        draft = self.folder / f"state.{threading.get_ident()}.tmp"
        draft.write_text(json.dumps({"state": state, "beat": time.time(), **more}, default=str), "utf-8")
        draft.replace(self.folder / "state.json")


def _folder(token: str) -> Path:
    return Path(settings.MEDIA_ROOT) / "uploads" / token


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None


def receive(upload: UploadedFile, kind: str, owner: str) -> Job:
    """Keep an uploaded file under a token that cannot be guessed; its name without anything of a path."""
    name = re.sub(r"[^\w.()（）\- ]", "_", Path(upload.name or "file").name).lstrip(".")[-100:] or "file"
    name = f"_{name}" if name in ("mapped.xlsx", "next.xlsx") or name.endswith(".json") else name
    job = Job(secrets.token_hex(16), kind, owner, name)
    job.folder.mkdir(parents=True)
    with job.path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    meta = {"kind": kind, "owner": owner, "filename": name}
    (job.folder / "job.json").write_text(json.dumps(meta), "utf-8")
    return job


def start(kind: str, owner: str, title: str, work: Callable[[Callable[..., None]], dict[str, Any]]) -> Job:
    """Work without a file, beside the request.

    ``work`` is given ``say(percent, what)`` and returns the outcome.

    The page of the job shows how far it is, to its owner alone.
    """
    job = Job(secrets.token_hex(16), kind, owner, title)
    job.folder.mkdir(parents=True)
    meta = {"kind": kind, "owner": owner, "filename": title}
    (job.folder / "job.json").write_text(json.dumps(meta), "utf-8")
    job.say("running", percent=0, what="")
    threading.Thread(target=_start, args=(job, work), name=f"{kind}-{job.token[:6]}", daemon=True).start()
    return job


def _start(job: Job, work: Callable[[Callable[..., None]], dict[str, Any]]) -> None:
    try:
        answer = work(lambda percent, what: job.say("running", percent=percent, what=what))
    except Refused as refused:
        job.say("refused", problems=[p.as_json() for p in refused.problems])
    except Exception:
        job.say("broken")
        raise
    else:
        job.say("done", **answer)
    finally:
        connection.close()


def find(token: str, owner: str) -> Job | None:
    """The job of this token if this officer uploaded it."""
    if not _TOKEN.fullmatch(token):
        return None
    meta = _read(_folder(token) / "job.json")
    return Job(token, **meta) if meta and meta["owner"] == owner else None


def run(job: Job, work: Callable[[Progress], dict[str, Any]]) -> None:
    """Do the work now, or beside the request when the file is large; the outcome becomes the state."""
    job.say("running", read=0)
    if job.source.stat().st_size <= BESIDE_BYTES:
        _work(job, work)
        return
    threading.Thread(target=_beside, args=(job, work), name=f"import-{job.token[:6]}", daemon=True).start()


def _beside(job: Job, work: Callable[[Progress], dict[str, Any]]) -> None:
    try:
        _work(job, work)
    except Exception:
        job.say("broken")
        raise
    finally:
        connection.close()


def _work(job: Job, work: Callable[[Progress], dict[str, Any]]) -> None:
    try:
        answer = work(lambda read: job.say("running", read=read))
    except Refused as refused:
        job.say("refused", problems=[p.as_json() for p in refused.problems])
    else:
        job.say("done", **answer)
