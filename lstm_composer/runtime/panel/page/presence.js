// @ts-check
// Whether the panel still answers: asked now and then, and told in a line that stays for as long as it does not.
import { el } from "./dom.js";

const LOOK_MILLISECONDS = 3000;
const SILENT = "The panel does not answer: start it again as before, by the app, lstm-composer panel or make panel. Live music and trainings go on without it.";
const ANOTHER = "The panel has been started anew: go on in the page that it has opened.";

/**
 * Look whether the panel is there, and say where it is not.
 * @param {Element} place What the line is put into.
 * @returns {() => void} Ends it.
 */
export function watchPresence(place) {
  const line = el("p", { class: "absence", role: "alert" });
  line.hidden = true;
  place.append(line);
  const look = async () => {
    if (document.hidden) return;
    const said = await absence();
    if (said) line.textContent = said;
    line.hidden = !said;
  };
  const timer = setInterval(look, LOOK_MILLISECONDS);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

/** What there is to say; "" while the panel answers. */
async function absence() {
  try {
    return (await fetch("/api/alive")).status === 401 ? ANOTHER : "";
  } catch {
    return SILENT;
  }
}
