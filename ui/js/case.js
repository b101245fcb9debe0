// The case page: a stock phrase goes into the opinion without a new page, after what is written there; the print button prints.
export function fillPhrases(root) {
  const opinion = root.querySelector("#opinion");
  for (const phrase of opinion ? root.querySelectorAll(".phrases a") : []) {
    phrase.addEventListener("click", (event) => {
      event.preventDefault();
      const written = opinion.value.trim();
      opinion.value = written ? `${written}\n${phrase.textContent}` : phrase.textContent;
      opinion.focus();
    });
  }
}

export function offerPrinting(root) {
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}
