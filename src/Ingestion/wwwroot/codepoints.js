const STEP = 1024;
const SURROGATES = /[\ud800-\udfff]/;

/**
 * Turns offsets in Unicode code points, which the service speaks, into offsets in UTF-16 units, which strings have here.
 * One pass over the text notes where every 1024th code point is; a question walks at most that far.
 */
export class CodePoints {
  #text;
  #marks = null;
  length;

  constructor(text) {
    this.#text = text;
    this.length = text.length;
    if (!SURROGATES.test(text)) return;
    this.#marks = [0];
    let points = 0;
    for (let unit = 0; unit < text.length; points++) {
      if (points > 0 && points % STEP === 0) this.#marks.push(unit);
      unit += width(text, unit);
    }
    this.length = points;
  }

  toUnits(point) {
    if (point >= this.length) return this.#text.length;
    if (this.#marks === null) return point;
    let unit = this.#marks[Math.floor(point / STEP)];
    for (let left = point % STEP; left > 0; left--) unit += width(this.#text, unit);
    return unit;
  }
}

function width(text, unit) {
  return text.codePointAt(unit) > 0xffff ? 2 : 1;
}
