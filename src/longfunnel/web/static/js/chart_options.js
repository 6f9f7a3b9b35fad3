// What a page's chart data becomes: {"type": "time" | "bars" | "sankey" | "heat", …}. Colours (1–9) and fonts come from the tokens.
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
  new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value);

function tooltip(t, formatter) {
  // rich text keeps the picture free of inline styles
  return {
    renderMode: "richText", confine: true, backgroundColor: t.surface, borderColor: t.line, borderWidth: 1,
    padding: [8, 12], textStyle: { ...t.font, color: t.ink }, formatter,
  };
}

function time(values, t) {
  const axis = { axisLine: { lineStyle: { color: t.line } }, axisTick: { show: false }, axisLabel: { ...t.font, hideOverlap: true } };
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

function bars(values, t) {
  return {
    grid: { left: 8, right: 80, top: 8, bottom: 8, containLabel: true },
    tooltip: { ...tooltip(t, (point) => `${[point.name, values.series?.[point.seriesIndex].name].filter(Boolean).join(", ")}\n${(values.series?.[point.seriesIndex] ?? values).shown?.[point.dataIndex] ?? point.value}`), trigger: "item" },
    xAxis: {
      type: "value", splitLine: { lineStyle: { color: t.line } }, axisLabel: { ...t.font, hideOverlap: true, formatter: (value) => short(value, values.language) },
      boundaryGap: (values.series ?? [values]).some((one) => one.values.some((value) => value < 0)) ? [innerWidth < 760 ? "45%" : "14%", 0] : 0,
    },
    yAxis: { type: "category", inverse: true, data: values.labels, axisLine: { show: false }, axisTick: { show: false }, axisLabel: t.font },
    series: (values.series ?? [values]).map((one) => ({
      type: "bar", name: one.name, barMaxWidth: values.series ? 12 : 22, barGap: "20%",
      data: one.values.map((value) => (value < 0 ? { value, label: { position: "left" }, itemStyle: { borderRadius: [3, 0, 0, 3] } } : value)),
      itemStyle: { color: t.colours[(one.colour ?? 1) - 1], borderRadius: [0, 3, 3, 0] },
      label: { show: true, position: "right", ...t.font, formatter: (point) => one.shown?.[point.dataIndex] ?? point.value },
    })),
  };
}

function sankey(values, t) {
  const nodes = values.nodes.map((node) => ({ ...node, itemStyle: { color: t.colours[(node.colour ?? 9) - 1], borderWidth: 0 } }));
  return {
    tooltip: { ...tooltip(t, (point) => point.data.shown ?? point.name), trigger: "item" },
    series: [{
      type: "sankey", data: nodes, links: values.links, left: 4, right: 120, top: 8, bottom: 8, nodeWidth: 12, nodeGap: 10, nodeAlign: "left",
      draggable: false, emphasis: { focus: "adjacency" }, lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
      label: { ...t.font, color: t.ink, formatter: (point) => point.data.label ?? point.name },
    }],
  };
}

function heat(values, t) {
  const axis = { axisLine: { show: false }, axisTick: { show: false }, axisLabel: t.font, splitArea: { show: false } };
  return {
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

const KINDS = { time, bars, sankey, heat };

export function options(values) {
  const t = look();
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches, animationDuration: 240,
    aria: { enabled: true }, textStyle: t.font, color: t.colours, ...KINDS[values.type](values, t),
  };
}
