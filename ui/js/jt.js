// Loaded on every page. Every page works without it: it moves the focus, guards against a double click and warns before a session ends.
import { fillPhrases, offerPrinting } from "./case.js";
import { focusErrors } from "./errors.js";
import { sendByKey } from "./keys.js";
import { watchSession } from "./session.js";
import { guardSubmit } from "./submit.js";

focusErrors(document);
guardSubmit(document);
fillPhrases(document);
offerPrinting(document);
sendByKey(document);
for (const banner of document.querySelectorAll("[data-island=session]")) watchSession(banner);
