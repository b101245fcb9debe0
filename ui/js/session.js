// Shows the banner some minutes before the session ends for lack of use, and keeps the session when asked to.
export function watchSession(banner) {
  const form = banner.querySelector("form");
  const [seconds, warn, idle] = ["seconds", "warn", "idle"].map((name) => Number(banner.dataset[name]));
  let timer;
  const wait = (seconds) => {
    banner.hidden = true;
    clearTimeout(timer);
    timer = setTimeout(() => (banner.hidden = false), Math.max(0, seconds - warn) * 1000);
  };
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    delete form.dataset.sent;
    if (answer.ok || answer.type === "opaqueredirect") wait(idle);
    else form.submit();
  });
  wait(seconds);
}
