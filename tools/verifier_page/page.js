// SPDX-License-Identifier: Apache-2.0
// The page: takes files in, asks proofs.check, and says the answer in the reader's language.
"use strict";

(() => {
  const LARGEST_FILE = 4 << 20;
  const byId = (id) => document.getElementById(id);
  const empty = () => ({ proof: null, entry: null, vkeys: [], salt: undefined, row: undefined, handovers: [], names: [], refused: null });
  let held = empty();
  let language = /^#(zh|en)$/.test(location.hash) ? location.hash.slice(1) : navigator.language.startsWith("zh") ? "zh" : "en";

  function say(code, said) {
    const words = WORDS[code] === undefined ? code : WORDS[code][language === "zh" ? 1 : 0];
    return words.replace(/\{(\w+)\}/g, (whole, name) => (said && said[name] !== undefined ? said[name] : whole));
  }

  function element(tag, name, inner) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    for (const one of [].concat(inner === undefined ? [] : inner)) made.append(one);
    return made;
  }

  const moment = (seconds) => new Date(seconds).toISOString().replace("T", " ").replace(/\.000Z$|Z$/, "");

  // -- taking in ------------------------------------------------------------------------------------------------------

  function textOf(bytes) {
    try {
      return proofs.text(bytes);
    } catch (error) {
      return "";
    }
  }

  function take(name, bytes) {
    const said = textOf(bytes);
    if (/^\s*\{/.test(said) && said.includes('"' + proofs.BUNDLE.split("/")[0] + "/")) {
      held = Object.assign(empty(), { names: [name] });
      const bundle = proofs.parseBundle(said);
      Object.assign(held, bundle, { vkeys: [bundle.vkey] });
      return;
    }
    held.names.push(name);
    if (said.startsWith(proofs.HEADER)) {
      held.proof = said;
    } else if (/^\s*[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*\s*$/.test(said)) {
      held.vkeys = [said.trim()];
    } else {
      Object.assign(held, { entry: bytes, salt: undefined, row: undefined });
    }
  }

  async function takeAll(files) {
    held.refused = null;
    for (const file of Array.from(files)) {
      try {
        if (file.size > LARGEST_FILE) throw new proofs.Refused("too_large", file.name);
        take(file.name, new Uint8Array(await new Response(file).arrayBuffer()));
      } catch (error) {
        if (!(error instanceof proofs.Refused)) throw error;
        held.refused = error;
      }
    }
    show();
  }

  // -- saying ---------------------------------------------------------------------------------------------------------

  function given() {
    return byId("keys").value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  }

  // The keys that the reader gave, but for those of kinds that this page does not know: their signatures are not looked at.
  // Whose they are goes into `unused` where they are of the kind ML-DSA-44.
  function known(unused) {
    return given().filter((vkey) => {
      try {
        return proofs.parseKey(vkey) !== null;
      } catch (error) {
        if (!(error instanceof proofs.Refused) || !["key_type", "key_ml_dsa"].includes(error.code)) throw error;
        if (error.code === "key_ml_dsa") unused.push(error.said);
        return false;
      }
    });
  }

  // The answer: {found, own} or {refused} or {missing}.
  function answer() {
    if (held.refused !== null) return { refused: held.refused };
    let own = null;
    const unused = [];
    try {
      own = known(unused);
    } catch (error) {
      if (!(error instanceof proofs.Refused)) throw error;
      return { refused: error };
    }
    const missing = ["proof", "entry"].filter((what) => held[what] === null);
    if (!own.length && !held.vkeys.length) missing.push("key");
    if (missing.length) return { missing };
    try {
      const ofLog = (vkey) => proofs.parseKey(vkey).type === 1;
      const byReader = own.some(ofLog);
      const keys = byReader ? own : own.concat(held.vkeys);
      return { own: byReader, unused, found: proofs.check(Object.assign({}, held, { keys })) };
    } catch (error) {
      if (!(error instanceof proofs.Refused)) throw error;
      return { refused: error };
    }
  }

  const list = (items) => element("ul", "", items.map((item) => element("li", "", item)));

  function facts(pairs) {
    const made = element("dl", "facts");
    for (const [name, value] of pairs) made.append(element("dt", "", name), element("dd", "", value));
    return made;
  }

  function panel(code, inner, name) {
    return element("section", "panel " + (name || ""), [element("h2", "", say(code))].concat(inner));
  }

  function proven(found) {
    const said = [say("p_in", found), say("p_signed", { id: found.key.id })];
    if (found.followed) said.push(say("p_followed"));
    if (found.row) said.push(say("p_row"));
    if (found.kind === "act") said.push(say("p_act"));
    for (const one of found.cosigned) said.push(say("p_cosigned", { name: one.name, time: moment(Number(one.moment) * 1000) }));
    return said;
  }

  function unproven(found, own, unused) {
    const names = (list) => ({ names: Array.from(new Set(list)).join(", ") });
    // First: it is about what the reader would take for checked.
    const said = found.mlDsa.length ? [say("n_ml_dsa", names(found.mlDsa))] : [];
    if (unused.length) said.push(say("n_ml_dsa_key", names(unused)));
    if (!own) said.push(say("n_key"));
    said.push(say("n_true"), say("n_complete"));
    if (!found.cosigned.length) said.push(say("n_time"), say("n_fork"));
    if (found.kind === "event" && !found.row) said.push(say("n_event"));
    if (found.unknown.length) said.push(say("n_witness", names(found.unknown)));
    return said;
  }

  function content(found) {
    if (found.row) {
      const shown = found.row.filter((pair) => pair[1] !== null && pair[1] !== "");
      const value = ([name, said]) => (/_us$/.test(name) && /^-?\d{1,16}$/.test(said) ? moment(Number(said) / 1000) : said);
      return panel("the_access", facts(shown.map((pair) => [say(pair[0]), value(pair)])));
    }
    if (found.act) return panel("the_act", element("pre", "", JSON.stringify(found.act, null, 1)));
    return panel("the_entry", element("pre", "", proofs.hex(held.entry)));
  }

  function details(found) {
    return panel("details", [
      facts([
        [say("d_origin"), found.origin],
        [say("d_index"), found.index],
        [say("d_size"), found.size],
        [say("d_leaf"), element("code", "", found.leaf)],
        [say("d_root"), element("code", "", found.root)],
        [say("d_key"), element("code", "", found.key.vkey)],
      ]),
      element("h3", "", say("d_checkpoint")),
      element("pre", "", found.note),
    ]);
  }

  function verdict(kind, title, more) {
    return element("section", "verdict verdict-" + kind, [element("h2", "", title), element("p", "", more)]);
  }

  function showHeld() {
    const have = [["have_proof", held.proof], ["have_entry", held.entry], ["have_row", held.row], ["have_key", held.vkeys[0]]];
    byId("held").textContent = "";
    for (const one of have.filter((pair) => pair[1])) byId("held").append(element("li", "", say(one[0])));
    byId("names").textContent = held.names.join(", ");
    byId("clear").hidden = !held.names.length && !given().length;
  }

  function show() {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.title = say("title") + " · Wardkeep";
    for (const one of document.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
    for (const one of document.querySelectorAll("[data-language]")) {
      one.setAttribute("aria-pressed", String(one.dataset.language === language));
    }
    showHeld();
    const out = byId("answer");
    out.textContent = "";
    if (!held.names.length) return;
    const { found, own, unused, refused, missing } = answer();
    if (missing) {
      const what = missing.map((one) => say("missing_" + one)).join(language === "zh" ? "、" : ", ");
      out.append(verdict("waiting", say("missing", { what }), say("what_files")));
    } else if (refused) {
      out.append(verdict("bad", say("holds_not"), say(refused.code, { said: refused.said })));
    } else {
      out.append(verdict(own ? "good" : "file", say("holds"), say(own ? "holds_own" : "holds_file")));
      out.append(panel("proves", list(proven(found)), "proves"), panel("proves_not", list(unproven(found, own, unused)), "proves-not"));
      out.append(content(found), details(found));
    }
  }

  // -- the controls -----------------------------------------------------------------------------------------------------

  for (const one of document.querySelectorAll("[data-language]")) {
    one.addEventListener("click", () => {
      language = one.dataset.language;
      show();
    });
  }
  const drop = byId("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    takeAll(event.dataTransfer.files);
  });
  byId("files").addEventListener("change", () => {
    takeAll(byId("files").files);
    byId("files").value = "";
  });
  byId("keys").addEventListener("input", show);
  byId("clear").addEventListener("click", () => {
    held = empty();
    byId("keys").value = "";
    show();
  });
  // Where anything above is not understood, this line is not reached, and the page says that the browser is too old.
  byId("old").hidden = true;
  show();
})();
