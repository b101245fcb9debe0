// Ctrl+Enter sends what one is writing: on the page of a case with its main button, which says the consequence.
export function sendByKey(root) {
  root.addEventListener("keydown", (event) => {
    const form = event.target.form;
    if (event.key !== "Enter" || !event.ctrlKey || !form) return;
    event.preventDefault();
    const main = [...form.elements].find((button) => button.type === "submit" && !button.disabled && button.name === "outcome");
    form.requestSubmit(main);
  });
}
