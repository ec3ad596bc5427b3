// What lies on the phone. Plain are only ids, order, sizes and states; everything said or seen is sealed.
import Dexie from "../vendor/dexie.min.mjs";
import { seal, sealBytes, unseal, unsealBytes } from "./vault.js";

const NAME = "xiejian-field";
const PORTION = 200; // rows of a table that are sealed together

function make() {
  const made = new Dexie(NAME);
  made.version(1).stores({
    meta: "key",
    day: "id",
    work: "key",
    events: "++place, &id, visit, state, [visit+sequence]",
    files: "digest, state",
  });
  return made;
}
let db = make();

/** Said to the inspector instead of the browser's own words; nothing that was kept before is touched. */
export class StorageFull extends Error {
  constructor() {
    super("手机存储空间不足，这一项没有保存；已有的内容都在。请先同步，或者清理手机上的照片和应用后再试。");
  }
}

async function guarded(work) {
  try {
    return await work();
  } catch (error) {
    const names = [error?.name, error?.inner?.name];
    if (names.includes("QuotaExceededError")) throw new StorageFull();
    throw error;
  }
}

// ── what is plain ──────────────────────────────────────────────────────────────────────────────────
export async function meta(key) {
  return (await db.meta.get(key))?.value;
}
export const setMeta = (key, value) => guarded(() => db.meta.put({ key, value }));
export const dropMeta = (key) => db.meta.delete(key);

/** Clear the phone: every table, and the database itself. */
export async function wipe() {
  await db.delete();
  db = make();
}

/** Drop what was downloaded; what was done on the phone stays, sealed. */
export const dropDay = () => db.day.clear();

/** How much room there is, in bytes, as far as the browser says: {used, free}. */
export async function room() {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) || {};
  return { used: usage, free: Math.max(0, quota - usage) };
}

// ── the download ───────────────────────────────────────────────────────────────────────────────────
/** Keep a download: its tables in portions, the rest as one piece. Replaces the one before, all or nothing. */
export async function keepDay(key, content) {
  const rows = [];
  const rest = {};
  for (const [name, value] of Object.entries(content)) {
    if (!value?.rows) {
      rest[name] = value;
      continue;
    }
    rest[name] = { columns: value.columns };
    for (let i = 0; i < value.rows.length; i += PORTION) {
      rows.push({ id: `${name}:${String(i / PORTION).padStart(5, "0")}`, sealed: await seal(key, value.rows.slice(i, i + PORTION)) });
    }
  }
  rows.push({ id: "rest", sealed: await seal(key, rest) });
  await guarded(() => db.transaction("rw", db.day, async () => {
    await db.day.clear();
    await db.day.bulkPut(rows);
  }));
}

/** The download as it came, or null. */
export async function readDay(key) {
  const stored = await db.day.orderBy("id").toArray();
  const rest = stored.find((row) => row.id === "rest");
  if (!rest) return null;
  const content = await unseal(key, rest.sealed);
  const parts = await Promise.all(stored.filter((row) => row.id !== "rest").map(async (row) => [row.id.split(":")[0], await unseal(key, row.sealed)]));
  for (const value of Object.values(content)) if (value?.columns) value.rows = [];
  for (const [name, rows] of parts) content[name].rows.push(...rows);
  return content;
}

// ── visits under work ──────────────────────────────────────────────────────────────────────────────
export async function work(key, visit) {
  const row = await db.work.get(visit);
  return row ? unseal(key, row.sealed) : null;
}

export async function works(key) {
  const rows = await db.work.toArray();
  return Promise.all(rows.map((row) => unseal(key, row.sealed)));
}

/** Keep visits as they begin, all of them or none. */
export async function beginWorks(key, snapshots) {
  const rows = await Promise.all(snapshots.map(async (s) => ({ key: s.key, sealed: await seal(key, s) })));
  await guarded(() => db.work.bulkPut(rows));
}

/** Append one event with the visit as it is after it and the files it names: all of it, or nothing. */
export async function append(key, event, snapshot, files = []) {
  const sealed = await seal(key, { kind: event.kind, payload: event.payload, captured_at: event.captured_at });
  const state = await seal(key, snapshot);
  const stored = await Promise.all(files.map(async (file) => ({
    digest: file.digest, size: file.bytes.byteLength, visit: event.visit, state: "queued", sealed: await sealBytes(key, file.bytes),
  })));
  return guarded(() => db.transaction("rw", db.events, db.work, db.files, async () => {
    const last = await db.events.where("[visit+sequence]").between([event.visit, Dexie.minKey], [event.visit, Dexie.maxKey]).last();
    const row = { id: event.id, visit: event.visit, sequence: (last?.sequence || 0) + 1, state: "queued", problems: [], size: sealed.data.byteLength, file: event.payload.sha256 || null, sealed };
    await db.events.add(row);
    await db.work.put({ key: event.visit, sealed: state });
    for (const file of stored) if (!(await db.files.get(file.digest))) await db.files.put(file);
    return row.sequence;
  }));
}

/** Forget visits that are finished here and there: their events and snapshots. */
export async function forget(visits) {
  await db.transaction("rw", db.events, db.work, async () => {
    await db.events.where("visit").anyOf(visits).delete();
    await db.work.bulkDelete(visits);
  });
}

// ── what waits to be sent ──────────────────────────────────────────────────────────────────────────
export const FINAL = ["applied", "same", "conflict", "set_aside"];

/** The rows of events that the server has not settled, oldest first; still sealed. */
export async function unsettled() {
  const rows = await db.events.where("state").anyOf(["queued", "waiting", "refused"]).toArray();
  return rows.sort((a, b) => a.place - b.place);
}

export const eventsOf = (visit) => db.events.where("visit").equals(visit).sortBy("sequence");

/** visit → {queued, waiting, refused, conflict, …}: how many events stand how. */
export async function standing() {
  const found = {};
  await db.events.each((row) => {
    const counts = (found[row.visit] ||= {});
    counts[row.state] = (counts[row.state] || 0) + 1;
  });
  return found;
}

/** The problems of events that the office has to look at: [{visit, problems}]. */
export const troubled = () => db.events.where("state").anyOf(["refused", "conflict", "waiting"]).toArray();

export async function openEvent(key, row) {
  const said = await unseal(key, row.sealed);
  return { id: row.id, visit: row.visit, sequence: row.sequence, ...said };
}

export const answered = (id, state, problems) => db.events.where("id").equals(id).modify({ state, problems });

export const queuedFiles = () => db.files.where("state").equals("queued").toArray();
export const fileBytes = (key, row) => unsealBytes(key, row.sealed);
export const fileRow = (digest) => db.files.get(digest);
export const setFile = (digest, state, problem = null) => db.files.update(digest, { state, problem });

/** Drop the files whose events are all settled; a file still needed by one of them stays. */
export async function dropSentFiles() {
  const needed = new Set((await unsettled()).map((row) => row.file));
  const done = await db.files.toArray().then((rows) => rows.filter((row) => !needed.has(row.digest)).map((row) => row.digest));
  await db.files.bulkDelete(done);
}

/** Everything that was done here, still sealed or opened, as a backup for the office. */
export async function everything(key) {
  const rows = await db.events.toArray();
  return Promise.all(rows.map(async (row) => ({ ...(await openEvent(key, row)), state: row.state, problems: row.problems })));
}
