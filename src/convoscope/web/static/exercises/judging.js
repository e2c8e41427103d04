// Whether an answer is right; and if not, which mistake gives just that answer.

/**
 * {right, says} of a number. `mistakes`: pairs [what one gets, what was probably done], the likeliest first; those that
 * give the right value are none.
 */
export function judgeNumber(answer, { value, tolerance = 0, mistakes = [] }) {
  if (near(answer, value, tolerance)) return { right: true, says: "" };
  const made = mistakes.filter(([wrong]) => !near(wrong, value, tolerance));
  const found = made.find(([wrong]) => near(answer, wrong, tolerance));
  if (found) return { right: false, says: found[1] };
  if (value !== 0 && near(answer, -value, tolerance)) return { right: false, says: "The size is right, but the sign is not." };
  if (Number.isInteger(value) && !tolerance && Math.abs(answer - value) === 1)
    return { right: false, says: "You are off by one. Count again, and mind both ends." };
  return { right: false, says: answer < value ? "That is too small." : "That is too large." };
}

const near = (one, other, tolerance) => Math.abs(one - other) <= tolerance + 1e-9 * Math.max(1, Math.abs(other));

/** {right, says} of the index of a choice; `feedback`: what to say of each wrong one. */
export function judgeChoice(answer, { right, feedback = [] }) {
  return { right: answer === right, says: answer === right ? "" : (feedback[answer] ?? "") };
}

/** {right, says} of a cell, [row, column]; `mistakes`: pairs [cell, says]; `otherwise` says what is wrong with all others. */
export function judgeCell(answer, { right, mistakes = [], otherwise = "" }) {
  if (same(answer, right)) return { right: true, says: "" };
  const found = mistakes.find(([cell]) => cell && same(answer, cell));
  return { right: false, says: found ? found[1] : otherwise };
}

const same = ([row, column], [otherRow, otherColumn]) => row === otherRow && column === otherColumn;

/** {right, says, wrong} of a grid of numbers; `mistakes`: pairs [grid, says]; `wrong`: the cells that are not right. */
export function judgeGrid(answer, { value, tolerance = 1e-4, mistakes = [] }) {
  const differing = (grid) => cells(grid).filter(([row, column]) => !near(answer[row][column], grid[row][column], tolerance));
  const wrong = differing(value);
  if (!wrong.length) return { right: true, says: "", wrong };
  const found = mistakes.find(([grid]) => !differing(grid).length);
  const count = cells(value).length;
  return { right: false, says: found ? found[1] : `${count - wrong.length} of ${count} values are right.`, wrong };
}

const cells = (grid) => grid.flatMap((row, y) => row.map((_, x) => [y, x]));
