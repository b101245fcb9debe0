// Next year's notice of days off: a wrong one is refused by its line, the preview shows what moves, and loading asks for the password.
import { journey } from "./people.mjs";

await journey(async (run) => {
  const administrator = await run.person();
  await administrator.signIn("xitong");
  run.expect(administrator.page.url().endsWith("/office/messages"), "the administrator starts at what waits to be sent");
  await administrator.look("messages");
  await administrator.press(administrator.page.locator('nav a[href="/office/calendar"]'));
  const year = await administrator.page.locator('select[name="year"]').inputValue();
  await administrator.look("calendar");
  const text = `date,kind,name\n${year}-01-01,holiday,元旦\n`;
  await administrator.fill({
    title: `关于${year}年部分节假日安排的通知`,
    number: `国办发明电〔${year - 1}〕7号`,
    issued_on: `${year - 1}-01-05`,
    source: "www.gov.cn",
    reason: "更正",
    text: `${text}${year}-13-01,holiday,元旦\n`,
  });
  await administrator.press(administrator.page.locator("main form button"));
  run.expect((await administrator.text()).includes("第 3 行"), "a wrong row is named by its line");
  await administrator.look("calendar-wrong");
  await administrator.fill({ text });
  await administrator.press(administrator.page.locator("main form button"));
  run.expect((await administrator.text()).includes("现在还没有写入任何内容"), "the preview shows what would change");
  await administrator.look("calendar-preview");
  await administrator.press(administrator.page.locator("main form button"));
  await administrator.fill({ password: "jiantong-demo-2026" });
  await administrator.press(administrator.page.locator("main form button"));
  run.expect(administrator.page.url().includes("done=calendar-loaded"), "the notice is loaded");
  for (let n = 0; n < 20 && !(await administrator.text()).includes("已重新计算"); n += 1) {
    await administrator.page.waitForTimeout(1000);
    await administrator.goto("/office/calendar");
  }
  run.expect((await administrator.text()).includes("已重新计算"), "open limits are counted again");
  await administrator.look("calendar-loaded");

  const county = await run.person({ javaScriptEnabled: false });
  await county.signIn("jingban");
  const refused = await county.goto("/office/calendar");
  run.expect(refused.status() === 403, "a case officer has no such page");
  county.faults.length = 0;
});
