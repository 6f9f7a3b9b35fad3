// Files dropped into the page are sent with progress; without a script the form sends them itself. And buttons that copy.
document.documentElement.classList.add("has-script");
document.addEventListener("dragover", (event) => {
  const zone = event.target.closest?.("[data-drop]");
  document.querySelectorAll("[data-drop].is-over").forEach((one) => one !== zone && one.classList.remove("is-over"));
  if (document.querySelector("[data-drop]") && event.dataTransfer?.types.includes("Files")) event.preventDefault();
  zone?.classList.add("is-over");
});
document.addEventListener("drop", (event) => {
  const zone = event.target.closest?.("[data-drop]") ?? document.querySelector("[data-drop]");
  if (!zone || !event.dataTransfer.files.length) return;
  event.preventDefault();
  zone.classList.remove("is-over");
  send(zone, event.dataTransfer.files[0]);
});
document.addEventListener("change", (event) => {
  const zone = event.target.closest?.("[data-drop]");
  if (zone && event.target.files?.length) send(zone, event.target.files[0]);
});

function send(zone, file) {
  const bar = zone.querySelector("progress");
  const mistake = zone.querySelector("[data-mistake]");
  const form = new FormData();
  form.append("csrf", zone.elements.csrf.value);
  form.append("file", file);
  const request = new XMLHttpRequest();
  const fail = () => { bar.hidden = true; mistake.textContent = zone.dataset.failed; };
  bar.hidden = false;
  mistake.textContent = "";
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
  request.addEventListener("error", fail);
  request.addEventListener("load", () => {
    const to = request.getResponseHeader("hx-redirect");
    if (to) { location.assign(to); return; }
    const said = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("[data-mistake], .said");
    if (said?.textContent.trim()) { bar.hidden = true; mistake.textContent = said.textContent; } else fail();
  });
  request.open("POST", zone.getAttribute("action"));
  request.setRequestHeader("HX-Request", "true");
  request.send(form);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy || button.closest(".notice").querySelector("pre").textContent);
  button.lastChild.textContent = button.dataset.copied;
});
