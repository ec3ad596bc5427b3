// Talking to the server: who asks (session and token), from which phone (mark), what came back.
import * as clock from "./clock.js";
import { mark } from "./vault.js";

const text = new TextEncoder();

/** Something the server refused; `wipe` when this phone is to clear itself, `signIn` when nobody is signed in. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `系统没有接受（${status}）`);
    this.status = status;
    this.code = (body?.type || "").split(":").pop();
    this.body = body || {};
    this.wipe = Boolean(body?.wipe);
    this.signIn = status === 401 || (status === 403 && !body);
  }
}

/** No line to the server. */
export class NoLine extends Error {
  constructor() {
    super("没有网络，内容都在本机，联网后再同步");
  }
}

const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] || "";

async function send(method, path, body, headers) {
  let answer;
  try {
    answer = await fetch(path, { method, body: method === "GET" ? undefined : body, headers: { "X-CSRFToken": token(), ...headers }, cache: "no-store", credentials: "same-origin", redirect: "manual" });
  } catch {
    throw new NoLine();
  }
  if (answer.type === "opaqueredirect") throw new Refused(401, null);
  const known = (answer.headers.get("Content-Type") || "").includes("json");
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) throw new NoLine();
  let content = null;
  try {
    content = known ? await answer.json() : null;
  } catch {
    throw new NoLine(); // the line broke in the middle of the answer
  }
  if (!answer.ok) throw new Refused(answer.status, content);
  return content;
}

// what no database stores never leaves the phone: NUL, half of a character
const storable = (key, value) => (typeof value === "string" ? value.replaceAll("\u0000", "").toWellFormed?.() ?? value : value);
const json = (value) => text.encode(JSON.stringify(value, storable));

export const state = (device) => send("GET", `/field/state/?device=${device}`, null, {});
export const register = (name, password) => send("POST", "/field/devices/", json({ name, password }), { "Content-Type": "application/json" });
export const unlock = (device) => send("POST", "/field/unlock/", json({ device }), { "Content-Type": "application/json" });

async function marked(phone, method, path, body, type) {
  const bytes = body || new Uint8Array();
  const headers = { "X-Field-Device": phone.device, "X-Field-Mark": await mark(phone.secret, method, path, bytes) };
  if (type) headers["Content-Type"] = type;
  return send(method, path, bytes, headers);
}

/** The day; its tables come column by column and are turned into rows here. */
export async function day(phone, days, all) {
  const content = await marked(phone, "GET", `/field/day/?days=${days}&parties=${all ? "all" : "visits"}`);
  const rows = ({ columns, values }) => ({ columns, rows: (values[0] || []).map((_, i) => values.map((column) => column[i])) });
  return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, Array.isArray(value?.values) ? rows(value) : value]));
}
export const sync = (phone, events) => marked(phone, "POST", "/field/sync/", json({ now: clock.now().toISOString(), events }), "application/json");
export const received = (phone, digest) => marked(phone, "GET", `/field/files/${digest}/`);
export const piece = (phone, digest, start, total, bytes) => marked(phone, "PUT", `/field/files/${digest}/?start=${start}&total=${total}`, bytes, "application/octet-stream");
