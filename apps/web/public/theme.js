// Runs before the first paint so that a remembered theme does not flash; a file of its own because of the content security policy.
try {
  const theme = localStorage.getItem("arc.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's choice stands.
}
