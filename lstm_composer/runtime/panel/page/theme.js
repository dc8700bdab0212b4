// @ts-check
// Before anything is drawn: the look that was chosen, so that none flashes by. Not a module, which would come too late.
"use strict";
{
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
