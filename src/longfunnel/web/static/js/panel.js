// Links with data-panel open in the side panel; without a script they are plain pages. The browser's dialog keeps the focus inside.
const panel = document.getElementById("panel");
const body = panel?.querySelector("[data-panel-body]");
let asked;

export async function openPanel(url, isWide = false) {
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(url, { headers: { "LF-Panel": "true" }, signal: asked.signal });
    if (answer.redirected) { location.assign(answer.url); return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    body.replaceChildren(...page.body.childNodes);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
    return;
  }
  panel.classList.toggle("is-wide", isWide || Boolean(body.querySelector(".grid")));
  body.scrollTop = 0;
  window.htmx?.process(body);
  document.dispatchEvent(new CustomEvent("lf:shown", { detail: body }));
  if (!panel.open) panel.showModal();
}

if (panel) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-panel]");
    if (link && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      event.stopImmediatePropagation();
      openPanel(link.getAttribute("href"), link.dataset.panel === "wide");
    } else if (event.target === panel || event.target.closest("[data-close]")) panel.close();
  }, { capture: true });
  document.addEventListener("htmx:after:swap", (event) => {
    if (panel.open && !panel.contains(event.target)) panel.close();
  });
}
