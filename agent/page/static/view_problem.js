// What is wrong: one problem with its cause, its evidence and the steps, which are ticked off as they are seen done.

import { clock, h, lasting as duration, paragraphs, patch, standing } from "/dom.js";
import { mode } from "/card.js";
import { href, putAside, snooze, visible } from "/parts.js";
import { askFix } from "/dialog.js";
import { chosenList, layouts, steps, stepText } from "/guide.js";
import { get } from "/live.js";
import { ofProblem, shape } from "/shapes.js";

const AGAIN = 2_000; // Milliseconds between two questions for the same guide, where nothing new was told.

export function show(root, page, [name, code]) {
  return code ? one(root, page, name, code) : overview(root);
}

// ── all of them ──

function overview(root) {
  return {
    update(view) {
      const all = visible(view);
      patch(root, h("h1", {}, "What is wrong"),
        all.length
          ? h("ul.problems.wide", {}, all.map(({ one, problem }) =>
              h("li", { "data-key": `${one.name} ${problem.code} ${problem.title}`, "data-severity": problem.severity },
                shape(ofProblem(problem)),
                h("div", {}, h("h2", {}, problem.title), h("p", {}, problem.text), h("p.soft", {}, told(one.name, problem, one))),
                h("div.buttons", {}, h("a.button.primary", { href: href("problem", one.name, problem.code) }, "Show steps")))))
          : nothing(view),
        view.ended.length
          ? h("section.past", {}, h("h2", {}, "No longer seen"), h("ul.list", {}, [...view.ended].reverse().map((past) =>
              h("li", {}, h("a", { href: href("problem", past.connection, past.code) }, past.title),
                h("span.small", {}, `${past.connection}, ${ended(past)}${past.left.length ? "; something is left for you" : ""}`)))))
          : null);
    },
  };
}

/** Whose problem it is, since when, and whether live or paper is traded there. */
const told = (name, problem, connection) => [`${name}, ${since(problem)} `, connection ? mode(connection) : null];
const ended = ({ since, until, first_seen: first }) => `ended ${clock(until)} after ${first ? "at least " : ""}${duration((new Date(until) - new Date(since)) / 1000)}`;
const since = (problem) => `${problem.first_seen ? "seen since" : "since"} ${clock(problem.since)}`;

/** No problem is shown: that is good news only where everything that is watched is connected. */
function nothing(view) {
  const well = view.connections.length > 0 && view.connections.every((one) => one.overall === "connected");
  const headline = well ? "Nothing is wrong"
    : view.connections.every((one) => one.overall === "waiting") ? "Nothing is connected yet"
      : view.connections.filter((one) => one.overall !== "connected").map((one) => `${one.name}: ${one.headline}`).join(". ");
  return h("div.nothing", {}, shape(well ? "connected" : view.connections.length ? view.overall : "waiting", "large"),
    h("p.headline", {}, headline),
    h("p.soft", {}, "When something is wrong, this page says what it is, what was seen, and how to put it right."));
}

// ── one of them ──

function one(root, page, name, code) {
  let guide = null;
  let known = ""; // What the guide was fetched for: steps change with the case.
  let latest = null; // The steps of this case as they were told last, which ticks are counted by.
  let seen = null; // The problem as it was last there.
  let fault = "";
  let lasting = false; // Whether to ask again would be in vain.
  let left = false;
  let asked = 0; // Guides asked for; only the answer to the last one counts.
  let busy = false;
  let asOf = null; // The view it was asked for with,
  let askedAt = 0; // and when.
  let away = false; // Whether the last answer was for no case at all: the problem was away when it was given.

  async function fetchGuide() {
    const mine = asked += 1;
    busy = true;
    [asOf, askedAt] = [page.view, performance.now()];
    let answer = null;
    let reason = "";
    let refused = false;
    try {
      answer = await get("guide", { connection: name, code });
    } catch (error) {
      reason = error.message;
      refused = error.status >= 400 && error.status < 500;
    }
    if (mine !== asked) return;
    away = Boolean(answer) && !answer.current;
    // Steps of this case, once shown, stay: ticks are at their numbers.
    guide = answer && !(away && guide?.current) ? answer : guide;
    [fault, lasting, busy] = [reason, refused, false];
    if (!left && page.view) draw(page.view);
  }

  /** Whether the guide that is shown has the steps of this case as they are told now. */
  const ofCase = () => JSON.stringify(guide.case) === latest;

  function draw(view) {
    const connection = view.connections.find((each) => each.name === name);
    const all = (connection?.problems ?? []).filter((each) => each.code === code && each.visible);
    // What stands below the first of several is about all of them.
    const problem = all[0] && { ...all[0], programs: [...new Set(all.flatMap((each) => each.programs))] };
    const past = view.ended.find((each) => each.connection === name && each.code === code);
    const way = view.under_way.find((each) => each.connection === name && each.code === code);
    const aside = view.set_aside.some((each) => each.connection === name && each.code === code);
    if (problem) seen = { all, problem };
    const signature = problem ? JSON.stringify([problem.steps, connection.application?.kind]) : seen ? known : "general";
    // Where nothing changes, nothing new is told for up to a minute.
    const due = !busy && (view !== asOf || performance.now() - askedAt > AGAIN);
    if (problem || way) latest = JSON.stringify((problem ?? way).steps);
    const again = (problem || way) && (away || (guide?.current && !ofCase()));
    const unread = fault && !lasting && !standing();
    if (signature !== known || (due && (again || unread))) {
      known = signature;
      fetchGuide();
    }
    if (!guide && !fault) return patch(root, h("p.empty", {}, "…"));
    if (!guide) return patch(root, h("h1", {}, "What is wrong"), h("p.note", { "data-kind": "error" }, fault));
    const list = chosenList(guide.lists, guide.application);
    // A fix that fills in a field of Settings stands at the step that is about the field.
    const inSteps = list.steps.some((step) => step.fields) ? (problem?.fixes ?? []).filter((fix) => guide.own_fixes.includes(fix.id)) : [];
    patch(root, h("article.guide", { "data-code": code, "data-state": problem ? problem.severity : "over", "aria-busy": busy ? "true" : null },
      h("nav.crumbs", { "aria-label": "Back" }, h("a", { href: href("problem") }, "What is wrong")),
      head({ problem, past, way, aside, seen, guide, name, connection, well: connection?.overall === "connected" }),
      fault ? h("p.note", { "data-kind": "error", role: "alert" }, `The steps could not be read again: ${fault}`) : null,
      problem ? offers(connection, problem, page, inSteps) : null,
      !problem && past?.left.length ? leftOpen(past, page) : null,
      evidence(problem ? all : seen?.all ?? []),
      instructions(list, problem, past, way, { connection: name, fixes: inSteps, over: Boolean(past) && !problem && !way }),
      guide.more ? h("section.more", {}, h("h2", {}, "Good to know"), paragraphs(guide.more)) : null,
      next(view, problem, name, code)));
  }

  function instructions(list, problem, past, way, own) {
    const open = problem ?? way;
    // The numbers are those of the steps of this case, as they are now: a guide that was fetched before may have others.
    const done = guide.current && ofCase() ? (open ?? past)?.done ?? [] : [];
    return h("section.do", {},
      h("div.do-head", {}, h("h2", {}, "What to do"),
        layouts(guide.lists, list, () => draw(page.view)),
        h("button.quiet.print", { type: "button", "data-here": true, onclick: () => print() }, "Print")),
      open && done.length ? h("p.small", { role: "status" }, `${done.length} ${done.length === 1 ? "step was" : "steps were"} seen to be done. Not every step can be seen.`)
        : open ? h("p.small", {}, "Gatelight notices by itself when the problem ends.") : null,
      steps(list.steps, done, page, own));
  }

  return {
    update: draw,
    leave() { left = true; },
  };
}

function head({ problem, past, way, aside, seen, guide, name, connection, well }) {
  if (problem) {
    return h("header.glance", {}, shape(ofProblem(problem), "large"),
      h("div", {}, h("h1.headline", {}, problem.title), (seen?.all ?? [problem]).map((each) => h("p", {}, each.text)),
        h("p.soft", {}, told(name, problem, connection))));
  }
  if (way) {
    return h("header.glance.way", {}, shape("connecting", "large"),
      h("div", { role: "status" }, h("h1.headline", {}, "You are on the way"), h("p", {}, way.title),
        h("p.soft", {}, `${name}, since ${clock(way.since)}`)));
  }
  if (aside) {
    return h("header.glance", {}, shape("unknown", "large"),
      h("div", { role: "status" }, h("h1.headline", {}, seen?.problem.title ?? guide.title),
        h("p.soft", {}, `${name}: whether this is still so cannot be told now.`)));
  }
  if (past) {
    return h(well ? "header.glance.over.well" : "header.glance.over", {}, shape(well ? "connected" : "off", "large"),
      h("div", { role: "status" }, h("h1.headline", {}, "This is over"), h("p", {}, `It was: ${past.title}.`),
        h("p.soft", {}, `${name}, ${ended(past)}`)));
  }
  return h("header.glance", {}, shape("off", "large"),
    h("div", {}, h("h1.headline", {}, guide.title), paragraphs(guide.meaning), h("p.soft", {}, "This problem is not there now.")));
}

/** What is left in the user's own programs, where it cannot be seen. */
function leftOpen(past, page) {
  return h("section.left", {}, h("h2", {}, "Left for you"), h("p.small", {}, "Gatelight cannot see whether this is done."),
    h("ul.left-list", {}, past.left.map((text) => h("li", {}, h("span.open", { "aria-hidden": "true" }), h("p", {}, stepText(text, page))))));
}

function offers(connection, problem, page, elsewhere) {
  const silence = snooze(connection, problem, page);
  const fixes = problem.fixes.filter((fix) => !elsewhere.includes(fix));
  const aside = putAside(connection, problem, page);
  if (!fixes.length && !silence && !problem.snoozed_until && !problem.until_seen && !problem.programs.length) return null;
  return h("div.buttons.offers", {},
    fixes.map((fix) => h("button.primary", { type: "button", "data-key": fix.id, onclick: () => askFix(connection.name, fix, page) }, fix.label)),
    aside,
    problem.snoozed_until ? h("span.soft", {}, `Snoozed until ${clock(problem.snoozed_until)}`) : silence);
}

function evidence(all) {
  const lines = [...new Set(all.flatMap((each) => each.evidence))];
  if (!lines.length) return null;
  return h("section.evidence", {}, h("h2", {}, "What was seen"), h("ul", {}, lines.map((line) => h("li", {}, line))));
}

/** What is there instead: a log-in screen after a start, say. */
function next(view, problem, name, code) {
  const others = visible(view).filter(({ one, problem: other }) => one.name === name && other.code !== code);
  if (!others.length) return null;
  return h("section.others", {}, h("h2", {}, problem ? "Also" : "Now"),
    h("ul.list", {}, others.map(({ one, problem: other }) => h("li", {}, shape(ofProblem(other)),
      h("a", { href: href("problem", one.name, other.code) }, other.title)))));
}
