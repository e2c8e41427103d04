// Numbers in exercises' sentences and equations.

import { number } from "../shared/format.js";

/** "+ 3", "− 3": a number that goes on a sum. */
export const sign = (value) => `${value < 0 ? "−" : "+"} ${number(Math.abs(value), 4)}`;

const inBrackets = (value) => (value < 0 ? `(${number(value, 4)})` : number(value, 4));

/** "4 × (−1)". */
export const times = (one, other) => `${inBrackets(one)} × ${inBrackets(other)}`;

/** A kernel as the filter lab's address has it. */
export const kernelAddress = (rows) => rows.map((row) => row.map((value) => String(Number(value.toPrecision(9)))).join(",")).join("/");

/** "26 × 26 × 64", "10". */
export const shapeText = (shape) => shape.map((size) => size.toLocaleString("en")).join(" × ");

/** "row 2, column 0", as everywhere on the pages counted from 0. */
export const placeText = ([row, column]) => `row ${row}, column ${column}`;
