/** The part of JSON Schema that the generated schemas use. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** One field of a file: where it is, what it may be, and what it is for. */
interface Field {
  readonly path: string;
  readonly allowed: string;
  readonly preset: string;
  readonly description: string;
}

/** The fields of a kind of file as a Markdown table, in the order of its schema. */
export function fieldTable(schema: unknown): string {
  const rows = fieldsOf('', schema as Schema, true).map(
    ({ path, allowed, preset, description }) => `| \`${path}\` | ${allowed} | ${preset} | ${description} |`,
  );
  return ['| field | allowed | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function fieldsOf(path: string, schema: Schema, required: boolean): readonly Field[] {
  const own: readonly Field[] =
    path === ''
      ? []
      : [
          {
            path,
            allowed: cell(allowedText(schema)),
            preset: cell(defaultText(schema, required)),
            description: cell(schema.description ?? ''),
          },
        ];
  return [...own, ...childrenOf(path, schema)];
}

function childrenOf(path: string, schema: Schema): readonly Field[] {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    fieldsOf(below(name), child, schema.required?.includes(name) === true),
  );
  const { additionalProperties: values, items } = schema;
  const named = typeof values === 'object' ? childrenOf(below('<name>'), values) : [];
  const listed = items !== undefined && !isList(items) ? childrenOf(`${path}[]`, items) : [];
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((variant) => childrenOf(path, variant));
  return [...properties, ...named, ...listed, ...variants];
}

function allowedText(schema: Schema): string {
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (variants.length > 0) return [...new Set(variants.map(allowedText))].join(', or ');
  if (schema.const !== undefined) return `\`${valueText(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${valueText(value)}\``).join(', ');
  switch (schema.type) {
    case 'integer':
      return rangeText('a whole number', schema);
    case 'number':
      return rangeText('a number', schema);
    case 'boolean':
      return '`true`, `false`';
    case 'array':
      return listText(schema);
    case 'object':
      return schema.properties === undefined && typeof schema.additionalProperties === 'object'
        ? `a map of names; each value: ${allowedText(schema.additionalProperties)}`
        : 'a map';
    case 'string':
      return schema.pattern === undefined ? 'a text' : `a text that matches \`${schema.pattern}\``;
    default:
      return 'any value';
  }
}

function listText({ items, minItems }: Schema): string {
  const least = minItems === undefined || minItems === 0 ? '' : `, at least ${minItems}`;
  if (items === undefined) return `a list${least}`;
  return isList(items)
    ? `a list of ${items.length}: ${items.map(allowedText).join('; ')}`
    : `a list${least}; each entry: ${allowedText(items)}`;
}

function rangeText(what: string, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const low =
    minimum === undefined ? (exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`) : `from ${minimum}`;
  const high =
    maximum === undefined ? (exclusiveMaximum === undefined ? '' : `below ${exclusiveMaximum}`) : `to ${maximum}`;
  return [what, low, high].filter((part) => part !== '').join(' ');
}

function defaultText(schema: Schema, required: boolean): string {
  if (schema.default === undefined) return required ? 'required' : '';
  const text = JSON.stringify(schema.default);
  // A map or list of defaults: its fields say theirs.
  return text === '{}' || text === '[]' || text === '""' ? '' : `\`${text}\``;
}

function isList(items: Schema | readonly Schema[]): items is readonly Schema[] {
  return Array.isArray(items);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
