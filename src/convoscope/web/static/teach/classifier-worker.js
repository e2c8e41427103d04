// The classifier beside the page: {id, task: "open", buffer} or {id, task: "ask", pixels} comes, {id, outputs} or {id,
// error} goes.

import { createClassifier } from "./classifier.js";

let classifier = null;

const TASKS = {
  open({ buffer }) {
    classifier = createClassifier(buffer);
    return { fast: Boolean(classifier.fast) };
  },
  ask: ({ pixels }) => classifier.ask(pixels),
};

self.addEventListener("message", ({ data: { id, task, ...message } }) => {
  try {
    self.postMessage({ id, outputs: TASKS[task](message) });
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
});
