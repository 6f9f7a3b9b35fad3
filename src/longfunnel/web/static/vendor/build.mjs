// Makes dist/ out of node_modules: `npm ci && npm run build`. The program itself needs no build step.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";

const from = (path) => new URL(`node_modules/${path}`, import.meta.url);
const to = (name) => new URL(`dist/${name}`, import.meta.url);

await rm(to(""), { recursive: true, force: true });
await mkdir(to(""), { recursive: true });

await build({
  entryPoints: ["charts.mjs"], outfile: "dist/charts.js", bundle: true, minify: true, format: "esm", target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' }, legalComments: "none",
});
await copyFile(from("htmx.org/dist/htmx.min.js"), to("htmx.js"));
for (const part of ["latin", "cyrillic"]) {
  await copyFile(from(`@fontsource-variable/inter/files/inter-${part}-wght-normal.woff2`), to(`inter-${part}.woff2`));
}

const names = JSON.parse(await readFile(new URL("icons.json", import.meta.url), "utf8"));
const symbols = await Promise.all(names.map(async (name) => {
  const svg = await readFile(from(`@tabler/icons/icons/outline/${name}.svg`), "utf8");
  const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`;
}));
await writeFile(to("icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`);

const licences = { "echarts": "echarts/LICENSE", "zrender": "zrender/LICENSE", "htmx": "htmx.org/LICENSE", "inter": "@fontsource-variable/inter/LICENSE", "tabler-icons": "@tabler/icons/LICENSE" };
for (const [name, path] of Object.entries(licences)) await copyFile(from(path), to(`${name}.LICENSE.txt`));
