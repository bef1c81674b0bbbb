// About: which Gatelight this is, and what it does to TWS.

import { clock, h, patch } from "/dom.js";
import { release } from "/parts.js";

export function show(root) {
  return {
    update(view) {
      const { agent } = view;
      patch(root,
        h("h1", {}, "About"),
        h("section.card", {},
          h("h2", {}, `Gatelight ${agent.version}`),
          h("p", {}, "Watches the link to Trader Workstation and IB Gateway, and says what is wrong with it."),
          h("p", {}, "It never sends an order, stores no IB password and never logs in. Nothing is changed without your yes."),
          release(view),
          h("p.soft", {}, `Runs since ${clock(agent.started)}, as process ${agent.pid}.`)));
    },
  };
}
