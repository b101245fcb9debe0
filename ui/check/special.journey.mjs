// The paths beside the straight one (特别程序): the clock is stopped and goes on, a hearing is offered, asked for, appointed and taken back,
// the task is handed on, the limit extended, the case refused and delivered at the window; another hearing, due today, is held.
import { journey } from "./people.mjs";
import { apply, sendIn, uploadAll, visitor } from "./application.mjs";
import { claim, finish, openCase, step } from "./office.mjs";

await journey(async (run) => {
  const owner = await run.person();
  await owner.signIn(visitor.login);
  await apply(owner);
  await uploadAll(owner);
  const { number, address } = await sendIn(owner);
  const clerk = await run.person();
  await clerk.signIn("chuangkou");
  await step(clerk, "/office/desk", number, "accepted");

  const officer = await run.person();
  await officer.signIn("jingban");
  await openCase(officer, "/office/inbox", number);
  await act(officer, "pause", { kind: "expert_review", expected_days: 5 });
  run.expect((await officer.page.locator("main").first().innerText()).includes("专家评审"), "the clock stands still");
  await act(officer, "resume", {});
  await act(officer, "offer-hearing", { interested: "相邻小区业主委员会" });
  run.expect((await officer.text()).includes("听证：已告知听证权利"), "the case says how far the hearing came");
  run.expect((await officer.text()).includes("还可以要求听证"), "who was told is let ask first");

  await owner.goto(address);
  await owner.look("my-case-hearing-offered");
  await owner.press(owner.page.locator('main a[href$="/hearing"]'));
  await owner.press(owner.page.locator("main form button:not(.button-link)"));
  run.expect((await owner.page.locator(".error-summary li").count()) === 1, "an answer is asked for");
  await owner.look("my-hearing");
  await owner.fill({ answer: "request" });
  await owner.press(owner.page.locator("main form button:not(.button-link)"));
  run.expect((await owner.text()).includes("已要求听证"), "the hearing is asked for on line");

  await officer.goto(officer.page.url().split("?")[0]);
  await chooseHost(officer);
  run.expect((await officer.text()).includes("听证：已安排听证"), "the hearing is appointed");
  await officer.look("office-case-hearing");
  await act(officer, "decline-hearing", { party: "相邻小区业主委员会" });
  await claim(officer);
  await officer.press(officer.page.locator('a[href$="/assign"]'));
  await officer.look("assign");
  await officer.page.goBack();
  await officer.press(officer.page.locator('a[href$="/countersigner"]'));
  await officer.page.locator('main [name="whom"]').last().check();
  await officer.fill({ note: "深基坑方案是否可行？" });
  await officer.look("countersigner");
  await finish(officer);
  run.expect((await officer.text()).includes("加签意见还没有回来"), "the step waits for the opinion that it asked for");
  await officer.look("office-case-asked");
  await officer.press(officer.page.locator('form[action$="/drop"] button'));
  run.expect((await officer.text()).includes("已撤回加签"), "the question is taken back");

  const leader = await run.person();
  await leader.signIn("juzhang");
  await openCase(leader, "/office/cases", number);
  await act(leader, "extend", { reason: "工程毗邻轨道交通控制保护区，需要与主管部门核对。" });

  await refuse(run, "jingban", number);
  await refuse(run, "guzhang", number, "agree");
  await refuse(run, "juzhang", number);
  await openCase(clerk, "/office/cases", number);
  await act(clerk, "deliver", { method: "window", signer: "经办人本人" });
  await owner.goto(address);
  const papers = await owner.page.locator("main table").innerText();
  for (const paper of ["特别程序告知书", "听证告知书", "听证通知书", "延长期限告知书", "不予行政许可决定书", "送达回证"]) {
    run.expect(papers.includes(paper), `the applicant has the paper ${paper}`);
  }
  const notice = owner.page.locator("tr", { hasText: "听证通知书" }).locator('a[href*="/papers/"]');
  const pdf = await owner.download(notice);
  run.expect(pdf.subarray(0, 5).toString() === "%PDF-", "the hearing notice is printed");

  await holdToday(run);
});

/** Does an act of the envelope on its own page, looks at it, and gives the password where it is asked for. */
async function act(person, word, answers) {
  await person.press(person.page.locator(`.action-bar a[href$="/acts/${word}"]`));
  await person.fill(answers);
  await person.look(`act-${word}`);
  await finish(person);
}

/** Appoints the hearing under the first who may preside. */
async function chooseHost(person) {
  await person.press(person.page.locator('.action-bar a[href$="/acts/appoint-hearing"]'));
  await person.page.locator('main [name="host"]').first().check();
  await person.fill({ place: "政务服务中心三楼听证室" });
  await person.look("act-appoint-hearing");
  await finish(person);
}

/** A step of the refusal. */
async function refuse(run, login, number, outcome = "refuse") {
  const person = await run.person();
  await person.signIn(login);
  if (outcome !== "refuse") {
    await step(person, "/office/inbox", number, outcome);
  } else {
    await openCase(person, "/office/inbox", number);
    await person.press(person.page.locator('.action-bar [value="refuse"]'));
    await person.fill({ opinion: "施工场地不具备施工条件。", article: "建筑法 8(1)(3)" });
    await finish(person);
  }
  await person.page.context().close();
}

/** The demonstration has a hearing that is due today; its host records the minutes. */
async function holdToday(run) {
  for (const login of ["huiqian1", "huiqian2"]) {
    const host = await run.person();
    await host.signIn(login);
    const cases = await (await host.page.request.get("/api/v1/cases?stage=accepted")).json();
    for (const { case: id } of cases.rows) {
      const view = await (await host.page.request.get(`/api/v1/cases/${id}`)).json();
      const mine = view.acts.some(({ act, refused }) => act === "hold-hearing" && !refused);
      if (!mine) continue;
      await host.goto(`/office/cases/${id}`);
      await act(host, "hold-hearing", { minutes: "业主委员会陈述：围挡占用通道。申请人答辩：围挡后退两米。双方无其他异议。" });
      run.expect((await host.text()).includes("听证：已举行听证"), "the hearing is held and its minutes recorded");
      return;
    }
    await host.page.context().close();
  }
  run.expect(false, "a hearing is due today");
}
