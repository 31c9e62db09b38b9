// SPDX-License-Identifier: Apache-2.0
// Niceties only: every page works without this file. j and k walk a list, / goes to the search box.
(function () {
  "use strict";
  function links() { return Array.prototype.slice.call(document.querySelectorAll("a.row-link")); }
  function walk(step) {
    var all = links();
    if (!all.length) { return; }
    var at = all.indexOf(document.activeElement);
    var next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    all[next].focus();
  }
  document.addEventListener("keydown", function (event) {
    var tag = event.target.tagName;
    if (event.ctrlKey || event.altKey || event.metaKey || tag === "INPUT" || tag === "TEXTAREA" || tag === "SELECT") { return; }
    if (event.key === "j") { walk(1); }
    if (event.key === "k") { walk(-1); }
    if (event.key === "/") {
      var box = document.getElementById("search-text");
      if (box) { event.preventDefault(); box.focus(); }
    }
  });
  // What replaced a part of the page takes the focus: the first field that is wrong, else the page itself.
  document.addEventListener("htmx:afterSettle", function () {
    var main = document.getElementById("main");
    if (!main || main.contains(document.activeElement)) { return; }
    (main.querySelector(".field-wrong input, .field-wrong textarea, .field-wrong select") || main).focus();
  });
  document.addEventListener("click", function (event) {
    var menu = document.querySelector("details.who[open]");
    if (menu && !menu.contains(event.target)) { menu.removeAttribute("open"); }
    var button = event.target.closest && event.target.closest("[data-print]");
    if (button) { window.print(); }
  });
  // Of a text only its begin is sent; a workbook that is too large is said before it is sent.
  document.addEventListener("change", function (event) {
    var field = event.target;
    var why = document.getElementById(field.getAttribute("data-why"));
    if (why) { why.textContent = field.getAttribute("data-chosen"); }
    if (field.type !== "file" || !field.getAttribute("data-most") || !field.files || !field.files[0]) { return; }
    var file = field.files[0];
    var whole = /\.(xlsx|xlsm|gz)$/i.test(file.name);
    var most = Number(field.getAttribute("data-most"));
    field.setCustomValidity(whole && file.size > most ? field.getAttribute("data-too-large") : "");
    var head = Number(field.getAttribute("data-head"));
    if (whole || file.size <= head) { return; }
    try {
      var part = new DataTransfer();
      part.items.add(new File([file.slice(0, head)], file.name));
      field.files = part.files;
    } catch (old) { /* an older browser sends the whole of it */ }
  });
  // Where the sections do not fit the window, the one that is open is among those that are seen.
  var here = document.querySelector(".nav [aria-current]");
  if (here) { here.parentNode.scrollLeft = here.offsetLeft - here.parentNode.offsetLeft - (here.parentNode.clientWidth - here.offsetWidth) / 2; }
  document.querySelectorAll && Array.prototype.forEach.call(document.querySelectorAll("[data-print]"), function (b) { b.hidden = false; });
})();
