// The main job, in two browsers: an enterprise applies and forgets a material, the window asks for it, the enterprise brings it, the
// officers accept, review, countersign, check and decide, the enterprise downloads its certificate, opens its address, and verifies the receipt offline.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { journey } from "./people.mjs";
import { apply, sendIn, uploadAll, visitor } from "./application.mjs";
import { claim, finish, follow, openCase, step } from "./office.mjs";

const FORGOTTEN = "contract";

await journey(async (run) => {
  const owner = await run.person();
  await owner.signIn(visitor.login);
  await apply(owner, { look: true });
  await uploadAll(owner, { without: [FORGOTTEN], look: true });
  const { number, address } = await sendIn(owner, { look: true });

  const officer = await run.person();
  await officer.signIn("chuangkou");
  await openCase(officer, "/office/desk", number);
  await officer.look("office-case-window");
  await follow(officer, "clock", "how-it-is-counted");
  run.expect((await officer.page.locator("table.day-count tr.skipped").count()) > 0, "skipped days are listed");
  await officer.page.goBack();
  await claim(officer);
  await officer.press(officer.page.locator('.action-bar [value="supplement"]'));
  await officer.look("office-supplement");
  const ticked = await officer.page.locator('input[name="item"]:checked').evaluateAll((items) => items.map((item) => item.value));
  run.expect(ticked.join() === FORGOTTEN, `the notice proposes just what lacks: ${ticked}`);
  await finish(officer);

  await owner.goto(address);
  await owner.look("my-case-supplement-asked");
  await follow(owner, "supplement", "my-supplement");
  await owner.press(owner.page.locator('main a[href*="/files/"]'));
  await uploadAll(owner, { here: true });
  await owner.press(owner.page.locator('form[action$="/supplement"] button'));
  run.expect(!owner.page.url().endsWith("/supplement"), "the supplement is sent");

  await step(officer, "/office/desk", number, "accepted");
  for (const [login, outcome] of [
    ["jingban", "countersign"],
    ["huiqian1", "agree"],
    ["huiqian2", "agree"],
    ["guzhang", "agree"],
    ["juzhang", "grant"],
  ]) {
    const next = await run.person();
    await next.signIn(login);
    if (login === "jingban") await next.look("office-inbox");
    await step(next, "/office/inbox", number, outcome);
    await next.page.context().close();
  }

  await owner.goto(address);
  await owner.look("my-case-granted");
  const certificate = owner.page.locator('a[href*="/papers/"]').last();
  const pdf = await owner.download(certificate);
  run.expect(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 10_000, `the certificate is a PDF of ${pdf.length} bytes`);
  const receipt = await owner.download(owner.page.locator('a[href$="/receipt.json"]'));
  verifyOffline(run, receipt);

  const citizen = await run.person();
  await citizen.goto(await owner.page.locator('a[href^="/verify/"]').last().getAttribute("href"));
  await citizen.look("verify-certificate");
  const words = await citizen.text();
  run.expect(words.includes("有效"), "the certificate's address says that it is valid");

  await openCase(officer, "/office/cases", number);
  await officer.look("office-case-granted");
  const entries = await officer.page.locator('.timeline a[href^="/api/v1/journal/entries/"]').count();
  run.expect(entries >= 10, `${entries} acts are told with their journal entries`);
});

/** The receipt is checked by the program alone, in an empty folder. */
function verifyOffline(run, receipt) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "receipt-"));
  const file = path.join(folder, "receipt.json");
  fs.writeFileSync(file, receipt);
  const program = process.env.JIANTONG_PROGRAM;
  if (!program) return run.expect(false, "JIANTONG_PROGRAM names the program");
  const words = execFileSync(program, ["journal", "verify-receipt", file], { cwd: folder, encoding: "utf8" });
  run.expect(words.includes("fingerprint"), "the receipt verifies offline");
  const changed = JSON.parse(receipt);
  const text = JSON.stringify(changed).replace(/("entry":")(.)/, (_, head, c) => head + (c === "A" ? "B" : "A"));
  fs.writeFileSync(file, text);
  let refused = false;
  try {
    execFileSync(program, ["journal", "verify-receipt", file], { cwd: folder, stdio: "pipe" });
  } catch {
    refused = true;
  }
  run.expect(refused, "a changed receipt is refused");
  fs.rmSync(folder, { recursive: true });
}
