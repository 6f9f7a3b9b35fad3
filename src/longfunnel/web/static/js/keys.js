// "/" searches, "?" shows the keys, "g" and a digit goes to a page of the menu, arrows walk through a table's links. Keys are
// known by their place, too: with a Cyrillic layout the same ones work. A page without a search of its own leads to that of people.
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
  const isSlash = event.code === "Slash";
  if ((event.key === "?" || (isSlash && event.shiftKey)) && sheet) sheet.showModal();
  else if (event.key === "/" || isSlash) {
    event.preventDefault();
    const found = document.querySelector("#page input[data-search]") ?? document.querySelector("#page [data-search]");
    if (!found) { location.assign("/people#q"); return; }
    const menu = found.closest("details[data-menu]");
    const fold = found.closest("details:not([data-menu])");
    if (fold) fold.open = true;
    if (menu) { menu.open = true; menu.querySelector(".menu-body select, .menu-body input:not([type=hidden])")?.focus(); }
    else found.focus();
  } else if (event.code === "KeyG") goes = true;
  else if (wasGoing && /^Digit[1-9]$/.test(event.code)) document.querySelectorAll("[data-nav]")[event.code.at(-1) - 1]?.click();
  else if (event.key.startsWith("Arrow")) walk(event);
});

const find = () => { if (location.hash === "#q") document.getElementById("q")?.focus(); };
find();
document.addEventListener("htmx:after:swap", find);

// Over a table's links: up and down in the column, left and right in the row.
function walk(event) {
  const row = event.target.closest?.(".grid tr");
  if (!row) return;
  const cell = event.target.closest("th, td");
  const isBack = event.key === "ArrowUp" || event.key === "ArrowLeft";
  const beside = (item) => (isBack ? item.previousElementSibling : item.nextElementSibling);
  const isAlong = event.key === "ArrowLeft" || event.key === "ArrowRight";
  let next = isAlong ? cell : row;
  const link = () => (isAlong ? next : next.children[cell.cellIndex])?.querySelector("a");
  do next = beside(next);
  while (next && !link());
  if (next) { link().focus(); event.preventDefault(); }
}
