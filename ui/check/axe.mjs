// Opens addresses at 1440 and 360 px and examines each (look.mjs); their weight too. Exits 1 when any page fails.
//   node check/axe.mjs [--out DIR] [--public-kb N] [--office-kb N] [--cookie name=value] URL…
import { VIEWS, examine, launch, picture, watch } from "./look.mjs";

const options = { out: "", "public-kb": "60", "office-kb": "120", cookie: "" };
const urls = [];
for (let rest = process.argv.slice(2); rest.length; ) {
  const [first, second, ...more] = rest;
  if (first.startsWith("--")) {
    options[first.slice(2)] = second;
    rest = more;
  } else {
    urls.push(first);
    rest = rest.slice(1);
  }
}
if (!urls.length) {
  console.error("usage: node check/axe.mjs [--out DIR] URL…");
  process.exit(2);
}

const browser = await launch();
let failed = 0;
for (const url of urls) for (const view of VIEWS) failed += (await check(url, view)) ? 0 : 1;
await browser.close();
console.log(failed ? `${failed} of ${urls.length * VIEWS.length} views failed` : `${urls.length * VIEWS.length} views passed`);
process.exit(failed ? 1 : 0);

async function check(url, view) {
  const context = await browser.newContext({ viewport: { width: view.width, height: view.height } });
  if (options.cookie) {
    const [name, value] = options.cookie.split("=");
    await context.addCookies([{ name, value, url }]);
  }
  const page = await context.newPage();
  const faults = watch(page, new URL(url).host);
  let bytes = 0;
  let requests = 0;
  page.on("request", () => (requests += 1));
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  network.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  const answer = await page.goto(url, { waitUntil: "load" });
  await page.waitForTimeout(200);
  const office = await page.evaluate(() => document.body.classList.contains("office"));
  const budget = Number(office ? options["office-kb"] : options["public-kb"]) * 1024;
  if (bytes > budget) faults.push(`weighs ${bytes} bytes, budget ${budget}`);
  const name = new URL(url).pathname.replace(/^\/+/, "").replaceAll("/", "-") || "home";
  const seen = await examine(page);
  faults.push(...seen.faults);
  // The picture comes last: taking it leaves style attributes behind.
  await picture(page, options.out, `${name}-${view.tag}`);
  const verdict = faults.length ? "FAIL" : "ok";
  console.log(`${verdict} ${answer.status()} ${view.tag} ${url} ${requests} requests ${bytes} bytes, ${seen.passed} axe rules passed`);
  for (const fault of faults) console.log(`     ${fault}`);
  await context.close();
  return !faults.length;
}
