// What is said of the pictures that excite a filter, beside real images.

import assert from "node:assert/strict";
import test from "node:test";
import { words } from "../../src/convoscope/web/static/explorer/exciting.js";

const reaching = (...values) => values.map((reached) => ({ reached }));

test("the images are called what they are, and those below the best picture are counted", () => {
  const training = { part: "training" };
  assert.equal(
    words(reaching(2, 5), reaching(7, 4, 1), training),
    "The strongest of 3 training images reaches 7. The best picture reaches 5, more than 2 of them.",
  );
  assert.match(words(reaching(9), reaching(7), { part: "test" }), /^The strongest of 1 test image .* more than all of them: no real image/);
  assert.equal(words(reaching(9), [], training), "There are no images to compare with.");
});
