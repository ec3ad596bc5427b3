// One visit on the phone: how it begins, what each event makes of it, the record that people sign. Pure.
import * as rules from "../web/inspection-rules.js";

const clone = (value) => JSON.parse(JSON.stringify(value));

/** A visit of the download as the phone works on it. */
export function begin(visit) {
  return {
    key: String(visit.id), number: visit.number, party_id: visit.party_id, link: visit.link, kind: visit.kind,
    tags: visit.tags, campaign: visit.campaign, state: visit.state, planned_on: visit.planned_on,
    visited_on: visit.visited_on, persons: visit.persons, inspectors: visit.inspectors, team: visit.team,
    checklist_key: visit.checklist_key, facts: visit.facts, findings: clone(visit.findings), evidence: [],
    stored_evidence: visit.evidence.length, products: [], orders: [], signatures: [], conclusion: visit.conclusion,
    remark: visit.remark, record: null, local: false,
  };
}

/** A visit that nobody had planned: it gets its number when it reaches the server. */
export function unplanned(key, { party_id, link, kind, planned_on, team, checklist_key, facts }) {
  return {
    key, number: "（未编号）", party_id, link, kind, tags: "|", campaign: "", state: "planned", planned_on,
    visited_on: null, persons: team.length, inspectors: team.map((one) => one.name).join("、"), team,
    checklist_key, facts, findings: {}, evidence: [], stored_evidence: 0, products: [], orders: [], signatures: [],
    conclusion: "", remark: "", record: null, local: true,
  };
}

const OF = {
  schedule_visit: () => ({}),
  start_visit: (visit, said) => ({ state: "started", visited_on: said.on, persons: said.persons }),
  record_findings: (visit, said) => {
    const findings = { ...visit.findings };
    for (const { point, state, fact, severe, clause } of said.entries) findings[point] = { state, fact, severe, ...(clause ? { clause } : {}) };
    return { findings };
  },
  conclude_visit: (visit, said) => ({ state: "concluded", conclusion: said.conclusion, remark: said.remark || visit.remark }),
  record_refusal: (visit, said) => ({ state: "refused", visited_on: said.on, conclusion: "不符合", remark: said.detail }),
  order_correction: (visit, said) => ({ orders: [...visit.orders, { content: said.content, due_on: said.due_on }] }),
  recheck_correction: (visit, said) => ({ rechecks: { ...visit.rechecks, [said.correction]: said.passed } }),
  attach_evidence: (visit, said, at) => ({ evidence: [...visit.evidence, { sha256: said.sha256, name: said.name, caption: said.caption, type: said.type, at }] }),
  check_product: (visit, said) => ({ products: [...visit.products, { text: said.text, registration_no: said.registration_no }] }),
  sign_record: (visit, said) => ({ signatures: [...visit.signatures, { role: said.role, name: said.name }], record: { text: said.text, digest: said.digest } }),
  refuse_signature: (visit, said) => ({ signatures: [...visit.signatures, { role: "party", name: said.name, refused: true, reason: said.reason }], record: { text: said.text, digest: said.digest } }),
};

/** The visit after an event. */
export function after(visit, { kind, payload, captured_at }) {
  return { ...clone(visit), ...OF[kind](visit, payload, captured_at) };
}

/** What the phone showed for a point when the inspector wrote over it: sent along, so that others are seen. */
export function known(visit, point) {
  const found = visit.findings[point];
  return found ? { state: found.state, fact: found.fact, severe: found.severe } : null;
}

export const entriesOf = (visit) => Object.entries(visit.findings).map(([point, said]) => ({ point, ...said }));

/** The rule's answer to what was found so far: {row, counted, open} with the key points still open. */
export function proposal(visit, checklist, ruleOfLink, on) {
  const entries = entriesOf(visit);
  const rule = checklist ? checklist.judgement : ruleOfLink;
  const counted = rules.tally(checklist, visit.kind, entries, visit.facts?.matter || "");
  return {
    row: rules.judge(rule, counted, visit.visited_on || on), counted,
    open: rules.openKeyPoints(checklist, visit.facts || {}, entries.map((entry) => entry.point)),
  };
}

const LABELS = { conform: "符合", not_conform: "不符合", not_applicable: "不适用" };

/** The record as plain text, one statement a line: what is read out and signed. */
export function recordText(visit, party, checklist) {
  const lines = ["现场检查记录", `编号：${visit.number}`, `被检查单位：${party.name}`];
  lines.push(`统一社会信用代码：${party.uscc || ""}`, `地址：${party.address || ""}`);
  lines.push(`环节：${visit.link}`, `检查类型：${visit.kind}`, `检查日期：${visit.visited_on}`, `检查人员：${visit.inspectors}`);
  const points = checklist ? rules.asked(checklist, visit.facts || {}) : [];
  const named = new Map((checklist ? checklist.points : []).map((point) => [point.id, point]));
  lines.push("一、发现的问题");
  const failed = entriesOf(visit).filter((entry) => entry.state === "not_conform");
  failed.forEach((entry, i) => {
    const point = named.get(entry.point);
    const marks = `${point?.key ? "（关键项）" : ""}${entry.severe ? "（严重缺陷）" : ""}`;
    lines.push(`${i + 1}. ${entry.fact}${marks}。检查内容：${point?.text || "检查表以外的问题"}。依据：${point?.citation || entry.clause || ""}`);
  });
  if (!failed.length) lines.push("没有发现不符合项");
  lines.push("二、检查的内容");
  for (const point of points) {
    const said = visit.findings[point.id];
    const why = said?.state === "not_applicable" ? `（${said.fact}）` : "";
    lines.push(`${point.id} ${point.text}：${said ? LABELS[said.state] : "未检查"}${why}`);
  }
  if (visit.products.length) lines.push("三、现场核对的产品", ...visit.products.map((one, i) => `${i + 1}. ${one.text || one.registration_no}`));
  lines.push("四、证据", ...visit.evidence.map((one, i) => `证${i + 1} ${one.caption || one.name} ${one.at} ${one.sha256}`));
  if (visit.orders.length) lines.push("五、责令改正", ...visit.orders.map((one) => `${one.content}（限${one.due_on}前）`));
  if (visit.conclusion) lines.push(`检查结论：${visit.conclusion}`);
  if (visit.remark) lines.push(`备注：${visit.remark}`);
  return lines.join("\n");
}

/** Content of an order proposed from what did not conform. */
export function orderText(visit, checklist) {
  const named = new Map((checklist ? checklist.points : []).map((point) => [point.id, point]));
  return entriesOf(visit).filter((entry) => entry.state === "not_conform")
    .map((entry, i) => `${i + 1}. ${entry.fact}。应当做到：${named.get(entry.point)?.text || ""}（${named.get(entry.point)?.citation || entry.clause || ""}）`).join("\n");
}
