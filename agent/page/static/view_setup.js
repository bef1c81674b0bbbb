// Set-up: the way to a working connection, step by step; each step checks itself and says what was seen.

import { h, patch } from "/dom.js";
import { chosenList, layouts, steps } from "/guide.js";
import { get, post } from "/live.js";
import { href } from "/parts.js";
import { shape } from "/shapes.js";

const SHAPES = { done: "connected", "to-do": "warning", unknown: "unknown", "not-needed": "off", waiting: "waiting" };
const WORDS = { done: "Done", "to-do": "To do", unknown: "Not known", "not-needed": "Not needed", waiting: "Waits" };
const SOON = 700; // Milliseconds between two looks while a test is under way.

export function show(root, page) {
  let left = false;
  let asking = false;
  let again = false;
  let later = 0;
  let told = null;

  async function look() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      take(await get("setup"));
    } catch (fault) {
      if (!left && !told) patch(root, h("h1", {}, "Set-up"), h("p.note", { "data-kind": "error" }, fault.message));
    } finally {
      asking = false;
      if (again && !left) { again = false; look(); }
    }
  }

  async function act(doing, more = {}, done = "") {
    const said = await page.act(() => post("setup", { act: doing, ...more }), done);
    if (said) take(said);
    return said;
  }

  function take(fresh) {
    if (left) return;
    announce(told, fresh, page);
    told = fresh;
    draw();
    clearTimeout(later);
    const testing = fresh.setup?.steps.find((step) => step.id === "market-data");
    if (fresh.looking || (testing?.state === "unknown" && testing.value)) later = setTimeout(look, SOON);
  }

  function draw() {
    patch(root,
      h("h1", {}, "Set-up"),
      h("p.lead", {}, "From nothing to a working connection. Each step checks itself: what you do in TWS or IB Gateway is noticed here within seconds."),
      told.setup ? light(told) : h("p.note", {}, "Gatelight is looking at this computer."),
      questions(told, act),
      told.setup ? h("ol.setup", {}, told.setup.steps.map((step, index) => one(step, index, told, act, page, draw))) : null);
    // What is ticked is a property of the page, not of its text: the answers decide, and the focus stays where it is.
    for (const box of root.querySelectorAll(".questions input[type=radio]")) box.checked = told.answers[box.name] === box.value;
  }

  return { update: look, leave() { left = true; clearTimeout(later); } };
}

/** Say aloud which step was done, for who does not see the page change. */
function announce(before, after, page) {
  const states = new Map((before?.setup?.steps ?? []).map((step) => [step.id, step.state]));
  const news = (after.setup?.steps ?? []).filter((step) => states.has(step.id) && states.get(step.id) !== step.state && ["done", "to-do"].includes(step.state));
  if (news.length) page.announce(news.map((step) => `${step.title}: ${WORDS[step.state]}`).join(". "));
}

function light({ setup, name }) {
  const open = setup.left.length;
  const titles = setup.left.map((id) => setup.steps.find((step) => step.id === id).title);
  return h("section.card.glance.setup-light", { "data-green": setup.green ? "" : null }, shape(setup.green ? "connected" : "waiting", "large"),
    h("div", {}, h("h2.headline", {}, setup.green ? `“${name}” works as meant` : open === 1 ? "One step is left" : `${open} steps are left`),
      h("p", {}, setup.green ? "The light is green. You can close this page; Gatelight goes on watching." : titles.join(", "))));
}

// ── the questions ──

function questions(told, act) {
  const { answers } = told;
  return h("section.card.questions", { "aria-labelledby": "questions" },
    h("h2", { id: "questions" }, "What is it for?"),
    told.connections.length ? which(told, act) : null,
    h("div.question-list", {}, told.questions.map((question) => question.choices.length
      ? h("fieldset", { "data-key": question.id }, h("legend", {}, question.text),
          question.choices.map((choice) => {
            const id = `${question.id}-${choice.value}`;
            return h("div.choice", { "data-key": id },
              h("input", { type: "radio", name: question.id, id, value: choice.value, onchange: () => act("answer", { step: question.id, value: choice.value }) }),
              h("label", { for: id }, choice.label));
          }),
          h("p.small", {}, question.hint))
      : symbol(question, answers, act))));
}

function which(told, act) {
  const select = h("select", { id: "which", onchange: () => act("begin", { value: select.value }) },
    told.connections.map((name) => h("option", { value: name, selected: name === told.name }, name)));
  return h("p.which", { "data-key": "which", "data-same": `${told.name} ${told.connections.join("/")}` }, h("label", { for: "which" }, "Connection"), " ", select);
}

function symbol(question, answers, act) {
  const typed = h("input", { type: "text", id: "symbol", spellcheck: "false", autocomplete: "off", placeholder: "AAPL", "aria-describedby": "symbol-hint" });
  typed.value = answers.symbol ?? "";
  const save = (event) => { event.preventDefault(); act("answer", { step: "symbol", value: typed.value || "none" }, "The symbol is taken."); };
  return h("div.symbol", { "data-key": "symbol", "data-same": `symbol ${answers.symbol}` },
    h("label", { for: "symbol" }, question.text),
    h("form.typed", { onsubmit: save }, typed, h("button", { type: "submit" }, "Use it")),
    h("p.small", { id: "symbol-hint" }, question.hint, answers.symbol === "" ? " None is chosen now." : ""));
}

// ── the steps ──

function one(step, index, told, act, page, draw) {
  const current = told.setup.current === step.id;
  const open = current || (step.state === "to-do" && !step.optional);
  const waits = told.setup.steps.findIndex((each) => each.id === step.waits_for);
  const list = step.lists.length ? chosenList(step.lists) : null;
  const skipped = told.setup.skipped.includes(step.id);
  return h("li", { "data-key": step.id, "data-state": step.state, "aria-current": current ? "step" : null },
    h("div.step-head", {}, shape(SHAPES[step.state]),
      h("h3", {}, `${index + 1}. ${step.title}`),
      h("span.step-state", {}, waits >= 0 ? `Waits for step ${waits + 1}` : WORDS[step.state], skipped ? ", put off" : "")),
    step.text ? h("p", {}, step.text) : null,
    step.seen.length ? h("ul.seen", {}, step.seen.map((line) => h("li", {}, line))) : null,
    buttons(step, told, act, current, skipped),
    list ? h("details.how", { "data-key": `how ${step.id} ${open}`, open: open ? "" : null },
      h("summary", {}, "How to do it"),
      h("div.do-head", {}, layouts(step.lists, list, draw, `layout-${step.id}`)),
      steps(list.steps, [], page),
      step.problem ? h("p.small", {}, h("a", { href: href("problem", told.name, step.problem) }, "More about this")) : null) : null);
}

function buttons(step, told, act, current, skipped) {
  const made = step.acts.flatMap((wanted) => OFFERS[wanted]?.(step, told, act) ?? []);
  if (!["done", "not-needed", "waiting"].includes(step.state)) {
    if (current) made.push(h("button.quiet", { type: "button", "data-key": "look", onclick: () => act("look") }, "Look again"));
    if (step.optional && !skipped) made.push(h("button.quiet", { type: "button", "data-key": "skip", onclick: () => act("skip", { step: step.id }) }, "Put off"));
  }
  return made.length ? h("div.buttons", {}, made) : null;
}

const button = (label, click, kind = "") => h(`button${kind}`, { type: "button", "data-key": label, onclick: click }, label);
const first = () => { document.querySelector(".questions input")?.focus(); document.getElementById("questions")?.scrollIntoView({ block: "start" }); };

const OFFERS = {
  "test-data": (step, _, act) => button(`Test ${step.value} now`, () => act("test-data"), ".primary"),
  "send-notice": (_step, _told, act) => button("Send a test notice", () => act("send-notice"), ".primary"),
  "saw-notice": (_step, _told, act) => [button("I saw it", () => act("saw-notice", { value: true }), ".primary"), button("I did not see it", () => act("saw-notice", { value: false }))],
  "start-at-login": (_step, _told, act) => [button("Start at log-in", () => act("start-at-login", { value: true }), ".primary"), button("Leave it as it is", () => act("start-at-login", { value: false }))],
  "use-port": (step, _, act) => button(`Use port ${step.value}`, () => act("use-port", { value: Number(step.value) }, `Port ${step.value} is used; write it below.`), ".primary"),
  "change-answers": () => button("Change the answers", first),
  connect: (_step, _told, act) => button("Connect", () => act("connect"), ".primary"),
  looked: (step, _, act) => button("I have looked: it is not ticked", () => act("looked", { step: step.id })),
  write: (_, told, act) => button("Write it", () => act("write", { value: told.to_write }, "It is written."), ".primary"),
};
