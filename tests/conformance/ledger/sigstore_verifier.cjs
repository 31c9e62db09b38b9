// SPDX-License-Identifier: Apache-2.0
// Whether proofs hold, by the Sigstore project's verifier, which every npm brings along: node sigstore_verifier.cjs FOLDER, where
// FOLDER is its package @sigstore/verify. One JSON object {"proof","entry","vkey"} a line comes in, one 1 or 0 a line goes out.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const folder = path.join(process.argv[2], "dist");
const { verifyCheckpoint } = require(path.join(folder, "tlog", "checkpoint.js"));
const { verifyMerkleInclusion } = require(path.join(folder, "tlog", "merkle.js"));
const { VerificationError } = require(path.join(folder, "error.js"));

// What a Sigstore client knows of a log; its time is no matter here.
function known(vkey) {
  const [name, id, ...rest] = vkey.split("+");
  const key = Buffer.from(rest.join("+"), "base64").subarray(1);
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
  return {
    logID: Buffer.from(id, "hex"),
    baseURL: name,
    publicKey: crypto.createPublicKey({ key: der, format: "der", type: "spki" }),
    validFor: { start: new Date(0), end: new Date(8640000000000000) },
  };
}

function holds({ proof, entry, vkey }) {
  const cut = proof.indexOf("\n\n");
  const [header, line, ...steps] = proof.slice(0, cut).split("\n");
  const [, index] = (line || "").match(/^index (0|[1-9][0-9]*)$/) || [];
  if (cut < 0 || header !== "c2sp.org/tlog-proof@v1" || index === undefined) return false;
  const log = known(vkey);
  const envelope = proof.slice(cut + 2);
  const [, size, root] = envelope.split("\n");
  const record = {
    canonicalizedBody: Buffer.from(entry, "hex"),
    inclusionProof: {
      logIndex: index,
      treeSize: size,
      rootHash: Buffer.from(root || "", "base64"),
      hashes: steps.map((step) => Buffer.from(step, "base64")),
      checkpoint: { envelope },
    },
  };
  try {
    // Older versions give nothing back and compare the root themselves.
    const checkpoint = verifyCheckpoint(record, [log]);
    if (checkpoint !== undefined && checkpoint.origin !== log.baseURL) return false;
    verifyMerkleInclusion(record, checkpoint);
    return true;
  } catch (error) {
    // Older versions say so of a number that is none.
    if (error instanceof VerificationError || error instanceof SyntaxError) return false;
    throw error;
  }
}

const lines = fs.readFileSync(0, "utf8").split("\n").filter(Boolean);
process.stdout.write(lines.map((line) => (holds(JSON.parse(line)) ? "1\n" : "0\n")).join(""));
