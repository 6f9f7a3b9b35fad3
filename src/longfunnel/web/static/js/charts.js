// Draws every [data-chart]: its JSON becomes ECharts options in the colours of the tokens. The library loads with the first chart.
import { options } from "./chart_options.js";

const drawn = new Map();
let library;

async function draw(figure) {
  library ??= import("../vendor/dist/charts.js");
  const { init } = await library;
  const canvas = figure.querySelector("[data-canvas]");
  if (!canvas.isConnected || drawn.has(canvas)) return;
  const values = JSON.parse(figure.querySelector("[data-values]").textContent);
  if (values.height) canvas.style.height = `${values.height}px`;
  const chart = init(canvas, null, { renderer: "svg" });
  drawn.set(canvas, { chart, values });
  chart.setOption(options(values));
  chart.on("click", (event) => {
    const url = event.data?.url ?? values.urls?.[event.dataIndex];
    if (url) import("./panel.js").then(({ openPanel }) => openPanel(url));
  });
  const button = figure.querySelector("[data-png]");
  if (button) { button.hidden = false; button.onclick = () => keep(canvas, figure.dataset.chart); }
}

function keep(canvas, name) {
  const svg = canvas.querySelector("svg");
  const { width, height } = canvas.getBoundingClientRect();
  const picture = new Image();
  picture.onload = () => {
    const target = Object.assign(document.createElement("canvas"), { width: width * 2, height: height * 2 });
    const pen = target.getContext("2d");
    pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--surface");
    pen.fillRect(0, 0, target.width, target.height);
    pen.drawImage(picture, 0, 0, target.width, target.height);
    Object.assign(document.createElement("a"), { href: target.toDataURL("image/png"), download: `${name}.png` }).click();
  };
  picture.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
}

function all() {
  for (const [canvas, { chart }] of drawn) if (!canvas.isConnected) { chart.dispose(); drawn.delete(canvas); }
  for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
}

all();
document.addEventListener("htmx:after:swap", all);
document.addEventListener("lf:shown", all);
addEventListener("resize", () => { for (const { chart } of drawn.values()) chart.resize(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { chart, values } of drawn.values()) chart.setOption(options(values), true);
});
