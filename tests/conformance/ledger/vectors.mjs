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

// The lines of a checkpoint that the verifier key signed, else null.
function open(note, vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const key = bytes(rest.join("+"));
  if (!key || key.length !== 33 || key[0] !== 1) return null;
  if (sha256(Buffer.from(`${name}\n`), key).subarray(0, 4).toString("hex") !== id) return null;
  const end = note.lastIndexOf("\n\n");
  const text = note.slice(0, end + 1);
  const der = Buffer.concat([hex("302a300506032b6570032100"), key.subarray(1)]);
  const publicKey = crypto.createPublicKey({ key: der, format: "der", type: "spki" });
  for (const line of note.slice(end + 2).split("\n")) {
    const [, signer, encoded] = line.match(/^\u2014 (\S+) (\S+)$/) ?? [];
    const signature = signer === name ? bytes(encoded) : null;
    if (signature === null || signature.subarray(0, 4).toString("hex") !== id) continue;
    return crypto.verify(null, Buffer.from(text), publicKey, signature.subarray(4)) ? text.split("\n") : null;
  }
  return null;
}

// Whether a .tlog-proof shows the entry (RFC 9162, section 2.1.3.2).
function proves(proof, entry, vkey) {
  const end = proof.indexOf("\n\n");
  const [header, line, ...steps] = proof.slice(0, end).split("\n");
  const [, index] = (line ?? "").match(/^index (0|[1-9][0-9]*)$/) ?? [];
  const path = steps.map(bytes);
  const checkpoint = open(proof.slice(end + 2), vkey);
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
const record = hex(vectors.journal.record);
expect("journal", sha256(record.subarray(0, -32)).toString("hex"), vectors.journal.digest);
console.log(held);
