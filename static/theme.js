// Loaded before the first paint, so that neither theme nor script-only parts flash.
(() => {
  const root = document.documentElement
  root.dataset.js = ''
  try {
    const theme = localStorage.getItem('theme')
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme
  } catch { /* storage is off: follow the system */ }
})()
