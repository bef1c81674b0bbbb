// The key of this tab. It never leaves the page: it signs what is asked, and shows whether an answer is Gatelight's.
//
// The browser keeps it by origin, and only while the tab is open; no other port can read it. See agent/page/guard.py.

const KEPT = "gatelight-key";
const told = document.querySelector("meta[name=gatelight-key]");

/** What is kept for this tab; a browser that keeps nothing for a page leaves it with its memory. */
const kept = {
  get() { try { return sessionStorage.getItem(KEPT); } catch { return null; } },
  set(value) { try { sessionStorage.setItem(KEPT, value); } catch { /* Then a reload needs the icon. */ } },
};

if (told.content) {
  kept.set(told.content);
  // The address that was opened works no more, and has no place in the history.
  history.replaceState(null, "", told.dataset.view ? `/#/${told.dataset.view}` : `/${location.hash}`);
}
const [page, secret] = (told.content || kept.get() || "").split(".");
told.remove();

/** How the page is opened, for a tab that has no key. */
export const leave = () => location.replace("/closed");
export const hasKey = Boolean(secret);
if (!hasKey) leave();

const text = new TextEncoder();
const hex = (bytes) => [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, "0")).join("");
const digest = async (body) => hex(await crypto.subtle.digest("SHA-256", text.encode(body)));
const nonce = () => hex(crypto.getRandomValues(new Uint8Array(16)));
const usable = (key) => crypto.subtle.importKey("raw", text.encode(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
const signed = async (key, ...parts) => hex(await crypto.subtle.sign("HMAC", await key, text.encode(parts.join("\n"))));
const mine = hasKey ? usable(secret) : null;

/** An answer that is not Gatelight's: of another program on its port, or of a Gatelight that does not know this tab. */
export class NotKnown extends Error {}

/** Ask for something; raises NotKnown for an answer that is not signed, and as `fetch` does where there is none. */
export async function ask(path, { method = "GET", body = "", ...more } = {}) {
  // As it is sent: the browser writes some signs in another way, and keeps a question mark before nothing.
  const { pathname, search } = new URL(path, location.origin);
  const address = pathname + search;
  const [once, content] = [nonce(), await digest(body)];
  const signature = await signed(mine, "page", method, address, once, content);
  const headers = { "X-Gatelight-Proof": [page, once, content, signature].join(".") };
  if (method === "POST") headers["Content-Type"] = "application/json";
  const answer = await fetch(address, { method, headers, ...(method === "POST" ? { body } : {}), ...more });
  if (answer.headers.get("X-Gatelight-Proof") !== (await signed(mine, "agent", once))) throw new NotKnown();
  return answer;
}

let wait = null; // Not kept: a page of another program that is loaded here in the meantime does not have it.

/** Take the key by which this page finds Gatelight again after a restart. */
export function remember(key) { wait = usable(key); }

/** Ask where Gatelight is now, and go there; answers whether it was found. Nothing that is told there is believed unsigned. */
export async function follow() {
  if (!wait) return false;
  const once = nonce();
  const answer = await fetch(`/moved?${new URLSearchParams({ page, nonce: once })}`);
  const { port, salt, proof } = await answer.json().catch(() => ({}));
  if (!answer.ok || proof !== (await signed(wait, "moved", once, port, salt))) return false;
  const token = await signed(wait, "enter", salt);
  location.replace(`http://${location.hostname}:${Number(port)}/enter?token=${token}${location.hash}`);
  return true;
}
