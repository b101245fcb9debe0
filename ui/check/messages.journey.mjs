// Messages that leave the house: the applicant says how to be told, is asked for a supplement, and gets a mail and an SMS of it from a node of
// this journey's own, whose mail server and gateway are real. The proof stands in the case; what is refused for ever waits for an administrator.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { journey } from "./people.mjs";
import { apply, sendIn, uploadAll, visitor } from "./application.mjs";
import { claim, finish, openCase, step } from "./office.mjs";
import { gateway, mailServer } from "./sinks.mjs";

const KEY = "only the gateway knows this";
const EMAIL = "owner@example.invalid";

await journey(async (run) => {
  const [mail, sms] = [await mailServer(), await gateway(KEY)];
  const node = await start(mail, sms);
  try {
    await walk(run, node, mail, sms);
  } finally {
    await node.stop();
  }
});

async function walk(run, { url: baseURL }, mail, sms) {
  const owner = await run.person({ baseURL });
  await owner.signIn(visitor.login);
  await wishes(run, owner);

  await apply(owner);
  await uploadAll(owner, { without: ["contract"] });
  const { number, address } = await sendIn(owner);
  const clerk = await run.person({ baseURL });
  await clerk.signIn("chuangkou");
  await openCase(clerk, "/office/desk", number);
  await claim(clerk);
  await clerk.press(clerk.page.locator('.action-bar [value="supplement"]'));
  await finish(clerk);

  await until(owner, () => mail.mails.length > 0 && sms.posted.length > 0);
  const [letter] = mail.mails;
  run.expect(letter?.to.join() === EMAIL, `the mail goes to ${letter?.to}`);
  run.expect(decoded(letter?.text ?? "").includes(number), "it names the case");
  const [short] = sms.posted;
  run.expect(short?.to === "+8610012345678" && short.text.includes(number), `the SMS says: ${short?.text}`);
  run.expect(short?.template === "supplement-asked" && sms.unsigned === 0, "it is signed and names its template");
  run.expect((letter?.text ?? "").includes(short?.key.replace(/-\d+$/, "")), "both tell of one entry of the journal");
  run.expect(!short?.text.includes(visitor.form.contact_name), "no value of a person is in it");

  await openCase(clerk, "/office/cases", number);
  await clerk.page.locator(".timeline").scrollIntoViewIfNeeded();
  const told = await clerk.text();
  run.expect(told.includes("queued as M1") && told.includes("sms-1"), "the proof of either stands in the timeline");
  await clerk.look("case-messages-delivered");

  // The address is gone: refused for ever, given up with its reason, sent again once it is there.
  mail.refused = [EMAIL];
  await owner.goto(address);
  await owner.press(owner.page.locator('main a[href$="/supplement"]'));
  await owner.press(owner.page.locator('main a[href*="/files/"]'));
  await uploadAll(owner, { here: true });
  await owner.press(owner.page.locator('form[action$="/supplement"] button'));
  await step(clerk, "/office/desk", number, "accepted");
  await deadLetter(run, baseURL, mail, number);

  await openCase(clerk, "/office/cases", number);
  const history = await clerk.text();
  run.expect(history.includes("通知未送出") && history.includes("重新发送通知"), "the case tells of both");
  await clerk.look("case-messages-again");
}

/** The page on which one says how to be told: what is wrong is named, what was typed stays, the language is one's own. */
async function wishes(run, owner) {
  await owner.goto("/account");
  await owner.press(owner.page.locator('main a[href="/account/contact"]'));
  await owner.look("contact");
  const send = () => owner.press(owner.page.locator('form[action="/account/contact"] button'));
  await owner.fill({ email: "owner@", mobile: "123", wishes: ["email", "sms"] });
  await send();
  run.expect((await owner.page.locator(".error-summary li").count()) === 2, "both mistakes are named");
  run.expect((await owner.page.locator('[name="email"]').inputValue()) === "owner@", "what was typed is still there");
  await owner.look("contact-wrong");
  await owner.fill({ email: "owner@example.com", mobile: "13800138000" });
  await send();
  run.expect((await owner.text()).includes(".invalid"), "a demonstration takes only addresses that reach nobody");
  await owner.fill({ email: "", mobile: "" });
  await send();
  run.expect((await owner.page.locator(".error-summary li").count()) === 2, "a wish without an address is named");

  await owner.goto("/settings?lang=en&to=/account/contact");
  await owner.goto("/account/contact");
  run.expect((await owner.page.locator("html").getAttribute("lang")) === "en", "the page speaks English when asked to");
  await owner.look("contact-en");
  await owner.goto("/settings?lang=zh-CN&to=/account/contact");
  await owner.goto("/account/contact");
  await owner.fill({ email: EMAIL, mobile: "100 1234 5678", wishes: ["email", "sms"], language: "zh-CN" });
  await send();
  run.expect(owner.page.url().includes("done=contact"), "it is saved");
  run.expect((await owner.page.locator('[name="mobile"]').inputValue()) === "10012345678", "the number in one spelling");
  await owner.look("contact-saved");
}

/** The administrator finds what was given up, with its reason, and has it tried again. */
async function deadLetter(run, baseURL, mail, number) {
  const administrator = await run.person({ baseURL });
  await administrator.signIn("xitong");
  const row = administrator.page.locator("tr", { hasText: number });
  await until(administrator, async () => {
    await administrator.goto("/office/messages");
    return (await row.count()) > 0;
  });
  run.expect((await row.innerText()).includes("550"), "the dead letter says why");
  await administrator.look("messages-dead");
  [mail.refused, mail.busy] = [[], true];
  await administrator.press(row.locator("button"));
  await administrator.look("messages-again-password");
  await administrator.fill({ password: "jiantong-demo-2026" });
  await administrator.press(administrator.page.locator("main form button:not(.button-link)"));
  run.expect(administrator.page.url().includes("done=requeued"), "it waits to be sent again");
  await until(administrator, async () => {
    await administrator.goto("/office/messages");
    return (await administrator.text()).includes("小时");
  });
  run.expect((await administrator.text()).includes("0 小时 0 分钟"), "the queue says how long it has waited");
  await administrator.look("messages-waiting");
  mail.busy = false;
  await until(administrator, () => mail.mails.length > 1);
  run.expect(mail.mails.length === 2, "it goes out once the address is there");
  await until(administrator, async () => {
    await administrator.goto("/office/messages");
    return (await row.count()) === 0;
  });
  run.expect((await row.count()) === 0, "and the list of what was given up is empty");
}

/** Waits for something that the node does by itself, half a minute at most. */
async function until(person, holds) {
  for (let n = 0; n < 60; n += 1) {
    if (await holds()) return;
    await person.page.waitForTimeout(500);
  }
}

/** The words of a mail, whatever its encoding. */
function decoded(text) {
  const [, body = ""] = text.split(/\n\n([^]*)/);
  if (/^content-transfer-encoding: base64/im.test(text)) return Buffer.from(body, "base64").toString();
  const bytes = body.replace(/=\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}

/** A node of this journey's own, which knows the mail server and the gateway. */
async function start(mail, sms) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "messages-"));
  const file = (name, text) => {
    fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
    return path.join(folder, name);
  };
  const config = [
    `[mail]\nurl = "${mail.url}"\nfrom = "Jiantong <noreply@js.example.invalid>"`,
    `[sms]\nurl = "${sms.url}"\nkey-file = "${file("key", `${KEY}\n`)}"`,
    "[messages]\ntries = 30\nfirst-wait-seconds = 1\nlongest-wait-seconds = 2\ntimeout-seconds = 5",
  ];
  const options = ["--config", file("node.toml", config.join("\n")), "--data", path.join(folder, "data")];
  const program = spawn(process.env.JIANTONG_PROGRAM, ["demo", "--listen", "127.0.0.1:0", "--scale", "0.001", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((over) => program.once("exit", over));
  const lines = createInterface({ input: program.stdout });
  const url = await new Promise((found, fail) => {
    lines.on("line", (line) => line.includes("http://127.0.0.1:") && found(line.match(/http:\/\/127\.0\.0\.1:\d+/)[0]));
    program.once("exit", () => fail(new Error("the node ended before it named its address")));
  });
  const stop = async () => {
    program.kill();
    await ended;
    fs.rmSync(folder, { recursive: true, force: true });
  };
  return { url, stop };
}
