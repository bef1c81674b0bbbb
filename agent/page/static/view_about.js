// About: which Gatelight this is, what it does to TWS, and what can be passed on to another person.

import { bundlePart } from "/bundle.js";
import { clock, h, patch, standing } from "/dom.js";
import { release } from "/parts.js";

export function show(root) {
  let view = null;
  const bundle = bundlePart(draw);

  function draw() {
    if (!view || !root.isConnected) return;
    const { agent } = view;
    patch(root,
      h("h1", {}, "About"),
      h("div.cards", {},
        h("section.card", { "data-key": "about" },
          h("h2", {}, `Gatelight ${agent.version}`),
          h("p", {}, "Watches the link to Trader Workstation and IB Gateway, and says what is wrong with it."),
          h("p", {}, "It never sends an order, stores no IB password and never logs in. Nothing is changed without your yes."),
          release(view),
          h("p.soft", {}, standing() ? `It was started at ${clock(agent.started)}. Whether it runs now is not known.` : `Runs since ${clock(agent.started)}, as process ${agent.pid}.`)),
        bundle()));
  }

  return { update(seen) { view = seen; draw(); } };
}
