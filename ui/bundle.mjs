// Writes the files of ui/dist into the folder named by the argument.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, existsSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';

const out = process.argv[2];
/** Bytes of the first page, compressed. */
const FIRST_PAGE = 300 * 1024;
mkdirSync(out, { recursive: true });

const common = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2022'],
  charset: 'utf8',
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
  metafile: true,
};
const app = await build({ ...common, entryPoints: { app: 'src/main.tsx' }, outdir: out, external: ['./editor.js'] });
const editor = await build({ ...common, entryPoints: { editor: 'src/editor/index.ts' }, outdir: out });
await build({ ...common, entryPoints: { app: 'src/app.css' }, outdir: out });
for (const file of ['index.html', 'icon.svg']) copyFileSync(join('src', file), join(out, file));

// the licences of what is in the bundles
const packages = new Set();
for (const input of [...Object.keys(app.metafile.inputs), ...Object.keys(editor.metafile.inputs)]) {
  const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (found) packages.add(found[1]);
}
const notices = [...packages].sort().map((name) => {
  const folder = join('node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : '';
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(join(out, 'licenses.txt'), `What the pages below /ui/ are made of, beside Accordant's own code.\n\n${notices.join(`\n${'-'.repeat(72)}\n\n`)}`);

const size = (file) => gzipSync(readFileSync(join(out, file))).length;
const first = ['index.html', 'app.js', 'app.css', 'icon.svg'].reduce((sum, file) => sum + size(file), 0);
console.log(`first page ${first} bytes compressed, editor ${size('editor.js')}`);
if (first > FIRST_PAGE) throw new Error(`the first page is larger than ${FIRST_PAGE} bytes`);
