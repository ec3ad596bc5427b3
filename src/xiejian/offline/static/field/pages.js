// The screens around a visit: today, the parties, what waits to be sent, this phone.
import * as clock from "./clock.js";
import { badge, field, form, h, icon, input, say, select } from "./dom.js";
import * as store from "./store.js";
import * as work from "./work.js";

const TONES = { planned: "blue", started: "orange", concluded: "green", refused: "red", cancelled: "secondary" };
const SHOWN = 50;

export const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
export const card = (title, ...content) => h("section", { class: "card" }, h("div", { class: "card-header" }, h("h2", { class: "card-title" }, title)), h("div", { class: "card-body" }, content));

const stateBadge = (app, visit) => badge(app.day?.rules.workflows.visit.states[visit.state] || visit.state, TONES[visit.state]);

/** What is not yet with the server, in words with their colour. */
function sent(counts = {}) {
  const words = [];
  const waiting = (counts.queued || 0) + (counts.waiting || 0);
  if (waiting) words.push(badge(`${waiting}项待同步`, "orange"));
  if (counts.refused) words.push(badge(`${counts.refused}项待处理`, "red"));
  if (counts.conflict) words.push(badge(`${counts.conflict}项有冲突`, "red"));
  if (!words.length && Object.keys(counts).length) words.push(badge("已同步", "green"));
  return words;
}

async function downloadForm(app) {
  const taken = await store.meta("taken_at");
  const days = input("days", { type: "number", min: 0, max: 60, value: app.settings.ahead_days, inputmode: "numeric" });
  const all = h("input", { class: "form-check-input", type: "checkbox", name: "all", id: "all", checked: true });
  return h("details", { class: "card", open: !app.day },
    h("summary", { class: "card-header" }, h("span", {}, "下载任务", taken ? h("span", { class: "text-secondary ms-2" }, `上次 ${clock.spoken(taken)}`) : "")),
    h("div", { class: "card-body" }, form("下载", [
      field("今后几天的任务", days),
      h("label", { class: "form-check mb-3", for: "all" }, all, h("span", { class: "form-check-label" }, "同时下载本机构的监管对象")),
    ], async (given) => {
      await app.download({ days: Number(given.days), all: Boolean(given.all) });
      say(`已下载：${(await app.visits()).length}次检查，${app.parties.size}家单位`, "success");
      await app.refresh();
    }, { wide: true })));
}

export async function todayPage(app) {
  const visits = await app.visits();
  const standing = await store.standing();
  const on = clock.today();
  const row = (visit) => {
    const party = app.party(visit.party_id);
    const late = visit.state === "planned" && visit.planned_on < on;
    return h("li", {}, h("a", { class: "row-link", href: `#/visit/${visit.key}` },
      h("div", { class: "name" }, party?.name || "（单位资料未下载）"),
      h("div", { class: "more" }, stateBadge(app, visit), late ? badge("已过计划日", "red") : "", h("span", {}, visit.planned_on), h("span", {}, visit.kind), h("span", {}, visit.link), sent(standing[visit.key]))));
  };
  const open = visits.filter((visit) => ["planned", "started"].includes(visit.state));
  const done = visits.filter((visit) => !open.includes(visit));
  const list = (title, rows, empty) => h("section", { class: "card" }, h("div", { class: "card-header" }, h("h2", { class: "card-title" }, `${title}（${rows.length}）`)),
    rows.length ? h("ul", { class: "field-list" }, rows.map(row)) : h("div", { class: "card-body text-secondary" }, empty));
  const body = h("div", {}, app.signIn ? h("div", { class: "alert alert-warning" }, "登录已过期，内容都在本机。", h("a", { href: "/login/?next=/field/" }, "登录后同步")) : "",
    await downloadForm(app), list("待检查", open, app.day ? "没有待检查的安排；可以从“对象”中开始一次检查。" : "先下载任务，之后没有网络也能检查。"), done.length ? list("已办", done, "") : "");
  return { title: `今日 ${on}`, body };
}

export async function searchPage(app) {
  const box = input("q", { type: "search", placeholder: "名称、信用代码、证号", "aria-label": "搜索监管对象", autocomplete: "off" });
  const list = h("ul", { class: "field-list" });
  const count = h("div", { class: "text-secondary p-2" });
  const show = () => {
    const q = box.value.trim().toLowerCase();
    const found = [...app.parties.values()].filter((party) => !q || [party.name, party.uscc, ...party.licences.map((one) => one.number)].some((value) => (value || "").toLowerCase().includes(q)));
    count.textContent = `${found.length} 家${found.length > SHOWN ? `，显示前 ${SHOWN} 家` : ""}`;
    list.replaceChildren(...found.slice(0, SHOWN).map((party) => h("li", {}, h("a", { class: "row-link", href: `#/party/${party.id}` },
      h("div", { class: "name" }, party.name), h("div", { class: "more" }, h("span", {}, party.links.map((one) => one.link).join("、")), party.status !== "正常" ? badge(party.status, "red") : "", h("span", {}, party.address))))));
  };
  box.addEventListener("input", show);
  show();
  return { title: "监管对象", body: h("div", {}, h("div", { class: "mb-2" }, box), h("div", { class: "card" }, count, list)) };
}

const KINDS_OF_LICENCE = { production_licence: "生产许可证", production_filing: "生产备案", distribution_licence: "经营许可证", distribution_filing: "经营备案", online_filing: "网络销售备案" };
const tags = (stored) => (stored || "|").split("|").filter(Boolean);

/** What the phone knows of a party: its papers, what was found last, what is still to be corrected. */
export function partyFacts(app, party) {
  const on = clock.today();
  const rows = [facts([["信用代码", party.uscc], ["地址", party.address], ["库房", party.warehouse_address], ["负责人", party.head || party.legal_representative], ["电话", party.phone], ["状态", party.status !== "正常" ? `${party.status}（${party.status_on || "日期不详"}）` : ""], ["信用等级", party.credit_grade]])];
  for (const link of party.links) rows.push(h("p", { class: "mt-2 mb-0" }, `${link.link} ${link.mode || link.unit_kind || ""} ${tags(link.tags).join("、")}`, link.level ? ` · ${link.level}级` : ""));
  if (party.licences.length) rows.push(h("h3", { class: "mt-3" }, "证照"), h("ul", {}, party.licences.map((one) => h("li", {}, `${KINDS_OF_LICENCE[one.kind] || "证照"} ${one.number} `, one.expires_on ? badge(`至 ${one.expires_on}`, one.expires_on < on ? "red" : "secondary") : "", one.status !== "有效" ? badge(one.status, "red") : "", one.scope ? h("div", { class: "text-secondary" }, one.scope) : ""))));
  if (party.last) rows.push(h("h3", { class: "mt-3" }, "上次检查"), h("p", { class: "mb-1" }, `${party.last.visited_on} ${party.last.kind}：${party.last.conclusion || "未作结论"}`), party.last_findings.length ? h("ul", {}, party.last_findings.map((one) => h("li", {}, one.fact || one.point, one.severe ? badge("严重", "red") : ""))) : "");
  if (party.corrections.length) rows.push(h("h3", { class: "mt-3" }, "没有办结的责令改正"), h("ul", {}, party.corrections.map((one) => h("li", {}, one.content, " ", badge(`限 ${one.due_on}`, one.due_on < on ? "red" : "orange")))));
  return rows;
}

export async function partyPage(app, id) {
  const party = app.party(Number(id));
  if (!party) return { title: "监管对象", back: "parties", body: h("p", {}, "本机没有这家单位的资料。") };
  return { title: party.name, back: "parties", body: h("div", {}, h("section", { class: "card" }, h("div", { class: "card-body" }, partyFacts(app, party))), h("a", { class: "btn btn-primary w-100 big", href: `#/new/${party.id}` }, icon("plus"), "开始一次没有安排的检查")) };
}

// ── a visit that nobody planned ────────────────────────────────────────────────────────────────────
function fitting(app, party, link, kind) {
  const on = clock.today();
  const held = tags(link?.tags);
  const rank = (list) => [list.kinds.includes(kind) ? 0 : 1, -list.tags.filter((tag) => held.includes(tag)).length];
  return Object.entries(app.day.checklists)
    .filter(([key, list]) => app.day.current.includes(key) && list.links.includes(link?.link) && (list.from || on) <= on && on <= (list.until || on)
      && party.area.split("、").some((area) => list.areas.includes(area)) && (!list.tags.length || list.tags.some((tag) => held.includes(tag))) && (!list.kinds.length || list.kinds.includes(kind)))
    .sort(([, a], [, b]) => rank(a)[0] - rank(b)[0] || rank(a)[1] - rank(b)[1]);
}

function factsOf(party, link) {
  return { link: link.link, area: party.area, classes: link.classes, mode: link.mode, unit_kind: link.unit_kind, tags: tags(link.tags), stores_for_others: party.stores_for_others };
}

/** 开始一次没有安排的检查: link, kind, checklist, who comes along. */
export async function datePage(app, id) {
  const party = app.party(Number(id));
  if (!party || !party.links.length) return { title: "检查", back: "parties", body: h("p", {}, "本机没有这家单位的从业环节，请回办公室安排。") };
  const link = select("link", party.links.map((one) => [one.link, one.link]));
  const kind = select("kind", app.day.rules.kinds.map((one) => [one, one]), "有因检查");
  const lists = h("select", { class: "form-select", name: "checklist" });
  const choose = () => {
    const found = fitting(app, party, party.links.find((one) => one.link === link.value), kind.value);
    lists.replaceChildren(...found.map(([key, list]) => h("option", { value: key }, `${list.title}（${list.points.length}项）`)), h("option", { value: "" }, "不用检查表"));
  };
  link.addEventListener("change", choose);
  kind.addEventListener("change", choose);
  choose();
  const team = app.day.colleagues.map((one) => h("label", { class: "form-check" }, h("input", { class: "form-check-input", type: "checkbox", name: "team", value: String(one.id), checked: one.username === app.officer.username }), h("span", { class: "form-check-label" }, one.name)));
  const body = h("section", { class: "card" }, h("div", { class: "card-body" }, form("开始", [
    field("环节", link), field("检查类型", kind), field("检查表", lists),
    h("fieldset", { class: "mb-3" }, h("legend", { class: "form-label" }, `检查组（至少${app.day.rules.least_inspectors}人）`), team),
  ], async (given, element) => {
    const ids = new FormData(element).getAll("team").map(Number);
    if (ids.length < app.day.rules.least_inspectors) throw new Error(`检查组至少${app.day.rules.least_inspectors}人`);
    const key = crypto.randomUUID();
    const chosen = app.day.colleagues.filter((one) => ids.includes(one.id));
    const of = party.links.find((one) => one.link === given.link);
    const visit = work.unplanned(key, { party_id: party.id, link: given.link, kind: given.kind, planned_on: clock.today(), team: chosen, checklist_key: given.checklist, facts: factsOf(party, of) });
    await app.record(visit, "schedule_visit", { party: party.id, link: given.link, kind: given.kind, planned_on: clock.today(), team: ids, checklist: given.checklist.split("@")[0] });
    app.go(`visit/${key}`);
  }, { wide: true })));
  return { title: party.name, back: `party/${party.id}`, body };
}

// ── what waits ─────────────────────────────────────────────────────────────────────────────────────
export async function queuePage(app) {
  const standing = await store.standing();
  const left = await store.unsettled();
  const files = await store.queuedFiles();
  const troubled = await store.troubled();
  const { used, free } = await store.room();
  const visits = new Map((await app.visits()).map((visit) => [visit.key, visit]));
  const meter = h("progress", { "data-meter": "", max: Math.max(1, left.length + files.length), value: 0, class: "w-100" });
  const button = h("button", { type: "button", class: "btn btn-primary w-100 big", disabled: !navigator.onLine }, icon("refresh"), "立即同步");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await app.send();
    } catch (error) {
      say(error.message, "danger");
    }
    await app.refresh();
  });
  const named = (key) => app.party(visits.get(key)?.party_id)?.name || key;
  const body = h("div", {},
    h("section", { class: "card" }, h("div", { class: "card-body" },
      facts([["待同步", `${left.filter((row) => row.state !== "refused").length}项，${files.length}个文件`], ["需要办公室处理", `${left.filter((row) => row.state === "refused").length}项`], ["本机已用", `${(used / 1048576).toFixed(1)} MB，还可用 ${(free / 1048576).toFixed(0)} MB`]]),
      h("div", { class: "mt-3" }, meter), h("div", { class: "mt-2" }, button),
      navigator.onLine ? "" : h("p", { class: "text-secondary mt-2 mb-0" }, "现在没有网络；内容都在本机，联网后自动同步。"))),
    troubled.length ? card("需要处理", h("ul", { class: "field-list" }, troubled.map((row) => h("li", { class: "py-2" }, h("div", { class: "name" }, named(row.visit)), (row.problems.length ? row.problems : [{ message: "两台设备填得不同，等办公室决定" }]).map((problem) => h("div", {}, problem.message, problem.next ? h("div", { class: "text-secondary" }, problem.next) : "")))))) : "",
    card("各次检查", Object.keys(standing).length ? h("ul", { class: "field-list" }, Object.entries(standing).map(([key, counts]) => h("li", { class: "py-2" }, h("div", { class: "name" }, named(key)), h("div", { class: "more" }, sent(counts))))) : h("p", { class: "mb-0 text-secondary" }, "没有待同步的内容。")));
  return { title: "同步", body };
}

// ── this phone ─────────────────────────────────────────────────────────────────────────────────────
export async function officePage(app) {
  const offset = await store.meta("offset");
  const contact = await store.meta("contact");
  const left = await store.unsettled();
  const save = async () => {
    const content = JSON.stringify({ device: app.link.device, made_at: clock.now().toISOString(), events: await store.everything(app.key) }, null, 1);
    const link = h("a", { href: URL.createObjectURL(new Blob([content], { type: "application/json" })), download: `现场备份-${clock.today()}.json` });
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const remove = async () => {
    const words = left.length ? `还有${left.length}项没有同步，清除后不能找回。确定清除本机？` : "清除本机的离线资料？";
    if (window.confirm(words)) await app.clear("已按您的要求清除。");
  };
  const body = h("div", {},
    card("本机", facts([["使用人", app.officer.name], ["设备名称", app.name], ["上次联系", contact ? clock.spoken(new Date(contact).toISOString()) : ""], ["时钟偏差", offset ? `${offset > 0 ? "快" : "慢"}${Math.abs(offset)}秒` : "无"], ["页面版本", document.body.dataset.version], ["自动锁定", `${app.settings.idle_minutes}分钟不用`], ["不联系系统", `${app.settings.keep_days}天后收起钥匙、清除下载的资料`]])),
    h("div", { class: "d-grid gap-2" },
      h("button", { type: "button", class: "btn big", onclick: () => app.lock() }, icon("lock"), "锁定"),
      h("button", { type: "button", class: "btn big", onclick: save }, icon("download"), "导出备份（未加密，只用于故障时）"),
      h("button", { type: "button", class: "btn btn-outline-danger big", onclick: remove }, icon("x"), "清除本机")));
  return { title: "本机", body };
}
