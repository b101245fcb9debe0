// What officers do with a case, on its page.

/** Opens the case in a list of the office. */
export async function openCase(officer, list, number) {
  await officer.goto(`${list}?q=${encodeURIComponent(number)}`);
  await officer.press(officer.page.locator("table a").filter({ hasText: number }));
}

/** Takes the task, if it must be taken. */
export async function claim(officer) {
  const button = officer.page.locator('button[formaction$="/claim"]');
  if (await button.count()) await officer.press(button);
}

/** Follows a link of the page and looks where it leads. */
export async function follow(person, ending, name) {
  await person.press(person.page.locator(`main a[href$="/${ending}"]`));
  await person.look(name);
}

/** Opens the case, takes the task, writes an opinion and chooses the outcome. */
export async function step(officer, list, number, outcome) {
  await openCase(officer, list, number);
  await claim(officer);
  await officer.fill({ opinion: "材料齐全，符合法定形式，拟同意。" });
  await officer.press(officer.page.locator(`.action-bar [value="${outcome}"]`));
  await again(officer);
  const said = await officer.page.locator(".error-summary li").allInnerTexts();
  officer.journey.expect(officer.page.url().includes("done="), `${outcome} is done ${said}`);
}

/** Sends the form of an outcome's own page. */
export async function finish(officer) {
  await officer.press(officer.page.locator("main form button:not(.button-link)"));
  await again(officer);
  officer.journey.expect(officer.page.url().includes("done="), "the outcome is done");
}

/** Gives the password again where a decision asks for it. */
async function again(officer) {
  if (!(await officer.page.locator('input[name="password"]').count())) return;
  await officer.look("password-again");
  await officer.fill({ password: "jiantong-demo-2026" });
  await officer.press(officer.page.locator("main form button:not(.button-link)"));
}
