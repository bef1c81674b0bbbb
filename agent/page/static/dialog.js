// Questions: what a fix would do is read first, and the yes carries the digest of what was read.

import { h } from "/dom.js";
import { post } from "/live.js";

/** Ask before one fix is done; says what came of it. */
export async function askFix(connection, fix, page) {
  const asked = await page.act(() => post("fix/question", { connection, id: fix.id }));
  if (asked) await answer(connection, fix, asked, page);
}

async function answer(connection, fix, question, page) {
  const yes = await confirm({
    title: question.title,
    lines: question.changes,
    givenUp: question.given_up,
    remark: question.remark,
    yes: "Yes, do it",
  });
  if (!yes) return;
  const done = waiting(fix.label);
  const said = await page.act(() => post("fix/yes", { connection, id: fix.id, digest: question.digest }));
  done();
  if (!said) return;
  // The application may want warnings to be agreed to as well: that is a question of its own.
  if (said.again) await answer(connection, fix, said.again, page);
  else if (said.done) page.toast(`${said.text} Now: ${said.now}.`, "good");
  else await tell({ title: "Nothing is settled yet", lines: [said.text, said.by_hand, `Now: ${said.now}.`].filter(Boolean) });
}

/** Something is being done; answers what ends saying so. */
function waiting(what) {
  const dialog = h("dialog.question", { "aria-labelledby": "waiting" }, h("p", { id: "waiting", role: "status" }, `${what} …`));
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return () => { dialog.close(); dialog.remove(); };
}

/** Something to read, with one button. */
const tell = (what) => open({ ...what, buttons: (close) => [h("button.primary", { type: "button", "data-here": true, onclick: () => close(false) }, "Close")] });

/** A question with a yes and a no; answers whether it was yes. */
export const confirm = (what) => open({ ...what, buttons: (close) => [
  h("button.primary", { type: "button", onclick: () => close(true) }, what.yes),
  h("button", { type: "button", "data-here": true, onclick: () => close(false) }, "Cancel")] });

function open({ title, lines = [], givenUp = [], remark = "", buttons }) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    let said = false;
    const close = (value) => { said = value; dialog.close(); };
    const dialog = h("dialog.question", { "aria-labelledby": "question" },
      // It begins at its beginning: a long question is read before its buttons are reached.
      h("h2", { id: "question", tabindex: -1, autofocus: true }, title),
      h("ul", {}, lines.map((line) => h("li", {}, line))),
      givenUp.length ? [h("h3", {}, "What you give up"), h("ul.given-up", {}, givenUp.map((line) => h("li", {}, line)))] : null,
      remark ? h("p.soft", {}, remark) : null,
      h("div.buttons", {}, buttons(close)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(said);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
