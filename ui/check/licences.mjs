// What the journeys of a licence's later life share: the licences that the visitor holds, what their public address says, and decisions.
import { claim, finish, openCase } from "./office.mjs";

/** The matter of public safety of which the visitor holds licences. */
export const SAFE = "gas-business-licence";

/** Everybody whom such a case needs, signed in. */
export async function staff(run, logins) {
  const office = {};
  for (const login of logins) {
    office[login] = await run.person();
    await office[login].signIn(login);
  }
  return office;
}

/** The certificates that the visitor holds of the matter of public safety, once they are printed. */
export async function licences(run, owner) {
  const held = [];
  for (const { id } of await mine(owner, "燃气经营许可证核发")) held.push(await certificate(owner, id));
  run.expect(held.length === 2 && held.every(Boolean), `the visitor holds ${held.map((one) => one?.number)}`);
  return held;
}

/** The day in China. */
export function today() {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date());
}

/** What the interface answers. */
export async function json(person, address) {
  return (await person.page.request.get(address)).json();
}

/** One's cases of a matter. */
export async function mine(owner, matter) {
  const { rows } = await json(owner, "/api/v1/my/cases");
  return rows.filter((row) => row.matter.zh === matter);
}

/** The last certificate of a case, once its paper is printed: a moment after the decision. */
export async function certificate(owner, id) {
  for (let n = 0; n < 20; n += 1) {
    const { notices } = await json(owner, `/api/v1/my/cases/${id}`);
    const found = notices.filter((notice) => notice.kind === "certificate" && notice.rendered).at(-1);
    if (found) return found;
    await owner.page.waitForTimeout(500);
  }
  return undefined;
}

/** Every paper of the case whose page is open can be printed. */
export async function areAllPrinted(run, person) {
  const links = person.page.locator('main a[href*="/papers/"]');
  const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  for (const address of addresses) {
    const answer = await person.page.request.get(address);
    const begins = (await answer.body()).subarray(0, 5).toString();
    run.expect(answer.status() === 200 && begins === "%PDF-", `${decodeURIComponent(address.split("/").at(-1))} is printed`);
  }
}

/** What the public page of a paper says of it. */
export async function isVerified(run, paper, word, name) {
  const citizen = await run.person();
  await citizen.goto(`/verify/${encodeURIComponent(paper.number)}?code=${paper.code}`);
  await citizen.look(`verify-${name}`);
  run.expect((await citizen.text()).includes(word), `${name}: its address says ${word}`);
  await citizen.page.context().close();
}

/** The decision, looked at before it is taken; where it asks for a reason and an article it has a page of its own. */
export async function decide(officer, list, number, outcome, name) {
  await openCase(officer, list, number);
  await claim(officer);
  await officer.look(`${name}-decide`);
  await officer.fill({ opinion: "符合法定条件。" });
  await officer.press(officer.page.locator(`.action-bar [value="${outcome}"]`));
  await reasoned(officer, "经审查，情形属实，符合法定条件。", "行政许可法 70", name);
}

/** The outcome is grey, and the page says why. */
export async function isClosed(run, officer, outcome, what) {
  const button = officer.page.locator(`.action-bar [value="${outcome}"]`);
  run.expect(await button.isDisabled(), what);
  run.expect((await officer.text()).includes(`${await button.innerText()}：`), "and the page says why");
}

/** Where an outcome asks for more: reason, article, password. */
export async function reasoned(officer, opinion, article, name) {
  const own = officer.page.locator('main input[name="own_page"]');
  if ((await own.count()) && !(await officer.page.locator('input[name="password"]').count())) {
    await officer.fill({ opinion, article });
    if (name) await officer.look(`${name}-outcome`);
  }
  if (!officer.page.url().includes("done=")) await finish(officer);
}
