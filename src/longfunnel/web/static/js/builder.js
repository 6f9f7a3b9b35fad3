// Forms that redraw at once: a changed choice (data-auto) sends its form; arrows and Esc walk through what a search found.
document.documentElement.classList.add("has-script");

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-auto]")) event.target.form.requestSubmit();
});
document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("[data-pick-box]");
  if (!box) return;
  if (event.key === "Escape") { document.activeElement.blur(); return; }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const all = [box.querySelector("input"), ...box.querySelectorAll("[data-pick]")];
  const next = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  all[(next + all.length) % all.length].focus();
  event.preventDefault();
});
