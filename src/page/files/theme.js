// SPDX-License-Identifier: Apache-2.0
// Before anything is drawn: the theme that was chosen last. No module, as those wait for the page.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden here: the system's theme it is.
}
