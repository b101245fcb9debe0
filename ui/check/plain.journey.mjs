// The applicant's journey with JavaScript off, and each kind of page of an office at both widths.
import { journey } from "./people.mjs";
import { apply, sendIn, uploadAll, visitor } from "./application.mjs";

await journey(async (run) => {
  const owner = await run.person({ javaScriptEnabled: false });
  await owner.signIn(visitor.login);
  await apply(owner);
  await uploadAll(owner);
  const { number, address } = await sendIn(owner);
  await owner.goto("/my");
  await owner.look("my");
  run.expect((await owner.text()).includes(number), "the case stands among the applicant's own");
  await owner.goto(`${address}/withdraw`);
  await owner.look("my-withdraw");
  await owner.fill({ reason: "项目计划调整" });
  await owner.press(owner.page.locator("main form button"));
  run.expect((await owner.text()).includes("撤回"), "the application is taken back");

  // Nothing is lost when something is wrong, and the page says what.
  await owner.goto(`/matters/${visitor.matter}`);
  await owner.press(owner.page.locator('main a[href$="/apply"]'));
  await owner.fill({ whom: visitor.form.applicant_code });
  await owner.press(owner.page.locator("main form button"));
  await owner.press(owner.page.locator('.task-list a[href*="/pages/"]'));
  await owner.fill({ ...visitor.form, contact_phone: "12345" });
  await owner.press(owner.page.locator("main form button"));
  await owner.look("apply-page-wrong");
  run.expect((await owner.page.locator(".error-summary li").count()) === 1, "one mistake is named");
  run.expect((await owner.page.locator('[name="contact_phone"]').inputValue()) === "12345", "what was typed is still there");

  for (const [login, pages] of [
    ["jingban", ["/office/inbox", "/office/cases", "/office/reminders", "/account"]],
    ["chuangkou", ["/office/desk"]],
  ]) {
    const officer = await run.person();
    await officer.signIn(login);
    for (const page of pages) {
      await officer.goto(page);
      await officer.look(page.slice(1).replaceAll("/", "-"));
    }
    await officer.page.context().close();
  }
});
