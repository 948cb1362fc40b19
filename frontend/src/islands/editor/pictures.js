// Pictures: upload by button, drop or paste; choose from the library.

import { ask, button, h, openDialog } from './dom.js';

/** Upload a file; resolves to the stored picture or null after saying why not. */
export async function upload(store, file) {
  store.say(store.words.uploading);
  const form = new FormData();
  form.append('image', file, file.name || 'picture.png');
  try {
    const { ok, body } = await ask(store.setup.urls.upload, { method: 'POST', form });
    if (ok) return body;
    store.emit('trouble', body.error || store.words.offline);
  } catch {
    store.emit('trouble', store.words.offline);
  }
  return null;
}

export const pictureIn = (transfer) => [...(transfer?.files || [])].find((file) => file.type.startsWith('image/'));

/** Let a member choose or upload a picture; calls back with { src, alt }. */
export function choosePicture(store, onChosen) {
  const w = store.words;
  const shelf = h('div.ed-shelf', { 'aria-live': 'polite' });
  const input = h('input', { type: 'file', accept: 'image/*', class: 'visually-hidden', tabindex: '-1', onchange: async () => {
    const picture = input.files[0] && await upload(store, input.files[0]);
    if (picture) done(picture);
  } });
  const search = h('input.form-control', { type: 'search', placeholder: w.searchImages, 'aria-label': w.searchImages, oninput: () => { clearTimeout(timer); timer = setTimeout(show, 250); } });
  let timer = 0;
  const content = h('div', {}, h('div.ed-row', {}, search, button(w.upload, () => input.click(), { variant: 'primary', iconName: 'upload' }), input), shelf);
  const { close } = openDialog(w.choose, w.close, content, { wide: true });
  function done(picture) { close(); onChosen({ src: picture.src, alt: picture.alt }); }
  async function show() {
    const { body } = await ask(`${store.setup.urls.images}?q=${encodeURIComponent(search.value)}`);
    shelf.replaceChildren(...(body.items || []).map((picture) => h(
      'button.ed-shelf-item', { type: 'button', onclick: () => done(picture) },
      h('img', { src: picture.src, alt: picture.alt || picture.name, loading: 'lazy' }), h('span', {}, picture.name),
    )));
  }
  show();
}
