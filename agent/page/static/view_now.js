// Now: how things are at a glance. One connection is a card; several are a table, worst first, whose rows open.

import { andMore, capital, card, mode, outlook, particulars, took } from "/card.js";
import { clock, h, ident, lasting, now, patch } from "/dom.js";
import { release, setUp } from "/parts.js";
import { shape } from "/shapes.js";
import { hourOf, legend, strip } from "/strip.js";

const BAD = new Set(["problem", "warning", "unknown"]);
const MOST_NAMES = 2;

let opened = null; // Names of the connections whose rows are open: the user's choice, as long as the page is there.

export function show(root, page) {
  return {
    update(view) {
      patch(root, h("h1.unseen", {}, "Now"),
        view.config_error ? h("p.note", { "data-kind": "error" }, `The configuration was changed and cannot be used; the earlier one is in force. ${view.config_error}`) : null,
        connections(view.connections, page, () => this.update(page.view)),
        release(view));
    },
  };
}

function connections(every, page, draw) {
  if (!every.length) return nothing("Gatelight looks for TWS and IB Gateway on this computer.");
  if (every.length === 1) return h("div.cards", {}, card(every[0], page));
  // A user with one connection that is not well came for that one.
  opened ??= new Set(only(every.filter((one) => BAD.has(one.overall))).map((one) => one.name));
  return [
    every.every((one) => one.overall === "waiting") ? nothing("Gatelight waits for TWS or IB Gateway.") : null,
    table(every, page, draw)];
}

const only = (found) => (found.length === 1 ? found : []);

function nothing(words) {
  return h("div.nothing", { "data-key": "nothing" }, shape("waiting", "large"),
    h("p.headline", {}, "Nothing is connected yet"), h("p.soft", {}, words), setUp());
}

function table(every, page, draw) {
  const worstFirst = [...every].sort((one, other) => one.rank - other.rank);
  const span = hourOf(every);
  const columns = ["Connection", "Trading", "How it is", "Since", "Programs", "Answers in", ["Last hour", span ? h("span.small.number", {}, span) : null]];
  return h("section.fleet.card", { "data-key": "fleet" },
    h("table", { role: "table", "aria-label": "Connections, worst first" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((words) => h("th", { scope: "col", role: "columnheader" }, words)))),
      h("tbody", { role: "rowgroup" }, worstFirst.map((one) => row(one, page, draw, columns.length)))),
    legend(every));
}

function row(one, page, draw, columns) {
  const isOpen = opened.has(one.name);
  const place = ident(`card-${one.name}`);
  const toggle = () => {
    if (!opened.delete(one.name)) opened.add(one.name);
    draw();
  };
  const cell = (name, words, ...content) => h(`td.${name}`, { role: "cell", "data-label": words }, content);
  const more = outlook(one);
  return [
    h("tr.row", { role: "row", "data-key": `row ${one.name}`, "data-state": one.overall, "data-open": isOpen, onclick: (event) => { if (aimed(event)) toggle(); } },
      h("th", { scope: "row", role: "rowheader" },
        h("button.opener", { type: "button", "data-here": true, "aria-expanded": String(isOpen), "aria-controls": isOpen ? place : null, onclick: toggle },
          shape(one.overall), h("span", {}, one.name, h("span.unseen", {}, ` ${one.words}`)))),
      cell("trading", "Trading", mode(one)),
      cell("how", "How it is", h("strong", {}, capital(one.headline)), more ? h("span.small", {}, more) : null),
      cell("since", one.headline_since?.words ?? "Since", began(one)),
      cell("programs", "Programs", programs(one)),
      cell("latency", "Answers in", one.latency_s === undefined ? null : h("span.number", {}, took(one.latency_s * 1000))),
      cell("hour", "Last hour", strip(one))),
    isOpen ? h("tr.inside", { role: "row", "data-key": `inside ${one.name}` },
      h("td", { role: "cell", colspan: columns }, h("article", { id: place, "data-state": one.overall }, h("h2.unseen", {}, one.name), particulars(one, page)))) : null];
}

/** Whether a click on a row is meant for the row: not for a button in it, nor the end of marking text. */
const aimed = (event) => !event.target.closest("a, button") && getSelection().isCollapsed;

/** Since when the headline is so, where that is known. */
function began(one) {
  const { words, time } = one.headline_since ?? {};
  if (!time || one.last_known) return null;
  return [h("span.number", {}, clock(time)), h("span.small", {}, words === "Seen since" ? h("span.seen", {}, "seen for ") : null, lasting((now() - new Date(time)) / 1000))];
}

function programs(one) {
  if (one.programs === undefined) return h("span.soft", {}, "not known");
  if (!one.programs.length) return h("span.soft", {}, "none");
  const count = new Map();
  for (const { name } of one.programs) count.set(name, (count.get(name) ?? 0) + 1);
  const names = [...count].map(([name, times]) => `${name === "unknown" ? "no name" : name}${times > 1 ? ` (${times})` : ""}`);
  return `${names.slice(0, MOST_NAMES).join(", ")}${andMore(Math.max(0, names.length - MOST_NAMES))}`;
}
