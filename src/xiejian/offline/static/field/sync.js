// Sending what waits: the events in order, before each portion its files, piece by piece from where the last
// line broke.
// Whatever is interrupted is asked for again; the server knows each event by its id and each file by its digest.
import * as phone from "./phone.js";
import * as store from "./store.js";

const MOST_BYTES = 1500000; // of one batch: below what the server reads as one request
const MOST_FILES = 12; // that travel before the events that name them

async function sendFile(link, key, row, pieceSize, tell) {
  const bytes = new Uint8Array(await store.fileBytes(key, row));
  // what travels in one piece is simply sent: the server says when it has it
  let received = bytes.length > pieceSize ? (await phone.received(link, row.digest)).received : 0;
  let again = 0;
  while (received < bytes.length) {
    const part = bytes.subarray(received, received + pieceSize);
    try {
      ({ received } = await phone.piece(link, row.digest, received, bytes.length, part));
      tell(received / bytes.length);
    } catch (error) {
      if (!(error instanceof phone.Refused) || again >= 3) throw error;
      again += 1;
      if (error.code === "O304" || error.code === "O302") received = error.body.received || 0;
      else throw error;
    }
  }
  await store.setFile(row.digest, "sent");
}

/** The files that a batch of events names, so far as they are not there yet. */
async function sendFiles(link, key, rows, settings, tell) {
  for (const { file } of rows.filter((one) => one.file)) {
    const row = await store.fileRow(file);
    if (row?.state !== "queued") continue;
    try {
      await sendFile(link, key, row, settings.piece, tell);
    } catch (error) {
      if (error instanceof phone.Refused && error.code === "O303") await store.setFile(row.digest, "refused", error.message);
      else throw error;
    }
  }
}

/** Events in portions that are settled one after the other, each with its files: a weak line costs one of them. */
function batches(rows, most) {
  const found = [];
  let bytes = 0;
  let files = 0;
  for (const row of rows) {
    const last = found.at(-1);
    if (!last || last.length >= most || bytes + row.size > MOST_BYTES || files + Boolean(row.file) > MOST_FILES) {
      found.push([row]);
      bytes = row.size;
      files = Number(Boolean(row.file));
    } else {
      last.push(row);
      bytes += row.size;
      files += Number(Boolean(row.file));
    }
  }
  return found;
}

async function settle(answers) {
  for (const { id, outcome, problems } of answers) await store.answered(id, outcome, problems);
}

async function sendEvents(link, key, settings, tell, noted) {
  const rows = await store.unsettled();
  let sent = 0;
  let offset = null;
  for (const batch of batches(rows, settings.events_per_sync)) {
    const said = (share) => tell({ done: sent + share, of: rows.length });
    said(0);
    await sendFiles(link, key, batch, settings, said);
    const events = await Promise.all(batch.map((row) => store.openEvent(key, row)));
    const answer = await phone.sync(link, events);
    await settle(answer.answers);
    // the server has not got a file that it should have: send it again next time
    for (const { id, problems } of answer.answers) {
      const row = batch.find((one) => one.id === id);
      if (row?.file && problems.some((problem) => problem.code === "O301")) await store.setFile(row.file, "queued");
    }
    await noted(answer.answers, batch);
    offset = answer.clock_offset;
    sent += batch.length;
  }
  return { sent, offset };
}

/**
 * Everything that waits, once. `link` = {device, secret}, `tell` gets {done, of}, `noted` each batch of
 * answers. Only one page of this phone sends at a time. Answers {sent, offset, waiting, refused}.
 */
export function run(link, key, settings, tell, noted = () => {}) {
  return navigator.locks.request("xiejian-sync", { ifAvailable: true }, async (lock) => {
    if (!lock) return null;
    let result;
    try {
      result = await sendEvents(link, key, settings, tell, noted);
    } finally {
      await store.dropSentFiles(); // what is recorded makes room even when the line broke
    }
    const left = await store.unsettled();
    const count = (state) => left.filter((row) => row.state === state).length;
    return { ...result, waiting: count("waiting") + count("queued"), refused: count("refused") };
  });
}
