// One visit on the spot: begin, answer, photograph, scan, judge, conclude, order, sign. Every button appends an
// event; what is shown afterwards is the visit after it.
import * as rules from "../web/inspection-rules.js";
import * as capture from "./capture.js";
import * as clock from "./clock.js";
import { area, badge, field, form, h, icon, input, say, select } from "./dom.js";
import { card, facts, partyFacts } from "./pages.js";
import * as store from "./store.js";
import { sha256 } from "./vault.js";
import * as work from "./work.js";

const ANSWERS = [["conform", "符合", "yes"], ["not_conform", "不符合", "no"], ["not_applicable", "不适用", "na"]];

export async function visitPage(app, key) {
  const visit = await app.visit(key);
  if (!visit) return { title: "检查", back: "", body: h("p", {}, "本机没有这次检查。") };
  const page = new Visit(app, visit);
  return { title: page.party.name, back: "", body: page.element() };
}

class Visit {
  constructor(app, visit) {
    this.app = app;
    this.visit = visit;
    this.party = app.party(visit.party_id) || { name: "（单位资料未下载）", links: [], licences: [], corrections: [], last_findings: [], status: "正常" };
    this.checklist = app.checklist(visit);
    this.places = {};
  }

  /** Append an event and show again the parts that it touches (all of them when none is named). */
  async record(kind, payload, files = [], parts = null) {
    this.visit = await this.app.record(this.visit, kind, payload, files);
    if (!parts) return this.app.refresh();
    for (const name of parts) this.show(name);
    return null;
  }

  show(name) {
    this.places[name].replaceChildren(...[this[name]()].flat().filter(Boolean));
  }

  element() {
    const names = ["head", "begin", "points", "recheck", "judgement", "evidence", "products", "order", "signing", "refusal"];
    return h("div", {}, names.map((name) => {
      this.places[name] = h("div", { "data-part": name });
      this.show(name);
      return this.places[name];
    }));
  }

  get started() {
    return this.visit.state === "started";
  }

  get made() {
    return ["started", "concluded"].includes(this.visit.state);
  }

  get signed() {
    return Boolean(this.visit.record);
  }

  head() {
    const { visit, app } = this;
    return h("section", { class: "card" }, h("div", { class: "card-body" },
      facts([["编号", visit.number], ["检查", `${visit.kind} · ${visit.link}`], ["状态", app.day?.rules.workflows.visit.states[visit.state]], ["检查组", visit.inspectors], ["计划", visit.planned_on], ["检查日期", visit.visited_on], ["结论", visit.conclusion], ["检查表", this.checklist ? this.checklist.title : "不用检查表"]]),
      h("details", { class: "mt-2" }, h("summary", {}, "单位情况"), h("div", { class: "mt-2" }, partyFacts(app, this.party)))));
  }

  // ── beginning ────────────────────────────────────────────────────────────────────────────────────
  begin() {
    if (this.visit.state !== "planned") return null;
    const cancelled = this.party.status === "注销" ? h("div", { class: "alert alert-warning" }, `监管对象的状态是“注销”（${this.party.status_on || "日期不详"}起）。确有现场检查的，仍可记录，同步后由办公室核实。`) : "";
    return card("开始检查", cancelled, form("开始检查", [
      field("检查日期", input("on", { type: "date", value: clock.today(), required: true })),
      field("出动人数", input("persons", { type: "number", min: 0, max: 999, value: this.visit.persons || "", required: true, inputmode: "numeric" }), "包括专家和协管员"),
    ], async ({ on, persons }) => {
      const least = this.app.day.rules.least_inspectors;
      if (Number(persons) < least) throw new Error(`现场检查不得少于${least}人`);
      if (on > clock.today()) throw new Error("检查日期晚于今天");
      const named = this.checklist ? { checklist: this.checklist.id, checklist_version: this.checklist.version } : {};
      await this.record("start_visit", { on, persons: Number(persons), ...named });
    }, { wide: true }));
  }

  refusal() {
    if (!["planned", "started"].includes(this.visit.state) || this.signed) return null;
    const acts = Object.entries(this.app.day.rules.refusal_acts);
    return h("details", { class: "card" }, h("summary", { class: "card-header" }, "对方拒绝检查"), h("div", { class: "card-body" }, form("记录拒绝检查", [
      field("日期", input("on", { type: "date", value: this.visit.visited_on || clock.today(), required: true })),
      field("情形", select("act", acts)), field("经过", area("detail"), "时间、地点、对方姓名职务和说了什么、做了什么"), field("见证人", input("witness", { maxlength: 60 })),
    ], async ({ on, act, detail, witness }) => {
      if (!detail.trim()) throw new Error("请写明经过");
      await this.record("record_refusal", { on, act, detail: detail.trim(), witness: witness.trim() });
    })));
  }

  // ── the checklist ────────────────────────────────────────────────────────────────────────────────
  points() {
    if (!this.made) return null;
    const asked = this.checklist ? rules.asked(this.checklist, this.visit.facts || {}) : [];
    const rows = [];
    let chapter = "";
    for (const point of asked) {
      if (point.chapter !== chapter) rows.push(h("div", { class: "chapter" }, (chapter = point.chapter)));
      rows.push(this.point(point));
    }
    const outside = Object.keys(this.visit.findings).filter((id) => !asked.some((point) => point.id === id));
    if (outside.length) rows.push(h("div", { class: "chapter" }, "检查表以外"), outside.map((id) => this.point({ id, text: "检查表以外的问题", citation: this.visit.findings[id].clause || "", outside: true })));
    this.progress = h("div", { class: "card-header" });
    this.rest = h("div", { class: "mb-3" });
    this.showProgress();
    return h("section", { class: "card" }, this.progress, rows, this.started && !this.signed ? h("div", { class: "card-body" }, this.rest, this.extra()) : "");
  }

  /** The points that have no answer yet, as the visit stands now. */
  open() {
    const asked = this.checklist ? rules.asked(this.checklist, this.visit.facts || {}) : [];
    return { asked, left: asked.filter((point) => !this.visit.findings[point.id]) };
  }

  showProgress() {
    const { asked, left } = this.open();
    this.progress.replaceChildren(h("h2", { class: "card-title" }, "检查内容"), h("span", { class: "ms-auto text-secondary" }, `${asked.length - left.length}/${asked.length} 项`));
    this.rest.replaceChildren(left.length ? this.allRest(left.length) : "");
  }

  point(point) {
    const place = h("div", { class: "point", "data-point": point.id });
    const show = (waiting = "") => {
      const said = this.visit.findings[point.id];
      const state = waiting || said?.state || "";
      const buttons = ANSWERS.map(([value, label, look]) => h("button", { type: "button", class: `btn ${look}`, "aria-pressed": String(state === value), disabled: !this.started || this.signed, onclick: () => choose(value) }, label));
      const parts = [
        h("div", { class: "what" }, point.key ? badge("关键", "red") : "", " ", point.text),
        h("div", { class: "law" }, `${point.id} ${point.citation}`, point.unverified ? h("span", { class: "unverified ms-1" }, "未核实") : ""),
        h("div", { class: "answers", role: "group", "aria-label": point.text }, buttons),
      ];
      if (state === "not_conform" || state === "not_applicable") parts.push(this.started && !this.signed ? detail(state, said) : h("p", { class: "mt-2 mb-0" }, said?.fact, said?.severe ? badge("严重缺陷", "red") : ""));
      place.replaceChildren(...parts.filter(Boolean));
    };
    const keep = async (state, fact, severe) => {
      const entry = { point: point.id, state, fact: fact.trim(), severe, known: work.known(this.visit, point.id), ...(point.outside ? { clause: point.citation } : {}) };
      const wrong = rules.checkEntries([entry], this.checklist)[0];
      if (wrong) throw new Error(wrong.code === "I203" ? "请写明看到的事实" : wrong.code === "I204" ? "请写明不适用的理由" : wrong.code);
      await this.record("record_findings", { entries: [entry] }, [], ["judgement", "order", "signing"]);
      this.showProgress();
      show();
    };
    const choose = (value) => {
      const said = this.visit.findings[point.id];
      if (value === "conform") return keep("conform", "", false).catch((error) => say(error.message, "danger"));
      show(value);
      const box = place.querySelector("textarea");
      if (said?.state === value) box.value = said.fact;
      return box.focus();
    };
    const detail = (state, said) => h("div", { class: "mt-2" }, form("保存", [
      field(state === "not_conform" ? "事实" : "不适用的理由", area("fact", said?.state === state ? said.fact : "", 2)),
      state === "not_conform" ? h("label", { class: "form-check" }, h("input", { class: "form-check-input", type: "checkbox", name: "severe", checked: Boolean(said?.severe) }), h("span", { class: "form-check-label" }, "严重缺陷")) : "",
    ], (given) => keep(state, given.fact, Boolean(given.severe))));
    show();
    return place;
  }

  /** All the rest conform: looked up at the click, so that no answer given meanwhile is written over. */
  allRest(count) {
    return h("button", { type: "button", class: "btn w-100 big", onclick: async () => {
      const { left } = this.open();
      if (!window.confirm(`其余 ${left.length} 项都记为符合？`)) return;
      await this.record("record_findings", { entries: left.map((point) => ({ point: point.id, state: "conform", fact: "", severe: false, known: null })) });
    } }, icon("circle-check"), `其余 ${count} 项都符合`);
  }

  /** A problem that the list does not ask about. */
  extra() {
    const asked = new Set(this.open().asked.map((point) => point.id));
    const outside = Object.keys(this.visit.findings).filter((id) => !asked.has(id));
    return h("details", {}, h("summary", {}, "检查表以外的问题"), h("div", { class: "mt-2" }, form("记入", [field("事实", area("fact", "", 2)), field("依据的条款", input("clause", { maxlength: 200 })), h("label", { class: "form-check" }, h("input", { class: "form-check-input", type: "checkbox", name: "severe" }), h("span", { class: "form-check-label" }, "严重缺陷"))], async ({ fact, clause, severe }) => {
      if (!fact.trim() || !clause.trim()) throw new Error("请写明事实和依据的条款");
      const number = outside.length + 1;
      const entry = { point: `其他${number}`, state: "not_conform", fact: fact.trim(), severe: Boolean(severe), clause: clause.trim(), known: null };
      await this.record("record_findings", { entries: [entry] });
    })));
  }

  // ── the judgement ────────────────────────────────────────────────────────────────────────────────
  judgement() {
    if (!this.made) return null;
    const { row, counted, open } = work.proposal(this.visit, this.checklist, this.app.day.rules.judgements[this.visit.link], clock.today());
    const said = h("div", { class: "mb-3", "data-proposal": row.conclusion }, h("strong", {}, `按判定规则：${row.conclusion}`), h("div", {}, row.meaning, row.unverified ? h("span", { class: "unverified ms-1" }, "未核实") : ""), h("div", { class: "text-secondary" }, `${row.citation}；关键项不符合${counted.key_failed}，一般项不符合${counted.general_failed}，严重缺陷${counted.severe}`));
    if (!this.started) return card("结论", said, h("p", { class: "mb-0" }, `已作出结论：${this.visit.conclusion}`));
    const choices = this.app.day.rules.conclusions.map((one) => [one, one]);
    return card("结论", said, open.length ? h("div", { class: "alert alert-info" }, `还有${open.length}个关键项没有结果`) : "", form("作出结论", [
      field("结论", select("conclusion", choices, row.conclusion)), field("与判定规则不同时的理由", input("reason", { maxlength: 300 })), field("备注", area("remark", this.visit.remark || "", 2)),
    ], async ({ conclusion, reason, remark }) => {
      if (open.length) throw new Error(`还有${open.length}个关键项没有结果：${open.join("、")}`);
      if (conclusion !== row.conclusion && !reason.trim()) throw new Error("请写明改变结论的理由，或者采用判定规则的结论");
      await this.record("conclude_visit", { conclusion, reason: reason.trim(), remark: remark.trim() });
    }, { wide: true }));
  }

  order() {
    if (!this.made) return null;
    const { row } = work.proposal(this.visit, this.checklist, this.app.day.rules.judgements[this.visit.link], clock.today());
    const due = rules.suggestedDue(row, clock.today());
    const given = this.visit.orders.map((one) => h("p", {}, badge(`限 ${one.due_on}`, "orange"), " ", one.content));
    const failed = work.entriesOf(this.visit).some((entry) => entry.state === "not_conform");
    if (!failed && !given.length) return null;
    return h("details", { class: "card", open: this.visit.state === "concluded" && !given.length && row.conclusion !== "符合" }, h("summary", { class: "card-header" }, `责令改正（${given.length}）`), h("div", { class: "card-body" }, given, form("责令改正", [
      field("整改内容", area("content", given.length ? "" : work.orderText(this.visit, this.checklist), 5)),
      field("整改期限", input("due_on", { type: "date", value: due || "", required: true }), due ? `按${row.citation}的整改时限建议` : "判定规则没有规定整改时限，请按实际情况确定"),
    ], async ({ content, due_on }) => {
      if (!content.trim()) throw new Error("请写明整改内容");
      if (due_on < clock.today()) throw new Error("整改期限早于今天");
      await this.record("order_correction", { content: content.trim(), ordered_on: clock.today(), due_on });
    })));
  }

  // ── what was ordered before ──────────────────────────────────────────────────────────────────────
  recheck() {
    const orders = this.party.corrections.filter((one) => ["ordered", "submitted"].includes(one.state));
    if (!this.made || !orders.length) return null;
    const done = this.visit.rechecks || {};
    return card(`复查以前的责令改正（${orders.length}）`, orders.map((one) => {
      const head = h("p", { class: "mb-1" }, one.content, " ", badge(`限 ${one.due_on}`, one.due_on < clock.today() ? "red" : "orange"));
      if (one.id in done) return h("div", { class: "mb-3" }, head, done[one.id] ? badge("复查通过", "green") : badge("复查未通过", "red"));
      return h("div", { class: "mb-3" }, head, form("记录复查", [
        field("复查结果", select("passed", [["", "请选择"], ["yes", "通过"], ["no", "未通过"]])), field("复查情况", area("note", "", 2)),
      ], async ({ passed, note }) => {
        if (!passed) throw new Error("请选择复查结果");
        await this.record("recheck_correction", { correction: one.id, passed: passed === "yes", rechecked_on: clock.today(), note: note.trim() }, [], ["recheck"]);
      }));
    }));
  }

  // ── evidence ─────────────────────────────────────────────────────────────────────────────────────
  evidence() {
    if (!this.made && this.visit.state !== "refused") return null;
    const take = h("input", { type: "file", accept: Object.keys(this.app.day.rules.files).concat("image/*").join(","), multiple: true, class: "visually-hidden", id: "files", "aria-label": "照片或文件", "data-photo": "" });
    const caption = input("caption", { maxlength: 200, "aria-label": "说明", placeholder: "说明，例如：货架上的过期产品" });
    take.addEventListener("change", () => this.keepFiles([...take.files], caption.value.trim()).finally(() => { take.value = ""; }));
    const camera = h("input", { type: "file", accept: "image/*", capture: "environment", class: "visually-hidden", id: "camera", "aria-label": "拍照" });
    camera.addEventListener("change", () => this.keepFiles([...camera.files], caption.value.trim()).finally(() => { camera.value = ""; }));
    const list = h("div", { class: "thumbs mt-3" });
    this.thumbs(list);
    return card(`照片、录音和文件（${this.visit.evidence.length + (this.visit.stored_evidence || 0)}）`, h("div", { class: "mb-2" }, caption),
      h("div", { class: "btn-list mb-2" }, h("label", { class: "btn big", for: "camera" }, "拍照"), camera, h("label", { class: "btn big", for: "files" }, "选择文件"), take, this.voice(caption)), list);
  }

  async keepFiles(files, caption) {
    for (const file of files) {
      const { free } = await store.room();
      const wrong = await capture.wrong(file, this.app.day.rules, free);
      if (wrong) { say(wrong, "danger"); continue; }
      const kept = await capture.taken(file);
      if (this.visit.evidence.some((one) => one.sha256 === kept.digest)) { say("这个文件已经有了", "warning"); continue; }
      try {
        const payload = { sha256: kept.digest, name: kept.name, size: kept.size, type: kept.type, caption };
        await this.record("attach_evidence", payload, [{ digest: kept.digest, bytes: kept.bytes }], ["evidence"]);
      } catch (error) {
        say(error.message, "danger");
      }
    }
  }

  voice(caption) {
    let running = null;
    const button = h("button", { type: "button", class: "btn big" }, "录音");
    button.addEventListener("click", async () => {
      try {
        if (!running) {
          running = await capture.listen();
          button.textContent = "停止录音";
          return;
        }
        const file = await running.stop();
        running = null;
        await this.keepFiles([file], caption.value.trim() || "录音");
      } catch (error) {
        say(error.message, "danger");
      }
    });
    return button;
  }

  async thumbs(list) {
    for (const one of this.visit.evidence) {
      const row = await store.fileRow(one.sha256);
      const figure = h("figure", {}, h("figcaption", {}, one.caption || one.name, " ", row?.problem ? badge(row.problem, "red") : row?.state === "queued" ? badge("待同步", "orange") : badge("已上传", "green")));
      if (row && (one.type || "").startsWith("image/")) {
        const address = URL.createObjectURL(new Blob([await store.fileBytes(this.app.key, row)], { type: one.type }));
        const image = h("img", { src: address, alt: one.caption || one.name });
        image.addEventListener("load", () => URL.revokeObjectURL(address));
        figure.prepend(image);
      }
      list.append(figure);
    }
  }

  // ── products on the shelf ────────────────────────────────────────────────────────────────────────
  products() {
    if (!this.made) return null;
    const done = this.visit.products.map((one) => h("li", {}, one.text || one.registration_no));
    const list = done.length ? h("ol", {}, done) : "";
    if (!this.started || this.signed) return done.length ? card(`产品核对（${done.length}）`, list) : null;
    const text = input("text", { maxlength: 500, autocomplete: "off", "data-udi": "" });
    const number = input("registration_no", { maxlength: 120, autocomplete: "off" });
    const add = (said) => this.record("check_product", said, [], ["products"]);
    return card(`产品核对（${done.length}）`, list, this.camera((code) => add({ text: code, registration_no: "" })), form("记入", [
      field("产品标识（扫码或者手输）", text), field("或者注册证编号", number, "登记和证照范围在同步后由系统核对"),
    ], async (said) => {
      if (!said.text.trim() && !said.registration_no.trim()) throw new Error("请扫码或者输入");
      await add({ text: said.text.trim(), registration_no: said.registration_no.trim() });
    }));
  }

  camera(found) {
    const place = h("div", { class: "mb-2" });
    const photo = h("input", { type: "file", accept: "image/*", class: "visually-hidden", id: "code-photo", "aria-label": "识别照片中的码", "data-code-photo": "" });
    const load = () => import("../web/scan.js");
    let running = null;
    const stop = () => { running?.stop(); running = null; place.querySelector("video")?.remove(); };
    const start = async () => {
      if (running) return stop();
      const video = h("video", { class: "scan-video", playsinline: true, muted: true });
      place.append(video);
      try {
        const { scan } = await load();
        running = await scan(video, (code) => { stop(); found(code); });
      } catch (error) {
        video.remove();
        say(error.message, "danger");
      }
      return null;
    };
    photo.addEventListener("change", async () => {
      try {
        const { readImage } = await load();
        const codes = await readImage(photo.files[0]);
        if (codes.length) await found(codes[0]);
        else say("照片中没有认出码，请靠近些、对正再拍，或者手输", "warning");
      } catch (error) {
        say(error.message, "danger");
      }
    });
    place.append(h("div", { class: "btn-list" }, h("button", { type: "button", class: "btn big", onclick: start }, "扫码"), h("label", { class: "btn big", for: "code-photo" }, "从照片识别"), photo));
    return place;
  }

  // ── signatures ───────────────────────────────────────────────────────────────────────────────────
  signing() {
    if (!this.made) return null;
    const text = this.visit.record?.text || work.recordText(this.visit, this.party, this.checklist);
    const done = this.visit.signatures.map((one) => h("li", {}, `${{ party: "被检查单位", inspector: "检查人员", witness: "见证人" }[one.role]} ${one.name} `, one.refused ? badge(`拒绝签名：${one.reason}`, "orange") : badge("已签名", "green")));
    const parts = [h("details", {}, h("summary", {}, "现场检查记录（签名前请对方阅读）"), h("div", { class: "record-text mt-2", tabindex: 0 }, text)), done.length ? h("ul", { class: "mt-2" }, done) : ""];
    if (!this.signed) parts.push(h("p", { class: "text-secondary mt-2" }, "签名后检查内容不能再改，漏记的以补充说明记入。"));
    parts.push(this.pad(text), this.refusedToSign(text));
    return card(`签名（${done.length}）`, parts);
  }

  async digestOf(text) {
    return this.visit.record?.digest || sha256(new TextEncoder().encode(text));
  }

  pad(text) {
    if (!window.SigningPad) return h("p", { class: "text-secondary" }, "本机的页面没有签名板；请在打印的记录上签名。");
    const canvas = h("canvas", { class: "sign-pad", "aria-label": "签名处", tabindex: 0 });
    const missing = this.visit.team.filter((one) => !this.visit.signatures.some((done) => done.role === "inspector" && done.name === one.name));
    const roles = [["party", "被检查单位"], ["inspector", "检查人员"], ["witness", "见证人"]];
    const role = select("role", roles, this.visit.signatures.some((one) => one.role === "party") ? "inspector" : "party");
    const name = input("name", { required: true, maxlength: 60, list: "signers", autocomplete: "off" });
    const fill = () => { name.value = role.value === "inspector" ? missing[0]?.name || "" : role.value === "party" ? this.party.head || this.party.legal_representative || "" : ""; };
    role.addEventListener("change", fill);
    fill();
    let drawn = null;
    requestAnimationFrame(() => { drawn = new window.SigningPad(canvas, {}); });
    return h("div", { class: "mt-3" }, form("签名", [
      field("身份", role), field("姓名", name), h("datalist", { id: "signers" }, this.visit.team.map((one) => h("option", { value: one.name }))),
      field("要说明的（可不填）", input("statement", { maxlength: 300, placeholder: "例如：以上情况属实" })), canvas,
      h("button", { type: "button", class: "btn my-2", onclick: () => drawn?.clear() }, "重写"),
    ], async (given) => {
      if (!drawn || drawn.isEmpty()) throw new Error("请在框中写下姓名");
      const bytes = await (await drawn.toBlob()).arrayBuffer();
      const picture = await sha256(bytes);
      const said = { role: given.role, name: given.name.trim(), statement: given.statement.trim(), sha256: picture, strokes: drawn.strokes, digest: await this.digestOf(text), text };
      await this.record("sign_record", said, [{ digest: picture, bytes }]);
    }));
  }

  refusedToSign(text) {
    if (this.visit.signatures.some((one) => one.role === "party")) return "";
    return h("details", { class: "mt-3" }, h("summary", {}, "对方拒绝签名"), h("div", { class: "mt-2" }, form("记录拒绝签名", [
      field("姓名", input("name", { maxlength: 60, required: true })), field("理由", input("reason", { maxlength: 300, required: true })), field("见证人", input("witnesses", { maxlength: 200, required: true }), "几个人用顿号分开"),
    ], async ({ name, reason, witnesses }) => {
      await this.record("refuse_signature", { name: name.trim(), reason: reason.trim(), witnesses: witnesses.split("、").map((one) => one.trim()).filter(Boolean), digest: await this.digestOf(text), text });
    })));
  }
}
