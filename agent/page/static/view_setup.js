// Set-up: from nothing to a program that is connected. One question at a time, then one step; each step checks itself.

import { clock, h, now, patch, standing } from "/dom.js";
import { get, post } from "/live.js";
import { shape } from "/shapes.js";
import { WORDS, extra, step } from "/setup_steps.js";

const SOON = 700; // Milliseconds between two looks while a test is under way.

export function show(root, page) {
  let left = false;
  let asking = false;
  let again = false;
  let later = 0;
  let told = null;
  let chosen = null; // The question that is being changed; null: the first that has no answer.
  let picked = null; // What is marked in the open question, before it is answered.

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
    const testing = fresh.setup?.steps.find((one) => one.id === "market-data");
    if (fresh.looking || (testing?.state === "unknown" && testing.value)) later = setTimeout(look, SOON);
  }

  const open = () => told.questions.find((one) => one.id === chosen) ?? told.questions.find((one) => !told.answers[one.id]) ?? null;
  const marked = (question) => picked ?? told.answers[question.id] ?? question.suggested;

  function ask(id) {
    [chosen, picked] = [id, null];
    draw();
    (root.querySelector(".asked input:checked") ?? root.querySelector("li[aria-current] h3"))?.focus();
  }

  async function answer(question) {
    const changing = chosen !== null;
    if (!(await act("answer", { step: question.id, value: marked(question) }))) return;
    const following = changing ? null : told.questions.find((one) => !told.answers[one.id]);
    ask(following?.id ?? null);
    // Until it is answered it is the first without an answer, and not one that is changed.
    chosen = null;
  }

  const on = {
    act,
    draw,
    page,
    change: ask,
  };

  function draw() {
    const question = open();
    patch(root,
      h("h1", {}, "Set-up"),
      h("p.lead", {}, "From nothing to a program of yours that is connected. Each step checks itself: what you do in TWS, IB Gateway or your program is noticed here within seconds."),
      told.connections.length ? which() : null,
      told.setup ? light(told, told.questions.filter((one) => !told.answers[one.id]).length) : h("p.note", {}, "Gatelight is looking at this computer."),
      questions(question),
      told.setup ? steps(question) : null);
    // What is marked is a property of the page, not of its text.
    if (question) for (const box of root.querySelectorAll(".asked input")) box.checked = box.value === marked(question);
  }

  function which() {
    const select = h("select", { id: "which", onchange: () => { [chosen, picked] = [null, null]; act("begin", { value: select.value }); } },
      told.connections.map((name) => h("option", { value: name, selected: !told.new && name === told.name }, name)),
      h("option", { value: "", selected: told.new }, "+ new connection"));
    return h("p.which", { "data-key": "which", "data-same": `${told.new} ${told.name} ${told.connections.join("/")}` },
      h("label", { for: "which" }, "Connection"), " ", select);
  }

  function questions(question) {
    const list = h("ol.asked-list", {}, told.questions.map((one, index) => (one === question ? asked(one, index) : line(one))));
    if (question) return h("section.card.questions", { "data-key": "questions", "aria-labelledby": "questions" }, h("h2", { id: "questions" }, "What is it for?"), list);
    return h("details.card.questions", { "data-key": "answers" },
      h("summary", {}, h("h2", {}, "Your answers"), h("span.soft", {}, told.questions.map(labelOf).join(" · "))), list);
  }

  const labelOf = (question) => question.choices.find((choice) => choice.value === told.answers[question.id])?.label;

  function asked(question, index) {
    return h("li.asked", { "data-key": `asked ${question.id}` },
      h("form", { onsubmit: (event) => { event.preventDefault(); answer(question); } },
        h("fieldset", {}, h("legend", {}, question.text),
          h("div.choices", {}, question.choices.map((choice) => {
            const id = `${question.id}-${choice.value}`;
            return h("div.choice", { "data-key": id },
              h("input", { type: "radio", name: question.id, id, value: choice.value, onchange: () => { picked = choice.value; } }),
              h("label", { for: id }, choice.label));
          })),
          h("p.small", {}, question.hint)),
        h("div.buttons", {},
          h("button.primary", { type: "submit", "data-key": "next" }, "Next"),
          index ? h("button.quiet", { type: "button", "data-key": "back", onclick: () => ask(told.questions[index - 1].id) }, "Back") : null)));
  }

  function line(question) {
    const label = labelOf(question);
    return h("li.answered", { "data-key": `line ${question.id}` },
      h("span.soft", {}, question.text),
      label ? h("strong", {}, label) : null,
      label ? h("button.quiet", { type: "button", "aria-label": `Change: ${question.text}`, onclick: () => ask(question.id) }, "Change") : null);
  }

  function steps(question) {
    const needed = told.setup.steps.filter((one) => !one.optional);
    const extras = told.setup.steps.filter((one) => one.optional);
    // While a question is open, it comes first.
    const current = question ? null : told.setup.current;
    return h("div", { "data-key": "steps" },
      h("ol.setup", { "aria-label": "Steps" }, needed.map((one, index) => step(one, index, one.id === current, told, on))),
      h("section.extras", { "aria-labelledby": "extras" },
        h("h2", { id: "extras" }, "If you like"),
        h("ul.setup", {}, extras.map((one) => extra(one, told, on)))));
  }

  // Nothing is asked of an agent that does not answer: what was told is drawn as what it was then.
  return { update(_view, counts) { if ((counts || standing()) && told) draw(); else look(); }, leave() { left = true; clearTimeout(later); } };
}

/** Say aloud what has changed, for who does not see the page change. */
function announce(before, after, page) {
  const states = new Map((before?.setup?.steps ?? []).map((one) => [one.id, one.state]));
  const news = (after.setup?.steps ?? []).filter((one) => states.has(one.id) && states.get(one.id) !== one.state && ["done", "to-do"].includes(one.state));
  if (news.length) page.announce(news.map((one) => `${one.title}: ${one.id === "program" && one.state === "done" ? one.seen[0] : WORDS[one.state]}`).join(". "));
}

/** What it comes to, with the greeting of the program that is connected. */
function light({ setup, name }, questions) {
  const titled = (id) => setup.steps.find((one) => one.id === id);
  const greeted = titled("program").seen[0];
  const left = setup.left.length;
  if (standing()) {
    return h("section.card.glance.setup-light", { "data-key": "light" }, shape("unknown", "large"),
      h("div", {}, h("h2.headline", {}, "Not known now"), h("p", {}, `The steps are as they were at ${clock(now())}.`)));
  }
  const [mark, headline, text] = {
    green: ["connected", greeted, `“${name}” works as meant. You can close this page; Gatelight goes on watching.`],
    "all-but-program": ["waiting", "All but your program", `“${name}” works as meant, and no program of yours is seen on it.`],
    "not-yet": questions ? ["waiting", questions === 1 ? "One question first" : `${questions} questions first`, left === 1 ? "Then one step." : `Then ${left} steps.`] : ["waiting", left === 1 ? "One step is left" : `${left} steps are left`, setup.current ? `Next: ${titled(setup.current).title}.` : `Left: ${setup.left.map((id) => titled(id).title).join(", ")}.`],
  }[setup.result];
  return h("section.card.glance.setup-light", { "data-key": "light", "data-result": setup.result }, shape(mark, "large"),
    h("div", {}, h("h2.headline", {}, headline), h("p", {}, text)));
}
