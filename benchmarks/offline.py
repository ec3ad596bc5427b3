"""The page without a network: how much a day weighs and how long it takes, and what a dying server costs.

1. The download of 2,000 parties with every checklist and the visits of a week (200), in Chromium with a CPU
   four times slower on the 3G line of its own developer tools (1.44 Mbit/s down, 562 ms to the first byte):
   bytes on the line, on the phone, seconds from asking to "kept" by the page's own clock. The need: 20 MB
   and 5 s; the ratio is the need against the worse of the two.
2. 500 visits with 2,000 photos, made by the page's own modules, are sent while the server is killed with
   SIGKILL 20 times at random moments and started again. Afterwards everything is counted in the database:
   what is lost or there twice makes the ratio 0.

    .venv/bin/python benchmarks/offline.py [visits] [photos a visit] [kills]
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from field_server import PASSWORD, FieldServer

PARTIES, MOST_MB, MOST_SECONDS = 2000, 20, 5
VISITS, PHOTOS, KILLS = 500, 4, 20
FAST_3G = {"offline": False, "latency": 562, "downloadThroughput": 180_000, "uploadThroughput": 84_375}
CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

#: A phone of its own, so that its key is at hand; visits by the page's own modules, photos from a canvas.
MAKE = """
async ({ ids, photos }) => {
  const load = (name) => import(`/static/field/${name}.js`);
  const [vault, store, phone, work] = await Promise.all(['vault', 'store', 'phone', 'work'].map(load));
  const given = await phone.register('测量', PASSWORD);
  const secret = await vault.keepSecret(given.secret);
  const { key } = await vault.create(PASSWORD, secret);
  const link = { device: given.device, secret };
  const day = await phone.day(link, 60, false);
  const canvas = new OffscreenCanvas(160, 100);
  const pen = canvas.getContext('2d');
  const photo = async () => {  // noise: no two alike, and no smaller than it must be
    const noise = crypto.getRandomValues(new Uint8Array(64000));
    for (let i = 3; i < noise.length; i += 4) noise[i] = 255;
    pen.putImageData(new ImageData(new Uint8ClampedArray(noise), 160, 100), 0, 0);
    return (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 })).arrayBuffer();
  };
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(new Date());
  const said = { events: 0, bytes: 0, digests: [] };
  for (const [place, visit] of day.visits.filter((one) => ids.includes(one.id)).entries()) {
    let now = work.begin(visit);
    const list = day.checklists[visit.checklist_key];
    const put = async (kind, payload, files = []) => {
      const captured_at = new Date().toISOString();
      const event = { id: crypto.randomUUID(), visit: now.key, kind, payload, captured_at };
      now = work.after(now, event);
      await store.append(key, event, now, files);
      said.events += 1;
    };
    await put('start_visit', { on: today, persons: 2, checklist: list.id, checklist_version: list.version });
    const failed = place % list.points.length;
    const conform = { state: 'conform', fact: '', severe: false, known: null };
    const entries = list.points.map((point, i) => ({ point: point.id, ...conform,
      ...(i === failed ? { state: 'not_conform', fact: '现场未能提供' } : {}) }));
    await put('record_findings', { entries: entries.slice(0, 5) });
    for (let i = 0; i < photos; i += 1) {
      const bytes = await photo();
      const digest = await vault.sha256(bytes);
      said.bytes += bytes.byteLength;
      said.digests.push(digest);
      const payload = { sha256: digest, name: `照片${i}.jpg`, size: bytes.byteLength, type: 'image/jpeg' };
      await put('attach_evidence', { ...payload, caption: '' }, [{ digest, bytes }]);
    }
    await put('record_findings', { entries: entries.slice(5) });
    await put('conclude_visit', { conclusion: '', reason: '', remark: '' });
  }
  window.measured = { link, key, settings: given.settings };
  return said;
}
""".replace("PASSWORD", repr(PASSWORD))

#: Send until nothing is left; every error of the line is what the measurement is about.
SEND = """
async () => {
  const load = (name) => import(`/static/field/${name}.js`);
  const [sync, store] = await Promise.all(['sync', 'store'].map(load));
  const { link, key, settings } = window.measured;
  let tries = 0;
  while ((await store.unsettled()).length && tries < 5000) {
    tries += 1;
    try { await sync.run(link, key, settings, () => {}); } catch (error) {
      if (!/没有网络/.test(error.message)) return { tries, error: error.message };
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return { tries, left: (await store.unsettled()).length };
}
"""


def sign_in(page: Page, server: FieldServer) -> None:
    page.goto(f"{server.url}/login/")
    page.fill("#id_username", "wang")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/")
    page.goto(f"{server.url}/field/")
    page.wait_for_selector("[name=name]")


def download(page: Page, server: FieldServer) -> dict[str, float]:
    """Bytes and seconds of a day with every party of the office, on the slow phone."""
    sign_in(page, server)
    page.fill("[name=name]", "测量")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".field-tabs")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", FAST_3G)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    sizes: list[float] = []
    tools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    before = page.evaluate("navigator.storage.estimate().then((found) => found.usage)")
    page.click("button:has-text('下载')")
    page.wait_for_selector("body[data-took]", timeout=120_000, state="attached")
    seconds = int(page.evaluate("document.body.dataset.took")) / 1000
    after = page.evaluate("navigator.storage.estimate().then((found) => found.usage)")
    tools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    tools.detach()
    return {"seconds": seconds, "line": sum(sizes) / 1e6, "phone": (after - before) / 1e6}


def kill_at_random(server: FieldServer, kills: int, over: threading.Event) -> list[float]:
    """Kill the server so many times while it is being sent to; the moments."""
    dice, moments = random.Random(11), []
    for _ in range(kills):
        if over.wait(dice.uniform(0.5, 4.0)):
            break
        moments.append(time.monotonic())
        server.kill()
        server.start()
    return moments


def send(page: Page, server: FieldServer, ids: list[int], photos: int, kills: int) -> dict[str, Any]:
    """Make the visits, send them under fire, count what arrived."""
    sign_in(page, server)
    page.set_default_timeout(3_600_000)
    made = page.evaluate(MAKE, {"ids": ids, "photos": photos})
    over, moments = threading.Event(), []
    fire = threading.Thread(target=lambda: moments.extend(kill_at_random(server, kills, over)))
    started = time.monotonic()
    fire.start()
    sent = page.evaluate(SEND)
    seconds = time.monotonic() - started
    over.set()
    fire.join()
    found = server.ask(
        "{'visits': Visit.objects.filter(state='concluded', number__contains='械检').count(),"
        " 'events': FieldEvent.objects.count(),"
        " 'settled': FieldEvent.objects.filter(outcome='applied').count(),"
        " 'photos': sorted(Evidence.objects.values_list('sha256', flat=True)), 'chain': audit.broken_at(),"
        " 'concluded': AuditEntry.objects.filter(action='conclude_visit').count(),"
        " 'started': AuditEntry.objects.filter(action='start_visit').count()}"
    )
    lost = len(ids) - found["visits"] + len(set(made["digests"]) - set(found["photos"]))
    lost += made["events"] - found["settled"]
    doubled = len(found["photos"]) - len(set(found["photos"])) + found["events"] - made["events"]
    doubled += found["concluded"] + found["started"] - 2 * len(ids)
    return {
        "lost": lost, "doubled": doubled, "seconds": seconds, "kills": len(moments), "sent": sent,
        "events": made["events"], "megabytes": made["bytes"] / 1e6, "chain": found["chain"],
    }  # fmt: skip


def run(visits: int = VISITS, photos: int = PHOTOS, kills: int = KILLS) -> list[dict[str, Any]]:
    """Both measurements on one server of its own."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = FieldServer(Path(folder))
        ids = server.seed(visits=visits, parties=max(PARTIES, visits))["visits"]
        server.start()
        try:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            day = download(browser.new_context(locale="zh-CN").new_page(), server)
            fire = send(browser.new_context(locale="zh-CN").new_page(), server, ids, photos, kills)
            browser.close()
        finally:
            server.kill()
    whole = fire["lost"] == fire["doubled"] == 0 and fire["chain"] is None and not fire["sent"].get("error")
    return [
        {
            "name": f"a day with {PARTIES} parties on a slow phone",
            "ratio": min(MOST_SECONDS / day["seconds"], MOST_MB / max(day["phone"], day["line"])),
            "need": 1.0,
            "detail": f"{day['seconds']:.1f} s, {day['line']:.2f} MB on the line, {day['phone']:.2f} MB kept",
        },
        {
            "name": f"{visits} visits with {visits * photos} photos, server killed {fire['kills']} times",
            "ratio": 1.0 if whole else 0.0,
            "need": 1.0,
            "detail": f"lost {fire['lost']}, doubled {fire['doubled']}; {fire['events']} events and "
            f"{fire['megabytes']:.0f} MB in {fire['seconds']:.0f} s; {fire['sent']}",
        },
    ]


if __name__ == "__main__":
    for result in run(*map(int, sys.argv[1:])):
        print(f"{result['name']}: {result['ratio']:.2f} (need {result['need']}) {result['detail']}")
