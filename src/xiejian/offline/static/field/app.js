// The page without a network: locked or open, which screen, when to send. What lies on the phone is in store.js.
import * as clock from "./clock.js";
import { badge, field, form, h, icon, input, say, useSprite } from "./dom.js";
import { datePage, officePage, partyPage, queuePage, searchPage, todayPage } from "./pages.js";
import * as phone from "./phone.js";
import * as store from "./store.js";
import * as sync from "./sync.js";
import * as vault from "./vault.js";
import { visitPage } from "./visit.js";
import * as work from "./work.js";

const DAY = 24 * 3600 * 1000;
const WARN_DAYS = 3;
const AGAIN = 60 * 1000; // between two tries to send by itself
const byId = (id) => document.getElementById(id);

/** What every screen may use. `key` is the data key: only in memory, gone when locked. */
const app = {
  key: null, link: null, day: null, settings: null, busy: null, lastTouch: Date.now(), signIn: false,

  get party() {
    return (id) => this.parties.get(id);
  },

  /** The rule's checklist of a visit, or null. */
  checklist(visit) {
    return this.day?.checklists[visit.checklist_key] || null;
  },

  async visits() {
    const all = await store.works(this.key);
    return all.sort((a, b) => (a.planned_on || "").localeCompare(b.planned_on || "") || a.key.localeCompare(b.key));
  },

  visit(key) {
    return store.work(this.key, key);
  },

  /** Append one event; the visit after it. */
  async record(visit, kind, payload, files = []) {
    const before = (await store.work(this.key, visit.key)) || visit;
    const event = { id: crypto.randomUUID(), visit: visit.key, kind, payload, captured_at: clock.now().toISOString() };
    const after = work.after(before, event);
    await store.append(this.key, event, after, files);
    sendSoon();
    return after;
  },

  download, send, lock, go, refresh: () => render(),
};

// ── screens ────────────────────────────────────────────────────────────────────────────────────────
const TABS = [["", "今日", "calendar-event"], ["parties", "对象", "building-store"], ["queue", "同步", "refresh"], ["phone", "本机", "settings"]];

function go(address) {
  window.location.hash = `#/${address}`;
}

const path = () => window.location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);

async function render() {
  if (!app.key) return;
  // without a download there are no rules to work by: what was done can still be sent
  const [name = "", id] = app.day || ["queue", "phone"].includes(path()[0]) ? path() : [""];
  const pages = { "": todayPage, parties: searchPage, party: partyPage, visit: visitPage, queue: queuePage, phone: officePage, new: datePage };
  const { title, back, body } = await (pages[name] || todayPage)(app, id);
  byId("top").replaceChildren(h("header", { class: "field-top" },
    back !== undefined ? h("a", { class: "btn btn-ghost-light btn-icon", href: `#/${back}`, "aria-label": "返回" }, icon("chevron-left")) : null,
    h("div", { class: "title" }, title), h("span", { id: "line" }), h("button", { type: "button", class: "btn btn-ghost-light btn-icon", "aria-label": "锁定", onclick: lock }, icon("lock"))));
  byId("tabs").replaceChildren(h("nav", { class: "field-tabs", "aria-label": "现场" }, TABS.map(([key, label, symbol]) =>
    h("a", { href: `#/${key}`, "aria-current": key === (name === "visit" || name === "new" ? "" : name === "party" ? "parties" : name) ? "page" : null }, icon(symbol), label))));
  byId("main").replaceChildren(body);
  showLine();
}

function showLine() {
  const place = byId("line");
  if (!place) return;
  const words = app.busy ? app.busy : navigator.onLine ? "" : "离线";
  place.replaceChildren(words ? badge(words, app.busy ? "blue" : "orange") : "");
}

function alone(...content) {
  byId("top").replaceChildren();
  byId("tabs").replaceChildren();
  byId("main").replaceChildren(h("div", { class: "field-lock" }, h("div", { class: "plain-brand mb-3" }, h("div", {}, h("strong", {}, "械监"), h("span", {}, "现场"))), content));
}

// ── registering, locking, unlocking ────────────────────────────────────────────────────────────────
const signInLink = () => h("a", { class: "btn btn-primary w-100", href: "/login/?next=/field/" }, "登录系统");

function registerScreen() {
  const rows = [
    field("设备名称", input("name", { required: true, maxlength: 60, autocomplete: "off" }), "例如：王某的手机"),
    field("登录密码", input("password", { type: "password", required: true, autocomplete: "current-password" }), "以后没有网络时也用它打开本页；密码不会保存在本机"),
  ];
  alone(
    h("p", {}, "登记这台设备后，可以把检查任务下载到本机，没有网络也能检查。本机的内容全部加密。"),
    form("登记本机", rows, async ({ name, password }) => {
      try {
        const given = await phone.register(name, password);
        clock.useDemoDay(given.demo_day);
        const secret = await vault.keepSecret(given.secret);
        const { key, lock: made } = await vault.create(password, secret);
        await navigator.storage?.persist?.();
        await store.setMeta("phone", { device: given.device, name: given.name, officer: given.officer, lock: made, demo_day: given.demo_day });
        await store.setMeta("secret", secret);
        await store.setMeta("settings", given.settings);
        await touched();
        await opened(key);
      } catch (error) {
        if (error.signIn) signInScreen("登记设备前请先登录。");
        else throw error;
      }
    }, { wide: true }),
  );
}

function signInScreen(words) {
  alone(h("p", {}, words), signInLink());
}

async function lockScreen() {
  const known = await store.meta("phone");
  const secret = await store.meta("secret");
  const rows = [field("密码", input("password", { type: "password", required: true, autocomplete: "current-password" }))];
  alone(
    h("p", {}, `${known.officer.name} · ${known.name}`),
    secret ? null : h("div", { class: "alert alert-warning" }, "本机太久没有联系系统，已收起钥匙、清除下载的资料。没有同步的内容仍在，请联网登录后解锁。"),
    form("解锁", rows, ({ password }) => unlock(password), { wide: true }),
  );
  byId("main").querySelector("input").focus();
}

async function unlock(password) {
  const known = await store.meta("phone");
  let secret = await store.meta("secret");
  if (!secret) {
    try {
      const given = await phone.unlock(known.device);
      secret = await vault.keepSecret(given.secret);
      await store.setMeta("secret", secret);
      await touched();
    } catch (error) {
      if (error.signIn) return signInScreen("请先登录系统，再回到本页解锁。");
      if (error.wipe) return clear(error.message);
      throw error;
    }
  }
  const key = await vault.open(known.lock, password, secret);
  if (!key) throw new Error("密码不对。登记本机时用的是哪个密码，这里就用哪个。");
  return opened(key);
}

async function opened(key) {
  const known = await store.meta("phone");
  clock.useDemoDay(known.demo_day);
  app.key = key;
  app.link = { device: known.device, secret: await store.meta("secret") };
  app.officer = known.officer;
  app.name = known.name;
  app.settings = await store.meta("settings");
  app.lastTouch = Date.now();
  await read();
  await render();
  warnAboutAge();
  sendSoon();
}

function lock() {
  app.key = null;
  app.day = null;
  app.parties = new Map();
  return lockScreen();
}

/** Drop what is here and say why. */
async function clear(words) {
  app.key = null;
  await store.wipe();
  for (const name of await caches.keys()) if (name.startsWith("field-data")) await caches.delete(name);
  alone(h("div", { class: "alert alert-danger" }, words), h("p", {}, "本机的离线资料已经清除。"), signInLink());
}
app.clear = clear;

// ── how long without contact ───────────────────────────────────────────────────────────────────────
async function touched() {
  await store.setMeta("contact", Date.now());
}

/** Days since the last contact; a clock set back does not stretch them. */
async function daysAway() {
  const latest = Math.max(Date.now(), (await store.meta("latest")) || 0);
  await store.setMeta("latest", latest);
  return (latest - ((await store.meta("contact")) || latest)) / DAY;
}

/** After too many days: give up the secret and the download. What was done stays sealed until unlocked online. */
async function lapse() {
  const settings = await store.meta("settings");
  if (!settings || (await daysAway()) < settings.keep_days) return;
  await store.dropMeta("secret");
  await store.dropDay();
}

async function warnAboutAge() {
  const left = app.settings.keep_days - (await daysAway());
  if (left <= WARN_DAYS) say(`请在${Math.max(0, Math.floor(left))}天内联网同步，到期后本机将锁住并清除下载的资料`, "warning");
}

// ── the download ───────────────────────────────────────────────────────────────────────────────────
async function read(content = null) {
  app.day = content || (await store.readDay(app.key));
  app.parties = new Map();
  if (!app.day) return;
  const of = (name) => app.day[name].rows.map((row) => Object.fromEntries(app.day[name].columns.map((column, i) => [column, row[i]])));
  for (const party of of("parties")) app.parties.set(party.id, { ...party, links: [], licences: [], corrections: [], last: null, last_findings: [] });
  const into = (name, put) => {
    for (const row of of(name)) {
      const party = app.parties.get(row.party_id);
      if (party) put(party, row);
    }
  };
  into("links", (party, row) => party.links.push(row));
  into("licences", (party, row) => party.licences.push(row));
  into("corrections", (party, row) => party.corrections.push(row));
  into("last_findings", (party, row) => party.last_findings.push(row));
  into("last_visits", (party, row) => { party.last = row; });
}

/** 下载: send what waits, then take the day along; visits that are done on both sides leave the phone. */
async function download({ days, all }) {
  await send(true);
  const began = performance.now();
  const content = await asked(() => phone.day(app.link, days, all));
  const known = await store.meta("phone");
  if (content.demo_day !== known.demo_day) await store.setMeta("phone", { ...known, demo_day: content.demo_day });
  clock.useDemoDay(content.demo_day);
  await store.keepDay(app.key, content);
  await store.setMeta("settings", content.settings);
  app.settings = content.settings;
  await store.setMeta("taken_at", clock.now().toISOString());
  await takeVisits(content.visits);
  await read(content);
  app.took = Math.round(performance.now() - began);
  document.body.dataset.took = String(app.took);
}

async function takeVisits(given) {
  const standing = await store.standing();
  const settled = (counts) => Object.keys(counts || {}).every((state) => store.FINAL.includes(state));
  const here = await store.works(app.key);
  // what was made here and is settled comes back under its number
  await store.forget(here.filter((one) => settled(standing[one.key])).map((one) => one.key));
  const busy = new Set(here.filter((one) => !settled(standing[one.key])).map((one) => one.key));
  const made = new Set(here.filter((one) => busy.has(one.key) && one.server_id).map((one) => String(one.server_id)));
  await store.beginWorks(app.key, given.filter((one) => !busy.has(String(one.id)) && !made.has(String(one.id))).map(work.begin));
}

// ── sending ────────────────────────────────────────────────────────────────────────────────────────
/** Ask the server; a revoked phone clears itself, a missing session is remembered. */
async function asked(question) {
  try {
    const answer = await question();
    app.signIn = false;
    await touched();
    return answer;
  } catch (error) {
    if (error.wipe) await clear(error.message);
    if (error.signIn) {
      app.signIn = true;
      throw new Error("请登录后再同步（内容都在本机）");
    }
    throw error;
  }
}

async function noteNumbers(answers, batch) {
  for (const answer of answers) {
    const row = batch.find((one) => one.id === answer.id);
    const visit = answer.visit && row && !/^\d+$/.test(row.visit) ? await store.work(app.key, row.visit) : null;
    if (visit && !visit.server_id) await store.beginWorks(app.key, [{ ...visit, server_id: answer.visit }]);
  }
}

/** 同步: everything that waits. Quiet: says nothing unless something went wrong that needs the inspector. */
async function send(quiet = false) {
  if (app.busy || !app.key) return null;
  const tell = ({ done, of }) => {
    app.busy = `同步 ${Math.floor(done)}/${of}`;
    showLine();
    const meter = document.querySelector("[data-meter]");
    if (meter) { meter.max = of; meter.value = done; }
  };
  app.busy = "同步";
  showLine();
  try {
    const result = await asked(() => sync.run(app.link, app.key, app.settings, tell, noteNumbers));
    if (result) await noteClock(result.offset);
    if (result && !quiet) say(result.refused ? `已同步，${result.refused}项需要办公室处理` : "已全部同步", result.refused ? "warning" : "success");
    return result;
  } finally {
    app.busy = null;
    showLine();
  }
}

async function noteClock(offset) {
  if (offset === null || offset === undefined) return;
  await store.setMeta("offset", offset);
  const limit = (app.day?.rules.clock_minutes || 10) * 60;
  if (Math.abs(offset) > limit) say(`本机时钟比系统${offset > 0 ? "快" : "慢"}${(Math.abs(offset) / 3600).toFixed(1)}小时，请校准后再记录`, "danger");
}

let soon;
/** Send by itself a moment after something was recorded, and again when the line is back. */
function sendSoon(wait = 1500) {
  clearTimeout(soon);
  soon = setTimeout(async () => {
    if (!app.key || !navigator.onLine || app.signIn) return;
    const rows = await store.unsettled();
    if (!rows.some((row) => row.state === "queued")) return;
    try {
      await send(true);
      if (["", "queue"].includes(path()[0] || "")) await render();
    } catch {
      sendSoon(AGAIN);
    }
  }, wait);
}

// ── the beginning ──────────────────────────────────────────────────────────────────────────────────
function watchIdle() {
  const touch = () => { app.lastTouch = Date.now(); };
  for (const name of ["pointerdown", "keydown", "input"]) document.addEventListener(name, touch, { passive: true });
  const look = () => {
    if (app.key && Date.now() - app.lastTouch > app.settings.idle_minutes * 60000) lock();
  };
  setInterval(look, 15000);
  document.addEventListener("visibilitychange", look);
}

/** Asked before anything else when there is a line: is this phone still ours? */
async function stillOurs(known) {
  try {
    const answer = await phone.state(known.device);
    if (answer.state !== "revoked") return true;
    await clear("本机已停用。需要继续使用的，请联系系统管理员后重新登记。");
    return false;
  } catch {
    return true; // no line: the days without contact decide
  }
}

async function begin() {
  useSprite(document.body.dataset.icons);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(document.body.dataset.worker).catch(() => say("浏览器不能离线保存本页", "warning"));
  if (!window.isSecureContext || !crypto.subtle || !navigator.locks) {
    return alone(h("div", { class: "alert alert-danger" }, "“现场”页面只能在 https 下使用，请联系系统管理员。"));
  }
  window.addEventListener("hashchange", render);
  window.addEventListener("online", () => { showLine(); sendSoon(); });
  window.addEventListener("offline", showLine);
  window.addEventListener("unhandledrejection", (event) => say(event.reason?.message || String(event.reason), "danger"));
  watchIdle();
  const known = await store.meta("phone");
  if (!known) return registerScreen();
  if (!(await stillOurs(known))) return null;
  await lapse();
  return lockScreen();
}

begin();
