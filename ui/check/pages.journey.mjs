// Each kind of page that the main job does not pass, at both widths, and the words on it: no key of a message stands where a sentence should.
import { journey } from "./people.mjs";
import { visitor } from "./application.mjs";

await journey(async (run) => {
  const owner = await run.person();
  await owner.signIn(visitor.login);
  await seen(owner, "/my", "my-list");
  await owner.press(owner.page.locator('main a[href^="/my/cases/"]'));
  await words(owner, "my-case");
  await owner.goto("/matters/completion-filing");
  await words(owner, "guide-filing");
  await owner.press(owner.page.locator('main a[href$="/apply"]'));
  await owner.fill({ whom: visitor.form.applicant_code });
  await owner.press(owner.page.locator("main form button"));
  const tasks = owner.page.url();
  const pages = await owner.page.locator('.task-list a[href*="/pages/"]').evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  for (const [n, address] of pages.entries()) await seen(owner, address, `filing-page-${n + 1}`);
  await owner.goto(pages[0]);
  await owner.fill({ contact_phone: "12" });
  await owner.press(owner.page.locator("main form button"));
  await owner.look("filing-page-wrong");
  await words(owner, "filing-page-wrong");
  const items = pages.find((address) => address.endsWith("/acceptance"));
  await owner.goto(items);
  await owner.press(owner.page.locator('main button[name="add"]'));
  await owner.look("filing-item");
  await owner.fill({ name: "1# 楼", area_m2: "1200.5", storeys: "11" });
  await owner.press(owner.page.locator("main form button"));
  run.expect((await owner.text()).includes("1# 楼"), "an item of a list is kept");
  await owner.goto(`${tasks}/check`);
  await owner.look("filing-not-ready");
  await owner.goto(`${tasks}/remove`);
  await owner.look("draft-remove");
  await owner.press(owner.page.locator("main form button"));
  run.expect(owner.page.url().endsWith("/my?done=draft-removed"), "the draft is thrown away");

  const officer = await run.person();
  await officer.signIn("jingban");
  await officer.goto("/office/inbox");
  await words(officer, "inbox");
  const numbers = await officer.page.locator(".tab-bar a, .light-counters a").evaluateAll((links) =>
    links.map((link) => ({ href: link.getAttribute("href"), number: Number(link.textContent.match(/\d+/)?.[0]) })),
  );
  for (const { href, number } of numbers) {
    await officer.goto(href);
    const rows = await officer.page.locator("table[data-island] tbody tr").count();
    run.expect(rows === number, `${href} says ${number} and lists ${rows}`);
  }
  await officer.goto("/office/inbox");
  await officer.press(officer.page.locator("tbody a").first());
  const address = new URL(officer.page.url()).pathname;
  await words(officer, "case");
  for (const part of ["form", "clock", "diagram"]) await seen(officer, `${address}/${part}`, `case-${part}`);
  await officer.goto(address);
  await officer.fill({ opinion: "不符合规定" });
  await officer.press(officer.page.locator('.action-bar [value="refuse"]'));
  await officer.look("outcome-refuse");
  run.expect((await officer.page.locator('[name="opinion"]').inputValue()) === "不符合规定", "what was written goes along to the outcome's page");
  await words(officer, "outcome-refuse");
  await seen(officer, "/office/reminders", "reminders");
  await seen(officer, "/account", "account");
  await seen(officer, "/account/password", "password");
  await officer.goto("/settings?lang=en&back=/office/inbox");
  await officer.look("inbox-english");
  await words(officer, "inbox-english");
  await officer.goto("/settings?size=l&back=/office/inbox");
  await officer.look("inbox-large");
});

async function seen(person, address, name) {
  await person.goto(address);
  await person.look(name);
  await words(person, name);
}

/** Texts that look like the key of a message: small letters with hyphens, alone. */
async function words(person, name) {
  const keys = await person.page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent.trim();
      if (/^[a-z]+(-[a-z0-9_]+)+$/.test(text) && !node.parentElement.closest("script, code")) found.push(text);
    }
    return found;
  });
  person.journey.expect(!keys.length, `${name} speaks in sentences ${keys}`);
}
