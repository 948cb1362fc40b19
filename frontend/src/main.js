// What every page loads: htmx (without eval and without inline styles) and the Stimulus controllers.
import htmx from 'htmx.org';
import { Application } from '@hotwired/stimulus';
import controllers from 'controllers';

window.htmx = htmx;
Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  defaultSwapStyle: 'innerHTML',
});

function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? '';
}

document.addEventListener('htmx:configRequest', (event) => {
  if (event.detail.verb !== 'get') event.detail.headers['X-CSRFToken'] = csrfToken();
});

// A form that is refused comes back as 422 with its messages: show it like an answer.
document.addEventListener('htmx:beforeSwap', (event) => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

for (const kind of ['htmx:responseError', 'htmx:sendError']) {
  document.addEventListener(kind, () => {
    const notice = document.getElementById('connection-notice');
    if (notice) notice.hidden = false;
  });
}

document.addEventListener('htmx:afterOnLoad', (event) => {
  const notice = document.getElementById('connection-notice');
  if (notice && event.detail.xhr.status < 400) notice.hidden = true;
});

const application = Application.start();
for (const [name, controller] of controllers) application.register(name, controller);
window.Stimulus = application;
