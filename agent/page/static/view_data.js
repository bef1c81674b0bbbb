// Market data self-test: on symbols of the user's choice, on a click, within pacing.

import { ago, capital, clock, h, ident, patch, standing } from "/dom.js";
import { chosenList, layouts, steps } from "/guide.js";
import { get, post } from "/live.js";
import { shape } from "/shapes.js";

const SOON = 500; // Milliseconds between two looks while a test is under way.
const GOOD = new Set(["live", "frozen"]);
const REMARK = new Set(["delayed", "delayed-frozen", "partly"]);
const shapeOf = ({ state }) => (GOOD.has(state) ? "connected" : REMARK.has(state) ? "maintenance" : ["nothing", "no-link"].includes(state) ? "unknown" : "warning");

export function show(root, page) {
  let left = false;
  let later = 0;
  let told = {};
  let filled = false;
  let name = "";
  let asked = 0; // An answer that was overtaken tells how things were before, or of another connection.
  let fault = "";
  const field = h("input", { type: "text", id: "symbols", spellcheck: "false", autocomplete: "off", placeholder: "AAPL, EUR.USD", "aria-describedby": "symbols-hint" });
  const answer = h("section.answer", { "aria-live": "polite" });
  const select = h("select", { id: "test-connection", onchange: () => { name = select.value; look(); } });
  const choose = h("p.which", { hidden: true }, h("label", { for: "test-connection" }, "Connection"), " ", select);
  const go = h("button.primary", { type: "submit" }, "Test now");
  const why = h("p.small", { id: "not-now", role: "status" });

  async function look() {
    const mine = ++asked;
    try {
      const fresh = await get("data-test", { name });
      if (mine === asked) take(fresh);
    } catch (refused) {
      if (mine !== asked || left) return;
      fault = refused.message;
      draw();
    }
  }

  async function start(event) {
    event.preventDefault();
    const symbols = field.value.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean);
    const said = await page.act(() => post("data-test", { name, symbols }));
    if (!said) return;
    asked += 1;
    take(said);
  }

  function take(fresh) {
    if (left) return;
    const was = told.data_test?.running;
    [told, fault] = [fresh, ""];
    // Once only: a user who clears it wants to type others.
    if (!filled && !field.value && fresh.configured?.length) field.value = fresh.configured.join(", ");
    filled ||= Boolean(fresh.configured?.length);
    why.textContent = fresh.not_now ?? "";
    draw();
    if (was && !fresh.data_test?.running) page.announce("The test is done.");
    clearTimeout(later);
    if (fresh.data_test?.running) later = setTimeout(look, SOON);
  }

  function draw() {
    const test = told.data_test;
    patch(answer, fault && !standing() ? h("p.note", { "data-kind": "error" }, fault) : null, test ? result(test, page, draw) : null);
  }

  root.append(
    h("h1", {}, "Market data"),
    h("p.lead", {}, "Asks for a few symbols once, over a short session of its own: the contract, a price, and one bar of a day. Nothing is ever asked for without this click, no order and no account request is sent, and every market data line is given back."),
    h("form.ask", { onsubmit: start }, choose,
      h("label", { for: "symbols" }, "Symbols"), field,
      h("p.small", { id: "symbols-hint" }, "Up to five, with commas between them. A share in US dollars: AAPL. With its exchange: AAPL@NASDAQ or SAP@IBIS/EUR. A currency pair: EUR.USD. The next future: ES@CME."),
      h("div.buttons", {}, go), why),
    answer);

  return {
    update(view, counts) {
      // Nothing is asked of an agent that does not answer.
      if (counts || standing()) return draw();
      const names = view.connections.map((one) => one.name);
      choose.hidden = names.length < 2;
      patch(select, names.map((each) => h("option", { value: each, "data-key": each }, each)));
      if (!names.includes(name)) name = names[0] ?? "";
      select.value = name;
      look();
    },
    leave() { left = true; clearTimeout(later); },
  };
}

function result(test, page, draw) {
  const waiting = test.symbols.filter((symbol) => !test.results.some((one) => one.symbol === symbol));
  return [
    h("p.soft", {}, test.running ? (standing() ? "The test was under way." : "The test is under way.") : `${test.connection}, ${ago(test.finished)} (${clock(test.finished)}); ${test.messages} ${test.messages === 1 ? "message was" : "messages were"} sent.`),
    test.failure ? h("p.note", { "data-kind": "error" }, test.failure) : null,
    h("div.cards", { "data-count": "1" },
      test.results.map((one) => h("article.card", { "data-key": one.symbol, "aria-label": one.symbol }, symbol(one, page, draw))),
      test.running ? waiting.map((one) => h("article.card", { "data-key": one, "aria-label": one }, h("div.glance", {}, shape("connecting", "large"), h("div", {}, h("h2", {}, one), h("p.headline", {}, "Being asked for"))))) : null)];
}

function symbol(one, page, draw) {
  return [
    h("div.glance", {}, shape(shapeOf(one), "large"),
      h("div", {}, h("h2", {}, one.symbol), h("p.headline", {}, capital(one.title)), h("p", {}, one.text))),
    h("div.light", {}, shape(one.history.state === "answered" ? "connected" : one.history.state === "not-asked" ? "off" : "warning"), h("p", {}, one.history.text)),
    h("details.checks", { "data-key": "evidence" }, h("summary", {}, "What was seen"), h("ul", {}, [...one.evidence, ...one.history.evidence].map((line) => h("li", {}, line)))),
    how(one, "What to do", page, draw),
    one.history.problem && one.history.problem !== one.problem ? how({ ...one.history, symbol: one.symbol }, "What to do about history", page, draw) : null,
  ];
}

function how({ lists, symbol }, title, page, draw) {
  if (!lists.length) return null;
  const list = chosenList(lists);
  return h("section.do", { "data-key": title }, h("div.do-head", {}, h("h3", {}, title), layouts(lists, list, draw, `layout-${ident(`${symbol} ${title}`)}`)), steps(list.steps, [], page));
}
