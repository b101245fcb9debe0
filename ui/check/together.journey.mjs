// Departments and levels in one case: the traffic police give their opinion and the government extends (联合办理, 行政许可法 26, 42(2)); the city
// reviews and the province decides (43); a permit is granted on the applicant's word and checked afterwards (告知承诺).
import { journey } from "./people.mjs";
import { apply, sendIn, told, uploadAll, visitor } from "./application.mjs";
import { claim, finish, openCase, step } from "./office.mjs";

/** It is the visitor who applies. */
const { applicant_code, applicant_name } = visitor.form;
const ours = { applicant_code, applicant_name };

await journey(async (run) => {
  await joint(run);
  await upwards(run);
  await onCommitment(run);
});

/** One of the demonstration's cases that waits for the traffic police. */
async function joint(run) {
  const police = await run.person();
  await police.signIn("jiaoguan");
  await police.goto("/office/inbox");
  await police.look("police-inbox");
  const number = (await police.text()).match(/\d{6}-?[\d-]{8,}/)[0];
  await openCase(police, "/office/inbox", number);
  await police.look("police-case");
  run.expect((await police.text()).includes("公安交管部门提出意见"), "the police find their step in the case of another department");

  const mayor = await run.person();
  await mayor.signIn("xianzhang");
  await openCase(mayor, "/office/cases", number);
  run.expect(!(await mayor.page.locator('.action-bar a[href$="/acts/pause"]').count()), "who extends does nothing else");
  await act(mayor, "extend", { reason: "道路下管线密集，交通组织方案需要会同有关部门论证。" });
  await mayor.look("government-extended");

  await police.goto(police.page.url().split("?")[0]);
  await claim(police);
  await police.fill({ opinion: "同意占道挖掘，按批准的交通组织方案施工。" });
  await police.press(police.page.locator('.action-bar [value="agree"]'));
  run.expect(police.page.url().includes("done="), "the police gave their opinion");

  const officer = await run.person();
  await officer.signIn("jingban");
  await openCase(officer, "/office/cases", number);
  const said = await officer.text();
  run.expect(said.includes("正定县交管部门"), "the timeline says which department spoke");
  run.expect(said.includes("延长期限告知书"), "the extension was told");
  await officer.look("joint-case");
  await close(police, mayor, officer);
}

/** A developer's qualification: the city reviews, the province goes on. */
async function upwards(run) {
  const owner = await run.person();
  await owner.signIn("qiye");
  await apply(owner, { of: told("developer-qualification", "pass", ours) });
  await uploadAll(owner);
  const { number, address } = await sendIn(owner);
  const clerk = await run.person();
  await clerk.signIn("shichuangkou");
  await step(clerk, "/office/desk", number, "accepted");
  const city = await run.person();
  await city.signIn("shijingban");
  await openCase(city, "/office/inbox", number);
  run.expect((await city.text()).includes("第四十三条"), "the lower level's limit is art. 43");
  await city.look("city-review");
  const there = city.page.url().split("?")[0];
  await step(city, "/office/inbox", number, "agree");
  const head = await run.person();
  await head.signIn("shikezhang");
  await step(head, "/office/inbox", number, "agree");
  await city.goto(there);
  const seen = await city.text();
  run.expect(seen.includes("→ 省住建厅"), "the city goes on seeing what it sent up");
  await city.look("city-sent-up");
  const province = await run.person();
  await province.signIn("shengjingban");
  await openCase(province, "/office/inbox", number);
  const papers = await province.text();
  run.expect(papers.includes("初审意见报送函"), "opinion and materials came with it");
  await province.look("province-review");
  const letter = await province.download(province.page.locator("tr, li", { hasText: "初审意见报送函" }).locator('a[href*="/papers/"]'));
  run.expect(letter.subarray(0, 5).toString() === "%PDF-", "the letter is printed");
  await step(province, "/office/inbox", number, "agree");
  const chief = await run.person();
  await chief.signIn("shengchuzhang");
  await step(chief, "/office/inbox", number, "agree");
  const leader = await run.person();
  await leader.signIn("shengting");
  await step(leader, "/office/inbox", number, "grant");
  await owner.goto(address);
  run.expect((await owner.text()).includes("准予"), "the province granted it");
  await owner.look("my-case-decided-above");
  await close(owner, clerk, city, head, province, chief, leader);
}

/** A drainage permit on commitment: letter, grant, and a check that finds the word not kept. */
async function onCommitment(run) {
  const owner = await run.person();
  await owner.signIn("qiye");
  await owner.goto("/matters/drainage-permit");
  await owner.look("commitment-guide");
  await apply(owner, { of: told("drainage-permit", "commitment", ours) });
  await owner.look("commitment-tasks");
  await uploadAll(owner, { without: ["pretreatment_proof", "concealed_report", "quality_report"] });
  const { number, address } = await sendIn(owner);
  await owner.goto(address);
  const letter = await owner.download(owner.page.locator("tr", { hasText: "告知承诺书" }).locator('a[href*="/papers/"]'));
  run.expect(letter.subarray(0, 5).toString() === "%PDF-", "the letter of commitment is printed");
  const clerk = await run.person();
  await clerk.signIn("chuangkou");
  await step(clerk, "/office/desk", number, "accepted");
  const officer = await run.person();
  await officer.signIn("jingban");
  await step(officer, "/office/inbox", number, "agree");
  const leader = await run.person();
  await leader.signIn("juzhang");
  await step(leader, "/office/inbox", number, "grant");
  await openCase(officer, "/office/inbox", number);
  run.expect((await officer.text()).includes("事后核查"), "the check stands in the inbox with the grant");
  const checked = officer.page.url().split("?")[0];
  await claim(officer);
  await officer.look("later-check");
  await officer.press(officer.page.locator('.action-bar [value="broken"]'));
  await officer.fill({ opinion: "现场没有建设隔油池。", article: "行政许可法 69(2)" });
  await officer.look("commitment-broken");
  await finish(officer);
  await officer.goto(checked);
  run.expect((await officer.text()).includes("承诺不实"), "the case says what the check found");
  await officer.look("commitment-checked");
  await owner.goto(address);
  run.expect((await owner.text()).includes("承诺核查告知书"), "the holder is told");
  await owner.look("my-case-checked");
}

/** Does an act of the envelope on its own page. */
async function act(person, word, answers) {
  await person.press(person.page.locator(`.action-bar a[href$="/acts/${word}"]`));
  await person.fill(answers);
  await person.look(`act-${word}`);
  await finish(person);
}

async function close(...people) {
  for (const person of people) await person.page.context().close();
}
