// A network that changes, as with a VPN, makes the browser drop what it is loading, from this computer too. Without a
// part of it there is no page, so it is loaded again. This stands in the page itself: a file of its own could be dropped.
{
  const TRIES = "gatelight-again";
  let failed = false;

  const giveUp = () => {
    document.getElementById("main").textContent = "This page could not be loaded: open it again from Gatelight’s icon.";
  };

  function again() {
    const tries = Number(sessionStorage.getItem(TRIES)) + 1;
    if (tries > 3) throw new Error("it is not the network");
    sessionStorage.setItem(TRIES, tries);
    const told = document.querySelector("meta[name=gatelight-key]");
    if (told?.content) {
      // The address that was opened works once: what it gave is kept as key.js keeps it.
      sessionStorage.setItem("gatelight-key", told.content);
      history.replaceState(null, "", told.dataset.view ? `/#/${told.dataset.view}` : `/${location.hash}`);
    }
    setTimeout(() => location.reload(), 500 * tries);
  }

  addEventListener("error", ({ target }) => {
    if (failed || !target.matches?.("script, link[rel=stylesheet]")) return;
    failed = true;
    try { again(); } catch {
      if (document.readyState === "loading") addEventListener("DOMContentLoaded", giveUp);
      else giveUp();
    }
  }, true);

  addEventListener("load", () => {
    try { if (!failed) sessionStorage.removeItem(TRIES); } catch { /* A browser that keeps nothing has kept no tries. */ }
  });
}
