// The window receives an application on paper: the same form, each material ticked as shown and kept, a receipt to print.
import { journey } from "./people.mjs";
import { apply, visitor } from "./application.mjs";

await journey(async (run) => {
  const clerk = await run.person();
  await clerk.signIn("chuangkou");
  await clerk.goto("/office/desk");
  await clerk.press(clerk.page.locator('main a[href="/matters"]'));
  await apply(clerk);
  const tasks = clerk.page.url();
  const materials = await clerk.page.locator('.task-list a[href*="/files/"]').evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  run.expect(materials.length > 3, `${materials.length} materials to receive`);
  for (const [n, address] of materials.entries()) {
    await clerk.goto(address);
    if (n === 0) await clerk.look("window-material");
    await clerk.press(clerk.page.locator('button[name="paper"]'));
    run.expect(clerk.page.url().startsWith(tasks), `${address.split("/").pop()} is kept on paper`);
  }
  await clerk.press(clerk.page.locator('main a[href$="/check"]'));
  await clerk.fill({ declare: true });
  await clerk.press(clerk.page.locator("main form button"));
  run.expect(/\/office\/cases\/.*done=received/.test(clerk.page.url()), "the application is received");
  await clerk.look("window-received");
  const receipt = await clerk.download(clerk.page.locator('a[href*="/papers/"]'));
  run.expect(receipt.subarray(0, 5).toString() === "%PDF-", "the receipt is there to print");
  run.expect((await clerk.text()).includes(visitor.form.applicant_name), "it is the applicant's case");

  // What another region has is not there.
  const elsewhere = await run.person();
  await elsewhere.signIn("quxian");
  const answer = await elsewhere.goto(new URL(clerk.page.url()).pathname);
  run.expect(answer.status() === 404, "another county's clerk finds nothing");
  elsewhere.faults.length = 0;
  await elsewhere.look("not-found");
});
