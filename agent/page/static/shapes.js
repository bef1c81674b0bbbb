// The shapes of the tray icon: a shape of its own for every state, so that nobody needs to tell colours apart.

import { h } from "/dom.js";

const stroke = (d, width, extra) =>
  h("path", { d, fill: "none", "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round", ...extra });
const mark = (d, width) => stroke(d, width, { class: "mark" });
const body = (d) => h("path", { d, class: "body" });
const line = (d, width) => stroke(d, width, { class: "line" });

const SHAPES = {
  connected: () => [h("circle", { cx: 12, cy: 12, r: 11, class: "body" }), mark("M6.3 12.7l4.2 4 7.2-8.6", 3.2)],
  problem: () => [
    h("rect", { x: 1, y: 1, width: 22, height: 22, rx: 3.2, class: "body" }),
    mark("M7 7l10 10M7 17l10-10", 3.5),
  ],
  warning: () => [
    h("path", { d: "M12 2.6L21.6 20.8H2.4z", class: "body line", "stroke-width": 2.8, "stroke-linejoin": "round" }),
    h("rect", { x: 10.6, y: 8.4, width: 2.8, height: 6.4, rx: 1, class: "mark-body" }),
    h("rect", { x: 10.6, y: 16.4, width: 2.8, height: 2.8, rx: 1.2, class: "mark-body" }),
  ],
  unknown: () => [
    line("M6 9A6 6 0 1 1 15.9 13.6Q12 14.2 12 15.4", 4),
    h("circle", { cx: 12, cy: 20.6, r: 2.5, class: "body" }),
  ],
  connecting: () => [line("M20.8 10.4A9 9 0 1 1 11.2 3.1", 4), h("circle", { cx: 12, cy: 12, r: 3.7, class: "body" })],
  waiting: () => [body("M5 1h14v3.2h-1.2L13.3 12l4.5 7.8H19V23H5v-3.2h1.2L10.7 12 6.2 4.2H5z")],
  maintenance: () => [body("M12.2 1A11 11 0 1 0 22.7 14.6 8.6 8.6 0 1 1 12.2 1z")],
  paused: () => [
    h("rect", { x: 4, y: 2, width: 6, height: 20, rx: 1.2, class: "body" }),
    h("rect", { x: 14, y: 2, width: 6, height: 20, rx: 1.2, class: "body" }),
  ],
  info: () => [
    h("circle", { cx: 12, cy: 12, r: 11, class: "body" }),
    h("circle", { cx: 12, cy: 6.8, r: 1.8, class: "mark-body" }),
    h("rect", { x: 10.4, y: 10.2, width: 3.2, height: 8.2, rx: 1.4, class: "mark-body" }),
  ],
  off: () => [h("circle", { cx: 12, cy: 12, r: 9, class: "line", fill: "none", "stroke-width": 3 })],
};

let doubted = false;

/** Draw no state as known, since the agent that told it does not answer. */
export function doubt(gone) { doubted = gone; }

const STATELESS = new Set(["info", "off"]);

/** The shape of a state; the words beside it say the same. */
export function shape(told, size = "") {
  const state = doubted && !STATELESS.has(told) ? "unknown" : told;
  return h(
    `svg.shape${size ? `.${size}` : ""}`,
    { viewBox: "0 0 24 24", "aria-hidden": "true", "data-state": state, "data-same": state },
    (SHAPES[state] ?? SHAPES.unknown)(),
  );
}

const OF_SEVERITY = { error: "problem", warning: "warning", info: "info" };
/** The shape of a problem; what is planned has the one of the tray icon. */
export const ofProblem = (problem) =>
  problem.code === "scheduled-outage" ? "maintenance" : OF_SEVERITY[problem.severity];
/** States of links and stations as shapes. */
export const OF_LINK = { up: "connected", down: "problem", wait: "connecting", unknown: "unknown", none: "off" };
/** States of data farms as shapes. */
export const OF_FARM = { ok: "connected", broken: "problem", connecting: "connecting", inactive: "paused" };

const COLOURS = {
  problem: "#e23a30", warning: "#f7b500", unknown: "#be86f0", connecting: "#489cf5",
  waiting: "#a8b2be", maintenance: "#7a96ee", paused: "#a8b2be", connected: "#22a054",
};

/** The same shape as the icon of the browser's tab. */
export function tabIcon(state) {
  const drawn = shape(state);
  const colour = COLOURS[state] ?? COLOURS.unknown;
  drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  for (const part of drawn.children) {
    const kind = part.getAttribute("class");
    const ink = kind.startsWith("mark") ? (state === "warning" ? "#1a1d22" : "#ffffff") : colour;
    if (kind.includes("body")) part.setAttribute("fill", ink);
    if (kind === "mark" || kind.includes("line")) part.setAttribute("stroke", ink);
  }
  return `data:image/svg+xml,${encodeURIComponent(drawn.outerHTML)}`;
}
