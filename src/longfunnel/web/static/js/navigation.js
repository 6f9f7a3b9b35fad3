// The navigation: folding, which is remembered in this browser, and the mark of the present page after a swap.
const root = document.documentElement;
const KEY = "lf-folded";
root.classList.toggle("is-folded", localStorage.getItem(KEY) === "1");

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-fold]")) localStorage.setItem(KEY, root.classList.toggle("is-folded") ? "1" : "0");
});
// On a phone the sections of the settings are a strip: the present one comes into sight.
const showSection = () => document.querySelector(".settings-nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
showSection();
document.addEventListener("htmx:after:swap", () => {
  showSection();
  for (const link of document.querySelectorAll("[data-nav]")) {
    const here = link.dataset.nav.split(" ").some((path) => location.pathname === path || (path !== "/" && location.pathname.startsWith(`${path}/`)));
    if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  for (const field of document.querySelectorAll("[data-here]")) field.value = location.pathname + location.search;
});
