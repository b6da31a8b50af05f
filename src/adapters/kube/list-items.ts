const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const SPACE = 0x20;

/** Depth of the fields of a list, of the elements of its `items`, and of the fields of an element. */
const OF_LIST = 1;
const OF_ITEMS = 2;

/**
 * Reads the JSON of a Kubernetes list as it arrives. Each object of its `items` is parsed as soon as it is complete, and nothing is
 * kept of it but what `pick` returns: a page of 500 Pods never exists as a whole. The JSON without these objects is in `rest`.
 */
export class ListItems<Kept> {
  readonly items: Kept[] = [];
  readonly #pick: (item: never) => Kept;
  readonly #rest: Uint8Array[] = [];
  /** Pieces of the object that is under way, from earlier chunks. */
  #begun: Uint8Array[] = [];
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** A string among the fields of the list: its name, when a colon follows. */
  #text: number[] = [];
  #field = '';
  #isInItems = false;

  constructor(pick: (item: never) => Kept) {
    this.#pick = pick;
  }

  /** The JSON without the objects of `items`. */
  get rest(): string {
    return Buffer.concat(this.#rest).toString();
  }

  /** Takes the next bytes. @throws SyntaxError when an object is not JSON, or `items` has other elements; what `pick` throws */
  take(chunk: Uint8Array): void {
    // Where what is under way begins in this chunk: an object of `items`, or what is between two of them.
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#isInString) {
        this.#inString(byte);
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#isInString = true;
          this.#refuseInItems(byte);
          if (this.#depth === OF_LIST) this.#text = [];
          break;
        case COLON:
          if (this.#depth === OF_LIST) this.#field = String.fromCharCode(...this.#text);
          break;
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          if (this.#isInItems && this.#depth === OF_ITEMS) {
            if (byte === OPEN_ARRAY) this.#refuseInItems(byte);
            this.#rest.push(chunk.slice(from, at));
            from = at;
          }
          this.#depth++;
          if (byte === OPEN_ARRAY && this.#depth === OF_ITEMS && this.#field === 'items') this.#isInItems = true;
          break;
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          this.#depth--;
          if (!this.#isInItems) break;
          if (this.#depth === OF_ITEMS) {
            this.#complete(chunk.subarray(from, at + 1));
            from = at + 1;
          } else if (this.#depth < OF_ITEMS) this.#isInItems = false;
          break;
        default:
          if (byte > SPACE && byte !== COMMA) this.#refuseInItems(byte);
          // Commas between objects are left out of the rest, which has none of them.
          if (byte === COMMA && this.#isInItems && this.#depth === OF_ITEMS) from = at + 1;
      }
    }
    // The chunk is not kept: its memory may be used again.
    const left = chunk.slice(from);
    if (this.#isInItems && this.#depth > OF_ITEMS) this.#begun.push(left);
    else this.#rest.push(left);
  }

  #inString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#isInString = false;
      return;
    }
    if (this.#depth === OF_LIST) this.#text.push(byte);
  }

  #complete(end: Uint8Array): void {
    const bytes = this.#begun.length === 0 ? end : Buffer.concat([...this.#begun, end]);
    this.#begun = [];
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
    this.items.push(this.#pick(JSON.parse(text) as never));
  }

  #refuseInItems(byte: number): void {
    if (this.#isInItems && this.#depth === OF_ITEMS)
      throw new SyntaxError(`an element of items begins with ${String.fromCharCode(byte)}, not with {`);
  }
}
