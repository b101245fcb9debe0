// What becomes of a licence by its holder's wish: altered, renewed under its number, lost and issued again, struck off; and one that silence
// renewed, because nobody answered before it ended.
import { journey } from "./people.mjs";
import { apply, sendIn, told, uploadAll, visitor } from "./application.mjs";
import { claim, openCase, step } from "./office.mjs";
import { areAllPrinted, certificate, decide, isClosed, isVerified, licences, mine, staff, today } from "./licences.mjs";

await journey(async (run) => {
  const owner = await run.person();
  await owner.signIn(visitor.login);
  const office = await staff(run, ["chuangkou", "jingban", "guzhang", "juzhang"]);
  const [kept] = await licences(run, owner);

  const altered = await later(run, owner, office, "licence-alteration", { licence_number: kept.number }, [
    ["chuangkou", "accepted"],
    ["jingban", "agree"],
    ["juzhang", "grant"],
  ]);
  run.expect(altered.number === kept.number, `the altered certificate keeps the number ${kept.number}`);
  await isVerified(run, kept, "已由同编号的新证件替换", "licence-replaced");
  await isVerified(run, altered, "石家庄示例能源有限公司", "licence-altered");

  const renewed = await later(run, owner, office, "licence-renewal", { licence_number: kept.number }, [
    ["chuangkou", "accepted"],
    ["jingban", "agree"],
    ["guzhang", "agree"],
    ["juzhang", "grant"],
  ]);
  run.expect(renewed.number === kept.number, "the renewed certificate keeps it too");
  await silence(run, owner, office);

  const again = await later(run, owner, office, "licence-reissue", { licence_number: kept.number, lost_on: today() }, [["chuangkou", "grant"]]);
  run.expect(again.number === kept.number && again.code !== renewed.code, "the certificate issued again has the number and a code of its own");
  await isVerified(run, renewed, "已由同编号的新证件替换", "licence-lost");

  await later(run, owner, office, "licence-deregistration", { licence_number: kept.number }, [
    ["chuangkou", "accepted"],
    ["jingban", "agree"],
    ["juzhang", "grant"],
  ]);
  await isVerified(run, again, "注销", "licence-deregistered");
});

/** An application about a licence one holds, through the office to its end. Gives the certificate, if it brings one. */
async function later(run, owner, office, matter, answers, steps) {
  await apply(owner, { of: told(matter, "pass", answers) });
  await uploadAll(owner);
  await owner.look(`${matter}-tasks`);
  const { number, address } = await sendIn(owner);
  for (const [login, outcome] of steps) {
    const officer = office[login];
    const list = login === "chuangkou" ? "/office/desk" : "/office/inbox";
    if (outcome === "grant") await decide(officer, list, number, outcome, matter);
    else await step(officer, list, number, outcome);
  }
  await owner.goto(address);
  const id = address.split("/").at(-1);
  await owner.page.waitForTimeout(500);
  const ending = matter === "licence-deregistration";
  const paper = ending ? undefined : await certificate(owner, id);
  if (!ending) run.expect(Boolean(paper), `${matter} brings a certificate`);
  await owner.goto(address);
  await owner.look(`${matter}-granted`);
  await areAllPrinted(run, owner);
  return paper;
}

/** Asked for in time and not answered until the licence ended: it was renewed, and the late decision can only say so. */
async function silence(run, owner, office) {
  const silent = (await mine(owner, "行政许可延续")).find((row) => row.stage === "accepted");
  run.expect(Boolean(silent), "a renewal waits that silence has answered");
  await owner.goto(`/my/cases/${silent.id}`);
  await owner.look("renewal-silent-mine");
  run.expect((await owner.text()).includes("视为准予延续"), "its applicant is told");
  for (const [login, outcome] of [["jingban", "agree"], ["guzhang", "agree"]]) await step(office[login], "/office/inbox", silent.number, outcome);
  await openCase(office.juzhang, "/office/inbox", silent.number);
  await claim(office.juzhang);
  await office.juzhang.look("renewal-silent-decide");
  await isClosed(run, office.juzhang, "refuse", "it cannot be refused any more");
}
