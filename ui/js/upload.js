// Upload with progress. Without this script the same form posts the same way and the browser shows its own progress.
for (const form of document.querySelectorAll("form[data-island=upload]")) {
  form.addEventListener("submit", (event) => {
    const file = form.querySelector("input[type=file]");
    // Keeping the paper and taking a file away are buttons of the same form: they go the plain way.
    if (event.submitter?.name || !file?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    const most = Number(file.dataset.bytesMax);
    // Told at once, not after the line was busy for minutes.
    if (most && file.files[0].size > most) return tell(form, file.dataset.tooLarge);
    send(form);
  });
}

function tell(form, sentence) {
  const live = form.querySelector("[data-progress]");
  if (!live) return;
  live.hidden = false;
  live.querySelector("progress").hidden = true;
  live.querySelector("output").textContent = sentence;
}

function send(form) {
  const live = form.querySelector("[data-progress]");
  const bar = live?.querySelector("progress");
  const words = live?.querySelector("output");
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  if (live) live.hidden = false;
  if (bar) bar.hidden = false;
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  let told = -1;
  request.upload.onprogress = (event) => {
    if (!event.lengthComputable || !bar) return;
    const percent = Math.floor((event.loaded / event.total) * 100);
    bar.value = percent;
    // A screen reader hears every quarter, not every packet.
    if (Math.floor(percent / 25) !== told) {
      told = Math.floor(percent / 25);
      words.textContent = live.dataset.progress.replace("{0}", String(percent));
    }
  };
  request.onload = () => {
    if (request.status < 300 && request.responseURL) return location.assign(request.responseURL);
    show(request.responseText);
  };
  request.onerror = () => {
    for (const button of buttons) button.disabled = false;
    if (words) words.textContent = live.dataset.failed;
  };
  request.send(new FormData(form));
}

// A refusal is a whole page; its main part replaces ours, so that the address and the bars stay.
function show(text) {
  const answer = new DOMParser().parseFromString(text, "text/html");
  const next = answer.querySelector("main");
  if (!next) return location.reload();
  document.title = answer.title;
  document.querySelector("main").replaceWith(next);
  next.querySelector(".error-summary, h1")?.focus();
}
