// @ts-check
// Fields of a form: what is wrong with one is told beside it, and there the keyboard goes on.
import { el } from "./dom.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement | HTMLButtonElement} Control */

/**
 * Tell beside a control what is wrong with it.
 * @param {HTMLElement} control Has an id, or is given one.
 * @param {string} text
 */
export function tellAt(control, text) {
  clearAt(control);
  control.id ||= `field-${Math.random().toString(36).slice(2)}`;
  const line = el("p", { class: "field-problem", id: `${control.id}-problem` }, text);
  const field = control.closest(".field");
  if (field) field.append(line);
  else control.after(line);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", line.id);
}

/** Take away what was told of a control. @param {Element} control */
export function clearAt(control) {
  if (!control.hasAttribute("aria-invalid")) return;
  document.getElementById(`${control.id}-problem`)?.remove();
  control.removeAttribute("aria-invalid");
  control.removeAttribute("aria-describedby");
}

export class Fields {
  #form;

  /** @param {HTMLFormElement} form What is asked for by a name has that as its `data-field`. */
  constructor(form) {
    this.#form = form;
    form.noValidate = true; // the browser's own bubbles are gone after some seconds, and nobody can read them again
    form.addEventListener("input", ({ target }) => target instanceof Element && clearAt(target));
  }

  /** Whether all that is filled in can be used; what cannot is told at its field. */
  get valid() {
    const controls = /** @type {Control[]} */ ([...this.#form.elements].filter((one) => "validity" in one));
    controls.forEach(clearAt);
    const wrong = controls.filter((control) => control.willValidate && !control.validity.valid);
    for (const control of wrong) tellAt(control, wordsOf(control));
    if (wrong.length) show(wrong[0]);
    return !wrong.length;
  }

  /**
   * Tell at its field what the panel has refused.
   * @param {string} name
   * @param {string} text
   * @returns {boolean} Whether there is such a field.
   */
  refuse(name, text) {
    const control = /** @type {HTMLElement | null} */ (name ? this.#form.querySelector(`[data-field="${CSS.escape(name)}"]`) : null);
    if (!control) return false;
    tellAt(control, text);
    show(control);
    return true;
  }
}

/** Bring a control into sight, and have the keyboard go on there. @param {HTMLElement} control */
function show(control) {
  const more = control.closest("details");
  if (more) more.open = true;
  control.focus();
}

/** What is wrong with a control, and what is allowed. @param {Control} control */
function wordsOf(control) {
  if (control.dataset.allowed) return `Allowed is ${control.dataset.allowed}.`;
  if (control instanceof HTMLInputElement && control.type === "number") {
    return `${control.step === "any" ? "A number" : "A whole number"} from ${control.min} to ${control.max}, please.`;
  }
  if (control.validity.valueMissing) return "Please fill this in.";
  return control.validationMessage;
}
