// Tables of answers: columns that a hand makes wider or narrower (remembered in this browser), those beyond the edge told of,
// and a copy to paste into a spreadsheet.
const STEP = 24, LEAST = 56;
const WORDS = document.documentElement.lang === "ru" ? ["Копировать", "Скопировано", "Ещё столбцов:"] : ["Copy", "Copied", "More columns:"];
const key = (table) => `lf-widths ${location.pathname} ${table.closest(".grid").id}`;
const heads = (table) => [...table.tHead.rows[0].cells];
const name = (head) => head.dataset.column ?? head.cellIndex;
const isResize = (event) => event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight");

function size(table, widths) {
  table.classList.add("is-sized");
  for (const head of heads(table)) head.style.width = `${widths[name(head)] ?? Math.ceil(head.offsetWidth)}px`;
  table.style.width = `${heads(table).reduce((sum, head) => sum + parseFloat(head.style.width), 0)}px`;
}

function widen(table, head, width) {
  const widths = Object.fromEntries(heads(table).map((one) => [name(one), Math.ceil(one.offsetWidth)]));
  widths[name(head)] = Math.max(LEAST, Math.round(width));
  size(table, widths);
  localStorage.setItem(key(table), JSON.stringify(widths));
}

function forget(table) {
  localStorage.removeItem(key(table));
  table.classList.remove("is-sized");
  for (const item of [table, ...heads(table)]) item.style.width = "";
}

function prepare(figure) {
  const table = figure.querySelector("table");
  if (!table?.tHead || figure.dataset.ready !== undefined) return;
  figure.dataset.ready = "";
  for (const head of heads(table)) {
    const grip = Object.assign(document.createElement("span"), { className: "grip" });
    grip.setAttribute("aria-hidden", "true");
    head.append(grip);
  }
  const button = (className, textContent) => Object.assign(document.createElement("button"), { type: "button", className, textContent });
  exports(figure).prepend(button("link more", ""), button("link copy", WORDS[0]));
  const kept = JSON.parse(localStorage.getItem(key(table)) ?? "null");
  if (kept) size(table, kept);
  const scroll = figure.querySelector(".grid-scroll");
  scroll.addEventListener("scroll", () => measure(figure), { passive: true });
  const watch = new ResizeObserver(() => measure(figure));
  watch.observe(scroll);
  watch.observe(table);
}

function exports(figure) {
  const found = figure.querySelector(".exports");
  if (found) return found;
  const foot = Object.assign(document.createElement(figure.matches("figure") ? "figcaption" : "div"), { className: "grid-foot" });
  foot.append(Object.assign(document.createElement("span"), { className: "exports" }));
  figure.append(foot);
  return foot.firstChild;
}

// What stands in a cell itself, without the change below it; numbers as a spreadsheet reads them.
function plain(cell) {
  const own = cell.cloneNode(true);
  for (const extra of own.querySelectorAll(".change, .cases, .how, .grip, svg")) extra.remove();
  const text = own.textContent.replace(/\s+/g, " ").trim();
  return /^[+−-]?[\d\s.,]+%?$/.test(text) ? text.replace(/\s/g, "").replace("−", "-") : text;
}

// A table whose columns all fit is no box of its own: its head stays below the control strip while the page moves.
const strips = new ResizeObserver(under);
function under() {
  const strip = document.querySelector("#page > .strip");
  const isSticky = strip && getComputedStyle(strip).position === "sticky";
  document.documentElement.style.setProperty("--under", `${isSticky ? strip.offsetHeight : 0}px`);
}

function watchStrip() {
  strips.disconnect();
  const strip = document.querySelector("#page > .strip");
  if (strip) strips.observe(strip);
  under();
}

// How many columns stand beyond the right edge, on a button that goes there.
function measure(figure) {
  const [scroll, table, more] = [figure.querySelector(".grid-scroll"), figure.querySelector("table"), figure.querySelector(".more")];
  const edge = scroll.getBoundingClientRect().right;
  const hidden = scroll.scrollWidth - scroll.clientWidth - scroll.scrollLeft < 8 ? 0 : heads(table).filter((head) => head.getBoundingClientRect().right > edge + 8).length;
  figure.classList.toggle("has-more", hidden > 0);
  figure.classList.toggle("is-whole", table.offsetWidth <= scroll.clientWidth);
  more.hidden = hidden === 0;
  more.textContent = `${WORDS[2]} ${hidden} →`;
}

const asTsv = (table) => [...table.rows].map((row) => [...row.cells].filter((cell) => !cell.matches(".spark")).map(plain).join("\t")).join("\n");

document.addEventListener("pointerdown", (event) => {
  if (!event.target.matches?.(".grip")) return;
  const head = event.target.closest("th");
  const table = head.closest("table");
  const [from, width] = [event.clientX, head.offsetWidth];
  const move = (moved) => widen(table, head, width + moved.clientX - from);
  event.target.setPointerCapture(event.pointerId);
  event.target.addEventListener("pointermove", move);
  event.target.addEventListener("lostpointercapture", () => event.target.removeEventListener("pointermove", move), { once: true });
  event.preventDefault();
});
document.addEventListener("dblclick", (event) => {
  if (event.target.matches?.(".grip")) forget(event.target.closest("table"));
});
document.addEventListener("keydown", (event) => {
  const head = isResize(event) && event.target.closest?.(".grid thead th");
  if (!head) return;
  widen(head.closest("table"), head, head.offsetWidth + (event.key === "ArrowRight" ? STEP : -STEP));
  event.preventDefault();
});
document.addEventListener("click", async (event) => {
  const scroll = event.target.closest(".grid .more")?.closest(".grid").querySelector(".grid-scroll");
  scroll?.scrollBy({ left: scroll.clientWidth * 0.7, behavior: "smooth" });
  const button = event.target.closest(".grid .copy");
  if (!button) return;
  await navigator.clipboard.writeText(asTsv(button.closest(".grid").querySelector("table")));
  button.textContent = WORDS[1];
  setTimeout(() => { button.textContent = WORDS[0]; }, 2000);
});

// A head that was used stands where it stood, and keeps the focus, when its table comes back in another order.
let used;
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".grid thead a[id]");
  used = link && { id: link.id, top: link.getBoundingClientRect().top, old: link };
}, { capture: true });
function comeBack() {
  const link = used && document.getElementById(used.id);
  if (!link || link === used.old) return;
  const { top } = used;
  used = undefined;
  const settle = () => { scrollBy(0, link.getBoundingClientRect().top - top); link.focus({ preventScroll: true }); };
  settle();
  requestAnimationFrame(() => requestAnimationFrame(settle));
}

const all = () => { watchStrip(); document.querySelectorAll(".grid").forEach(prepare); comeBack(); };
all();
document.addEventListener("htmx:after:swap", all);
document.addEventListener("lf:shown", all);
