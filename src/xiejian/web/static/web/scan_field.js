// <div data-scan="id of a field">: a button that opens the camera, fills the field with the code seen and sends its form
// (data-scan-keep: only fills the field).
import { cameraAllowed, scan } from "./scan.js";

for (const box of document.querySelectorAll("[data-scan]")) {
  const part = (name) => box.querySelector(`[data-scan-${name}]`);
  const field = document.getElementById(box.dataset.scan);
  let scanner = null;

  function show() {
    const on = scanner !== null;
    part("view").hidden = !on;
    part("open").hidden = on;
    part("torch").hidden = !on || !scanner.hasTorch;
    part("next").hidden = !on || scanner.cameras < 2;
  }

  function close() {
    if (scanner) scanner.stop();
    scanner = null;
    part("torch").setAttribute("aria-pressed", "false");
    show();
  }

  function say(text) { part("state").textContent = text; }

  function found(text) {
    close();
    field.value = text;
    say("已扫到编码");
    if ("scanKeep" in box.dataset) field.dispatchEvent(new Event("input", { bubbles: true }));
    else field.form.requestSubmit();
  }

  part("open").addEventListener("click", async () => {
    say("正在打开相机…");
    part("view").hidden = false;
    try {
      scanner = await scan(part("video"), found);
      say("将包装上的条码、二维码对准画面");
    } catch (error) {
      say(error.message);
    }
    show();
  });
  part("close").addEventListener("click", () => { close(); say(""); });
  part("next").addEventListener("click", async () => {
    await scanner.next();
    show();
  });
  part("torch").addEventListener("click", async (event) => {
    const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", String(await scanner.torch(on)));
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden && scanner) close(); });

  box.hidden = !cameraAllowed();
}
