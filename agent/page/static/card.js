// A card: how one connection is at a glance, and everything that is known of it.

import { capital, clock, h, ident, lasting, period, secondsSince } from "/dom.js";
import { href, putAside, setUp, snooze } from "/parts.js";
import { OF_FARM, OF_LINK, ofProblem, shape } from "/shapes.js";

const FARM_KINDS = { "market-data": "market data", historical: "historical data", "security-definition": "contract data" };
const FARM_WORDS = { ok: "ok", broken: "broken", inactive: "inactive (normal: wakes when it is used)", connecting: "connecting" };

/** The card of a connection that stands for itself. */
export function card(one, page) {
  const time = since(one);
  const id = ident(`card-${one.name}`);
  return h("article.card", { "data-key": one.name, "data-state": one.overall, "aria-labelledby": id },
    h("header.glance", {},
      shape(one.overall, "large"),
      h("div", {}, h("h2", { id }, one.name), h("p.headline", {}, capital(one.headline)),
        time ? h("p.soft", {}, time) : null),
      mode(one)),
    particulars(one, page));
}

/** What a card holds below its name and headline. */
export const particulars = (one, page) => [
  path(one),
  problems(one, page),
  facts(one, page),
  checklist(one),
  h("footer.actions", {}, actions(one, page), unconnected(one) ? setUp() : null)];

/** Who has nothing connected yet is shown the way. */
const unconnected = (one) => one.overall === "waiting" || one.problems.some((problem) => problem.code === "app-not-installed");

const ROWS = { ok: "connected", differs: "warning", choice: "info", unknown: "unknown" };

/** The settings that connection guides ask for, wanted and found. */
function checklist(one) {
  const rows = one.checklist ?? [];
  if (!rows.length || one.last_known) return null;
  const count = (state) => rows.filter((row) => row.state === state).length;
  const summary = [["ok", "as wanted"], ["differs", "different"], ["choice", "yours to decide"], ["unknown", "not known"]]
    .filter(([state]) => count(state)).map(([state, words]) => `${count(state)} ${words}`).join(", ");
  return h("details.checks", { "data-key": "checks" },
    h("summary", {}, h("strong", {}, "Settings in the application"), h("span.soft", {}, summary)),
    h("ul", {}, rows.map((row) => h("li.light", { "data-key": row.place + row.label, "data-row": row.state }, shape(ROWS[row.state]),
      h("span", {}, h("strong", {}, row.label), h("span.small", {}, row.place),
        h("span.found", {}, `Found: ${row.found}`, row.state === "ok" ? "" : `, wanted: ${row.wanted}`), h("span.small", {}, row.how))))));
}

/** What belongs to the headline: since when, or until when, where that is known. */
function since(one) {
  const began = one.headline_since;
  if (began && !one.last_known) return `${began.words} ${clock(began.time)}, for ${lasting(secondsSince(began.time))}`;
  return outlook(one);
}

/** What else is known of the time of a headline. */
export function outlook(one) {
  if (one.last_known) return one.last_known;
  if (one.back_by) return `Should be back by ${clock(one.back_by)}`;
  if (one.next_attempt) return `Next attempt at ${clock(one.next_attempt)}`;
  return "";
}

export function mode(one) {
  if (one.trading_mode === "unknown") return null;
  return h("span.mode", { "data-mode": one.trading_mode }, one.trading_mode);
}

/** The way an order takes: the link that is broken is the one to look at. */
function path(one) {
  const { programs, port, application, servers } = one.path;
  const station = (title, words, state) =>
    h("li.station", { "data-state": state }, h("strong", {}, title), h("span.soft", {}, words));
  const link = (title, { state, words }) =>
    h("li.link", { "data-state": state }, h("span.wire", { "aria-hidden": "true" }), shape(OF_LINK[state]),
      h("span.label", {}, h("span.title", {}, title), h("span.soft", {}, words)));
  return h("ol.path", { "aria-label": "From your programs to Interactive Brokers" },
    station("Your programs", programs.words, programs.state),
    link(port.title, port),
    station(application.title, application.words, application.state),
    link("Link to IB", servers),
    station("IB’s servers", "Interactive Brokers", "none"));
}

function problems(one, page) {
  const shown = one.problems.filter((problem) => problem.visible);
  if (!shown.length) return null;
  return h("ul.problems", { "aria-label": "What is wrong" }, shown.map((problem) =>
    h("li", { "data-key": problem.code + problem.title, "data-severity": problem.severity },
      shape(ofProblem(problem)),
      h("div", {}, h("h3", {}, problem.title), h("p", {}, problem.text),
        h("p.soft", {}, `${problem.first_seen ? "Seen since" : "Since"} ${clock(problem.since)}`,
          problem.snoozed_until ? `, snoozed until ${clock(problem.snoozed_until)}` : "",
          problem.undelivered ? ", and the desktop did not take a notice about it" : "")),
      h("div.buttons", {},
        h("a.button.primary", { href: href("problem", one.name, problem.code) }, "Show steps"),
        putAside(one, problem, page),
        snooze(one, problem, page)))));
}

function facts(one, page) {
  const application = one.last_known ? undefined : one.application;
  const connected = one.phase === "connected";
  // What only a session tells is left out while there is none.
  const rows = [
    ["Application", application
      ? [`${one.title}${application.version ? ` ${application.version}` : ""}`, small(`pid ${application.pid}, runs since ${clock(application.started)}`)]
      : unknown(one.path.application.words)],
    ["API port", one.port ? [h("span.number", {}, `${one.host}:${one.port}`), application ? small(listening(application)) : null] : unknown("not known")],
    connected && ["Account", one.accounts.length ? [one.accounts.join(", ") + andMore(one.accounts_more), small(`${one.trading_mode} trading`)] : unknown("not known")],
    connected && ["Session", one.client_id !== undefined ? [`Client ${one.client_id}`, one.server_version ? small(`server version ${one.server_version}`) : null] : unknown("none")],
    connected && ["Answers in", latency(one)],
    ["Link to IB’s servers", h("span.light", {}, shape(OF_LINK[one.server_link]), capital(one.path.servers.words))],
    ["Programs on the port", [programs(one), ignored(one, page)]],
    ["Next expected outage", outage(one)],
    connected && ["Data farms", farms(one)],
  ];
  return h("dl.facts", {}, rows.filter(Boolean).map(([name, value]) =>
    h("div", { "data-key": name, "data-fact": name }, h("dt", {}, name), h("dd", {}, value))));
}

function listening(application) {
  if (!application.listening) return "its ports are not shown to this user";
  return `listens on ${application.listening.join(", ") || "nothing"}`;
}

const small = (text) => h("span.small", {}, text);
const unknown = (text) => h("span.soft", {}, capital(text));

function latency(one) {
  const samples = one.latencies ?? [];
  if (one.latency_s === undefined) return [unknown("not known"), sparkline(samples)];
  return [h("span.number", {}, took(one.latency_s * 1000)), sparkline(samples)];
}

/** "1.4 ms", "210 ms" or "8.4 s": as in notices (`took` in agent/core/clock.py). */
export const took = (ms) => (ms < 0.05 ? "under 0.1 ms" : Math.round(ms) >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Number(ms.toFixed(ms < 9.95 ? 1 : 0))} ms`);

/** The last hour, as a line on a scale of its own. */
function sparkline(samples) {
  if (samples.length < 2) return null;
  const end = samples[samples.length - 1][0];
  const begin = Math.min(samples[0][0], end - 60);
  // Each is the slowest of some seconds: how fast the fastest answer was is not known.
  const most = Math.max(...samples.map(([, ms]) => ms));
  const x = (time) => (((time - begin) / (end - begin)) * 120).toFixed(1);
  const y = (ms) => (26 - (ms / (most * 1.1 || 1)) * 24).toFixed(1);
  const points = samples.map(([time, ms]) => `${x(time)},${y(ms)}`);
  const text = `${took(most)} at most since ${clock(samples[0][0] * 1000)}`;
  return [
    h("svg.spark", { viewBox: "0 0 120 28", preserveAspectRatio: "none", "aria-hidden": "true" },
      h("polygon.area", { points: `${x(samples[0][0])},28 ${points.join(" ")} 120,28` }),
      h("polyline.curve", { points: points.join(" "), "vector-effect": "non-scaling-stroke" })),
    small(text)];
}

const WELL = new Set(["ok", "inactive"]);

/** All of them in a line that opens, but for those that are not well. */
function farms(one) {
  if (!one.farms.length) return unknown({ up: "none reported yet", down: "not known while the link to IB is down" }[one.server_link] ?? "not known");
  const well = one.farms.filter((farm) => WELL.has(farm.status));
  const ill = one.farms.filter((farm) => !WELL.has(farm.status));
  return [
    ill.length ? h("ul.lights", { "data-key": "ill" }, ill.map(farmLine)) : null,
    well.length ? h("details.well", { "data-key": "well" },
      h("summary", {}, wellWords(well.length, ill.length)), h("ul.lights", {}, well.map(farmLine))) : null,
    one.farms_more ? small(`${one.farms_more} more ${one.farms_more === 1 ? "was" : "were"} named, and not followed`) : null];
}

function wellWords(well, ill) {
  const farms = `${well} ${ill ? (well === 1 ? "other" : "others") : well === 1 ? "data farm" : "data farms"}`;
  return `${farms}, ${well === 1 ? "which is well" : "all well"}`;
}

const farmLine = (farm) => h("li.light", { "data-key": farm.name + farm.kind }, shape(OF_FARM[farm.status] ?? "unknown"),
  h("span", {}, h("strong", {}, farm.name), ` ${FARM_KINDS[farm.kind] ?? farm.kind}`, small(FARM_WORDS[farm.status] ?? farm.status)));

/** What is not listed: “ and 12 more”. */
export const andMore = (more) => (more ? ` and ${more} more` : "");

function programs(one) {
  if (one.programs === undefined) return unknown(one.path.programs.words);
  if (!one.programs.length) return unknown(one.path.programs.words);
  return h("ul.list", {}, one.programs.map((program) =>
    h("li", {}, program.script || (program.name === "unknown" ? "A program" : program.name),
      small([program.script && program.name, program.peer && `at ${program.peer}`, program.pid && `pid ${program.pid}`, `seen since ${clock(program.since)}`].filter(Boolean).join(", ")))));
}

/** Programs that are not missed, as the user asked. */
function ignored(one, page) {
  if (!one.programs_ignored) return null;
  const again = (program) => page.act(() => page.command("ignore", { program, name: one.name, undo: true }), `${program} is missed again when it is not connected.`);
  return h("ul.list.ignored", { "data-key": "ignored" }, one.programs_ignored.map((program) => h("li", { "data-key": program },
    small(`${program} is not watched `), h("button.quiet", { type: "button", "aria-label": `Watch ${program} again`, onclick: () => again(program) }, "Watch again"))));
}

function outage(one) {
  const next = one.next_outage;
  if (!next) return unknown("none known");
  return [h("span.number", {}, period(next.begins, next.ends)), small(next.title)];
}

function actions(one, page) {
  return one.wanted
    ? h("button", { type: "button", "data-key": "stop", "aria-label": `Stop watching ${one.name}`, onclick: () => page.act(() => page.command("disconnect", { name: one.name }), `${one.name} is no longer watched until you choose Watch.`) }, "Stop watching")
    : h("button.primary", { type: "button", "data-key": "watch", "aria-label": `Watch ${one.name}`, onclick: () => page.act(() => page.command("connect", { name: one.name }), `${one.name} is watched again.`) }, "Watch");
}
