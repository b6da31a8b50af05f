import { API_ANSWER_BYTES, API_LIST_BYTES, API_LIST_OBJECTS, API_OBJECT_BYTES } from '../../core/plan/limits.ts';
import { TooLarge } from '../host/limited-text.ts';

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
/** Of a longer name of a field nothing is of interest. */
const NAME_BYTES = 16;

/** How much of a list is read. */
export interface ListLimits {
  readonly listBytes: number;
  readonly objectBytes: number;
  readonly restBytes: number;
  readonly objects: number;
}

const LIMITS: ListLimits = {
  listBytes: API_LIST_BYTES,
  objectBytes: API_OBJECT_BYTES,
  restBytes: API_ANSWER_BYTES,
  objects: API_LIST_OBJECTS,
};

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
  readonly #limits: ListLimits;
  #bytes = 0;
  #restBytes = 0;
  #begunBytes = 0;

  constructor(pick: (item: never) => Kept, limits: ListLimits = LIMITS) {
    this.#pick = pick;
    this.#limits = limits;
  }

  /** The JSON without the objects of `items`. */
  get rest(): string {
    return Buffer.concat(this.#rest).toString();
  }

  /**
   * Takes the next bytes.
   * @throws SyntaxError when an object is not JSON, or `items` has other elements; TooLarge; what `pick` throws
   */
  take(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.listBytes) throw new TooLarge('the list', this.#limits.listBytes);
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
            this.#keepRest(chunk.slice(from, at));
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
    if (this.#isInItems && this.#depth > OF_ITEMS) {
      this.#begunBytes += left.length;
      this.#refuseLargeObject(this.#begunBytes);
      this.#begun.push(left);
    } else this.#keepRest(left);
  }

  #inString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#isInString = false;
      return;
    }
    if (this.#depth === OF_LIST && this.#text.length < NAME_BYTES) this.#text.push(byte);
  }

  #complete(end: Uint8Array): void {
    this.#refuseLargeObject(this.#begunBytes + end.length);
    if (this.items.length >= this.#limits.objects) throw new TooLarge('the list', this.#limits.objects, 'objects');
    this.#begunBytes = 0;
    const bytes = this.#begun.length === 0 ? end : Buffer.concat([...this.#begun, end]);
    this.#begun = [];
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
    this.items.push(this.#pick(JSON.parse(text) as never));
  }

  #keepRest(bytes: Uint8Array): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > this.#limits.restBytes)
      throw new TooLarge('the list without its objects', this.#limits.restBytes);
    this.#rest.push(bytes);
  }

  #refuseLargeObject(bytes: number): void {
    if (bytes > this.#limits.objectBytes) throw new TooLarge('an object of the list', this.#limits.objectBytes);
  }

  #refuseInItems(byte: number): void {
    if (this.#isInItems && this.#depth === OF_ITEMS)
      throw new SyntaxError(`an element of items begins with ${String.fromCharCode(byte)}, not with {`);
  }
}
