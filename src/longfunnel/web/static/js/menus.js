// Menus are <details data-menu>: one is open at a time, Esc and a click elsewhere close it, arrows walk through it.
const open = () => document.querySelectorAll("details[data-menu][open]");
const items = (menu) => [...menu.querySelectorAll(".menu-body a, .menu-body button, .menu-body input:not([type=hidden]), .menu-body select")];

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]") ?? open()[0];
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  }
  if ((event.key !== "ArrowDown" && event.key !== "ArrowUp") || !menu.contains(event.target)) return;
  if (event.target.matches("select, input[type=date]")) return;
  const all = items(menu);
  const next = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  all[(next + all.length) % all.length]?.focus();
  event.preventDefault();
});
