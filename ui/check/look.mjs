// What every page must keep, examined in a real browser: axe violations, horizontal overflow, console errors (a blocked style or script is
// one), requests to other hosts, style attributes. Used by axe.mjs for addresses and by the journeys for pages behind the login.
import { chromium } from "playwright-core";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

/** The widths at which pages are examined. */
export const VIEWS = [
  { tag: "1440", width: 1440, height: 900 },
  { tag: "360", width: 360, height: 740 },
];

/** The installed browser. */
export function launch() {
  return chromium.launch({
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
}

/** Collects what a page complains about while it is used. */
export function watch(page, host) {
  const faults = [];
  // The browser also reports the page's own 404 or 422, which a page of errors is supposed to have.
  const isStatus = (message) => message.text().startsWith("Failed to load resource") && message.location().url === page.url();
  page.on("console", (message) => {
    if (message.type() === "error" && !isStatus(message)) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error}`));
  page.on("request", (request) => {
    const to = new URL(request.url());
    if (to.protocol !== "data:" && to.host !== host) faults.push(`request to ${to.host}`);
  });
  return faults;
}

/**
 * Examines the page as it stands at its present width. Gives the faults and how many rules of axe passed. Where scripts are off axe
 * cannot run; the same pages are examined with scripts elsewhere.
 */
export async function examine(page, scripts = true) {
  const faults = [];
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) faults.push(`scrolls ${over} px sideways`);
  const styled = await page.evaluate(() => [...document.querySelectorAll("[style]")].filter((e) => !e.closest("svg")).length);
  if (styled) faults.push(`${styled} elements with a style attribute`);
  if (!scripts) return { faults, passed: 0 };
  // Injected through the debugger, which the page's own policy does not bind.
  await page.evaluate(axe);
  const result = await page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), TAGS);
  for (const violation of result.violations) {
    for (const node of violation.nodes) {
      const why = [...node.any, ...node.all, ...node.none][0]?.message ?? "";
      faults.push(`axe ${violation.id} (${violation.impact}): ${node.target.join(" ")} ${why}`);
    }
  }
  return { faults, passed: result.passes.length };
}

/** Keeps a picture of the whole page. */
export async function picture(page, folder, name) {
  if (!folder) return;
  fs.mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
