// The frame of a page that is still being made: how long it takes so far, and a way to stop it. The inside comes by htmx.
const begun = new WeakMap();

function watch() {
  const frame = document.querySelector("[data-waiting]");
  if (!frame || begun.has(frame)) return;
  begun.set(frame, performance.now());
  const shown = frame.querySelector("[data-elapsed]");
  const clock = setInterval(() => {
    if (!frame.isConnected || frame.querySelector("[data-under-way]").hidden) { clearInterval(clock); return; }
    const seconds = Math.floor((performance.now() - begun.get(frame)) / 1000);
    if (seconds) shown.textContent = `${seconds} ${shown.dataset.unit}`;
  }, 1000);
}

function stop(frame) {
  frame.querySelector("[data-ask]").dispatchEvent(new CustomEvent("htmx:abort"));
  frame.querySelector("[data-under-way]").hidden = true;
  frame.querySelector(".waiting-blocks").hidden = true;
  frame.querySelector("[data-stopped]").hidden = false;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-cancel]")) return;
  const frame = event.target.closest("[data-waiting]");
  stop(frame);
  frame.querySelector("[data-stopped] a").focus();
});
// another page is asked for: what was waited for must not come and cover it
document.addEventListener("htmx:before:request", (event) => {
  const frame = document.querySelector("[data-waiting]");
  const { sourceElement, target } = event.detail.ctx;
  if (frame && !sourceElement.matches("[data-ask]") && target?.id === "page") stop(frame);
});
document.addEventListener("htmx:error", (event) => {
  if (event.target instanceof Element && event.target.matches("[data-ask]")) stop(event.target.closest("[data-waiting]"));
});
document.addEventListener("htmx:after:swap", watch);
watch();
