// History: how each connection was in the last days, what went wrong, for how long and why.

import { took } from "/card.js";
import { capital, h, lasting, patch, standing } from "/dom.js";
import { someCards } from "/finder.js";
import { COMING, comingList, drawnAhead, endOf, formsAhead } from "/history_ahead.js";
import { LIGHTS, beginOf, columnOf, curve, daily, dayOf, epoch, percent, stamp, states, sumOf } from "/history_pictures.js";
import { get } from "/live.js";
import { formsOf } from "/strip.js";

const RANGES = [[1, "Today"], [7, "7 days"], [30, "30 days"], [90, "90 days"]];
const EVERY = 60_000;
const SOON = 2_000; // After it could not be read.
const AT_FIRST = 8; // Outages that are listed before the user asks for more.
const MOST_PIECES = 500;
const OUTAGES = "outages of ";
const LEAST_WELL = { by: (one, other) => (shareOf(one) ?? 2) - (shareOf(other) ?? 2), words: "the least well" };

export function show(root) {
  let left = false;
  let days = 7;
  let told = null;
  let fault = "";
  let askedAt = -Infinity;
  let asked = 0; // An answer that was overtaken tells of other days, or of fewer outages.
  const opened = new Set(); // Long lists that the user wants whole.
  const seeking = { sought: "", all: false };

  const view = {
    opened,
    seeking,
    draw,
    width: () => Math.max(200, (root.querySelector(".pictures")?.clientWidth ?? root.clientWidth - 72) / unit()),
    whole(name, open = true) { opened[open ? "add" : "delete"](name); draw(); },
    /** List every outage: at first only the latest come. */
    everyOutage(name) { opened.add(name); ask(); },
  };

  async function ask() {
    askedAt = performance.now();
    const mine = ++asked;
    try {
      const answer = await get("history", [...opened].some((name) => name.startsWith(OUTAGES)) ? { days, whole: "yes" } : { days });
      if (mine !== asked) return;
      [told, fault] = [answer, ""];
    } catch (refused) {
      if (mine !== asked) return;
      fault = refused.message;
    }
    draw();
  }

  function choose(wanted) {
    [days, told] = [wanted, null];
    opened.clear();
    draw();
    ask();
  }

  function draw() {
    if (left) return;
    patch(root,
      h("h1", {}, "History"),
      h("p.lead", {}, "How each connection was, and what went wrong. What counts is the time that Gatelight watched, without expected outages and idle time."),
      ranges(days, choose),
      fault ? h("p.note", { "data-kind": "error", role: "alert" }, fault) : null,
      told ? drawn(told, days, view) : fault ? null : h("p.soft", {}, "The history is being read."));
  }

  draw();
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    draw();
  });
  resized.observe(root);
  return {
    update() { if (!(standing() && told) && performance.now() - askedAt >= (fault ? SOON : EVERY)) ask(); },
    leave() { left = true; resized.disconnect(); },
  };
}

/** Pixels of one unit of a picture: they grow with the text. */
const unit = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

function ranges(days, choose) {
  return h("fieldset.switch.range", {}, h("legend.unseen", {}, "How far back"), RANGES.map(([count, words]) =>
    h("span", { "data-key": words },
      h("input.unseen", { type: "radio", name: "range", id: `range-${count}`, checked: count === days, onchange: () => choose(count) }),
      h("label", { for: `range-${count}` }, words))));
}

function drawn(told, days, view) {
  if (told.began === undefined || !told.connections.length) {
    return h("article.card.nothing", { "data-key": "nothing" }, h("h2", {}, "Nothing is kept yet"),
      h("p.soft", {}, "The history begins when Gatelight watches a connection. It stays on this computer."));
  }
  const [since, until, began] = [told.since, told.until, told.began].map(epoch);
  const end = endOf(told, days);
  const occurring = Object.keys(LIGHTS).filter((light) => told.connections.some((one) => one.strip.some(([its]) => its === light)));
  return [
    h("p.small", {}, `As of ${stamp(until)}.${began > since ? ` Nothing is kept from before ${stamp(began)}.` : ""}`),
    formsOf([...occurring.map((light) => [LIGHTS[light].form, LIGHTS[light].words]), ...formsAhead(told).map((form) => [form, COMING[form]])], "What the states are drawn with"),
    someCards(told.connections, (one) => one.name, (one) => card(one, told, { since, until, end }, view), view.seeking, LEAST_WELL, view.draw),
    end > until ? h("p.small", { "data-key": "source" }, told.reset_windows.note) : null,
  ];
}

function card(one, told, span, view) {
  const width = Math.floor(view.width());
  const share = shareOf(one);
  return h("article.card.past-of", { "data-key": one.name, "aria-label": one.name },
    h("header.uptime", {}, h("h2", {}, one.name),
      share === null ? h("p.soft", {}, "Nothing of this time counts.") : h("p", {}, h("span.big.number", {}, percent(share)), " well")),
    h("div.pictures", {},
      picture(`How it was${one.ahead ? ", and what comes" : ""}: each column is the worst of ${columnOf(span, width)}`,
        states(one, span, width, (past, wide) => (one.ahead ? drawnAhead(one, span, past, wide) : null)), stateTable(one, view)),
      one.days.length > 1 ? picture("Well, day by day: a full bar is 100 %", daily(one, span, width), null) : null,
      one.latencies.length ? picture(`Slowest answers: ${took(Math.max(...one.latencies.map(([, seconds]) => seconds)) * 1000)} at most`, curve(one, span, width), answerTable(one, view)) : null,
      behind(`days of ${one.name}`, "The days as a table", view, () => dayTable(one))),
    comingList(one, told, view, table),
    outages(one, view),
    causes(one));
}

const picture = (title, drawing, table) => h("figure", { "data-key": title.split(":")[0] }, h("figcaption", {}, title), drawing, table);

/** The share of all that counts, as it is judged for each day (Day.well in agent/history/troubles.py). */
function shareOf(one) {
  const sums = sumOf(one.strip);
  const good = (sums.well ?? 0) + (sums.warning ?? 0);
  const all = good + (sums.problem ?? 0) + (sums.not_reached ?? 0);
  return Math.round(all) ? good / all : null;
}

// ── tables ──

const table = (caption, heads, rows) => h("table.told", {}, h("caption.unseen", {}, caption),
  h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
  h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, n) => h(n ? "td" : "th", { scope: n ? null : "row", "data-head": heads[n] }, cell))))));

/** What stands behind a picture, made when it is wanted: three months may have thousands of rows. */
function behind(key, words, view, made) {
  const open = view.opened.has(key);
  return h("details.behind", { "data-key": key, ontoggle: (event) => { if (event.target.open !== view.opened.has(key)) view.whole(key, event.target.open); } },
    h("summary", {}, words), open ? made() : null);
}

function stateTable(one, view) {
  const pieces = one.strip.slice(-MOST_PIECES).reverse();
  const earlier = one.strip.length - pieces.length;
  return behind(`states of ${one.name}`, "The states as a table", view, () => [
    table(`States of ${one.name}, latest first`, ["From", "To", "For", "State"],
      pieces.map(([light, began, ended]) => [stamp(began), stamp(ended), lasting(ended - began), LIGHTS[light].words])),
    earlier ? h("p.small", {}, `${earlier === 1 ? "1 earlier one is" : `${earlier} earlier ones are`} not listed: choose fewer days to see ${earlier === 1 ? "it" : "them"}.`) : null]);
}

function answerTable(one, view) {
  return behind(`answers of ${one.name}`, "The answers as a table", view, () =>
    table(`Slowest answers of ${one.name}, latest first`, ["From", "Slowest answer"],
      [...one.latencies].reverse().map(([at, seconds]) => [stamp(at), took(seconds * 1000)])));
}

function dayTable(one) {
  const lights = ["problem", "not_reached", "warning", "expected_outage", "idle", "not_known", "not_watched"].filter((light) => one.days.some((day) => day.seconds[light]));
  const slowest = new Map();
  for (const [at, seconds] of one.latencies) slowest.set(dayOf(at), Math.max(slowest.get(dayOf(at)) ?? 0, seconds));
  const rows = one.days.map((day) => {
    const name = dayOf(beginOf(day.date));
    return [name, day.well === undefined ? "does not count" : percent(day.well),
      ...lights.map((light) => (day.seconds[light] ? lasting(day.seconds[light]) : "–")),
      slowest.has(name) ? took(slowest.get(name) * 1000) : "not known"];
  });
  return table(`Days of ${one.name}, latest first`, ["Day", "Well", ...lights.map((light) => capital(LIGHTS[light].words)), "Slowest answer"], rows.reverse());
}

// ── what went wrong ──

const UNSEEN_END = "not watched"; // The end of an outage that nothing saw (NOT_WATCHED in agent/history/store.py).
const titleOf = (outage) => outage.title || "Which problem it was is not kept";

function lasted(outage) {
  const so = lasting(outage.seconds);
  if (outage.ended === undefined) return `${so} so far`;
  return outage.end === UNSEEN_END ? `${so} at least: its end was not watched` : so;
}

function outages(one, view) {
  const key = OUTAGES + one.name;
  const every = [...one.outages].reverse();
  const listed = view.opened.has(key) ? every : every.slice(0, AT_FIRST);
  const count = one.outages_in_all;
  return h("section", { "data-key": "outages" }, h("h3", {}, count === 1 ? "1 outage" : `${count || "No"} outages`),
    every.length ? table(`Outages of ${one.name}, latest first`, ["Began", "Lasted", "Cause", "Connected then"],
      listed.map((outage) => [stamp(epoch(outage.began)), lasted(outage), titleOf(outage), outage.programs.length ? outage.programs.join(", ") : "no program that is known"])) : null,
    listed.length < count ? h("button.quiet", { type: "button", "data-key": "more", onclick: () => view.everyOutage(key) }, `Show all ${count}`) : null);
}

function causes(one) {
  if (!one.causes.length) return null;
  return h("section", { "data-key": "causes" }, h("h3", {}, "What took the time"),
    table(`What took the time of ${one.name}, longest first`, ["Cause", "Together", "Times", "Longest"],
      one.causes.map((cause) => [
        [cause.title, cause.problems.length ? h("span.small", {}, ` ${cause.problems.join(", ")}`) : null],
        lasting(cause.seconds), String(cause.count), lasting(cause.longest)])));
}
