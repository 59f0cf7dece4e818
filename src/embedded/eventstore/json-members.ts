/** A member of a JSON object, as it was written: numbers and members of one name are not lost, as JSON.parse loses them. */
interface JsonMember {
  readonly key: string;
  /** The text of its value. */
  readonly value: string;
  /** The text of all of it. */
  readonly text: string;
}

/** Whether the text is a JSON object. */
export function isJsonObject(json: string): boolean {
  try {
    const parsed: unknown = JSON.parse(json);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}

/** The members of a JSON object in order. `json` is known to be an object. */
export function* jsonMembers(json: string): Generator<JsonMember> {
  let [depth, inString, start, colon] = [0, false, 0, 0];
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === ':' && depth === 1) colon = at;
    if (depth === 1 && character === '{') start = at + 1;
    if ((depth === 0 && character === '}') || (depth === 1 && character === ',')) {
      const text = json.slice(start, at).trim();
      if (text !== '') yield { key: String(JSON.parse(json.slice(start, colon))), value: json.slice(colon + 1, at).trim(), text };
      start = at + 1;
    }
  }
}
