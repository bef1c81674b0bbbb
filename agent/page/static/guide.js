// A guide on the screen: numbered steps, each with its drawing, and what can be copied from them.

import { h, inline } from "/dom.js";

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

/** The steps; `done` are the numbers of those that were seen to be done. */
export function steps(list, done, page) {
  const next = Math.max(0, ...done);
  return h("ol.steps", {}, list.map((step, index) => {
    const isDone = done.includes(index + 1);
    return h("li", { "data-key": `${index} ${step.text}`, "data-done": isDone, "aria-current": index === next && next > 0 ? "step" : null },
      h("p", {}, stepText(step.text, page), isDone ? h("span.done", {}, "done") : null),
      step.drawing ? drawn(step.drawing) : null);
  }));
}

function drawn({ svg, alt }) {
  const figure = h("figure.drawn", { "data-same": `${alt} ${svg.length}` });
  const picture = parser.parseFromString(svg, "image/svg+xml").documentElement;
  if (picture.nodeName !== "svg") return null;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", alt);
  figure.append(document.importNode(picture, true));
  return figure;
}

const LAYOUT = "gatelight-layout";

/** Which of several lists is shown: the one of the layout that was chosen last. */
export function chosenList(lists) {
  return lists.find((one) => one.layout === localStorage.getItem(LAYOUT)) ?? lists[0];
}

/** The switch between the layouts of the windows; `name` is its own where a page has several. */
export function layouts(lists, shown, choose, name = "layout") {
  if (lists.length < 2) return null;
  return h("fieldset.switch", {}, h("legend.unseen", {}, "Which windows you have"),
    lists.map((one) => {
      const id = `${name}-${one.layout}`;
      return h("span", { "data-key": id },
        h("input.unseen", { type: "radio", name, id, checked: one === shown, onchange: () => {
          localStorage.setItem(LAYOUT, one.layout);
          choose();
        } }),
        h("label", { for: id }, one.title));
    }));
}
