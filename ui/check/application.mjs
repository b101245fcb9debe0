// How a visitor of the demonstration applies: every page of the form, every material, checked and sent.
import fs from "node:fs";

const root = new URL("../../", import.meta.url);
const read = (path) => JSON.parse(fs.readFileSync(new URL(path, root), "utf8"));

/** What the visitor applies with: an example of the catalog moved to today, whose records are in the demonstration's registers. */
export const visitor = invited();

function invited() {
  const { login, matter, example } = read("node/demo/visitor.json");
  return { login, ...told(matter, example) };
}

/** An example of a matter moved to today, with other answers where they are given: what is applied with. */
export function told(matter, example, answers = {}) {
  const systems = fs.readdirSync(new URL("catalog/systems/", root));
  const path = systems.map((system) => `catalog/systems/${system}/matters/${matter}/examples/${example}.json`);
  const { on, form } = read(path.find((file) => fs.existsSync(new URL(file, root))));
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date());
  const later = Date.parse(today) - Date.parse(on);
  const moved = (value) => (/^\d{4}-\d\d-\d\d$/.test(value) ? new Date(Date.parse(value) + later).toISOString().slice(0, 10) : value);
  // Money is kept in fen and asked for in yuan.
  const asked = (name, value) => (name.endsWith("_fen") ? value / 100 : moved(value));
  return { matter, form: { ...Object.fromEntries(Object.entries(form).map(([name, value]) => [name, asked(name, value)])), ...answers } };
}

/** A small PDF. */
const PDF = Buffer.from(
  "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n" +
    "0000000052 00000 n \n0000000101 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n164\n%%EOF\n",
);

/** From the guide to the list of tasks with all pages filled. `of`: what is applied for, and with which answers. */
export async function apply(person, { look, of = visitor } = {}) {
  await person.goto(`/matters/${of.matter}`);
  if (look) await person.look("guide");
  await person.press(person.page.locator('main a[href$="/apply"]'));
  await person.fill({ whom: visitor.form.applicant_code });
  if (look) await person.look("apply-start");
  await person.press(person.page.locator("main form button"));
  await answer(person, of.form, { look });
}

/** From the list of tasks round all pages of the form and back. */
export async function answer(person, form, { look } = {}) {
  const tasks = person.page.url();
  if (look) await person.look("apply-tasks");
  const pages = await hrefs(person, '.task-list a[href*="/pages/"]');
  person.journey.expect(pages.length > 1, `${pages.length} pages to fill`);
  for (const [n, address] of pages.entries()) {
    await person.goto(address);
    await person.fill(form);
    if (look) await person.look(`apply-page-${n + 1}`);
    await person.press(person.page.locator("main form button:not([tabindex])"));
    const errors = await person.page.locator(".error-summary li").allInnerTexts();
    person.journey.expect(!errors.length, `page ${n + 1} stands ${errors}`);
  }
  await person.goto(tasks);
}

/** Uploads every material that has a page, but those left out; `here`: the one whose page is open. */
export async function uploadAll(person, { without = [], look, here } = {}) {
  const tasks = person.page.url();
  const pages = here ? [tasks] : await hrefs(person, '.task-list a[href*="/files/"]');
  for (const address of pages) {
    if (without.some((code) => address.endsWith(`/${code}`))) continue;
    if (!here) await person.goto(address);
    await person.page.locator('input[type="file"]').setInputFiles({ name: "材料 示例.pdf", mimeType: "application/pdf", buffer: PDF });
    if (look && address === pages[0]) await person.look("apply-upload");
    await person.press(person.page.locator('form[enctype="multipart/form-data"] button.button:not(.quiet)'));
  }
  if (!here) await person.goto(tasks);
}

/** From the list of tasks to the receipt. Gives the case number and the address of the case's page. */
export async function sendIn(person, { look } = {}) {
  await person.press(person.page.locator('main a[href$="/check"]'));
  await person.fill({ declare: true });
  if (look) await person.look("apply-check");
  await person.press(person.page.locator("main form button"));
  person.journey.expect(person.page.url().endsWith("/submitted"), "the application is handed in");
  if (look) await person.look("apply-submitted");
  const number = (await person.text()).match(/\d{6}-?[\d-]{8,}/)?.[0] ?? "";
  person.journey.expect(number !== "", `the receipt names the case ${number}`);
  return { number, address: person.page.url().replace(/\/submitted$/, "") };
}

async function hrefs(person, selector) {
  const all = await person.page.locator(selector).evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  return [...new Set(all)];
}
