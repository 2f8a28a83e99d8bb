const said = document.querySelector('#sorted');

function compare(column, down) {
  return (first, second) => {
    const [a, b] = [first.cells[column], second.cells[column]];
    const [x, y] = [a.dataset.v, b.dataset.v];
    if (x !== undefined && y !== undefined) return (x - y) * down;
    if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1;
    const [s, t] = [a.textContent.trim(), b.textContent.trim()];
    if (!s || !t) return s ? -1 : t ? 1 : 0;
    return s.localeCompare(t, undefined, {numeric: true}) * down;
  };
}

function makeSortable(table) {
  const [body, heads] = [table.tBodies[0], table.tHead.querySelectorAll('th')];
  heads.forEach((head) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
  });
  table.tHead.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    const head = button.closest('th');
    const order = head.getAttribute('aria-sort');
    const first = head.dataset.first || (head.classList.contains('n') ? 'descending' : 'ascending');
    const next = order ? (order === 'ascending' ? 'descending' : 'ascending') : first;
    heads.forEach((other) => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', next);
    body.append(...[...body.rows].sort(compare(head.cellIndex, next === 'ascending' ? 1 : -1)));
    said.textContent = `Sorted by ${button.textContent.trim()}, ${next}.`;
  });
}

function makeFilter(input) {
  const body = document.getElementById(input.dataset.table).tBodies[0];
  const count = input.parentElement.querySelector('[role="status"]');
  const texts = new Map([...body.rows].map((row) => [row, row.textContent.toLowerCase()]));
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of texts) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${texts.size} rows`;
  };
  input.addEventListener('input', filter);
  input.closest('.controls').hidden = false;
  filter();
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// The figure in black on white, as it looks nowhere on a dark page.
function standalone(svg) {
  const copy = svg.cloneNode(true);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('color', '#1b1f24');
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of Object.entries({width: '100%', height: '100%', fill: '#fff'})) ground.setAttribute(name, value);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

function savePng(svg, name) {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement('canvas');
    canvas.width = 3 * svg.getAttribute('width');
    canvas.height = 3 * svg.getAttribute('height');
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, name), 'image/png');
  };
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(standalone(svg));
}

function makeDownloads(part) {
  const svg = part.querySelector('svg[role="img"]');
  const name = part.dataset.name.replace(/[^A-Za-z0-9]+/g, '-');
  const line = document.createElement('p');
  line.className = 'downloads';
  const kinds = {
    SVG: () => save(new Blob([standalone(svg)], {type: 'image/svg+xml'}), name + '.svg'),
    PNG: () => savePng(svg, name + '.png'),
    CSV: () => save(new Blob([part.dataset.csv], {type: 'text/csv'}), name + '.csv'),
  };
  for (const [kind, start] of Object.entries(kinds)) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = kind;
    button.setAttribute('aria-label', `Download ${part.dataset.name} as ${kind}`);
    button.addEventListener('click', start);
    line.append(button);
  }
  part.append(line);
}

// On paper nothing can be opened.
function openForPrint(part) {
  let open;
  addEventListener('beforeprint', () => { open = part.open; part.open = true; });
  addEventListener('afterprint', () => { part.open = open; });
}

// A copy elsewhere, in Snakemake's own report for one, has no files beside it: there the path alone stays.
function unlinkIfMoved(link) {
  if (!decodeURI(location.pathname).endsWith(`/${link.dataset.folder}/report.html`)) link.replaceWith(...link.childNodes);
}

document.querySelectorAll('a[data-folder]').forEach(unlinkIfMoved);
document.querySelectorAll('details').forEach(openForPrint);
document.querySelectorAll('table.sortable').forEach(makeSortable);
document.querySelectorAll('input[data-table]').forEach(makeFilter);
document.querySelectorAll('[data-csv]').forEach(makeDownloads);
