/** What the parts of the test console share. Its sentences stand in data-text-… of #test. */

export const part = (id) => document.getElementById(id);
export const root = part("test");
export const say = root?.dataset;
export const grouped = new Intl.NumberFormat();

export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, place) => values[place]);
export const bytesOf = (text) => new TextEncoder().encode(text).length;
export const copyOf = (template) => part(template).content.firstElementChild.cloneNode(true);

/** @param {{ href: string, label: string } | undefined} link  To where somebody finds more. */
export function away({ href, label }) {
  const attributes = { href, textContent: label, className: "underline", target: "_blank" };
  return Object.assign(document.createElement("a"), attributes);
}

export function notify(sentence = "", link = undefined) {
  part("notice").replaceChildren(sentence, ...(link ? [" ", away(link)] : []));
}

export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** What the console answers; throws an Error with a sentence. */
export async function ask(url, options) {
  const response = await fetch(url, { redirect: "manual", ...options }).catch(() => null);
  if (response?.ok) return response;
  if (response?.headers.get("Content-Type")?.startsWith("application/json")) {
    throw new Error((await response.json()).error);
  }
  // A redirect, which has no status here, leads to the sign-in page.
  throw new Error([0, 403].includes(response?.status) ? say.textOut : say.textUnanswered);
}
