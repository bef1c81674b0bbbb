// The menu of views. Where it does not fit, it scrolls by itself to the view that is shown, and shows that it goes on.

import { h, patch } from "/dom.js";
import { href } from "/parts.js";

const nav = document.getElementById("views");

/** Draw the menu: `views` as in views.js. */
export function tabs(views, chosen, view) {
  patch(nav,
    arrow("back", "‹", -1),
    h("ul", {}, views.map((one) => {
      const count = one.count?.(view) ?? 0;
      return h("li", { "data-key": one.name },
        h("a", { href: href(one.name), "aria-current": chosen === one.name ? "page" : null },
          one.title, count ? h("span.count", { "aria-label": `${count} to look at` }, String(count)) : null));
    })),
    arrow("on", "›", 1));
  nav.querySelector("ul").onscroll = ends;
  if (nav.dataset.chosen !== chosen) {
    nav.dataset.chosen = chosen;
    reveal(nav.querySelector("[aria-current]"));
  }
  ends();
}

/** For the mouse: who uses the keyboard goes from one to the next. */
function arrow(name, sign, way) {
  return h(`button.quiet.${name}`, { type: "button", "data-here": true, "data-key": name, tabindex: -1, "aria-hidden": "true",
    onclick: () => { const list = nav.querySelector("ul"); list.scrollBy({ left: way * list.clientWidth * 0.7, behavior: calm() ? "instant" : "smooth" }); } }, sign);
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Scroll the menu, and nothing else, until one of its entries is in the middle. */
function reveal(entry) {
  const list = nav.querySelector("ul");
  if (entry) list.scrollLeft += entry.getBoundingClientRect().left + entry.offsetWidth / 2 - list.getBoundingClientRect().left - list.clientWidth / 2;
}

/** Where it goes on. */
function ends() {
  const { scrollLeft, scrollWidth, clientWidth } = nav.querySelector("ul");
  nav.toggleAttribute("data-back", scrollLeft > 1);
  nav.toggleAttribute("data-on", scrollLeft + clientWidth < scrollWidth - 1);
}

nav.addEventListener("focusin", (event) => reveal(event.target.closest("a")));
new ResizeObserver(() => {
  if (!nav.firstChild) return;
  reveal(nav.querySelector("[aria-current]"));
  ends();
}).observe(nav);
