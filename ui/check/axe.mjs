// Opens pages in the installed Chromium at 1440 and 360 px: axe violations, horizontal overflow, console errors (a blocked style or
// script is one), requests to other hosts, weight. Exits 1 when any page fails.
//   node check/axe.mjs [--out DIR] [--public-kb N] [--office-kb N] [--cookie name=value] URL…
import { chromium } from "playwright-core";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const VIEWS = [
  { tag: "1440", width: 1440, height: 900 },
  { tag: "360", width: 360, height: 740 },
];

const options = { out: "", "public-kb": "60", "office-kb": "120", cookie: "" };
const urls = [];
for (let rest = process.argv.slice(2); rest.length; ) {
  const [first, second, ...more] = rest;
  if (first.startsWith("--")) {
    options[first.slice(2)] = second;
    rest = more;
  } else {
    urls.push(first);
    rest = rest.slice(1);
  }
}
if (!urls.length) {
  console.error("usage: node check/axe.mjs [--out DIR] URL…");
  process.exit(2);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
let failed = 0;
for (const url of urls) for (const view of VIEWS) failed += (await check(url, view)) ? 0 : 1;
await browser.close();
console.log(failed ? `${failed} of ${urls.length * VIEWS.length} views failed` : `${urls.length * VIEWS.length} views passed`);
process.exit(failed ? 1 : 0);

async function check(url, view) {
  const host = new URL(url).host;
  // The page's own policy stays in force; axe is injected through the debugger, which it does not bind.
  const context = await browser.newContext({ viewport: { width: view.width, height: view.height } });
  if (options.cookie) {
    const [name, value] = options.cookie.split("=");
    await context.addCookies([{ name, value, url }]);
  }
  const page = await context.newPage();
  const faults = [];
  let bytes = 0;
  let requests = 0;
  // The browser also reports the page's own 404 or 422, which a page of errors is supposed to have.
  const isOwnStatus = (message) => message.text().startsWith("Failed to load resource") && message.location().url === url;
  page.on("console", (message) => {
    if (message.type() === "error" && !isOwnStatus(message)) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error}`));
  page.on("request", (request) => {
    requests += 1;
    const to = new URL(request.url());
    if (to.protocol !== "data:" && to.host !== host) faults.push(`request to ${to.host}`);
  });
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  network.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  const answer = await page.goto(url, { waitUntil: "load" });
  await page.waitForTimeout(200);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) faults.push(`scrolls ${over} px sideways`);
  const office = await page.evaluate(() => document.body.classList.contains("office"));
  const budget = Number(office ? options["office-kb"] : options["public-kb"]) * 1024;
  if (bytes > budget) faults.push(`weighs ${bytes} bytes, budget ${budget}`);
  const styled = await page.evaluate(() => [...document.querySelectorAll("[style]")].filter((e) => !e.closest("svg")).length);
  if (styled) faults.push(`${styled} elements with a style attribute`);
  if (options.out) {
    const name = (new URL(url).pathname.replace(/^\/+/, "").replaceAll("/", "-") || "home") + `-${view.tag}.png`;
    fs.mkdirSync(options.out, { recursive: true });
    await page.screenshot({ path: path.join(options.out, name), fullPage: true });
  }
  await page.evaluate(axe);
  const result = await page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), TAGS);
  for (const violation of result.violations) {
    for (const node of violation.nodes) {
      const why = [...node.any, ...node.all, ...node.none][0]?.message ?? "";
      faults.push(`axe ${violation.id} (${violation.impact}): ${node.target.join(" ")} ${why}`);
    }
  }
  const verdict = faults.length ? "FAIL" : "ok";
  console.log(`${verdict} ${answer.status()} ${view.tag} ${url} ${requests} requests ${bytes} bytes, ${result.passes.length} axe rules passed`);
  for (const fault of faults) console.log(`     ${fault}`);
  await context.close();
  return !faults.length;
}
