// What a page's chart data becomes: {"type": "time" | "bars" | "sankey" | "heat" | "ranges" | "fan" | "curves", …}. Colours (1–9) and fonts come from the tokens.
import { band, dot, joint, spots, tick } from "./chart_marks.js";

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function look() {
  const font = { fontFamily: "Inter, system-ui, sans-serif", fontSize: 12, color: token("ink-2") };
  return {
    font,
    ink: token("ink"), quiet: token("ink-3"), line: token("line"), surface: token("raised"),
    colours: ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"].map(token),
  };
}

const short = (value, language) =>
  new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value).replace("-", "−");

function tooltip(t, formatter) {
  // rich text keeps the picture free of inline styles
  return {
    renderMode: "richText", confine: true, backgroundColor: t.surface, borderColor: t.line, borderWidth: 1,
    padding: [8, 12], textStyle: { ...t.font, color: t.ink }, formatter,
  };
}

function time(values, t) {
  const axis = { axisLine: { lineStyle: { color: t.line } }, axisTick: { show: false }, axisLabel: { ...t.font, hideOverlap: true, margin: 16, alignMaxLabel: "right" } };
  return {
    grid: { left: 8, right: 8, top: 32, bottom: 8, containLabel: true },
    tooltip: {
      ...tooltip(t, (points) => [values.labels[points[0].dataIndex], ...points.map((point) =>
        `${point.seriesName}   ${values.series[point.seriesIndex].shown?.[point.dataIndex] ?? point.value ?? "—"}`)].join("\n")),
      trigger: "axis", axisPointer: { type: "line", lineStyle: { color: t.line } },
    },
    xAxis: { type: "category", data: values.labels, ...axis },
    yAxis: { type: "value", splitLine: { lineStyle: { color: t.line } }, axisLabel: { ...t.font, formatter: (value) => short(value, values.language) + (values.suffix ?? "") } },
    series: values.series.map((one, place) => {
      const colour = t.colours[(one.colour ?? [9, 1, 2, 3][place] ?? place + 1) - 1];
      return one.kind === "bar"
        ? { name: one.name, type: "bar", data: one.values, barMaxWidth: 28, itemStyle: { color: colour, borderRadius: [3, 3, 0, 0], opacity: 0.65 } }
        : {
          name: one.name, type: "line", data: one.values, symbol: "circle", symbolSize: 6, showSymbol: one.values.length < 40,
          lineStyle: { width: 2.5, color: colour, type: one.dashed ? "dashed" : "solid" }, itemStyle: { color: colour }, emphasis: { disabled: true },
        };
    }),
  };
}

const isNarrow = () => innerWidth < 760;
const isGrouped = (values) => Boolean(values.series && !values.stacked);
const above = (t, room = 9) => ({ inside: true, margin: 0, color: t.ink, verticalAlign: "bottom", padding: [0, 0, room, 0], width: innerWidth - 80, overflow: "truncate" });

// How high a picture has to be, in pixels, where its values say so: on a narrow screen each name stands above its bars.
export const heightOf = (values) =>
  values.type === "bars" && isNarrow() ? values.labels.length * (isGrouped(values) ? 56 : 40) + 32 : values.height;

function bars(values, t) {
  const narrow = isNarrow();  // names stand above their bars there, so that the bars have the whole width
  const longest = values.stacked ? 0 : Math.max(0, ...(values.series ?? [values]).flatMap((one) => one.shown ?? []).map((text) => text.length));
  return {
    grid: { left: 8, right: values.stacked ? 24 : Math.max(80, 6.5 * longest + 16), top: 8, bottom: 8, containLabel: true },
    tooltip: { ...tooltip(t, (point) => `${[point.name, values.series?.[point.seriesIndex].name].filter(Boolean).join(", ")}\n${(values.series?.[point.seriesIndex] ?? values).shown?.[point.dataIndex] ?? point.value}`), trigger: "item" },
    xAxis: {
      type: "value", splitLine: { lineStyle: { color: t.line } }, axisLabel: { ...t.font, hideOverlap: true, formatter: (value) => short(value, values.language) },
      boundaryGap: (values.series ?? [values]).some((one) => one.values.some((value) => value < 0)) ? [narrow ? "30%" : "14%", 0] : 0,
    },
    yAxis: { type: "category", inverse: true, data: values.labels, axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...t.font, ...(narrow ? above(t, isGrouped(values) ? 19 : 9) : {}) } },
    series: (values.series ?? [values]).map((one) => ({
      type: "bar", name: one.name, barMaxWidth: isGrouped(values) ? 12 : narrow ? 10 : 22, barGap: "25%", stack: values.stacked ? "all" : undefined,
      data: one.values.map((value) => (value < 0 ? { value, label: { position: "left" }, itemStyle: { borderRadius: [3, 0, 0, 3] } } : value)),
      itemStyle: { color: t.colours[(one.colour ?? 1) - 1], borderRadius: [0, 3, 3, 0] },
      label: { show: !values.stacked, position: "right", ...t.font, formatter: (point) => one.shown?.[point.dataIndex] ?? point.value },
    })),
  };
}

function sankey(values, t) {
  const levels = Math.max(...values.nodes.map((node) => Number.parseInt(node.name, 10)));
  const nodes = values.nodes.map(({ label, ...node }) => ({
    ...node, said: label, itemStyle: { color: t.colours[(node.colour ?? 9) - 1], borderWidth: 0 },
    // the names of the last level stand inside, so that the ways have the whole width
    ...(Number.parseInt(node.name, 10) === levels ? { label: { position: "left" } } : {}),
  }));
  const links = values.links.map((link) => (link.is_rest ? { ...link, lineStyle: { opacity: 0.1 } } : link));
  return {
    animation: false,  // a picture that grows is read wrong, and printed by halves
    tooltip: { ...tooltip(t, (point) => point.data.shown ?? point.name), trigger: "item" },
    series: [{
      type: "sankey", data: nodes, links, left: 4, right: 4, top: 8, bottom: 8, nodeWidth: 12, nodeGap: 12, nodeAlign: "left",
      layoutIterations: 0, draggable: false, emphasis: { focus: "adjacency" }, lineStyle: { color: "source", opacity: 0.24, curveness: 0.5 },
      label: { ...t.font, color: t.ink, textBorderColor: t.surface, textBorderWidth: 3, formatter: (point) => point.data.said ?? point.name },
    }],
  };
}

function heat(values, t) {
  const axis = { axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...t.font, interval: 0 }, splitArea: { show: false } };
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 8, bottom: 8, containLabel: true },
    tooltip: { ...tooltip(t, (point) => point.data.shown ?? ""), trigger: "item" },
    xAxis: { type: "category", data: values.columns, position: "top", ...axis },
    yAxis: { type: "category", data: values.rows, inverse: true, ...axis },
    visualMap: { show: false, min: 0, max: values.max ?? 1, inRange: { color: [1, 2, 3, 4, 5].map((step) => token(`heat-${step}`)) } },
    series: [{
      type: "heatmap", data: values.cells, itemStyle: { borderColor: token("surface"), borderWidth: 2, borderRadius: 3 },
      label: { show: true, ...t.font, color: t.ink, formatter: (point) => point.data.label ?? "" },
    }],
  };
}

function ranges(values, t) {
  const drawn = values.series.filter((one) => one.kind !== "tick").length;
  const narrow = isNarrow();
  let place = -1;
  const series = values.series.map((one) => {
    const colour = t.colours[(one.colour ?? 1) - 1];
    const points = one.values.map((value, row) => [value ?? "-", row, one.low?.[row] ?? "-", one.high?.[row] ?? "-"]);
    if (one.kind === "tick") return tick(one.name, points, t.ink);
    place += 1;
    const shift = values.joined ? 0 : (place - (drawn - 1) / 2) * 13;
    return dot(one.name, points, colour, shift, drawn === 1 ? (row) => ({ text: one.labels?.[row] ?? "", ...t.font, fill: t.font.color }) : undefined);
  });
  if (values.joined) series.push(joint(values.series, values.labels.length, t.line));
  return {
    grid: { left: 8, right: drawn === 1 && !narrow ? 96 : 24, top: 8, bottom: 8, containLabel: true },
    tooltip: { ...tooltip(t, (point) => `${[values.labels[point.data[1]], point.seriesName].join(", ")}\n${values.series[point.seriesIndex]?.shown?.[point.data[1]] ?? ""}`), trigger: "item" },
    xAxis: { type: "value", scale: Boolean(values.free), splitLine: { lineStyle: { color: t.line } }, axisLabel: { ...t.font, hideOverlap: true, formatter: (value) => short(value * (values.times ?? 1), values.language) + (values.suffix ?? "") } },
    yAxis: {
      type: "category", inverse: true, data: values.labels, axisLine: { show: false }, axisTick: { show: false },
      axisLabel: { ...t.font, width: 220, overflow: "truncate", ...(narrow ? above(t) : {}) },
    },
    series,
  };
}

function fan(values, t) {
  const made = time(values, t);
  const said = (point) => values.series[point.seriesIndex]?.shown?.[point.dataIndex];
  made.tooltip.formatter = (points) => [values.labels[points[0].dataIndex],
    ...points.filter(said).map((point) => `${point.seriesName}   ${said(point)}`)].join("\n");
  made.xAxis.boundaryGap = false;
  values.series.forEach((one, place) => {
    if (!one.low) return;
    const points = one.low.map((low, at) => [at, low, one.high[at]]).filter(([, low]) => low !== null);
    made.series.push(band(points, made.series[place].itemStyle.color));
  });
  return made;
}

function curves(values, t) {
  const axis = { type: "value", splitLine: { lineStyle: { color: t.line } }, nameTextStyle: t.font, axisLabel: { ...t.font, hideOverlap: true, formatter: (value) => short(value, values.language) } };
  const colour = (one) => t.colours[(one.colour ?? 1) - 1];
  const most = Math.max(...values.series.map((one) => one.points.at(-1)[0]));
  return {
    grid: { left: 8, right: 32, top: 32, bottom: 28, containLabel: true },
    tooltip: { ...tooltip(t, (point) => point.data.shown ?? point.data[4] ?? ""), trigger: "item" },
    xAxis: { ...axis, name: values.across, nameLocation: "middle", nameGap: 28 },
    yAxis: { ...axis, name: values.up, nameTextStyle: { ...t.font, align: "left" } },
    series: [
      ...values.series.map((one) => ({
        name: one.name, type: "line", data: one.points, encode: { x: 0, y: 1 }, symbol: "circle", symbolSize: 4,
        lineStyle: { width: 2.5, color: colour(one) }, itemStyle: { color: colour(one) },
      })),
      { type: "line", data: [[0, 0], [most, most]], symbol: "none", silent: true, lineStyle: { width: 1.5, type: "dashed", color: t.quiet },
        endLabel: { show: innerWidth >= 760, formatter: values.even, ...t.font, align: "right", offset: [-6, 12] } },
      ...values.series.map((one) => spots(one.name, one.marks, colour(one), t.surface)),
      ...values.series.map((one) => band(one.points.map(([x, , low, high]) => [x, low, high]), colour(one))),
    ],
  };
}

const KINDS = { time, bars, sankey, heat, ranges, fan, curves };

export function options(values) {
  const t = look();
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches, animationDuration: 240,
    textStyle: t.font, color: t.colours, ...KINDS[values.type](values, t),
  };
}
