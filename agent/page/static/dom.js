// Building and updating what is on the screen: views say how it should look, and only what differs is touched.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "path", "circle", "rect", "line", "polyline", "polygon", "title", "text"]);
const HANDLERS = ["onclick", "onchange", "oninput", "onsubmit", "onkeydown", "ontoggle"];

/** An element: `h("p.soft", {id: "x", onclick: f}, "text", child, [more], null)`. Text is always text, never markup. */
export function h(tag, props, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  if (classes.length) made.setAttribute("class", classes.join(" "));
  // While the agent does not answer, a button asks nothing of it; one that stays on the page is marked.
  if (name === "button" && standing() && !props?.["data-here"]) Object.assign(made, { disabled: true }).dataset.held = "";
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  add(made, children);
  return made;
}

function add(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(parent, child);
    else parent.append(child);
  }
}

/** A name as an ID: without spaces, so that labels can refer to it. */
export const ident = (name) => name.replace(/[^\w.-]/g, (sign) => `_${sign.codePointAt(0).toString(16)}`);

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** "1 message" or "3 messages". */
export const counted = (count, one, several = `${one}s`) => `${count} ${count === 1 ? one : several}`;

/** Make what `parent` holds look like `children`, keeping focus, open menus and what is being typed. */
export function patch(parent, ...children) {
  const wanted = document.createDocumentFragment();
  add(wanted, children);
  const focused = document.activeElement;
  patchChildren(parent, wanted);
  // What changes its place loses the focus.
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null);
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

function patchChildren(parent, wanted) {
  const keyed = new Map();
  for (const child of parent.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  let at = parent.firstChild;
  for (const child of [...wanted.childNodes]) {
    const key = keyOf(child);
    let match = key ? keyed.get(key) : at && alike(at, child) ? at : null;
    if (match && !alike(match, child)) match = null;
    if (!match) {
      parent.insertBefore(child, at);
    } else {
      if (match === at) at = at.nextSibling;
      else parent.insertBefore(match, at);
      patchNode(match, child);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function patchNode(now, wanted) {
  if (now.nodeType !== Node.ELEMENT_NODE) {
    if (now.nodeValue !== wanted.nodeValue) now.nodeValue = wanted.nodeValue;
    return;
  }
  // A drawing is replaced when it is another one, and otherwise left alone.
  if (wanted.hasAttribute("data-same")) {
    if (now.getAttribute("data-same") !== wanted.getAttribute("data-same")) now.replaceWith(wanted);
    return;
  }
  for (const { name, value } of [...wanted.attributes]) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  for (const { name } of [...now.attributes]) {
    // The user opens and closes these.
    if (!wanted.hasAttribute(name) && !(name === "open" && now.nodeName === "DETAILS")) now.removeAttribute(name);
  }
  for (const handler of HANDLERS) now[handler] = wanted[handler];
  // What was chosen by hand does not follow its attribute any more.
  if (now.type === "radio") now.checked = wanted.checked;
  patchChildren(now, wanted);
}

const MARKS = /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\((https:\/\/[^)\s]+)\)/g;

/** A line of a guide: **bold**, `code` and links of its own; anything else in it is text. */
export function inline(markdown, wrap = (text) => [text]) {
  const parts = [];
  let from = 0;
  for (const found of markdown.matchAll(MARKS)) {
    parts.push(...wrap(markdown.slice(from, found.index)));
    if (found[1] !== undefined) parts.push(h("strong", {}, found[1]));
    else if (found[2] !== undefined) parts.push(h("code", {}, found[2]));
    else parts.push(h("a", { href: found[4], target: "_blank", rel: "noreferrer noopener" }, found[3]));
    from = found.index + found[0].length;
  }
  parts.push(...wrap(markdown.slice(from)));
  return parts;
}

/** Paragraphs and lists of a guide. */
export function paragraphs(markdown) {
  return markdown
    .split(/\n\s*\n/)
    .filter((block) => block.trim())
    .map((block) => {
      const [lead, ...items] = block.split(/^(?:[-*]|\d+\.) /m);
      const list = items.length ? h("ul", {}, items.map((item) => h("li", {}, inline(flat(item))))) : null;
      return [lead.trim() ? h("p", {}, inline(flat(lead))) : null, list];
    });
}

const flat = (text) => text.trim().replace(/\s+/g, " ");

// ── times and durations, in the user's own zone; written as Gatelight's sentences beside them write them ──

const WRITING = "en-GB"; // 24 hours and English days, whatever the browser's language: one time format in a view.

let stood = null; // Milliseconds since the epoch.

/** Let durations stand still as of a time, since nothing is known of what came after it; null: let them go on. */
export function standStill(at) { stood = at; }

/** Whether they do: nothing can be asked of the agent then. */
export const standing = () => stood !== null;

/** The time that durations are counted up to. */
export const now = () => stood ?? Date.now();

const day = (date) => date.toLocaleDateString();
const hour = (date) => date.toLocaleTimeString(WRITING, { hour: "2-digit", minute: "2-digit" });

/** "14:03", or with the day where it is not today. */
export function clock(time) {
  const date = new Date(time);
  const now = new Date();
  if (day(date) === day(now)) return hour(date);
  const away = Math.abs(date - now) < 6 * 86400e3 ? { weekday: "long" } : { day: "numeric", month: "long" };
  return `${date.toLocaleDateString(WRITING, away)} ${hour(date)}`;
}

/** "05:30 – 08:00"; the day is said once where both are on the same one. */
export function period(begins, ends) {
  const [from, to] = [new Date(begins), new Date(ends)];
  return `${clock(from)} – ${day(from) === day(to) ? hour(to) : clock(to)}`;
}

const COUNTED = 120; // Seconds below which `lasting` tells seconds.

/** "12 s", "5 min", "2 h 10 min" or "3 days 4 h": as in notices (`lasting` in agent/core/clock.py). */
export function lasting(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [minutes, hours] = [Math.round(whole / 60), Math.round(whole / 3600)];
  if (!whole) return "a moment";
  if (whole < COUNTED) return `${whole} s`;
  if (minutes < 60) return `${minutes} min`;
  const [size, most, unit, least] = minutes < 48 * 60 ? [60, minutes, "h", "min"] : [24, hours, "days", "h"];
  return `${Math.floor(most / size)} ${unit}${most % size ? ` ${most % size} ${least}` : ""}`;
}

let counting = false; // Whether a duration was drawn that is another one a second later.

/** Whether one was since this was last asked. */
export function takeCounting() {
  const was = counting && !standing();
  counting = false;
  return was;
}

/** Seconds from an RFC 3339 time to now. */
export function secondsSince(time) {
  const seconds = (now() - new Date(time)) / 1000;
  if (seconds < COUNTED) counting = true;
  return seconds;
}

/** "3 min ago" for an RFC 3339 time. */
export function ago(time) {
  const seconds = secondsSince(time);
  return seconds < 5 ? "just now" : `${lasting(seconds)} ago`;
}
