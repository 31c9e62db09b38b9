// SPDX-License-Identifier: Apache-2.0
// Checks a sealed record package with nothing of ours, as docs/reference/sealed-record-package.md says: node check.mjs FOLDER VKEY.
// Prints {"ok", "steps", "files"}: the files in which something is wrong. One log, whose key was never handed over; signatures
// with Ed25519; the rules of the law are left to the reader.

import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const [folder, vkey] = process.argv.slice(2);
const hash = (...parts) => crypto.createHash("sha256").update(Buffer.concat(parts)).digest();
const hex = (raw) => hash(raw).toString("hex");
const number = (n) => String(n).padStart(4, "0");
const wrong = new Set();
const must = (good, name) => good || wrong.add(name);

function names(below) {
  return fs.readdirSync(path.join(folder, below), { withFileTypes: true }).flatMap((one) => {
    const name = below ? `${below}/${one.name}` : one.name;
    if (one.isDirectory()) return names(name);
    must(one.isFile(), name);
    return [name];
  });
}

const there = new Set(names(""));
const wanted = new Set(["verifier.html"]);
function read(name) {
  wanted.add(name);
  if (there.has(name)) return fs.readFileSync(path.join(folder, name));
  wrong.add(name);
  return null;
}

function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)}}`;
}

// The object in a file, where it is in its one form.
function parsed(raw) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(raw);
    const said = JSON.parse(text);
    return canonical(said) === text ? said : null;
  } catch {
    return null;
  }
}

function noteHolds(note) {
  const [name, id, encoded] = [vkey.split("+")[0], vkey.split("+")[1], vkey.split("+").slice(2).join("+")];
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(encoded, "base64").subarray(1)]);
  const key = crypto.createPublicKey({ key: der, format: "der", type: "spki" });
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const lines = note.slice(cut + 2).split("\n").slice(0, -1);
  const good = lines.length === 1 && lines[0].startsWith(`\u2014 ${name} `) && note.endsWith("\n");
  const raw = Buffer.from(lines[0].split(" ")[2] ?? "", "base64");
  const exact = good && raw.toString("base64") === lines[0].split(" ")[2] && raw.toString("hex", 0, 4) === id;
  return exact && text.split("\n")[0] === name && crypto.verify(null, Buffer.from(text), key, raw.subarray(4));
}

// The root that an inclusion proof leads to (RFC 9162, 2.1.3.2), null where its length does not fit.
function rootOf(leaf, index, size, proof) {
  let [fn, sn, at] = [index, size - 1, leaf];
  for (const step of proof) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      at = hash(Buffer.of(1), step, at);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else at = hash(Buffer.of(1), at, step);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 ? at : null;
}

// The act of a step and its index, null where the proof does not hold.
function place(raw) {
  try {
    const said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
    const whole = { format: said.format, vkey: said.vkey, proof: said.proof, entry: said.entry };
    if (JSON.stringify(whole, null, 1) !== raw.toString().trimEnd() || !raw.toString().endsWith("}\n")) return null;
    if (said.format !== "wardkeep-proof/1" || said.vkey !== vkey) return null;
    const cut = said.proof.indexOf("\n\n");
    const [head, index, ...steps] = said.proof.slice(0, cut).split("\n");
    const note = said.proof.slice(cut + 2);
    const [, size, root] = note.split("\n");
    const proof = steps.map((step) => Buffer.from(step, "base64"));
    const exact = proof.every((step, i) => step.length === 32 && step.toString("base64") === steps[i]);
    const n = Number(index.replace("index ", ""));
    const entry = Buffer.from(said.entry, "hex");
    if (head !== "c2sp.org/tlog-proof@v1" || index !== `index ${n}` || !exact || entry.toString("hex") !== said.entry) return null;
    if (!noteHolds(note)) return null;
    const found = rootOf(hash(Buffer.of(0), entry), n, Number(size), proof);
    const act = parsed(entry);
    return found && act && found.toString("base64") === root ? { n, act } : null;
  } catch {
    return null;
  }
}

const ACTS = {
  list: "package:list:sealed", supplement: "package:list:supplemented", signature: "package:list:signed",
  opening: "package:records:opened", demand: "package:dispute:demanded",
};
const count = [...there].filter((name) => /^log\/\d{4}\.json$/.test(name)).length;
let before = { record: null, n: -1, known: true };
for (let n = 1; n <= Math.max(count, 1); n++) {
  const name = `log/${number(n)}.json`;
  const raw = read(name);
  const proof = read(`log/${number(n)}.proof.json`);
  const found = proof && place(proof);
  const facts = found?.act.facts ?? {};
  must(found && facts.step === n && found.n > before.n, `log/${number(n)}.proof.json`);
  const step = raw && parsed(raw);
  if (found) must(raw && facts.record === hex(raw), name);
  if (!step) {
    wrong.add(name);
    continue;
  }
  must(step.step === n && step.format === "wardkeep-sealed-record/1" && found?.act.act === ACTS[step.kind], name);
  if (before.known) must(step.before === before.record, name);
  before = { record: facts.record ?? null, n: found?.n ?? before.n, known: Boolean(found) };
  if (step.kind === "list" || step.kind === "supplement") {
    const page = read(`log/${number(n)}.html`);
    must(page && facts.page === hex(page), `log/${number(n)}.html`);
    for (const part of step.says.parts) {
      if (part.file === null) continue;
      const content = read(part.file);
      must(content && content.length === part.bytes && hex(content) === part.sha256, part.file);
    }
  } else if (step.kind === "signature") {
    const content = read(step.says.file);
    must(content && hex(content) === step.says.sha256, step.says.file);
    if (step.says.how === "key") {
      const pem = read(step.says.key);
      must(pem && hex(pem) === step.says.key_sha256, step.says.key);
      const list = read(`log/${number(step.says.of)}.json`);
      if (list && content && pem && !wrong.has(step.says.key)) {
        must(crypto.verify(null, list, crypto.createPublicKey(pem), content), step.says.file);
      }
    }
  }
}
read("verifier.html");
for (const name of there) must(wanted.has(name), name);
console.log(JSON.stringify({ ok: wrong.size === 0, steps: count, files: [...wrong].sort() }));
