// What was typed into a form that posts is not lost by a slip: whoever leaves is asked first.
const ASKED = document.documentElement.lang === "ru" ? "Изменения в форме не сохранены. Уйти без них?" : "The form has changes that are not saved. Leave without them?";
const changed = new Set();
const isOpen = () => [...changed].some((form) => form.isConnected && form.offsetParent);

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[method=post]:not([data-free])");
  if (form && !form.querySelector("input[type=password]")) changed.add(form);
});
document.addEventListener("submit", (event) => changed.delete(event.target), { capture: true });
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]:not([data-panel]):not([download]):not([target])");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || !isOpen()) return;
  if (confirm(ASKED)) changed.clear();
  else { event.preventDefault(); event.stopImmediatePropagation(); }
}, { capture: true });
addEventListener("beforeunload", (event) => { if (isOpen()) event.preventDefault(); });
