// SPDX-License-Identifier: Apache-2.0
// Judges docs/reference/evidence-vectors.json with nothing of ours: node evidence.mjs FILE. Prints how many it judged as they
// are said to be; fails at the first that it judges otherwise. Logs here have one partial tile, so the tile is the whole tree.

import crypto from "node:crypto";
import fs from "node:fs";

const vectors = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const hash = (...parts) => crypto.createHash("sha256").update(Buffer.concat(parts)).digest();
const leafHash = (entry) => hash(Buffer.of(0), entry);
const nodeHash = (left, right) => hash(Buffer.of(1), left, right);
const FIELDS = ("event_id part time_us time_quality account patient_id action resource count purpose breakglass outcome system " +
  "workstation ip site session_id query duration_ms kind format source position raw_sha256 extra occurrence received_us amends").split(" ");
//: What each query keeps; the texts in the vectors say it in TOML.
const KEEPS = {
  "acts-of-account": (act, said) => act.actor === said.account,
  "accesses-of-patient": (row, said) => row.patient_id === said.patient && row.kind === "access",
};

class Refused extends Error {}
function must(what, good) {
  if (!good) throw new Refused(what);
}

function root(leaves) {
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

function parsed(what, text) {
  try {
    const said = JSON.parse(text);
    must(`${what} in its one form`, canonical(said) === text);
    return said;
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(what);
  }
}

// The text of a note that the key signed.
function open(note, vkey) {
  const [name, id, encoded] = [vkey.split("+")[0], vkey.split("+")[1], vkey.split("+").slice(2).join("+")];
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(encoded, "base64").subarray(1)]);
  const key = crypto.createPublicKey({ key: der, format: "der", type: "spki" });
  const [text, lines] = [note.slice(0, note.lastIndexOf("\n\n") + 1), note.slice(note.lastIndexOf("\n\n") + 2)];
  const signed = lines.split("\n").slice(0, -1).some((line) => {
    const raw = Buffer.from(line.split(" ")[2] ?? "", "base64");
    if (!line.startsWith(`\u2014 ${name} `) || raw.toString("hex", 0, 4) !== id) return false;
    must("signature", crypto.verify(null, Buffer.from(text), key, raw.subarray(4)));
    return true;
  });
  must("signed by the key", signed);
  return text.split("\n");
}

// Whether a path leads from a leaf to the root (RFC 9162, section 2.1.3.2).
function leads(entry, index, size, path, top) {
  let [fn, sn, value] = [index, size - 1, leafHash(entry)];
  for (const step of path) {
    if (sn === 0) return false;
    if (fn & 1 || fn === sn) {
      value = nodeHash(step, value);
      while (fn && !(fn & 1)) [fn, sn] = [fn >> 1, sn >> 1];
    } else value = nodeHash(value, step);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && value.equals(top);
}

// The entry of an access: its canonical row under its salt.
function sealed(line) {
  const pieces = FIELDS.map((name) => {
    const value = line.row[name];
    if (value === null) return "-,";
    const text = typeof value === "boolean" ? String(Number(value)) : String(value);
    return `${Buffer.byteLength(text)}:${text},`;
  });
  return Buffer.concat([Buffer.of(1), hash(Buffer.from(line.salt, "hex"), Buffer.from(pieces.join("")))]);
}

function unpacked(raw) {
  const found = [];
  for (let at = 0; at < raw.length; at += 2 + raw.readUInt16BE(at)) found.push(raw.subarray(at + 2, at + 2 + raw.readUInt16BE(at)));
  return found;
}

function verify(files) {
  const read = (name) => {
    must(`${name} is there`, files[name] !== undefined);
    return Buffer.from(files[name], "hex");
  };
  const said = parsed("manifest.json", read("manifest.json").toString());
  const { query, range, parameters } = said;
  must("a known query", query.version === 1 && query.name in KEEPS && read("query.toml").toString("hex") === vectors.queries[query.name]);
  const note = read("checkpoint").toString();
  const [origin, size, top] = open(note, vectors.vkey);
  const tree = { origin, size: Number(size), root: Buffer.from(top, "base64") };
  must("the range", origin.endsWith(`/${range.log}`) && origin === vectors.vkey.split("+")[0] && range.to < tree.size);
  const text = read("result.jsonl").toString();
  must("the last line ends", text === "" || text.endsWith("\n"));
  const names = ["manifest.json", "query.toml", "result.jsonl", "checkpoint"];
  const over = query.name === "acts-of-account" ? "acts" : "events";
  let before = range.from - 1;
  for (const line of text.split("\n").slice(0, -1)) {
    const record = parsed("a record", line);
    const n = Number(record.index.split(":")[1]);
    must("the order", record.index === `${range.log}:${n}` && before < n && n <= range.to);
    must("what the query keeps", KEEPS[query.name](over === "acts" ? record.act : record.row, parameters));
    const entry = over === "acts" ? Buffer.from(canonical(record.act)) : sealed(record);
    must("the entry", read(`proofs/${n}.entry`).equals(entry));
    const proof = read(`proofs/${n}.tlog-proof`).toString();
    const [head, ...steps] = proof.slice(0, proof.indexOf("\n\n")).split("\n").slice(1);
    must("the proof", head === `index ${n}` && proof.slice(proof.indexOf("\n\n") + 2) === note);
    must("the path", leads(entry, n, tree.size, steps.map((step) => Buffer.from(step, "base64")), tree.root));
    names.push(`proofs/${n}.entry`, `proofs/${n}.tlog-proof`);
    before = n;
  }
  let gone = 0;
  if (over === "acts") {
    const [tile, bundle] = [`tile/0/000.p/${tree.size}`, `tile/entries/000.p/${tree.size}`];
    const hashes = read(tile);
    const leaves = Array.from({ length: tree.size }, (_, i) => hashes.subarray(i * 32, i * 32 + 32));
    must("the tile", hashes.length === tree.size * 32 && root(leaves).equals(tree.root));
    const bodies = unpacked(read(bundle));
    must("every entry", bodies.length === tree.size && bodies.every((body, i) => !body.length || leafHash(body).equals(leaves[i])));
    const inside = bodies.map((body, n) => [n, body]).slice(range.from, range.to + 1);
    gone = inside.filter(([, body]) => !body.length).length;
    const acts = inside.filter(([, body]) => body[0] === 0x7b).map(([n, body]) => [n, JSON.parse(body)]);
    const again = acts.filter(([, act]) => KEEPS[query.name](act, parameters));
    must("the result", again.map(([n, act]) => `${canonical({ act, index: `${range.log}:${n}` })}\n`).join("") === text);
    names.push(tile, bundle);
  }
  must("these files and no others", Object.keys(files).sort().join() === names.sort().join());
  const right = {
    format: "wardkeep-evidence/1",
    query: { name: query.name, version: 1, sha256: hash(read("query.toml")).toString("hex") },
    parameters,
    range: { log: range.log, from: range.from, to: range.to },
    checkpoint: { origin, size: tree.size, root: tree.root.toString("hex") },
    result: { rows: text.split("\n").length - 1, sha256: hash(read("result.jsonl")).toString("hex") },
    complete: over === "acts" && gone === 0,
    gone,
  };
  must("the manifest", canonical(right) === read("manifest.json").toString());
}

function holds(files) {
  try {
    verify(files);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

let judged = 0;
for (const one of vectors.bundles) {
  if (!holds(one.files)) throw new Error(`${one.what}: refused`);
  judged += 1;
}
for (const one of vectors.no_bundles) {
  const files = { ...vectors.bundles[one.of].files, ...one.files };
  for (const name of one.without) delete files[name];
  if (holds(files)) throw new Error(`${one.why}: taken`);
  judged += 1;
}
console.log(judged);
