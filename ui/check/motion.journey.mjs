// What the authority opens of its own motion about a licence: a revocation that it must decide, after its holder was heard; one that it may,
// the holder heard in person; a deregistration that it must not. Who deceived the authority finds a bar in the next application.
import { journey } from "./people.mjs";
import { answer, apply, sendIn, told, uploadAll, visitor } from "./application.mjs";
import { claim, finish, openCase } from "./office.mjs";
import { SAFE, areAllPrinted, isClosed, isVerified, json, licences, reasoned, staff, today } from "./licences.mjs";

await journey(async (run) => {
  const owner = await run.person();
  await owner.signIn(visitor.login);
  const office = await staff(run, ["chuangkou", "jingban", "jingban2", "guzhang", "juzhang", "yibashou"]);
  const [, ended] = await licences(run, owner);
  await revoked(run, owner, office, ended);
  await heardInPerson(run, office);
  await unfounded(run, office);
});

/** An officer opens a case by the number of a licence, and gets as far as its page. */
async function opened(run, officer, matter, example, number, { look } = {}) {
  await officer.goto("/office/inbox");
  await officer.press(officer.page.locator('nav a[href="/office/openings"]'));
  if (look) {
    await officer.look("openings");
    await officer.fill({ matter, licence: "冀20990101001P" });
    await officer.press(officer.page.locator("main form button"));
    run.expect((await officer.page.locator(".error-summary li").count()) === 1, "a number that no licence has is complained of");
    officer.faults.length = 0;
    await officer.look("openings-unknown");
  }
  await officer.fill({ matter, licence: number });
  await officer.press(officer.page.locator("main form button"));
  if (look) await officer.look("opening-tasks");
  const { form } = told(matter, example, { licence_number: number });
  await answer(officer, form);
  await uploadAll(officer);
  await officer.press(officer.page.locator('main a[href$="/check"]'));
  await officer.fill({ declare: true });
  if (look) await officer.look("opening-check");
  await officer.press(officer.page.locator("main form button"));
  run.expect(/\/office\/cases\/.*done=/.test(officer.page.url()), `${matter} is opened`);
  if (look) await officer.look("opening-opened");
  const id = officer.page.url().match(/cases\/([^?/]+)/)[1];
  const { number: file } = await json(officer, `/api/v1/cases/${id}`);
  return { id, number: file };
}

/** A step that may ask for its reason on a page of its own. */
async function say(officer, number, outcome, opinion, name) {
  await openCase(officer, "/office/inbox", number);
  await claim(officer);
  await officer.fill({ opinion });
  await officer.press(officer.page.locator(`.action-bar [value="${outcome}"]`));
  await reasoned(officer, opinion, "行政许可法 69(2)", name);
}

/** Had by fraud: it must be revoked, its holder is heard first, and barred from asking again. */
async function revoked(run, owner, office, licence) {
  const { id, number } = await opened(run, office.jingban, "licence-revocation", "pass", licence.number, { look: true });
  await say(office.jingban, number, "done", "检测报告经原检测机构确认系伪造。", "revocation-investigated");
  await say(office.jingban2, number, "done", "与承办人共同核查，情况属实。");
  await say(office.jingban, number, "established", "以欺骗手段取得许可，应当撤销。", "revocation-established");
  await say(office.guzhang, number, "agree", "同意。");

  // The holder reads and answers without scripts.
  const plain = await run.person({ javaScriptEnabled: false });
  await plain.signIn(visitor.login);
  await plain.goto("/my");
  run.expect((await plain.text()).includes(number), "the holder finds the case among their own");
  await plain.press(plain.page.locator(`main a[href="/my/cases/${id}"]`));
  await plain.look("my-revocation");
  await plain.press(plain.page.locator('main a[href$="/statement"]'));
  await plain.press(plain.page.locator("main form button"));
  run.expect((await plain.page.locator(".error-summary li").count()) === 1, "words are asked for");
  await plain.look("my-statement");
  await plain.fill({ words: "检测报告由第三方出具，我单位并不知情，请求复核。" });
  await plain.press(plain.page.locator("main form button"));
  run.expect(plain.page.url().includes("done=stated"), "the holder states their case");
  await plain.page.context().close();

  await openCase(office.yibashou, "/office/inbox", number);
  await claim(office.yibashou);
  await office.yibashou.look("revocation-bound");
  run.expect((await office.yibashou.text()).includes("并不知情"), "the statement stands before the decision");
  await isClosed(run, office.yibashou, "refuse", "it must be revoked: it cannot be closed");
  await office.yibashou.press(office.yibashou.page.locator('.action-bar [value="grant"]'));
  await reasoned(office.yibashou, "以欺骗手段取得许可，依法撤销。", "行政许可法 69(2)", "revocation-decided");
  await isVerified(run, licence, "撤销", "licence-revoked");
  await owner.goto(`/my/cases/${id}`);
  await owner.look("my-revocation-decided");
  await areAllPrinted(run, owner);

  // The next application says that its applicant is barred, and until when.
  await apply(owner, { of: told(SAFE, "bottled") });
  const barred = await sendIn(owner);
  await openCase(office.chuangkou, "/office/desk", barred.number);
  await office.chuangkou.look("barred-accept");
  const until = `${Number(today().slice(0, 4)) + 3}-`;
  const rows = await office.chuangkou.page.locator("#checks").locator("xpath=ancestor::section").innerText();
  run.expect(rows.includes("不得") && rows.includes(until), "the next application says that its applicant is barred, and until when");
}

/** What the party says in person is taken down by the officer; then the authority may decide either way. */
async function heardInPerson(run, office) {
  const { number } = await opened(run, office.jingban, "licence-revocation", "may-official-fault", await silentlyRenewed(office.jingban));
  await say(office.jingban, number, "done", "审批时越权。");
  await say(office.jingban2, number, "done", "情况属实。");
  await say(office.jingban, number, "established", "超越法定职权作出准予决定，可以撤销。");
  await say(office.guzhang, number, "agree", "同意。");
  await openCase(office.jingban, "/office/cases", number);
  await office.jingban.press(office.jingban.page.locator('.action-bar a[href$="/acts/take-statement"]'));
  await office.jingban.look("act-take-statement");
  await office.jingban.fill({ words: `${today()} 上午，办公室，法定代表人当面陈述：许可由贵局作出，我单位没有过错，请求不予撤销。` });
  await finish(office.jingban);
  run.expect((await office.jingban.text()).includes("没有过错"), "the statement is taken down");
  await office.jingban.look("office-statement-taken");
  await openCase(office.yibashou, "/office/inbox", number);
  await claim(office.yibashou);
  for (const outcome of ["grant", "refuse"]) {
    run.expect(await office.yibashou.page.locator(`.action-bar [value="${outcome}"]`).isEnabled(), `${outcome} may be decided`);
  }
  await office.yibashou.press(office.yibashou.page.locator('.action-bar [value="refuse"]'));
  await reasoned(office.yibashou, "信赖利益大于撤销的公共利益，终结处理。", "行政许可法 69(1)");
}

/** The ground does not hold: the case can only be closed. */
async function unfounded(run, office) {
  const licence = await silentlyRenewed(office.jingban);
  const { number } = await opened(run, office.jingban, "licence-deregistration-ex-officio", "bound-unfounded", licence);
  await say(office.jingban, number, "unfounded", "证件已经视为延续，仍然有效。");
  await openCase(office.juzhang, "/office/inbox", number);
  await claim(office.juzhang);
  await office.juzhang.look("deregistration-unfounded");
  await isClosed(run, office.juzhang, "grant", "it must not be struck off");
}

/** The number of the licence that silence renewed, as its case's form has it. */
async function silentlyRenewed(officer) {
  const { rows } = await json(officer, "/api/v1/cases?matter=licence-renewal&stage=accepted");
  const { form } = await json(officer, `/api/v1/cases/${rows[0].case}`);
  return form.flatMap((page) => page.rows).find((row) => row.pointer === "/licence_number").value;
}
