// Now: how things are at a glance. One connection is a card; several are a table, worst first, whose rows open.

import { andMore, card, mode, outlook, particulars, took } from "/card.js";
import { capital, clock, h, ident, lasting, patch, secondsSince } from "/dom.js";
import { AT_ONCE, finder, fitting, saysAll } from "/finder.js";
import { release, setUp } from "/parts.js";
import { shape } from "/shapes.js";
import { hourOf, legend, strip } from "/strip.js";

const BAD = new Set(["problem", "warning", "unknown"]);
const MOST_NAMES = 2;

let sought = ""; // What the user typed to find connections.
let unfolded = false;
const unfoldedGroups = new Set(); // Their names.
let opened = null; // Names of the connections whose rows are open: the user's choice, as long as the page is there.

export function show(root, page) {
  return {
    update(view) {
      patch(root, h("h1.unseen", {}, "Now"),
        view.config_error ? h("p.note", { "data-kind": "error" }, `The configuration was changed and cannot be used; the earlier one is in force. ${view.config_error}`) : null,
        connections(view, page, () => this.update(page.view)),
        release(view));
    },
  };
}

function connections({ connections: every, groups }, page, draw) {
  if (!every.length) return nothing("Gatelight looks for TWS and IB Gateway on this computer.");
  if (every.length === 1) return h("div.cards", {}, card(every[0], page));
  // A user with one connection that is not well came for that one.
  opened ??= new Set(only(every.filter((one) => BAD.has(one.overall))).map((one) => one.name));
  return [
    every.every((one) => one.overall === "waiting") ? nothing("Gatelight waits for TWS or IB Gateway.") : null,
    table(every, groups ?? [], page, draw)];
}

const only = (found) => (found.length === 1 ? found : []);

function nothing(words) {
  return h("div.nothing", { "data-key": "nothing" }, shape("waiting", "large"),
    h("p.headline", {}, "Nothing is connected yet"), h("p.soft", {}, words), setUp());
}

function table(every, groups, page, draw) {
  const many = every.length > AT_ONCE;
  const found = [...every].sort((one, other) => one.rank - other.rank).filter((one) => !many || fits(one));
  const well = found.filter(isWell);
  const grouped = many && !sought && groups.length > 0;
  const folds = many && !sought && well.length > 1 && !grouped;
  const listed = folds && !unfolded ? found.filter((one) => !isWell(one)) : found;
  const span = hourOf(every);
  const columns = ["Connection", "Trading", "How it is", "Since", "Programs", "Answers in", ["Last hour", span ? h("span.small.number", {}, span) : null]];
  return h("section.fleet.card", { "data-key": "fleet" },
    many ? seeker(every, found, draw) : null,
    listed.length ? h("table", { role: "table", "data-key": "table", "aria-label": "Connections, worst first" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((words) => h("th", { scope: "col", role: "columnheader" }, words)))),
      grouped ? groups.map((one) => group(one, every, page, draw, columns.length))
        : h("tbody", { role: "rowgroup" }, listed.map((one) => row(one, page, draw, columns.length)))) : null,
    folds ? fold(well, every, draw) : null,
    listed.length ? legend(every) : null);
}

const isWell = (one) => one.overall === "connected" && !opened.has(one.name);

/** Whether a connection is among those that the user seeks: by name, state, what is wrong, mode, host or port. */
const fits = (one) => saysAll(sought, [one.name, one.words, one.headline, one.trading_mode, `${one.host}:${one.port ?? ""}`]);

function seeker(every, found, draw) {
  const states = new Map();
  for (const { overall, words } of [...every].sort((one, other) => one.rank - other.rank)) {
    const so = overall === "problem" || overall === "warning" ? `with a ${words}` : words;
    states.set(so, (states.get(so) ?? 0) + 1);
  }
  const counted = sought ? fitting(found, every) : [...states].map(([words, count]) => `${count} ${words}`).join(", ");
  return finder("Find: a name, a state, a port", sought, counted, (typed) => { sought = typed; draw(); });
}

function fold(well, every, draw) {
  const turn = () => { unfolded = !unfolded; draw(); };
  const which = well.length === every.length ? "All" : `The other ${well.length}`;
  return h("p.fold", { "data-key": "fold" }, shape("connected"), h("span", {}, `${which} are connected. `),
    h("button.quiet", { type: "button", "data-here": true, "aria-expanded": String(unfolded), onclick: turn }, unfolded ? "Hide them" : "Show them"));
}

/** A group, folded to its line and those of its connections that are not well, where these are few. */
function group({ name, overall, words, crowded, connections }, every, page, draw, columns) {
  const isUnfolded = unfoldedGroups.has(name);
  const turn = () => {
    if (!unfoldedGroups.delete(name)) unfoldedGroups.add(name);
    draw();
  };
  const members = connections.map((member) => every.find((one) => one.name === member)).filter(Boolean);
  const listed = isUnfolded ? members : members.filter((one) => (crowded ? opened.has(one.name) : !isWell(one)));
  return h("tbody", { role: "rowgroup", "data-key": `group ${name}` },
    h("tr.crowd", { role: "row", "data-state": overall, onclick: (event) => { if (aimed(event)) turn(); } },
      h("th", { scope: "rowgroup", role: "rowheader", colspan: columns },
        h("button.opener", { type: "button", "data-here": true, "aria-expanded": String(isUnfolded), onclick: turn },
          shape(overall), h("span", {}, name, h("span.soft", {}, ` ${words}`))))),
    listed.map((one) => row(one, page, draw, columns)));
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
  return [h("span.number", {}, clock(time)), h("span.small", {}, words === "Seen since" ? h("span.seen", {}, "seen for ") : null, lasting(secondsSince(time)))];
}

function programs(one) {
  if (one.programs === undefined) return h("span.soft", {}, "not known");
  if (!one.programs.length) return h("span.soft", {}, "none");
  const count = new Map();
  for (const { name } of one.programs) count.set(name, (count.get(name) ?? 0) + 1);
  const names = [...count].map(([name, times]) => `${name === "unknown" ? "no name" : name}${times > 1 ? ` (${times})` : ""}`);
  return `${names.slice(0, MOST_NAMES).join(", ")}${andMore(Math.max(0, names.length - MOST_NAMES))}`;
}
