/* Checklist, judgement rule and workflow table as the server describes them, evaluated without a network.
   Pure: no page, no clock, no store. Dates are "YYYY-MM-DD" strings. Every function answers as its
   namesake in inspections/checklists.py, judgements.py, checks.py and kernel/workflow.py does; the cases
   in tests/spec/field_rules.json hold both to it. */

const EMPTY = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

// ── who is asked what ──────────────────────────────────────────────────────────────────────────────
const listOf = (value) => (Array.isArray(value) ? value : [value]);

function holdsFact(fact, wanted, facts) {
  const held = facts[fact];
  if (fact === "classes" || fact === "tags" || fact === "area") return listOf(wanted).some((value) => held.includes(value));
  return listOf(wanted).includes(held);
}

function holds(when, facts) {
  return Object.entries(when).every(([key, value]) => {
    if (key === "any") return value.some((inner) => holds(inner, facts));
    if (key === "all") return value.every((inner) => holds(inner, facts));
    if (key === "not") return !holds(value, facts);
    return holdsFact(key, value, facts);
  });
}

function factsAsked(when) {
  return Object.entries(when).flatMap(([key, value]) => {
    if (key === "any" || key === "all") return value.flatMap(factsAsked);
    return key === "not" ? factsAsked(value) : [key];
  });
}

/** Whether a point is asked of such a party. What the register does not state never spares a point. */
export function applies(point, facts) {
  if (!point.when) return true;
  return factsAsked(point.when).some((name) => EMPTY(facts[name])) || holds(point.when, facts);
}

/** The points of a checklist that are asked of such a party, in order. */
export function asked(checklist, facts) {
  return checklist.points.filter((point) => applies(point, facts));
}

// ── answers ────────────────────────────────────────────────────────────────────────────────────────
const STATES = ["conform", "not_conform", "not_applicable"];

/** What is wrong with answers {point, state, fact, severe, clause}: [{code, where}], in the server's order. */
export function checkEntries(entries, checklist) {
  const known = new Set(checklist ? checklist.points.map((point) => point.id) : []);
  const found = [];
  for (const entry of entries) {
    const fact = (entry.fact || "").trim();
    const add = (code) => found.push({ code, where: entry.point });
    if (!entry.clause && !known.has(entry.point)) add("I201");
    if (!STATES.includes(entry.state)) add("I202");
    if (entry.state === "not_conform" && !fact) add("I203");
    if (entry.state === "not_applicable" && !fact) add("I204");
    if (entry.severe && entry.state !== "not_conform") add("I205");
  }
  const points = entries.map((entry) => entry.point);
  const twice = [...new Set(points.filter((point, index) => points.indexOf(point) !== index))].sort();
  return [...found, ...twice.map((where) => ({ code: "I206", where }))];
}

/** Key points that apply and have no answer yet: their ids. A visit is not concluded while there are any. */
export function openKeyPoints(checklist, facts, answered) {
  const done = new Set(answered);
  return checklist ? asked(checklist, facts).filter((point) => point.key && !done.has(point.id)).map((point) => point.id) : [];
}

// ── judgement ──────────────────────────────────────────────────────────────────────────────────────
/** What answers count to. `checklist` may be null. */
export function tally(checklist, kind, entries, matter = "") {
  const keys = new Set(checklist ? checklist.points.filter((point) => point.key).map((point) => point.id) : []);
  const count = (test) => entries.filter(test).length;
  const keyFailed = count((e) => e.state === "not_conform" && keys.has(e.point));
  const generalFailed = count((e) => e.state === "not_conform" && !keys.has(e.point));
  return {
    kind,
    matter,
    key_failed: keyFailed,
    general_failed: generalFailed,
    failed: keyFailed + generalFailed,
    severe: count((e) => Boolean(e.severe)),
    applicable_general: count((e) => e.state !== "not_applicable" && !keys.has(e.point)),
  };
}

function rowMatches(row, counted, on) {
  if ((row.from_on && on < row.from_on) || (row.until_on && on > row.until_on)) return false;
  return Object.entries(row.when || {}).every(([condition, wanted]) => {
    if (condition === "kinds") return wanted.includes(counted.kind);
    if (condition === "matters") return wanted.includes(counted.matter);
    if (condition === "general_share_over") {
      const [part, whole] = wanted.split("/").map(Number); // whole numbers: a share is never rounded
      return counted.general_failed * whole > part * counted.applicable_general;
    }
    return counted[condition] >= wanted;
  });
}

/** The first row of the rule that matches on that day, marked unverified where its source has ended. */
export function judge(rule, counted, on) {
  const row = rule.rows.find((candidate) => rowMatches(candidate, counted, on));
  return row.unverified_from && on >= row.unverified_from ? { ...row, unverified: true } : row;
}

/** What the re-check after a row comes to; null where the rule names none. */
export function recheck(rule, rowId, { late, failing }) {
  const fits = (row) => (!(row.when || {}).late || late) && failing >= ((row.when || {}).failing || 0);
  return (rule.rechecks || []).find((row) => row.after.includes(rowId) && fits(row)) || null;
}

const utc = (day) => new Date(`${day}T00:00:00Z`);
const iso = (date) => date.toISOString().slice(0, 10);

/** The date by which the row's own source wants the correction done; null where it names no time. */
export function suggestedDue(row, on) {
  const date = utc(on);
  if (row.within_months) {
    const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + row.within_months + 1, 0));
    return iso(new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), Math.min(date.getUTCDate(), last.getUTCDate()))));
  }
  if (!row.within_days) return null;
  date.setUTCDate(date.getUTCDate() + row.within_days);
  return iso(date);
}

// ── workflow ───────────────────────────────────────────────────────────────────────────────────────
/** The transitions that may start from a state, in the table's order. */
export function allowed(workflow, state) {
  return workflow.transitions.filter((line) => line.from.includes(state));
}

/** The state that follows an action; null when the table has no such line (the server refuses: K101, K102). */
export function step(workflow, state, action) {
  const line = allowed(workflow, state).find((candidate) => candidate.action === action);
  return line ? line.to : null;
}
