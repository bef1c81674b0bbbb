// Questions: what a fix would do is read first, and the yes carries the digest of what was read.

import { h } from "/dom.js";
import { post } from "/live.js";

/** Ask before one fix is done; says what came of it. */
export async function askFix(connection, fix, page) {
  const asked = await page.act(() => post("fix/question", { connection, id: fix.id }));
  if (asked) await answer(connection, fix, asked, page);
}

async function answer(connection, fix, asked, page) {
  const { question, digest } = asked;
  const yes = await confirm({
    title: question.title,
    lines: question.changes,
    givenUp: question.given_up ?? [],
    remark: question.remark ?? "",
    yes: asked.label ?? fix.label,
  });
  if (!yes) return;
  const said = await page.act(() => post("fix/yes", { connection, id: fix.id, digest }));
  if (!said) return;
  // The application may want further warnings to be accepted: that is a new question, with a yes of its own.
  if (said.question) await answer(connection, fix, said, page);
  else page.toast(said.text ?? "Done.");
}

/** A question with a yes and a no; answers whether it was yes. */
export function confirm({ title, lines = [], givenUp = [], remark = "", yes }) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const dialog = h("dialog.question", { "aria-labelledby": "question", onclick: null },
      h("h2", { id: "question" }, title),
      h("ul", {}, lines.map((line) => h("li", {}, line))),
      givenUp.length ? [h("h3", {}, "What you give up"), h("ul.given-up", {}, givenUp.map((line) => h("li", {}, line)))] : null,
      remark ? h("p.soft", {}, remark) : null,
      h("div.buttons", {},
        h("button.primary", { type: "button", onclick: () => dialog.close("yes") }, yes),
        h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Cancel")));
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
