/**
 * The keys of the object that `json` is, in the order of the text. `JSON.parse` cannot tell: it keeps the last of two
 * equal keys, and puts keys that look like numbers first.
 * @param json - text that `JSON.parse` has accepted, and found to be an object.
 */
export function keysOfObject(json: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let expectKey = false;
  for (let i = 0; i < json.length; i++) {
    switch (json[i]) {
      case '"': {
        const start = i++;
        for (; json[i] !== '"'; i++) if (json[i] === '\\') i++;
        if (expectKey && depth === 1) keys.push(JSON.parse(json.slice(start, i + 1)) as string);
        expectKey = false;
        break;
      }
      case '{':
        depth++;
        expectKey = true;
        break;
      case '[':
        depth++;
        break;
      case '}':
      case ']':
        depth--;
        break;
      case ',':
        expectKey = true; // in arrays too, but those are deeper than 1
        break;
    }
  }
  return keys;
}
