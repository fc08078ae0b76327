// Conveniences of pages that work without them: buttons that need script are hidden in the HTML.
for (const button of document.querySelectorAll('[data-sp-copy]')) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const list = document.getElementById(button.dataset.spCopy);
    const lines = [...list.children].map((item) => item.textContent.trim());
    await navigator.clipboard.writeText(lines.join('\n'));
    button.textContent = button.dataset.spDone;
  });
}
for (const button of document.querySelectorAll('[data-sp-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
