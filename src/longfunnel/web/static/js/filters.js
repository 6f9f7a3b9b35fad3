// The form of a new filter: three fields become the one that the address knows, and known values are offered as pages write them.
const quoted = (value) => (/[,"]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value);

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-filter]");
  if (form) compose(form);
}, { capture: true });

function compose(form) {
  const op = form.querySelector("[data-op]").value;
  const said = form.querySelector("[data-value]").value.trim();
  const value = [...form.querySelectorAll("datalist option")].find((option) => option.value === said)?.dataset.raw ?? said;
  const needed = op !== "known" && op !== "unknown";
  const result = form.querySelector("[data-result]");
  result.disabled = needed && !value;
  result.value = `${form.querySelector("[data-dimension]").value} ${op}${needed ? ` ${quoted(value)}` : ""}`;
}

document.addEventListener("toggle", (event) => {
  const form = event.target.open && event.target.querySelector?.("[data-filter]");
  if (form) offer(form);
}, { capture: true });
document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-dimension]") && event.target.closest("[data-filter]");
  if (form) offer(form);
});

async function offer(form) {
  const dimension = form.querySelector("[data-dimension]").value;
  const answer = await fetch(`/values?_dimension=${encodeURIComponent(dimension)}`);
  if (!answer.ok) return;
  const options = (await answer.json()).map(([raw, value]) => {
    const option = Object.assign(document.createElement("option"), { value });
    option.dataset.raw = raw;
    return option;
  });
  form.querySelector("datalist").replaceChildren(...options);
}
