// Draws every [data-chart]: its JSON becomes ECharts options in the colours of the tokens. The library loads with the first chart.
import { heightOf, options } from "./chart_options.js";

const drawn = new Map();
let library;

async function draw(figure) {
  library ??= import("../vendor/dist/charts.js");
  const { init } = await library;
  const canvas = figure.querySelector("[data-canvas]");
  if (!canvas.isConnected || drawn.has(canvas)) return;
  const values = JSON.parse(figure.querySelector("[data-values]").textContent);
  const height = heightOf(values);
  if (height) canvas.style.height = `${height}px`;
  const chart = init(canvas, null, { renderer: "svg", ...room(canvas, values) });
  drawn.set(canvas, { chart, values });
  chart.setOption(options(values));
  chart.on("click", (event) => {
    const url = urlOf(values, event);
    if (url) import("./panel.js").then(({ openPanel }) => openPanel(url));
  });
}

// Where a mark leads: said by the mark itself, by its series, or by lists of the chart's, one for all series or one for each.
function urlOf(values, event) {
  const one = values.series?.[event.seriesIndex];
  const rows = one?.urls ?? (Array.isArray(values.urls?.[0]) ? values.urls[event.seriesIndex] : values.urls);
  return event.data?.url ?? rows?.[event.dataIndex] ?? one?.url;
}

// A picture that needs more width than there is has it, and is moved sideways.
const room = (canvas, values) => (values.width > canvas.clientWidth ? { width: values.width } : {});

// Styles that a picture of the page's own takes from the style sheet; a copy outside of the page needs them on itself.
const STYLES = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "text-anchor"];

function standing(svg) {
  const copy = svg.cloneNode(true);
  const own = copy.querySelectorAll("*");
  svg.querySelectorAll("*").forEach((part, place) => {
    const look = getComputedStyle(part);
    for (const name of STYLES) own[place].setAttribute(name, look.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return copy;
}

document.addEventListener("click", (event) => {
  const figure = event.target.closest("[data-png]")?.closest("[data-chart], [data-picture]");
  if (figure?.dataset.chart) keep(figure.querySelector("[data-canvas] svg"), figure.dataset.chart);
  else if (figure) keep(standing(figure.querySelector("[data-svg], svg[viewBox][role]")), figure.dataset.picture);
});

function keep(svg, name) {
  const width = svg.width.baseVal.value, height = svg.height.baseVal.value;
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
addEventListener("resize", () => { for (const [canvas, { chart, values }] of drawn) chart.resize({ width: "auto", ...room(canvas, values) }); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { chart, values } of drawn.values()) chart.setOption(options(values), true);
});
