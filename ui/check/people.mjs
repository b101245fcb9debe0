// People of the demonstration in a browser: each has a context of their own, fills forms by their labels' names, and counts what held.
import fs from "node:fs";
import path from "node:path";
import { VIEWS, examine, launch, picture, watch } from "./look.mjs";

const base = process.env.JIANTONG_URL ?? "http://127.0.0.1:8080";
const pictures = process.env.JIANTONG_PICTURES ?? "";
const PASSWORD = "jiantong-demo-2026";

/** Runs a journey: `steps(journey)`; prints `N passed, N failed`, and ends the process with 1 when something failed. */
export async function journey(steps) {
  const browser = await launch();
  const run = new Journey(browser);
  try {
    await steps(run);
  } catch (error) {
    run.failed += 1;
    console.log(`FAIL ${error.stack ?? error}`);
    await run.last?.page.screenshot({ path: path.join(pictures || ".", "failed.png"), fullPage: true }).catch(() => {});
    if (run.last) console.log(`     at ${run.last.page.url()}`);
  }
  await browser.close();
  console.log(`${run.passed} passed, ${run.failed} failed`);
  process.exit(run.failed ? 1 : 0);
}

class Journey {
  constructor(browser) {
    this.browser = browser;
    this.passed = 0;
    this.failed = 0;
  }

  /** Holds it or not? */
  expect(holds, what) {
    if (holds) this.passed += 1;
    else this.failed += 1;
    console.log(`${holds ? "ok" : "FAIL"} ${what}`);
  }

  /** Someone with a browser of their own; `javaScriptEnabled: false` is theirs to choose. */
  async person(options = {}) {
    const [view] = VIEWS;
    const context = await this.browser.newContext({
      baseURL: base,
      viewport: { width: view.width, height: view.height },
      locale: "zh-CN",
      acceptDownloads: true,
      ...options,
    });
    const page = await context.newPage();
    const { host } = new URL(options.baseURL ?? base);
    return new Person(this, page, watch(page, host), options.javaScriptEnabled ?? true);
  }
}

class Person {
  constructor(journey, page, faults, scripts) {
    this.journey = journey;
    this.scripts = scripts;
    this.page = page;
    this.faults = faults;
  }

  async goto(address) {
    this.journey.last = this;
    return this.page.goto(address);
  }

  async signIn(login) {
    await this.goto("/sign-in");
    await this.fill({ login, password: PASSWORD });
    await this.press("form[action='/sign-in'] button:not(.button-link)");
    this.journey.expect(!this.page.url().includes("/sign-in"), `${login} signs in`);
  }

  /** Fills the fields of the page that have these names; booleans choose a checkbox or a radio button. */
  async fill(values) {
    for (const [name, value] of Object.entries(values)) {
      const field = this.page.locator(`main [name="${name}"]`);
      if (!(await field.count())) continue;
      const [tag, type] = await field.first().evaluate((e) => [e.tagName, e.type]);
      if (type === "radio") await this.page.locator(`main [name="${name}"][value="${value}"]`).check();
      else if (Array.isArray(value)) for (const box of await field.all()) await box.setChecked(value.includes(await box.inputValue()));
      else if (type === "checkbox") await field.first().setChecked(Boolean(value));
      else if (tag === "SELECT") await field.selectOption(String(value));
      else await field.fill(String(value));
    }
  }

  /** Presses a button or follows a link and waits for the page that comes. */
  async press(selector) {
    this.journey.last = this;
    const target = typeof selector === "string" ? this.page.locator(selector).first() : selector.first();
    await Promise.all([this.page.waitForEvent("load"), target.click()]);
  }

  /** A button by its words. */
  button(words) {
    return this.page.getByRole("button", { name: words });
  }

  /** A link by its words. */
  link(words) {
    return this.page.getByRole("link", { name: words });
  }

  /** The words of the page. */
  async text() {
    return this.page.locator("body").innerText();
  }

  /** Examines the page at each width and keeps pictures of it. */
  async look(name) {
    this.journey.last = this;
    for (const view of VIEWS) {
      await this.page.setViewportSize({ width: view.width, height: view.height });
      const { faults, passed } = await examine(this.page, this.scripts);
      const all = [...this.faults.splice(0), ...faults];
      this.journey.expect(!all.length, `${name} at ${view.tag} px: ${passed} axe rules passed`);
      for (const fault of all) console.log(`     ${fault}`);
    }
    // Pictures come last: taking them leaves style attributes behind.
    for (const view of [...VIEWS].reverse()) {
      await this.page.setViewportSize({ width: view.width, height: view.height });
      await picture(this.page, pictures, `${name}-${view.tag}`);
    }
  }

  /** Downloads what a link leads to; gives the bytes. */
  async download(link) {
    this.journey.last = this;
    const [download] = await Promise.all([this.page.waitForEvent("download"), link.first().click()]);
    return fs.readFileSync(await download.path());
  }
}
