// Conveniences of pages that work without them: buttons that need script are hidden in the HTML.
for (const button of document.querySelectorAll('[data-sp-copy]')) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const copied = document.getElementById(button.dataset.spCopy);
    // A list line by line; a key without the spaces that it is shown with.
    const lines = [...copied.children].map((item) => item.textContent.trim());
    const text = lines.length > 0 ? lines.join('\n') : copied.textContent.replace(/\s/g, '');
    await navigator.clipboard.writeText(text);
    button.textContent = button.dataset.spDone;
  });
}
for (const button of document.querySelectorAll('[data-sp-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
// What not every browser can do is the first to choose in one that can.
for (const choice of document.querySelectorAll('[data-sp-first-with]')) {
  if (window[choice.dataset.spFirstWith]) choice.parentElement.prepend(choice);
}
// What stands after the # of an address reaches no server. It belongs to the page that one is brought back to, and
// goes there by a cookie of our pages alone.
const { src, dataset: our } = document.currentScript;
const folder = new URL('..', src).pathname.replace(/\/$/, '');
const fragment = location.hash || ofTheLoginPage();
if (fragment.length > 1 && location.pathname !== `${folder}/leave`) {
  const secure = location.protocol === 'https:' ? '; secure' : '';
  const value = encodeURIComponent(fragment);
  // biome-ignore lint/suspicious/noDocumentCookie: not every browser has the Cookie Store API.
  document.cookie = `sallyport.fragment=${value}; path=${folder}; max-age=600; samesite=lax${secure}`;
}

/** The host's login page had it, where that came just before, and the browser tells of its own history. */
function ofTheLoginPage() {
  const { navigation } = window;
  const before = navigation?.entries?.()[navigation.currentEntry.index - 1]?.url;
  if (!before) return '';
  const { pathname, hash } = new URL(before);
  return pathname === new URL(our.spLogin, location.href).pathname ? hash : '';
}

// A second click on a button sends nothing: the answer to the first one is on its way.
document.addEventListener('submit', (event) => {
  const { dataset } = event.target;
  if (dataset.spSent) event.preventDefault();
  dataset.spSent = '1';
});
// Whoever comes back by the browser's history may send the form again.
window.addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.spSent;
});
