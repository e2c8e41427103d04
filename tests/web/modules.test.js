// Every name that a module imports is one that the other exports: a page whose modules do not fit comes up blank.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { STATIC } from "./support.js";

const modules = readdirSync(STATIC, { recursive: true }).filter((name) => name.endsWith(".js"));
const IMPORT = /import \{([^}]*)\} from "([^"]+)"/g;

function exportsOf(address) {
  const source = readFileSync(address, "utf-8");
  const names = [...source.matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm)].map(([, name]) => name);
  for (const [, list] of source.matchAll(/^export \{([^}]*)\}/gm))
    names.push(...list.split(",").map((each) => each.trim().split(" as ").at(-1)));
  for (const [, from] of source.matchAll(/^export \* from "([^"]+)"/gm)) names.push(...exportsOf(new URL(from, address)));
  return names;
}

test("all modules import only what there is", () => {
  assert.ok(modules.length > 60);
  for (const name of modules) {
    const address = new URL(name.replaceAll("\\", "/"), STATIC);
    for (const [, list, from] of readFileSync(address, "utf-8").matchAll(IMPORT)) {
      const there = exportsOf(new URL(from, address));
      for (const each of list.split(",").map((one) => one.trim().split(" as ")[0]).filter(Boolean))
        assert.ok(there.includes(each), `${name} imports ${each} from ${from}`);
    }
  }
});
