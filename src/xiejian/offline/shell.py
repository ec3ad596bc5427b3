"""The page that works without a network: its shell, its service worker, its manifest.

The shell holds no data, so anybody may load it. The worker keeps the files named here under a version that
is the digest of their content: a changed file is a new version, and the old one is dropped.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from csp.decorators import csp_update
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from xiejian.web.guard import OPEN, needs

#: Where the page stands; the worker answers for this address and what it loads.
SCOPE = "/field/"
OWN = (
    "app.js", "vault.js", "store.js", "clock.js", "work.js", "sync.js", "phone.js", "capture.js",
    "dom.js", "pages.js", "visit.js", "field.css", "icon.svg", "icon-192.png", "icon-512.png",
)  # fmt: skip
SHARED = (
    "vendor/tabler.min.css", "vendor/dexie.min.mjs", "web/app.css", "web/favicon.svg", "web/icons.svg",
    "web/inspection-rules.js", "web/sign.js", "web/scan.js", "vendor/zxing/share.js",
    "vendor/zxing/reader/index.js",
    "vendor/zxing/reader/zxing_reader.wasm",
)  # fmt: skip


def names() -> list[str]:
    """The static files of the page; those of other rooms only where they are there."""
    return [f"field/{name}" for name in OWN] + [name for name in SHARED if finders.find(name)]


@cache
def version() -> str:
    """The digest of everything that the worker keeps."""
    found = hashlib.sha256()
    for name in names():
        path = finders.find(name)
        found.update(name.encode() + b"\0" + (Path(path).read_bytes() if path else b""))
    return found.hexdigest()[:12]


@needs(OPEN)
@require_GET
@ensure_csrf_cookie
@csp_update({"script-src": ["'wasm-unsafe-eval'"], "img-src": ["blob:"], "media-src": ["'self'", "blob:"]})  # type: ignore[untyped-decorator]
def page(request: HttpRequest) -> HttpResponse:
    """现场: the shell, the same for everybody."""
    return render(request, "field/shell.html", {"version": version(), "signing": "web/sign.js" in names()})


@needs(OPEN)
@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker with its version and its list of files in front."""
    path = finders.find("field/worker.js")
    kept = json.dumps({"version": version(), "page": SCOPE, "files": [static(name) for name in names()]})
    code = Path(str(path)).read_text(encoding="utf-8")
    answer = HttpResponse(f"const KEPT = {kept};\n{code}", content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@needs(OPEN)
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put the page on its home screen."""
    return JsonResponse(
        {
            "name": "械监现场",
            "short_name": "现场",
            "lang": "zh-CN",
            "start_url": SCOPE,
            "scope": SCOPE,
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#0b5394",
            "icons": [
                {"src": static("field/icon-192.png"), "sizes": "192x192", "type": "image/png"},
                {"src": static("field/icon-512.png"), "sizes": "512x512", "type": "image/png"},
                {"src": static("field/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            ],
        },
        content_type="application/manifest+json",
    )
