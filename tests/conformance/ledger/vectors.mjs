// SPDX-License-Identifier: Apache-2.0
// Runs docs/reference/ledger-vectors.json with nothing of ours: node vectors.mjs FILE. Prints how many hold; fails at the first that does not.

import crypto from "node:crypto";
import fs from "node:fs";

const vectors = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const hex = (text) => Buffer.from(text, "hex");
const sha256 = (...parts) => crypto.createHash("sha256").update(Buffer.concat(parts)).digest();
const leafHash = (entry) => sha256(hex("00"), entry);
const nodeHash = (left, right) => sha256(hex("01"), left, right);
let held = 0;

function expect(what, found, said) {
  if (found !== said) throw new Error(`${what}: ${found}, not ${said}`);
  held += 1;
}

function root(leaves) {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0];
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(root(leaves.slice(0, k)), root(leaves.slice(k)));
}

function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)}}`;
}

// Base 64 in its one form, else null.
function bytes(text) {
  const raw = Buffer.from(text, "base64");
  return raw.toString("base64") === text ? raw : null;
}

// Name, id, type and public key of a verifier key NAME+ID+BASE64, else null.
function readKey(vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const key = bytes(rest.join("+"));
  if (!key || key.length !== 33 || !/^[^\s+]+$/.test(name)) return null;
  if (sha256(Buffer.from(`${name}\n`), key).subarray(0, 4).toString("hex") !== id) return null;
  const der = Buffer.concat([hex("302a300506032b6570032100"), key.subarray(1)]);
  return { name, id, type: key[0], public: crypto.createPublicKey({ key: der, format: "der", type: "spki" }) };
}

// What a known key signed of a note: its text and the bytes of the signature behind the id; null where nothing, or one fails.
function open(note, vkey) {
  const key = readKey(vkey);
  const end = note.lastIndexOf("\n\n");
  if (!key || (key.type !== 1 && key.type !== 4)) return null;
  if (end < 0 || !note.endsWith("\n") || /[\0-\x09\x0b-\x1f]/.test(note)) return null;
  const text = note.slice(0, end + 1);
  let found = null;
  for (const line of note.slice(end + 2, -1).split("\n")) {
    const [, signer, encoded] = line.match(/^\u2014 ([^\s+]+) ([^\s]+)$/) ?? [];
    const raw = signer === undefined ? null : bytes(encoded);
    if (raw === null || raw.length < 5) return null;
    if (signer !== key.name || raw.subarray(0, 4).toString("hex") !== key.id) continue;
    // A witness signs the time too (tlog-cosignature), in the eight bytes before the signature.
    const time = key.type === 4 ? raw.subarray(4, 12) : Buffer.alloc(0);
    if (raw.length !== 4 + time.length + 64 || (time.length && time[0] > 127)) return null;
    const moment = time.length ? time.readBigUInt64BE() : null;
    const message = Buffer.from(time.length ? `cosignature/v1\ntime ${moment}\n${text}` : text);
    if (!crypto.verify(null, message, key.public, raw.subarray(4 + time.length))) return null;
    found = { text: text.split("\n"), moment };
  }
  return found;
}

// Whether steps show that a tree grew from old to new (RFC 9162, section 2.1.4.2).
function grew(one) {
  const [oldRoot, newRoot, ...steps] = [one.old_root, one.new_root, ...one.proof].map(hex);
  if (one.old < 1 || one.old > one.new) return false;
  if (one.old === one.new) return steps.length === 0 && oldRoot.equals(newRoot);
  const path = (one.old & (one.old - 1)) === 0 ? [oldRoot, ...steps] : steps;
  if (path.length === 0) return false;
  let [fn, sn] = [one.old - 1, one.new - 1];
  while (fn & 1) [fn, sn] = [fn >> 1, sn >> 1];
  let [before, after] = [path[0], path[0]];
  for (const step of path.slice(1)) {
    if (sn === 0) return false;
    if (fn & 1 || fn === sn) {
      [before, after] = [nodeHash(step, before), nodeHash(step, after)];
      while (fn && !(fn & 1)) [fn, sn] = [fn >> 1, sn >> 1];
    } else after = nodeHash(after, step);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && before.equals(oldRoot) && after.equals(newRoot);
}

// Whether a .tlog-proof shows the entry (RFC 9162, section 2.1.3.2).
function proves(proof, entry, vkey) {
  const end = proof.indexOf("\n\n");
  const [header, line, ...steps] = proof.slice(0, end).split("\n");
  const [, index] = (line ?? "").match(/^index (0|[1-9][0-9]*)$/) ?? [];
  const path = steps.map(bytes);
  const checkpoint = open(proof.slice(end + 2), vkey)?.text ?? null;
  if (end < 0 || header !== "c2sp.org/tlog-proof@v1" || index === undefined || checkpoint === null) return false;
  if (path.some((step) => step?.length !== 32) || checkpoint[0] !== vkey.split("+")[0]) return false;
  let [fn, sn, value] = [Number(index), Number(checkpoint[1]) - 1, leafHash(entry)];
  if (fn > sn) return false;
  for (const step of path) {
    if (sn === 0) return false;
    if (fn & 1 || fn === sn) {
      value = nodeHash(step, value);
      while (fn && !(fn & 1)) [fn, sn] = [fn >> 1, sn >> 1];
    } else value = nodeHash(value, step);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && value.toString("base64") === checkpoint[2];
}

const vkeyOf = (name, key) => {
  const raw = Buffer.concat([hex("01"), hex(key)]);
  return `${name}+${sha256(Buffer.from(`${name}\n`), raw).subarray(0, 4).toString("hex")}+${raw.toString("base64")}`;
};

// The verifier key of a log at a size, as it follows from a trusted one through hand-overs; null where they lead nowhere.
function follow(vkey, handovers, origin, size) {
  const [base, log] = [origin.slice(0, origin.lastIndexOf("/")), origin.slice(origin.lastIndexOf("/") + 1)];
  const steps = handovers.map((entry) => JSON.parse(hex(entry).toString()));
  const before = (a, b) => a.log < b.log || (a.log === b.log && a.index < b.index);
  for (const [i, step] of steps.entries()) {
    const name = `${base}/${step.log}`;
    const [old, next] = [step.old, step.new].map((key) => vkeyOf(name, key));
    const note = `wardkeep.ledger/key-rotated/v1\n${name}\n${step.index}\n${old}\n${next}\n${step.at}\n\n${step.signatures}`;
    if (step.old === step.new || open(note, old) === null || open(note, next) === null) return null;
    if (i > 0 && (steps[i - 1].new !== step.old || !before(steps[i - 1], step))) return null;
  }
  const chain = [steps[0].old, ...steps.map((step) => step.new)];
  const [name, , encoded] = vkey.split("+");
  if (name.slice(0, name.lastIndexOf("/")) !== base || !chain.includes(bytes(encoded).subarray(1).toString("hex"))) return null;
  return vkeyOf(origin, steps.reduce((key, step) => (before(step, { log, index: size }) ? step.new : key), chain[0]));
}

// Whether a proof in one file holds, its row included.
function holds(file, vkey) {
  let said = null;
  try {
    said = JSON.parse(file);
  } catch {
    return false;
  }
  const isHex = (text) => typeof text === "string" && text.length % 2 === 0 && /^[0-9a-f]*$/.test(text);
  if (said.format !== "wardkeep-proof/1" || typeof said.vkey !== "string" || typeof said.proof !== "string") return false;
  if (!isHex(said.entry) || ("salt" in said) !== ("row" in said)) return false;
  if ("row" in said) {
    if (!isHex(said.salt) || !isHex(said.row) || said.salt.length !== 32) return false;
    if (said.entry !== `01${sha256(hex(said.salt), hex(said.row)).toString("hex")}`) return false;
  }
  let signer = vkey;
  if (said.handovers?.length) {
    const [origin, size] = said.proof.slice(said.proof.indexOf("\n\n") + 2).split("\n");
    signer = follow(vkey, said.handovers, origin, Number(size));
  }
  return signer !== null && proves(said.proof, hex(said.entry), signer);
}

for (const one of vectors.events) {
  const entry = Buffer.concat([hex("01"), sha256(hex(one.salt), hex(one.row))]);
  expect("event", entry.toString("hex"), one.entry);
  expect("leaf hash", leafHash(entry).toString("hex"), one.leaf_hash);
}
for (const one of vectors.acts) expect("act", Buffer.from(canonical(one.act)).toString("hex"), one.entry);
const entries = vectors.log.entries.map(hex);
for (const one of vectors.log.roots) {
  expect(`root ${one.size}`, root(entries.slice(0, one.size).map(leafHash)).toString("hex"), one.root);
}
for (const one of vectors.log.proofs) {
  expect(`proof ${one.index}`, proves(one.proof, entries[one.index], vectors.key.vkey), true);
}
for (const one of vectors.no_proofs) expect(one.why, proves(one.proof, hex(one.entry), one.vkey), false);
for (const one of vectors.no_keys) expect(one.why, [1, 4].includes(readKey(one.vkey)?.type), false);
for (const one of vectors.notes) expect(one.what, open(one.note, vectors.key.vkey) !== null, true);
for (const one of vectors.no_notes) expect(one.why, open(one.note, vectors.key.vkey) !== null, false);
expect("cosigned", Number(open(vectors.cosigned.note, vectors.witness.vkey)?.moment), vectors.cosigned.at);
for (const one of vectors.no_cosigned) expect(one.why, open(one.note, vectors.witness.vkey) !== null, false);
const roots = Object.fromEntries(vectors.log.roots.map((one) => [one.size, one.root]));
for (const one of vectors.log.consistency) {
  expect(`from ${one.old}`, grew({ ...one, old_root: roots[one.old], new_root: roots[one.new] }), true);
}
for (const one of vectors.no_consistency) expect(one.why, grew(one), false);
for (const one of vectors.bundles) expect("bundle", holds(one.file, vectors.key.vkey), true);
for (const one of vectors.no_bundles) expect(one.why, holds(one.file, vectors.key.vkey), false);
expect("handed over", holds(vectors.handed_over.file, vectors.handed_over.vkey), true);
for (const one of vectors.no_handed_over) expect(one.why, holds(one.file, vectors.handed_over.vkey), false);
// The spool of a care path: a header of two slots, then records chained by their digests. null where no header holds.
function spool(one) {
  const room = [4096, 4096, one.size - 8192];
  const parts = [...one.slots, one.records].map((part, i) => Buffer.concat([hex(part), Buffer.alloc(room[i] - part.length / 2)]));
  const raw = Buffer.concat(parts);
  const headers = [0, 4096].map((at) => {
    const end = at + 30 + raw.readUInt16BE(at + 28);
    const digest = raw.subarray(end, end + 32);
    if (raw.toString("latin1", at, at + 4) !== "WKSP" || !sha256(raw.subarray(at, end)).equals(digest)) return null;
    const [life, name] = [raw.toString("hex", at + 12, at + 28), raw.toString("utf8", at + 30, end)];
    return { generation: raw.readBigUInt64BE(at + 4), life, name, digest };
  });
  const head = headers.filter(Boolean).sort((a, b) => Number(b.generation - a.generation))[0];
  if (head === undefined) return null;
  const mark = Buffer.from("WKS1        ");
  mark.writeBigUInt64BE(head.generation, 4);
  const found = [];
  let [at, digest] = [8192, head.digest];
  while (at + 32 <= raw.length && raw.subarray(at, at + 12).equals(mark)) {
    const end = at + 32 + raw.readUInt32BE(at + 28);
    const next = sha256(digest, raw.subarray(at, end));
    const number = Number(raw.readBigUInt64BE(at + 12));
    if (end + 32 > raw.length || !next.equals(raw.subarray(end, end + 32))) break;
    if (found.length && number !== found[found.length - 1].number + 1) break;
    found.push({ number, at_us: Number(raw.readBigUInt64BE(at + 20)), body: raw.toString("hex", at + 32, end) });
    [at, digest] = [end + 32, next];
  }
  // A record that was being written when the power went has none behind it.
  const damaged = raw.indexOf(mark, at + 1) >= 0;
  return { name: head.name, producer: `${head.name}:${head.life}`, entries: found, digest: digest.toString("hex"), damaged };
}

// Whether a kept day is a signed checkpoint of this log, and its stamp over that file. Whose stamp it is a CMS library tells.
function kept(one) {
  const said = open(one.checkpoint, vectors.key.vkey)?.text;
  if (said === undefined || said[0] !== vectors.key.origin || Number(said[1]) > entries.length) return false;
  if (root(entries.slice(0, Number(said[1])).map(leafHash)).toString("base64") !== said[2]) return false;
  return one.stamp === null || hex(one.stamp).includes(sha256(Buffer.from(one.checkpoint)));
}

for (const one of vectors.spools) {
  const found = spool(one);
  expect(one.what, found?.damaged, false);
  for (const name of ["name", "producer", "digest"]) expect(one.what, found[name], one[name]);
  expect(one.what, JSON.stringify(found.entries), JSON.stringify(one.entries));
}
for (const one of vectors.no_spools) {
  const found = spool(one);
  expect(one.why, found !== null, one.header);
  if (one.header) expect(one.why, found.damaged && found.entries.length, one.entries);
}
for (const one of vectors.days) expect(one.day, kept(one), true);
for (const one of vectors.no_days) expect(one.why, kept(one), false);
const record = hex(vectors.journal.record);
expect("journal", sha256(record.subarray(0, -32)).toString("hex"), vectors.journal.digest);
console.log(held);
