// "/" searches, "?" shows the keys, "g" and a digit goes to a page of the menu, arrows walk through a table's links.
const sheet = document.getElementById("keys");
let goes = false;
const typing = (target) => target.matches?.("input, textarea, select, [contenteditable]");

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys]")) sheet?.showModal();
});
document.addEventListener("keydown", (event) => {
  if (typing(event.target) || event.metaKey || event.ctrlKey || event.altKey) return;
  const wasGoing = goes;
  goes = false;
  if (event.key === "?" && sheet) sheet.showModal();
  else if (event.key === "/") {
    const found = document.querySelector("#page input[data-search]") ?? document.querySelector("#page [data-search]");
    if (!found) return;
    event.preventDefault();
    const menu = found.closest("details[data-menu]");
    if (menu) { menu.open = true; menu.querySelector(".menu-body select, .menu-body input:not([type=hidden])")?.focus(); }
    else found.focus();
  } else if (event.key === "g") goes = true;
  else if (wasGoing && /^[1-9]$/.test(event.key)) document.querySelectorAll("[data-nav]")[event.key - 1]?.click();
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event);
});

function walk(event) {
  const row = event.target.closest?.(".grid tr");
  if (!row) return;
  const place = [...row.children].indexOf(event.target.closest("th, td"));
  let next = row;
  do next = event.key === "ArrowDown" ? next.nextElementSibling : next.previousElementSibling;
  while (next && !next.children[place]?.querySelector("a"));
  if (next) { next.children[place].querySelector("a").focus(); event.preventDefault(); }
}
