// Builds the front end into src/sincerely/web/static/dist: app.js, app.css, icons.svg and one file per island.
//
// app.css is Tabler, purged to the class names that the components use and with its dark rules
// moved under prefers-color-scheme, followed by our own layer, which makes the look.
//
// Each file's name carries a hash of what is in it, so that browsers keep it for ever and an upgrade
// is seen at once; manifest.json says which name is which (sincerely/web/assets.py reads it).
import { build } from 'esbuild';
import { PurgeCSS } from 'purgecss';
import postcss from 'postcss';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

const WEB = '../src/sincerely/web';
const OUT = `${WEB}/static/dist`;
const TARGET = ['chrome111', 'firefox115', 'safari16.4'];

const filesIn = (folder, ending) =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)).sort() : [];

const manifest = {};

/** Writes a file under a name with its hash, as esbuild names its own. */
function keep(name, contents) {
  const ending = extname(name);
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 8).toUpperCase();
  manifest[name] = `${basename(name, ending)}-${hash}${ending}`;
  writeFileSync(join(OUT, manifest[name]), contents);
  return manifest[name];
}

/** Notes the names that esbuild gave to the files of one build. */
function note({ metafile }) {
  for (const made of Object.keys(metafile.outputs)) {
    const name = basename(made);
    if (!name.endsWith('.map')) manifest[name.replace(/-[0-9A-Z]{8}(?=\.)/, '')] = name;
  }
}

/** Stimulus controllers register themselves by file name: menu_controller.js becomes "menu". */
const controllers = {
  name: 'controllers',
  setup(bundle) {
    bundle.onResolve({ filter: /^controllers$/ }, () => ({ path: 'controllers', namespace: 'controllers' }));
    bundle.onLoad({ filter: /.*/, namespace: 'controllers' }, () => {
      const names = filesIn('src/controllers', '_controller.js');
      const lines = names.map((name, n) => `import C${n} from './src/controllers/${name}';`);
      const entries = names.map((name, n) => {
        const identifier = name.replace(/_controller\.js$/, '').replaceAll('_', '-');
        return `[${JSON.stringify(identifier)}, C${n}]`;
      });
      return { contents: `${lines.join('\n')}\nexport default [${entries.join(', ')}];`, resolveDir: '.' };
    });
  },
};

/** Dark rules follow the system instead of an attribute that a script would have to set. */
const darkBySystem = {
  postcssPlugin: 'dark-by-system',
  OnceExit(root, { AtRule }) {
    root.walkRules(/\[data-bs-theme=["']?dark["']?\]/, (rule) => {
      if (rule.parent.type === 'atrule' && rule.parent.params.includes('prefers-color-scheme')) return;
      const media = new AtRule({ name: 'media', params: '(prefers-color-scheme: dark)' });
      const moved = rule.clone();
      moved.selectors = rule.selectors.map(
        (selector) => selector.replace(/(:root)?\[data-bs-theme=["']?dark["']?\]/g, ':root').replace(/^body:root/, 'body'),
      );
      media.append(moved);
      rule.replaceWith(media);
    });
    root.walkRules(/\[data-bs-theme/, (rule) => {
      rule.selectors = rule.selectors.filter((selector) => !selector.includes('[data-bs-theme'));
    });
  },
};

async function styles(font) {
  const [purged] = await new PurgeCSS().purge({
    content: [`${WEB}/templates/**/*.html`, `${WEB}/templatetags/*.py`, `${WEB}/*.py`, 'src/**/*.js'],
    css: ['node_modules/@tabler/core/dist/css/tabler.css'],
    variables: true,
    keyframes: true,
    fontFace: true,
    safelist: { standard: [/^(is-invalid|invalid-feedback|form-control|form-select|form-check|form-check-input)$/] },
  });
  purged.css = purged.css.replace(/@charset [^;]+;/, '');
  const dark = await postcss([darkBySystem]).process(purged.css, { from: undefined });
  const own = filesIn('src/styles', '.css').map((name) => readFileSync(join('src/styles', name), 'utf8'));
  // A cascade layer each: whatever our own files say wins without a fight over specificity.
  const whole = `@layer tabler, own;\n@layer tabler {\n${dark.css}\n}\n@layer own {\n${own.join('\n')}\n}`;
  const faces = `@font-face{font-family:Newsreader;font-weight:500 600;font-display:fallback;src:url(${font}) format("woff2")}`;
  const made = await build({
    stdin: { contents: faces + whole, loader: 'css', resolveDir: 'src/styles' },
    outfile: `${OUT}/app.css`, write: false, minify: true, target: TARGET, external: ['*.woff2', 'data:*'], logLevel: 'warning',
    bundle: true,
  });
  keep('app.css', made.outputFiles[0].contents);
}

function icons() {
  const symbols = filesIn('src/icons', '.svg').map((name) => {
    const inner = readFileSync(join('src/icons', name), 'utf8').replace(/<svg[^>]*>/, '').replace('</svg>', '').trim();
    return `<symbol id="${basename(name, '.svg')}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`;
  });
  keep('icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`);
}

const islands = existsSync('src/islands')
  ? readdirSync('src/islands').filter((name) => existsSync(`src/islands/${name}/main.js`))
  : [];

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const font = keep('newsreader.woff2', readFileSync('src/fonts/newsreader-latin-500-normal.woff2'));
icons();
await Promise.all([
  build({
    entryPoints: [
      { in: 'src/main.js', out: 'app' },
      ...islands.map((name) => ({ in: `src/islands/${name}/main.js`, out: name })),
    ],
    outdir: OUT, entryNames: '[name]-[hash]', metafile: true, bundle: true, minify: true, sourcemap: 'linked', format: 'esm', target: TARGET,
    plugins: [controllers], logLevel: 'warning',
  }).then(note),
  styles(font),
]);
writeFileSync(`${OUT}/manifest.json`, JSON.stringify(manifest, Object.keys(manifest).sort(), 1));
