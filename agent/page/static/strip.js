// The last hour of a connection as a strip: a form of its own for every state, so that a user need not tell colours apart.

import { h, period } from "/dom.js";

const MINUTE = 60_000;
export const WIDE = 3; // Units of a minute.
export const HIGH = 20;

const WORDS = {
  connected: "connected", problem: "problem", warning: "warning", unknown: "not known", connecting: "connecting",
  waiting: "waiting", maintenance: "expected outage", paused: "paused", "": "not watched",
  before: "before Gatelight was started",
};

const block = (x, y, width, height) => `M${x} ${y}h${width}v${height}h${-width}z`;
const bars = (x, minutes, y, height, width) => Array.from({ length: minutes }, (_, n) => block(x + n * WIDE + 0.5, y, width, height)).join("");

/** The form of a state that lasts some minutes from x on. */
export const FORMS = {
  problem: (x, minutes) => block(x, 0, minutes * WIDE, HIGH),
  warning: (x, minutes) => bars(x, minutes, 4, 16, 2),
  unknown: (x, minutes) => block(x, 4, minutes * WIDE, 2) + block(x, 18, minutes * WIDE, 2) + block(x, 6, 1, 12) + block(x + minutes * WIDE - 1, 6, 1, 12),
  connecting: (x, minutes) => bars(x, minutes, 9, 3, 2) + bars(x, minutes, 16, 3, 2),
  waiting: (x, minutes) => block(x, 15, minutes * WIDE, 2),
  maintenance: (x, minutes) => block(x, 10, minutes * WIDE, 2) + block(x, 14, minutes * WIDE, 2) + block(x, 18, minutes * WIDE, 2),
  paused: (x, minutes) => bars(x, minutes, 12, 8, 1),
  connected: (x, minutes) => block(x, 12, minutes * WIDE, 8),
  "": (x, minutes) => bars(x, minutes, 18, 1, 1),
  before: (x, minutes) => block(x, 18.5, minutes * WIDE, 0.5),
  ahead: (x, minutes) => [10, 14, 18].map((y) => bars(x, minutes, y, 2, 1)).join(""),
  login: (x) => block(x + 1, 0, 1, HIGH) + block(x - 1, 0, 5, 5),
};

/** What was shown in each minute; empty where nothing of it is known. */
export function strip(one) {
  if (!one.hour) return null;
  const runs = timed(one.hour);
  let x = 0;
  return h("svg.strip", { viewBox: `0 0 ${60 * WIDE} ${HIGH}`, role: "img", "aria-label": `Last hour: ${told(runs)}` },
    runs.map(({ state, minutes, words }) => {
      const from = x;
      x += minutes * WIDE;
      return h("g", { "data-was": state || "nothing" }, h("title", {}, words),
        h("rect.room", { x: from, y: 0, width: minutes * WIDE, height: HIGH }), h("path", { d: FORMS[state](from, minutes) }));
    }));
}

/** Each run with its times in words. */
function timed({ begins, states }) {
  const last = lastMinute(begins);
  let at = new Date(begins).getTime();
  return states.map(([state, minutes]) => {
    const from = at;
    at += minutes * MINUTE;
    return { state, minutes, words: `${period(from, Math.min(at, last))} ${WORDS[state]}` };
  });
}

/** The minute that is under way, or was when the agent was last heard. */
const lastMinute = (begins) => new Date(begins).getTime() + 59 * MINUTE;

const MOST_TOLD = 6;

function told(runs) {
  const latest = runs.slice(-MOST_TOLD).map(({ words }) => words).join(", ");
  return runs.length > MOST_TOLD ? `${latest}, before that ${runs.length - MOST_TOLD} more` : latest;
}

/** The forms that occur, with their words. */
export function legend(every) {
  const occurring = Object.keys(FORMS).filter((state) => every.some((one) => one.hour?.states.some(([its]) => its === state)));
  return occurring.length ? formsOf(occurring.map((state) => [state, WORDS[state]]), "What the last hour is drawn with") : null;
}

/** Forms with their words. */
export function formsOf(every, label) {
  return h("ul.legend", { "aria-label": label }, every.map(([state, words]) =>
    h("li", { "data-key": state || "nothing" },
      h("svg.strip", { viewBox: `0 0 ${4 * WIDE} ${HIGH}`, "aria-hidden": "true" }, h("g", { "data-was": state || "nothing" }, h("path", { d: FORMS[state](0, 4) }))),
      words)));
}

/** "13:04 – 14:04", of all of them. */
export const hourOf = (every) => {
  const { begins } = every.find((one) => one.hour)?.hour ?? {};
  return begins ? period(begins, lastMinute(begins)) : "";
};
