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
