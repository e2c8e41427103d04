// A model beside the page: {id, task, ...} comes, {id, outputs} or {id, error} goes. Outputs are copies, handed over.

import { Service } from "./service.js";

const service = new Service();

self.addEventListener("message", ({ data: { id, ...message } }) => {
  try {
    const outputs = service.answer(message).outputs.map(({ data, shape }) => ({ data: data.slice(), shape }));
    self.postMessage(
      { id, outputs },
      outputs.map(({ data }) => data.buffer),
    );
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
});
