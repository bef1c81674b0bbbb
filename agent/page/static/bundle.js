// The diagnostics bundle: what would be in it is shown first, and the user takes it or not.

import { h } from "/dom.js";
import { post } from "/live.js";

/** A part of a view; `draw` draws the view anew. */
export function bundlePart(draw) {
  let made = null;
  let fault = "";
  let making = false;

  async function make() {
    [made, fault, making] = [null, "", true];
    draw();
    try {
      made = await post("bundle");
    } catch (refused) {
      fault = refused.message;
    }
    making = false;
    draw();
  }

  return () => h("section.card", { "data-key": "bundle", id: "bundle" },
    h("h2", {}, "Ask another person for help"),
    h("p", {}, "A diagnostics bundle holds what Gatelight knows: the configuration, the last day’s events, one thorough look, versions, and a recording of its last 24 hours. Account numbers, user names, folders, computers, addresses, passwords and tokens are replaced."),
    h("p.soft", {}, "You read it first. Nothing is sent: you get a file, and it is yours to pass on."),
    making ? h("p", { role: "status", "data-key": "making" }, "Gatelight takes a thorough look, which may take a minute …") : null,
    fault ? h("p.note", { "data-kind": "error", role: "alert", "data-key": "fault" }, fault) : null,
    made ? listed(made) : null,
    h("div.buttons", { "data-key": "buttons" },
      made ? h("button.primary", { type: "button", "data-here": true, "data-key": "take", onclick: () => take(made) }, "Download") : null,
      making ? null : h("button", { type: "button", "data-key": "make", onclick: make }, made ? "Make it anew" : "Prepare a bundle")));
}

const listed = ({ name, files }) => h("div", { "data-key": name },
  h("h3", {}, `In ${name}`),
  files.map((file) => h("details.behind", { "data-key": file.name },
    h("summary", {}, `${file.name} (${sizeOf(file.size)}): `, file.about),
    file.whole ? null : h("p.small", {}, "Its beginning; the file in the bundle has all of it."),
    h("pre.read", { tabindex: 0, "aria-label": file.name }, file.text))));

const sizeOf = (bytes) => (bytes >= 100_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`);

/** Hand the archive to the browser, which asks where to or has a folder for it. */
function take({ name, archive }) {
  const bytes = Uint8Array.from(atob(archive), (sign) => sign.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
