// @ts-check
// What the page asks its server for, and the one way in which errors come back.

/**
 * @typedef {object} ComposeRequest What music to make; whatever is left out is the style's.
 * @property {string} style
 * @property {string} [other_style]
 * @property {number} [other_share] 0..1
 * @property {number} [bars]
 * @property {number} [tempo_bpm]
 * @property {string} [meter]
 * @property {string} [key]
 * @property {string} [form]
 * @property {number} [section_bars]
 * @property {boolean} [ending]
 * @property {number} [temperature]
 * @property {number} [density]
 * @property {number} [seed]
 * @property {number} [continues]
 */
/** @typedef {[onset: number, pitch: number, duration: number, velocity: number]} NoteRow Times in ticks. */
/** @typedef {{name: string, bundle: string, tempo_bpm: number, meter: string, pieces: number, temperature: number}} StyleRow */
/**
 * @typedef {object} PieceInfo
 * @property {number} id
 * @property {number} made Seconds since 1970.
 * @property {string} name
 * @property {boolean} starred
 * @property {ComposeRequest} request
 * @property {string} style
 * @property {number} tempo_bpm
 * @property {string} meter
 * @property {number} end_tick
 */

/** Something that the user is told in one line: at a field, if it belongs to one. */
export class PanelError extends Error {
  /**
   * @param {string} message
   * @param {string} [field] What of that which was asked for is wrong.
   */
  constructor(message, field = "") {
    super(message);
    this.field = field;
  }
}

const NO_ANSWER = "the panel does not answer: start the app or lstm-composer panel again, and it opens this page";

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
async function send(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new PanelError(NO_ANSWER);
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  throw new PanelError(said.error ?? `the panel refuses this (${response.status}): load the page anew`, said.field);
}

/**
 * Ask for something, and return the JSON that is answered; null where nothing is.
 * @param {string} path
 * @param {{method?: string, body?: unknown, signal?: AbortSignal}} [options] `body` is sent as JSON.
 * @returns {Promise<any>}
 */
export async function ask(path, { method, body, signal } = {}) {
  const response = await send(path, asJson(body, { method, signal }));
  return response.status === 204 ? null : response.json();
}

/**
 * Ask for what is answered line by line, and yield each line's JSON as it comes.
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<any, void, void>}
 */
export async function* lines(path, body, signal) {
  const response = await send(path, asJson(body, { signal }));
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch (error) {
      if (signal.aborted) throw error;
      throw new PanelError(NO_ANSWER);
    }
    if (part.done) return;
    const all = (rest + part.value).split("\n");
    rest = all.pop() ?? "";
    for (const line of all) yield JSON.parse(line);
  }
}

/**
 * Send a file as it is, and return the JSON that is answered.
 * @param {string} path
 * @param {Blob} file
 * @returns {Promise<any>}
 */
export async function upload(path, file) {
  const response = await send(path, { method: "POST", body: file });
  return response.status === 204 ? null : response.json();
}

/**
 * Fetch a file and have the browser keep it, under the name that the server gives it.
 * @param {string} path
 */
export async function download(path) {
  const response = await send(path, {});
  const named = /filename\*=utf-8''([^;]*)/i.exec(response.headers.get("content-disposition") ?? "");
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = named ? decodeURIComponent(named[1]) : "piece";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * @param {unknown} body
 * @param {RequestInit} options
 * @returns {RequestInit}
 */
function asJson(body, options) {
  if (body === undefined) return options;
  return {
    method: "POST",
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}
