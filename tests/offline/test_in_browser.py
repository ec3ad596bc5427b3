"""A day in the field in a real Chromium: no network, a visit, a server that dies while it is sent."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdf
import pytest
import segno
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from camera_film import datamatrix, film
from field_server import BIN, PASSWORD, FieldServer
from xiejian.documents import pdf

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("XIEJIAN_CHROMIUM", "/usr/bin/chromium")
UDI = "(01)06972253600013(10)A1"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[FieldServer]:
    found = FieldServer(tmp_path_factory.mktemp("field"))
    found.seed(visits=4, parties=20)  # one for each test that begins one
    found.start()
    yield found
    found.kill()


@contextmanager
def browsing(server: FieldServer, *more: str, **settings) -> Iterator[BrowserContext]:
    """A browser of the size of a phone; ``more`` are its flags."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: set XIEJIAN_CHROMIUM")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", *more]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        phone = {"viewport": {"width": 375, "height": 812}, "base_url": server.url, "locale": "zh-CN"}
        yield browser.new_context(**phone, **settings)
        browser.close()


@pytest.fixture
def context(server) -> Iterator[BrowserContext]:
    with browsing(server) as found:
        yield found


@pytest.fixture
def with_camera(server, tmp_path) -> Iterator[BrowserContext]:
    """A phone with a microphone that beeps and a camera that sees a printed device code."""
    label = film(datamatrix(UDI), tmp_path / "label.y4m")
    flags = "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={label}"
    with browsing(server, *flags, permissions=["camera", "microphone"]) as found:
        yield found


def photo(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (shade, 120, 90)).save(out, "JPEG")
    return out.getvalue()


def code_picture() -> bytes:
    out = io.BytesIO()
    segno.make(UDI, error="m").save(out, kind="png", scale=8, border=4)
    return out.getvalue()


class Field:
    """The page as an inspector uses it."""

    def __init__(self, context: BrowserContext) -> None:
        self.context, self.page = context, context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def sign_in(self, username: str = "wang") -> None:
        self.page.goto("/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/")

    def register(self) -> None:
        self.page.goto("/field/")
        self.page.fill("[name=name]", "测试手机")
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".field-tabs")

    def download(self) -> None:
        self.page.click("button:has-text('下载')")
        self.page.wait_for_selector("a.row-link")
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def unlock(self) -> None:
        self.page.wait_for_selector("[name=password]")
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button:has-text('解锁')")
        self.page.wait_for_selector(".field-tabs")

    def go_offline(self) -> None:
        self.context.set_offline(True)
        self.page.reload()
        self.unlock()

    def part(self, name: str) -> Page:
        return self.page.locator(f"[data-part={name}]")

    def open_visit(self, number: int = 0) -> None:
        self.page.goto("/field/#/")
        self.page.locator("a.row-link").nth(number).click()
        self.page.wait_for_selector("[data-part=head]")

    def draw(self) -> None:
        canvas = self.page.locator("canvas.sign-pad")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        mouse = self.page.mouse
        mouse.move(box["x"] + 30, box["y"] + 30)
        mouse.down()
        for step in range(1, 8):
            mouse.move(box["x"] + 30 + step * 25, box["y"] + 30 + (step % 3) * 20)
        mouse.up()

    def sign(self, role: str, name: str) -> None:
        signing = self.part("signing")
        before = signing.locator("ul li").count()
        signing.locator("[name=role]").select_option(role)
        signing.locator("form [name=name]").first.fill(name)
        self.draw()
        signing.locator("button[type=submit]:has-text('签名')").first.click()
        expect(signing.locator("ul li")).to_have_count(before + 1)

    def make_visit(self) -> None:
        """The first visit from its start to the signatures."""
        page = self.page
        page.click("button:has-text('开始检查')")
        first = page.locator(".point").first
        first.locator("button.no").click()
        first.locator("textarea").fill("货架上有过期产品")
        first.locator("button[type=submit]").click()
        page.click("button:has-text('项都符合')")
        page.wait_for_selector("button:has-text('项都符合')", state="detached")
        page.set_input_files(
            "[data-photo]", {"name": "货架.jpg", "mimeType": "image/jpeg", "buffer": photo(7)}
        )
        page.wait_for_selector(".thumbs figure img")
        page.set_input_files(
            "[data-code-photo]", {"name": "码.png", "mimeType": "image/png", "buffer": code_picture()}
        )
        page.wait_for_selector("[data-part=products] ol li")
        self.part("judgement").locator("button:has-text('作出结论')").click()
        page.wait_for_selector("text=已作出结论")
        self.sign("party", "白某")
        self.sign("inspector", "王检")
        self.sign("inspector", "赵检")

    def left(self) -> int:
        """How many events the server has not settled."""
        return self.page.evaluate(
            "import('/static/field/store.js').then((store) => store.unsettled()).then((rows) => rows.length)"
        )


@pytest.fixture
def field(context) -> Field:
    return Field(context)


def test_a_day_in_the_field(field, server, tmp_path):
    """Download, flight mode, a visit with photo, code and signatures, a killed server, the printed record."""
    field.sign_in()
    field.register()
    field.download()
    field.go_offline()
    field.open_visit()
    field.make_visit()
    made = field.left()
    server.kill()
    field.context.set_offline(False)
    field.page.goto("/field/#/queue")
    server.start()
    for wait in (80, 250):  # killed while files and events travel
        field.page.click("button:has-text('立即同步')", timeout=5000)
        field.page.wait_for_timeout(wait)
        server.kill()
        server.start()
        field.page.wait_for_timeout(300)
        field.page.goto("/field/#/")
        field.page.goto("/field/#/queue")
    for _ in range(5):
        if not field.left():
            break
        field.page.click("button:has-text('立即同步')")
        field.page.wait_for_timeout(1500)
    found = server.ask(
        "{'visit': list(Visit.objects.filter(number__contains='械检').exclude(state='planned')"
        ".values_list('state', 'defects')),"
        " 'evidence': Evidence.objects.count(), 'products': ProductCheck.objects.count(),"
        " 'names': sorted(Signature.objects.values_list('name', flat=True)),"
        " 'outcomes': sorted(set(FieldEvent.objects.values_list('outcome', flat=True))),"
        " 'events': FieldEvent.objects.count(), 'chain': audit.broken_at(),"
        " 'orders': AuditEntry.objects.filter(action='conclude_visit').count()}"
    )
    held = server.ask("[(e.kind, e.outcome) for e in FieldEvent.objects.exclude(outcome='applied')]")
    assert (field.faults, held) == ([], [])
    assert found["visit"][0][0] == "concluded"
    assert (found["evidence"], found["products"], found["names"]) == (1, 1, ["王检", "白某", "赵检"])
    assert (found["outcomes"], found["events"], found["chain"]) == (["applied"], made, None)
    assert found["orders"] == 1
    if pdf.program():
        number = server.ask("Visit.objects.get(state='concluded', number__contains='械检').number")
        out = tmp_path / "record.pdf"
        server.command(str(BIN / "xiejian"), "document", "record", "--visit", number, "--out", str(out))
        text = "".join(page.extract_text() for page in pypdf.PdfReader(out).pages)
        assert "货架上有过期产品" in text.replace("\n", "")


def test_nothing_on_the_phone_can_be_read_without_the_password(field):
    field.sign_in()
    field.register()
    field.download()
    stored = field.page.evaluate(
        """async () => {
          const { default: Dexie } = await import('/static/vendor/dexie.min.mjs');
          const db = await new Dexie('xiejian-field').open();
          const text = (value) => value instanceof ArrayBuffer ? new TextDecoder().decode(value)
            : value && typeof value === 'object' ? Object.values(value).map(text).join(' ') : String(value);
          return (await Promise.all(db.tables.map((t) => t.toArray()))).map(text).join(' ');
        }"""
    )
    assert "大药房" not in stored and PASSWORD not in stored


def test_a_wrong_password_opens_nothing(field):
    field.sign_in()
    field.register()
    field.context.set_offline(True)
    field.page.reload()
    field.page.wait_for_selector("[name=password]")
    field.page.fill("[name=password]", "not-the-password")
    field.page.click("button:has-text('解锁')")
    field.page.wait_for_selector("text=密码不对")
    assert field.page.locator(".field-tabs").count() == 0


def test_a_revoked_phone_clears_itself_at_its_next_contact(field, server):
    field.sign_in()
    field.register()
    field.download()
    server.ask("Device.objects.order_by('-registered_at').update(revoked_at=__import__('datetime').datetime.now("
               "__import__('datetime').timezone.utc), revoked_reason='遗失')")  # fmt: skip
    field.page.reload()
    field.page.wait_for_selector("text=本机的离线资料已经清除")
    names = field.page.evaluate("indexedDB.databases().then((found) => found.map((one) => one.name))")
    assert "xiejian-field" not in names


def test_after_too_many_days_the_key_is_given_up_and_the_work_is_kept(field, server):
    field.sign_in()
    field.register()
    field.download()
    field.context.set_offline(True)
    field.open_visit(1)
    field.page.click("button:has-text('开始检查')")
    field.page.wait_for_selector(".point")
    field.page.evaluate(
        """async () => {
          const store = await import('/static/field/store.js');
          await store.setMeta('contact', Date.now() - 15 * 24 * 3600 * 1000);
        }"""
    )
    field.page.reload()
    field.page.wait_for_selector("text=已收起钥匙")
    field.page.fill("[name=password]", PASSWORD)
    field.page.click("button:has-text('解锁')")
    field.page.wait_for_selector("text=没有网络")
    field.context.set_offline(False)
    field.page.click("button:has-text('解锁')")
    field.page.wait_for_selector(".field-tabs")
    for _ in range(40):
        if not field.left():
            break
        field.page.wait_for_timeout(250)
    assert field.left() == 0
    assert "started" in server.ask("sorted(set(Visit.objects.values_list('state', flat=True)))")


def test_a_voice_note_a_camera_picture_and_a_live_code_are_taken_without_a_network(with_camera, server):
    field = Field(with_camera)
    field.sign_in()
    field.register()
    field.download()
    field.go_offline()
    field.open_visit(-1)
    page = field.page
    page.click("button:has-text('开始检查')")
    with page.expect_file_chooser() as asked:
        page.click("label:has-text('拍照')")
    camera = asked.value.element.get_attribute("capture")
    asked.value.set_files({"name": "货架.jpg", "mimeType": "image/jpeg", "buffer": photo(31)})
    expect(page.locator(".thumbs figure img")).to_have_count(1)
    page.click("button:has-text('录音')")
    page.wait_for_timeout(1200)
    page.click("button:has-text('停止录音')")
    expect(page.locator(".thumbs figure")).to_have_count(2)
    page.click("button:has-text('扫码')")
    expect(page.locator("[data-part=products] ol li")).to_contain_text("06972253600013")
    field.context.set_offline(False)
    page.goto("/field/#/queue")
    for _ in range(20):
        if not field.left():
            break
        page.wait_for_timeout(500)
    kept = server.ask(
        "sorted(Evidence.objects.filter(visit__state='started').values_list('kind', flat=True))"
    )
    assert (camera, field.faults, field.left(), kept) == ("environment", [], 0, ["audio", "photo"])


class TestBadFiles:
    """What cannot be kept is said at once, and the visit goes on."""

    @pytest.fixture
    def started(self, field) -> Field:
        field.sign_in()
        field.register()
        field.download()
        field.context.set_offline(True)
        field.open_visit(-1)
        if field.page.locator("button:has-text('开始检查')").count():
            field.page.click("button:has-text('开始检查')")
        field.page.wait_for_selector("[data-photo]")
        return field

    def test_a_broken_photo(self, started):
        broken = {"name": "坏.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + b"\0" * 50}
        started.page.set_input_files("[data-photo]", broken)
        started.page.wait_for_selector("text=打不开")
        assert started.page.locator(".thumbs figure").count() == 0

    def test_a_video_of_200_megabytes(self, started, tmp_path):
        film = tmp_path / "录像.mp4"
        with film.open("wb") as file:
            file.write(b"\0\0\0\x18ftypmp42")
            file.truncate(200 * 1024 * 1024)
        started.page.set_input_files("[data-photo]", str(film))
        started.page.wait_for_selector("text=超过上限")
        assert started.page.locator(".thumbs figure").count() == 0

    def test_a_full_phone(self, started):
        before = started.left()
        started.page.evaluate("navigator.storage.estimate = async () => ({ usage: 100, quota: 100 })")
        started.page.set_input_files(
            "[data-photo]", {"name": "货架.jpg", "mimeType": "image/jpeg", "buffer": photo(9)}
        )
        started.page.wait_for_selector("text=存储空间不足")
        assert started.left() == before
