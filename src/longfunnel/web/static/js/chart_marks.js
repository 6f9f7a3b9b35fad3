// Marks that the library has no series for: a value with its interval, a tick, a line between values, an area between two lines.
const PALE = 0.28;
const isKnown = (value) => typeof value === "number" && !Number.isNaN(value);

// points: [value, row, low, high]; "-" where unknown. A label stands to the right of the interval.
export function dot(name, points, colour, shift, label) {
  return {
    name, type: "custom", data: points, encode: { x: [0, 2, 3], y: 1 }, z: 3,
    renderItem: (params, api) => {
      const [value, row, low, high] = [0, 1, 2, 3].map((place) => api.value(place));
      if (!isKnown(value)) return undefined;
      const [x, middle] = api.coord([value, row]);
      const y = middle + shift;
      const children = [];
      let right = x;
      if (isKnown(low) && isKnown(high)) {
        const [x1, x2] = [low, high].map((end) => api.coord([end, row])[0]);
        right = Math.max(x, x2);
        children.push({ type: "line", shape: { x1, y1: y, x2, y2: y }, style: { stroke: colour, lineWidth: 8, lineCap: "round", opacity: PALE } });
      }
      children.push({ type: "circle", shape: { cx: x, cy: y, r: 5 }, style: { fill: colour } });
      const { text, fontSize, fontFamily, fill } = label?.(row) ?? {};
      if (text && innerWidth >= 760) children.push({ type: "text", style: { x: right + 10, y, text, fill, font: `${fontSize}px ${fontFamily}`, textVerticalAlign: "middle" }, silent: true });
      return { type: "group", children };
    },
  };
}

export function tick(name, points, colour) {
  return {
    name, type: "custom", data: points, encode: { x: 0, y: 1 }, z: 4,
    renderItem: (params, api) => {
      const [value, row] = [api.value(0), api.value(1)];
      if (!isKnown(value)) return undefined;
      const [x, y] = api.coord([value, row]);
      return { type: "rect", shape: { x: x - 1.5, y: y - 11, width: 3, height: 22, r: 1.5 }, style: { fill: colour } };
    },
  };
}

// A thin line from the least to the largest of each row's values.
export function joint(series, rows, colour) {
  const data = Array.from({ length: rows }, (_, row) => {
    const known = series.filter((one) => one.kind !== "tick").map((one) => one.values[row]).filter(isKnown);
    return known.length ? [Math.min(...known), row, Math.max(...known)] : ["-", row, "-"];
  });
  return {
    type: "custom", data, encode: { x: [0, 2], y: 1 }, z: 2, silent: true, tooltip: { show: false },
    renderItem: (params, api) => {
      const [low, row, high] = [0, 1, 2].map((place) => api.value(place));
      if (!isKnown(low)) return undefined;
      const [[x1, y], [x2]] = [api.coord([low, row]), api.coord([high, row])];
      return { type: "line", shape: { x1, y1: y, x2, y2: y }, style: { stroke: colour, lineWidth: 3 } };
    },
  };
}

// points: [x, low, high]: the area between the two, drawn once for all of them.
export function band(points, colour) {
  return {
    type: "custom", data: points, encode: { x: 0, y: [1, 2] }, z: 1, silent: true, clip: true, tooltip: { show: false },
    renderItem: (params, api) => {
      if (params.context.isDrawn) return undefined;
      params.context.isDrawn = true;
      const [low, high] = [1, 2].map((place) => points.map((point) => api.coord([point[0], point[place]])));
      return { type: "polygon", shape: { points: [...low, ...high.reverse()] }, style: { fill: colour, opacity: 0.16 } };
    },
  };
}

// marks: {at: [x, y], shown, hollow}: points on a line, hollow for what is advised.
export function spots(name, marks, colour, ground) {
  return {
    name, type: "custom", data: marks.map(({ at, shown, url }) => ({ value: at, shown, url })), encode: { x: 0, y: 1 }, z: 5,
    renderItem: (params, api) => {
      const [cx, cy] = api.coord([api.value(0), api.value(1)]);
      const { hollow } = marks[params.dataIndex];
      return { type: "circle", shape: { cx, cy, r: 6 }, style: hollow ? { fill: ground, stroke: colour, lineWidth: 2.5 } : { fill: colour } };
    },
  };
}
