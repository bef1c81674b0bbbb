// The pictures of History, of one connection each: its states, how much of each day was well, and how fast it answered.

import { took } from "/card.js";
import { h, lasting } from "/dom.js";
import { FORMS, HIGH, WIDE } from "/strip.js";

/** How a connection was: the form and the words of each. Where a column of the picture holds several, the first wins. */
export const LIGHTS = {
  problem: { form: "problem", words: "problem" },
  not_reached: { form: "warning", words: "warning, nothing connected" },
  warning: { form: "warning", words: "warning" },
  not_known: { form: "unknown", words: "not known" },
  expected_outage: { form: "maintenance", words: "expected outage" },
  not_watched: { form: "", words: "not watched" },
  idle: { form: "waiting", words: "idle" },
  well: { form: "connected", words: "well" },
};
const ORDER = Object.keys(LIGHTS);
const TIMES_HIGH = 16;
const DAYS_HIGH = 26;
const CURVE_HIGH = 34;
const GATHERED = 480; // Seconds that share one answer, for each day that is shown (_MINUTES_A_DAY in agent/history/reading.py).
const TICK_ROOM = 74; // What a time below the picture needs.

// ── times: one way of writing them in the whole view ──

const writing = (parts) => new Intl.DateTimeFormat("en-GB", parts);
const [DAY, HOUR] = [writing({ weekday: "short", day: "numeric", month: "short" }), writing({ hour: "2-digit", minute: "2-digit" })];
/** "Tue, 24 Nov" of epoch seconds. */
export const dayOf = (at) => DAY.format(at * 1000);
const hourOf = (at) => HOUR.format(at * 1000);
/** "Tue, 24 Nov 03:12" of epoch seconds. */
export const stamp = (at) => `${dayOf(at)} ${hourOf(at)}`;
/** Epoch seconds of an RFC 3339 time. */
export const epoch = (time) => new Date(time) / 1000;
/** "Tue, 24 Nov 03:12 – 03:40"; the day is said once where both are on the same one. */
export const between = (began, ended) => `${stamp(began)} – ${dayOf(began) === dayOf(ended) ? hourOf(ended) : stamp(ended)}`;
/** A share that is not all is never shown as all. */
export const percent = (share) => (share >= 1 ? "100 %" : `${Math.min(share * 100, 99.99).toFixed(2)} %`);

/** Epoch seconds at which a day of the history begins: "2026-11-24", in the user's zone. */
export const beginOf = (date) => new Date(`${date}T00:00`) / 1000;
const endOf = (date) => {
  const day = new Date(`${date}T00:00`);
  return day.setDate(day.getDate() + 1) / 1000;
};

/** How much of a day was well, in words. */
const wellness = ({ well }) => (well === undefined ? "nothing of it counts" : `${percent(well)} well`);

// ── how it was ──

const columns = (width) => Math.max(1, Math.floor(width / WIDE));

/** How long a column of a strip is, in words. */
export const columnOf = ({ since, end }, width) => lasting((end - since) / columns(width));

/** A strip as wide as `width` units; a column of it holds some time, and shows the worst of that. `ahead`: what comes, drawn. */
export function states(one, { since, until, end }, width, ahead) {
  const count = columns(width);
  const wide = (end - since) / count;
  const past = Math.min(count, Math.ceil((until - since) / wide)); // What has begun counts as past.
  const runs = merged(one.strip, since, wide, past);
  return h("svg.strip", { viewBox: `0 0 ${count * WIDE} ${HIGH + TIMES_HIGH}`, role: "img", "aria-label": `How ${one.name} was: ${inShort(one.strip)}` },
    runs.map(({ light, from, to, words }) => {
      const { form } = LIGHTS[light];
      return h("g", { "data-was": form || "nothing" }, h("title", {}, words),
        h("rect.room", { x: from * WIDE, y: 0, width: (to - from) * WIDE, height: HIGH }), h("path", { d: FORMS[form](from * WIDE, to - from) }));
    }),
    past < count ? ahead(past, wide) : null,
    times(since, end, count * WIDE));
}

/** Columns of the same light together, each run with the words for what it holds of that light. */
function merged(strip, since, wide, count) {
  const ranks = new Uint8Array(count).fill(ORDER.length - 1);
  for (const [light, began, ended] of strip) {
    const rank = ORDER.indexOf(light);
    const last = Math.min(count, Math.max(Math.ceil((ended - since) / wide), Math.floor((began - since) / wide) + 1));
    for (let n = Math.max(0, Math.floor((began - since) / wide)); n < last; n++) ranks[n] = Math.min(ranks[n], rank);
  }
  const runs = [];
  let first = 0; // Of the strip: what ended before is not looked at again.
  for (let from = 0, to = 0; from < count; from = to) {
    while (to < count && ranks[to] === ranks[from]) to++;
    const [begins, ends, light] = [since + from * wide, since + to * wide, ORDER[ranks[from]]];
    while (first < strip.length && strip[first][2] <= begins) first++;
    const inside = [];
    for (let n = first; n < strip.length && strip[n][1] < ends; n++) if (strip[n][0] === light) inside.push(strip[n]);
    if (inside.length) runs.push({ light, from, to, words: toldOf(light, inside) });
  }
  return runs;
}

function toldOf(light, pieces) {
  const [, began] = pieces[0];
  const ended = pieces.at(-1)[2];
  const together = pieces.reduce((sum, [, from, to]) => sum + to - from, 0);
  return pieces.length === 1
    ? `${between(began, ended)}: ${LIGHTS[light].words}`
    : `${between(began, ended)}: ${LIGHTS[light].words}, ${pieces.length} times, ${lasting(together)} together`;
}

/** "well 6 days 2 h, problem 3 h". */
export function inShort(strip) {
  const sums = sumOf(strip);
  return ORDER.filter((light) => sums[light]).map((light) => `${LIGHTS[light].words} ${lasting(sums[light])}`).join(", ");
}

/** Seconds by light. */
export function sumOf(strip) {
  const sums = {};
  for (const [light, began, ended] of strip) sums[light] = (sums[light] ?? 0) + ended - began;
  return sums;
}

/** Midnights below the picture, or the hours of a day; as many as find room. */
function times(since, until, width) {
  const marks = [];
  const at = new Date(since * 1000);
  const oneDay = until - since < 51 * 3600; // Today and tomorrow, one of which may have 25 hours.
  while (at / 1000 < until) {
    marks.push(at / 1000);
    if (oneDay) at.setHours(at.getHours() + 1);
    else at.setDate(at.getDate() + 1);
  }
  const x = (time) => ((time - since) / (until - since)) * width;
  const every = Math.max(1, Math.ceil((TICK_ROOM * marks.length) / width));
  return marks.filter((time, n) => n % every === 0 && x(time) + TICK_ROOM <= width).map((time) =>
    h("g.time", {}, h("line", { x1: x(time), x2: x(time), y1: HIGH, y2: HIGH + 5 }),
      h("text", { x: x(time) + 3, y: HIGH + 13 }, oneDay ? hourOf(time) : dayOf(time))));
}

// ── how much of each day was well ──

/** A bar for each day. What is not all of a day does not fill its room, and a day that does not count has no bar. */
export function daily(one, { since, until, end }, width) {
  const x = (time) => ((Math.max(since, Math.min(until, time)) - since) / (end - since)) * width;
  const counted = one.days.filter((day) => day.well !== undefined);
  const worst = counted.reduce((least, day) => (least === null || day.well < least.well ? day : least), null);
  return h("svg.daily", { viewBox: `0 0 ${width} ${DAYS_HIGH}`, role: "img",
    "aria-label": worst ? `Well, day by day: ${counted.length === 1 ? "1 day counts" : `${counted.length} days count`}, the least was ${percent(worst.well)} on ${dayOf(beginOf(worst.date))}` : "Well, day by day: no day counts" },
    one.days.map((day) => {
      const from = x(beginOf(day.date));
      const wide = Math.max(1, x(endOf(day.date)) - from - 1.5);
      const high = day.well === undefined ? 0 : day.well >= 1 ? DAYS_HIGH : Math.min(day.well * DAYS_HIGH, DAYS_HIGH - 4);
      return h("g", { "data-well": day.well === undefined ? "nothing" : day.well >= 1 ? "all" : "part" },
        h("title", {}, `${dayOf(beginOf(day.date))}: ${wellness(day)}`),
        h("rect.room", { x: from, y: 0, width: wide, height: DAYS_HIGH }),
        high ? h("rect.share", { x: from, y: DAYS_HIGH - high, width: wide, height: high }) : h("rect.none", { x: from, y: DAYS_HIGH - 1, width: wide, height: 1 }));
    }));
}

// ── how fast it answered ──

/** The slowest answers as a curve, with a gap where there were none. */
export function curve(one, { since, end }, width) {
  const slowest = Math.max(...one.latencies.map(([, seconds]) => seconds));
  const apart = 2 * GATHERED * one.days.length;
  const point = ([at, seconds]) => `${(((at - since) / (end - since)) * width).toFixed(1)} ${(CURVE_HIGH - 1 - (seconds / slowest) * (CURVE_HIGH - 3)).toFixed(1)}`;
  const d = one.latencies.map((sample, n) => {
    const joined = n > 0 && sample[0] - one.latencies[n - 1][0] <= apart;
    return `${joined ? "L" : "M"}${point(sample)}${joined ? "" : "h1"}`;
  }).join("");
  return h("svg.answers", { viewBox: `0 0 ${width} ${CURVE_HIGH}`, role: "img", "aria-label": `Slowest answers of ${one.name}: ${took(slowest * 1000)} at most` }, h("path", { d }));
}
