// Explain: paste a line of any log, and read what it means and what to do.

import { clock, h, paragraphs, patch } from "/dom.js";
import { chosenList, layouts, steps, stepText } from "/guide.js";
import { post } from "/live.js";
import { href } from "/parts.js";
import { shape } from "/shapes.js";

const EXAMPLES = ["1100", "Error 10197: No market data during competing live session", "API connection failed: TimeoutError()", "api-silent"];

export function show(root, page) {
  const field = h("textarea", { id: "words", rows: 4, spellcheck: "false", "aria-describedby": "words-hint", maxlength: 50000 });
  const answer = h("section.answer", { "aria-live": "polite" });
  let asked = 0; // Only the answer to what was asked last counts.
  const ask = async (event) => {
    event?.preventDefault();
    const mine = ++asked;
    try {
      const found = await post("explain", { words: field.value });
      const seenAt = Date.now();
      const show = () => patch(answer, draw(found, seenAt, page, show));
      if (mine === asked) show();
    } catch (fault) {
      if (mine === asked) patch(answer, h("p.note", { "data-kind": "error" }, fault.message));
    }
  };
  field.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask(event);
  };
  root.append(
    h("h1", {}, "Explain"),
    h("p.lead", {}, "Paste a line of a log, or type a notice number or a problem code. Any program’s log, in any language; nothing of it leaves this computer."),
    h("form.ask", { onsubmit: ask },
      h("label", { for: "words" }, "Words to explain"), field,
      h("p.small", { id: "words-hint" }, "Ctrl-Enter asks as well. For example: ",
        EXAMPLES.map((words) => h("button.example", { type: "button", onclick: () => { field.value = words; ask(); } }, words))),
      h("div.buttons", {}, h("button.primary", { type: "submit" }, "Explain"))),
    answer,
    h("p.small", {}, "It does not help? ", h("a", { href: href("about") }, "Prepare a diagnostics bundle"), " for another person to look at."));
  return {};
}

/** `seenAt`: when it was asked; what was seen then goes on being told as that. */
function draw(found, seenAt, page, again) {
  return h("article.card.guide", {},
    h("header.glance", {}, shape(found.good_news ? "connected" : "warning", "large"),
      h("div", {}, found.subject ? h("p.soft", {}, found.subject) : null, h("h2.headline", {}, found.title), paragraphs(found.meaning))),
    found.seen_now.length || found.shown_now.length ? h("section", {}, h("h3", {}, `What Gatelight saw at ${clock(seenAt)}`),
      h("ul", {}, found.seen_now.map((line) => h("li", {}, stepText(line, page))),
        found.shown_now.map((one) => h("li", {}, `${one.connection}: ${one.title}. `, h("a", { href: href("problem", one.connection, one.code) }, "Show steps"))))) : null,
    found.steps.length ? h("section", {}, h("h3", {}, "What to do"), steps(found.steps, [], page)) : null,
    found.causes.length > 1 ? h("h3", {}, "What can be behind it, likeliest first") : null,
    found.causes.map((cause, index) =>
      found.causes.length === 1
        ? h("section", {}, cause.title !== found.title ? h("h3", {}, cause.title) : null, detail(cause, page, again))
        : h("details.cause", { "data-key": cause.code, open: index === 0 && (cause.code === found.fits || !found.seen_now.length) }, h("summary", {}, cause.title), detail(cause, page, again))),
    found.also.length ? h("section", {}, h("h3", {}, "Also in these words"), h("ul", {}, found.also.map((line) => h("li", {}, line)))) : null);
}

function detail(cause, page, again) {
  const list = cause.lists.length ? chosenList(cause.lists) : null;
  return [paragraphs(cause.meaning),
    list ? [h("div.do-head", {}, h("h3", {}, "Steps"), layouts(cause.lists, list, again, `layout-${cause.code}`)), steps(list.steps, [], page)] : null,
    cause.more ? [h("h3", {}, "Good to know"), paragraphs(cause.more)] : null];
}
