// SPDX-License-Identifier: Apache-2.0
// What a C2SP tlog-proof shows, checked from its bytes alone. No page in here: every refusal is a code that words.js says.
"use strict";

const proofs = (() => {
  const HEADER = "c2sp.org/tlog-proof@v1";
  const BUNDLE = "wardkeep-proof/1";
  const MOST_SIGNATURES = 100;
  const MOST_STEPS = 63;
  const MOST_HANDOVERS = 1000;
  const HANDOVER = "wardkeep.ledger/key-rotated/v1";
  const LARGEST_ENTRY = 65535;
  const ED25519 = 1;
  const COSIGNATURE = 4;
  // A key of this kind, and how long a signature line of it is: its id, its time, and the signature.
  const ML_DSA_44 = 6;
  const ML_DSA_LINE = 4 + 8 + 2420;
  // The fields of a canonical row, version 1, in their order.
  const FIELDS = ("event_id part time_us time_quality account patient_id action resource count purpose breakglass outcome system " +
    "workstation ip site session_id query duration_ms kind format source position raw_sha256 extra occurrence received_us amends").split(" ");

  class Refused extends Error {
    constructor(code, said) {
      super(code);
      this.code = code;
      this.said = said || "";
    }
  }

  const utf8 = (text) => new TextEncoder().encode(text);
  const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  function sha256() {
    const hash = noble.sha256.create();
    for (const part of arguments) hash.update(part);
    return hash.digest();
  }

  function text(bytes) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      throw new Refused("no_text");
    }
  }

  function unhex(said) {
    if (typeof said !== "string" || said.length % 2 || !/^[0-9a-f]*$/.test(said)) throw new Refused("bundle");
    return Uint8Array.from(said.match(/../g) || [], (pair) => parseInt(pair, 16));
  }

  // Base 64 in its one form: no second text gives the same bytes.
  function base64(said, code) {
    let raw = null;
    try {
      raw = atob(said);
    } catch (error) {
      throw new Refused(code);
    }
    if (btoa(raw) !== said) throw new Refused(code);
    return Uint8Array.from(raw, (c) => c.charCodeAt(0));
  }

  function number(said, code) {
    if (!/^(0|[1-9][0-9]{0,18})$/.test(said)) throw new Refused(code);
    return BigInt(said);
  }

  const isName = (name) => name !== "" && !/[\s+\u0085]/.test(name);

  // A verifier key NAME+ID+BASE64 of a log (type 1) or of a witness (type 4).
  function parseKey(vkey) {
    const parts = vkey.trim().split("+");
    if (parts.length < 3 || !isName(parts[0])) throw new Refused("key");
    const raw = base64(parts.slice(2).join("+"), "key");
    if (raw[0] === ML_DSA_44) throw new Refused("key_ml_dsa", parts[0]);
    if (raw[0] !== ED25519 && raw[0] !== COSIGNATURE) throw new Refused("key_type", parts[0]);
    if (raw.length !== 33) throw new Refused("key");
    const id = hex(sha256(utf8(parts[0] + "\n"), raw).slice(0, 4));
    if (id !== parts[1]) throw new Refused("key_id", parts[0]);
    return { name: parts[0], id, type: raw[0], key: raw.slice(1), vkey: vkey.trim() };
  }

  function signedBy(key, signature, message) {
    try {
      // Strict as RFC 8032 is: one signature has one form.
      return noble.ed25519.verify(signature, message, key.key, { zip215: false });
    } catch (error) {
      return false;
    }
  }

  // A signature of a witness says the moment as well.
  function momentOf(key, raw, body) {
    if (raw.length !== 76) return null;
    const moment = raw.slice(4, 12).reduce((sum, byte) => sum * BigInt(256) + BigInt(byte), BigInt(0));
    const message = utf8("cosignature/v1\ntime " + moment + "\n" + body);
    return moment <= BigInt("9223372036854775807") && signedBy(key, raw.slice(12), message) ? moment : null;
  }

  // The text of a signed note, which of `logs` signed it, who cosigned it and when, and whose signatures nobody here knows.
  function openNote(note, keys, logs) {
    const cut = note.lastIndexOf("\n\n");
    // eslint-disable-next-line no-control-regex
    if (cut < 0 || !note.endsWith("\n") || note.length < cut + 3 || /[\u0000-\u0009\u000b-\u001f]/.test(note)) throw new Refused("note");
    const body = note.slice(0, cut + 1);
    const lines = note.slice(cut + 2, -1).split("\n");
    if (lines.length > MOST_SIGNATURES) throw new Refused("note");
    const found = { body, signer: null, cosigned: [], unknown: [], mlDsa: [] };
    for (const line of lines) {
      const match = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line);
      if (match === null || !isName(match[1])) throw new Refused("note");
      const raw = base64(match[2], "note");
      if (raw.length < 5) throw new Refused("note");
      const key = keys.find((one) => one.name === match[1] && one.id === hex(raw.slice(0, 4)));
      if (key === undefined) {
        (raw.length === ML_DSA_LINE ? found.mlDsa : found.unknown).push(match[1]);
      } else if (key.type === COSIGNATURE) {
        const moment = momentOf(key, raw, body);
        if (moment === null) throw new Refused("signature", key.name);
        if (!found.cosigned.some((one) => one.name === key.name)) found.cosigned.push({ name: key.name, moment });
      } else {
        if (!signedBy(key, raw.slice(4), utf8(body))) throw new Refused("signature", key.name);
        if (logs.includes(key)) found.signer = key;
      }
    }
    if (found.signer === null) throw new Refused("unsigned", logs[0].name);
    return found;
  }

  function parseCheckpoint(body) {
    const lines = body.split("\n");
    if (lines.length < 4 || lines[lines.length - 1] !== "" || lines.slice(0, -1).includes("")) throw new Refused("checkpoint");
    const root = base64(lines[2], "checkpoint");
    if (root.length !== 32) throw new Refused("checkpoint");
    return { origin: lines[0], size: number(lines[1], "checkpoint"), root };
  }

  function parseProof(said) {
    const cut = said.indexOf("\n\n");
    const lines = cut < 0 ? [] : said.slice(0, cut).split("\n");
    if (lines[0] !== HEADER) throw new Refused("proof");
    let at = 1;
    if ((lines[at] || "").startsWith("extra ")) base64(lines[at++].slice(6), "proof");
    if (!(lines[at] || "").startsWith("index ")) throw new Refused("proof");
    const index = number(lines[at].slice(6), "proof");
    const path = lines.slice(at + 1).map((line) => base64(line, "proof"));
    if (path.length > MOST_STEPS || path.some((step) => step.length !== 32)) throw new Refused("proof");
    return { index, path, note: said.slice(cut + 2) };
  }

  const leafHash = (entry) => sha256(Uint8Array.of(0), entry);
  const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

  // -- keys that were handed over --------------------------------------------------------------------------------------

  function keyOf(name, publicKey) {
    const raw = Uint8Array.of(ED25519, ...publicKey);
    const id = hex(sha256(utf8(name + "\n"), raw).slice(0, 4));
    return { name, id, type: ED25519, key: publicKey, vkey: name + "+" + id + "+" + btoa(String.fromCharCode(...raw)) };
  }

  // An entry by which one key handed over to the next: both signed the same note.
  function parseHandover(entry, base) {
    let said = null;
    try {
      said = JSON.parse(text(entry));
    } catch (error) {
      throw new Refused("handover");
    }
    const good = said !== null && typeof said === "object" && said.act === "ledger:key:rotated" && /^[0-9]+$/.test(said.log);
    if (!good || !Number.isSafeInteger(said.index) || said.index < 1 || typeof said.signatures !== "string") throw new Refused("handover");
    const name = base + "/" + said.log;
    const keys = [said.old, said.new].map((one) => keyOf(name, unhex(one)));
    const body = [HANDOVER, name, said.index, keys[0].vkey, keys[1].vkey, said.at, ""].join("\n");
    const opened = keys.map((key) => openNote(body + "\n" + said.signatures, keys, [key]));
    if (said.old === said.new || opened.some((one) => one.body !== body || one.unknown.length || one.mlDsa.length)) throw new Refused("handover");
    return { log: said.log, index: BigInt(said.index), old: said.old, new: said.new };
  }

  // The key that signs the log `origin` at `size`, as it follows from a trusted key of any year; null where none is trusted.
  function follow(known, handovers, origin, size) {
    const cut = origin.lastIndexOf("/");
    const [base, log] = [origin.slice(0, cut), origin.slice(cut + 1)];
    const steps = handovers.map((entry) => parseHandover(entry, base));
    const later = (a, b) => a.log.length < b.log.length || (a.log.length === b.log.length && (a.log < b.log || (a.log === b.log && a.index < b.index)));
    if (steps.some((step, i) => i > 0 && (steps[i - 1].new !== step.old || !later(steps[i - 1], step)))) throw new Refused("handover");
    const chain = [steps[0].old, ...steps.map((step) => step.new)];
    const isTrusted = (key) => key.type === ED25519 && key.name.slice(0, key.name.lastIndexOf("/")) === base && chain.includes(hex(key.key));
    if (!known.some(isTrusted)) return null;
    const place = { log, index: size };
    return keyOf(origin, unhex(steps.reduce((signer, step) => (later(step, place) ? step.new : signer), chain[0])));
  }

  // Whether a path leads from a leaf to the root (RFC 9162, section 2.1.3.2).
  function leads(leaf, index, size, path, root) {
    const zero = BigInt(0), one = BigInt(1);
    if (index >= size) return false;
    let place = index, last = size - one, value = leaf;
    for (const step of path) {
      if (last === zero) return false;
      if ((place & one) === one || place === last) {
        value = nodeHash(step, value);
        while ((place & one) === zero && place !== zero) {
          place >>= one;
          last >>= one;
        }
      } else {
        value = nodeHash(value, step);
      }
      place >>= one;
      last >>= one;
    }
    return last === zero && same(value, root);
  }

  // [[field, value or null], ...] of a canonical row: netstrings, nothing between them.
  function parseRow(bytes) {
    const values = [];
    let at = 0;
    while (at < bytes.length) {
      let colon = at;
      while (colon < bytes.length && bytes[colon] >= 48 && bytes[colon] <= 57) colon += 1;
      const digits = text(bytes.slice(at, colon));
      if (digits === "" && bytes[at] === 45 && bytes[at + 1] === 44) {
        values.push(null);
        at += 2;
      } else {
        const end = colon + 1 + Number(digits);
        if (!/^(0|[1-9][0-9]{0,8})$/.test(digits) || bytes[colon] !== 58 || bytes[end] !== 44) throw new Refused("row");
        values.push(text(bytes.slice(colon + 1, end)));
        at = end + 1;
      }
    }
    if (values.length !== FIELDS.length) throw new Refused("row");
    return values.map((value, i) => [FIELDS[i], value]);
  }

  // What a row says; as it stands where it has other fields than this page knows.
  function readRow(bytes) {
    try {
      return parseRow(bytes);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    try {
      return [["canonical", text(bytes)]];
    } catch (error) {
      return [["canonical", hex(bytes)]];
    }
  }

  function parseBundle(said) {
    let found = null;
    try {
      found = JSON.parse(said);
    } catch (error) {
      throw new Refused("bundle");
    }
    if (found === null || typeof found !== "object" || found.format !== BUNDLE) throw new Refused("bundle");
    if (typeof found.proof !== "string" || typeof found.vkey !== "string") throw new Refused("bundle");
    if ((found.salt === undefined) !== (found.row === undefined)) throw new Refused("bundle");
    const handovers = found.handovers === undefined ? [] : found.handovers;
    if (!Array.isArray(handovers) || handovers.length > MOST_HANDOVERS) throw new Refused("bundle");
    const bundle = { proof: found.proof, vkey: found.vkey, entry: unhex(found.entry), handovers: handovers.map(unhex) };
    if (found.row !== undefined) {
      bundle.salt = unhex(found.salt);
      bundle.row = unhex(found.row);
    }
    return bundle;
  }

  function kindOf(entry) {
    if (entry.length === 33 && entry[0] === 1) return "event";
    return entry[0] === 123 ? "act" : "other";
  }

  // Everything that a proof shows of an entry. keys: verifier keys, the log's own among them. Throws Refused.
  // handovers: entries by which keys of the log were handed over, oldest first.
  function check({ proof, entry, keys, salt, row, handovers }) {
    if (entry.length === 0 || entry.length > LARGEST_ENTRY) throw new Refused("entry_size");
    const known = keys.map(parseKey);
    const { index, path, note } = parseProof(proof);
    const cut = note.indexOf("\n");
    const origin = note.slice(0, Math.max(cut, 0));
    let logs = known.filter((key) => key.type === ED25519 && key.name === origin);
    if (handovers && handovers.length) {
      const signer = follow(known, handovers, origin, parseCheckpoint(note.slice(0, note.lastIndexOf("\n\n") + 1)).size);
      if (signer !== null) {
        // No other key may sign this state, though it may be known.
        logs = [known.find((key) => key.vkey === signer.vkey) || signer];
        known.push(logs[0]);
      }
    }
    if (!logs.length) throw new Refused("other_log", origin);
    const opened = openNote(note, known, logs);
    const checkpoint = parseCheckpoint(opened.body);
    const leaf = leafHash(entry);
    if (!leads(leaf, index, checkpoint.size, path, checkpoint.root)) throw new Refused("path");
    const kind = kindOf(entry);
    const found = {
      index: String(index),
      origin: checkpoint.origin,
      size: String(checkpoint.size),
      root: hex(checkpoint.root),
      leaf: hex(leaf),
      note,
      key: opened.signer,
      followed: !keys.some((vkey) => parseKey(vkey).vkey === opened.signer.vkey),
      cosigned: opened.cosigned.map((one) => ({ name: one.name, moment: String(one.moment) })),
      unknown: opened.unknown,
      mlDsa: opened.mlDsa,
      kind,
    };
    if (row !== undefined) {
      if (kind !== "event" || salt.length !== 16 || !same(sha256(salt, row), entry.slice(1))) throw new Refused("row_other");
      found.row = readRow(row);
    }
    if (kind === "act") {
      found.text = text(entry);
      try {
        found.act = JSON.parse(found.text);
      } catch (error) {
        found.kind = "other";
      }
    }
    return found;
  }

  return { Refused, check, parseBundle, parseKey, text, hex, HEADER, BUNDLE, FIELDS };
})();
