// A guide on the screen: numbered steps, each with its drawing, and what can be copied from them.

import { h, inline } from "/dom.js";
import { askFix } from "/dialog.js";
import { fieldHref } from "/settings_link.js";

const parser = new DOMParser();
const ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g;
const OR_PORT = /\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b|(?<![\d.:=])\b\d{4,5}\b(?![.:]\d)/g;

/** A step's text; addresses, and numbers in a step about a port, can be copied with one click. */
export function stepText(text, page) {
  const wanted = /\bport\b/i.test(text) ? OR_PORT : ADDRESS;
  return inline(text, (plain) => {
    const parts = [];
    let from = 0;
    for (const found of plain.matchAll(wanted)) {
      parts.push(plain.slice(from, found.index), copyable(found[0], page));
      from = found.index + found[0].length;
    }
    return [...parts, plain.slice(from)];
  });
}

/** Something that has to be typed elsewhere, with a button that copies it. */
export function copyable(text, page) {
  return h("span.copyable", {}, h("code", {}, text),
    h("button.copy", { type: "button", "data-here": true, "aria-label": `Copy ${text}`, title: `Copy ${text}`, onclick: () =>
      navigator.clipboard.writeText(text).then(
        () => page.toast(`${text} is copied.`),
        () => page.toast("The browser does not let this page copy: mark it and copy it by hand.", "error")) },
      h("svg.copy-mark", { viewBox: "0 0 16 16", "aria-hidden": "true" },
        h("path", { d: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" }))));
}

/**
 * The steps in their parts: what comes first, the ways of which one is gone, what follows. `done` are the numbers of
 * those that were seen to be done; `own` is {connection, fixes, over}: whose fields in Settings are meant, the fixes
 * that fill them in, and whether the problem is over.
 */
export function steps(list, done, page, own = null) {
  const taken = list.find((step) => isChoice(step.way) && done.includes(step.number))?.way;
  const last = Math.max(0, ...done);
  const next = last && list.find((step) => step.number > last && (!taken || !isChoice(step.way) || step.way === taken));
  const ways = [...new Set(list.map((step) => step.way))];
  return ways.map((way) => {
    const part = h("ol.steps", {}, list.filter((step) => step.way === way).map((step) => one(step, done, next, page, own)));
    if (!way) return part;
    const [word, ...rest] = way.split(" ");
    const head = [h("span.way-word", {}, word), rest.length ? ` ${rest.join(" ")}` : null];
    const gone = taken && isChoice(way) ? String(way === taken) : null;
    // Once all is over, the way that was not gone is of no use: it can be opened.
    return own?.over && gone === "false"
      ? h("details.way", { "data-key": `closed ${way}`, "data-taken": gone }, h("summary.way-head", {}, head), part)
      : h("section.way", { "data-key": way, "data-taken": gone }, h("h3.way-head", {}, head), part);
  });
}

const isChoice = (way) => /^(Either|Or) /.test(way);

function one(step, done, next, page, own) {
  const isDone = done.includes(step.number);
  return h("li", { "data-key": `${step.number} ${step.text}`, "data-done": isDone, "aria-current": step === next ? "step" : null },
    h("div", {}, h("p", {}, stepText(step.text, page), isDone ? h("span.done", {}, "done") : null), acts(step, page, own)),
    step.drawing ? drawn(step.drawing) : null);
}

/** What can be clicked at a step: pages on the web, the fix that does it, the field in Settings. */
function acts(step, page, own) {
  const fixes = step.fields ? own?.fixes ?? [] : [];
  const fields = own?.connection ? step.fields ?? [] : [];
  const made = [
    (step.links ?? []).map((link) => h("a.button", { href: link.address, target: "_blank", rel: "noreferrer noopener" }, link.label)),
    fixes.map((fix) => h("button.primary", { type: "button", "data-key": fix.id, onclick: () => askFix(own.connection, fix, page) }, fix.label)),
    fields.map((field) => h("a", { href: fieldHref(own.connection, field.key) }, `${field.label} in Settings`)),
  ];
  return made.some((several) => several.length) ? h("div.buttons.step-acts", {}, made) : null;
}

function drawn({ svg, alt }) {
  const figure = h("figure.drawn", { "data-same": `${alt} ${marked(svg)}` });
  const picture = parser.parseFromString(svg, "image/svg+xml").documentElement;
  if (picture.nodeName !== "svg") return null;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", alt);
  figure.append(document.importNode(picture, true));
  return figure;
}

/** A number that differs where drawings do: an address in one may change, and be as long as before. */
function marked(svg) {
  let sum = svg.length;
  for (let n = 0; n < svg.length; n++) sum = (Math.imul(sum, 31) + svg.charCodeAt(n)) | 0;
  return sum;
}

const LAYOUT = "gatelight-layout";
const APPLICATION = "gatelight-application";
/** What was chosen last; a browser that keeps nothing for a page leaves it with its memory. */
const kept = {
  here: new Map(),
  get(name) { try { return this.here.get(name) ?? localStorage.getItem(name); } catch { return null; } },
  set(name, value) { this.here.set(name, value); try { localStorage.setItem(name, value); } catch { /* Then a reload begins anew. */ } },
};
let switched = false; // Whether the user has chosen an application since the page was opened.

/** Which of several lists is shown: of the application at hand or the one chosen last, in the layout chosen last. */
export function chosenList(lists, atHand = "unknown") {
  const wanted = switched || atHand === "unknown" ? kept.get(APPLICATION) : atHand;
  const fitting = lists.filter((list) => list.application === wanted);
  const among = fitting.length ? fitting : lists.filter((list) => list.application === lists[0].application);
  return among.find((list) => list.layout === kept.get(LAYOUT)) ?? among[0];
}

const APPLICATIONS = { tws: "TWS", gateway: "IB Gateway" };
const told = (list) => JSON.stringify(list.steps.map((step) => [step.way, step.text, step.drawing?.alt]));
const differ = (lists) => new Set(lists.map(told)).size > 1;

/** The switches between the applications, and between the layouts of one; `name` is their own where a page has several. */
export function layouts(lists, shown, choose, name = "layout") {
  const first = (application) => lists.find((list) => list.application === application);
  const applications = Object.keys(APPLICATIONS).filter(first);
  const beside = lists.filter((list) => list.application === shown.application);
  return [
    applications.length > 1 && differ(lists)
      ? chooser("Which application you have", `${name}-application`, applications.map((application) => [application, APPLICATIONS[application]]),
          shown.application, (application) => { switched = true; kept.set(APPLICATION, application); choose(); })
      : null,
    differ(beside)
      ? chooser("Which windows you have", name, beside.map((list) => [list.layout, list.title]),
          shown.layout, (layout) => { kept.set(LAYOUT, layout); choose(); })
      : null,
  ];
}

function chooser(legend, name, choices, chosen, choose) {
  return h("fieldset.switch", { "data-key": name }, h("legend.unseen", {}, legend),
    choices.map(([value, title]) => {
      const id = `${name}-${value}`;
      return h("span", { "data-key": id },
        h("input.unseen", { type: "radio", name, id, checked: value === chosen, onchange: () => choose(value) }),
        h("label", { for: id }, title));
    }));
}
