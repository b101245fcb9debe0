// Builds ui/dist: jt.css (bundled, minified), jt.js and one file per island, icons.svg (the icons of icons.txt only).
// Runs after `npm ci --ignore-scripts`; asks the network for nothing.
import { build } from "esbuild";
import fs from "node:fs";
import path from "node:path";

const here = import.meta.dirname;
const out = path.join(here, "dist");
const from = (...parts) => path.join(here, ...parts);

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });

await build({
  entryPoints: ["css/jt.css", "js/jt.js", "js/upload.js", "js/inbox.js"].map((file) => from(file)),
  outdir: out,
  entryNames: "[name]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome90", "firefox90", "safari15"],
  logLevel: "warning",
});

const names = fs.readFileSync(from("icons.txt"), "utf8").split("\n").filter(Boolean);
const symbols = names.map((name) => {
  const file = from("node_modules/@tabler/icons/icons/outline", `${name}.svg`);
  if (!fs.existsSync(file)) throw new Error(`icons.txt: there is no outline icon "${name}" in @tabler/icons`);
  const inner = fs
    .readFileSync(file, "utf8")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<svg[^>]*>|<\/svg>/g, "")
    .replace(/<path stroke="none"[^>]*>/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
});
fs.writeFileSync(path.join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
fs.copyFileSync(from("logo.svg"), path.join(out, "logo.svg"));

// Licences of what is shipped inside the binary travel with it.
const notices = ["@tabler/icons"].map((name) => {
  const folder = from("node_modules", name);
  const { version, license } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  return `${name} ${version} (${license})\n\n${fs.readFileSync(path.join(folder, "LICENSE"), "utf8").trim()}\n`;
});
fs.writeFileSync(path.join(out, "licenses.txt"), notices.join("\n----\n\n"));

const sizes = fs.readdirSync(out).map((file) => `${file} ${fs.statSync(path.join(out, file)).size}`);
console.log(`ui/dist: ${sizes.join(", ")}`);
