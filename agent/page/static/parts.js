// Small parts that several views use.

import { h, standing } from "/dom.js";

const HOUR = 3600;

/** The address of a view. */
export const href = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

/** Every problem that is shown, with its connection. */
export const visible = (view) => (view?.connections ?? [])
  .flatMap((one) => one.problems.filter((p) => p.visible).map((problem) => ({ one, problem })))
  .sort(({ problem: one }, { problem: other }) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity));

const SEVERITIES = ["error", "warning", "info"];

/** A button that opens a few others. */
export function menu(label, entries) {
  if (standing()) return h("button.quiet", { type: "button", "data-key": `menu ${label}` }, label);
  return h("details.menu", { "data-key": `menu ${label}`, onkeydown: closeOnEscape },
    h("summary.button.quiet", {}, label),
    h("div.entries", {}, entries.map(([text, act]) =>
      h("button", { type: "button", onclick: (event) => { event.target.closest("details").open = false; act(); } }, text))));
}

function closeOnEscape(event) {
  const menu = event.currentTarget;
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
}

/** That a newer version can be had, with the page that offers it: nothing is downloaded by itself. */
export const release = ({ update }) => (update ? h("p.release", { "data-key": "release" },
  `Version ${update.version} can be had. `, h("a", { href: update.page, target: "_blank", rel: "noreferrer noopener" }, "See it on the web")) : null);

/** The way to a first connection. */
export const setUp = () => h("a.button.primary", { href: href("setup") }, "Set up");

/** Buttons that end a problem by the user's word: it was seen, or these programs need not be watched. */
export function putAside(one, problem, page) {
  const seen = () => page.act(() => page.command("seen", { name: one.name }), "It stays in the history.");
  const ignore = (program) => page.act(() => page.command("ignore", { program, name: one.name }), `${program} is not missed any more. Below “Programs on the port” this can be undone.`);
  return [
    problem.until_seen ? h("button", { type: "button", "data-key": "seen", "aria-label": `Seen: ${problem.title}`, onclick: seen }, "Seen") : null,
    problem.programs.map((program) => h("button.quiet", { type: "button", "data-key": `ignore ${program}`, onclick: () => ignore(program) },
      problem.programs.length === 1 ? "Do not watch it" : `Do not watch ${program}`))];
}

export function snooze(one, problem, page) {
  if (!problem.snoozable || problem.snoozed_until) return null;
  const ask = (seconds) => page.act(() => page.command("snooze", { code: problem.code, connection: one.name, seconds }), "No notices about it for a while.");
  return menu("Snooze", [["For 1 hour", () => ask(HOUR)], ["For 1 day", () => ask(24 * HOUR)]]);
}
