// Finding some of many connections: a field to type in, and what is listed while nothing is sought.

import { h } from "/dom.js";

export const AT_ONCE = 20; // Connections up to which all are listed, and none has to be sought.
const FIRST = 10; // Cards of connections that are listed of more than that.

/** Whether every word that is sought is in what is said of a connection. */
export function saysAll(sought, said) {
  const there = said.join("\n").toLowerCase();
  return sought.toLowerCase().split(/\s+/).every((word) => there.includes(word));
}

/** How many were found. */
export const fitting = (found, every) => `${found.length} of ${every.length} ${found.length === 1 ? "fits" : "fit"}`;

/** The field with what is `sought`, and a line about what was found; `seek` gets what was typed. */
export function finder(placeholder, sought, counted, seek) {
  return h("div.finder", { "data-key": "finder", role: "search" },
    h("input", { type: "text", "aria-label": "Find connections", placeholder, value: sought || null, autocomplete: "off", spellcheck: "false", oninput: (event) => seek(event.target.value.trim()) }),
    h("p.small.soft", { role: "status" }, counted));
}

/**
 * Cards of connections, of many only the first ones until some are sought.
 * `state`: what was sought, and whether all are wanted, kept by the view; `order`: what comes first, and its words.
 */
export function someCards(every, nameOf, card, state, order, draw) {
  if (every.length <= AT_ONCE) return h("div.cards", { "data-key": "connections" }, every.map(card));
  const found = [...every].sort(order.by).filter((one) => saysAll(state.sought, [nameOf(one)]));
  const listed = state.all ? found : found.slice(0, FIRST);
  const left = found.length - listed.length;
  const which = state.sought ? fitting(found, every) : `${every.length} connections`;
  return [
    finder("Find: a name", state.sought, left ? `${which}; here are ${listed.length}, ${order.words} first` : which, (typed) => { [state.sought, state.all] = [typed, false]; draw(); }),
    h("div.cards", { "data-key": "connections" }, listed.map(card)),
    left ? h("p", { "data-key": "rest" }, h("button.quiet", { type: "button", onclick: () => { state.all = true; draw(); } }, `Show the other ${left}`)) : null,
  ];
}
