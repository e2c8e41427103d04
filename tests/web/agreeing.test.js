// What the pages display of an equation gives what they display as its result: the page's own styles, held to arithmetic
// that is done here with what a person reads.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STATIC } from "./support.js";

const load = (name) => import(new URL(name, STATIC));
const { agreeing, decimal, decimalsOf, gives, product, read, significant, sum } = await load("shared/agreeing.js");
const { softmaxStyles } = await load("explorer/softmax.js");
const { percent, value } = await load("explorer/words.js");

/** The same numbers in every run (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const next = numbers(18);
const between = (low, high) => low + (high - low) * next();
/** A written number and its last place: what a person reads, and how exact that is. */
const shown = (text) => Number(text.replaceAll("−", "-"));
const near = (text, found) => Math.abs(shown(text) - found) <= 0.5000001 * 10 ** -decimalsOf(text);

describe("an equation as it is displayed", () => {
  test("nine products add up to the sum, though each is small", () => {
    for (let round = 0; round < 300; round++) {
      const scale = 10 ** between(-4, 2);
      const terms = Array.from({ length: 9 }, () => Math.fround(between(-scale, scale)));
      const style = agreeing(decimal(decimalsOf(value(sum(...terms)))), gives(terms, sum, value));
      const texts = terms.map(style);
      assert.ok(!texts.includes("0"), `${terms} as ${texts}`);
      assert.ok(near(value(sum(...terms)), sum(...texts.map(shown))), `${texts} = ${value(sum(...terms))}`);
    }
  });

  test("two factors give their product", () => {
    let [right, most] = [0, 0];
    for (let round = 0; round < 500; round++) {
      const [a, b] = [Math.fround(between(-2, 2)), Math.fround(between(-0.3, 0.3))];
      const style = agreeing(significant(value), gives([a, b], product, value));
      right += near(value(a * b), shown(style(a)) * shown(style(b)));
      most = Math.max(most, style(a).replace(/^−?0?\.?0*/, "").length);
    }
    assert.equal(right, 500);
    assert.ok(most <= 7, `${most} characters`);
  });

  test("0.02 × 0.11 is not 0", () => {
    const style = agreeing(significant(value), gives([0.02, 0.11], product, value));
    assert.deepEqual([style(0.02), style(0.11), value(0.0022)], ["0.02", "0.11", "0.002"]);
  });

  test("exponents and minus signs are read back", () => {
    for (const style of [...significant(value), ...decimal(3)])
      for (const x of [0, -1.5, 3e-7, -4.25e9, 12345.678, -0.00049])
        assert.ok(x === 0 ? read(style(x)) === 0 : Math.abs(read(style(x)) / x - 1) < 0.21, `${x} as ${style(x)}`);
  });
});

describe("softmax as it is displayed", () => {
  test("leads from scores to powers to shares, each column adding up", () => {
    for (let round = 0; round < 60; round++) {
      const count = 2 + Math.floor(next() * 30);
      const scores = Array.from({ length: count }, () => between(-6, 6));
      const top = Math.max(...scores);
      const powers = scores.map((score) => Math.exp(score - top));
      const total = sum(...powers);
      const own = Math.floor(next() * count);
      const { score, power, total: whole, share } = softmaxStyles({ scores, top, powers, sum: total, own });
      const listed = [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, Math.min(10, count));
      if (count <= 10) assert.ok(near(whole(total), sum(...powers.map((each) => shown(power(each))))));
      for (const i of listed) {
        const [written, of] = [shown(power(powers[i])), shown(whole(total))];
        assert.equal(share(written / of), share(powers[i] / total));
        assert.equal(power(Math.exp(shown(score(scores[i])) - shown(score(top)))), power(powers[i]));
      }
    }
  });

  test("1 of 1.0071 is 99.3 %, and so it is written", () => {
    const scores = [0, Math.log(0.0071)];
    const { power, total, share } = softmaxStyles({ scores, top: 0, powers: [1, 0.0071], sum: 1.0071, own: 0 });
    assert.equal(share(1 / 1.0071), "99.3 %");
    assert.equal(percent(shown(power(1)) / shown(total(1.0071))), "99.3 %");
  });
});
