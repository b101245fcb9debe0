// The error summary takes the focus, so that a screen reader starts with what has to be changed.
export function focusErrors(root) {
  const summary = root.querySelector(".error-summary");
  if (summary && !summary.dataset.seen) {
    summary.dataset.seen = "1";
    summary.focus();
  }
}
