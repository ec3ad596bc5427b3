// The lock of the local store. A random data key seals everything (AES-GCM); it lies here only wrapped by a
// key that needs both the officer's password (PBKDF2) and this phone's secret from the server (HMAC).
// The password is never kept. Without the secret, given up after too many days, the password opens nothing.
const ROUNDS = 600000; // of PBKDF2-SHA256: about a third of a second on a phone of today
const text = new TextEncoder();

export const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");
const unhex = (digits) => Uint8Array.from(digits.match(/../g).map((pair) => parseInt(pair, 16)));

export async function sha256(bytes) {
  return hex(await crypto.subtle.digest("SHA-256", bytes));
}

/** The server's secret as a key that signs and cannot be read out again. */
export function keepSecret(digits) {
  return crypto.subtle.importKey("raw", unhex(digits), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/** The mark of a request: which phone sends it. */
export async function mark(secret, method, path, body) {
  const line = `${method}\n${path}\n${await sha256(body)}`;
  return hex(await crypto.subtle.sign("HMAC", secret, text.encode(line)));
}

async function wrappingKey(password, salt, rounds, secret) {
  const base = await crypto.subtle.importKey("raw", text.encode(password.normalize("NFC")), "PBKDF2", false, ["deriveBits"]);
  const stretched = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, base, 256);
  const both = await crypto.subtle.sign("HMAC", secret, stretched);
  return crypto.subtle.importKey("raw", both, "AES-GCM", false, ["encrypt", "decrypt"]);
}

const dataKey = (raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

/** A new data key and the lock that keeps it: {key, lock}; the lock may be stored. */
export async function create(password, secret) {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const lock = { salt: crypto.getRandomValues(new Uint8Array(16)), iv: crypto.getRandomValues(new Uint8Array(12)), rounds: ROUNDS };
  const wrapping = await wrappingKey(password, lock.salt, lock.rounds, secret);
  lock.wrapped = await crypto.subtle.encrypt({ name: "AES-GCM", iv: lock.iv }, wrapping, raw);
  const key = await dataKey(raw);
  raw.fill(0);
  return { key, lock };
}

/** The data key, or null when password or secret is not the right one. */
export async function open(lock, password, secret) {
  const wrapping = await wrappingKey(password, lock.salt, lock.rounds, secret);
  try {
    return await dataKey(await crypto.subtle.decrypt({ name: "AES-GCM", iv: lock.iv }, wrapping, lock.wrapped));
  } catch {
    return null;
  }
}

/** Bytes sealed: {iv, data}. */
export async function sealBytes(key, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes) };
}

export const unsealBytes = (key, { iv, data }) => crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, data);

/** Anything that JSON can hold, sealed. */
export const seal = (key, value) => sealBytes(key, text.encode(JSON.stringify(value)));

export async function unseal(key, sealed) {
  return JSON.parse(new TextDecoder().decode(await unsealBytes(key, sealed)));
}
