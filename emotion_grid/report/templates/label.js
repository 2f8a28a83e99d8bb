// Keys: a label's own toggles it, Enter goes on, Backspace goes back.
const boxes = new Map([...document.querySelectorAll('input[data-key]')].map((box) => [box.dataset.key, box]));

// A digit may need the shift key (French keyboards), or be written otherwise (Arabic ones): then its place on the keyboard counts.
function boxOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  return boxes.get(event.key.toLowerCase()) ?? boxes.get(digit?.[1]);
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
  const box = boxOf(event);
  const on = event.key === 'Enter' && !event.target.closest('a, button') ? document.querySelector('#on') : null;
  const back = event.key === 'Backspace' ? document.querySelector('#back') : null;
  const chosen = box ?? on ?? back;
  if (!chosen) return;
  event.preventDefault();
  box?.focus();
  chosen.click();
});
