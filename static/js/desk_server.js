// How the desk talks to the server: JSON both ways, and two kinds of trouble the callers tell apart.

/** The server did not answer, or not as itself: try again later, nothing was changed as far as we know. */
export class Away extends Error {}

/** The server said no, with words for the person. */
export class Refused extends Error {}

async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, { ...options, redirect: "manual", headers: { Accept: "application/json", ...options.headers } });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Away();
  }
  if (answer.type === "opaqueredirect" || answer.status >= 500) throw new Away(); // a sign-in page is no answer either
  const said = await answer.json().catch(() => null);
  if (answer.ok && said) return said;
  if (said?.error) throw new Refused(said.error);
  throw new Away();
}

export function get(url, parameters, signal) {
  return ask(`${url}?${new URLSearchParams(parameters)}`, { signal });
}

/** Fields: an object of texts and numbers. */
export function post(url, fields = {}) {
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  return ask(url, { method: "POST", body: new URLSearchParams(fields), headers: token });
}
